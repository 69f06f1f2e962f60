# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Separated duties (term 2): who may not be both is never both, whoever writes it and in whatever way."""

import asyncio
from contextlib import closing
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.access.register import REASON, SETUP, Register, place
from tests.platform import make_account, platform_as
from vaka.access.duties import CONFLICTS, ConflictingDutiesError
from vaka.access.grants import grant_role, revoke_role
from vaka.access.holds import UnusableReasonError
from vaka.access.requests import NotDecidableError, NotRequestableError, request_role
from vaka.access.roles import ROLES, WITH_AUTHORITIES
from vaka.access.time_boxes import usual_end
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.errors import Category
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

IN_AN_AUTHORITY = tuple(pair for pair in CONFLICTS if {pair.one, pair.other} <= {*WITH_AUTHORITIES})
"""The others concern administrators' accounts (tests/access/test_administrators.py)."""
INSERT = "insert into role_grant (account_id, role, authority_id, granted_at) values (%s, %s, %s, now())"


@pytest.fixture(scope="module")
def places(server: Server) -> tuple[Authority, Authority]:
    return place(server), place(server)


@pytest.fixture
def register(server: Server, places: tuple[Authority, Authority]) -> Register:
    return Register(server, places[0])


def test_the_database_reads_the_pairs_that_the_code_declares(register: Register) -> None:
    kept = register.ask("select one, other, anywhere from role_conflict order by one, other")
    assert kept == [(pair.one, pair.other, pair.anywhere) for pair in CONFLICTS]
    assert all(pair.one in ROLES and pair.other in ROLES and pair.one < pair.other for pair in CONFLICTS)
    for change in ("delete from role_conflict", "truncate role_conflict", "update role_conflict set anywhere = false",
                   "insert into role_conflict values ('a', 'b', true)"):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            register.ask(change)
    assert all(pair.why.sv and pair.why.en for pair in CONFLICTS)
    # Between the supplier's people and an authority's, the place makes no difference.
    for pair in CONFLICTS:
        assert pair.anywhere is (ROLES[pair.one].realm != ROLES[pair.other].realm)


async def test_term_02_1_a_pair_is_refused_when_it_is_granted(register: Register) -> None:
    mark, here = register.mark(), register.authority.id
    async with platform_as(register.server, "setup") as setup:
        for first, second in (
            (one, other) for pair in IN_AN_AUTHORITY for one, other in permutations((pair.one, pair.other))
        ):
            account = await make_account(register.server, actor=SETUP, now=register.now)
            end = usual_end(first, register.now)
            await grant_role(setup, account, first, here, actor=SETUP, now=register.now, valid_until=end)
            with pytest.raises(ConflictingDutiesError) as refused:
                await grant_role(setup, account, second, here, actor=SETUP, now=register.now)
            assert refused.value.category is Category.CONFLICT
            assert (refused.value.role, refused.value.beside) == (second, first)
            assert ROLES[first].title.sv in refused.value.sentence.sv
            with pytest.raises(ConflictingDutiesError):
                await request_role(setup, account, second, here, reason=REASON, actor=SETUP, now=register.now)
            assert register.ask("select role from role_grant where account_id = %s", account) == [(first,)]
    assert [entry["event"] for entry in register.since(mark)] == [
        event for _ in IN_AN_AUTHORITY for _ in range(2) for event in ("account.created", "role.granted")
    ]


async def test_term_02_1_what_is_no_pair_is_granted(register: Register) -> None:
    account = await register.account("contract_officer", "archivist", "access_approver")
    assert await register.roles(account) == {"contract_officer", "archivist", "access_approver"}
    supplier = await register.account("operator", "shift_leader", "device_technician")
    assert await register.roles(supplier) == {"operator", "shift_leader", "device_technician"}


@pytest.mark.parametrize(("login", "role"), [(SUPERUSER, ""), (SUPERUSER, "vaka_owner"), (platform_role("setup"), "")])
async def test_term_02_2_raw_sql_gets_an_error(register: Register, login: str, role: str) -> None:
    account = await register.account("log_reviewer")
    values, mark = (account, "contract_officer", register.authority.id), register.mark()
    with closing(psycopg.connect(register.server.conninfo(login, PLATFORM_DATABASE), autocommit=True)) as hand:
        hand.execute("set search_path = vaka")
        if role:
            hand.execute(f"set role {role}".encode())
        with pytest.raises(psycopg.errors.CheckViolation) as refused:
            hand.execute(INSERT, values)
    assert refused.value.diag.constraint_name == "separated_duties"
    # Nor by changing a grant there is, nor with dates that lie.
    register.ask(INSERT, account, "archivist_of_old", register.authority.id)
    for change in ("role = 'archivist'", "role = 'archivist', granted_at = 'infinity'",
                   "role = 'archivist', granted_at = '2000-01-01Z'"):  # fmt: skip
        with pytest.raises(psycopg.errors.CheckViolation):
            register.ask(f"update role_grant set {change} where account_id = %s and role = 'archivist_of_old'", account)
    with pytest.raises(psycopg.errors.CheckViolation):
        register.ask(INSERT.replace("now()", "'infinity'"), *values)
    assert {entry["event"] for entry in register.since(mark)} == {"row.changed_by_hand"}  # the invented role alone


async def test_a_row_that_is_changed_is_not_in_its_own_way(register: Register) -> None:
    account = await register.account("operator")
    register.ask("update role_grant set role = 'quality_reviewer' where account_id = %s", account)
    assert await register.roles(account) == {"quality_reviewer"}
    with pytest.raises(ConflictingDutiesError):
        await register.grant(account, "operator")


async def test_a_role_that_has_ended_is_in_nobodys_way(register: Register) -> None:
    account = await register.account()
    await register.grant(account, "log_reviewer", until=register.now + timedelta(hours=1))
    with pytest.raises(ConflictingDutiesError):
        await register.grant(account, "archivist")
    register.now -= timedelta(days=3)  # given long ago, and over
    ended = await register.account()
    await register.grant(ended, "log_reviewer", until=register.now + timedelta(hours=1))
    register.now += timedelta(days=2)
    await register.grant(ended, "archivist")
    assert await register.roles(ended) == {"archivist"}


async def test_where_a_pair_counts(register: Register, places: tuple[Authority, Authority]) -> None:
    account = await register.account("archivist")
    await register.grant(account, "log_reviewer", places[1].id)  # in another authority
    supplier = await register.account("operator")
    for role in ("access_approver", "log_reviewer", "auditor"):
        with pytest.raises(ConflictingDutiesError):
            await register.grant(supplier, role, places[1].id)
    async with platform_as(register.server, "setup") as setup:
        with pytest.raises(ConflictingDutiesError):
            await grant_role(setup, account, "operator", None, actor="setup", now=register.now)


async def test_two_halves_at_the_same_time_are_one_too_many(register: Register) -> None:
    account = await register.account()
    results = await asyncio.gather(
        *(register.grant(account, role) for role in ("log_reviewer", "archivist", "records_officer")),
        return_exceptions=True,
    )
    refused = [one for one in results if isinstance(one, ConflictingDutiesError)]
    assert [one for one in results if one is not True] == refused
    assert len(refused) == 2
    assert len(await register.roles(account)) == 1


async def test_term_02_3_nobody_approves_what_he_asked_for_in_whatever_session(register: Register) -> None:
    approver = await register.account("access_approver")
    account = await register.account("archivist")
    asked = await register.request(account, "log_reviewer", "exception", actor=f"account:{approver}")
    for _ in range(2):  # each with a session of its own
        with pytest.raises(NotDecidableError) as refused:
            await register.decide(asked, await register.principal(approver))
        assert refused.value.category is Category.FORBIDDEN
    register.ask("update account set display_name = 'Vera Nygift' where id = %s", approver)
    with pytest.raises(NotDecidableError):
        await register.decide(asked, await register.principal(approver))
    assert await register.roles(account) == {"archivist"}
    await register.decide(asked, await register.principal(await register.account("access_approver")))
    assert await register.roles(account) == {"archivist", "log_reviewer"}


async def test_term_02_4_an_exception_ends_with_its_role(register: Register) -> None:
    approver = await register.principal(await register.account("access_approver"))
    account = await register.account("archivist")
    until = register.now + timedelta(days=30)
    mark = register.mark()
    asked = await register.request(account, "log_reviewer", "exception", valid_until=until)
    assert (asked.beside, asked.reason, asked.valid_until) == ("archivist", REASON, until)
    assert await register.roles(account) == {"archivist"}, "asked for is not given"
    await register.decide(asked, approver)
    assert await register.roles(account) == {"archivist", "log_reviewer"}
    with pytest.raises(ConflictingDutiesError):  # longer than it was approved for
        await register.grant(account, "log_reviewer", until=until + timedelta(seconds=1))
    with pytest.raises(ConflictingDutiesError):  # and for nothing else
        await register.grant(account, "auditor", until=until)
    await register.settle()
    register.now = until
    assert await register.roles(account) == {"archivist"}, "also while no scheduler works"
    assert await register.settle() >= 1
    assert await register.settle() == 0
    assert (await register.find(asked.id)).state == "ended"
    assert register.ask("select role from role_grant where account_id = %s", account) == [("archivist",)]
    told = [one for one in register.since(mark) if one["object"] == f"account:{account}"]
    assert [one["event"] for one in told] == ["role.requested", "role.approved", "role.lapsed"]
    assert told[-1]["actor"] == "scheduler"
    assert told[-1]["detail"] == {
        "request": str(asked.id), "kind": "exception", "role": "log_reviewer", "authority": str(register.authority.id),
        "reason": "exception_ended",
    }  # fmt: skip
    with pytest.raises(ConflictingDutiesError):
        await register.grant(account, "log_reviewer")


@pytest.mark.parametrize("facts", [
    {"valid_until": None}, {"control": None}, {"days": 181}, {"days": 0},
], ids=str)  # fmt: skip
async def test_an_exception_has_a_control_and_an_end(register: Register, facts: dict[str, Any]) -> None:
    account = await register.account("archivist")
    if "days" in facts:
        facts = {"valid_until": register.now + timedelta(days=facts["days"])}
    with pytest.raises(NotRequestableError):
        await register.request(account, "log_reviewer", "exception", **facts)
    for nothing in ("", "  ", "x" * 201, "för 19320212-9809"):
        with pytest.raises(UnusableReasonError):
            await register.request(account, "log_reviewer", "exception", reason=nothing)


async def test_nothing_is_excepted_where_nothing_is_in_the_way(register: Register) -> None:
    with pytest.raises(NotRequestableError):
        await register.request(await register.account("archivist"), "contract_officer", "exception")
    with pytest.raises(NotRequestableError):
        await register.request(uuid4(), "log_reviewer", "exception")


async def test_a_refused_exception_gives_nothing(register: Register) -> None:
    approver = await register.principal(await register.account("access_approver"))
    account = await register.account("archivist")
    asked = await register.request(account, "log_reviewer", "exception")
    await register.decide(asked, approver, "refused")
    assert await register.roles(account) == {"archivist"}
    with pytest.raises(NotDecidableError):
        await register.decide(asked, approver)


async def test_an_exception_that_somebody_writes_himself_is_none(register: Register) -> None:
    account = await register.account("archivist")
    asked = await register.request(account, "log_reviewer", "exception")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        register.ask("update role_request set state = 'approved', decided_by = account_id, decided_at = now()"
                     " where id = %s", asked.id)  # fmt: skip
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        register.ask("delete from role_request where id = %s", asked.id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        register.ask("truncate role_request cascade")


async def test_term_02_5_one_human_with_two_accounts_counts_as_one(register: Register) -> None:
    user = await register.account("archivist")
    human = await register.human(user)
    administrator = await register.account(kind="administrator", human=human)
    assert await register.human(administrator) == human
    with pytest.raises(ConflictingDutiesError):
        await register.grant(administrator, "log_reviewer")
    await register.grant(administrator, "contract_officer")
    with pytest.raises(ConflictingDutiesError):
        await register.grant(user, "records_officer")
    other = await register.account()
    await register.grant(other, "records_officer")
    assert await register.roles(other) == {"records_officer"}
    async with platform_as(register.server, "setup") as setup:
        await revoke_role(setup, administrator, "contract_officer", register.authority.id, actor="x", now=register.now)


async def test_a_human_has_one_account_of_each_kind_and_keeps_them(register: Register) -> None:
    account = await register.account()
    human = await register.human(account)
    await register.account(kind="administrator", human=human)
    mark = register.mark()
    for kind in ("user", "administrator"):
        with pytest.raises(psycopg.errors.UniqueViolation):
            await register.account(kind=kind, human=human)
        with pytest.raises(psycopg.errors.UniqueViolation):
            register.ask(
                "insert into account (id, human, display_name, kind, created_at) values (%s, %s, 'X', %s, now())",
                uuid4(), human, kind,
            )  # fmt: skip
    assert register.since(mark) == []
    other = await register.account()
    for change in (f"human = '{uuid4()}'", f"human = '{human}'", "kind = 'administrator'"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            register.ask(f"update account set {change} where id = %s", other)
    assert human != await register.human(other)


async def test_humans_are_random(register: Register) -> None:
    made = [await register.human(await register.account()) for _ in range(2)]
    assert all(UUID(str(human)).version == 4 for human in made)
    assert made[0] != made[1]
