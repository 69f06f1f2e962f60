# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every statement of vaka.files, planned as each role that runs it."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.conftest import START
from tests.statements import Statement, plan, statements
from vaka.database.server import Server
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

SAMPLES: dict[str, object] = {
    **dict.fromkeys(("id", "case_id", "inquiry", "authority_id", "account_id"), uuid4()),
    **dict.fromkeys(("name", "media_type", "reason"), "x"),
    "body": b"x",
    "sha256": bytes(32),
    "inquiries": [uuid4()],
    **dict.fromkeys(("number", "most"), 1),
    **dict.fromkeys(("signed_at", "now"), START),
}


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.mark.parametrize("statement", statements("vaka.files", "platform"), ids=str)
def test_statement_can_be_planned_by_who_runs_it(server: Server, tenant: Authority, statement: Statement) -> None:
    plan(server, tenant, statement, SAMPLES)
