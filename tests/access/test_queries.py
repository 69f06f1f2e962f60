# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every statement of vaka.access, planned as each role that runs it."""

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
    "step_up": "",
    "session_id": uuid4(),
    "address": "198.51.100.7",
    **dict.fromkeys(("now", "valid_until", "expires_at"), START),
    **dict.fromkeys(("account_id", "authority_id", "id"), uuid4()),
    **dict.fromkeys(("role", "realm", "method", "kind", "display_name", "language", "persona", "mode"), "x"),
    "roles": ["x"],
    "ids": [uuid4()],
    "token_hash": bytes(32),
    **dict.fromkeys(("reason", "control", "actor"), "x"),
    "verdict": "approved",
    **dict.fromkeys(("digest", "holders"), bytes(32)),
    "request": uuid4(),
    **dict.fromkeys(("answer_by", "ends_at"), START),
    **dict.fromkeys(("human", "by"), uuid4()),
    **dict.fromkeys(("kind", "step_up"), "x"),
    **dict.fromkeys(("code_hash", "matching_hmac"), bytes(32)),
    "invitation": uuid4(),
    "wanted": Jsonb([]),
    **dict.fromkeys(("rule",), uuid4()),
    **dict.fromkeys(("title", "words"), "x"),
    "file": bytes(32),
    "number": 1,
    "holds_from": START,
}


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.mark.parametrize("statement", statements("vaka.access", "platform"), ids=str)
def test_statement_can_be_planned_by_who_runs_it(server: Server, tenant: Authority, statement: Statement) -> None:
    plan(server, tenant, statement, SAMPLES)
