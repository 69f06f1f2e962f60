# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every statement of vaka.assurance, planned as each role that runs it."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.conftest import START
from tests.statements import Statement, plan, statements
from vaka.database.server import Server
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

SAMPLES: dict[str, object] = {
    "actor": "setup:uid-0",
    "texts": ["Ord"] * 37,
    "at": START,
    "authority_id": uuid4(),
    "requirement": "clock-state",
    "clock": "unknown",
    "every": timedelta(hours=1),
    "found": Jsonb([]),
    "unseen": [uuid4()],
    "since": START,
    "most": 10,
    "purpose": "remote-policy",
    "roles": ["auditor"],
    "grace": timedelta(days=30),
    "within": timedelta(days=2),
    "id": uuid4(),
    "seen": 0,
    "act": "filed",
    "event": "alarm.taken",
    "items": ["alarm.taken/1"],
    "hashes": ["0" * 64],
    "result": "verified",
    "size": 1,
    "root": "0" * 64,
    "agrees": True,
    "means": "numbers",
    "witnesses": 0,
    "checked_at": START,
    "kind": "audit",
    "term": 37,
    "words": "Vad",
    "reference": "",
    "sha256": "",
    "file": None,
    "wanted_by": START,
    "by": uuid4(),
    "now": START,
    "inquiries": [uuid4()],
    "reason": "Inga hallar",
    "digest": "0" * 64,
    "until": START,
    "about": "role_request:x",
    "due": START.date(),
    "day": START.date(),
    "stage": "today",
    "said": Jsonb({}),
    "events": ["retention.set"],
    "devices": [uuid4()],
    "machines": ["larm-1"],
    "actors": ["account:x"],
    "step_ups": ["0" * 64],
    "superuser": "vaka_superuser",
    "databases": ["vaka_platform"],
    "number": 2,
    "draw": uuid4(),
    "session_id": uuid4(),
    "deviates": True,
    "note": "Kom från ett hotellnät",
    "report": "access",
    "year": 2026,
    "format": "pdf",
    "requirements": ["clock-state"],
    "moments": [START],
    "account_id": uuid4(),
    "audit": uuid4(),
    "audits": [uuid4()],
    "population": uuid4(),
    "populations": [uuid4()],
    "source": "accounts",
    "wanted": 5,
    "finding_id": uuid4(),
    "finding": "Två konton",
    "entry": None,
    "motive": "Inget",
    "held": True,
    "starts_at": START,
    "ends_at": START + timedelta(days=1),
    "looks_from": START,
    "looks_until": START + timedelta(days=1),
    "answer_by": START,
    "terms": [37],
    "site": None,
    "auditors": [uuid4()],
    "subject_id": uuid4(),
    "body": b"x",
    "made_by": "account:x",
}


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.mark.parametrize("statement", statements("vaka.assurance", "platform"), ids=str)
def test_statement_can_be_planned_by_who_runs_it(server: Server, tenant: Authority, statement: Statement) -> None:
    plan(server, tenant, statement, SAMPLES)
