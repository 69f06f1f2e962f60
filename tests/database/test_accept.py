# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""accept_messages, called as the receiver calls it: what is kept, which alarm it concerns, what is told to whom."""

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.conftest import START
from tests.identities import blinded
from tests.letters import as_letters, opened
from vaka.database.server import SUPERUSER, Server, tenant_role
from vaka.identifiers import new_identifier
from vaka.receiver.counters import Counters
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

Connection = psycopg.Connection[tuple[Any, ...]]
Message = dict[str, object]
Answer = tuple[str, UUID | None]
OUTCOMES = {sample.labels["outcome"] for family in Counters().stored.collect() for sample in family.samples}
BODY = b"<mrq><ref>1</ref><cid>8031372</cid><dty>2</dty><stc>10</stc></mrq>"


@dataclass
class Person:
    """Somebody with an alarm; ``press`` and the like say what the device sends at START plus ``after`` seconds."""

    id: UUID | None = field(default_factory=lambda: new_identifier(START))
    device: UUID | None = field(default_factory=lambda: new_identifier(START))
    sender: str = field(default_factory=lambda: str(new_identifier(START).int % 10**16))
    sent: int = 0

    def send(
        self,
        effect: str = "raise",
        *,
        after: float = 0,
        ref: str = "",
        body: bytes = BODY,
        alarm_class: str = "life",
        **more: Any,
    ) -> Message:
        self.sent += 1
        now = START + timedelta(seconds=after)
        return {
            "place": 0, "message_id": str(new_identifier(now)), "alarm_id": str(new_identifier(now)),
            "device_id": str(self.device) if self.device else None, "person_id": str(self.id) if self.id else None,
            "sender": self.sender, "ref": ref or str(self.sent), "digest": hashlib.sha256(body).hexdigest(),
            "received_at": now.isoformat(), "class": alarm_class, "kind": "button", "effect": effect, "restores": None,
            "device_type": 2, "status_code": 10, "location_code": 12, "location_text": "", "device_text": "",
            "position_text": "", "transport": "udp", "source": "192.0.2.7:5060", "deviations": [],
            "body": base64.b64encode(body).decode(), **more,
        }  # fmt: skip


@dataclass
class House:
    """One authority's database: the receiver's own connection, and an onlooker's."""

    server: Server
    authority: Authority
    open_receiver: Callable[[], Connection]
    receiver: Connection
    onlooker: Connection

    def accept(self, *messages: Message, receiver: Connection | None = None) -> list[Answer]:
        """Outcome and alarm of each message, in the order given."""
        batch = [{**as_letters(self.authority, message), "place": place} for place, message in enumerate(messages)]
        rows = (receiver or self.receiver).execute(
            "select place, outcome, alarm_id from vaka.accept_messages(%s, %s)", (Jsonb(batch), "west-1")
        )
        found = {place: (outcome, alarm) for place, outcome, alarm in rows}
        assert set(found) == set(range(len(messages)))
        assert {outcome for outcome, _ in found.values()} <= OUTCOMES, "the receiver counts them by name"
        return [found[place] for place in range(len(messages))]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self.onlooker.execute(query.encode(), values).fetchall()

    def alarm(self, alarm_id: UUID | None, columns: str) -> tuple[Any, ...]:
        (row,) = self.rows(f"select {columns} from alarm where id = %s", alarm_id)
        return row

    def said(self, message_id: UUID | None) -> tuple[list[str], bytes]:
        """What a device said in a message, opened: its texts and the message as it came."""
        ((identifier, subject, texts, body),) = self.rows(
            "select id, subject_id, texts, body from message where id = %s", message_id
        )
        row = {"id": identifier, "subject_id": subject, "texts": texts, "body": body}
        told = opened(self.server, self.authority, "message", row)
        return told["texts"], told["body"]

    def set_state(self, alarm_id: UUID | None, state: str, **columns: object) -> None:
        """What an operator's doing has made of the alarm."""
        values: dict[str, object] = {"state": state, **columns}
        assignments = ", ".join(f"{name} = %s" for name in values)
        self.onlooker.execute(f"update alarm set {assignments} where id = %s".encode(), (*values.values(), alarm_id))


@pytest.fixture
def house(server: Server, authority: Authority) -> Iterator[House]:
    database = authority.database_name

    def connect(role: str) -> Connection:
        options = "-csearch_path=vaka" if role == SUPERUSER else ""
        return psycopg.connect(server.conninfo(role, database), autocommit=True, options=options)

    role = tenant_role(database, "receiver")
    with closing(connect(role)) as receiver, closing(connect(SUPERUSER)) as onlooker:
        yield House(server, authority, lambda: connect(role), receiver, onlooker)


@pytest.fixture
def anna() -> Person:
    return Person()


def test_a_press_raises_an_alarm_with_everything_the_device_said(house: House, anna: Person) -> None:
    press = anna.send(
        location_text="sovrum", device_text="knapp", position_text="59.85,17.64", deviations=["bom"], transport="tls"
    )
    [(outcome, alarm_id)] = house.accept(press)
    assert outcome == "raised"
    assert str(alarm_id) == press["alarm_id"]
    assert house.alarm(
        alarm_id,
        "class, kind, latest_kind, state, person_id, device_id, sender, device_type, status_code, location_code,"
        " first_message::text, position_message::text, received_at, latest_at, messages, escalate_at, version",
    ) == (
        "life", "button", "button", "received", anna.id, anna.device, blinded(anna.sender), 2, 10, 12,
        press["message_id"], press["message_id"], START, START, 1, START + timedelta(seconds=60), 1,
    )  # fmt: skip
    assert house.rows(
        "select id::text, alarm_id, device_id, sender, ref, class, kind, effect, received_at, receiver, transport,"
        " deviations, subject_id from message"
    ) == [
        (press["message_id"], alarm_id, anna.device, blinded(anna.sender), "1", "life", "button", "raise", START,
         "west-1", "tls", ["bom"], house.authority.id)
    ]  # fmt: skip
    said = ["sovrum", "knapp", "59.85,17.64", "192.0.2.7:5060", anna.sender]
    assert house.said(UUID(str(press["message_id"]))) == (said, BODY)


def test_nothing_a_device_says_stands_in_clear(house: House, anna: Person) -> None:
    press = anna.send(location_text="sovrum", device_text="knapp", position_text="59.85,17.64", body=b"<mrq>sovrum")
    house.accept(press)
    everything = "".join(
        str(row) for table in ("alarm", "message", "repeat_key") for row in house.rows(f"select t::text from {table} t")
    )
    assert str(press["message_id"]) in everything
    assert blinded(anna.sender) in everything
    for word in ("sovrum", "knapp", "59.85", "192.0.2.7", "mrq", anna.sender):
        assert word not in everything
        assert word.encode().hex() not in everything


CLEAR = base64.b64encode(b"sovrum" * 40).decode()


@pytest.mark.parametrize("column", ["texts", "body"])
def test_what_is_no_letter_is_refused(house: House, anna: Person, column: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        house.accept(as_letters(house.authority, anna.send()) | {column: CLEAR})
    with pytest.raises(psycopg.errors.CheckViolation):
        house.accept(as_letters(house.authority, anna.send()) | {column: None})
    assert house.rows("select count(*) from message") == [(0,)]


def test_an_alarm_is_kept_although_nothing_could_be_written(house: House, anna: Person) -> None:
    """No usable address: what was said is lost, the alarm is not."""
    [(outcome, _)] = house.accept(as_letters(house.authority, anna.send()) | {"texts": None, "body": None})
    assert outcome == "raised"
    assert house.rows("select texts, body, subject_id from message") == [(None, None, house.authority.id)]


def test_absent_texts_are_empty_and_absent_codes_unknown(house: House) -> None:
    """Nothing but the identity is sure to be there; an unregistered sender has no person and no device."""
    stranger = Person(id=None, device=None, sender="4711")
    absent: dict[str, Any] = dict.fromkeys(
        ("device_type", "status_code", "location_code", "location_text", "device_text", "position_text", "source",
         "deviations", "has_position")
    )  # fmt: skip
    [(outcome, alarm_id)] = house.accept(stranger.send(**absent))
    assert outcome == "raised"
    assert house.alarm(alarm_id, "person_id, device_id, device_type, position_message, join_key") == (
        None, None, None, None, f"{blinded('4711')}:life"
    )  # fmt: skip
    assert house.rows("select deviations from message") == [([],)]


def test_a_second_press_joins_the_open_alarm(house: House, anna: Person) -> None:
    [(_, first)] = house.accept(anna.send())
    fall = anna.send(after=20, kind="fall", position_text="59.85,17.64")
    assert house.accept(fall) == [("joined", first)]
    assert house.alarm(first, "kind, latest_kind, messages, received_at, latest_at, version") == (
        "button", "fall", 2, START, START + timedelta(seconds=20), 2
    )  # fmt: skip
    assert house.accept(anna.send(after=30)) == [("joined", first)]
    ((first_message,),) = house.rows("select id from message order by received_at limit 1")
    told = (first_message, UUID(str(fall["message_id"])))
    assert house.alarm(first, "first_message, position_message") == told, "a press without one forgets no position"
    assert house.rows("select step, actor, at from alarm_step order by id") == [
        ("joined", "device", START + timedelta(seconds=20)),
        ("joined", "device", START + timedelta(seconds=30)),
    ]


def test_a_late_message_never_turns_the_clock_back(house: House, anna: Person) -> None:
    [(_, alarm_id)] = house.accept(anna.send(after=60))
    house.accept(anna.send(after=10))
    assert house.alarm(alarm_id, "latest_at") == (START + timedelta(seconds=60),)


def test_after_closing_a_press_raises_a_new_alarm(house: House, anna: Person) -> None:
    [(_, first)] = house.accept(anna.send())
    house.set_state(first, "closed", closed_at=START)
    [(outcome, second)] = house.accept(anna.send(after=30))
    assert outcome == "raised"
    assert second != first


def test_two_devices_of_one_person_share_an_alarm(house: House, anna: Person) -> None:
    smoke_detector = Person(id=anna.id, sender="5550001")
    [(_, alarm_id)] = house.accept(anna.send())
    assert house.accept(smoke_detector.send(kind="smoke")) == [("joined", alarm_id)]


def test_classes_never_share_an_alarm(house: House, anna: Person) -> None:
    """A test or technical alarm that is being handled must not swallow a press."""
    answers = house.accept(
        anna.send(alarm_class="life"),
        anna.send(alarm_class="request", kind="assistance"),
        anna.send(alarm_class="technical", kind="battery"),
        anna.send(alarm_class="technical", kind="mains"),
        anna.send(alarm_class="test", kind="test"),
    )
    assert [outcome for outcome, _ in answers] == ["raised"] * 5
    assert len({alarm for _, alarm in answers}) == 5
    assert house.rows("select distinct class from alarm where escalate_at is not null") == [("life",)]


# One row each: what was sent again, how much later, and whether it is the same message.
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
        thread.join(timeout=10)
    assert answers == [[("upheld", alarm_id)]]
    assert house.alarm(alarm_id, "state") == ("received",)


@pytest.mark.parametrize("alarm_class", ["life", "request", "test"])
def test_nothing_but_a_fault_is_restored(house: House, anna: Person, alarm_class: str) -> None:
    """Whatever an authority calls a restoral, it never ends an alarm of a person."""
    [(_, alarm_id)] = house.accept(anna.send(alarm_class=alarm_class))
    restoral = anna.send("restore", alarm_class=alarm_class, restores="battery")
    assert house.accept(restoral) == [("stored", None)]
    assert house.alarm(alarm_id, "state") == ("received",)


@pytest.mark.parametrize(("effect", "outcome"), [("withdraw", "stored"), ("restore", "stored"), ("none", "stored")])
def test_where_nothing_is_open_a_message_is_only_stored(house: House, anna: Person, effect: str, outcome: str) -> None:
    assert house.accept(anna.send(effect)) == [(outcome, None)]
    assert house.rows("select count(*) from alarm") == [(0,)]
    assert house.rows("select count(*) from message where alarm_id is null") == [(1,)]


LAID_ASIDE = [
    ("received", {}, "received"),
    ("presented", {}, "presented"),
    ("withdrawn", {"withdrawn_at": START, "escalate_at": None}, "received"),
    (
        "suspended",
        {"holder": UUID(int=5), "suspended_until": START + timedelta(hours=1), "escalate_at": None},
        "received",
    ),
    (
        "handed_over",
        {
            "suspended_until": START + timedelta(hours=1),
            "holder": UUID(int=5),
            "offered_to": UUID(int=6),
            "escalate_at": None,
        },
        "received",
    ),
]


@pytest.mark.parametrize(("state", "columns", "afterwards"), LAID_ASIDE)
def test_a_new_press_brings_back_what_was_laid_aside(
    house: House, anna: Person, state: str, columns: dict[str, object], afterwards: str
) -> None:
    [(_, alarm_id)] = house.accept(anna.send())
    house.set_state(alarm_id, state, **columns)
    assert house.accept(anna.send(after=100)) == [("joined", alarm_id)]
    found = house.alarm(alarm_id, "state, holder, withdrawn_at, suspended_until, offered_to, escalate_at is not null")
    assert found == (afterwards, None, None, None, None, True)


def test_a_taken_alarm_keeps_its_holder(house: House, anna: Person) -> None:
    operator = UUID(int=77)
    [(_, alarm_id)] = house.accept(anna.send())
    house.set_state(alarm_id, "taken", holder=operator, taken_at=START, escalate_at=None)
    assert house.accept(anna.send(after=100)) == [("joined", alarm_id)]
    # The timer is the holder's: unanswered, the new press rings for all.
    heard_by = START + timedelta(seconds=160)
    assert house.alarm(alarm_id, "state, holder, escalate_at") == ("taken", operator, heard_by)
    assert house.accept(anna.send("withdraw", after=120)) == [("withdrew", alarm_id)]
    assert house.alarm(alarm_id, "state, holder, withdrawn_at") == ("taken", operator, START + timedelta(seconds=120))


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


def test_every_message_kept_has_one_ledger_entry_without_anything_personal(house: House, anna: Person) -> None:
    house.accept(anna.send(location_text="sovrum"))
    house.accept(anna.send(after=1), Person().send("none", alarm_class="signal"))
    house.accept(anna.send("withdraw", after=2))
    house.accept(anna.send(alarm_class="technical", kind="battery"))
    house.accept(anna.send("restore", alarm_class="technical", restores="battery"))
    entries = house.rows("select event, actor, outcome, written_by, object, detail from ledger.inbox order by id")
    assert sorted(entry[0] for entry in entries) == [
        "alarm.joined", "alarm.raised", "alarm.raised", "alarm.restored", "alarm.withdrawn", "message.stored"
    ]  # fmt: skip
    for _, actor, outcome, written_by, thing, detail in entries:
        assert (actor, outcome) == ("receiver:west-1", "success")
        assert written_by == tenant_role(house.authority.database_name, "receiver")
        kind, _, identifier = thing.partition(":")
        assert kind in ("alarm", "message")
        UUID(identifier)
        assert set(detail) == {"message", "class", "kind"}


def test_listeners_are_told_identifiers_and_nothing_else(house: House, anna: Person) -> None:
    house.onlooker.execute("listen alarm")
    many = [Person().send(location_text="sovrum") for _ in range(450)]
    answers = house.accept(anna.send(), *many)
    house.accept(anna.send(ref="1"))  # a repeat
    house.accept(anna.send("none", alarm_class="signal"))
    told = [notification.payload.split(",") for notification in house.onlooker.notifies(timeout=0.5)]
    assert all(len(payload) <= 200 for payload in told)
    assert sorted(UUID(text) for payload in told for text in payload) == sorted(
        alarm for _, alarm in answers if alarm is not None
    )


def test_a_batch_is_all_or_nothing(house: House, anna: Person) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        house.accept(anna.send(), Person().send(alarm_class="no such class"))
    assert house.rows("select (select count(*) from message) + (select count(*) from repeat_key)") == [(0,)]


def test_two_messages_of_one_person_in_a_batch_are_refused(house: House, anna: Person) -> None:
    """The caller's promise: a press and a press, or a press and its cancellation, never share a statement."""
    with pytest.raises(psycopg.errors.CardinalityViolation):
        house.accept(anna.send(), anna.send())
    assert house.rows("select count(*) from message") == [(0,)]


def test_an_empty_batch_is_nothing(house: House) -> None:
    assert house.accept() == []


def test_the_same_message_through_two_receivers_is_one_alarm(house: House) -> None:
    """Both ask at once; the second waits for the first, and then knows the alarm it could not see when it began."""
    people = [Person() for _ in range(20)]
    first = [person.send(ref="7") for person in people]
    second = [person.send(ref="7") for person in reversed(people)]
    with closing(house.open_receiver()) as other:
        with house.receiver.transaction():
            raised = house.accept(*first)
            thread, answers = in_background(lambda: house.accept(*second, receiver=other))
            wait_until_blocked(house, other)
        thread.join(timeout=10)
    assert [outcome for outcome, _ in raised] == ["raised"] * 20
    assert answers == [[("repeat", alarm) for _, alarm in reversed(raised)]]
    assert house.rows("select (select count(*) from message), (select count(*) from alarm)") == [(20, 20)]


def test_when_the_first_receiver_fails_the_second_keeps_the_message(house: House, anna: Person) -> None:
    with closing(house.open_receiver()) as other:
        with house.receiver.transaction(force_rollback=True):
            house.accept(anna.send(ref="7"))
            thread, answers = in_background(lambda: house.accept(anna.send(ref="7"), receiver=other))
            wait_until_blocked(house, other)
        thread.join(timeout=10)
    assert [outcome for [(outcome, _)] in answers] == ["raised"]
    assert house.rows("select (select count(*) from message), (select count(*) from alarm)") == [(1, 1)]


def test_two_presses_through_two_receivers_are_one_alarm(house: House, anna: Person) -> None:
    with closing(house.open_receiver()) as other:
        with house.receiver.transaction():
            [(_, alarm_id)] = house.accept(anna.send())
            thread, answers = in_background(lambda: house.accept(anna.send(after=1), receiver=other))
            wait_until_blocked(house, other)
        thread.join(timeout=10)
    assert answers == [[("joined", alarm_id)]]
    assert house.alarm(alarm_id, "messages") == (2,)


def test_receivers_with_the_same_people_never_block_each_other_for_good(house: House) -> None:
    """Rows are locked in one order, whatever the order of the batch: storms bring the same devices to all receivers."""
    people = [Person() for _ in range(50)]
    lots = [[person.send(after=turn) for person in people] for turn in range(40)]
    with closing(house.open_receiver()) as one, closing(house.open_receiver()) as two:

        def accept(receiver: Connection, batches: list[list[Message]]) -> list[Answer]:
            return [answer for batch in batches for answer in house.accept(*batch, receiver=receiver)]

        workers = [
            in_background(lambda: accept(one, lots[::2])),
            in_background(lambda: accept(two, [batch[::-1] for batch in lots[1::2]])),
        ]
        for thread, _ in workers:
            thread.join(timeout=60)
    outcomes = [outcome for _, results in workers for answers in results for outcome, _ in answers]
    assert outcomes.count("raised") == 50
    assert outcomes.count("joined") == 39 * 50


def test_a_plan_made_for_an_empty_table_stays_good_when_it_fills(house: House) -> None:
    """A connection keeps its plan. One that reads whole tables is cheap on the first day and ruinous in a storm."""
    house.onlooker.execute("vacuum analyze alarm, message, repeat_key")
    people = [Person() for _ in range(200)]
    house.accept(people[0].send(), people[1].send("withdraw"))  # the plan is made here
    house.accept(*(person.send() for person in people[2:]))
    house.receiver.execute("select pg_stat_force_next_flush()")
    house.rows("select pg_stat_reset()")
    for person in people[:50]:
        house.accept(person.send())
        house.accept(person.send("withdraw"))
        house.accept(person.send("restore", restores="link", alarm_class="technical"))
        person.sent -= 1
        house.accept(person.send("restore", restores="link", alarm_class="technical"))
    house.receiver.execute("select pg_stat_force_next_flush()")
    [(whole, entries)] = house.rows(
        "select (select sum(seq_scan) from pg_stat_user_tables where relname in ('alarm', 'message', 'repeat_key')),"
        " (select sum(idx_tup_read) from pg_stat_user_indexes where relname in ('alarm', 'message', 'repeat_key'))"
    )
    assert whole == 0
    assert entries < 200 * 10, "a few entries for each message, not all there are"


def test_keys_of_repeats_are_forgotten_in_time(house: House, anna: Person, server: Server) -> None:
    house.accept(anna.send(ref="7"))
    house.accept(Person().send(after=100))
    database = house.authority.database_name
    with closing(psycopg.connect(server.conninfo(tenant_role(database, "scheduler"), database))) as scheduler:
        forgotten = scheduler.execute("select vaka.forget_repeats(%s)", (START + timedelta(seconds=50),)).fetchone()
        scheduler.commit()
    assert forgotten == (1,)
    assert house.rows("select sender from repeat_key where sender = %s", blinded(anna.sender)) == []


def test_older_news_never_overwrites_newer(house: House, anna: Person) -> None:
    assert anna.device is not None
    house.onlooker.execute("insert into device (id, sender) values (%s, %s)", (anna.device, blinded(anna.sender)))
    house.onlooker.execute("insert into device_state (device_id, changed_at) values (%s, %s)", (anna.device, START))

    def hear(seen_at: datetime) -> tuple[Any, ...] | None:
        batch = [{"device_id": str(anna.device), "seen_at": seen_at.isoformat()}]
        return house.receiver.execute("select vaka.record_signs_of_life(%s)", (Jsonb(batch),)).fetchone()

    assert hear(START) == (1,)
    assert hear(START - timedelta(seconds=5)) == (0,)
    assert hear(START + timedelta(seconds=5)) == (1,)
    assert house.rows("select last_seen from device_state") == [(START + timedelta(seconds=5),)]


def in_background(work: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Start ``work`` in a thread; its result is appended to the list. An error leaves the list empty."""
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(work()), daemon=True)
    thread.start()
    return thread, results


def wait_until_blocked(house: House, other: Connection) -> None:
    """Return when ``other`` waits for a lock: the race is then on."""
    for _ in range(1000):
        waiting = house.rows(
            "select count(*) from pg_stat_activity where pid = %s and wait_event_type = 'Lock'", other.info.backend_pid
        )
        if waiting == [(1,)]:
            return
        threading.Event().wait(0.01)
    pytest.fail("the second receiver did not wait for the first")
