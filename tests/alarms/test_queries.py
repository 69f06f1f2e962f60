# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every statement of vaka.alarms, planned as each role that runs it."""

from uuid import uuid4

import pytest

from tests.conftest import START
from tests.statements import Statement, plan, statements
from vaka.alarms.model import LONGEST_SUSPENSION, OFFER_STANDS
from vaka.database.server import Server
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

MOMENTS = ("now", "since", "until", "beyond_at", "closed_after", "untouched_since", "before", "covered_since",
           "read_at")  # fmt: skip
IDENTIFIERS = ("id", "account", "person_id", "device_id", "beyond_id", "to", "from", "into", "note",
               "authority_id")  # fmt: skip
TEXTS = ("actor", "area", "sender", "reason", "action", "result", "step", "detail", "kind",
         "join_key")  # fmt: skip
SAMPLES: dict[str, object] = {
    **dict.fromkeys(MOMENTS, START),
    **{name: uuid4() for name in IDENTIFIERS},
    **dict.fromkeys(TEXTS, "x"),
    **{name: [uuid4()] for name in ("ids", "people", "devices", "accounts", "notes", "subjects")},
    "bodies": [b"x"],
    **{name: ["x"] for name in ("join_keys", "senders", "roles")},
    **dict.fromkeys(("limit", "grace", "named", "version"), 10),
    "device_types": [2],
    "people": [uuid4()],
    "arrivals": [1],
    "strangers": True,
    "by_text": True,
    "seen": [START],
    "longest": LONGEST_SUSPENSION,
    "offer_stands": OFFER_STANDS,
}


@pytest.mark.parametrize("statement", statements("vaka.alarms", "tenant"), ids=str)
def test_statement_can_be_planned_by_who_runs_it(server: Server, municipality: Authority, statement: Statement) -> None:
    plan(server, municipality, statement, SAMPLES)
