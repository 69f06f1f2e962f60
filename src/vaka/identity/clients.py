# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Programs of an authority (API clients) as rows: registering, ending, and the tokens they have for minutes. As portal.

Who may register what is `vaka.access.clients`. A client is worth something while its owner's account is active and the
log knows exactly this row as registered; a token while its client is.
"""

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.database.queries import load_queries
from vaka.identifiers import RandomBytes, new_identifier
from vaka.identity.client_certificates import FINGERPRINT
from vaka.identity.client_guard import AssertionRefusedError, Proven

QUERIES = load_queries("vaka.identity")
TOKEN_BYTES = 32
TOKEN_LIFE = timedelta(minutes=10)

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Client:
    """A program that is registered."""

    id: UUID
    authority_id: UUID
    owner: UUID
    purpose: str
    scopes: list[str]
    keys: str
    created_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    ended_by: UUID | None
    state: str
    """``active``; ``ended``, ``over`` (its day has come), ``ownerless``; ``altered``: not what the log knows."""

    @property
    def shows_certificates(self) -> bool:
        """Whether it proves itself by a certificate, and not by assertions."""
        return any(FINGERPRINT in key for key in self.public_keys)

    @property
    def public_keys(self) -> list[dict[str, Any]]:
        """By which it proves itself."""
        keys: list[dict[str, Any]] = json.loads(self.keys)["keys"]
        return keys


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose a token is."""

    token_id: UUID
    client_id: UUID
    authority_id: UUID
    owner: UUID
    owner_name: str
    language: str
    scopes: list[str]
    issued_at: datetime
    expires_at: datetime
    certificate: bytes | None
    """The fingerprint of the certificate it is worth something together with; None: alone."""


async def list_clients(connection: Connection, authority_id: UUID, now: datetime) -> list[Client]:
    """Return every program an authority ever had, newest first."""
    async with connection.cursor(row_factory=class_row(Client)) as cursor:
        await cursor.execute(QUERIES["list_clients"], {"authority_id": authority_id, "now": now})
        return await cursor.fetchall()


async def find_client(connection: Connection, client_id: UUID, now: datetime) -> Client | None:
    """Return a program that is worth something now, or None."""
    async with connection.cursor(row_factory=class_row(Client)) as cursor:
        await cursor.execute(QUERIES["find_client"], {"client": client_id, "now": now})
        return await cursor.fetchone()


def write_keys(keys: Sequence[dict[str, Any]]) -> str:
    """Return public keys as they are kept."""
    return json.dumps({"keys": list(keys)}, sort_keys=True, separators=(",", ":"))


async def issue_token(
    connection: Connection,
    client: Client,
    proven: Proven | bytes,
    now: datetime,
    random_bytes: RandomBytes = os.urandom,
) -> tuple[str, UUID]:
    """Return a new token, which is stored nowhere, and its identifier. An assertion is used up by it; to a certificate,
    given by its fingerprint, it is bound.

    Raises AssertionRefusedError (``replayed``): of two at once the database lets one through.
    """
    token = urlsafe_b64encode(random_bytes(TOKEN_BYTES)).rstrip(b"=").decode()
    values: dict[str, Any] = {
        "token_hash": _hash(token), "id": new_identifier(now, random_bytes), "client": client.id, "now": now,
        "expires_at": min(now + TOKEN_LIFE, client.ends_at), "certificate": None,
    }  # fmt: skip
    if isinstance(proven, Proven):
        values |= {"jti_hash": _hash(proven.jti), "good_until": proven.expires_at}
        await connection.execute(QUERIES["forget_assertions"], values)
        used = await connection.execute(QUERIES["keep_assertion"], values)
        if used.rowcount == 0:
            raise AssertionRefusedError("replayed")
    else:
        values["certificate"] = proven
    await connection.execute(QUERIES["forget_tokens"], values)
    await connection.execute(QUERIES["keep_token"], values)
    return token, values["id"]


async def find_bearer(connection: Connection, token: str, now: datetime) -> Bearer | None:
    """Return whose token it is, if that program is worth something now; None for nobody's."""
    async with connection.cursor(row_factory=class_row(Bearer)) as cursor:
        await cursor.execute(QUERIES["find_bearer"], {"token_hash": _hash(token), "now": now})
        return await cursor.fetchone()


async def revoke_token(connection: Connection, token: str, client_id: UUID) -> None:
    """End a token of a client (RFC 7009); one that is not there has ended."""
    await connection.execute(QUERIES["revoke_token"], {"token_hash": _hash(token), "client": client_id})


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
