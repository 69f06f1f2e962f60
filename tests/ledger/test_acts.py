# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every act upon accounts, roles, registers and rules: one entry, not done without it, not done while the log stands.

What operators do with alarms is walked in tests/alarms/test_ledger.py, and through the pages in tests/web.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from ipaddress import IPv4Network
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import START
from tests.identities import IDENTITIES, blinded
from tests.platform import make_account
from vaka.access.grants import grant_role, revoke_role
from vaka.database.connections import Connection, Pool, make_pool, open_connection
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role, tenant_role
from vaka.errors import Category, VakaError
from vaka.identity.accounts import create_account
from vaka.identity.installation import decide_installation
from vaka.identity.invitations import invite
from vaka.identity.sessions import end_session, end_sessions_of, find_session, open_session
from vaka.keys.keyring import Keyring
from vaka.ledger.catalogue import CATALOGUE
from vaka.ledger.events import Event
from vaka.ledger.standing import LONGEST_SILENCE, LedgerNews, LedgerStandsStillError, read_news, require_standing
from vaka.tenants.adoption import NewDevice, enter_device, keep_device
from vaka.tenants.authorities import Authority
from vaka.tenants.devices import Device, Digest, register_devices
from vaka.tenants.intervals import DeviceKind
from vaka.tenants.on_call import set_on_call
from vaka.tenants.people import Contact, Note, Person, Unit, UnitHours, register_people, register_units
from vaka.tenants.registration import register_authority
from vaka.tenants.units import Answer, Service, set_units

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NOW = START + timedelta(minutes=1)
ACTOR = "setup:uid-1000"
OPERATOR = f"account:{UUID(int=5)}"
PRIVATE = ("Karin", "Holmgren", "070-174 06 33", "8031", "correct horse", "Ring alltid", "Nattpatrullen")
_numbers = count(1)


@dataclass(frozen=True)
class House:
    """One authority, and the connections that those who maintain it have."""

    server: Server
    authority: Authority
    setup: Connection
    """To the platform's database."""
    tenant: Connection
    """To the authority's, as setup."""
    signin: Connection
    desk: Connection
    """To the authority's, as desk."""
    pool: Pool
    """To the platform's, as desk."""
    account: UUID
    keyring: Keyring
    """As setup."""


@pytest.fixture(scope="module")
def authority_of_module(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
async def house(server: Server, authority_of_module: Authority, setup_keys: Keyring) -> AsyncIterator[House]:
    database = authority_of_module.database_name
    await setup_keys.open_authority(authority_of_module.id)
    async with AsyncExitStack() as stack:

        async def connect(role: str, place: str) -> Connection:
            return await stack.enter_async_context(await open_connection(server, role, place, application="test"))

        setup = await connect(platform_role("setup"), PLATFORM_DATABASE)
        pool = make_pool(server, platform_role("desk"), PLATFORM_DATABASE, application="test")
        await pool.open()
        stack.push_async_callback(pool.close)
        account = await make_account(server, "Karin Holmgren", actor=ACTOR, now=START)
        yield House(
            server,
            authority_of_module,
            setup,
            await connect(tenant_role(database, "setup"), database),
            await connect(platform_role("signin"), PLATFORM_DATABASE),
            await connect(tenant_role(database, "desk"), database),
            pool,
            account,
            setup_keys,
        )


Act = Callable[[House, datetime], Awaitable[object]]
Prepare = Callable[[House], Awaitable[Act]]


@dataclass(frozen=True)
class Case:
    """An act, and the one entry it leaves in each ledger it concerns."""

    name: str
    prepare: Prepare
    event: str
    thing: str
    """The kind of the entry's object."""
    places: tuple[str, ...] = ("platform",)
    actor: str = ACTOR
    privileged: bool = True


async def simply(act: Act, _house: House) -> Act:
    return act


async def founding(act: Act, house: House) -> Act:
    """The installation was never founded, and nobody is an administrator: setup founds the first."""
    conninfo = house.server.conninfo(SUPERUSER, PLATFORM_DATABASE)
    with closing(psycopg.connect(conninfo, autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute("update vaka.account set state = 'deactivated' where kind = 'administrator'")
        superuser.execute("delete from vaka.founding")
    return act


async def with_role(act: Act, house: House) -> Act:
    await grant_role(house.setup, house.account, "operator", house.authority.id, actor=ACTOR, now=START)
    return act


async def with_session(_house: House) -> Act:
    token = await open_session(_house.signin, _house.account, "operator", "test", START)
    session = await find_session(_house.signin, token, START)
    assert session is not None
    return lambda house, now: end_session(house.signin, session, now)


async def with_sessions(house: House) -> Act:
    await open_session(house.signin, house.account, "operator", "test", START)
    return lambda there, now: end_sessions_of(there.signin, there.account, actor=ACTOR, now=now)


def device() -> Device:
    return Device(uuid4(), f"8031{next(_numbers):04}", Digest("user", ha1_md5="ab" * 16))


def adopted() -> NewDevice:
    until = START + timedelta(days=30)
    network = IPv4Network("192.0.2.7/32")
    number = f"8031{next(_numbers):04}"
    return NewDevice(blinded(number), number, 2, None, network, "Nattpatrullen bad om det", until, DeviceKind.FIXED)


def person() -> Person:
    note = Note(uuid4(), "Ring alltid dottern.", START)
    return Person(uuid4(), "Karin", "Holmgren", contacts=(Contact("Anneli", "070-174 06 33"),), notes=(note,))


def unit() -> tuple[list[Unit], list[UnitHours]]:
    made = Unit(uuid4(), "Nattpatrullen")
    return [made], [UnitHours(f"Centrum {next(_numbers)}", 0, 9, made.id)]


def phone() -> str:
    return f"08-465 004 {next(_numbers) % 100:02}"


async def with_units(house: House) -> Act:
    """One unit is all there is, and each time it gets another number."""

    async def renumber(house: House, now: datetime) -> object:
        night = Answer("Centrum", 0, 0, "Nattpatrullen")
        return await set_units(house.tenant, Service({night.unit: phone()}, frozenset([night])), actor=ACTOR, now=now)

    await renumber(house, NOW)
    return renumber


async def register(house: House, now: datetime) -> object:
    return await register_devices(
        house.tenant, house.setup, house.authority, IDENTITIES, [device()], actor=ACTOR, now=now
    )


async def keep(house: House, now: datetime) -> object:
    async with house.desk.transaction():
        return await keep_device(house.desk, house.pool, house.authority, adopted(), actor=OPERATOR, now=now)


async def enter(house: House, now: datetime) -> object:
    return await enter_device(house.pool, house.authority.id, uuid4(), adopted(), actor=OPERATOR, now=now)


async def found(house: House, now: datetime) -> object:
    slug = f"grundad_{next(_numbers)}_{uuid4().hex[:6]}"
    return await register_authority(
        house.server, house.setup, house.keyring, slug, "Grundade kommun", actor=ACTOR, now=now
    )


CASES = [
    Case("create_account", partial(founding, lambda h, now: create_account(h.setup, "Karin Holmgren",
         kind="administrator", actor=ACTOR, now=now)), "account.created", "account"),
    Case("invite", partial(simply, lambda h, now: invite(h.setup, h.account, "operator", "number", "17", actor=ACTOR,
         now=now)), "account.invited", "account"),
    Case("grant_role", partial(simply, lambda h, now: grant_role(h.setup, h.account, "operator", h.authority.id,
         actor=ACTOR, now=now)), "role.granted", "account"),
    Case("revoke_role", partial(with_role, lambda h, now: revoke_role(h.setup, h.account, "operator", h.authority.id,
         actor=ACTOR, now=now)), "role.revoked", "account"),
    Case("register_devices", partial(simply, register), "device.registered", "device", ("tenant", "platform")),
    Case("keep_device", partial(simply, keep), "device.adopted", "device", ("tenant",), OPERATOR),
    Case("enter_device", partial(simply, enter), "device.adopted", "device", actor=OPERATOR),
    Case("register_people", partial(simply, lambda h, now: register_people(h.tenant,
         h.keyring.of(h.authority.id), [person()], actor=ACTOR, now=now)), "person.registered", "person", ("tenant",)),
    Case("register_units", partial(simply, lambda h, now: register_units(h.tenant, *unit(), actor=ACTOR, now=now)),
         "unit.registered", "unit", ("tenant",)),
    Case("set_units", with_units, "unit.changed", "unit", ("tenant",)),
    Case("set_on_call", partial(simply, lambda h, now: set_on_call(h.tenant, h.authority.id, phone(), actor=ACTOR,
         now=now)), "policy.changed", "authority", ("tenant",)),
    Case("register_authority", partial(simply, found), "authority.registered", "authority"),
    # What lets nobody in, or keeps somebody out, never waits for the ledger to be sealed: operators must get to alarms.
    Case("open_session", partial(simply, lambda h, now: open_session(h.signin, h.account, "operator", "test", now)),
         "session.started", "session", actor="me", privileged=False),
    Case("end_session", with_session, "session.ended", "session", actor="me", privileged=False),
    Case("end_sessions_of", with_sessions, "session.ended", "session", privileged=False),
]  # fmt: skip
every = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.fixture
def ledgers(server: Server, authority_of_module: Authority) -> Iterator[dict[str, "Ledger"]]:
    """The platform's ledger and the authority's."""
    with (
        closing(look_into(server, PLATFORM_DATABASE)) as platform,
        closing(look_into(server, authority_of_module.database_name)) as tenant,
    ):
        yield {"platform": Ledger(platform), "tenant": Ledger(tenant)}


def look_into(server: Server, database: str) -> psycopg.Connection[dict[str, Any]]:
    connection: psycopg.Connection[dict[str, Any]] = psycopg.connect(
        server.conninfo(SUPERUSER, database), autocommit=True, row_factory=dict_row
    )
    return connection


@dataclass(frozen=True)
class Ledger:
    """One ledger, seen by who sees everything."""

    superuser: psycopg.Connection[dict[str, Any]]

    def newest(self) -> int:
        row = self.superuser.execute("select coalesce(max(id), 0) as id from ledger.inbox").fetchone()
        assert row is not None
        return int(row["id"])

    def since(self, newest: int) -> list[dict[str, Any]]:
        return self.superuser.execute("select * from ledger.inbox where id > %s order by id", (newest,)).fetchall()

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """As if the log had been signed a while ago, and never since."""
        at = NOW - LONGEST_SILENCE - timedelta(seconds=1)
        self.superuser.execute("insert into ledger.checkpoint (size, note, signed_at) values (1, '', %s)", (at,))
        try:
            yield
        finally:
            self.superuser.execute("delete from ledger.checkpoint")

    @contextmanager
    def broken(self) -> Iterator[None]:
        """Nothing can be appended."""
        self.superuser.execute(
            "create function ledger.break() returns trigger language plpgsql as"
            " $$begin raise exception 'no room' using errcode = 'disk_full'; end$$"
        )
        self.superuser.execute(
            "create trigger broken before insert on ledger.inbox for each row execute function ledger.break()"
        )
        try:
            yield
        finally:
            self.superuser.execute("drop function ledger.break() cascade")


@every
async def test_it_is_one_entry_with_actor_object_and_outcome(
    house: House, ledgers: dict[str, Ledger], case: Case
) -> None:
    act = await case.prepare(house)
    before = {place: ledger.newest() for place, ledger in ledgers.items()}
    await act(house, NOW)
    for place, ledger in ledgers.items():
        entries = ledger.since(before[place])
        if place not in case.places:
            assert entries == [], place
            continue
        [entry] = entries
        assert entry["event"] == case.event
        assert entry["actor"] == (f"account:{house.account}" if case.actor == "me" else case.actor)
        assert entry["outcome"] == "success"
        assert entry["happened_at"] == NOW
        kind, _, identifier = entry["object"].partition(":")
        assert kind == case.thing
        about = CATALOGUE[Event(case.event)]
        assert entry["actor"].partition(":")[0] in about.by
        assert kind in about.object
        assert entry["detail"].keys() <= set(about.beside)
        assert UUID(identifier)
        for private in PRIVATE:
            assert private not in str(entry)


@every
async def test_without_its_entry_it_is_not_done(house: House, ledgers: dict[str, Ledger], case: Case) -> None:
    act = await case.prepare(house)
    before = {place: ledger.newest() for place, ledger in ledgers.items()}
    with ledgers[case.places[0]].broken(), pytest.raises((psycopg.Error, VakaError)) as failed:
        await act(house, NOW)
    assert "no room" in f"{failed.value} {failed.value.__cause__}"
    # The same act succeeds afterwards as if it had never been tried: nothing of it was kept.
    await act(house, NOW)
    for place in case.places:
        assert len(ledgers[place].since(before[place])) == 1


@every
async def test_while_the_ledger_stands_still_only_what_is_not_privileged_is_done(
    house: House, ledgers: dict[str, Ledger], case: Case
) -> None:
    act = await case.prepare(house)
    before = {place: ledger.newest() for place, ledger in ledgers.items()}
    with ledgers[case.places[0]].standing_still():
        if not case.privileged:
            await act(house, NOW)
            assert len(ledgers["platform"].since(before["platform"])) == 1
            return
        with pytest.raises(LedgerStandsStillError) as refused:
            await act(house, NOW)
        assert refused.value.category is Category.UNAVAILABLE
        assert "Larm tas emot, visas och avslutas som vanligt." in refused.value.sentence.sv
        assert "Alarms are received, shown and closed as usual." in refused.value.sentence.en
        for place, ledger in ledgers.items():
            assert ledger.since(before[place]) == []
    await act(house, NOW)
    for place in case.places:
        assert len(ledgers[place].since(before[place])) == 1


async def test_deciding_what_an_installation_is_is_entered_once(house: House, ledgers: dict[str, Ledger]) -> None:
    platform = ledgers["platform"]
    platform.superuser.execute("set session_replication_role = replica")
    platform.superuser.execute("delete from vaka.installation")
    platform.superuser.execute("set session_replication_role = origin")
    before = platform.newest()
    for _ in range(2):
        await decide_installation(house.setup, "production", NOW)
    [entry] = platform.since(before)
    assert (entry["event"], entry["object"]) == ("installation.decided", "installation:production")


async def test_what_changes_nothing_asks_for_no_leave_and_is_no_entry(house: House, ledgers: dict[str, Ledger]) -> None:
    """A demo that starts again registers what is there; an interrupted load is run again."""
    known = device()
    await grant_role(house.setup, house.account, "operator", house.authority.id, actor=ACTOR, now=START)
    await register_devices(house.tenant, house.setup, house.authority, IDENTITIES, [known], actor=ACTOR, now=START)
    before = {place: ledger.newest() for place, ledger in ledgers.items()}
    with ledgers["platform"].standing_still(), ledgers["tenant"].standing_still():
        assert not await grant_role(house.setup, house.account, "operator", house.authority.id, actor=ACTOR, now=NOW)
        assert not await register_devices(
            house.tenant, house.setup, house.authority, IDENTITIES, [replace(known, id=uuid4())], actor=ACTOR, now=NOW
        )
    assert [ledger.since(before[place]) for place, ledger in ledgers.items()] == [[], []]


@pytest.mark.parametrize(("sealed", "waiting", "stands"), [
    (None, None, True),  # nothing was ever written
    (None, timedelta(minutes=59), True),  # an installation is being furnished
    (None, timedelta(minutes=61), False),  # and its sequencer has never come
    (timedelta(), None, True),
    (timedelta(), LONGEST_SILENCE, True),
    (timedelta(), LONGEST_SILENCE + timedelta(seconds=1), False),  # signed again, and nothing is taken in
    (LONGEST_SILENCE, None, True),
    (LONGEST_SILENCE + timedelta(seconds=1), None, False),
    (-LONGEST_SILENCE, None, True),
    (-LONGEST_SILENCE - timedelta(seconds=1), None, False),  # signed in the future: some clock is wrong
])  # fmt: skip
def test_a_log_stands_while_it_is_signed(sealed: timedelta | None, waiting: timedelta | None, stands: bool) -> None:
    news = LedgerNews(None if sealed is None else NOW - sealed, None if waiting is None else NOW - waiting)
    assert news.stands(NOW) is stands


@pytest.mark.parametrize("component", ["desk", "portal", "setup", "signin"])
async def test_whoever_may_have_to_refuse_can_ask(server: Server, component: str) -> None:
    role = platform_role(component)
    async with await open_connection(server, role, PLATFORM_DATABASE, application="test") as connection:
        assert (await read_news(connection)).sealed_at is None
        await require_standing(connection, NOW)
