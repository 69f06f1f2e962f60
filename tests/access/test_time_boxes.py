# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Roles that are given for a time alone (term 37): the auditor's needs an end within a year, however it is given."""

from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.access.register import REASON, Register, place
from tests.access.test_designated import approver, designate
from tests.auditing import engage
from tests.platform import platform_as
from vaka.access.requests import Kind, NotRequestableError
from vaka.access.roles import ROLES
from vaka.access.time_boxes import CONSTRAINT, LONGEST, TIME_BOXED, YEAR, EndNeededError
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.errors import Category

pytestmark = [pytest.mark.anyio, pytest.mark.database]

ROLE = "auditor"
TOO_LATE = LONGEST + timedelta(seconds=1)
GRANT = (
    "insert into vaka.role_grant (account_id, role, authority_id, granted_at, valid_until)"
    " values (%(who)s, %(role)s, %(where)s, %(at)s, %(until)s)"
)


@pytest.fixture
def register(server: Server) -> Register:
    return Register(server, place(server))


def grant_by_hand(register: Register, who: UUID, until: datetime | None, *, unguarded: bool = False) -> None:
    register.ask(
        "insert into role_grant (account_id, role, authority_id, granted_at, valid_until) values (%s, %s, %s, %s, %s)",
        who, ROLE, register.authority.id, register.now, until, unguarded=unguarded,
    )  # fmt: skip


async def test_the_database_knows_which_roles_need_an_end(register: Register) -> None:
    said = register.ask("select r from unnest(%s::text[]) r where is_time_boxed(r)", [*ROLES])
    assert {row[0] for row in said} == {*TIME_BOXED} == {ROLE}


@pytest.mark.parametrize("longer", [None, TOO_LATE])
async def test_nobody_is_an_auditor_without_an_end(register: Register, longer: timedelta | None) -> None:
    account, mark = await register.account(), register.mark()
    with pytest.raises(EndNeededError) as refused:
        await register.grant(account, ROLE, until=None if longer is None else register.now + longer)
    assert refused.value.category is Category.CONFLICT
    assert "Rollen revisor ges bara på tid: den behöver ett slut, högst 366 dagar bort." in refused.value.sentence.sv
    assert "The role auditor is given for a time alone" in refused.value.sentence.en
    assert "State the first day on which it holds no more" in refused.value.sentence.en
    assert await register.roles(account) == set()
    assert [one for one in register.since(mark) if one["object"] == f"account:{account}"] == []


async def test_an_auditor_is_one_until_his_day_has_come(register: Register) -> None:
    account, end = await register.account(), register.now + LONGEST
    assert await register.grant(account, ROLE, until=end)
    engage(register.server, register.authority.id, account, now=register.now, until=register.now + YEAR)
    with pytest.raises(EndNeededError):
        await register.grant(account, ROLE)
    with pytest.raises(EndNeededError):
        await register.grant(account, ROLE, until=end + timedelta(days=1))
    assert await register.grant(account, ROLE, until=end - timedelta(days=1)), "and is given it anew for less"
    register.now = end - timedelta(days=1, seconds=1)
    assert await register.roles(account) == {ROLE}
    register.now += timedelta(seconds=1)
    assert await register.roles(account) == set()


async def test_other_roles_need_no_end(register: Register) -> None:
    for role in {*ROLES} - {*TIME_BOXED, "administrator"}:
        assert await register.grant(await register.account(), role), role


@pytest.mark.parametrize("kind", ["approval", "emergency"])
@pytest.mark.parametrize("longer", [None, TOO_LATE])
async def test_nor_is_an_authority_asked_for_one(register: Register, kind: Kind, longer: timedelta | None) -> None:
    """An emergency has its hours, and would hold for ever once it is approved."""
    await designate(register, ROLE)
    account = await register.account()
    how: dict[str, Any] = {"hours": 4} if kind == "emergency" else {}
    with pytest.raises(EndNeededError):
        await register.request(
            account, ROLE, kind, valid_until=None if longer is None else register.now + longer, **how
        )
    assert register.ask("select 1 from role_request where account_id = %s", account) == []
    engage(register.server, register.authority.id, account, now=register.now, until=register.now + YEAR)
    asked = await register.request(account, ROLE, kind, valid_until=register.now + YEAR, **how)
    await register.decide(asked, await approver(register))
    assert await register.roles(account) == {ROLE}
    register.now += YEAR
    assert await register.roles(account) == set()


async def test_an_exception_is_bounded_more_closely_still(register: Register) -> None:
    account = await register.account("archivist")
    with pytest.raises(NotRequestableError):
        await register.request(account, ROLE, "exception", valid_until=register.now + YEAR)
    await register.request(account, ROLE, "exception", valid_until=register.now + timedelta(days=30))


async def test_what_was_asked_for_before_is_not_approved(register: Register) -> None:
    """It stands there from when no end was needed: it can be refused, or lapses."""
    await designate(register, ROLE)
    who, account = await approver(register), await register.account()
    register.ask("alter table role_request disable trigger time_boxed")
    try:
        old = await register.request(account, ROLE)
    finally:
        register.ask("alter table role_request enable trigger time_boxed")
    with pytest.raises(EndNeededError):
        await register.decide(old, who)
    assert (await register.find(old.id)).state == "waiting"
    await register.decide(old, who, "refused")
    assert await register.roles(account) == set()


@pytest.mark.parametrize("component", ["setup", None])
async def test_the_supplier_writes_no_auditor_without_an_end_by_hand(register: Register, component: str | None) -> None:
    """Neither the login of setup's commands nor who owns the server, whatever the statement says of its beginning."""
    account, where = await register.account(), register.authority.id
    kept = {"who": account, "where": where, "role": ROLE, "at": register.now, "until": register.now + YEAR}
    late = register.now + timedelta(days=9 * 365)
    refused: list[tuple[str, dict[str, object]]] = [
        (GRANT, {"until": None}),
        (GRANT, {"until": register.now + TOO_LATE}),
        (GRANT, {"until": datetime.max.replace(tzinfo=register.now.tzinfo)}),
        (GRANT, {"at": late, "until": late + timedelta(days=1)}),
        ("update vaka.role_grant set valid_until = null where account_id = %(who)s", {}),
        ("update vaka.role_grant set granted_at = %(at)s, valid_until = %(until)s where account_id = %(who)s",
         {"at": late, "until": late}),
        ("update vaka.role_grant set role = 'auditor' where account_id = %(other)s", {}),
        (f"{GRANT} on conflict (account_id, role, coalesce(authority_id, '00000000-0000-0000-0000-000000000000'))"
         " do update set valid_until = null", {}),
    ]  # fmt: skip
    other = await register.account("care_manager")
    login = SUPERUSER if component is None else platform_role(component)
    async with platform_as(register.server, "setup") as setup:
        await setup.execute(GRANT, kept)
    with closing(psycopg.connect(register.server.conninfo(login, PLATFORM_DATABASE), autocommit=True)) as hand:
        for statement, changed in refused:
            with pytest.raises(psycopg.errors.CheckViolation) as error:
                hand.execute(statement.encode(), {**kept, "other": other, **changed})
            assert error.value.diag.constraint_name == CONSTRAINT, statement
    kept_rows = register.ask("select role, valid_until from role_grant where account_id = %s", account)
    assert kept_rows == [(ROLE, register.now + YEAR)]
    assert await register.roles(other) == {"care_manager"}


async def test_who_was_one_before_stays_one_until_it_is_given_anew(register: Register) -> None:
    account = await register.account()
    grant_by_hand(register, account, None, unguarded=True)
    engage(register.server, register.authority.id, account, now=register.now)
    await designate(register, ROLE)
    assert await register.roles(account) == {ROLE}, "that the authority designates the role puts nobody out"
    [(state, kind)] = register.ask("select state, kind from role_request where account_id = %s", account)
    assert (state, kind) == ("approved", "standing")
    with pytest.raises(psycopg.errors.CheckViolation):
        grant_by_hand(register, await register.account(), None)
    end = register.now + timedelta(days=30)
    await register.decide(
        await register.request(account, ROLE, valid_until=end, reason=REASON), await approver(register)
    )
    register.now = end
    assert await register.roles(account) == set()
