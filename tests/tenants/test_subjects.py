# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom and what entries concern: people looked up and named as the portal may, and no further."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.conftest import START
from tests.identities import blinded
from vaka.clock import SystemClock
from vaka.database.connections import Connection, open_connection
from vaka.database.server import SUPERUSER, Server, tenant_role
from vaka.keys.client import KeysUnavailableError
from vaka.keys.keyring import Keyring, make_client, open_keyring
from vaka.settings import Settings
from vaka.tenants import names
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway
from vaka.tenants.names import KnownName, NameIndexes
from vaka.tenants.people import Person, Unit, register_people, register_units
from vaka.tenants.person_changes import change_people
from vaka.tenants.subjects import (
    MOST_PEOPLE,
    FoundPerson,
    find_people,
    list_people_of_things,
    list_things_of_person,
    name_people,
    name_units,
)

pytestmark = [pytest.mark.anyio, pytest.mark.database]

ANNA = Person(uuid4(), "Anna Maria", "Åberg-Ek", "19380401-9809", date(1938, 4, 1))
BO = Person(uuid4(), "Bo", "Ek", "19400502-9812", phone="070-174 06 21")
HIDDEN = Person(uuid4(), "Cecilia", "Ekdahl", "19410603-9825", protected_identity=True)
UNIT = Unit(uuid4(), "Nattpatrullen")


@dataclass(frozen=True)
class Door:
    """An authority with three people, as the portal reads it."""

    authority: Authority
    gateway: Gateway
    keyring: Keyring
    names: NameIndexes
    connection: Connection

    async def search(self, text: str) -> Mapping[UUID, KnownName]:
        return {one.id: one for one in await self.names.find(self.authority.id, [text], protected=True)}

    async def find(self, text: str) -> Sequence[FoundPerson]:
        return await find_people(self.gateway, self.keyring, self.names, self.authority.id, text)


async def register(server: Server, authority: Authority, keyring: Keyring, people: Sequence[Person]) -> None:
    database = authority.database_name
    async with await open_connection(server, tenant_role(database, "setup"), database, application="test") as setup:
        await register_people(setup, keyring.of(authority.id), people, actor="setup", now=START)


@pytest.fixture
async def portal(server: Server, authority: Authority, setup_keys: Keyring) -> AsyncIterator[Door]:
    await setup_keys.open_authority(authority.id)
    await register(server, authority, setup_keys, [ANNA, BO, HIDDEN])
    database = authority.database_name
    async with await open_connection(server, tenant_role(database, "setup"), database, application="test") as setup:
        await register_units(setup, [UNIT], [], actor="setup", now=START)
    gateway = Gateway(server, "portal", [authority])
    async with open_keyring(server, Settings(), "portal", SystemClock()) as keyring:
        connection = await open_connection(server, tenant_role(database, "portal"), database, application="test")
        async with connection:
            yield Door(authority, gateway, keyring, NameIndexes(gateway, keyring), connection)
        await gateway.close()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ek", [BO, ANNA]), ("EK", [BO, ANNA]), ("anna", [ANNA]), ("maria åberg", [ANNA]), ("Åberg-Ek Anna", [ANNA]),
        ("anna bo", []), ("ÅBERG", [ANNA]), ("Ekdahl", []), ("Cecilia Ekdahl", []),
        ("19380401-9809", [ANNA]), ("193804019809", [ANNA]), (" 19380401-9809 ", [ANNA]), ("19410603-9825", [HIDDEN]),
        ("380401-9809", [ANNA]), ("19380401", []), ("070-174 06 21", [BO]), ("+46 70 174 06 21", [BO]),
        ("0701740622", []), ("19380401-9810", []), ("anna  åberg", [ANNA]), ("", []), (" ", []),
        ("e", []), ("%", []), ("a_a", []), ("'", []),
        ("ek x", [BO, ANNA]),  # a single letter says nothing
    ],
)  # fmt: skip
async def test_who_is_found(portal: Door, text: str, found: list[Person]) -> None:
    assert [person.id for person in await portal.find(text)] == [person.id for person in found]
    for one, wanted in zip(await portal.find(text), found, strict=True):
        assert (one.given_name, one.personal_number, one.born_on) == (
            wanted.given_name, wanted.personal_number, wanted.born_on,
        )  # fmt: skip


async def test_who_was_registered_since_is_found_and_who_is_gone_is_not(
    server: Server, portal: Door, setup_keys: Keyring
) -> None:
    authority = portal.authority
    assert list(await portal.find("nygren")) == []
    new = Person(uuid4(), "Nils", "Nygren")
    await register(server, authority, setup_keys, [new])
    assert [one.id for one in await portal.find("nygren")] == [new.id]
    with closing(psycopg.connect(server.conninfo(SUPERUSER, authority.database_name), autocommit=True)) as superuser:
        superuser.execute("delete from vaka.person where id = %s", (new.id,))
    assert list(await portal.find("nygren")) == []
    assert [one.id for one in await portal.find("ek")] == [BO.id, ANNA.id]


async def test_who_was_written_anew_a_moment_ago_is_found_by_everything_about_him(
    server: Server, portal: Door, setup_keys: Keyring
) -> None:
    """The portal has not heard of the edition that another process has just written."""
    authority, keys = portal.authority, portal.keyring.of(portal.authority.id)
    assert [one.id for one in await portal.find("anna")] == [ANNA.id]
    role = tenant_role(authority.database_name, "setup")
    for name in ("Anneli", "Annika", "Annelie"):
        anew = replace(ANNA, given_name=name)
        async with await open_connection(server, role, authority.database_name, application="test") as setup:
            await change_people(setup, setup_keys.of(authority.id), [anew], actor="setup", now=START)
        match name:
            case "Anneli":
                assert [one.given_name for one in await portal.find(ANNA.personal_number)] == [name]
            case "Annika":
                assert [one.given_name for one in await portal.find("annika")] == [name]
            case _:
                named = await name_people(portal.connection, keys, [ANNA.id])
                assert [one.given_name for one in named.values()] == [name]


async def test_no_more_are_found_than_can_be_read(server: Server, portal: Door, setup_keys: Keyring) -> None:
    many = [Person(uuid4(), f"Dagny{number}", "Dahl") for number in range(MOST_PEOPLE + 5)]
    await register(server, portal.authority, setup_keys, many)
    assert len(await portal.find("dahl")) == MOST_PEOPLE + 1


async def test_what_they_and_their_things_are_called(server: Server, portal: Door, authority: Authority) -> None:
    alarm, device, nobodys = uuid4(), uuid4(), uuid4()
    with closing(psycopg.connect(server.conninfo(SUPERUSER, authority.database_name), autocommit=True)) as superuser:
        superuser.execute("set search_path = vaka")
        superuser.execute(
            "insert into device (id, person_id, sender) values (%s, %s, %s)", (device, ANNA.id, blinded("1"))
        )
        for identifier, person, state in ((alarm, ANNA.id, "received"), (nobodys, None, "presented")):
            superuser.execute(
                "insert into alarm (id, class, kind, latest_kind, state, join_key, person_id, sender, received_at,"
                " latest_at) values (%s, 'life', 'button', 'button', %s, %s, %s, '', now(), now())",
                (identifier, state, f"{identifier}:life", person),
            )
    assert set(await list_things_of_person(portal.connection, ANNA.id)) == {f"alarm:{alarm}", f"device:{device}"}
    assert await list_things_of_person(portal.connection, BO.id) == []
    owners = await list_people_of_things(portal.connection, alarms=[alarm, nobodys, uuid4()], devices=[device, uuid4()])
    assert owners == {alarm: ANNA.id, device: ANNA.id}
    names = await name_people(portal.connection, portal.keyring.of(authority.id), [ANNA.id, HIDDEN.id, uuid4()])
    assert {one.id: (one.given_name, one.protected_identity) for one in names.values()} == {
        ANNA.id: ("Anna Maria", False), HIDDEN.id: ("Cecilia", True),
    }  # fmt: skip
    assert await name_units(portal.connection, [UNIT.id, UUID(int=1)]) == {UNIT.id: "Nattpatrullen"}


@pytest.mark.parametrize(
    "attempt",
    ["select phone from person", "select door_code from person", "select care_notes from person", "select * from alarm",
     "select closing_note from alarm", "select * from contact", "select * from note", "select body from message",
     "select texts from message", "select address from person",
     "select * from alarm_note", "update person set family_name = 'x'", "select phone from unit"],
)  # fmt: skip
async def test_the_portal_sees_no_more_of_anybody(portal: Door, attempt: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await portal.connection.execute(attempt.encode())


async def test_who_cannot_be_read_hides_nobody_else(server: Server, portal: Door, setup_keys: Keyring) -> None:
    """Of three one is locked: the others are found; and that somebody is gone is noticed all the same."""
    authority = portal.authority
    new, gone = Person(uuid4(), "Nils", "Nygren"), Person(uuid4(), "Nina", "Nygren")
    await register(server, authority, setup_keys, [new, gone])
    client = make_client(server, Settings(), "setup", SystemClock())
    await client.erase(authority.id, [BO.id], uuid4())
    await client.close()
    portal.keyring.forget()
    assert [one.id for one in await portal.find("ek")] == [ANNA.id]
    assert [one.id for one in await portal.find("nygren")] == [new.id, gone.id]
    index = portal.names._indexes[authority.id]
    assert set(index._locked) == {BO.id}
    with closing(psycopg.connect(server.conninfo(SUPERUSER, authority.database_name), autocommit=True)) as superuser:
        superuser.execute("delete from vaka.person where id = %s", (gone.id,))
        assert [one.id for one in await portal.find("nygren")] == [new.id]
        superuser.execute("delete from vaka.person where id = %s", (BO.id,))
    assert [one.id for one in await portal.find("ek")] == [ANNA.id]
    assert not index._locked


async def test_who_could_not_be_read_once_is_read_as_soon_as_he_can_be(
    portal: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few at each search, so that none takes long; and while the keyholder is away, none fails for their sake."""
    monkeypatch.setattr(names, "MOST_TRIED_AGAIN", 2)

    async def hold_nothing(*_: object, **__: object) -> bool:
        return True

    async def be_away(*_: object, hasty: bool = False) -> bool:
        if hasty:
            return False
        raise KeysUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(portal.keyring, "hold", hold_nothing)
        assert list((await portal.search("ek")).values()) == []
        patch.setattr(portal.keyring, "hold", be_away)
        assert list((await portal.search("ek")).values()) == []
    assert [len(await portal.search("ek")) for _ in range(3)] == [2, 3, 3]
    assert {one.id for one in (await portal.search("ek")).values()} == {ANNA.id, BO.id, HIDDEN.id}
    assert not portal.names._indexes[portal.authority.id]._locked
