# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Somebody signed out at his issuer: the sessions that it asserted end here, and no others of his."""

import hashlib
from datetime import datetime, timedelta

from vaka.identity.assertion import Said, SignInRefusedError
from vaka.identity.logout_guard import SignedOut
from vaka.identity.oidc_guard import SKEW
from vaka.identity.pending import QUERIES, Connection
from vaka.identity.reasons import Reason
from vaka.identity.sessions import end_sessions_of
from vaka.identity.subjects import SubjectKey
from vaka.identity.trust import Trusted, list_trusted
from vaka.identity.trust_content import OidcIssuer

ACTOR = "signin"
_SPARE = timedelta(minutes=5)


async def find_signing_out(connection: Connection, name: str, now: datetime) -> tuple[Trusted, OidcIssuer]:
    """Return the issuer of this name if it is believed now and may sign people out. Raises SignInRefusedError."""
    for trusted in await list_trusted(connection, now):
        content = trusted.content
        if trusted.name == name and isinstance(content, OidcIssuer) and content.back_channel_logout and trusted.levels:
            return trusted, content
    raise SignInRefusedError(Reason.ISSUER_NOT_APPROVED)


async def end_at_issuer(connection: Connection, out: SignedOut, said: Said, subjects: SubjectKey, now: datetime) -> int:
    """End the sessions of this subject that this issuer asserted (as signin), and return how many there were.

    Whom nobody knows has none. Raises SignInRefusedError (REPLAYED) where the token was here before.
    """
    known_by = f"vaka logout v1\0{out.issuer}\0{out.identifier}"
    async with connection.transaction():
        done = await connection.execute(
            QUERIES["note_assertion"],
            {
                "assertion_hash": hashlib.sha256(known_by.encode()).digest(), "expires_at": out.expires_at,
                "forgotten": now - SKEW - _SPARE,
            },
        )  # fmt: skip
        if done.rowcount == 0:
            raise SignInRefusedError(Reason.REPLAYED, said)
        subject = subjects.of_subject(out.issuer, out.subject)
        cursor = await connection.execute(QUERIES["find_link"], {"issuer": out.issuer, "subject_hmac": subject})
        link = await cursor.fetchone()
        if link is None:
            return 0
        return await end_sessions_of(
            connection, link[0], actor=ACTOR, now=now, reason="ended_by_issuer", issuer=out.issuer
        )  # fmt: skip
