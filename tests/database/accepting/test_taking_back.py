# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What ends an alarm without an operator: a cancellation, a restoral; and whose it has to be."""

from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.conftest import START
from tests.database.accepting.scene import House, Person, in_background, wait_until_blocked

pytestmark = pytest.mark.database


def test_a_cancelled_alarm_stays_until_it_is_read(house: House, anna: Person) -> None:
    [(_, alarm_id)] = house.accept(anna.send())
    assert house.accept(anna.send("withdraw", after=9)) == [("withdrew", alarm_id)]
    assert house.alarm(alarm_id, "state, withdrawn_at, escalate_at, closed_at, messages") == (
        "withdrawn", START + timedelta(seconds=9), None, None, 2
    )  # fmt: skip


def raise_with(house: House, *people: Person) -> UUID | None:
    """One alarm raised by the first and joined by the others."""
    alarms = [house.accept(person.send())[0][1] for person in people]
    assert len(set(alarms)) == 1
    return alarms[0]


def tell(house: House, alarm_id: UUID | None) -> list[str]:
    return [step for (step,) in house.rows("select step from alarm_step where alarm_id = %s order by id", alarm_id)]


@pytest.mark.parametrize(
    ("raisers", "canceller"), [("a", "b"), ("ab", "a"), ("ab", "b"), ("aab", "a")], ids=lambda senders: str(senders)
)
def test_nobody_takes_back_what_another_raised(house: House, anna: Person, raisers: str, canceller: str) -> None:
    """Somebody who cancels on one device may not know that another has heard a fall."""
    devices = {"a": anna, "b": Person(id=anna.id, sender="5550001")}
    alarm_id = raise_with(house, *(devices[name] for name in raisers))
    unchanged = "state, withdrawn_at, escalate_at, closed_at, messages"
    before, [version] = house.alarm(alarm_id, unchanged), house.alarm(alarm_id, "version")
    house.onlooker.execute("listen alarm")
    assert house.accept(devices[canceller].send("withdraw", after=9)) == [("upheld", alarm_id)]
    assert before[:1] == ("received",)
    assert before[2] is not None
    assert house.alarm(alarm_id, unchanged) == before
    assert house.alarm(alarm_id, "latest_at, version") == (START + timedelta(seconds=9), version + 1)
    assert tell(house, alarm_id)[-1] == "upheld"
    house.onlooker.execute("select")  # with its answer comes whatever was announced before
    assert [told.payload for told in house.onlooker.notifies(timeout=0.5)] == [str(alarm_id)]
    [(entry,)] = house.rows("select object from ledger.inbox where event = 'alarm.upheld'")
    assert entry == f"alarm:{alarm_id}"
    assert house.rows("select alarm_id from message where effect = 'withdraw'") == [(alarm_id,)]


@pytest.mark.parametrize(
    ("state", "columns"),
    [
        ("presented", {}),
        ("presented", {"withdrawn_at": START}),  # taken back by its own device, then put back in the queue
        ("taken", {"holder": UUID(int=5), "escalate_at": None}),
        ("suspended", {"holder": UUID(int=5), "suspended_until": START + timedelta(hours=1), "escalate_at": None}),
    ],
)
def test_another_device_s_cancellation_leaves_an_alarm_where_it_is(
    house: House, anna: Person, state: str, columns: dict[str, object]
) -> None:
    [(_, alarm_id)] = house.accept(anna.send())
    house.set_state(alarm_id, state, **columns)
    before = house.alarm(alarm_id, "state, holder, withdrawn_at, suspended_until, escalate_at")
    assert house.accept(Person(id=anna.id).send("withdraw")) == [("upheld", alarm_id)]
    assert house.alarm(alarm_id, "state, holder, withdrawn_at, suspended_until, escalate_at") == before


def test_what_its_own_device_has_taken_back_another_may_cancel_too(house: House, anna: Person) -> None:
    [(_, alarm_id)] = house.accept(anna.send())
    house.accept(anna.send("withdraw", after=9))
    assert house.accept(Person(id=anna.id).send("withdraw", after=10)) == [("withdrew", alarm_id)]
    assert house.alarm(alarm_id, "state, withdrawn_at") == ("withdrawn", START + timedelta(seconds=9))


def test_a_fault_joined_by_nobody_else_is_still_restored(house: House, anna: Person) -> None:
    """Faults are kept apart by device, so there is nobody else to ask."""
    twin = Person(id=anna.id)
    fault: dict[str, Any] = {"kind": "battery", "restores": "battery", "alarm_class": "technical"}
    (_, mine), (_, other) = [house.accept(person.send(**fault))[0] for person in (anna, twin)]
    assert house.accept(twin.send("restore", **fault)) == [("restored", other)]
    assert (house.alarm(mine, "state"), house.alarm(other, "state")) == (("received",), ("closed",))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [("a", "withdrew"), ("b", "upheld"), ("ab", "upheld"), ("a>b", "upheld"), ("a>a", "withdrew")],
)
def test_what_was_made_part_of_an_alarm_has_its_own_raisers(
    house: House, anna: Person, parts: str, expected: str
) -> None:
    """'a>b' is an alarm of another sender that became part of one's own, which then became part of this."""
    [(_, alarm_id)] = house.accept(anna.send())
    into = alarm_id
    for name in parts.split(">") if ">" in parts else parts:
        sender = anna.sender if name == "a" else "5550001"
        [(_, part)] = house.accept(Person(sender=sender).send(ref=f"part {name} {into}"))
        house.set_state(part, "merged", merged_into=into, closed_at=START, escalate_at=None)
        into = part if ">" in parts else alarm_id
    assert house.accept(anna.send("withdraw", after=9)) == [(expected, alarm_id)]


def test_a_press_that_joins_while_the_other_device_cancels_is_counted(house: House, anna: Person) -> None:
    """The cancellation waits for the press it cannot yet see, and then finds it."""
    twin = Person(id=anna.id)
    [(_, alarm_id)] = house.accept(anna.send())
    with closing(house.open_receiver()) as other:
        with house.receiver.transaction():
            house.accept(twin.send(after=1))
            thread, answers = in_background(lambda: house.accept(anna.send("withdraw", after=1), receiver=other))
            wait_until_blocked(house, other)
        thread.join(timeout=60)
    assert answers == [[("upheld", alarm_id)]]
    assert house.alarm(alarm_id, "state") == ("received",)


@pytest.mark.parametrize("alarm_class", ["life", "request", "test"])
def test_nothing_but_a_fault_is_restored(house: House, anna: Person, alarm_class: str) -> None:
    """Whatever an authority calls a restoral, it never ends an alarm of a person."""
    [(_, alarm_id)] = house.accept(anna.send(alarm_class=alarm_class))
    restoral = anna.send("restore", alarm_class=alarm_class, restores="battery")
    assert house.accept(restoral) == [("stored", None)]
    assert house.alarm(alarm_id, "state") == ("received",)


def test_a_technical_fault_is_ended_by_its_own_restoral_only(house: House, anna: Person) -> None:
    [(_, battery), (_, mains)] = house.accept(
        anna.send(kind="battery", alarm_class="technical"), anna.send(kind="mains", alarm_class="technical")
    )
    restoral = anna.send("restore", after=60, kind="battery_restored", restores="battery", alarm_class="technical")
    assert house.accept(restoral) == [("restored", battery)]
    assert house.alarm(battery, "state, closed_at, closed_by, closing_result") == (
        "closed", START + timedelta(seconds=60), "device", "unit_fault_fixed"
    )  # fmt: skip
    assert house.alarm(mains, "state") == ("received",)
    [(outcome, again)] = house.accept(anna.send(after=90, kind="battery", alarm_class="technical"))
    assert outcome == "raised"
    assert again != battery


def test_one_restoral_may_end_several_faults(house: House, anna: Person) -> None:
    """ "The link is back" does not say which: each fault of it is closed, and the message is kept once."""
    faults = [
        anna.send(kind="link", restores=pair, alarm_class="technical") for pair in ("link.ip", "link.mobile", "mains")
    ]
    (_, ip), (_, mobile), (_, mains) = house.accept(*faults)
    restoral = anna.send("restore", after=60, kind="link", restores="link", alarm_class="technical")
    [(outcome, named)] = house.accept(restoral)
    assert outcome == "restored"
    assert named in (ip, mobile)
    assert [house.alarm(fault, "state") for fault in (ip, mobile, mains)] == [("closed",), ("closed",), ("received",)]
    assert house.rows("select count(*) from message") == [(4,)]
    entries = house.rows("select object from ledger.inbox where event = 'alarm.restored'")
    assert sorted(entries) == sorted([(f"alarm:{ip}",), (f"alarm:{mobile}",)])
    assert len(house.rows("select 1 from alarm_step where step = 'restored'")) == 2


@pytest.mark.parametrize(
    ("stranger", "sent", "effect"),
    [
        ("47:technical:link.x", {"restores": "mains", "alarm_class": "technical"}, "restore"),
        ("47:life-x", {}, "withdraw"),
        ("47:life.x", {}, "withdraw"),
    ],
)
def test_no_name_a_stranger_chooses_is_within_reach_of_another(
    house: House, stranger: str, sent: dict[str, Any], effect: str
) -> None:
    crafted = Person(id=None, device=None, sender=stranger)
    honest = Person(id=None, device=None, sender="47")
    [(_, alarm_id)] = house.accept(crafted.send(**sent))
    ending: dict[str, Any] = {"restores": "link", "alarm_class": "technical"} if effect == "restore" else {}
    assert house.accept(honest.send(effect, **ending)) == [("stored", None)]
    assert house.alarm(alarm_id, "state") == ("received",)


def test_a_restoral_leaves_a_taken_fault_to_its_holder(house: House, anna: Person) -> None:
    [(_, alarm_id)] = house.accept(anna.send(kind="battery", alarm_class="technical"))
    house.set_state(alarm_id, "taken", holder=UUID(int=77))
    restoral = anna.send("restore", after=60, restores="battery", alarm_class="technical")
    assert house.accept(restoral) == [("restored", alarm_id)]
    assert house.alarm(alarm_id, "state, closed_at, closing_result") == ("taken", None, "")
