# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A link to a calendar is made where its owner signs in: no process makes one for the other, or for nobody there."""

import os
from collections.abc import Callable
from contextlib import closing
from uuid import UUID

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.platform import make_account, platform_as
from tests.registers.exercising import DAY, Sides, new_sides
from vaka.access.grants import QUERIES
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.identifiers import new_identifier
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def sides(server: Server, new_authority: Callable[..., Authority]) -> Sides:
    return await new_sides(server, new_authority().id)


async def make(server: Server, component: str, authority: UUID | None, account: UUID) -> UUID:
    """Make a link by hand with the login of one process."""
    link = new_identifier(START)
    facts = {"id": link, "authority_id": authority, "account_id": account, "token_hash": os.urandom(32), "now": START}
    async with platform_as(server, component) as connection:
        await connection.execute(QUERIES["make_calendar_link"], facts)
    return link


async def test_the_rogue_administrator_makes_no_link_to_an_authoritys_days(sides: Sides, server: Server) -> None:
    """With the office's login and the officer's account he would read the authority's list in the portal's calendar."""
    stranger = await make_account(server, now=START - DAY)
    for component, authority, account in (
        ("office", sides.authority, sides.officer), ("office", sides.authority, sides.administrator),
        ("office", None, sides.officer), ("office", None, stranger), ("portal", None, sides.administrator),
        ("portal", None, sides.officer), ("portal", sides.authority, sides.administrator),
        ("portal", sides.authority, stranger),
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await make(server, component, authority, account)
    await make(server, "portal", sides.authority, sides.officer)
    await make(server, "office", None, sides.administrator)


async def test_neither_the_owner_nor_a_superuser_makes_one_by_a_statement(sides: Sides, server: Server) -> None:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as superuser:
        superuser.autocommit = True
        for role in (b"reset role", b"set role vaka_owner"):
            superuser.execute(role)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                superuser.execute(
                    "insert into vaka.calendar_link (id, authority_id, account_id, token_hash, made_at)"
                    " values (gen_random_uuid(), %s, %s, sha256('x'), %s)",
                    (sides.authority, sides.officer, START),
                )


async def test_one_process_ends_no_link_of_the_other(sides: Sides, server: Server) -> None:
    link = await make(server, "portal", sides.authority, sides.officer)
    ending = {"id": link, "authority_id": sides.authority, "account_id": sides.officer, "now": START}
    async with platform_as(server, "office") as office:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await office.execute(QUERIES["end_calendar_link"], ending)
    async with platform_as(server, "portal") as portal:
        assert (await portal.execute(QUERIES["end_calendar_link"], ending)).rowcount == 1


async def test_one_process_tells_the_log_of_no_link_of_the_other(sides: Sides, server: Server) -> None:
    """The entry of an authority's names it and is the portal's; that of the supplier's own is the office's."""
    say = b"select ledger.append(%s, %s, 'account:x', 'calendar_link:x', 'success', %s)"
    of_authority = f'{{"authority": "{sides.authority}"}}'
    for event in ("calendar_link.made", "calendar_link.ended"):
        for component, detail in (("office", of_authority), ("portal", "{}"), ("scheduler", "{}")):
            async with platform_as(server, component) as connection:
                with pytest.raises(psycopg.errors.CheckViolation):
                    await connection.execute(say, (START, event, detail))
