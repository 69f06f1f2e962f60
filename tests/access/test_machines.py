# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The map of machines' identities is what the databases, the keyholder and the register of programs really allow."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
import pytest

from vaka.access import clients
from vaka.access.machines import Machine, list_machines
from vaka.access.permissions import Permission
from vaka.database.migrate import Kind, grants_for
from vaka.database.server import (
    KEY_DATABASE,
    KEYHOLDER_ROLE,
    PLATFORM_DATABASE,
    SUPERUSER,
    Server,
    platform_role,
    tenant_role,
)
from vaka.keys import calls
from vaka.keys.credentials import credential_file
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

Connection = psycopg.Connection[tuple[Any, ...]]


class Right(NamedTuple):
    """One right of one role on one thing, or on one column of it."""

    role: str
    on: str
    right: str
    column: str = ""


class Installed(NamedTuple):
    """What is compared."""

    databases: Mapping[Kind, Connection]
    """As the superuser, to ask the catalogue."""
    tenant: str
    """The database of an authority."""
    server: Server


RIGHTS = """
    with given (role, kind, on_what, right_to, on_column) as (
        select a.grantee, 'table', c.relnamespace::regnamespace || '.' || c.relname, a.privilege_type, ''
        from pg_class c, aclexplode(c.relacl) a where a.grantee <> c.relowner
        union all
        select a.grantee, 'table', c.relnamespace::regnamespace || '.' || c.relname, a.privilege_type, t.attname
        from pg_attribute t join pg_class c on c.oid = t.attrelid, aclexplode(t.attacl) a where a.grantee <> c.relowner
        union all
        select a.grantee, 'function', p.pronamespace::regnamespace || '.' || p.proname || case
            when exists (
                select from pg_proc q where q.pronamespace = p.pronamespace and q.proname = p.proname and q.oid <> p.oid
            )
            then '(' || oidvectortypes(p.proargtypes) || ')' else '' end, a.privilege_type, ''
        from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee <> p.proowner
        union all
        select a.grantee, 'schema', n.nspname, a.privilege_type, ''
        from pg_namespace n, aclexplode(n.nspacl) a where a.grantee <> n.nspowner
    )
    select case role when 0 then 'public' else pg_get_userbyid(role) end, on_what, lower(right_to), on_column
    from given where on_what ~ '^(vaka|ledger|public)(\\.|$)'
"""
"""Every right that anybody was given, but for what PostgreSQL keeps for itself.

Functions of one name are told apart by what they take.
"""
_GRANT = re.compile(r"grant\s+(.+?)\s+on\s+(function|schema|sequence)?\s*(.+?)\s+to\s+([a-z_,\s]+)", re.DOTALL)


def rights_said(kind: Kind) -> set[Right]:
    """What grants.sql says, right by right."""
    said = set()
    for statement in re.sub(r"--[^\n]*", "", grants_for(kind)).split(";"):
        met = _GRANT.fullmatch(statement.strip())
        if met is None:
            assert statement.strip() == "" or statement.strip().startswith("revoke"), statement
            continue
        verbs = [
            (right, column)
            for right, columns in re.findall(r"(\w+)(?:\s*\(([^)]*)\))?", met[1])
            for column in (columns.replace(",", " ").split() or [""])
        ]
        things = [name if met[2] == "schema" or "." in name else f"vaka.{name}" for name in split(met[3])]
        said |= {
            Right(role, thing, right, column)
            for (right, column), thing, role in product(verbs, things, split(met[4]))
        }  # fmt: skip
    return said


def split(names: str) -> list[str]:
    """Names between commas, where no comma in parentheses parts them, with types by their standard names."""
    parted = re.split(r",(?![^()]*\))", names)
    return [re.sub(r"\btimestamptz\b", "timestamp with time zone", " ".join(name.split())) for name in parted]


def differences(installed: Installed, machines: Mapping[str, Machine]) -> set[str]:
    """What is otherwise than the map says. Empty where it is the truth."""
    return {
        *_rights(installed, machines), *_roles(installed, machines), *_connections(installed, machines),
        *_keyholder(installed, machines), *_programs(installed, machines),
    }  # fmt: skip


def _rights(installed: Installed, machines: Mapping[str, Machine]) -> Iterator[str]:
    known = {f"g_{one.name}" for one in machines.values() if one.is_component}
    known |= {one.name for one in machines.values() if one.sort == "owner"}
    for kind, connection in installed.databases.items():
        said = rights_said(kind)
        for role in {right.role for right in said} - known:
            yield f"grants.sql names {role}, which is no machine"
        met = {Right(*row) for row in connection.execute(RIGHTS).fetchall()}
        for right in met ^ said:
            yield f"{kind}: {' '.join(filter(None, right))} {'is there' if right in met else 'is lacking'}"


def login_roles(installed: Installed, machines: Mapping[str, Machine]) -> dict[str, tuple[str, frozenset[Kind]]]:
    """Every role that logs in: in which group it is, and to which databases it connects."""
    found: dict[str, tuple[str, frozenset[Kind]]] = {}
    for one in machines.values():
        group = f"g_{one.name}"
        if one.is_component and "platform" in one.databases:
            found[platform_role(one.name)] = (group, frozenset({"platform"}))
        if one.is_component and "tenant" in one.databases:
            found[tenant_role(installed.tenant, one.name)] = (group, frozenset({"tenant"}))
        if one.is_component and "keys" in one.databases:
            found[KEYHOLDER_ROLE] = (group, frozenset({"keys"}))
    return found


def _roles(installed: Installed, machines: Mapping[str, Machine]) -> Iterator[str]:
    platform, tenant = installed.databases["platform"], installed.tenant
    expected = login_roles(installed, machines)
    # Other authorities' roles are the same again; the server's own begin with pg_.
    rows = platform.execute(
        "select rolname, rolcanlogin, rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls"
        " from pg_roles where rolname !~ '^pg_' and (rolname !~ '^vaka_t_' or starts_with(rolname, %s))",
        (f"{tenant}_",),
    ).fetchall()  # fmt: skip
    can_log_in = {name for name, logs_in, _ in rows if logs_in}
    for name in can_log_in ^ {*expected, SUPERUSER}:
        yield f"role {name} {'logs in' if name in can_log_in else 'does not log in'}"
    for name, _, powerful in rows:
        if powerful and name != SUPERUSER:
            yield f"role {name} has a power of the server's"
    owners = {one.name for one in machines.values() if one.sort == "owner"}
    groups = {f"g_{one.name}" for one in machines.values() if one.is_component}
    for name in {name for name, logs_in, _ in rows if not logs_in} - owners - groups:
        yield f"role {name} is no machine's"
    rows = platform.execute(
        "select m.roleid::regrole::text, m.member::regrole::text"
        " from pg_auth_members m join pg_roles r on r.oid = m.member"
        " where not r.rolsuper and r.rolname !~ '^pg_' and (r.rolname !~ '^vaka_t_' or starts_with(r.rolname, %s))",
        (f"{tenant}_",),
    ).fetchall()
    members = set(rows)
    for group, member in members ^ {(group, name) for name, (group, _) in expected.items()}:
        yield f"{member} in {group}"


def _connections(installed: Installed, machines: Mapping[str, Machine]) -> Iterator[str]:
    names: dict[str, Kind] = {PLATFORM_DATABASE: "platform", installed.tenant: "tenant", KEY_DATABASE: "keys"}
    met = {
        (role, names[database])
        for database, role in installed.databases["platform"].execute(
            "select d.datname, case a.grantee when 0 then 'public' else pg_get_userbyid(a.grantee) end"
            " from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a"
            " where a.grantee <> d.datdba and d.datname = any(%s)", (list(names),),
        ).fetchall()
    }  # fmt: skip
    said = {(role, kind) for role, (_, kinds) in login_roles(installed, machines).items() for kind in kinds}
    for role, kind in met ^ said:
        yield f"{role} connects to {kind}"


def _keyholder(installed: Installed, machines: Mapping[str, Machine]) -> Iterator[str]:
    met = {(component, call.name) for call in calls.CALLS.values() for component in call.components}
    for component, call in met ^ {(one.name, call) for one in machines.values() for call in one.keyholder}:
        yield f"keyholder: {component} {call}"
    credentials = {path.name for path in installed.server.credentials.glob("keyholder-*.key")}
    said = {credential_file(installed.server.credentials, one.name).name for one in machines.values() if one.keyholder}
    for name in credentials - said:
        yield f"credential {name}"


def _programs(installed: Installed, machines: Mapping[str, Machine]) -> Iterator[str]:
    said = {scope for one in machines.values() for scope in one.scopes}
    for scope in said ^ set(clients.SCOPES):
        yield f"programs: {scope.value}"
    given = installed.databases["platform"].execute("select distinct unnest(scopes) from vaka.api_client").fetchall()
    for (name,) in given:
        if name not in {scope.value for scope in said}:
            yield f"a program has {name}"


@pytest.fixture(scope="module")
def installed(server: Server, new_authority: Callable[..., Authority]) -> Iterator[Installed]:
    tenant = new_authority().database_name
    names: dict[Kind, str] = {"platform": PLATFORM_DATABASE, "tenant": tenant, "keys": KEY_DATABASE}
    with ExitStack() as opened:
        yield Installed({
            kind: opened.enter_context(closing(psycopg.connect(server.conninfo(SUPERUSER, name), autocommit=True)))
            for kind, name in names.items()
        }, tenant, server)  # fmt: skip


MAP = {one.name: one for one in list_machines()}


def test_the_map_of_machines_is_what_is_really_allowed(installed: Installed) -> None:
    assert differences(installed, MAP) == set()


PLANTED: dict[str, tuple[Kind, str, str]] = {
    "a table, for a group": ("tenant", "grant select on vaka.contact to g_portal", "vaka.contact select"),
    "a column, for a group": ("tenant", "grant select (phone) on vaka.person to g_portal", "vaka.person select phone"),
    "a table, for one role": (
        "platform", "grant select on vaka.account to vaka_receiver", "vaka_receiver vaka.account select"
    ),
    "a function, for everybody": (
        "platform", "grant execute on function vaka.decide_role_request to public", "public vaka.decide_role_request"
    ),
    "a function of the same name": (
        "platform", "grant execute on function vaka.find_untried(interval, timestamptz) to g_desk",
        "g_desk vaka.find_untried(interval, timestamp with time zone) execute is there",
    ),
    "a key database's table": ("keys", "grant select on vaka.subject_key to g_setup", "g_setup vaka.subject_key"),
    "another group": ("platform", "grant g_setup to vaka_desk", "vaka_desk in g_setup"),
    "an owner": ("platform", "grant vaka_owner to vaka_office", "vaka_office in vaka_owner"),
    "one more role": ("platform", "create role vaka_extra login", "vaka_extra logs in"),
    "a power of the server's": ("platform", "alter role vaka_setup createrole", "vaka_setup has a power"),
    "another database": (
        "platform", f"grant connect on database {KEY_DATABASE} to vaka_setup", "vaka_setup connects to keys"
    ),
    "a program with more": (
        "platform",
        "insert into vaka.api_client (id, authority_id, owner, purpose, scopes, keys, created_at, ends_at)"
        f" values ('{uuid4()}', '{uuid4()}', '{uuid4()}', 'Prov', '{{portal.erase}}', '[]', now(), now() + '1 day')",
        "a program has portal.erase",
    ),
    "less than is said": (
        "tenant", "revoke usage on schema vaka from g_receiver", "g_receiver vaka usage is lacking"
    ),
}  # fmt: skip
"""By what is planted: in which database, how, and what has to be said of it."""


@pytest.mark.parametrize("planted", PLANTED)
def test_a_right_that_the_map_does_not_say_is_found(installed: Installed, planted: str) -> None:
    kind, statement, said = PLANTED[planted]
    connection = installed.databases[kind]
    with connection.transaction(force_rollback=True):
        connection.execute("set local session_replication_role = replica")
        connection.execute(statement.encode())
        [found] = differences(installed, MAP)
        assert said in found
    assert differences(installed, MAP) == set()


def test_a_call_of_the_keyholders_that_the_map_does_not_say_is_found(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase = replace(calls.CALLS["erase"], components=calls.CALLS["erase"].components | {"portal"})
    monkeypatch.setattr(calls, "CALLS", {**calls.CALLS, "erase": erase})
    assert differences(installed, MAP) == {"keyholder: portal erase"}


def test_a_permission_that_programs_can_be_given_besides_is_found(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "SCOPES", (*clients.SCOPES, Permission.PORTAL_ERASE))
    assert differences(installed, MAP) == {"programs: portal.erase"}


@pytest.mark.parametrize("name", [one.name for one in MAP.values() if one.sort not in ("superuser", "front")])
def test_an_identity_that_the_map_leaves_out_is_found(installed: Installed, name: str) -> None:
    """All but those whom nobody gave a right: the superuser, and the web server in front."""
    assert differences(installed, {other: one for other, one in MAP.items() if other != name}) != set()
