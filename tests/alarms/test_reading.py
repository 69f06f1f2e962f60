# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the desk reads: the queue in order, the one screen whole, the unit by local time, history page by page."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.alarms.house import CLOSING, House, Sender, operator
from tests.conftest import START
from tests.identities import blinded
from vaka.alarms.changes import Connection
from vaka.alarms.closing import close, close_many
from vaka.alarms.conflicts import NoSuchAlarmError
from vaka.alarms.model import State
from vaka.alarms.reading import (
    LARGEST_QUEUE,
    read_closing_codes,
    read_history,
    read_numbers,
    read_policy,
    read_queue,
    read_queue_rows,
    read_screen,
)
from vaka.alarms.rows import HistoryRow, Screen
from vaka.alarms.taking import take
from vaka.alarms.unlocking import unlock_names, unlock_screen
from vaka.clock import SystemClock
from vaka.database.connections import open_connection
from vaka.database.server import tenant_role
from vaka.keys.identities import label
from vaka.keys.keyring import AuthorityKeys, open_keyring
from vaka.settings import Settings
from vaka.tenants.device_letters import DeviceLetters, Words
from vaka.tenants.gateway import Gateway
from vaka.tenants.people import Contact, Note, Person, Unit, UnitHours, register_people, register_units
from vaka.tenants.person_changes import change_people

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DAY, NIGHT = Unit(uuid4(), "Hemtjänst Norra", "08-465 004 01"), Unit(uuid4(), "Nattpatrull", "08-465 004 02")
HOURS = (UnitHours("Norra", 7 * 60, 22 * 60, DAY.id), UnitHours("Norra", 22 * 60, 7 * 60, NIGHT.id))
NOTES = (
    Note(uuid4(), "Ring först på mobilen.", START - timedelta(days=3)),
    Note(uuid4(), "Hund i hallen.", START - timedelta(days=9), must_see=True, expires_at=START + timedelta(days=1)),
    Note(uuid4(), "Borta över helgen.", START - timedelta(days=9), expires_at=START),
)
ASTA = Person(
    id=uuid4(), given_name="Asta", family_name="Öman", personal_number="19321114-9848", born_on=date(1932, 11, 14),
    street="Storgatan 1", area="Norra", risks=("dog",), key_number="E 114", protected_identity=True,
    absent_from=START - timedelta(days=1), absent_until=START + timedelta(days=1), absence_reason="Sjukhus",
    contacts=(Contact("Kim Öman", "070-174 06 05", "barn", has_key=True), Contact("Bo Ek", "070-174 06 06")),
    notes=NOTES,
)  # fmt: skip


@pytest.fixture(autouse=True)
async def furnished(quiet: House, keys: AuthorityKeys) -> None:
    """One person in care, who has two devices, and units that answer for her."""
    house = quiet
    gateway = Gateway(house.server, "setup", [house.authority])
    tenant = await gateway.open_own_connection(house.id, "test")
    try:
        await register_units(tenant, [DAY, NIGHT], HOURS, actor="setup", now=START)
        await register_people(tenant, keys, [ASTA], actor="setup", now=START)
    finally:
        await tenant.close()
    for sender, seen in (("8031001", START), ("8031002", None)):
        device = uuid4()
        words = DeviceLetters(house.authority, {ASTA.id: keys.address(ASTA.id)}).write(
            device, ASTA.id, Words(sender, "Hallen")
        )
        house.superuser.execute(
            "insert into vaka.device (id, person_id, sender, model, subject_id, number, placed)"
            " values (%s, %s, %s, 'Modell A', %s, %s, %s)",
            (device, ASTA.id, blinded(sender), *words.values()),
        )
        house.superuser.execute(
            "insert into vaka.device_state (device_id, last_seen, condition, changed_at) values (%s, %s, %s, %s)",
            (device, seen, "online" if seen else "never", START),
        )


def asta(house: House, sender: str = "8031001") -> Sender:
    """Her device."""
    row = house.superuser.execute("select id from vaka.device where sender = %s", (blinded(sender),)).fetchone()
    assert row is not None
    return Sender(person=ASTA.id, device=row["id"], name=sender)


async def screen_of(house: House, keys: AuthorityKeys, alarm_id: UUID, now: datetime = START) -> Screen:
    sealed = await house.read(lambda connection: read_screen(connection, alarm_id, now))
    return await unlock_screen(keys, sealed, now)


async def read_page(house: House, **limits: Any) -> list[HistoryRow]:
    """A page of history, of the hour after START unless told otherwise; names are locked."""
    facts: dict[str, Any] = {"since": START, "until": START + timedelta(hours=1)} | limits

    async def read(connection: Connection) -> list[HistoryRow]:
        return await read_history(connection, **facts)

    rows: list[HistoryRow] = await house.read(read)
    return rows


async def test_the_queue_is_in_order_of_class_and_age(quiet: House) -> None:
    wanted = [
        quiet.raise_alarm(START + timedelta(seconds=second), alarm_class=name)
        for name, second in (
            ("life", 30), ("life", 40), ("request", 5), ("technical", 1), ("technical", 2), ("test", 0)
        )
    ]  # fmt: skip
    rows = await quiet.read(lambda connection: read_queue(connection, START))
    assert [row.id for row in rows] == wanted
    assert sorted(rows, key=lambda row: row.order, reverse=False) == rows
    assert [row.rank for row in rows] == [0, 0, 1, 2, 2, 3]
    some = await quiet.read(lambda connection: read_queue_rows(connection, [wanted[4], wanted[0], uuid4()], START))
    assert [row.id for row in some] == [wanted[0], wanted[4]]


async def test_a_row_says_who_and_whom_to_send(quiet: House, keys: AuthorityKeys) -> None:
    stranger = Sender(person=None, device=None)
    known, unknown = quiet.raise_alarm(sender=asta(quiet)), quiet.raise_alarm(sender=stranger)
    sealed = await quiet.read(lambda connection: read_queue(connection, START))
    assert [row.person_name for row in sealed] == ["", ""]
    rows = {row.id: row for row in await unlock_names(keys, sealed)}
    row = rows[known]
    assert (row.person_name, row.protected_identity, row.area) == ("Asta Öman", True, "Norra")
    assert (row.unit_name, row.unit_phone) == (NIGHT.name, NIGHT.phone)
    assert row.state is State.RECEIVED
    assert row.waited_seconds(START + timedelta(seconds=75.9)) == 75
    assert row.waited_seconds(START - timedelta(seconds=5)) == 0
    assert (rows[unknown].person_name, rows[unknown].unit_name) == ("", "")
    assert (rows[unknown].shown_sender, row.sender_name) == (stranger.name, "")
    assert {one.id: one.shown_sender for one in sealed}[unknown] == label(blinded(stranger.name))


async def test_whoever_was_written_anew_a_moment_ago_has_his_name_in_the_queue(
    quiet: House, keys: AuthorityKeys
) -> None:
    """The desk has not heard of the edition that another process has just written."""
    authority, ulla = quiet.authority, Person(uuid4(), "Ulla", "Ek")
    role = tenant_role(authority.database_name, "setup")
    async with (
        await open_connection(quiet.server, role, authority.database_name, application="test") as setup,
        open_keyring(quiet.server, Settings(), "desk", SystemClock()) as keyring,
    ):
        await register_people(setup, keys, [ulla], actor="setup", now=START)
        quiet.raise_alarm(sender=Sender(person=ulla.id, device=None))
        for name in ("Ulla", "Ulrika"):
            if name != ulla.given_name:
                await change_people(setup, keys, [replace(ulla, given_name=name)], actor="setup", now=START)
            rows = await quiet.read(lambda connection: read_queue(connection, START))
            rows = await unlock_names(keyring.of(authority.id), rows)
            assert [(row.person_name, row.is_locked) for row in rows] == [(f"{name} Ek", False)]


async def test_a_device_that_says_nothing_is_called_as_it_is_registered(quiet: House, keys: AuthorityKeys) -> None:
    """What supervision raises has no message; whose device it is, nobody knows."""
    device = uuid4()
    words = DeviceLetters(quiet.authority, {}).write(device, None, Words("07017406050"))
    quiet.superuser.execute(
        "insert into vaka.device (id, sender, subject_id, number, placed) values (%s, %s, %s, %s, %s)",
        (device, blinded("07017406050"), *words.values()),
    )
    quiet.superuser.execute(
        "insert into vaka.alarm (id, class, kind, latest_kind, state, join_key, device_id, sender, received_at,"
        " latest_at) values (%s, 'technical', 'offline', 'offline', 'received', %s, %s, %s, %s, %s)",
        (uuid4(), f"{device}:technical:offline", device, blinded("07017406050"), START, START),
    )
    sealed = await quiet.read(lambda connection: read_queue(connection, START))
    assert [row.shown_sender for row in await unlock_names(keys, sealed)] == ["07017406050"]
    quiet.superuser.execute("update vaka.device set number = set_byte(number, 60, 255 - get_byte(number, 60))")
    [row] = await unlock_names(keys, await quiet.read(lambda connection: read_queue(connection, START)))
    assert (row.shown_sender, row.sender_is_locked) == (label(blinded("07017406050")), True)
    assert not any(sign.isdigit() for sign in row.shown_sender)


async def test_a_closed_alarm_leaves_the_queue(quiet: House) -> None:
    me = operator(quiet.authority)
    alarm_id = quiet.raise_alarm()
    await take(quiet.desk, me, quiet.id, alarm_id, now=START)
    [row] = await quiet.read(lambda connection: read_queue(connection, START))
    assert (row.state, row.holder) == (State.TAKEN, me.account_id)
    await close(quiet.desk, me, quiet.id, alarm_id, CLOSING, now=START)
    assert await quiet.read(lambda connection: read_queue(connection, START)) == []
    assert await quiet.read(lambda connection: read_queue_rows(connection, [alarm_id], START)) == []


async def test_a_flooded_queue_shows_life_first_and_is_bounded(quiet: House) -> None:
    quiet.superuser.execute(
        """insert into vaka.alarm (id, class, kind, latest_kind, state, join_key, sender, received_at, latest_at)
           select gen_random_uuid(), 'test', 'test', 'test', 'received', gen_random_uuid() || ':test', '', %s, %s
           from generate_series(1, 1500) n""",
        (START - timedelta(hours=1), START),
    )
    alarm_id = quiet.raise_alarm()
    rows = await quiet.read(lambda connection: read_queue(connection, START))
    assert len(rows) == LARGEST_QUEUE
    assert rows[0].id == alarm_id


async def test_the_one_screen_is_whole(quiet: House, keys: AuthorityKeys) -> None:
    sender = asta(quiet)
    alarm_id = quiet.raise_alarm(sender=sender)
    quiet.accept(sender.message(START + timedelta(seconds=3), kind="smoke"))
    screen = await screen_of(quiet, keys, alarm_id, START + timedelta(seconds=5))
    assert (screen.alarm.kind, screen.alarm.latest_kind, screen.alarm.messages) == ("button", "smoke", 2)
    person = screen.person
    assert person is not None
    assert (person.name, person.age, person.masked_personal_number) == ("Asta Öman", 93, "19321114-••••")
    assert (person.risks, person.key_number, person.absent_now, person.absence_reason) == (
        ["dog"], "E 114", True, "Sjukhus",
    )  # fmt: skip
    assert [(line.position, line.name, line.has_key) for line in screen.contacts] == [
        (1, "Kim Öman", True), (2, "Bo Ek", False),
    ]  # fmt: skip
    assert [note.body for note in screen.notes] == ["Hund i hallen.", "Ring först på mobilen."]
    assert screen.device is not None
    assert (screen.device.sender, screen.device.condition, screen.device.last_seen) == ("8031001", "online", START)
    assert screen.device.placed == "Hallen"
    assert [(device.sender, device.condition) for device in screen.other_devices] == [("8031002", "never")]
    assert screen.unit is not None
    assert (screen.unit.name, screen.unit.until_minute) == (NIGHT.name, 7 * 60)
    assert [message.kind for message in screen.messages] == ["smoke", "button"]
    assert [step.step for step in screen.steps] == ["joined"]
    # What must not reach a page is not there to be shown by mistake.
    assert "2384" not in repr(screen)


async def test_the_screen_of_an_unknown_sender(quiet: House, keys: AuthorityKeys) -> None:
    stranger = Sender(person=None, device=None)
    first = quiet.raise_alarm(START - timedelta(hours=2), sender=stranger, alarm_class="technical")
    alarm_id = quiet.raise_alarm(sender=stranger)
    screen = await screen_of(quiet, keys, alarm_id)
    assert (screen.person, screen.device, screen.unit, screen.contacts) == (None, None, None, [])
    assert [line.id for line in screen.earlier] == [first]
    assert (screen.told.sender, screen.shown_sender) == (stranger.name, stranger.name)


async def test_an_alarm_that_is_not_there(quiet: House, keys: AuthorityKeys) -> None:
    with pytest.raises(NoSuchAlarmError):
        await screen_of(quiet, keys, uuid4())


async def test_earlier_alarms_are_those_of_thirty_days(quiet: House, keys: AuthorityKeys) -> None:
    sender = asta(quiet)
    ages = {"life": timedelta(hours=1), "request": timedelta(hours=5), "technical": timedelta(days=29),
            "test": timedelta(days=31)}  # fmt: skip
    earlier = {name: quiet.raise_alarm(START - age, sender=sender, alarm_class=name) for name, age in ages.items()}
    quiet.superuser.execute("update vaka.alarm set state = 'closed', closed_at = received_at where class = 'life'")
    alarm_id = quiet.raise_alarm(sender=sender)
    screen = await screen_of(quiet, keys, alarm_id)
    assert [line.id for line in screen.earlier] == [earlier["life"], earlier["request"], earlier["technical"]]
    # 02:59 in Sweden: an hour ago is today, five hours ago is yesterday.
    assert [line.today for line in screen.earlier] == [True, False, False]


MOMENTS = [
    # Swedish wall time is UTC+1 in winter and UTC+2 in summer: the unit follows the wall.
    (datetime(2026, 1, 15, 5, 59, tzinfo=UTC), NIGHT),
    (datetime(2026, 1, 15, 6, 0, tzinfo=UTC), DAY),
    (datetime(2026, 1, 15, 20, 59, tzinfo=UTC), DAY),
    (datetime(2026, 1, 15, 21, 0, tzinfo=UTC), NIGHT),
    (datetime(2026, 1, 15, 23, 30, tzinfo=UTC), NIGHT),
    (datetime(2026, 7, 15, 4, 59, tzinfo=UTC), NIGHT),
    (datetime(2026, 7, 15, 5, 0, tzinfo=UTC), DAY),
    (datetime(2026, 7, 15, 19, 59, tzinfo=UTC), DAY),
    (datetime(2026, 7, 15, 20, 0, tzinfo=UTC), NIGHT),
]


@pytest.mark.parametrize(("now", "unit"), MOMENTS)
async def test_the_unit_responsible_now(quiet: House, keys: AuthorityKeys, now: datetime, unit: Unit) -> None:
    alarm_id = quiet.raise_alarm(sender=asta(quiet))
    screen = await screen_of(quiet, keys, alarm_id, now)
    assert screen.unit is not None
    assert screen.unit.name == unit.name
    [row] = await quiet.read(lambda connection: read_queue(connection, now))
    assert row.unit_name == unit.name


async def test_a_unit_for_the_whole_day(quiet: House, keys: AuthorityKeys) -> None:
    quiet.superuser.execute("delete from vaka.unit_hours")
    quiet.superuser.execute("insert into vaka.unit_hours values ('Norra', 420, 420, %s)", (DAY.id,))
    alarm_id = quiet.raise_alarm(sender=asta(quiet))
    for hour in range(24):
        screen = await screen_of(quiet, keys, alarm_id, START + timedelta(hours=hour))
        assert screen.unit is not None


async def test_of_two_units_the_one_that_began_last_answers(quiet: House, keys: AuthorityKeys) -> None:
    """A unit for the whole day, and another for the evening within it."""
    quiet.superuser.execute("delete from vaka.unit_hours")
    for first, last, unit in ((0, 0, DAY), (18 * 60, 20 * 60, NIGHT)):
        quiet.superuser.execute("insert into vaka.unit_hours values ('Norra', %s, %s, %s)", (first, last, unit.id))
    alarm_id = quiet.raise_alarm(sender=asta(quiet))
    for hour, unit in ((16, DAY), (17, NIGHT), (18, NIGHT), (19, DAY)):
        now = datetime(2026, 1, 15, hour, 30, tzinfo=UTC)
        screen = await screen_of(quiet, keys, alarm_id, now)
        assert screen.unit is not None
        assert screen.unit.name == unit.name, hour
        async with quiet.desk.transaction(quiet.id) as connection:
            [row] = await read_queue(connection, now)
        assert row.unit_name == unit.name


async def test_history_can_be_turned_page_by_page(quiet: House) -> None:
    """Twelve closed in the same moment: a page must not lose those that share its last row's time."""
    leader = operator(quiet.authority, role="shift_leader")
    ids = [quiet.raise_alarm(alarm_class="technical") for _ in range(12)]
    await close_many(quiet.desk, leader, quiet.id, ids, CLOSING, now=START)
    seen: list[UUID] = []
    beyond: tuple[datetime, UUID] | None = None
    while page := await read_page(quiet, limit=5, beyond=beyond):
        seen += [row.id for row in page]
        beyond = (page[-1].closed_at, page[-1].id)
    assert len(seen) == 12
    assert set(seen) == set(ids)


@pytest.mark.parametrize(
    ("text", "found"),
    [("öman", 1), ("Asta Ö", 1), ("8031001", 1), ("803100", 0), ("hjälpt", 0), ("", 1), ("%", 0), ("nobody", 0)],
)  # fmt: skip
async def test_history_can_be_searched(quiet: House, keys: AuthorityKeys, text: str, found: int) -> None:
    """By name and sender; what operators wrote is in letters, which no statement searches."""
    me = operator(quiet.authority)
    alarm_id = quiet.raise_alarm(sender=asta(quiet))
    await take(quiet.desk, me, quiet.id, alarm_id, now=START + timedelta(seconds=12))
    await close(quiet.desk, me, quiet.id, alarm_id, CLOSING, now=START + timedelta(minutes=3))
    called = [ASTA.id] if text and text.casefold() in "asta öman" else []
    rows = await read_page(quiet, sender=blinded(text) if text else None, people=called)
    assert len(rows) == found
    for row in await unlock_names(keys, rows):
        assert (row.person_name, row.answer_seconds, row.closed_by) == ("Asta Öman", 12, me.actor)


async def test_history_keeps_to_its_time_and_person(quiet: House) -> None:
    me = operator(quiet.authority)
    for sender in (asta(quiet), Sender()):
        alarm_id = quiet.raise_alarm(sender=sender)
        await take(quiet.desk, me, quiet.id, alarm_id, now=START)
        await close(quiet.desk, me, quiet.id, alarm_id, CLOSING, now=START + timedelta(minutes=3))
    closed = START + timedelta(minutes=3)

    async def count(**limits: Any) -> int:
        return len(await read_page(quiet, **limits))

    assert await count() == 2
    assert await count(person_id=ASTA.id) == 1
    assert await count(sender=blinded("8031001")) == 1
    assert await count(sender=blinded("803100")) == 0, "a part of a number finds nothing"
    assert await count(sender=blinded("nobody"), people=[ASTA.id]) == 1
    assert await count(until=closed) == 0
    assert await count(since=closed) == 2
    assert await count(limit=0) == 1


async def test_numbers_at_the_head_of_the_desk(quiet: House) -> None:
    numbers = await quiet.read(lambda connection: read_numbers(connection, START))
    assert (numbers.open, numbers.waiting, numbers.oldest_seconds, numbers.oldest_life_seconds) == (0, 0, None, None)
    quiet.raise_alarm(START, alarm_class="technical")
    quiet.raise_alarm(START + timedelta(seconds=10))
    held = quiet.raise_alarm(START - timedelta(hours=1))
    await take(quiet.desk, operator(quiet.authority), quiet.id, held, now=START)
    numbers = await quiet.read(lambda connection: read_numbers(connection, START + timedelta(seconds=30)))
    assert (numbers.open, numbers.waiting, numbers.oldest_seconds) == (3, 2, 30)
    assert (numbers.life_waiting, numbers.oldest_life_seconds) == (1, 20)


async def test_policy_and_codes(quiet: House) -> None:
    policy = await quiet.read(read_policy)
    assert (policy.amber_after_seconds, policy.red_after_seconds, policy.mass_silence_percent) == (30, 60, 20)
    codes = await quiet.read(read_closing_codes)
    assert list(dict.fromkeys(code.list for code in codes)) == ["reason", "action", "result"]
    assert "needs_help" in {code.in_language("sv") for code in codes}
