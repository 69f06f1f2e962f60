# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Administrators are a class of their own (term 10): their roles are nobody else's, and are held with no authority."""

import psycopg
import pytest

from tests.access.register import SETUP, Register, place
from tests.platform import platform_as
from vaka.access.duties import ConflictingDutiesError
from vaka.access.grants import RoleOfAnotherClassError, grant_role, read_grants
from vaka.access.roles import ROLES, WITH_AUTHORITIES
from vaka.database.server import Server

pytestmark = [pytest.mark.anyio, pytest.mark.database]

INSERT = "insert into role_grant (account_id, role, authority_id, granted_at) values (%s, %s, %s, now())"
THEIRS = sorted(set(ROLES) - set(WITH_AUTHORITIES))


@pytest.fixture(scope="module")
def register(server: Server) -> Register:
    return Register(server, place(server))


def test_the_database_knows_the_same_roles_of_administrators(register: Register) -> None:
    said = register.ask("select r from unnest(%s::text[]) r where is_administrators_role(r) order by r", [*ROLES])
    assert [row[0] for row in said] == THEIRS != []


@pytest.mark.parametrize("role", THEIRS)
async def test_term_10_1_no_user_gets_an_administrators_role(register: Register, role: str) -> None:
    user = await register.account("operator")
    for where in (None, register.authority.id):
        async with platform_as(register.server, "setup") as setup:
            with pytest.raises(RoleOfAnotherClassError):
                await grant_role(setup, user, role, where, actor=SETUP, now=register.now)
        with pytest.raises(psycopg.errors.CheckViolation):
            register.ask(INSERT, user, role, where)
        async with platform_as(register.server, "setup") as setup:
            with pytest.raises(psycopg.errors.CheckViolation):
                await setup.execute(INSERT.encode(), (user, role, where))
        with pytest.raises(psycopg.errors.CheckViolation):
            register.ask("update role_grant set role = %s, authority_id = %s where account_id = %s", role, where, user)
    async with platform_as(register.server, "office") as office:
        assert {one.role for one in await read_grants(office, user, register.now)} == {"operator"}


@pytest.mark.parametrize("role", THEIRS)
async def test_no_administrator_has_his_role_with_an_authority(register: Register, role: str) -> None:
    administrator = await register.account(kind="administrator")
    async with platform_as(register.server, "setup") as setup:
        with pytest.raises(RoleOfAnotherClassError):
            await grant_role(setup, administrator, role, register.authority.id, actor=SETUP, now=register.now)
        assert await grant_role(setup, administrator, role, None, actor=SETUP, now=register.now)
    async with platform_as(register.server, "office") as office:
        [held] = await read_grants(office, administrator, register.now)
    assert (held.role, held.authority_id) == (role, None)


async def test_an_administrator_does_not_review_for_an_authority_with_another_account(register: Register) -> None:
    administrator = await register.account(kind="administrator")
    user = await register.account(human=await register.human(administrator))
    async with platform_as(register.server, "setup") as setup:
        await grant_role(setup, administrator, "administrator", None, actor=SETUP, now=register.now)
    for role in ("log_reviewer", "auditor", "access_approver"):
        with pytest.raises(ConflictingDutiesError):
            await register.grant(user, role)
    await register.grant(user, "operator")


@pytest.mark.parametrize("role", ["log_reviewer", "auditor", "access_approver"])
async def test_nor_does_a_reviewer_become_an_administrator(register: Register, role: str) -> None:
    administrator = await register.account(kind="administrator")
    await register.account(role, human=await register.human(administrator))
    async with platform_as(register.server, "setup") as setup:
        with pytest.raises(ConflictingDutiesError):
            await grant_role(setup, administrator, "administrator", None, actor=SETUP, now=register.now)
