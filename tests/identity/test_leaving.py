# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whoever leaves is out at once, and never comes back as somebody else (terms 8, 12 and 13)."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.access.register import SETUP, Register, place
from tests.leavers import State, change_account
from tests.platform import make_account, platform_as
from vaka.access.grants import grant_role, revoke_role
from vaka.clock import SystemClock
from vaka.database.server import Server
from vaka.identity.leaving import LastApproverError, NotChangeableError, end_account
from vaka.identity.sessions import CannotSignInError, find_session, open_session

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NAME = "Ludmila Lämnardotter"


@pytest.fixture
def register(server: Server) -> Register:
    return Register(server, place(server))


async def employed(register: Register, *roles: str, name: str = "Vera Vilsen") -> UUID:
    account = await make_account(register.server, name, actor=SETUP, now=register.now)
    for role in roles:
        await register.grant(account, role)
    return account


async def change(register: Register, account: UUID, state: State) -> None:
    await change_account(register.server, account, state, actor=SETUP, now=register.now)


async def leave(register: Register, account: UUID, on: datetime) -> None:
    async with platform_as(register.server, "setup") as setup:
        await end_account(setup, account, on, actor=SETUP, now=register.now)


async def signed_in(register: Register, account: UUID) -> str:
    async with platform_as(register.server, "signin") as signin:
        return await open_session(signin, account, "operator", "test", register.now)


async def holds(register: Register, token: str) -> bool:
    async with platform_as(register.server, "desk") as desk:
        return await find_session(desk, token, register.now) is not None


async def test_term_13_1_every_session_ends_with_the_account(register: Register) -> None:
    account = await employed(register, "operator")
    tokens = [await signed_in(register, account) for _ in range(2)]
    assert [await holds(register, token) for token in tokens] == [True, True]
    mark = register.mark()
    await change(register, account, "deactivated")
    assert [await holds(register, token) for token in tokens] == [False, False]
    assert await register.roles(account) == set()
    with pytest.raises(CannotSignInError):
        await signed_in(register, account)
    told = register.since(mark)
    assert sorted(one["event"] for one in told) == ["account.deactivated", "session.ended", "session.ended"]
    assert {one["actor"] for one in told} == {SETUP}
    await change(register, account, "active")
    assert [await holds(register, token) for token in tokens] == [False, False], "what ended stays so"
    assert await register.roles(account) == {"operator"}
    assert await holds(register, await signed_in(register, account))


async def test_term_13_2_the_name_is_gone_and_the_pseudonym_stays(register: Register) -> None:
    account, mark = await employed(register, "operator", "shift_leader", name=NAME), register.mark()
    human = await register.human(account)
    await signed_in(register, account)
    assert name_stands(register), "the search finds what there is"
    await change(register, account, "removed")
    assert not name_stands(register)
    assert register.ask("select human, state, display_name from account where id = %s", account) == [
        (human, "removed", "–")
    ]
    assert register.ask("select 1 from role_grant where account_id = %s", account) == []
    told = [(one["event"], one["object"]) for one in register.since(mark)]
    assert sorted(event for event, _ in told) == [
        "account.removed", "role.revoked", "role.revoked", "session.ended", "session.started",
    ]  # fmt: skip
    assert ("account.removed", f"account:{account}") in told


async def test_term_08_2_another_name_by_hand_is_told_of_and_is_the_same_account(register: Register) -> None:
    """How a name is changed by two people: tests/web/office/test_renaming.py."""
    account, mark = await employed(register, "operator"), register.mark()
    human, token = await register.human(account), await signed_in(register, account)
    register.ask("update account set display_name = 'Vera Nygift' where id = %s", account)
    assert await register.human(account) == human
    assert await register.roles(account) == {"operator"}
    assert await holds(register, token)
    told = register.since(mark)
    assert [(one["event"], one["object"]) for one in told if one["object"] == f"account:{account}"] == [
        ("row.changed_by_hand", f"account:{account}")
    ]
    assert [one["actor"] for one in told if one["event"] == "session.started"] == [f"account:{account}"]
    assert "Vera" not in str(told), "the log names the account, and nobody"


async def test_term_13_3_nobody_comes_back_from_removal(register: Register) -> None:
    account = await employed(register)
    human = await register.human(account)
    await change(register, account, "removed")
    for state in ("active", "deactivated", "removed"):
        with pytest.raises(NotChangeableError):
            await change(register, account, state)
    for by_hand in ("state = 'active'", "state = 'deactivated'", "display_name = 'Ludmila'"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            register.ask(f"update account set {by_hand} where id = %s", account)
    # Nor do his identifiers, for anybody.
    with pytest.raises(psycopg.errors.UniqueViolation):
        register.ask(
            "insert into account (id, display_name, kind, created_at) values (%s, 'X', 'user', now())", account
        )
    with pytest.raises(psycopg.errors.UniqueViolation):
        register.ask(
            "insert into account (id, human, display_name, kind, created_at) values (%s, %s, 'X', 'user', now())",
            uuid4(), human,
        )  # fmt: skip


async def test_term_13_4_who_leaves_on_a_day_is_out_without_a_human(register: Register) -> None:
    account, stays = await employed(register, "operator"), await employed(register, "operator")
    token = await signed_in(register, account)
    ends, mark = register.now + timedelta(hours=3), register.mark()
    await leave(register, account, ends)
    with pytest.raises(NotChangeableError):
        await leave(register, uuid4(), ends)
    await register.end_accounts()
    assert await holds(register, token)
    register.now = ends
    await register.end_accounts()
    await register.end_accounts()
    assert not await holds(register, token)
    assert await register.roles(account) == set()
    assert await register.roles(stays) == {"operator"}
    # The scheduler puts out whoever is left of other tests as well.
    told = [one for one in register.since(mark) if one["object"] == f"account:{account}"]
    assert [(one["event"], one["actor"]) for one in told] == [
        ("account.changed", SETUP), ("account.deactivated", "scheduler"),
    ]  # fmt: skip
    await change(register, account, "active")  # and is not put out again by a day that is over
    await register.end_accounts()
    assert await register.roles(account) == {"operator"}


@pytest.mark.parametrize("state", ["deactivated", "removed"])
async def test_term_13_5_the_last_approver_has_a_successor_first(register: Register, state: State) -> None:
    last = await employed(register, "access_approver", "contract_officer")
    token, mark = await signed_in(register, last), register.mark()
    with pytest.raises(LastApproverError):
        await change(register, last, state)
    with pytest.raises(LastApproverError):
        await leave(register, last, register.now + timedelta(days=1))
    gone = await employed(register, "access_approver")
    await change(register, gone, "deactivated")
    with pytest.raises(LastApproverError):  # of somebody who is not there
        await change(register, last, state)
    assert await holds(register, token)
    told = {one["event"] for one in register.since(mark) if one["object"] == f"account:{last}"}
    assert told == set()
    leaving = await employed(register, "access_approver")
    await leave(register, leaving, register.now + timedelta(days=30))
    with pytest.raises(LastApproverError):  # or of somebody who is on his way out himself
        await change(register, last, state)
    await employed(register, "access_approver")
    await change(register, last, state)
    assert await register.roles(last) == set()
    assert not await holds(register, token)


async def test_term_13_5_nor_does_the_last_approver_lose_that_role(register: Register) -> None:
    last, where = await employed(register, "access_approver"), register.authority.id
    soon = SystemClock().now() + timedelta(days=1)  # the database's clock judges what has ended already
    async with platform_as(register.server, "setup") as setup:
        with pytest.raises(LastApproverError):
            await revoke_role(setup, last, "access_approver", where, actor=SETUP, now=register.now)
        with pytest.raises(LastApproverError):
            await grant_role(setup, last, "access_approver", where, actor=SETUP, now=register.now, valid_until=soon)
        for statement in (
            "delete from role_grant where account_id = %s and role = 'access_approver'",
            "update role_grant set valid_until = now() + interval '1 hour' where account_id = %s",
            "update role_grant set role = 'auditor' where account_id = %s and role = 'access_approver'",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation):
                register.ask(statement, last)
        assert await register.roles(last) == {"access_approver"}
        await employed(register, "access_approver")
        assert await revoke_role(setup, last, "access_approver", where, actor=SETUP, now=register.now)
    assert await register.roles(last) == set()


async def test_term_13_5_whose_day_was_said_in_time_goes_on_that_day(register: Register) -> None:
    """Also where the successor's role ended in between: whoever left is not let in for it."""
    leaves, stays = await employed(register, "access_approver"), await employed(register)
    day, where = register.now + timedelta(days=1), register.authority.id
    async with platform_as(register.server, "setup") as setup:
        await grant_role(
            setup, stays, "access_approver", where, actor=SETUP, now=register.now, valid_until=day - timedelta(hours=9)
        )
    await leave(register, leaves, day)
    register.now = day - timedelta(hours=9)
    with pytest.raises(LastApproverError):  # nobody puts him out before
        await change(register, leaves, "deactivated")
    register.now = day
    await register.end_accounts()
    assert await register.roles(leaves) == set()


async def test_term_12_1_each_change_of_an_account_is_one_entry(register: Register) -> None:
    account = await employed(register)
    mark = register.mark()
    for state in ("deactivated", "active", "removed"):
        await change(register, account, state)
    assert [(one["event"], one["object"]) for one in register.since(mark)] == [
        (f"account.{what}", f"account:{account}") for what in ("deactivated", "reactivated", "removed")
    ]
    other, mark = await employed(register), register.mark()
    register.ask("update account set state = 'deactivated' where id = %s", other)
    [entry] = register.since(mark)
    assert (entry["event"], entry["object"]) == ("row.changed_by_hand", f"account:{other}")
    assert entry["actor"].startswith("database:")


def name_stands(register: Register) -> bool:
    """Whether any row of any table says the name."""
    tables = register.ask("select schemaname || '.' || tablename from pg_tables where schemaname in ('vaka', 'ledger')")
    assert len(tables) > 20
    found = (register.ask(f"select count(*) from {table} t where t::text like %s", f"%{NAME}%") for (table,) in tables)
    return any(count for [(count,)] in found)
