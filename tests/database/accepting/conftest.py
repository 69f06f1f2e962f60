# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One authority's database, and Anna."""

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from tests.database.accepting.scene import Connection, House, Person
from vaka.database.server import SUPERUSER, Server, tenant_role
from vaka.tenants.authorities import Authority


@pytest.fixture
def house(server: Server, authority: Authority) -> Iterator[House]:
    database = authority.database_name

    def connect(role: str) -> Connection:
        options = "-csearch_path=vaka" if role == SUPERUSER else ""
        return psycopg.connect(server.conninfo(role, database), autocommit=True, options=options)

    role = tenant_role(database, "receiver")
    with closing(connect(role)) as receiver, closing(connect(SUPERUSER)) as onlooker:
        yield House(server, authority, lambda: connect(role), receiver, onlooker)


@pytest.fixture
def anna() -> Person:
    return Person()
