# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Personas stay inside a demo: the settings, the installation's row and a trigger each hold the door.

What an installation is, is written once; so each kind here has a database server's worth of its own: a platform
database beside the real one, of the same schema.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from tests.conftest import START
from vaka.access.grants import grant_role
from vaka.database.connections import Connection
from vaka.database.migrate import migrate
from vaka.database.server import SUPERUSER, Server, platform_role
from vaka.errors import Category, ConfigurationError
from vaka.identity.accounts import create_account
from vaka.identity.personas import (
    NotADemoError,
    decide_installation,
    list_personas,
    read_installation_mode,
    require_demo,
    sign_in_as,
)
from vaka.identity.sessions import CannotSignInError, find_session

pytestmark = [pytest.mark.anyio, pytest.mark.database]


class Installation:
    """A platform database of its own."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name = server, name

    async def open(self, component: str) -> Connection:
        connection: Connection = await psycopg.AsyncConnection.connect(
            self.server.conninfo(platform_role(component), self.name), autocommit=True
        )
        await connection.execute("set search_path = vaka")
        return connection


@pytest.fixture
def installation(server: Server, request: pytest.FixtureRequest) -> Iterator[Installation]:
    name = "vaka_platform_of_a_test"
    with closing(psycopg.connect(server.conninfo(SUPERUSER, "postgres"), autocommit=True)) as superuser:
        superuser.execute(f"create database {name} owner vaka_owner template template0")
        with closing(psycopg.connect(server.conninfo(SUPERUSER, name), autocommit=True)) as connection:
            migrate(connection, "platform")
        yield Installation(server, name)
        superuser.execute(f"drop database {name} with (force)")


@pytest.fixture
async def setup(installation: Installation) -> AsyncIterator[Connection]:
    connection = await installation.open("setup")
    yield connection
    await connection.close()


@pytest.fixture
async def signin(installation: Installation) -> AsyncIterator[Connection]:
    connection = await installation.open("signin")
    yield connection
    await connection.close()


async def add_persona(setup: Connection, persona: str = "olga", **facts: Any) -> Any:
    return await create_account(setup, "Olga Operatör", persona=persona, actor="demo", now=START, **facts)


async def test_in_a_demo_one_signs_in_by_name(setup: Connection, signin: Connection) -> None:
    await decide_installation(setup, "demo", START)
    account = await add_persona(setup)
    await grant_role(setup, account.id, "operator", None, actor="demo", now=START)
    boss = await add_persona(setup, "adam", kind="administrator")
    assert (await add_persona(setup)).id == account.id  # a second start of the demo
    [adam, olga] = await list_personas(signin, "demo", START)
    assert (olga.persona, olga.account_id, olga.roles, olga.authorities) == ("olga", account.id, ["operator"], [])
    assert (adam.account_id, adam.kind) == (boss.id, "administrator")
    session = await find_session(signin, await sign_in_as(signin, "olga", "demo", START), START)
    assert session is not None
    assert (session.account_id, session.realm) == (account.id, "operator")
    session = await find_session(signin, await sign_in_as(signin, "adam", "demo", START), START)
    assert session is not None
    assert session.realm == "administrator"
    with pytest.raises(CannotSignInError):
        await sign_in_as(signin, "nobody", "demo", START)


async def refuse(signin: Connection, mode: str) -> None:
    for attempt in (
        require_demo(signin, mode),
        list_personas(signin, mode, START),
        sign_in_as(signin, "olga", mode, START),
    ):
        with pytest.raises(NotADemoError) as refused:
            await attempt
        assert refused.value.category is Category.MISSING


@pytest.mark.parametrize("mode", ["demo", "production"])
async def test_an_installation_that_is_nothing_yet_has_none(signin: Connection, mode: str) -> None:
    assert await read_installation_mode(signin) is None
    await refuse(signin, mode)


@pytest.mark.parametrize("mode", ["demo", "production"])
async def test_production_has_none_whatever_the_settings_say(setup: Connection, signin: Connection, mode: str) -> None:
    await decide_installation(setup, "production", START)
    await refuse(signin, mode)


async def test_a_demo_with_production_settings_has_none(setup: Connection, signin: Connection) -> None:
    await decide_installation(setup, "demo", START)
    await add_persona(setup)
    await refuse(signin, "production")


@pytest.mark.parametrize("mode", [None, "production"])
async def test_the_database_itself_refuses_a_persona_outside_a_demo(setup: Connection, mode: str | None) -> None:
    if mode is not None:
        await decide_installation(setup, mode, START)
    with pytest.raises(psycopg.errors.CheckViolation):
        await add_persona(setup)
    account = await create_account(setup, "Olga Operatör", kind="administrator", actor="setup", now=START)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await setup.execute("update account set persona = 'olga' where id = %s", (account.id,))


async def test_what_it_is_is_decided_once(setup: Connection) -> None:
    await decide_installation(setup, "demo", START)
    await decide_installation(setup, "demo", START)
    with pytest.raises(ConfigurationError):
        await decide_installation(setup, "production", START)
    assert await read_installation_mode(setup) == "demo"
    for change in ("update installation set mode = 'production'", "delete from installation"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await setup.execute(change)
