# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Grants as rows: given, read while they hold, taken back."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.platform import entries, make_account, newest, platform_as
from vaka.access.grants import (
    NotAColleagueError,
    UnknownRoleError,
    grant_role,
    list_colleagues,
    read_grants,
    require_colleague,
    revoke_role,
)
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture(scope="module")
def place(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
def onlooker(server: Server) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        yield connection


async def new_account(server: Server, name: str = "Olga", kind: str = "user") -> UUID:
    return await make_account(server, name, kind=kind, now=START)


async def roles_at(server: Server, account: UUID, hours: float = 0) -> list[str]:
    async with platform_as(server, "desk") as desk:
        return [grant.role for grant in await read_grants(desk, account, START + timedelta(hours=hours))]


async def test_a_grant_holds_until_it_ends(
    server: Server, place: Authority, onlooker: psycopg.Connection[dict[str, Any]]
) -> None:
    account, last = await new_account(server), newest(onlooker)
    async with platform_as(server, "setup") as setup:
        await grant_role(setup, account, "operator", place.id, actor="setup", now=START)
        await grant_role(
            setup, account, "shift_leader", place.id, actor="setup", now=START, valid_until=START + timedelta(hours=8)
        )
    assert await roles_at(server, account, 7.9) == ["operator", "shift_leader"]
    assert await roles_at(server, account, 8) == ["operator"]
    assert await roles_at(server, uuid4()) == []
    ends = [line["detail"].get("valid_until") for line in entries(onlooker, last)]
    assert ends == [None, (START + timedelta(hours=8)).isoformat()]


async def test_giving_and_taking_are_entries_and_repeating_is_not(
    server: Server, place: Authority, onlooker: psycopg.Connection[dict[str, Any]]
) -> None:
    account = await new_account(server)
    last = newest(onlooker)
    given: dict[str, Any] = {"actor": "setup", "now": START}
    async with platform_as(server, "setup") as setup:
        assert await grant_role(setup, account, "operator", place.id, **given)
        assert not await grant_role(setup, account, "operator", place.id, **given)
        assert await grant_role(setup, account, "operator", place.id, valid_until=START + timedelta(days=1), **given)
        assert await grant_role(setup, account, "operator", None, **given)
        assert await revoke_role(setup, account, "operator", place.id, **given)
        assert not await revoke_role(setup, account, "operator", place.id, **given)
    written = entries(onlooker, last)
    assert [line["event"] for line in written] == ["role.granted", "role.granted", "role.granted", "role.revoked"]
    assert {line["object"] for line in written} == {f"account:{account}"}
    assert written[0]["detail"] == {"role": "operator", "authority": str(place.id)}
    assert await roles_at(server, account) == ["operator"]  # the supplier's own premises


async def test_there_are_no_invented_roles(server: Server, place: Authority) -> None:
    account = await new_account(server)
    async with platform_as(server, "setup") as setup:
        with pytest.raises(UnknownRoleError):
            await grant_role(setup, account, "superuser", place.id, actor="setup", now=START)
    assert await roles_at(server, account) == []


async def test_a_deactivated_account_has_no_grants(
    server: Server, place: Authority, onlooker: psycopg.Connection[dict[str, Any]]
) -> None:
    account = await new_account(server)
    async with platform_as(server, "setup") as setup:
        await grant_role(setup, account, "operator", place.id, actor="setup", now=START)
    onlooker.execute("update vaka.account set state = 'deactivated' where id = %s", (account,))
    assert await roles_at(server, account) == []


async def test_colleagues_are_those_who_may_handle_alarms_there(
    server: Server, new_authority: Callable[..., Authority]
) -> None:
    here, elsewhere = new_authority(), new_authority()
    people = {
        name: await new_account(server, name, kind)
        for name, kind in (
            ("Bo", "user"), ("Asta", "user"), ("Granskare", "user"), ("Annan", "user"), ("Gammal", "user"),
            ("Adam", "administrator"),
        )
    }  # fmt: skip
    async with platform_as(server, "setup") as setup:
        for name, role, where in (
            ("Bo", "operator", here), ("Asta", "shift_leader", here), ("Granskare", "quality_reviewer", here),
            ("Annan", "operator", elsewhere), ("Adam", "operator", here),
        ):  # fmt: skip
            await grant_role(setup, people[name], role, where.id, actor="setup", now=START)
        await grant_role(setup, people["Gammal"], "operator", here.id, actor="setup", now=START, valid_until=START)
    async with platform_as(server, "desk") as desk:
        assert [one.display_name for one in await list_colleagues(desk, here.id, START)] == ["Asta", "Bo"]
        assert (await require_colleague(desk, here.id, people["Bo"], START)).display_name == "Bo"
        for name in ("Annan", "Granskare", "Gammal", "Adam"):
            with pytest.raises(NotAColleagueError):
                await require_colleague(desk, here.id, people[name], START)
