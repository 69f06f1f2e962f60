# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is the same message again, and what is a new press with an old reference."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import START
from tests.database.accepting.scene import BODY, House, Person

pytestmark = pytest.mark.database


SENT_AGAIN = [
    pytest.param({"ref": "7"}, 0, "repeat", id="at once"),
    pytest.param({"ref": "7"}, 900, "repeat", id="at the end of the window"),
    pytest.param({"ref": "7"}, 901, "joined", id="after the window"),
    pytest.param({"ref": "8"}, 5, "joined", id="another reference"),
    pytest.param({"ref": "7", "body": b"<mrq>other</mrq>"}, 5, "joined", id="another content"),
    pytest.param({"ref": "7", "sender": "999"}, 5, "joined", id="another sender of the same person"),
]


@pytest.mark.parametrize(("changed", "after", "expected"), SENT_AGAIN)
def test_what_is_a_repeat(house: House, anna: Person, changed: dict[str, Any], after: float, expected: str) -> None:
    [(_, alarm_id)] = house.accept(anna.send(ref="7"))
    assert house.accept(anna.send(after=after, **changed)) == [(expected, alarm_id)]
    kept = 1 if expected == "repeat" else 2
    assert house.rows("select count(*) from message") == [(kept,)]
    assert house.rows("select count(*) from ledger.inbox") == [(kept,)]
    assert house.alarm(alarm_id, "messages") == (kept,)


def test_the_window_is_the_authority_s_own(house: House, anna: Person) -> None:
    house.onlooker.execute("update policy set repeat_window_seconds = 60")
    [(_, alarm_id)] = house.accept(anna.send(ref="7"))
    assert house.accept(anna.send(ref="7", after=61)) == [("joined", alarm_id)]


# One row each: what has become of the first press's alarm, how much later the very same message comes, and what it is.
OVER: dict[str, dict[str, object]] = {
    "closed": {"closed_at": START},
    "withdrawn": {"withdrawn_at": START, "escalate_at": None},
    "taken": {"holder": UUID(int=5)},
    "suspended": {"holder": UUID(int=5), "suspended_until": START + timedelta(hours=1)},
    "handed_over": {"holder": UUID(int=5), "offered_to": UUID(int=6), "suspended_until": START + timedelta(minutes=2)},
}
PRESSED_AGAIN = [
    ("closed", 64, "repeat"),
    ("closed", 64.1, "raised"),
    ("withdrawn", 64, "repeat"),
    ("withdrawn", 64.1, "joined"),
    ("suspended", 64, "repeat"),
    ("suspended", 64.1, "joined"),
    ("handed_over", 64.1, "joined"),
    ("taken", 899, "repeat"),
    ("received", 899, "repeat"),
    ("presented", 899, "repeat"),
]


@pytest.mark.parametrize(("state", "after", "expected"), PRESSED_AGAIN)
def test_a_device_with_one_reference_for_everything_is_heard_when_nobody_is_at_its_alarm(
    house: House, anna: Person, state: str, after: float, expected: str
) -> None:
    """Longer after the first than any retransmission, and nobody handles that alarm any more: somebody pressed anew."""
    [(_, first)] = house.accept(anna.send(ref="7"))
    house.set_state(first, state, **OVER.get(state, {}))
    [(outcome, alarm_id)] = house.accept(anna.send(ref="7", after=after))
    assert outcome == expected
    assert (alarm_id == first) == (outcome != "raised")
    assert house.alarm(alarm_id, "state, messages") == {
        "raised": ("received", 1), "joined": ("received", 2), "repeat": (state, 1)
    }[outcome]  # fmt: skip
    flagged = [] if expected == "repeat" else [(["reference_reused"],)]
    assert house.rows("select deviations from message where received_at > %s", START) == flagged


def test_each_of_its_presses_is_judged_by_the_one_before(house: House, anna: Person) -> None:
    for after, expected in ((0, "raised"), (70, "raised"), (130, "repeat"), (140, "raised"), (141, "repeat")):
        [(outcome, alarm_id)] = house.accept(anna.send(ref="7", after=after))
        assert outcome == expected, after
        house.set_state(alarm_id, "closed", closed_at=START)


@pytest.mark.parametrize(("state", "expected"), [("taken", "repeat"), ("closed", "raised")])
def test_an_alarm_that_was_merged_is_over_when_the_other_is(
    house: House, anna: Person, state: str, expected: str
) -> None:
    (_, mine), (_, other) = house.accept(anna.send(ref="7"), Person().send())
    house.set_state(mine, "merged", merged_into=other, closed_at=START, escalate_at=None)
    ended = {"closed_at": START} if state == "closed" else {"holder": UUID(int=5)}
    house.set_state(other, state, **ended)
    assert house.accept(anna.send(ref="7", after=70))[0][0] == expected


def test_only_an_alarm_is_heard_again(house: House, anna: Person) -> None:
    """The same cancellation again says nothing new, whatever has become of the alarm."""
    [(_, alarm_id)] = house.accept(anna.send())
    house.accept(anna.send("withdraw", ref="c"))
    house.set_state(alarm_id, "closed", closed_at=START)
    assert house.accept(anna.send("withdraw", ref="c", after=100)) == [("repeat", alarm_id)]


def test_the_same_batch_again_is_all_repeats(house: House, anna: Person) -> None:
    """What a receiver does when the connection broke during commit: it asks again, identifiers and all."""
    batch = (anna.send(), Person().send("none", alarm_class="signal", kind="information"))
    [(_, alarm_id), stored] = house.accept(*batch)
    assert stored == ("stored", None)
    assert house.accept(*batch) == [("repeat", alarm_id), ("repeat", None)]


def test_a_reference_used_for_other_content_is_flagged(house: House, anna: Person) -> None:
    """Short counters wrap, and some never count: each content is a message, and going back to the first one too."""
    other = b"<mrq>other</mrq>"
    outcomes = [
        house.accept(anna.send(ref="1", body=body, after=after))[0][0]
        for after, body in enumerate((BODY, other, other, BODY))
    ]
    assert outcomes == ["raised", "joined", "repeat", "joined"]
    house.accept(anna.send(ref="1", after=5000, body=other))
    assert house.rows("select deviations from message order by received_at") == [
        ([],), (["reference_reused"],), (["reference_reused"],), ([],)
    ]  # fmt: skip


def test_no_reference_is_none_that_could_be_reused(house: House, anna: Person) -> None:
    house.accept(anna.send() | {"ref": ""})
    assert house.accept(anna.send(after=5, body=b"<mrq>other</mrq>") | {"ref": ""})[0][0] == "joined"
    assert house.rows("select distinct deviations from message") == [([],)]


# One row each: what has become of the first press's alarm, how far its clock was ahead of the second's, and what the
# second press is. Up to 64 s is what another receiver's copy explains.
CLOCK_CAME_RIGHT = [
    ("closed", 64, "repeat"),
    ("closed", 64.1, "raised"),
    ("closed", 3 * 3600, "raised"),
    ("closed", 20 * 3600, "raised"),
    ("withdrawn", 20 * 3600, "joined"),
    ("suspended", 3 * 3600, "joined"),
    ("taken", 64, "repeat"),
    ("taken", 3 * 3600, "joined"),
    ("received", 20 * 3600, "joined"),
    ("presented", 400 * 86_400, "joined"),
]


@pytest.mark.parametrize(("state", "ahead", "expected"), CLOCK_CAME_RIGHT)
def test_what_was_stored_by_a_clock_that_was_ahead_makes_no_press_a_repeat(
    house: House, anna: Person, state: str, ahead: float, expected: str
) -> None:
    """Also one that is set back: what was stored before is then stored later. And copies are copies again at once."""
    [(_, first)] = house.accept(anna.send(ref="7", after=ahead))
    house.set_state(first, state, **OVER.get(state, {}))
    [(outcome, alarm_id)] = house.accept(anna.send(ref="7"))
    assert outcome == expected
    assert (alarm_id == first) == (outcome != "raised")
    assert house.accept(anna.send(ref="7", after=10)) == [("repeat", alarm_id)]
    assert house.rows("select count(*) from message where 'reference_reused' = any(deviations)") == [(0,)]


@pytest.mark.parametrize("is_open", [True, False])
def test_references_that_wrap_come_back_as_presses_when_the_clock_has_come_right(
    house: House, anna: Person, is_open: bool
) -> None:
    def press(after: float) -> list[str]:
        outcomes = []
        for number in range(6):
            [(outcome, alarm_id)] = house.accept(anna.send(ref=f"{number % 3}", after=after + 100 * number))
            outcomes.append(outcome)
            if not is_open:
                house.set_state(alarm_id, "closed", closed_at=START)
        return outcomes

    in_step = ["joined"] * 3 + ["repeat"] * 3 if is_open else ["raised"] * 6
    assert press(20 * 3600)[1:] == in_step[1:]
    assert press(0) == in_step
