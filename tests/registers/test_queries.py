# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every statement of vaka.registers, planned as each role that runs it."""

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
    **dict.fromkeys(("entry", "by", "authority_id"), uuid4()),
    "register": "documents",
    "number": 1,
    "name": "a.txt",
    "media_type": "text/plain",
    "body": b"a",
    "signed_at": START,
    "most": 5,
    "reason": "kind",
    "step": "",
    "state": "draft",
    "fields": Jsonb({}),
    "concerned": [uuid4()],
    "step_up": "x",
    "digest": bytes(32),
    "how": "counts",
    "now": START,
    **dict.fromkeys(("id", "lesson_id", "finding"), uuid4()),
    **dict.fromkeys(("sha256", "wanted", "wished", "office", "portal", "injects", "refusal", "lesson", "motive"), "x"),
    **dict.fromkeys(("starts_at", "ends_at"), START),
    **dict.fromkeys(("days", "present", "year"), 1),
    "exercises": [uuid4()],
}


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.mark.parametrize("statement", statements("vaka.registers", "platform"), ids=str)
def test_statement_can_be_planned_by_who_runs_it(server: Server, tenant: Authority, statement: Statement) -> None:
    plan(server, tenant, statement, SAMPLES)
