# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The log of accounts is written with the change or there is no change, and tells the whole register (term 12)."""

import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.access.register import SETUP, Register, place
from tests.leavers import State, change_account
from tests.platform import platform_as
from vaka.access.grants import grant_role, revoke_role
from vaka.database.server import Server
from vaka.identity.accounts import create_account
from vaka.identity.leaving import end_account
from vaka.identity.replay import Difference, Standing, compare, read_register, replay
from vaka.identity.sessions import CannotSignInError, open_session
from vaka.ledger.leaves import Leaf, flatten

pytestmark = [pytest.mark.anyio, pytest.mark.database]

ENTRIES = "select id, happened_at, event, actor, object, outcome, detail, written_by, written_at from ledger.inbox"
BREAK = """
    create function public.break_log() returns trigger language plpgsql as
    $$ begin raise exception 'the log cannot be written' using errcode = 'disk_full'; end $$"""
Act = Callable[[], Awaitable[object]]


@pytest.fixture
def register(server: Server) -> Register:
    return Register(server, place(server))


async def change(register: Register, account: UUID, state: State) -> None:
    await change_account(register.server, account, state, actor=SETUP, now=register.now)


async def sign_in(register: Register, account: UUID, realm: str = "operator") -> None:
    async with platform_as(register.server, "signin") as signin:
        await open_session(signin, account, realm, "test", register.now)  # type: ignore[arg-type]


def state_of(register: Register, account: UUID) -> list[tuple[object, ...]]:
    """Everything that is kept about an account."""
    return [
        *register.ask("select * from account where id = %s", account),
        *register.ask("select * from role_grant where account_id = %s order by role", account),
        *register.ask("select id, ended_at from session where account_id = %s order by id", account),
    ]


def leaves_about(register: Register, *accounts: UUID) -> list[Leaf]:
    """The entries about accounts as they will stand in the log."""
    rows = register.ask(f"{ENTRIES} order by id")
    found = []
    for number, (identifier, at, event, actor, thing, outcome, detail, by, written_at) in enumerate(rows):
        if any(str(account) in f"{actor} {thing}" for account in accounts):
            facts = flatten(json.dumps(detail))
            found.append(Leaf(identifier, at, event, actor, thing, outcome, by, written_at, "s", number + 1, facts))
    return found


async def differences(register: Register, *accounts: UUID) -> list[Difference]:
    async with platform_as(register.server, "setup") as setup:
        found = [one for one in await read_register(setup) if one.id in accounts]
    return compare(leaves_about(register, *accounts), found)


@contextmanager
def broken_log(register: Register) -> Iterator[None]:
    """Let nothing be written into the platform's log."""
    register.ask(BREAK)
    register.ask("create trigger broken before insert on ledger.inbox for each row execute function public.break_log()")
    try:
        yield
    finally:
        register.ask("drop trigger broken on ledger.inbox")
        register.ask("drop function public.break_log()")


async def test_term_12_1_raw_sql_has_the_databases_login_as_its_actor_and_is_flagged(register: Register) -> None:
    account, mark = uuid4(), register.mark()
    statements = (
        "insert into account (id, display_name, kind, created_at) values (%s, 'Vera Vilsen', 'administrator', now())",
        "update account set state = 'deactivated' where id = %s",
        "delete from account where id = %s",
    )
    for statement in statements:
        register.ask(statement, account)
    told = register.since(mark)
    assert [(one["event"], one["object"], one["actor"], one["detail"]["operation"]) for one in told] == [
        ("row.changed_by_hand", f"account:{account}", "database:vaka_superuser", operation)
        for operation in ("insert", "update", "delete")
    ]


async def test_term_12_2_a_failed_sign_in_does_not_move_the_last_one(register: Register) -> None:
    account = await register.account("operator")

    def last() -> object:
        [(at,)] = register.ask("select last_signed_in_at from account where id = %s", account)
        return at

    assert last() is None
    await sign_in(register, account)
    assert last() == register.now
    before, register.now = register.now, register.now + timedelta(hours=1)
    with pytest.raises(CannotSignInError):
        await sign_in(register, account, "administrator")
    assert last() == before
    await change(register, account, "deactivated")
    with pytest.raises(CannotSignInError):
        await sign_in(register, account)
    assert last() == before
    await change(register, account, "active")
    await sign_in(register, account)
    assert last() == register.now


async def test_term_12_3_where_the_log_cannot_be_written_nothing_is_changed(register: Register) -> None:
    account, where, now = await register.account("operator"), register.authority.id, register.now
    await sign_in(register, account)
    before = state_of(register, account)
    accounts = register.ask("select count(*) from account")
    register.no_administrators()

    async def end() -> None:
        async with platform_as(register.server, "setup") as setup:
            await end_account(setup, account, now + timedelta(days=1), actor=SETUP, now=now)

    async def make() -> None:
        async with platform_as(register.server, "setup") as setup:
            await create_account(setup, "Vera Vilsen", kind="administrator", actor=SETUP, now=now)

    async def give() -> None:
        async with platform_as(register.server, "setup") as setup:
            await grant_role(setup, account, "shift_leader", where, actor=SETUP, now=now)

    async def take() -> None:
        async with platform_as(register.server, "setup") as setup:
            await revoke_role(setup, account, "operator", where, actor=SETUP, now=now)

    async def write() -> None:
        register.ask("update account set state = 'deactivated' where id = %s", account)

    acts: tuple[Act, ...] = (
        make, end, give, take, write, lambda: change(register, account, "deactivated"),
        lambda: change(register, account, "removed"), lambda: sign_in(register, account),
    )  # fmt: skip
    with broken_log(register):
        for act in acts:
            with pytest.raises(psycopg.Error, match="the log cannot be written"):
                await act()
    assert state_of(register, account) == before
    assert register.ask("select count(*) from account") == accounts
    await give()
    await change(register, account, "removed")
    assert state_of(register, account) != before, "the log was what kept them from it"


async def test_term_12_4_the_log_tells_the_register_of_accounts(register: Register) -> None:
    plain, ends, out, back, gone, admin = [
        await register.account(kind=kind) for kind in (*["user"] * 5, "administrator")
    ]
    every = (plain, ends, out, back, gone, admin)
    await sign_in(register, plain)
    await sign_in(register, admin, "administrator")
    register.now += timedelta(minutes=5)
    await sign_in(register, plain)
    async with platform_as(register.server, "setup") as setup:
        for account in (ends, gone):
            await end_account(setup, account, register.now + timedelta(days=9), actor=SETUP, now=register.now)
    for account in (out, back, gone):
        await change(register, account, "deactivated")
    await change(register, back, "active")
    await change(register, gone, "removed")
    assert await differences(register, *every) == []
    assert {one.state for one in replayed(register, *every)} == {"active", "deactivated", "removed"}

    register.ask("update account set kind = kind, ends_at = now() where id = %s", plain)
    register.ask("update account set state = 'active' where id = %s", out, unguarded=True)
    secret = uuid4()
    register.ask(
        "insert into account (id, display_name, kind, created_at) values (%s, 'X', 'administrator', now())", secret,
        unguarded=True,
    )  # fmt: skip
    register.ask("delete from account where id = %s", back, unguarded=True)
    found = await differences(register, *every, secret)
    assert {(one.account, one.fact, one.told, one.by_hand) for one in found} == {
        (plain, "ends_at", "", True), (out, "state", "deactivated", False), (secret, "register", "", False),
        (back, "register", "active", False),
    }  # fmt: skip


def replayed(register: Register, *accounts: UUID) -> list[Standing]:
    """The accounts as the log alone tells of them."""
    return list(replay(leaves_about(register, *accounts))[0].values())
