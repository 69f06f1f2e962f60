# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every statement of vaka.cases, planned as each role that runs it."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import START
from tests.statements import Statement, plan, statements
from vaka.database.server import Server
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

SAMPLES: dict[str, object] = {
    **dict.fromkeys(("authority_id", "account_id"), uuid4()),
    **dict.fromkeys(("id", "case_id"), uuid4()),
    "kind": "incident",
    "severity": "low",
    "tlp": "AMBER",
    "regulated": False,
    "known_at": START,
    **dict.fromkeys(("text", "title"), "x"),
    **dict.fromkeys(("facts", "file"), Jsonb({})),
    "touches": [uuid4()],
    "minutes": [1, 1, 1, 1],
    "number": 1,
    "place": 1,
    **dict.fromkeys(("name", "mail", "phone", "hours"), "x"),
    "valid_until": START.date(),
    "now": START,
}


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.mark.parametrize("statement", statements("vaka.cases", "platform"), ids=str)
def test_statement_can_be_planned_by_who_runs_it(server: Server, tenant: Authority, statement: Statement) -> None:
    plan(server, tenant, statement, SAMPLES)
