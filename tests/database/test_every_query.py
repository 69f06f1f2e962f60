# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every named query of every package, planned and permission-checked as each role that runs it.

A column that was renamed, a grant that is missing, a query nobody declared a role for: each fails here, before a page
or a device finds it. Nothing is executed (EXPLAIN).
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

import vaka
from vaka.database.provision import PLATFORM_COMPONENTS, TENANT_COMPONENTS
from vaka.database.queries import load_queries
from vaka.database.server import KEY_DATABASE, PLATFORM_DATABASE, Server, platform_role, tenant_role
from vaka.tenants.authorities import Authority

SOURCE = Path(vaka.__file__).parent

# In which kind of database a package's queries run, where the line "-- as: desk" does not add "in platform".
USUAL_KIND = {"access": "platform", "alarms": "tenant", "assurance": "platform", "cases": "platform",
              "commands": "tenant", "operations.detection": "platform", "operations.capacity": "tenant",
              "identity": "platform", "notices": "platform", "protected": "tenant", "keys": "keys",
              "operations.backup": "platform", "operations.integrity": "platform", "registers": "platform",
              "operations.doctor": "platform", "operations.exchange": "platform",
              "operations.vulnerabilities": "platform",
              "operations.trials": "platform", "files": "platform"}  # fmt: skip

# Queries without such a line: (package, query) → (component, kind).
UNDECLARED = {
    ("receiver", "accept_messages"): [("receiver", "tenant")],
    ("receiver", "accept_exercises"): [("receiver", "tenant")],
    ("receiver", "record_signs_of_life"): [("receiver", "tenant")],
    ("receiver", "start_presence"): [("receiver", "platform")],
    ("receiver", "beat"): [("receiver", "platform")],
    ("receiver", "end_presence"): [("receiver", "platform")],
    ("tenants", "mark_directory"): [("receiver", "platform")],
    ("tenants", "read_entries"): [("receiver", "platform")],
    ("tenants", "list_overrides"): [("receiver", "platform")],
}

_DECLARED = re.compile(r"^-- as: ([a-z]+(?: in (?:platform|tenant))?(?:, [a-z]+(?: in (?:platform|tenant))?)*)$", re.M)
_PARAMETER = re.compile(r"%\((\w+)\)s|%s|%%")


class Use(NamedTuple):
    """One query as one role in one kind of database."""

    package: str
    name: str
    component: str
    kind: str


def packages() -> list[str]:
    found = sorted(path.parent.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("queries.sql"))
    return [name.replace("/", ".") for name in found]


def uses() -> Iterator[Use]:
    for package in packages():
        for name, text in load_queries(f"vaka.{package}").items():
            declared = _DECLARED.search(text)
            if declared is None:
                for component, kind in UNDECLARED.get((package, name), [("nobody", "nowhere")]):
                    yield Use(package, name, component, kind)
                continue
            for part in declared.group(1).split(", "):
                component, _, kind = part.partition(" in ")
                yield Use(package, name, component, kind or USUAL_KIND.get(package, "nowhere"))


ALL = list(uses())


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture(scope="module")
def connections(
    server: Server, tenant: Authority
) -> Iterator[Callable[[str, str], psycopg.Connection[tuple[object, ...]]]]:
    opened: dict[tuple[str, str], psycopg.Connection[tuple[object, ...]]] = {}

    def connect(component: str, kind: str) -> psycopg.Connection[tuple[object, ...]]:
        if (component, kind) not in opened:
            database = {"platform": PLATFORM_DATABASE, "tenant": tenant.database_name, "keys": KEY_DATABASE}[kind]
            role = tenant_role(database, component) if kind == "tenant" else platform_role(component)
            connection = psycopg.connect(server.conninfo(role, database), autocommit=True, prepare_threshold=None)
            connection.execute("set search_path = vaka")
            # Parameters stay parameters, so that nothing is decided from their values.
            connection.execute("set plan_cache_mode = force_generic_plan")
            opened[component, kind] = connection
        return opened[component, kind]

    yield connect
    for connection in opened.values():
        connection.close()


def numbered(text: str) -> tuple[str, int]:
    """Return the statement with $1, $2 … in place of psycopg's placeholders, and how many there are."""
    places: dict[str, int] = {}

    def place(match: re.Match[str]) -> str:
        if match.group() == "%%":
            return "%"
        name = match.group(1) or f" {len(places)}"
        return f"${places.setdefault(name, len(places) + 1)}"

    code = "\n".join(line for line in text.splitlines() if not line.strip().startswith("--"))
    return _PARAMETER.sub(place, code), len(places)


def plan(connection: psycopg.Connection[tuple[object, ...]], text: str) -> None:
    """Have the statement parsed, planned and checked for rights, as it is, with parameters of no value."""
    statement, count = numbered(text)
    connection.execute(f"prepare tried as {statement}".encode())
    try:
        nulls = f"({', '.join(['null'] * count)})" if count else ""
        connection.execute(f"explain execute tried{nulls}".encode())
    finally:
        connection.execute("deallocate tried")


def test_there_are_queries_in_every_package_that_keeps_things() -> None:
    assert {"access", "alarms", "identity", "receiver", "tenants"} <= set(packages())


def test_every_query_says_who_runs_it_and_where() -> None:
    known = {(name, "platform") for name in PLATFORM_COMPONENTS} | {(name, "tenant") for name in TENANT_COMPONENTS}
    known.add(("keyholder", "keys"))
    assert [use for use in ALL if (use.component, use.kind) not in known] == []


def test_table_of_undeclared_queries_is_not_stale() -> None:
    assert set(UNDECLARED) <= {(use.package, use.name) for use in ALL}


@pytest.mark.parametrize("use", ALL, ids=lambda use: f"{use.package}.{use.name}-{use.component}")
def test_query_is_planned_and_permitted(
    connections: Callable[[str, str], psycopg.Connection[tuple[object, ...]]], use: Use
) -> None:
    plan(connections(use.component, use.kind), load_queries(f"vaka.{use.package}")[use.name])


@pytest.mark.parametrize("use", ALL, ids=lambda use: f"{use.package}.{use.name}-{use.component}")
def test_query_takes_no_authority_as_a_parameter_in_an_authoritys_database(use: Use) -> None:
    """Which authority is meant is decided by the connection, so a wrong parameter cannot reach another's data."""
    if use.kind == "tenant":
        text = load_queries(f"vaka.{use.package}")[use.name]
        assert not re.search(r"%\((authority|tenant)\w*\)s", text)


@pytest.mark.parametrize(
    ("name", "component"),
    [("read_person", "receiver"), ("take_alarm", "scheduler"), ("announce", "receiver"), ("forget_repeats", "desk"),
     ("write_notes", "scheduler"), ("raise_technical", "desk")],
)  # fmt: skip
def test_a_query_beyond_its_role_is_refused(
    connections: Callable[[str, str], psycopg.Connection[tuple[object, ...]]], name: str, component: str
) -> None:
    """The method can fail: real queries as roles that may not run them."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        plan(connections(component, "tenant"), load_queries("vaka.alarms")[name])
