# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Planning the statements of a package's queries.sql as the roles that run them.

Each statement says below its name who runs it, as in ``-- as: desk, scheduler in platform``: missing grants, misspelt
columns and wrong types then fail here, and not at night.
"""

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

import psycopg
from psycopg.types.json import Jsonb

from vaka.database.queries import load_queries
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role, tenant_role
from vaka.tenants.authorities import Authority

_RUN_BY = re.compile(r"^-- as: (.+)$", re.MULTILINE)
_PARAMETER = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True)
class Statement:
    """One statement and one of those who run it."""

    name: str
    text: str
    component: str
    place: str
    """``tenant`` or ``platform``."""

    def __str__(self) -> str:
        return f"{self.name}-{self.component}-{self.place}"


def statements(package: str, place: str) -> list[Statement]:
    """Return every statement of ``package`` with each role that runs it; ``place`` where it says no other."""
    found = []
    for name, text in load_queries(package).items():
        run_by = _RUN_BY.search(text)
        assert run_by is not None, f"{package}: {name} does not say who runs it"
        for runner in run_by.group(1).split(", "):
            component, _, elsewhere = runner.partition(" in ")
            found.append(Statement(name, text, component, elsewhere or place))
    return found


def plan(server: Server, tenant: Authority, statement: Statement, samples: Mapping[str, object]) -> None:
    """Let the database plan the statement for its role; raises what the database finds wrong."""
    database = PLATFORM_DATABASE if statement.place == "platform" else tenant.database_name
    role = platform_role(statement.component) if statement.place == "platform" else tenant_role(
        database, statement.component
    )  # fmt: skip
    values = {name: samples[name] for name in _PARAMETER.findall(statement.text)}
    if "rows" in values:
        values["rows"] = Jsonb(values["rows"])
    with closing(psycopg.connect(server.conninfo(role, database), autocommit=True)) as connection:
        connection.execute("set search_path = vaka")
        connection.execute(f"explain {statement.text}", values)
