# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Setup's login gives nobody a role once the installation is founded (terms 2 and 8); it takes one, and ends one."""

from collections.abc import Iterator
from contextlib import closing
from uuid import UUID

import psycopg
import pytest

from tests.access.register import place
from tests.database.founding import House, unfounded_house
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role

pytestmark = pytest.mark.database

Setup = psycopg.Connection[tuple[object, ...]]
GIVE = (
    "insert into role_grant (account_id, role, authority_id, granted_at, valid_until)"
    " values (%(id)s, %(role)s, %(where)s, now(), now() + interval '300 days')"
)
HELD = "select role, valid_until from role_grant where account_id = %(id)s order by role"
ROGUE = {
    "gives": GIVE,
    "prolongs": "update role_grant set valid_until = now() + interval '360 days' where account_id = %(id)s",
    "prolongs for ever": "update role_grant set valid_until = null where account_id = %(id)s",
    "gives it again": GIVE + " on conflict (account_id, role,"
    " coalesce(authority_id, '00000000-0000-0000-0000-000000000000')) do update set valid_until = null",
    "makes another of it": "update role_grant set role = %(role)s where account_id = %(id)s",
    "moves it": "update role_grant set authority_id = null where account_id = %(id)s",
    "dates it back": "update role_grant set granted_at = now() - interval '1 day', valid_until = now()"
    " where account_id = %(id)s",
    "rests it on a request": "update role_grant set request_id = gen_random_uuid() where account_id = %(id)s",
}


@pytest.fixture
def house(server: Server) -> Iterator[House]:
    with unfounded_house(server) as house:
        yield house


@pytest.fixture
def setup(server: Server) -> Iterator[Setup]:
    """The rogue, with the credential of the user who runs the commands."""
    conninfo = server.conninfo(platform_role("setup"), PLATFORM_DATABASE)
    with closing(psycopg.connect(conninfo, autocommit=True)) as connection:
        connection.execute("set search_path = vaka")
        yield connection


@pytest.fixture
def held(house: House, setup: Setup, server: Server) -> dict[str, object]:
    """Somebody whom setup's login gave a role while the installation was being founded; by now it is founded."""
    about = {"id": house.account(kind="user"), "role": "operator", "where": place(server).id}
    setup.execute(GIVE.encode(), about)
    house.found()
    return about | {"role": "shift_leader"}


def roles(house: House, account: object) -> list[tuple[object, ...]]:
    return house.ask(HELD, id=account)


@pytest.mark.parametrize("role", ["vaka_setup", "g_setup"])
@pytest.mark.parametrize("how", ROGUE)
def test_term_02_3_a_rogue_with_setups_login_gives_nobody_a_role(
    house: House, setup: Setup, held: dict[str, object], how: str, role: str
) -> None:
    before = roles(house, held["id"])
    setup.execute(f"set role {role}".encode())
    asked = held | ({"role": "operator"} if how == "gives it again" else {})
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="two administrators decide"):
        setup.execute(ROGUE[how].encode(), asked)
    assert roles(house, held["id"]) == before != []


def test_term_02_3_no_administrator_makes_another_by_setups_login(house: House, setup: Setup) -> None:
    third = house.account("link", "key")
    house.found()
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="two administrators decide"):
        setup.execute(GIVE.encode(), {"id": third, "role": "administrator", "where": None})
    assert roles(house, third) == []


def test_it_ends_one_sooner_and_takes_one(house: House, setup: Setup, held: dict[str, object]) -> None:
    setup.execute(b"update role_grant set valid_until = now() + interval '1 hour' where account_id = %(id)s", held)
    [(_, until)] = roles(house, held["id"])
    assert house.ask("select %(until)s < now() + interval '2 hours'", until=until) == [(True,)]
    setup.execute(b"delete from role_grant where account_id = %(id)s", held)
    assert roles(house, held["id"]) == []


def test_what_an_authority_is_asked_for_is_given_by_the_function_alone(
    house: House, setup: Setup, held: dict[str, object]
) -> None:
    """An emergency of a role that the authority has designated holds at once, and the authority answers for it."""
    house.unguarded(
        "insert into designated_role (authority_id, role, since, designated_by, reason)"
        " values (%(where)s, %(role)s, now(), %(id)s, 'KS 1')", **held,
    )  # fmt: skip
    try:
        setup.execute(
            b"select request_role(gen_random_uuid(), 'emergency', %(id)s, %(role)s, %(where)s, now(),"
            b" now() + interval '1 hour', 'Sjuk ledare', null, now() + interval '1 day', 'setup:uid-0')", held,
        )  # fmt: skip
        assert [role for role, _ in roles(house, held["id"])] == ["operator", "shift_leader"]
    finally:
        house.unguarded("delete from designated_role where authority_id = %(where)s", where=held["where"])
        house.unguarded("delete from role_request where account_id = %(id)s", id=held["id"])


def test_a_demo_is_furnished_after_it_was_founded(house: House, setup: Setup) -> None:
    house.found()
    account: UUID = house.account(kind="user")
    about = {"id": account, "role": "operator", "where": None}
    kept = house.ask("select mode, since from installation")
    house.unguarded("delete from installation")
    try:
        for mode in ("production", "demo"):
            house.unguarded("delete from installation")
            house.unguarded("insert into installation (mode, since) values (%(mode)s, now())", mode=mode)
            if mode == "production":
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    setup.execute(GIVE.encode(), about)
        setup.execute(GIVE.encode(), about)
    finally:
        house.unguarded("delete from installation")
        for was, since in kept:
            house.unguarded("insert into installation (mode, since) values (%(was)s, %(at)s)", was=was, at=since)
    assert [role for role, _ in roles(house, account)] == ["operator"]
