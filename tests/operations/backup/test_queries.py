# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Each query of this package can be planned as each role that runs it."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.conftest import START
from tests.statements import Statement, plan, statements
from vaka.database.server import Server
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

SAMPLES = {"at": START, "machine": "backup.example", "authority": uuid4(), "actor": "setup:uid-0"}


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.mark.parametrize("statement", statements("vaka.operations.backup", "platform"), ids=str)
def test_statement_can_be_planned_by_who_runs_it(server: Server, tenant: Authority, statement: Statement) -> None:
    plan(server, tenant, statement, SAMPLES)
