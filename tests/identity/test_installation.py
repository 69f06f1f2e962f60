# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A demo's personas and provider stay inside a demo: settings, the installation's row and triggers hold the door.

What an installation is, is written once; so each kind here has a database server's worth of its own: a platform
database beside the real one, of the same schema.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.conftest import START
from tests.identity.house import LOA3, content
from vaka.clock import SystemClock
from vaka.database.connections import Connection
from vaka.database.migrate import migrate
from vaka.database.server import SUPERUSER, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.identity.accounts import create_account
from vaka.identity.assertion import SignInRefusedError
from vaka.identity.installation import decide_installation, read_installation_mode
from vaka.identity.levels import DEMO
from vaka.identity.oidc import require_oidc
from vaka.identity.reasons import Reason
from vaka.identity.sessions import Basis, open_session
from vaka.identity.trust import Trusted, approve, judge, list_rows, list_trusted, propose
from vaka.identity.trust_content import UnusableTrustError, read_content

pytestmark = [pytest.mark.anyio, pytest.mark.database]


NOW = SystemClock().now()


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


async def decide(setup: Connection, mode: str | None) -> None:
    if mode is not None:
        await decide_installation(setup, mode, START)


async def test_a_persona_is_made_once(setup: Connection) -> None:
    assert await read_installation_mode(setup) is None
    await decide_installation(setup, "demo", START)
    account = await add_persona(setup)
    assert (await add_persona(setup)).id == account.id  # a second start of the demo


TLS, LOOPBACK = "https://demo.example", "http://[::1]:8404"
CAN_BE_HAD_ANYWHERE = {
    "issuer": TLS, "authorization_endpoint": f"{TLS}/authorize", "token_endpoint": f"{TLS}/token"
}  # fmt: skip
OF_A_DEMO: dict[str, dict[str, Any]] = {
    "on this machine": {},
    "on this machine by its token endpoint": CAN_BE_HAD_ANYWHERE | {"token_endpoint": f"{LOOPBACK}/token"},
    "of a demo's level, over TLS": CAN_BE_HAD_ANYWHERE | {
        "levels": {DEMO: {"level": 3, "evidence": "Invented people", "expires": f"{NOW + timedelta(days=30):%Y-%m-%d}"}}
    },
}  # fmt: skip


@pytest.mark.parametrize("mode", [None, "demo", "production"])
@pytest.mark.parametrize("kind", OF_A_DEMO)
async def test_a_demos_issuer_is_believed_in_a_demo_alone_whatever_two_people_and_the_settings_say(
    setup: Connection, signin: Connection, mode: str | None, kind: str
) -> None:
    """The rogue administrators: both accounts are theirs, and the settings file says that it is a demo."""
    await decide(setup, mode)
    said = read_content(json.dumps(content("http://localhost:8404") | OF_A_DEMO[kind]))
    people = [(await create_account(setup, name, kind="administrator", actor="setup", now=START)).id for name in "ab"]
    with pytest.raises(UnusableTrustError):
        await propose(setup, None, "demo", said, by=people[0], demo=False, now=NOW)
    row = await propose(setup, None, "demo", said, by=people[0], demo=True, now=NOW)
    await approve(setup, row.id, row.digest, by=people[1], now=NOW)
    [row] = await list_rows(signin)
    # In a demo it would hold once the ledger had sealed the approval; here nobody seals.
    assert (await judge(signin, row)).state == ("altered" if mode == "demo" else "of_a_demo")
    assert await list_trusted(signin, NOW) == []
    trusted = Trusted(row.id, None, "demo", said, dict.fromkeys(said.levels, 3))
    assert require_oidc(trusted, demo=True) == said
    with pytest.raises(SignInRefusedError) as refused:
        require_oidc(trusted, demo=False)
    assert refused.value.reason is Reason.ISSUER_NOT_APPROVED


@pytest.mark.parametrize("mode", [None, "production"])
async def test_the_database_itself_refuses_whom_an_issuer_without_tls_asserts(
    setup: Connection, signin: Connection, mode: str | None
) -> None:
    await decide(setup, mode)
    account = await create_account(setup, "Adam", kind="administrator", actor="setup", now=START)
    for host in ("localhost", "127.0.0.1", "[::1]"):
        issuer = f"http://{host}:8404"
        basis = Basis(issuer, 3, DEMO, DEMO, "0" * 64)
        with pytest.raises(psycopg.errors.CheckViolation, match="issuer without TLS"):
            await open_session(signin, account.id, "administrator", "oidc", START, basis=basis)
        with pytest.raises(psycopg.errors.CheckViolation, match="issuer without TLS"):
            await signin.execute(
                "insert into account_link (id, account_id, issuer, subject_hmac, matching_hmac, created_at)"
                " values (gen_random_uuid(), %s, %s, %s, %s, now())",
                (account.id, issuer, bytes(32), bytes(32)),
            )
    await open_session(
        signin, account.id, "administrator", "oidc", START, basis=Basis("https://idp.example", 3, LOA3, LOA3, "0" * 64)
    )


@pytest.mark.parametrize("mode", [None, "production"])
async def test_the_database_itself_refuses_a_persona_outside_a_demo(setup: Connection, mode: str | None) -> None:
    await decide(setup, mode)
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
