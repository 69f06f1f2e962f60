# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A superuser who turns triggers off and puts an old value back in its own cell: it is refused, and told of once."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import START
from tests.identities import IDENTITIES
from tests.people import register
from tests.platform import platform_as
from vaka.clock import SystemClock
from vaka.crypto.aead import UnopenableError
from vaka.database.connections import open_connection
from vaka.database.server import SUPERUSER, Server, tenant_role
from vaka.keys.calls import Edition
from vaka.keys.client import KeysUnavailableError
from vaka.keys.keyring import Keyring, open_keyring
from vaka.ledger.standing import LedgerStandsStillError
from vaka.settings import Settings
from vaka.tenants import refusing
from vaka.tenants.authorities import Authority
from vaka.tenants.device_changes import change_devices
from vaka.tenants.devices import Certificate, Connection, Device, register_devices
from vaka.tenants.gateway import Gateway
from vaka.tenants.people import Contact, Note, Person
from vaka.tenants.person_changes import change_people
from vaka.tenants.refusing import Refusals

pytestmark = [pytest.mark.database, pytest.mark.anyio]
NOTE, BUTTON = uuid4(), Device(uuid4(), "070-1740605", Certificate("ab" * 32), placed="Köket")
OLD = Person(
    uuid4(), "Märta", "Märkesson", street="Lindvägen 3", door_code="4711", risks=("Hund",),
    contacts=(Contact("Kalle Kontakt", "070-1740610"),), notes=(Note(NOTE, "Hund i hallen", START),),
)  # fmt: skip
NEW = replace(
    OLD, street="Granvägen 5", door_code="1812", contacts=(Contact("Nils Ny", "070-1740611"),),
    notes=(Note(NOTE, "Hunden är borta", START),),
)  # fmt: skip
SEALED = {"person": "id", "contact": "person_id", "note": "id", "device": "id"}


@dataclass
class Place:
    """An authority, as each who works there sees it."""

    server: Server
    authority: Authority
    setup: Keyring
    tenant: Connection
    desk: Keyring
    refusals: Refusals
    superuser: psycopg.Connection[dict[str, Any]]
    sender: str
    """What the device calls itself."""
    old: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What stood in each table before everything was written anew."""

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return a table as it stands."""
        return self.superuser.execute(f"select * from vaka.{table}".encode()).fetchall()

    def put_back(self, table: str, row: dict[str, Any]) -> None:
        """Put an old row in the place of the newer one, whole, as nobody notices."""
        self.superuser.execute("set session_replication_role = replica")
        key = SEALED[table]
        self.superuser.execute(f"delete from vaka.{table} where {key} = %s".encode(), (row[key],))
        columns, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        self.superuser.execute(f"insert into vaka.{table} ({columns}) values ({marks})".encode(), list(row.values()))
        self.superuser.execute("set session_replication_role = default")

    def entries(self, event: str) -> list[dict[str, Any]]:
        """Return what waits in the inbox of an event."""
        return self.superuser.execute(
            "select actor, object, outcome, detail, written_by from ledger.inbox where event = %s order by id", (event,)
        ).fetchall()

    async def change(self, person: Person) -> int:
        """Change a person, as setup does."""
        return await change_people(self.tenant, self.setup.of(self.authority.id), [person], actor="setup", now=START)


@pytest.fixture
def superuser(server: Server, authority: Authority) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    where = server.conninfo(SUPERUSER, authority.database_name)
    with closing(psycopg.connect(where, autocommit=True, row_factory=dict_row)) as connection:
        yield connection


@pytest.fixture
async def place(
    server: Server, authority: Authority, setup_keys: Keyring, superuser: psycopg.Connection[dict[str, Any]]
) -> AsyncIterator[Place]:
    await register(server, authority, setup_keys, [OLD])
    button = replace(BUTTON, id=uuid4(), person_id=OLD.id, sender=f"{uuid4().int % 10**14}")
    gateway = Gateway(server, "desk", [authority])
    role = tenant_role(authority.database_name, "setup")
    async with (
        await open_connection(server, role, authority.database_name, application="test") as tenant,
        platform_as(server, "setup") as platform,
        open_keyring(server, Settings(), "desk", SystemClock()) as desk,
    ):
        await register_devices(tenant, platform, authority, IDENTITIES, [button], actor="setup", now=START)
        made = Place(
            server,
            authority,
            setup_keys,
            tenant,
            desk,
            Refusals(gateway, desk, SystemClock()),
            superuser,
            button.sender,
        )
        made.old |= {table: made.rows(table) for table in SEALED}
        assert await made.change(NEW) == 1
        await change_devices(
            tenant, platform, authority, setup_keys.of(authority.id), IDENTITIES, [replace(button, placed="Hallen")],
            ["placed"], actor="setup", now=START,
        )  # fmt: skip
        yield made
    await gateway.close()


async def open_all(place: Place, table: str) -> dict[str, Any]:
    """Open the only row of a table, as a desk does."""
    [row] = place.rows(table)
    keys = place.desk.of(place.authority.id)
    await keys.hold([OLD.id])
    await keys.catch_up()
    name = f"{OLD.id}/{row['position']}" if table == "contact" else str(row["id"])
    return keys.open_row(table, name, OLD.id, row)


@pytest.mark.parametrize("table", SEALED)
async def test_old_row_put_back_with_triggers_off_is_refused_and_told_of_once(
    place: Place, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusing, "PAUSE_SECONDS", 0)
    new = await open_all(place, table)
    told = {
        "person": ("street", "Granvägen 5"), "contact": ("name", "Nils Ny"), "note": ("body", "Hunden är borta"),
        "device": ("placed", "Hallen"),
    }[table]  # fmt: skip
    assert new[told[0]] == told[1]
    assert await place.refusals.look_at_everything(place.authority.id) == 0
    [old] = place.old[table]
    place.put_back(table, old)
    with pytest.raises(UnopenableError):
        await open_all(place, table)
    assert await place.refusals.tell() == 1
    # Nobody opens it: the round finds it, and that it was told of already.
    assert await place.refusals.look_at_everything(place.authority.id) == 1
    assert await place.refusals.tell() == 0
    [entry] = place.entries("value.refused")
    thing = f"device:{old['id']}" if table == "device" else f"person:{OLD.id}"
    assert (entry["object"], entry["outcome"], entry["detail"]["table"]) == (thing, "failure", table)
    assert told[0] in entry["detail"]["fields"].split(",")
    assert place.entries("row.changed_by_hand") == [], "triggers were off"
    # Every other row opens as before.
    for other in SEALED.keys() - {table}:
        await open_all(place, other)


async def test_person_who_was_changed_is_entered_with_the_edition_and_nothing_personal(place: Place) -> None:
    [entry] = place.entries("person.changed")
    assert entry["detail"] == {"fields": "street,door_code,contacts,notes", "edition": 1}
    assert await place.change(NEW) == 0, "nothing is another than before"
    assert len(place.entries("person.changed")) == 1
    [device] = [one for one in place.entries("device.changed") if "edition" in one["detail"]]
    assert device["detail"] == {"fields": "placed", "edition": 1}
    assert place.entries("row.changed_by_hand") == []


async def test_contact_and_note_that_were_removed_do_not_open_again(place: Place) -> None:
    assert await place.change(replace(NEW, contacts=(), notes=())) == 1
    assert (place.rows("contact"), place.rows("note")) == ([], [])
    for table in ("contact", "note"):
        place.put_back(table, place.old[table][0])
        with pytest.raises(UnopenableError):
            await open_all(place, table)


async def test_what_was_written_anew_since_it_was_read_is_told_of_by_nobody(place: Place) -> None:
    """A screen that reads a row a moment before it is changed, and opens it a moment after, sees no crime."""
    [old] = place.old["person"]
    keys = place.desk.of(place.authority.id)
    await keys.hold([OLD.id])
    await keys.catch_up()
    assert keys.open_cells("person", str(OLD.id), OLD.id, old).refused
    assert await place.refusals.tell() == 0
    assert place.entries("value.refused") == []


async def test_while_the_keyholder_is_away_nothing_is_accused_that_may_have_been_written_anew(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await open_all(place, "person")
    assert await place.change(replace(NEW, street="Almvägen 7")) == 1
    [row] = place.rows("person")
    keys = place.desk.of(place.authority.id)
    assert keys.open_cells("person", str(OLD.id), OLD.id, row).refused, "the desk has not heard of it yet"

    async def be_away(_turn: int) -> tuple[Edition, ...]:
        raise KeysUnavailableError

    with monkeypatch.context() as patched:
        patched.setattr(place.desk._hasty, "editions", be_away)
        assert await place.refusals.tell() == 0
    assert len(place.desk.refused) == 1, "it waits"
    assert await place.refusals.tell() == 0
    assert (place.desk.refused, place.entries("value.refused")) == ({}, [])


async def test_while_the_log_stands_still_no_edition_is_used_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    issued: list[object] = []

    async def issue(authority: UUID, objects: object) -> dict[UUID, int]:
        issued.append(objects)
        return {}

    monkeypatch.setattr(place.setup, "issue_editions", issue)
    keys, late = place.setup.of(place.authority.id), SystemClock().now() + timedelta(days=1)
    with pytest.raises(LedgerStandsStillError):
        await change_people(place.tenant, keys, [OLD], actor="setup", now=late)
    [row] = place.rows("device")
    button = replace(BUTTON, id=row["id"], person_id=OLD.id, sender=place.sender, placed="Sovrummet")
    async with platform_as(place.server, "setup") as platform:
        with pytest.raises(LedgerStandsStillError):
            await change_devices(
                place.tenant, platform, place.authority, keys, IDENTITIES, [button], ["placed"], actor="setup", now=late
            )
    assert issued == []


async def test_a_made_up_refusal_is_not_entered(place: Place) -> None:
    """Whoever has the desk's login may say so of what stands there, and of nothing else."""
    role = tenant_role(place.authority.database_name, "desk")
    database = place.authority.database_name
    async with await open_connection(place.server, role, database, application="test") as desk:
        said = "select tell_refused('person', %s, jsonb_build_object('street', '\\x00'), now())"
        assert await (await desk.execute(said, (str(OLD.id),))).fetchone() == (False,)
        for statement in ("insert into refused_value values ('person', 'x', sha256(''), now())",
                          "delete from refused_value", "select * from refused_value"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await desk.execute(statement.encode())
