# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every statement of vaka.tenants, planned as each role that runs it."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import START
from tests.statements import Statement, plan, statements
from vaka.database.server import Server
from vaka.tenants.authorities import Authority
from vaka.tenants.policy import LIMITS

pytestmark = pytest.mark.database

SAMPLES: dict[str, object] = {
    "now": START,
    "since": "42",
    **dict.fromkeys(("id", "authority_id"), uuid4()),
    **dict.fromkeys(("slug", "name", "kind", "database_name", "greeting"), "x"),
    "phone": b"x",
    "address": bytes(32),
    "senders": ["x"],
    "rows": [],
    "told": ["model"],
    **{name: [uuid4()] for name in ("alarms", "devices", "ids")},
    **dict.fromkeys(LIMITS, 100),
    **dict.fromkeys(("device_type", "status_code"), 2),
    "message_type": "ME",
    "alarm_class": "life",
    "reason": "Prov",
    "numbers": [bytes(32)],
    "person": uuid4(),
    "number": bytes(32),
    "people": [uuid4()],
    **dict.fromkeys(("start", "end", "position"), 1),
    "table": "person",
    "row": str(uuid4()),
    "values": Jsonb({}),
    "most": 5,
    "actor": "account:x",
    **dict.fromkeys(("order", "account", "authority"), uuid4()),
    **dict.fromkeys(("decision", "verdict", "key"), "x"),
    **dict.fromkeys(("document", "signature"), b"x"),
    "facts": Jsonb({}),
    "rules": Jsonb({}),
    "digest": "0" * 64,
    "alone": False,
    "outcome": Jsonb({}),
    "hindrance": "officers",
    "export": uuid4(),
    "what": "unit",
    "no_export": None,
    "days": 7,
    "ended_at": START,
    "after": None,
    "sha256": "0" * 64,
    **dict.fromkeys(("size", "row_count"), 1),
    "unopened": 0,
    "accounts": [uuid4()],
    "roles": ["x"],
    "exercise": uuid4(),
    "ends_at": START,
    "made": Jsonb([]),
    "device": uuid4(),
    "sender": "x",
    "ha1_sha256": "0" * 64,
}


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.mark.parametrize("statement", statements("vaka.tenants", "tenant"), ids=str)
def test_statement_can_be_planned_by_who_runs_it(server: Server, tenant: Authority, statement: Statement) -> None:
    # The on-call telephone is the authority's, and not sealed as a person's is.
    own = {"phone": "x"} if statement.name in ("keep_on_call_phone", "set_on_call_phone") else {}
    plan(server, tenant, statement, {**SAMPLES, **own})
