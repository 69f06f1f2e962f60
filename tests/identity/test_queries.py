# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every statement of vaka.identity, planned as each role that runs it."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.conftest import START
from tests.statements import Statement, plan, statements
from vaka.database.server import Server
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

SAMPLES: dict[str, object] = {
    **dict.fromkeys(("now", "valid_until", "expires_at", "oldest"), START),
    **dict.fromkeys(("account_id", "authority_id", "id", "by", "proposed_by", "approved_by", "trust_id"), uuid4()),
    **dict.fromkeys(
        ("role", "realm", "method", "kind", "display_name", "language", "persona", "mode", "name", "content", "digest"),
        "x",
    ),
    "roles": ["x"],
    "ids": [uuid4()],
    **dict.fromkeys(("token_hash", "challenge_hash", "binding", "random"), bytes(32)),
    **dict.fromkeys(("credential_id", "public_key"), bytes(64)),
    **dict.fromkeys(("session_id", "model"), uuid4()),
    **dict.fromkeys(("name", "site"), "x"),
    "algorithm": "Ed25519",
    "purpose": "enrol",
    "issued_at": START,
    "fallback": False,
    **dict.fromkeys(("break_glass", "key_id", "one", "other"), uuid4()),
    **dict.fromkeys(("oldest", "one_at", "other_at", "review_by", "until"), START),
    **dict.fromkeys(("credential", "reason", "step_up"), "x"),
    "by": uuid4(),
    "since": START,
    "sign_count": 1,
    "hours": 1,
    "reason": "x",
    "device_bound": True,
    "attested": True,
    **dict.fromkeys(("token_hash", "code_hash", "subject_hmac", "matching_hmac"), bytes(32)),
    **dict.fromkeys(("issuer", "attribute"), "x"),
    **dict.fromkeys(("issuer_name", "issuer_session"), bytes(32)),
    "issuer_sessions": [bytes(32)],
    "level": 3,
    **dict.fromkeys(("human", "request"), uuid4()),
    "browser": "firefox linux",
    "most": 1,
    **dict.fromkeys(("only", "but"), uuid4()),
    **dict.fromkeys(("state", "actor"), "x"),
    "ends_at": START,
    "used_at": START,
    "brief_until": START,
    "brief_roles": ["auditor"],
    "token_hash": bytes(32),
    "client": uuid4(),
    "scopes": ["x"],
    "keys": "{}",
    "any_owner": False,
    "jti_hash": bytes(32),
    "certificate": bytes(32),
    "good_until": START,
    "verifier_hash": bytes(32),
    "machine": "west-1",
    "uid": 1000,
    "username": "adm",
    **dict.fromkeys(("command", "arguments", "arguments_sha256", "change", "tool"), "x"),
    "asked_at": START,
    "login_id": uuid4(),
    **dict.fromkeys(("token_hash", "assertion_hash"), bytes(32)),
    "forgotten": START,
}


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.mark.parametrize("statement", statements("vaka.identity", "platform"), ids=str)
def test_statement_can_be_planned_by_who_runs_it(server: Server, tenant: Authority, statement: Statement) -> None:
    plan(server, tenant, statement, SAMPLES)
