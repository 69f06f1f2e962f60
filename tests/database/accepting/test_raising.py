# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""accept_messages, called as the receiver calls it: what is kept, and which alarm it concerns."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.conftest import START
from tests.database.accepting.scene import BODY, House, Person
from tests.identities import blinded
from tests.letters import as_letters

pytestmark = pytest.mark.database


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
