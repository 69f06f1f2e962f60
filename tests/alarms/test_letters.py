# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What devices say and operators write is sealed to whom it is about; nobody needs a key to write it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.errors import CheckViolation

from tests.alarms.house import CLOSING, House, Sender, operator
from tests.conftest import START
from tests.letters import as_letters
from tests.people import register
from vaka.access.principal import Principal
from vaka.alarms.closing import Closing, close, close_many, reopen
from vaka.alarms.conflicts import UnusableActError
from vaka.alarms.noting import add_note
from vaka.alarms.reading import read_history, read_screen
from vaka.alarms.rows import HistoryRow, Screen
from vaka.alarms.taking import take
from vaka.alarms.unlocking import unlock_endings, unlock_screen, unlock_told
from vaka.clock import SystemClock
from vaka.keys.keyring import AuthorityKeys, Keyring
from vaka.keys.letters import Addressee
from vaka.tenants.gateway import Gateway
from vaka.tenants.people import Person
from vaka.tenants.refusing import Refusals

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NOW = START + timedelta(minutes=2)
ENDED = Closing("needs_help", "home_care", "arrived_and_helped", "Satt på golvet, oskadd.")
NO_ADDRESS = b"\x01" + bytes(31)
"""A point with which every agreement would be known to everybody: nothing is written to it."""


@pytest.fixture
async def asta(house: House, setup_keys: Keyring) -> AsyncIterator[Person]:
    """Somebody in care, who has a key."""
    person = Person(uuid4(), "Asta", "Öman")
    await register(house.server, house.authority, setup_keys, [person])
    yield person
    house.superuser.execute("delete from vaka.person where id = %s", (person.id,))


@pytest.fixture
def me(house: House) -> Principal:
    return operator(house.authority, role="shift_leader")


async def held(house: House, me: Principal, person: UUID | None = None, **more: Any) -> UUID:
    """An alarm in the operator's hands."""
    alarm_id = house.raise_alarm(sender=Sender(person=person), **more)
    await take(house.desk, me, house.id, alarm_id, now=NOW)
    return alarm_id


async def shown(house: House, keys: AuthorityKeys, alarm_id: UUID) -> Screen:
    sealed = await house.read(lambda connection: read_screen(connection, alarm_id, NOW))
    return await unlock_screen(keys, sealed, NOW)


def notes(house: House, alarm_id: UUID) -> list[dict[str, Any]]:
    statement = "select * from vaka.alarm_note where alarm_id = %s order by written_at, id"
    return house.superuser.execute(statement, (alarm_id,)).fetchall()


async def test_what_a_device_says_is_shown_to_whom_has_the_keys(
    house: House, me: Principal, asta: Person, keys: AuthorityKeys
) -> None:
    await keys.hold([asta.id])
    to, sender = Addressee(asta.id, keys.address(asta.id)), Sender(person=asta.id)
    first = sender.message(START, device_text="Knapp 2", position_text="59.33,18.06")
    fall = sender.message(NOW, kind="fall", location_text="kök", position_text="59.85,17.64")
    [(_, alarm_id)] = house.accept(as_letters(house.authority, first, to))
    house.accept(as_letters(house.authority, fall, to), as_letters(house.authority, Sender().message(NOW)))
    told = (await shown(house, keys, alarm_id)).told
    assert (told.location, told.device, told.position, told.is_locked) == ("Sovrum", "Knapp 2", "59.85,17.64", False)
    subjects = house.superuser.execute("select distinct subject_id from vaka.message where alarm_id = %s", (alarm_id,))
    assert [row["subject_id"] for row in subjects] == [asta.id]
    sealed = await house.read(lambda connection: read_screen(connection, alarm_id, NOW))
    assert (await unlock_told(keys, sealed)).told == told


@pytest.mark.parametrize("known", [True, False], ids=["a person in care", "nobody in the register"])
async def test_the_end_is_sealed_to_whom_it_is_about(
    house: House, me: Principal, asta: Person, keys: AuthorityKeys, known: bool
) -> None:
    alarm_id = await held(house, me, asta.id if known else uuid4())
    alarm = await close(house.desk, me, house.id, alarm_id, ENDED, now=NOW)
    [note] = notes(house, alarm_id)
    assert alarm.closing_note == note["id"]
    assert note["subject_id"] == (asta.id if known else house.id)
    assert note["body"][0] == 2
    assert b"golvet" not in note["body"]
    screen = await shown(house, keys, alarm_id)
    assert (screen.closing_text, screen.ending_is_locked, screen.alarm_notes) == (ENDED.text, False, [])
    [row] = await unlock_endings(keys, await history(house, alarm_id))
    assert row.closing_text == ENDED.text


async def history(house: House, alarm_id: UUID) -> list[HistoryRow]:
    """The alarm's row of the history, among what the other tests closed in the same moment."""
    rows = await house.read(lambda connection: read_history(connection, since=NOW, until=NOW + timedelta(seconds=1)))
    return [row for row in rows if row.id == alarm_id]


async def test_where_nothing_is_written_there_is_no_note(house: House, me: Principal, keys: AuthorityKeys) -> None:
    alarm_id = await held(house, me)
    alarm = await close(house.desk, me, house.id, alarm_id, replace(ENDED, text="  "), now=NOW)
    assert (alarm.closing_note, notes(house, alarm_id)) == (None, [])
    screen = await shown(house, keys, alarm_id)
    assert (screen.closing_text, screen.ending_is_locked) == ("", False)


async def test_many_ends_are_sealed_each_to_its_own(
    house: House, me: Principal, asta: Person, keys: AuthorityKeys
) -> None:
    ids = [house.raise_alarm(sender=Sender(person=one), alarm_class="test") for one in (asta.id, uuid4(), None)]
    taken = await held(house, me, alarm_class="test")
    await close_many(house.desk, me, house.id, [*ids, taken], ENDED, now=NOW)
    assert [notes(house, alarm_id)[0]["subject_id"] for alarm_id in ids] == [asta.id, house.id, house.id]
    assert notes(house, taken) == [], "what was not closed has nothing written on it"
    assert [(await shown(house, keys, alarm_id)).closing_text for alarm_id in ids] == [ENDED.text] * 3


async def test_taken_up_again_the_text_is_a_note_like_any_other(
    house: House, me: Principal, asta: Person, keys: AuthorityKeys
) -> None:
    """No key is needed for that: it stays where it was written."""
    alarm_id = await held(house, me, asta.id)
    await close(house.desk, me, house.id, alarm_id, ENDED, now=NOW)
    before = notes(house, alarm_id)
    alarm = await reopen(house.desk, me, house.id, alarm_id, now=NOW + timedelta(hours=1))
    assert alarm.closing_note is None
    assert notes(house, alarm_id) == before
    await close(house.desk, me, house.id, alarm_id, CLOSING, now=NOW + timedelta(hours=2))
    screen = await shown(house, keys, alarm_id)
    assert (screen.closing_text, [note.body for note in screen.alarm_notes]) == (CLOSING.text, [ENDED.text])


SPOILT = {
    "a flipped byte": "update vaka.alarm_note set body = set_byte(body, 60, get_byte(body, 60) # 4) where id = %(id)s",
    "another's address in its head": "update vaka.alarm_note set body = set_byte(body, 2, get_byte(body, 2) # 4)"
                                     " where id = %(id)s",
    "another person's": "update vaka.alarm_note set subject_id = %(other)s where id = %(id)s",
    "from another row": "update vaka.alarm_note set body = (select body from vaka.alarm_note where id = %(other_note)s)"
                        " where id = %(id)s",
    "from another column": "update vaka.alarm_note set body = (select texts from vaka.message where texts is not null"
                           " limit 1) where id = %(id)s",
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILT.values(), ids=SPOILT)
async def test_what_was_changed_or_moved_is_locked_and_the_alarm_is_shown(
    house: House, me: Principal, asta: Person, keys: AuthorityKeys, how: str
) -> None:
    other, alarm_id = await held(house, me, asta.id, alarm_class="request"), await held(house, me, asta.id)
    other_note = await add_note(house.desk, me, house.id, other, "Ringde dottern.", now=NOW)
    note = await add_note(house.desk, me, house.id, alarm_id, "Dörren var låst.", now=NOW)
    assert [one.body for one in (await shown(house, keys, alarm_id)).alarm_notes] == ["Dörren var låst."]
    house.superuser.execute(how, {"id": note, "other": house.id, "other_note": other_note})
    screen = await shown(house, keys, alarm_id)
    assert [(one.body, one.is_locked) for one in screen.alarm_notes] == [("", True)]
    assert (screen.told.location, screen.is_locked) == ("Sovrum", False)


SPOILT_MESSAGES = {
    "a flipped byte": "update vaka.message set texts = set_byte(texts, 70, get_byte(texts, 70) # 1) where id = %(id)s",
    "another writer's half": "update vaka.message set texts = set_byte(texts, 9, get_byte(texts, 9) # 1)"
                             " where id = %(id)s",
    "from another row": "update vaka.message set texts = (select texts from vaka.message where id = %(other)s)"
                        " where id = %(id)s",
    "from another column": "update vaka.message set texts = body where id = %(id)s",
    "another person's": "update vaka.message set subject_id = %(person)s where id = %(id)s",
}  # fmt: skip


@pytest.mark.parametrize("how", SPOILT_MESSAGES.values(), ids=SPOILT_MESSAGES)
async def test_what_a_device_said_opens_in_its_place_alone(
    house: House, me: Principal, asta: Person, keys: AuthorityKeys, how: str
) -> None:
    other, alarm_id = await held(house, me), await held(house, me, location_text="Kök")
    assert (await shown(house, keys, alarm_id)).told.location == "Kök"
    first = [house.alarm(one)["first_message"] for one in (alarm_id, other)]
    house.superuser.execute(how, {"id": first[0], "other": first[1], "person": asta.id})
    told = (await shown(house, keys, alarm_id)).told
    assert (told.location, told.device, told.position, told.is_locked) == ("", "", "", True)
    assert (await shown(house, keys, other)).told.location == "Sovrum"


async def test_letters_of_another_row_put_in_place_with_triggers_off_are_told_of_once(
    house: House, me: Principal, setup_keys: Keyring, keys: AuthorityKeys
) -> None:
    """What is written once has no older value; what stands in its place is another's, and does not open there."""
    first, second = await held(house, me), await held(house, me, location_text="Kök")
    for alarm_id in (first, second):
        await add_note(house.desk, me, house.id, alarm_id, "Dörren var låst.", now=NOW)
    last = house.superuser.execute("select coalesce(max(id), 0) as id from ledger.inbox").fetchone()
    assert last is not None
    refusals = Refusals(house.desk, setup_keys, SystemClock())
    assert not (await shown(house, keys, first)).told.is_locked
    house.superuser.execute("set session_replication_role = replica")
    for table, column in (("message", "texts"), ("alarm_note", "body")):
        house.superuser.execute(
            f"update vaka.{table} set {column} = (select {column} from vaka.{table} where alarm_id = %s limit 1)"
            " where alarm_id = %s".encode(),
            (second, first),
        )
    house.superuser.execute("set session_replication_role = default")
    for _ in range(2):  # shown twice, told once
        screen = await shown(house, keys, first)
        assert (screen.told.is_locked, [note.is_locked for note in screen.alarm_notes]) == (True, [True])
        await refusals.tell()
    told = house.superuser.execute(
        "select object, outcome, detail from ledger.inbox where event = 'value.refused' and id > %s order by id",
        (last["id"],),
    ).fetchall()
    assert [(one["object"], one["outcome"]) for one in told] == [(f"alarm:{first}", "failure")] * 2
    assert {(one["detail"]["table"], one["detail"]["fields"]) for one in told} == {
        ("message", "texts"), ("alarm_note", "body"),
    }  # fmt: skip
    assert not (await shown(house, keys, second)).told.is_locked


async def test_another_authoritys_keys_open_nothing(
    house: House, me: Principal, keys: AuthorityKeys, setup_keys: Keyring
) -> None:
    alarm_id = await held(house, me)
    await close(house.desk, me, house.id, alarm_id, ENDED, now=NOW)
    elsewhere = uuid4()
    await setup_keys.open_authority(elsewhere)
    await setup_keys.create(elsewhere, [house.id])
    screen = await shown(house, setup_keys.of(elsewhere), alarm_id)
    assert (screen.closing_text, screen.ending_is_locked, screen.told.is_locked) == ("", True, True)
    [row] = await unlock_endings(setup_keys.of(elsewhere), await history(house, alarm_id))
    assert (row.closing_text, row.ending_is_locked) == ("", True)


async def test_the_database_takes_nothing_but_letters(house: House, me: Principal) -> None:
    alarm_id = await held(house, me)
    for body in (b"Satt p\xc3\xa5 golvet." * 20, bytes([1]) + bytes(200), bytes([2]) + bytes(100), bytes([2]) * 9000):
        with pytest.raises(CheckViolation):
            house.superuser.execute(
                "insert into vaka.alarm_note (id, alarm_id, written_at, written_by, subject_id, body)"
                " values (%s, %s, now(), %s, %s, %s)",
                (uuid4(), alarm_id, uuid4(), house.id, body),
            )


async def test_the_longest_note_is_kept(house: House, me: Principal, keys: AuthorityKeys) -> None:
    alarm_id = await held(house, me)
    longest = "\N{SPEAKER}" * 2000
    await add_note(house.desk, me, house.id, alarm_id, longest, now=NOW)
    assert [note.body for note in (await shown(house, keys, alarm_id)).alarm_notes] == [longest]


async def test_where_a_person_has_no_usable_address_it_is_sealed_to_the_authority(
    house: House, me: Principal, asta: Person, keys: AuthorityKeys
) -> None:
    """Whoever spoils an address must not keep an alarm from being ended."""
    house.superuser.execute("update vaka.person set address = %s where id = %s", (NO_ADDRESS, asta.id))
    alarm_id = await held(house, me, asta.id)
    await close(house.desk, me, house.id, alarm_id, ENDED, now=NOW)
    assert notes(house, alarm_id)[0]["subject_id"] == house.id
    assert (await shown(house, keys, alarm_id)).closing_text == ENDED.text


async def test_a_swapped_address_shows(house: House, me: Principal, asta: Person, keys: AuthorityKeys) -> None:
    """What is written to a stranger's address does not open for those it is meant for: it is locked, and they see."""
    house.superuser.execute("update vaka.person set address = %s where id = %s", (house.authority.address, asta.id))
    told = house.superuser.execute("select event from ledger.inbox order by id desc limit 1").fetchone()
    assert told == {"event": "row.changed_by_hand"}
    alarm_id = await held(house, me, asta.id)
    await close(house.desk, me, house.id, alarm_id, ENDED, now=NOW)
    screen = await shown(house, keys, alarm_id)
    assert (screen.closing_text, screen.ending_is_locked) == ("", True)


async def test_where_nothing_can_be_written_at_all_an_alarm_is_ended_without(house: House, me: Principal) -> None:
    spoilt = Gateway(house.server, "desk", [replace(house.authority, address=NO_ADDRESS)])
    try:
        alarm_id = await held(house, me)
        with pytest.raises(UnusableActError):
            await close(spoilt, me, house.id, alarm_id, ENDED, now=NOW)
        assert house.alarm(alarm_id)["state"] == "taken"
        await close(spoilt, me, house.id, alarm_id, replace(ENDED, text=""), now=NOW)
        assert house.alarm(alarm_id)["state"] == "closed"
    finally:
        await spoilt.close()
