# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A legal hold is the authority's to place and to lift: with a permission, a reason and an entry, or not at all."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.access.test_decide import principal
from tests.confirming import lift_hold, place_hold
from tests.ledger.sealed import LogHouse
from tests.people import register
from vaka.access.decide import NotAllowedError, NothingHereError
from vaka.access.holds import UnusableReasonError, lifting_act, placing_act
from vaka.access.principal import Principal
from vaka.access.roles import ROLES
from vaka.clock import SystemClock
from vaka.database.server import Server, tenant_role
from vaka.keys.keyring import Keyring
from vaka.ledger.standing import LedgerStandsStillError
from vaka.tenants.authorities import Authority
from vaka.tenants.holds import AlreadyHeldError, NobodyToHoldError, NotHeldError, list_holds
from vaka.tenants.people import Person

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NOW = SystemClock().now()
OTHERS = ("desk", "setup", "scheduler", "sequencer", "receiver")
ENTRIES = "select event, actor, object, detail, written_by from ledger.inbox where id > %s order by id"


@pytest.fixture
async def held(server: Server, authority: Authority, setup_keys: Keyring, tmp_path: Path) -> tuple[LogHouse, UUID]:
    """An authority, and somebody in its register."""
    person = Person(uuid4(), "Karin", "Holmgren")
    await register(server, authority, setup_keys, [person])
    return LogHouse(server, authority, tmp_path), person.id


def archivist(house: LogHouse) -> Principal:
    return principal(("archivist", house.authority.id), realm="authority")


def entered(house: LogHouse, after: int) -> list[dict[str, Any]]:
    with house.superuser() as onlooker:
        names = ("event", "actor", "object", "detail", "written_by")
        return [dict(zip(names, row, strict=True)) for row in onlooker.execute(ENTRIES, (after,)).fetchall()]


def newest(house: LogHouse) -> int:
    with house.superuser() as onlooker:
        row = onlooker.execute("select max(id) from ledger.inbox").fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def login(house: LogHouse, component: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    database = house.authority.database_name
    with closing(psycopg.connect(house.server.conninfo(tenant_role(database, component), database))) as connection:
        connection.execute("set search_path = vaka")
        connection.commit()
        yield connection


async def test_it_is_placed_and_lifted_each_with_its_one_entry(held: tuple[LogHouse, UUID]) -> None:
    house, person = held
    who, mark = archivist(house), newest(house)
    async with house.as_("portal") as portal:
        await place_hold(portal, who, house.authority.id, person, reason=" JO 2026/12 ", now=NOW)
        [hold] = await list_holds(portal)
        assert (hold.person_id, hold.placed_by, hold.reason) == (person, who.actor, "JO 2026/12")
        with pytest.raises(AlreadyHeldError):
            await place_hold(portal, who, house.authority.id, person, reason="igen", now=NOW)
        await lift_hold(portal, who, house.authority.id, person, reason="JO 2026/12 är avslutat", now=NOW)
        assert await list_holds(portal) == []
        with pytest.raises(NotHeldError):
            await lift_hold(portal, who, house.authority.id, person, reason="igen", now=NOW)
    placed, lifted = entered(house, mark)
    assert (placed["event"], placed["actor"], placed["object"]) == ("hold.placed", who.actor, f"person:{person}")
    confirmed = placing_act(house.authority.id, person, "JO 2026/12").digest
    assert placed["detail"] == {"reason": "JO 2026/12", "step_up": confirmed}
    confirmed = lifting_act(house.authority.id, person, "JO 2026/12 är avslutat").digest
    assert (lifted["event"], lifted["detail"]) == (
        "hold.lifted", {"reason": "JO 2026/12 är avslutat", "step_up": confirmed}
    )  # fmt: skip


async def test_nobody_is_held_whom_nobody_knows(held: tuple[LogHouse, UUID]) -> None:
    house, _ = held
    mark = newest(house)
    async with house.as_("portal") as portal:
        with pytest.raises(NobodyToHoldError):
            await place_hold(portal, archivist(house), house.authority.id, uuid4(), reason="KS 1", now=NOW)
    assert entered(house, mark) == []


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "för 19320212-9809", "fråga karin@example.org"])
async def test_a_reason_must_be_fit_for_the_log(held: tuple[LogHouse, UUID], reason: str) -> None:
    house, person = held
    async with house.as_("portal") as portal:
        with pytest.raises(UnusableReasonError):
            await place_hold(portal, archivist(house), house.authority.id, person, reason=reason, now=NOW)
        assert await list_holds(portal) == []


async def test_no_other_role_and_nobody_elsewhere_may(held: tuple[LogHouse, UUID]) -> None:
    house, person = held
    here = house.authority.id
    others = [principal((role, here), realm="authority") for role in {*ROLES} - {"archivist"}]
    others += [
        principal(("archivist", here), realm="operator"),
        principal(("archivist", here), kind="administrator", realm="authority"),
        principal(("archivist", uuid4()), realm="authority"),
        principal(("archivist", None), realm="authority"),
    ]
    async with house.as_("portal") as portal:
        for who in others:
            with pytest.raises((NotAllowedError, NothingHereError)):
                await place_hold(portal, who, here, person, reason="KS 1", now=NOW)
            with pytest.raises((NotAllowedError, NothingHereError)):
                await lift_hold(portal, who, here, person, reason="KS 1", now=NOW)
        assert await list_holds(portal) == []


async def test_not_while_the_ledger_stands_still(held: tuple[LogHouse, UUID]) -> None:
    house, person = held
    async with house.as_("sequencer") as connection:
        await house.sealing(SystemClock()).make_round(connection)
    with house.superuser(unguarded=True) as superuser:
        superuser.execute("update ledger.checkpoint set signed_at = signed_at - interval '1 hour'")
    async with house.as_("portal") as portal:
        with pytest.raises(LedgerStandsStillError):
            await place_hold(portal, archivist(house), house.authority.id, person, reason="KS 1", now=NOW)
        assert await list_holds(portal) == []


@pytest.mark.parametrize("component", OTHERS)
async def test_none_of_the_suppliers_processes_can(held: tuple[LogHouse, UUID], component: str) -> None:
    house, person = held
    with login(house, component) as connection:
        for statement in (
            f"select vaka.place_hold('{person}', now(), 'account:x', 'KS 1')",
            f"select vaka.lift_hold('{person}')",
            "delete from vaka.legal_hold",
            f"insert into vaka.legal_hold values ('{person}', now(), 'account:x', 'KS 1')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
            connection.rollback()


@pytest.mark.parametrize("event", ["hold.placed", "hold.lifted"])
async def test_no_other_process_can_write_the_entry_that_would_hide_it(held: tuple[LogHouse, UUID], event: str) -> None:
    house, person = held
    append = f"select ledger.append(now(), '{event}', 'account:x', 'person:{person}', 'success', '{{}}')"
    for component in OTHERS:
        with login(house, component) as connection, pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(append.encode())
    # Not even whoever owns the server, as himself.
    with house.superuser() as superuser, pytest.raises(psycopg.errors.CheckViolation):
        superuser.execute(append.encode())


async def test_whoever_lifts_one_by_hand_is_told_of(held: tuple[LogHouse, UUID]) -> None:
    house, person = held
    async with house.as_("portal") as portal:
        await place_hold(portal, archivist(house), house.authority.id, person, reason="KS 1", now=NOW)
    mark = newest(house)
    with house.superuser() as superuser:
        superuser.execute("update vaka.legal_hold set reason = 'KS 2'")
        superuser.execute("delete from vaka.legal_hold")
        superuser.execute("truncate vaka.legal_hold")
    told = entered(house, mark)
    assert [(one["event"], one["detail"]["operation"]) for one in told] == [
        ("row.changed_by_hand", "update"), ("row.changed_by_hand", "delete"), ("row.changed_by_hand", "truncate"),
    ]  # fmt: skip
    assert told[1]["object"] == f"legal_hold:{person}"
