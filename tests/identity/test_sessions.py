# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sessions: opened, found, ended; and what of them is stored."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.platform import entries, make_account, newest, platform_as
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.identity.accounts import UnusableAccountError, create_account, list_accounts, name_accounts
from vaka.identity.sessions import (
    LIFETIMES,
    CannotSignInError,
    Realm,
    Session,
    end_session,
    end_sessions_of,
    find_session,
    open_session,
)

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def onlooker(server: Server) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        yield connection


async def new_account(server: Server, kind: str = "user") -> UUID:
    return await make_account(server, "Olga Operatör", kind=kind, now=START)


async def sign_in(server: Server, account: UUID, realm: Realm = "operator") -> str:
    async with platform_as(server, "signin") as signin:
        return await open_session(signin, account, realm, "test", START)


async def find(server: Server, token: str, after: timedelta = timedelta()) -> Session | None:
    async with platform_as(server, "desk") as desk:
        return await find_session(desk, token, START + after)


@pytest.mark.parametrize(("realm", "hours"), [("operator", 12), ("authority", 8), ("administrator", 4)])
async def test_how_long_a_session_lasts(server: Server, realm: Realm, hours: int) -> None:
    kind = "administrator" if realm == "administrator" else "user"
    session = await find(server, await sign_in(server, await new_account(server, kind), realm))
    assert session is not None
    assert session.expires_at - session.created_at == timedelta(hours=hours)


async def test_a_session_is_found_by_its_token_alone(
    server: Server, onlooker: psycopg.Connection[dict[str, Any]]
) -> None:
    account = await new_account(server)
    last = newest(onlooker)
    token = await sign_in(server, account)
    session = await find(server, token)
    assert session is not None
    assert (session.account_id, session.display_name, session.kind, session.realm) == (
        account, "Olga Operatör", "user", "operator",
    )  # fmt: skip
    assert session.expires_at == START + timedelta(hours=12)
    # The database holds nothing with which anyone could sign in.
    row = onlooker.execute("select * from vaka.session where id = %s", (session.id,)).fetchone()
    assert row is not None
    assert bytes(row["token_hash"]) == hashlib.sha256(token.encode()).digest()
    assert token not in str(row)
    [entry] = entries(onlooker, last)
    assert (entry["event"], entry["actor"], entry["object"]) == (
        "session.started", f"account:{account}", f"session:{session.id}",
    )  # fmt: skip
    assert token not in str(entry)
    signed_in = onlooker.execute("select last_signed_in_at from vaka.account where id = %s", (account,)).fetchone()
    assert signed_in == {"last_signed_in_at": START}


async def test_tokens_are_256_bits_and_never_the_same(server: Server) -> None:
    account = await new_account(server)
    tokens = {await sign_in(server, account) for _ in range(5)}
    assert len(tokens) == 5
    assert {len(token) for token in tokens} == {43}


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 10_000, "\x00", "åäö", "\ud800"])
async def test_other_tokens_find_nobody(server: Server, token: str) -> None:
    assert await find(server, token) is None


async def test_a_session_ends_by_time(server: Server) -> None:
    token = await sign_in(server, await new_account(server))
    assert await find(server, token, LIFETIMES["operator"] - timedelta(seconds=1)) is not None
    assert await find(server, token, LIFETIMES["operator"]) is None


async def test_a_session_is_ended_once(server: Server, onlooker: psycopg.Connection[dict[str, Any]]) -> None:
    token = await sign_in(server, await new_account(server))
    session = await find(server, token)
    assert session is not None
    last = newest(onlooker)
    async with platform_as(server, "desk") as desk:
        assert await end_session(desk, session, START)
        assert not await end_session(desk, session, START)
    assert await find(server, token) is None
    assert [line["event"] for line in entries(onlooker, last)] == ["session.ended"]


async def test_all_sessions_of_an_account_are_ended(
    server: Server, onlooker: psycopg.Connection[dict[str, Any]]
) -> None:
    account, other = await new_account(server), await new_account(server)
    tokens, kept = [await sign_in(server, account) for _ in range(3)], await sign_in(server, other)
    last = newest(onlooker)
    async with platform_as(server, "signin") as signin:
        assert await end_sessions_of(signin, account, actor="scheduler", now=START) == 3
    assert [await find(server, token) for token in tokens] == [None] * 3
    assert await find(server, kept) is not None
    told = entries(onlooker, last)
    assert [line["event"] for line in told] == ["session.ended"] * 3
    # Whose they were stands in them: the actor is somebody else, and the session's number tells nobody outside.
    assert {line["detail"]["account"] for line in told} == {f"account:{account}"}


@pytest.mark.parametrize("state", ["deactivated", "removed"])
async def test_an_account_that_is_not_active_is_out_at_once(
    server: Server, onlooker: psycopg.Connection[dict[str, Any]], state: str
) -> None:
    account = await new_account(server)
    token = await sign_in(server, account)
    onlooker.execute("update vaka.account set state = %s where id = %s", (state, account))
    assert await find(server, token) is None
    with pytest.raises(CannotSignInError):
        await sign_in(server, account)


@pytest.mark.parametrize(
    ("kind", "realm"), [("administrator", "operator"), ("administrator", "authority"), ("user", "administrator")]
)
async def test_administrators_and_users_do_not_meet(server: Server, kind: str, realm: Realm) -> None:
    account = await new_account(server, kind)
    with pytest.raises(CannotSignInError):
        await sign_in(server, account, realm)


async def test_nobody_signs_in_without_an_account(server: Server) -> None:
    with pytest.raises(CannotSignInError):
        await sign_in(server, uuid4())


async def test_a_session_without_its_entry_is_not_opened(
    server: Server, onlooker: psycopg.Connection[dict[str, Any]]
) -> None:
    account = await new_account(server)
    onlooker.execute("""create function ledger.break_sessions() returns trigger language plpgsql as
        $$ begin raise exception 'full' using errcode = 'disk_full'; end $$""")
    onlooker.execute("create trigger broken before insert on ledger.inbox"
                     " for each row execute function ledger.break_sessions()")  # fmt: skip
    try:
        with pytest.raises(psycopg.errors.DiskFull):
            await sign_in(server, account)
    finally:
        onlooker.execute("drop function ledger.break_sessions() cascade")
    assert onlooker.execute("select 1 from vaka.session where account_id = %s", (account,)).fetchall() == []


@pytest.mark.parametrize(
    "facts",
    [{"display_name": ""}, {"display_name": "x" * 81}, {"display_name": "A", "kind": "robot"},
     {"display_name": "A", "language": "fi"}],
)  # fmt: skip
async def test_an_account_needs_usable_facts(server: Server, facts: dict[str, Any]) -> None:
    async with platform_as(server, "setup") as setup:
        with pytest.raises(UnusableAccountError):
            await create_account(setup, **facts, actor="setup", now=START)


async def test_accounts_are_listed_and_named(server: Server) -> None:
    account = await new_account(server)
    async with platform_as(server, "setup") as setup:
        assert account in {line.id for line in await list_accounts(setup)}
    async with platform_as(server, "desk") as desk:
        assert await name_accounts(desk, [account, uuid4()]) == {account: "Olga Operatör"}
        assert await name_accounts(desk, []) == {}
