# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From a verified assertion to a session: whose account its subject is, or becomes by an invitation (terms 8, 15)."""

import hmac
import os
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.errors import CheckViolation, UniqueViolation
from psycopg.rows import dict_row

from vaka.identifiers import RandomBytes, new_identifier
from vaka.identity.assertion import Assertion, Said, SignInRefusedError
from vaka.identity.invitations import QUERIES, Code
from vaka.identity.reasons import Reason
from vaka.identity.sessions import Basis, CannotSignInError, Realm, open_session
from vaka.identity.subjects import SubjectKey
from vaka.identity.undertaking import UndertakingMissingError, undertaking_asked
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged

Connection = psycopg.AsyncConnection[Any]


async def sign_in_by(
    connection: Connection,
    assertion: Assertion,
    realm: Realm,
    *,
    said: Said,
    attribute: str,
    code: Code | None,
    subjects: SubjectKey,
    now: datetime,
    browser: str = "",
    authority: UUID | None = None,
    issuer_name: bytes | None = None,
    issuer_session: bytes | None = None,
    random_bytes: RandomBytes = os.urandom,
) -> str:
    """Open a session for whoever ``assertion`` is about (as signin) and return its token.

    ``authority`` is whose issuer it is, where it is not the supplier's: the session reaches nothing of another's.
    ``issuer_name`` and ``issuer_session`` are what the issuer may sign out by, as they are kept (``subjects``).
    ``code`` is the invitation that the browser brought, ``attribute`` what it has to match. A known subject needs none,
    and none is spent on him. Raises SignInRefusedError, or LedgerStandsStillError where somebody is to be linked while
    the ledger is not being sealed.
    """
    gone: SignInRefusedError | None = None
    try:
        account_id = await find_known(connection, assertion, subjects, said)
    except SignInRefusedError as refused:
        # What was retired comes back to its own account, where two people decided that and the code of it is here.
        if refused.reason is not Reason.ACCOUNT or code is None:
            raise
        account_id, gone = None, refused
    async with connection.transaction():
        if account_id is None:
            if code is None:
                raise SignInRefusedError(Reason.UNKNOWN_PERSON, said)
            try:
                account_id = await redeem(
                    connection, assertion, realm, code, attribute, subjects, said, now, random_bytes
                )  # fmt: skip
            except SignInRefusedError as refused:
                raise gone or refused from None
        basis = Basis(
            assertion.issuer,
            assertion.level,
            assertion.level_uri,
            said.requested or "",
            assertion.digest,
            authority,
            issuer_name,
            issuer_session,
        )
        try:
            return await open_session(
                connection, account_id, realm, assertion.method, now, random_bytes, basis=basis, browser=browser
            )  # fmt: skip
        except CannotSignInError:
            raise SignInRefusedError(Reason.ACCOUNT, _about(said, account_id)) from None


async def find_known(connection: Connection, assertion: Assertion, subjects: SubjectKey, said: Said) -> UUID | None:
    """Return whose account this subject is (as signin). Raises SignInRefusedError where it may not be any more."""
    subject = subjects.of_subject(assertion.issuer, assertion.subject)
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES["find_link"], {"issuer": assertion.issuer, "subject_hmac": subject})
        link = await cursor.fetchone()
    if link is None:
        return None
    account_id: UUID = link["account_id"]
    if link["retired"]:
        raise SignInRefusedError(Reason.ACCOUNT, _about(said, account_id))
    now_said = subjects.of_matching(assertion.issuer, assertion.subject, assertion.matching)
    if not hmac.compare_digest(link["matching_hmac"], now_said):
        raise SignInRefusedError(Reason.IDENTIFIER_CHANGED, _about(said, account_id))
    return account_id


async def redeem(
    connection: Connection, assertion: Assertion, realm: Realm, code: Code, attribute: str, subjects: SubjectKey,
    said: Said, now: datetime, random_bytes: RandomBytes = os.urandom,
) -> UUID:  # fmt: skip
    """Spend the invitation and link the subject to its account, in the open transaction; one entry tells of both.

    Whatever is wrong with it, the answer is the same (term 11 proof 2). Raises SignInRefusedError, or
    LedgerStandsStillError.
    """
    facts = {
        "code_hash": code.digest, "realm": realm, "attribute": attribute,
        "matching_hmac": code.of_matching(attribute, assertion.matching), "now": now,
    }  # fmt: skip
    try:
        async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
            with undertaking_asked():
                await cursor.execute(QUERIES["redeem_invitation"], facts)
            invitation = await cursor.fetchone()
    except UndertakingMissingError:  # the code holds, and is not spent
        raise SignInRefusedError(Reason.UNDERTAKING, said) from None
    if invitation is None:
        raise SignInRefusedError(Reason.INVITATION, said)
    account_id: UUID = invitation["account_id"]
    try:
        async with connection.transaction():
            done = await connection.execute(
                QUERIES["link_account"],
                {
                    "id": new_identifier(now, random_bytes), "account_id": account_id, "issuer": assertion.issuer,
                    "subject_hmac": subjects.of_subject(assertion.issuer, assertion.subject),
                    "matching_hmac": subjects.of_matching(assertion.issuer, assertion.subject, assertion.matching),
                    "now": now, "request": invitation["request_id"],
                },
            )  # fmt: skip
    except (UniqueViolation, CheckViolation):  # the account has another of this issuer, or is somebody's already
        raise SignInRefusedError(Reason.INVITATION, _about(said, account_id)) from None
    if done.rowcount == 0:  # the subject is somebody's already
        raise SignInRefusedError(Reason.INVITATION, _about(said, account_id))
    decided = {} if invitation["request_id"] is None else {"request": str(invitation["request_id"])}
    detail = {"issuer": assertion.issuer, "realm": realm, "invitation": str(invitation["id"]),
              "assertion": assertion.digest, **decided}  # fmt: skip
    linked = Entry(Event.ACCOUNT_LINKED, f"account:{account_id}", now, f"account:{account_id}", detail=detail)
    await append_privileged(connection, [linked])
    return account_id


def _about(said: Said, account_id: UUID) -> Said:
    return replace(said, account=f"account:{account_id}")
