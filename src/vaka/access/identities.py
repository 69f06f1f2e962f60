# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom an account is for, first and later: asked for with what has to match, approved by another human (terms 8, 9).

Who approves it makes the invitation by that, in the same transaction: nobody can change in between whom it is for. The
database lets no account be invited or linked in any other way once the installation is founded.
"""

import os
from datetime import datetime

import psycopg

from vaka.access.accounts import AccountRequest, AccountRequestError, decision_act
from vaka.access.decide import require
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.crypto.activation import INVITATION_CODE, Rule
from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.identifiers import RandomBytes, new_identifier
from vaka.identity.confirming import Confirmation
from vaka.identity.expected import read_expected
from vaka.identity.invitations import Code, lifetime_of, make_code
from vaka.identity.undertaking import undertaking_asked
from vaka.ledger.standing import require_standing

QUERIES = load_queries("vaka.access")

STRICTEST = Rule(INVITATION_CODE.most.length, INVITATION_CODE.most.kinds, 1, INVITATION_CODE.most.reuse)
"""What satisfies every authority: its rules are in its own database, which the office cannot read (term 16)."""


async def approve_identity(
    connection: Connection, principal: Principal, request: AccountRequest, *, reason: str, now: datetime,
    confirmation: Confirmation, random_bytes: RandomBytes = os.urandom,
) -> tuple[Code, Rule]:  # fmt: skip
    """Approve exactly what was shown; return the invitation's code, which is stored nowhere, and how long it holds.

    An account that was asked for together with whom it is for is made first. Raises NotAllowedError, NothingHereError,
    NotConfirmedError, AccountRequestError, UndertakingMissingError, LedgerStandsStillError.
    """
    require(principal, Permission.OFFICE_DECIDE_ACCOUNT, None)
    confirmation.require(decision_act(request, "approved", reason))
    expected = read_expected(request.expected)
    if expected is None:
        raise AccountRequestError.of("changed")
    concerned = await connection.execute(QUERIES["concerns_an_authority"], {"account_id": request.account_id})
    rule = INVITATION_CODE.floor if await concerned.fetchone() is None else STRICTEST
    code = make_code(rule, random_bytes)
    facts = {
        "request": request.id, "digest": request.digest, "by": principal.account_id,
        "reason": require_reason(reason) if reason.strip() else "", "step_up": confirmation.step_up,
        "invitation": new_identifier(now, random_bytes), "code_hash": code.digest,
        "matching_hmac": code.of_matching(expected.attribute, expected.value), "expires_at": now + lifetime_of(rule),
        "now": now,
    }  # fmt: skip
    try:
        with undertaking_asked():
            async with connection.transaction():
                row = await (await connection.execute(QUERIES["approve_identity"], facts)).fetchone()
                if row is None or row[0] != "done":
                    raise AccountRequestError.of("gone" if row is None else row[0])
                await require_standing(connection, now)
    except psycopg.errors.UniqueViolation:
        raise AccountRequestError.of("taken") from None
    return code, rule
