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
from vaka.identity.saml_entity import place_of
from vaka.identity.saml_logout import SigningOut
from vaka.identity.sessions import end_sessions_of
from vaka.identity.subjects import SubjectKey
from vaka.identity.trust import Trusted, find_slug, list_trusted
from vaka.identity.trust_content import OidcIssuer, SamlIssuer
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event

ACTOR = "signin"
_SPARE = timedelta(minutes=5)


async def find_signing_out(connection: Connection, name: str, now: datetime) -> tuple[Trusted, OidcIssuer]:
    """Return the issuer of this name if it is believed now and may sign people out. Raises SignInRefusedError."""
    for trusted in await list_trusted(connection, now):
        content = trusted.content
        if trusted.name == name and isinstance(content, OidcIssuer) and content.back_channel_logout and trusted.levels:
            return trusted, content
    raise SignInRefusedError(Reason.ISSUER_NOT_APPROVED)


async def find_sender(connection: Connection, sender: str, place: str, now: datetime) -> tuple[Trusted, str | None]:
    """Return the provider that calls itself so, if it is believed by one of us (``place``) and may sign people out.

    With whose it is: an authority's short name, or None. Raises SignInRefusedError.
    """
    for trusted in await list_trusted(connection, now):
        content = trusted.content
        if isinstance(content, SamlIssuer) and content.issuer == sender and content.single_logout and trusted.levels:
            slug = await find_slug(connection, trusted)
            if place_of(slug) == place:
                return trusted, slug
    raise SignInRefusedError(Reason.ISSUER_NOT_APPROVED)


async def end_by_name(
    connection: Connection, out: SigningOut, issuer: str, entity: str, said: Said, subjects: SubjectKey, now: datetime
) -> int:
    """End the sessions that a provider means (as signin): those of this name, or of these sessions there alone.

    Return how many there were. Raises SignInRefusedError (REPLAYED) where the request was here before.
    """
    async with connection.transaction():
        await _require_new(connection, issuer, out.identifier, out.expires_at, said, now)
        meant = {
            "issuer": issuer, "now": now, "issuer_name": subjects.of_session(issuer, entity, out.name),
            "issuer_sessions": [subjects.of_session(issuer, entity, out.name, one) for one in out.sessions],
        }  # fmt: skip
        ended = await (await connection.execute(QUERIES["end_named_sessions"], meant)).fetchall()
        for session_id, account_id in ended:
            facts: dict[str, str | int | bool | None] = {
                "reason": "ended_by_issuer", "account": f"account:{account_id}",
            }  # fmt: skip
            await append(connection, Entry(Event.SESSION_ENDED, ACTOR, now, f"session:{session_id}", detail=facts))
    return len(ended)


async def end_at_issuer(connection: Connection, out: SignedOut, said: Said, subjects: SubjectKey, now: datetime) -> int:
    """End the sessions of this subject that this issuer asserted (as signin), and return how many there were.

    Whom nobody knows has none. Raises SignInRefusedError (REPLAYED) where the token was here before.
    """
    async with connection.transaction():
        await _require_new(connection, out.issuer, out.identifier, out.expires_at, said, now)
        subject = subjects.of_subject(out.issuer, out.subject)
        cursor = await connection.execute(QUERIES["find_link"], {"issuer": out.issuer, "subject_hmac": subject})
        link = await cursor.fetchone()
        if link is None:
            return 0
        return await end_sessions_of(
            connection, link[0], actor=ACTOR, now=now, reason="ended_by_issuer", issuer=out.issuer
        )  # fmt: skip


async def _require_new(
    connection: Connection, issuer: str, identifier: str, expires_at: datetime, said: Said, now: datetime
) -> None:
    """Remember what signed somebody out. Raises SignInRefusedError (REPLAYED) where it was here before."""
    known_by = f"vaka logout v1\0{issuer}\0{identifier}"
    done = await connection.execute(
        QUERIES["note_assertion"],
        {
            "assertion_hash": hashlib.sha256(known_by.encode()).digest(), "expires_at": expires_at,
            "forgotten": now - SKEW - _SPARE,
        },
    )  # fmt: skip
    if done.rowcount == 0:
        raise SignInRefusedError(Reason.REPLAYED, said)
