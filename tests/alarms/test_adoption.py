# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Adopting an unknown sender: what is written where, who may, and what a crash in between leaves."""

from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.alarms.conftest import open_house
from tests.alarms.house import House, Sender, connect_superuser, last_entry, operator
from tests.conftest import START
from tests.identities import blinded
from tests.people import register as register_people
from vaka.access.decide import NotAllowedError, NothingHereError
from vaka.access.principal import Grant, Principal
from vaka.alarms import adoption
from vaka.alarms.adoption import adopt
from vaka.alarms.conflicts import ActConflictError, NoSuchAlarmError, UnusableActError
from vaka.alarms.reading import read_screen
from vaka.alarms.taking import take
from vaka.alarms.unlocking import unlock_screen
from vaka.clock import SystemClock
from vaka.database.connections import Pool, make_pool
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.keys.keyring import Keyring, open_keyring
from vaka.ledger.catalogue import CATALOGUE
from vaka.ledger.events import Event
from vaka.settings import Settings
from vaka.tenants.adoption import UnknownPersonError, UnusableSourceError
from vaka.tenants.authorities import Authority
from vaka.tenants.device_letters import Words, open_words
from vaka.tenants.devices import SenderTakenError
from vaka.tenants.gateway import Gateway
from vaka.tenants.intervals import DeviceKind
from vaka.tenants.people import Person

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NOW = START + timedelta(minutes=1)
REASON = "Bytt hos grannen; inloggning kommer i veckan"


@pytest.fixture(scope="module")
def intake(new_authority: Callable[..., Authority], server: Server) -> Authority:
    """The supplier's reception; there is one in an installation, whichever test made it."""
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as platform:
        row = platform.execute(
            "select id, slug, name, kind, database_name, address from vaka.authority where kind = 'intake'"
        ).fetchone()
    return Authority(**row) if row else new_authority(kind="intake")


@pytest.fixture(scope="module")
def second(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
async def reception(server: Server, intake: Authority) -> AsyncIterator[House]:
    async for opened in open_house(server, intake):
        yield opened


@pytest.fixture
async def platform(server: Server) -> AsyncIterator[Pool]:
    """The desk's own pool to the platform database."""
    pool = make_pool(server, platform_role("desk"), PLATFORM_DATABASE, application="test")
    await pool.open()
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture
async def keyring(
    keyholder: None, server: Server, setup_keys: Keyring, municipality: Authority, second: Authority
) -> AsyncIterator[Keyring]:
    """The desk's own, for authorities that have keys."""
    for one in (municipality, second):
        await setup_keys.open_authority(one.id)
    async with open_keyring(server, Settings(), "desk", SystemClock()) as keyring:
        yield keyring


@pytest.fixture
async def desk(server: Server, intake: Authority, municipality: Authority, second: Authority) -> AsyncIterator[Gateway]:
    gateway = Gateway(server, "desk", [intake, municipality, second])
    try:
        yield gateway
    finally:
        await gateway.close()


@pytest.fixture
def register(server: Server) -> Any:
    """The platform database as a superuser sees it."""
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        yield connection


@pytest.fixture
def leader(intake: Authority, municipality: Authority, second: Authority) -> Principal:
    return operator(intake, municipality, second, role="shift_leader")


def entry(register: psycopg.Connection[dict[str, Any]], sender: str) -> dict[str, Any]:
    row = register.execute("select * from vaka.device_entry where sender = %s", (blinded(sender),)).fetchone()
    assert row is not None
    return row


def stranger() -> Sender:
    return Sender(person=None, device=None)


async def test_a_stranger_becomes_a_device(
    reception: House, house: House, keyring: Keyring, desk: Gateway, platform: Pool, register: Any, leader: Principal
) -> None:
    sender = stranger()
    alarm_id = reception.raise_alarm(sender=sender, alarm_class="technical", source="192.0.2.77:40001")
    last = register.execute("select coalesce(max(id), 0) as last from ledger.inbox").fetchone()["last"]
    device_id = await adopt(desk, platform, keyring, leader, reception.id, alarm_id, house.id, reason=REASON, now=NOW)

    row = entry(register, sender.name)
    assert (row["authority_id"], row["device_id"], row["active"]) == (house.id, device_id, True)
    assert (row["authentication"], str(row["network"])) == ("network", "192.0.2.77/32")
    assert (row["exception_reason"], row["exception_until"]) == (REASON, NOW + timedelta(days=7))
    device = house.superuser.execute("select * from vaka.device where id = %s", (device_id,)).fetchone()
    assert device is not None
    assert (device["sender"], device["device_type"], device["person_id"]) == (blinded(sender.name), 3, None)
    await keyring.of(house.id).hold([house.id])
    assert open_words(keyring.of(house.id), device) == Words(sender.name), "who has the keys reads its number"
    state = house.superuser.execute("select condition from vaka.device_state where device_id = %s", (device_id,))
    assert state.fetchone() == {"condition": "never"}
    alarm = reception.alarm(alarm_id)
    assert (alarm["state"], alarm["closed_by"], alarm["closing_result"]) == (
        "closed", leader.actor, "device_adopted",
    )  # fmt: skip
    assert [(line["event"], line["object"]) for line in house.entries()] == [("device.adopted", f"device:{device_id}")]
    assert [line["event"] for line in reception.entries()] == ["alarm.raised", "alarm.closed"]
    written = register.execute("select event, actor from ledger.inbox where id > %s", (last,)).fetchall()
    assert written == [{"event": "device.adopted", "actor": leader.actor}]


async def test_what_a_stranger_said_can_be_read_before_and_after(
    reception: House, house: House, keyring: Keyring, desk: Gateway, platform: Pool, leader: Principal
) -> None:
    """It was written to the reception, and stays with it."""
    alarm_id = reception.raise_alarm(sender=stranger(), alarm_class="technical", device_text="Knapp från förr")
    keys = keyring.of(reception.id)

    async def told() -> str:
        sealed = await reception.read(lambda connection: read_screen(connection, alarm_id, NOW))
        return (await unlock_screen(keys, sealed, NOW)).told.device

    assert await told() == "Knapp från förr"
    await adopt(desk, platform, keyring, leader, reception.id, alarm_id, house.id, reason=REASON, now=NOW)
    keyring.forget()
    assert await told() == "Knapp från förr"


async def test_where_a_stranger_sent_from_is_not_taken_on_trust(
    reception: House, house: House, keyring: Keyring, desk: Gateway, platform: Pool, leader: Principal
) -> None:
    """Somebody put another message's letter there: no device is let in from a network that nobody knows."""
    alarm_id, other = (reception.raise_alarm(sender=stranger(), alarm_class="technical") for _ in range(2))
    reception.superuser.execute(
        "update vaka.message set texts = (select texts from vaka.message where alarm_id = %s) where alarm_id = %s",
        (other, alarm_id),
    )
    with pytest.raises(UnusableSourceError):
        await adopt(desk, platform, keyring, leader, reception.id, alarm_id, house.id, reason=REASON, now=NOW)


async def test_a_device_of_somebodys_is_entered_with_the_address_of_that_persons_key(
    server: Server, reception: House, house: House, keyring: Keyring, setup_keys: Keyring, desk: Gateway,
    platform: Pool, leader: Principal, register: Any,
) -> None:  # fmt: skip
    person, number = uuid4(), "19480302-9808"
    await register_people(server, house.authority, setup_keys, [Person(person, "Asta", "Öman", number)])
    sender = stranger()
    alarm_id = reception.raise_alarm(sender=sender, alarm_class="technical")
    await adopt(
        desk, platform, keyring, leader, reception.id, alarm_id, house.id, reason=REASON, personal_number=number,
        now=NOW,
    )  # fmt: skip
    row = entry(register, sender.name)
    assert (row["person_id"], row["address"]) == (person, setup_keys.of(house.id).address(person))


@pytest.mark.parametrize(
    ("kind", "device_type", "seconds"),
    [
        (None, 2, 86_400), (None, 51, 1800), (DeviceKind.FIXED, 2, 300), (DeviceKind.MOBILE, 2, 1800),
        (DeviceKind.LEGACY, 51, 86_400),
    ],
)  # fmt: skip
async def test_how_often_it_is_expected_goes_by_its_kind(
    reception: House, house: House, keyring: Keyring, desk: Gateway, platform: Pool, register: Any, leader: Principal,
    kind: DeviceKind | None, device_type: int, seconds: int,
) -> None:  # fmt: skip
    sender = stranger()
    alarm_id = reception.raise_alarm(sender=sender, alarm_class="technical", device_type=device_type)
    device_id = await adopt(
        desk, platform, keyring, leader, reception.id, alarm_id, house.id, reason=REASON, kind=kind, now=NOW
    )  # fmt: skip
    assert entry(register, sender.name)["interval_seconds"] == seconds
    row = house.superuser.execute("select interval_seconds from vaka.device where id = %s", (device_id,)).fetchone()
    assert row == {"interval_seconds": seconds}


@pytest.mark.parametrize("reason", ["Bytt hos\0grannen", "Bytt hos \x07 grannen", "Bytt hos \ud800 grannen", "  "])
async def test_a_reason_that_cannot_be_stored_is_refused_in_words(
    reception: House, house: House, keyring: Keyring, desk: Gateway, platform: Pool, leader: Principal, reason: str
) -> None:
    alarm_id = reception.raise_alarm(sender=stranger(), alarm_class="technical")
    with pytest.raises(UnusableActError):
        await adopt(desk, platform, keyring, leader, reception.id, alarm_id, house.id, reason=reason, now=NOW)
    assert house.entries() == []


async def test_a_person_who_pressed_is_answered_first(
    reception: House, house: House, keyring: Keyring, desk: Gateway, platform: Pool, leader: Principal
) -> None:
    alarm_id = reception.raise_alarm(sender=stranger())

    async def try_it() -> UUID:
        return await adopt(desk, platform, keyring, leader, reception.id, alarm_id, house.id, reason=REASON, now=NOW)

    with pytest.raises(ActConflictError):
        await try_it()
    assert house.entries() == []
    await take(desk, leader, reception.id, alarm_id, now=NOW)
    await try_it()
    assert reception.alarm(alarm_id)["state"] == "closed"


async def test_a_colleagues_alarm_is_left_alone(
    reception: House, house: House, keyring: Keyring, desk: Gateway, platform: Pool, leader: Principal
) -> None:
    alarm_id = reception.raise_alarm(sender=stranger(), alarm_class="technical")
    colleague = operator(reception.authority)
    await take(desk, colleague, reception.id, alarm_id, now=NOW)
    with pytest.raises(ActConflictError) as refused:
        await adopt(desk, platform, keyring, leader, reception.id, alarm_id, house.id, reason=REASON, now=NOW)
    assert refused.value.holder == colleague.account_id


async def test_to_whom_the_person_belongs_is_checked(
    server: Server,
    reception: House,
    house: House,
    keyring: Keyring,
    setup_keys: Keyring,
    desk: Gateway,
    platform: Pool,
    leader: Principal,
    register: Any,
) -> None:
    person = uuid4()
    people = [
        Person(id_, "Asta", "Öman", number)
        for id_, number in ((person, "19380209-9809"), (uuid4(), "20380209-9809"), (uuid4(), ""))
    ]
    await register_people(server, house.authority, setup_keys, people)
    sender = stranger()
    alarm_id = reception.raise_alarm(sender=sender, alarm_class="technical")

    async def attempt(number: str) -> None:
        await adopt(
            desk,
            platform,
            keyring,
            leader,
            reception.id,
            alarm_id,
            house.id,
            reason=REASON,
            personal_number=number,
            now=NOW,
        )

    # Another's, one that two people share, a part of one, and none at all.
    for number in ("19380209-9817", "380209-9809", "9809", "Asta", "%"):
        with pytest.raises(UnknownPersonError):
            await attempt(number)
    await attempt(" 193802099809")
    assert entry(register, sender.name)["person_id"] == person


async def test_whoever_looks_somebody_up_so_is_written_down_found_or_not(
    server: Server, reception: House, house: House, keyring: Keyring, setup_keys: Keyring, desk: Gateway,
    platform: Pool, leader: Principal,
) -> None:  # fmt: skip
    person, number = uuid4(), "19400117-9811"
    await register_people(server, house.authority, setup_keys, [Person(person, "Asta", "Öman", number)])
    before = house.last_entry()
    grants = tuple(Grant("device_technician", one.authority.id, None) for one in (reception, house))
    technician = Principal(leader.session, grants)
    alarm_id = reception.raise_alarm(sender=stranger(), alarm_class="technical")

    async def attempt(wanted: str) -> None:
        await adopt(
            desk,
            platform,
            keyring,
            technician,
            reception.id,
            alarm_id,
            house.id,
            reason=REASON,
            personal_number=wanted,
            now=NOW,
        )

    for wanted in ("19400117-9829", "Asta"):
        with pytest.raises(UnknownPersonError):
            await attempt(wanted)
    await attempt(number)
    await attempt("  ")  # nobody is looked for
    searched = [line for line in house.entries(after=before) if line["event"] == "person.searched"]
    assert [(line["actor"], line["object"], line["detail"]["found"]) for line in searched] == [
        (technician.actor, f"authority:{house.id}", found) for found in (0, 0, 1)
    ]
    about = CATALOGUE[Event.PERSON_SEARCHED]
    assert all(line["detail"].keys() <= set(about.beside) and "authority" in about.object for line in searched)
    assert [word for word in ("9811", "9829", "Asta", str(person)) if word in str(searched)] == []


@pytest.mark.parametrize("number", ["19410326-9804", "19410326-9812"], ids=["in care", "nobody"])
async def test_a_sender_of_another_authority_tells_nothing_of_who_is_in_care(
    server: Server, reception: House, house: House, second: Authority, keyring: Keyring, setup_keys: Keyring,
    desk: Gateway, platform: Pool, leader: Principal, number: str,
) -> None:  # fmt: skip
    sender = stranger()
    alarm_id = reception.raise_alarm(sender=sender, alarm_class="technical")
    await adopt(desk, platform, keyring, leader, reception.id, alarm_id, house.id, reason=REASON, now=NOW)
    with closing(connect_superuser(house.server, second.database_name)) as elsewhere:
        elsewhere.execute("delete from vaka.person")
        await register_people(server, second, setup_keys, [Person(uuid4(), "Asta", "Öman", "19410326-9804")])
        before = last_entry(elsewhere)
        with pytest.raises(SenderTakenError):
            await adopt(
                desk, platform, keyring, leader, reception.id, alarm_id, second.id, reason=REASON,
                personal_number=number, now=NOW,
            )  # fmt: skip
        assert last_entry(elsewhere) == before, "nobody was looked up"


async def test_nobody_is_looked_up_for_a_sender_that_cannot_be_adopted(
    reception: House, house: House, keyring: Keyring, desk: Gateway, platform: Pool, leader: Principal
) -> None:
    alarm_id = reception.raise_alarm(sender=stranger(), alarm_class="technical", source="")
    with pytest.raises(UnusableSourceError):
        await adopt(
            desk, platform, keyring, leader, reception.id, alarm_id, house.id, reason=REASON,
            personal_number="19400117-9829", now=NOW,
        )  # fmt: skip
    assert house.entries() == []


@pytest.mark.parametrize("step", ["enter_device", "change_alarm"])
async def test_what_a_crash_left_is_completed_by_repeating(
    reception: House, house: House, keyring: Keyring, desk: Gateway, platform: Pool, leader: Principal, register: Any,
    monkeypatch: pytest.MonkeyPatch, step: str,
) -> None:  # fmt: skip
    sender = stranger()
    alarm_id = reception.raise_alarm(sender=sender, alarm_class="technical")

    async def try_it() -> UUID:
        return await adopt(desk, platform, keyring, leader, reception.id, alarm_id, house.id, reason=REASON, now=NOW)

    async def crash(*_arguments: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(adoption, step, crash)
        with pytest.raises(KeyboardInterrupt):
            await try_it()
    assert reception.alarm(alarm_id)["state"] == "received"
    device_id = await try_it()
    assert reception.alarm(alarm_id)["state"] == "closed"
    assert entry(register, sender.name)["device_id"] == device_id
    assert [line["event"] for line in house.entries()] == ["device.adopted"]
    # And once more, after all is done: nothing more happens.
    before = (house.last_entry(), reception.last_entry())
    assert await try_it() == device_id
    assert (house.last_entry(), reception.last_entry()) == before


async def test_a_sender_belongs_to_one_authority(
    reception: House,
    house: House,
    second: Authority,
    keyring: Keyring,
    desk: Gateway,
    platform: Pool,
    leader: Principal,
) -> None:
    sender = stranger()
    first = reception.raise_alarm(sender=sender, alarm_class="technical", kind="battery")
    later = reception.raise_alarm(sender=sender, alarm_class="technical", kind="tamper")
    await adopt(desk, platform, keyring, leader, reception.id, first, house.id, reason=REASON, now=NOW)
    with pytest.raises(SenderTakenError) as refused:
        await adopt(desk, platform, keyring, leader, reception.id, later, second.id, reason=REASON, now=NOW)
    assert house.authority.name not in refused.value.sentence.sv
    with closing(connect_superuser(house.server, second.database_name)) as elsewhere:
        assert elsewhere.execute("select 1 from vaka.device").fetchall() == []


@pytest.mark.parametrize("source", ["", "nonsense", "nonsense:5060"])
async def test_without_an_address_there_is_nothing_to_know_it_by(
    reception: House, house: House, keyring: Keyring, desk: Gateway, platform: Pool, leader: Principal, source: str
) -> None:
    alarm_id = reception.raise_alarm(sender=stranger(), alarm_class="technical", source=source)
    with pytest.raises(UnusableSourceError):
        await adopt(desk, platform, keyring, leader, reception.id, alarm_id, house.id, reason=REASON, now=NOW)
    assert house.entries() == []


@pytest.mark.parametrize("reason", ["", "kort", "   kort      ", "x" * 201])
async def test_the_exception_must_be_explained(
    reception: House, house: House, keyring: Keyring, desk: Gateway, platform: Pool, leader: Principal, reason: str
) -> None:
    alarm_id = reception.raise_alarm(sender=stranger(), alarm_class="technical")
    with pytest.raises(UnusableActError):
        await adopt(desk, platform, keyring, leader, reception.id, alarm_id, house.id, reason=reason, now=NOW)


async def test_only_strangers_are_adopted(
    reception: House,
    house: House,
    second: Authority,
    keyring: Keyring,
    desk: Gateway,
    platform: Pool,
    leader: Principal,
) -> None:
    known = house.raise_alarm(alarm_class="technical")
    with pytest.raises(UnusableActError):
        await adopt(desk, platform, keyring, leader, house.id, known, second.id, reason=REASON, now=NOW)
    strange = reception.raise_alarm(sender=stranger(), alarm_class="technical")
    with pytest.raises(UnusableActError):
        await adopt(desk, platform, keyring, leader, reception.id, strange, reception.id, reason=REASON, now=NOW)
    with pytest.raises(NoSuchAlarmError):
        await adopt(desk, platform, keyring, leader, reception.id, uuid4(), house.id, reason=REASON, now=NOW)


async def test_it_takes_the_permission_in_both_places(
    reception: House, house: House, keyring: Keyring, desk: Gateway, platform: Pool, leader: Principal
) -> None:
    alarm_id = reception.raise_alarm(sender=stranger(), alarm_class="technical")

    async def try_as(*grants: tuple[str, Authority]) -> None:
        who = Principal(leader.session, tuple(Grant(role, authority.id, None) for role, authority in grants))
        await adopt(desk, platform, keyring, who, reception.id, alarm_id, house.id, reason=REASON, now=NOW)

    with pytest.raises(NothingHereError):
        await try_as(("shift_leader", house.authority))
    with pytest.raises(NothingHereError):
        await try_as(("shift_leader", reception.authority))
    with pytest.raises(NotAllowedError):
        await try_as(("shift_leader", reception.authority), ("operator", house.authority))
    await try_as(("device_technician", reception.authority), ("device_technician", house.authority))
