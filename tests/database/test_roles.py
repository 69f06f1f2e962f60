# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who can log in, as what, and where: one login role per component and database, powerless outside it."""

import stat
from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest

from vaka.database.migrate import GROUPS
from vaka.database.provision import OWNERS, PLATFORM_COMPONENTS, TENANT_COMPONENTS
from vaka.database.server import (
    KEY_DATABASE,
    KEYHOLDER_ROLE,
    PLATFORM_DATABASE,
    SUPERUSER,
    Server,
    platform_role,
    tenant_role,
)
from vaka.tenants.authorities import Authority


@pytest.fixture(scope="module")
def authorities(new_authority: Callable[..., Authority]) -> tuple[Authority, Authority]:
    return new_authority(), new_authority()


@pytest.fixture(scope="module")
def catalogue(
    server: Server, authorities: tuple[Authority, Authority]
) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as connection:
        yield connection


def homes(authorities: tuple[Authority, Authority]) -> dict[str, str]:
    """Each login role and the one database it may enter."""
    found = {platform_role(component): PLATFORM_DATABASE for component in PLATFORM_COMPONENTS}
    found[KEYHOLDER_ROLE] = KEY_DATABASE
    for authority in authorities:
        for component in TENANT_COMPONENTS:
            found[tenant_role(authority.database_name, component)] = authority.database_name
    return found


def test_only_the_superuser_is_powerful(catalogue: psycopg.Connection[tuple[object, ...]]) -> None:
    powerful = catalogue.execute(
        """select rolname from pg_roles
            where rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls"""
    ).fetchall()
    assert powerful == [(SUPERUSER,)]


def test_nobody_is_a_member_of_a_predefined_role_or_of_an_owner(
    catalogue: psycopg.Connection[tuple[object, ...]],
) -> None:
    """pg_write_all_data and its like would pass by every grant; an owner may do anything to what it owns."""
    memberships = catalogue.execute(
        """select m.rolname, g.rolname, a.admin_option from pg_auth_members a
             join pg_roles m on m.oid = a.member join pg_roles g on g.oid = a.roleid
            where m.rolname !~ '^pg_'"""
    ).fetchall()
    assert memberships
    for member, group, may_pass_it_on in memberships:
        assert group == "g_" + str(member).rsplit("_", 1)[-1], member
        assert may_pass_it_on is False, member


def test_each_login_role_is_in_one_group_only(
    catalogue: psycopg.Connection[tuple[object, ...]], authorities: tuple[Authority, Authority]
) -> None:
    for role in homes(authorities):
        row = catalogue.execute("select count(*) from pg_auth_members where member = %s::regrole", (role,)).fetchone()
        assert row == (1,), role


def test_groups_and_owners_cannot_log_in(catalogue: psycopg.Connection[tuple[object, ...]]) -> None:
    names = [*OWNERS, *GROUPS]
    can = catalogue.execute("select rolname from pg_roles where rolcanlogin and rolname = any(%s)", (names,)).fetchall()
    assert can == []


def test_every_role_that_can_log_in_is_one_of_ours(
    server: Server, catalogue: psycopg.Connection[tuple[object, ...]]
) -> None:
    """A login role without a credential file, or the other way round, is one nobody looks after."""
    rows = catalogue.execute("select rolname::text from pg_roles where rolcanlogin").fetchall()
    files = {path.stem for path in server.credentials.glob("*.pgpass")}
    assert {name for (name,) in rows} == files


def test_credentials_are_readable_by_their_owner_alone(
    server: Server, authorities: tuple[Authority, Authority]
) -> None:
    assert stat.S_IMODE(server.credentials.stat().st_mode) == 0o700
    for path in server.credentials.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_term_31_2_a_login_enters_its_own_database_and_no_other(
    server: Server, authorities: tuple[Authority, Authority]
) -> None:
    databases = [PLATFORM_DATABASE, KEY_DATABASE, "postgres", "template1"]
    databases += [authority.database_name for authority in authorities]
    for role, home in homes(authorities).items():
        for database in databases:
            if database == home:
                psycopg.connect(server.conninfo(role, database)).close()
                continue
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(server.conninfo(role, database))


def test_a_role_cannot_become_another(server: Server, authorities: tuple[Authority, Authority]) -> None:
    everyone = [SUPERUSER, *OWNERS, *homes(authorities), *GROUPS]
    for role, home in homes(authorities).items():
        group = "g_" + role.rsplit("_", 1)[-1]
        with closing(psycopg.connect(server.conninfo(role, home), autocommit=True)) as connection:
            for other in everyone:
                if other in (role, group):
                    continue
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"set role {other}")
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"set session authorization {other}")


def test_new_databases_are_closed_to_everyone(
    server: Server, catalogue: psycopg.Connection[tuple[object, ...]]
) -> None:
    open_to_public = catalogue.execute(
        """select datname, right_ from pg_database, unnest(array['connect', 'create', 'temp']) right_
            where datallowconn and has_database_privilege('public', oid, right_)
              and not (right_ = 'temp' and datname in ('postgres', 'template1'))"""
    ).fetchall()
    assert open_to_public == []


@pytest.mark.parametrize("password", ["", "wrong"])
def test_a_wrong_password_is_refused(server: Server, authorities: tuple[Authority, Authority], password: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(
            server.conninfo(platform_role("desk"), PLATFORM_DATABASE), password=password, passfile="/nonexistent"
        )
