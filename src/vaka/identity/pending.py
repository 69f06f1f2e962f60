# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A sign-in that has begun: bound to one browser by a cookie, kept for ten minutes, and good for one answer.

The cookie holds 256 random bits; state, nonce and the proof of PKCE are drawn from them, and the database has only
their hash. Whoever brings an answer without the cookie, or with that of another sign-in, brings it to nobody.
"""

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.database.queries import load_queries
from vaka.identifiers import RandomBytes
from vaka.identity.sessions import Realm

QUERIES = load_queries("vaka.identity")
Connection = psycopg.AsyncConnection[Any]

LIFETIME = timedelta(minutes=10)
SECRET_BYTES = 32
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class PendingSecret:
    """What one browser holds of a sign-in that it has begun."""

    secret: bytes = field(repr=False)

    @property
    def cookie(self) -> str:
        """How it is written in a cookie."""
        return _text(self.secret)

    @property
    def state(self) -> str:
        """What the issuer sends back with its answer."""
        return self._draw(b"state")

    @property
    def nonce(self) -> str:
        """What the issuer writes into its assertion."""
        return self._draw(b"nonce")

    @property
    def request(self) -> str:
        """What our SAML request is called, and what its answer says it answers. Such a name begins with no digit."""
        return f"_{self._draw(b'request')}"

    @property
    def verifier(self) -> str:
        """What proves that the code is fetched by who asked for it (PKCE, RFC 7636)."""
        return self._draw(b"verifier")

    @property
    def challenge(self) -> bytes:
        """What a security key signs instead, while the issuer does not answer."""
        return hmac.digest(self.secret, b"vaka pending v1 challenge", "sha256")

    @property
    def digest(self) -> bytes:
        """What the database has of it."""
        return hashlib.sha256(b"vaka pending v1\0" + self.secret).digest()

    def _draw(self, purpose: bytes) -> str:
        return _text(hmac.digest(self.secret, b"vaka pending v1 " + purpose, "sha256"))


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """What was begun."""

    trust_id: UUID
    realm: Realm
    started_at: datetime


async def begin_login(
    connection: Connection, trust_id: UUID, realm: Realm, now: datetime, random_bytes: RandomBytes = os.urandom
) -> PendingSecret:
    """Begin a sign-in (as signin) and return what the browser keeps of it."""
    pending = PendingSecret(random_bytes(SECRET_BYTES))
    await connection.execute(
        QUERIES["begin_login"],
        {"token_hash": pending.digest, "trust_id": trust_id, "realm": realm, "now": now, "oldest": now - LIFETIME},
    )
    return pending


async def take_login(connection: Connection, pending: PendingSecret, now: datetime) -> PendingLogin | None:
    """Return what was begun, once (as signin); None where it was taken before, is too old or never was."""
    async with connection.cursor(row_factory=class_row(PendingLogin)) as cursor:
        await cursor.execute(QUERIES["take_login"], {"token_hash": pending.digest})
        begun = await cursor.fetchone()
    return begun if begun is not None and now - begun.started_at <= LIFETIME else None


def read_pending(cookie: str) -> PendingSecret | None:
    """Return what a browser brought, or None for what is none."""
    try:
        secret = urlsafe_b64decode(cookie + "=") if cookie and len(cookie) <= _LONGEST and cookie.isascii() else b""
    except (Error, ValueError):
        return None
    return PendingSecret(secret) if len(secret) == SECRET_BYTES else None


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
