# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""People's security keys as rows, each bound by an HMAC: one that was put or changed by hand is no key.

The HMAC's key lies in the credentials directory, not in a database. Whoever has the database alone can take keys away,
which is told of, and can let nobody in.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.crypto.binding import bind, is_bound
from vaka.database.queries import load_queries
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.guard import Known, NewKey

QUERIES = load_queries("vaka.identity")
Connection = psycopg.AsyncConnection[Any]
Purpose = Literal["own", "emergency"]
"""What a key is good for: its owner's acts and sign-ins, or an emergency and nothing else."""

MOST_KEYS = 10
LONGEST_NAME = 40
_KIND = "security key"


@dataclass(frozen=True, slots=True)
class SecurityKey:
    """One enrolled key."""

    id: UUID
    account_id: UUID
    name: str
    credential_id: bytes
    public_key: bytes
    algorithm: str
    model: UUID
    site: str
    device_bound: bool
    attested: bool
    sign_count: int
    added_at: datetime
    last_used_at: datetime | None
    binding: bytes
    purpose: Purpose = "own"

    @property
    def known(self) -> Known:
        """What the guard judges by."""
        return Known(
            self.credential_id, self.public_key, self.algorithm, self.site, self.device_bound, self.attested,
            self.sign_count,
        )  # fmt: skip

    @property
    def object(self) -> str:
        """How entries name it."""
        return f"security_key:{self.id}"


class NoSuchKeyError(VakaError):
    """The account has no such key, or no longer."""

    def __init__(self) -> None:
        super().__init__(
            Category.MISSING,
            Sentence(sv="Nyckeln finns inte längre.", en="That key is not there any more."),
        )


class UnusableNameError(VakaError):
    """What a key is to be called is empty or too long."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"Ge nyckeln ett namn på 1–{LONGEST_NAME} tecken. Inget har ändrats.",
                en=f"Give the key a name of 1–{LONGEST_NAME} characters. Nothing was changed.",
            ),
        )


def require_name(name: str) -> str:
    """Return what a key may be called. Raises UnusableNameError."""
    plain = " ".join(name.split())
    if not 1 <= len(plain) <= LONGEST_NAME or not plain.isprintable():
        raise UnusableNameError
    return plain


async def list_keys(connection: Connection, account_id: UUID, purpose: Purpose = "own") -> list[SecurityKey]:
    """Return the account's rows, the oldest first, also those that are bound to nothing (as portal)."""
    async with connection.cursor(row_factory=class_row(SecurityKey)) as cursor:
        await cursor.execute(QUERIES["list_keys"], {"account_id": account_id, "purpose": purpose})
        return await cursor.fetchall()


async def find_key(connection: Connection, credential_id: bytes) -> SecurityKey | None:
    """Return the row with this credential, whosever it is and whatever it is good for."""
    async with connection.cursor(row_factory=class_row(SecurityKey)) as cursor:
        await cursor.execute(QUERIES["find_key"], {"credential_id": credential_id})
        return await cursor.fetchone()


async def add_key(
    connection: Connection, secret: bytes, key_id: UUID, account_id: UUID, name: str, made: NewKey, site: str,
    now: datetime, purpose: Purpose = "own",
) -> SecurityKey | None:  # fmt: skip
    """Store a key that the guard let through; None where its credential is stored already."""
    key = SecurityKey(
        key_id, account_id, name, made.credential_id, made.public_key, made.algorithm, made.model, site,
        made.device_bound, made.attested, made.sign_count, now, None, b"", purpose,
    )  # fmt: skip
    binding = bind(secret, _KIND, _facts(key))
    values = {
        "id": key.id, "account_id": account_id, "name": name, "credential_id": key.credential_id,
        "public_key": key.public_key, "algorithm": key.algorithm, "model": key.model, "site": site,
        "device_bound": key.device_bound, "attested": key.attested, "sign_count": key.sign_count, "now": now,
        "binding": binding, "purpose": purpose,
    }  # fmt: skip
    done = await connection.execute(QUERIES["enrol_key"], values)
    return key if done.rowcount else None


def is_ours(secret: bytes, key: SecurityKey) -> bool:
    """Whether a row says what was written when the key was enrolled."""
    return is_bound(secret, _KIND, _facts(key), key.binding)


def _facts(key: SecurityKey) -> list[bytes]:
    # What is good for nothing but emergencies says so; for what others are good was never written.
    purpose = [] if key.purpose == "own" else [key.purpose.encode()]
    return [
        key.id.bytes, key.account_id.bytes, key.credential_id, key.public_key, key.algorithm.encode(), key.model.bytes,
        key.site.encode(), bytes([key.device_bound, key.attested]), key.added_at.astimezone(UTC).isoformat().encode(),
        *purpose,
    ]  # fmt: skip
