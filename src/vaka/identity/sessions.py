# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sessions are rows: listed, revocable, and known only by the SHA-256 of a token that stays in the browser."""

import hashlib
import os
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.database.queries import load_queries
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import RandomBytes, new_identifier
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event

QUERIES = load_queries("vaka.identity")

Realm = Literal["operator", "authority", "administrator"]
EndReason = Literal[
    "signed_out", "ended_by_owner", "ended_by_another", "role_revoked", "device_lost", "misuse_suspected",
    "left_unattended", "time_out", "ended_by_issuer",
]  # fmt: skip
"""Why a session ended before its time; ``account_closed`` is written where accounts are closed."""
GIVEN_REASONS: tuple[EndReason, ...] = ("device_lost", "misuse_suspected", "left_unattended")
"""What whoever ends another's can say: of a list, since whatever is typed stays in the log for ever."""

LIFETIMES: dict[str, timedelta] = {
    "operator": timedelta(hours=12),
    "authority": timedelta(hours=8),
    "administrator": timedelta(hours=4),
}
BRIEF = timedelta(hours=4)
EMERGENCY = timedelta(hours=1)
"""So long a session lasts that two custodians opened."""
BRIEF_ROLES = ("auditor",)
"""Whoever has one of these roles, whatever else he has, is signed in no longer than BRIEF: he comes, looks and goes."""
TOKEN_BYTES = 32
LONGEST_TOKEN = 64
"""Characters; a longer cookie is nobody's and is not hashed."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that holds now, with what every page needs to know of its account."""

    id: UUID
    account_id: UUID
    realm: str
    created_at: datetime
    expires_at: datetime
    display_name: str
    kind: str
    """``user`` or ``administrator``."""
    language: str
    method: str = ""
    """``passkey`` as a fallback, otherwise by which protocol it was asserted who it is."""
    issuer: str | None = None
    """Who asserted it."""
    level: int | None = None
    """The level of assurance: 3 or 4."""
    used_at: datetime | None = None
    """The minute of its newest use that was noted; its beginning where none was yet."""
    locked_at: datetime | None = None
    """Since when it is locked: it holds, and shows nothing until its owner has shown that it is he."""
    kept_until: datetime | None = None
    """Until when it may go on past its time, because an alarm was in its hands."""
    fallback: bool = False
    """Whether it rests on a security key alone, as the issuer did not answer: no level, and fewer rights."""
    break_glass: UUID | None = None
    """The emergency that two custodians opened it for: no level, fewer rights, and an hour."""
    authority_id: UUID | None = None
    """Whose issuer asserted it, where it is an authority's own: then it reaches nothing of another authority's."""

    @property
    def is_locked(self) -> bool:
        """Whether nothing may be shown or done in it just now."""
        return self.locked_at is not None


@dataclass(frozen=True, slots=True)
class Basis:
    """What a session of a federated sign-in rests on."""

    issuer: str
    level: int
    level_uri: str
    requested: str
    """The levels that were asked for, with spaces between."""
    assertion: str
    """SHA-256 of the assertion."""
    authority: UUID | None = None
    """Whose issuer it was; None for the supplier's."""
    issuer_name: bytes | None = field(default=None, repr=False)
    """What the issuer calls him, as a keyed hash, where it may sign him out by it."""
    issuer_session: bytes | None = field(default=None, repr=False)
    """What it calls his session with it, so too."""


class CannotSignInError(VakaError):
    """The account is not there, not active, or of the wrong class for the realm."""

    def __init__(self) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Det går inte att logga in med det kontot här.",
                en="That account cannot sign in here.",
            ),
        )


async def open_session(
    connection: psycopg.AsyncConnection[Any],
    account_id: UUID,
    realm: Realm,
    method: str,
    now: datetime,
    random_bytes: RandomBytes = os.urandom,
    *,
    basis: Basis | None = None,
    browser: str = "",
    fallback: bool = False,
    break_glass: UUID | None = None,
    session_id: UUID | None = None,
) -> str:
    """Start a session (as signin) and return its token: 256 random bits, safe in a cookie, stored nowhere.

    ``browser`` is of which kind it is, in two words or none; a ``fallback`` is brief, and one of an
    emergency (``break_glass``) briefer. Raises CannotSignInError
    unless the account is active and of the realm's class.
    """
    token = urlsafe_b64encode(random_bytes(TOKEN_BYTES)).rstrip(b"=").decode()
    session_id = session_id or new_identifier(now, random_bytes)
    lifetime = EMERGENCY if break_glass else BRIEF if fallback else LIFETIMES[realm]
    async with connection.transaction():
        done = await connection.execute(
            QUERIES["open_session"],
            {
                "token_hash": _hash(token), "id": session_id, "account_id": account_id, "realm": realm,
                "method": method, "now": now, "expires_at": now + lifetime,
                "fallback": fallback, "break_glass": break_glass,
                "kind": "administrator" if realm == "administrator" else "user",
                "issuer": basis and basis.issuer, "level": basis and basis.level,
                "authority_id": basis and basis.authority,
                "issuer_name": basis and basis.issuer_name, "issuer_session": basis and basis.issuer_session,
                "browser": browser, "brief_roles": list(BRIEF_ROLES), "brief_until": now + BRIEF,
            },
        )  # fmt: skip
        if done.rowcount == 0:
            raise CannotSignInError
        await connection.execute(QUERIES["note_sign_in"], {"account_id": account_id, "now": now})
        detail: dict[str, str | int | bool | None] = {"realm": realm, "method": method}
        if basis is not None:
            detail |= {"issuer": basis.issuer, "level": basis.level, "returned": basis.level_uri,
                       "requested": basis.requested, "assertion": basis.assertion}  # fmt: skip
        started = Entry(Event.SESSION_STARTED, f"account:{account_id}", now, f"session:{session_id}", detail=detail)
        await append(connection, started)
    return token


async def find_session(connection: psycopg.AsyncConnection[Any], token: str, now: datetime) -> Session | None:
    """Return the session with this token if it holds at ``now`` and its account is active."""
    if not token or len(token) > LONGEST_TOKEN:
        return None
    async with connection.cursor(row_factory=class_row(Session)) as cursor:
        await cursor.execute(QUERIES["find_session"], {"token_hash": _hash(token), "now": now})
        return await cursor.fetchone()


async def end_session(connection: psycopg.AsyncConnection[Any], session: Session, now: datetime) -> bool:
    """End one session (signing out). Return whether it was still open."""
    async with connection.transaction():
        done = await connection.execute(QUERIES["end_session"], {"id": session.id, "now": now})
        if done.rowcount == 0:
            return False
        await append(
            connection,
            Entry(
                Event.SESSION_ENDED, f"account:{session.account_id}", now, f"session:{session.id}",
                detail={"reason": "signed_out"},
            ),
        )  # fmt: skip
    return True


async def end_sessions_of(
    connection: psycopg.AsyncConnection[Any],
    account_id: UUID,
    *,
    actor: str,
    now: datetime,
    reason: EndReason = "ended_by_another",
    only: UUID | None = None,
    but: UUID | None = None,
    realm: str | None = None,
    issuer: str | None = None,
    step_up: str | None = None,
) -> int:
    """End the open sessions of an account and return how many there were: all, ``only`` one, all ``but`` one, those of
    a realm, or those that an issuer asserted. ``step_up`` is what a key confirmed.

    The entries name the account: whose session it was is the business of every authority that the account reaches.
    """
    which = {"account_id": account_id, "now": now, "only": only, "but": but, "realm": realm, "issuer": issuer}
    async with connection.transaction():
        cursor = await connection.execute(QUERIES["end_sessions_of"], which)
        ended = [row[0] for row in await cursor.fetchall()]
        for session_id in ended:
            facts = {"reason": reason, "account": f"account:{account_id}"} | ({"step_up": step_up} if step_up else {})
            await append(connection, Entry(Event.SESSION_ENDED, actor, now, f"session:{session_id}", detail=facts))
    return len(ended)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
