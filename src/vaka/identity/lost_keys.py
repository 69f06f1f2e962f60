# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Security keys that are not there yet or any more: those who run the system see which an account has, take lost ones
from it, and let the first two administrators add theirs.

Nobody but its owner adds one. Whoever has none left adds a first one again, within a quarter of an hour of signing in.
"""

import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import RandomBytes, new_identifier
from vaka.identity.credentials import short_hash
from vaka.identity.invitations import Code, make_code
from vaka.identity.sessions import QUERIES
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged, require_standing
from vaka.ledger.stored import Connection


@dataclass(frozen=True, slots=True)
class KeyOfAccount:
    """One key of an account, as those who run the system may see it."""

    id: UUID
    credential_id: bytes
    added_at: datetime
    last_used_at: datetime | None


class NoKeysThereError(VakaError):
    """The account has no such key."""

    def __init__(self) -> None:
        super().__init__(
            Category.MISSING,
            Sentence(sv="Kontot har ingen sådan säkerhetsnyckel.", en="The account has no such security key."),
        )


class NoFirstKeyError(VakaError):
    """The account is no active administrator's without a key, or the installation is founded."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Det går inte: kontot är ingen aktiv administratörs utan nyckel, eller så är installationen "
                "grundad, och då avgör två på kontoret. Inget har ändrats.",
                en="That cannot be: the account is no active administrator's without a key, or the installation is "
                "founded, and two decide it in the office. Nothing was changed.",
            ),
        )


async def list_keys_of(connection: Connection, account_id: UUID) -> list[KeyOfAccount]:
    """Return the keys of an account, the oldest first (as setup)."""
    async with connection.cursor(row_factory=class_row(KeyOfAccount)) as cursor:
        await cursor.execute(QUERIES["list_keys_of_account"], {"account_id": account_id})
        return await cursor.fetchall()


async def remove_lost_keys(
    connection: Connection, account_id: UUID, key_ids: Collection[UUID], *, actor: str, now: datetime
) -> int:
    """Take these keys from an account; return how many there were. The entries name the account.

    Raises NoKeysThereError where one of them is not there, LedgerStandsStillError.
    """
    async with connection.transaction():
        removed = []
        for key_id in key_ids:
            values = {"id": key_id, "account_id": account_id}
            row = await (await connection.execute(QUERIES["remove_key"], values)).fetchone()
            if row is None:
                raise NoKeysThereError
            facts = {"credential": short_hash(bytes(row[0])), "account": f"account:{account_id}"}
            removed.append(Entry(Event.SECURITY_KEY_REMOVED, actor, now, f"security_key:{key_id}", detail=facts))
        await append_privileged(connection, removed)
    return len(removed)


async def found_first_key(
    connection: Connection, account_id: UUID, *, actor: str, now: datetime, random_bytes: RandomBytes = os.urandom
) -> Code:
    """Let one of the first two administrators add his first key (as setup); return the code, stored nowhere.

    Raises NoFirstKeyError, LedgerStandsStillError.
    """
    code = make_code(random_bytes=random_bytes)
    facts = {
        "id": new_identifier(now), "account_id": account_id, "code_hash": code.digest, "actor": actor, "now": now
    }  # fmt: skip
    async with connection.transaction():
        said = await (await connection.execute(QUERIES["found_key_code"], facts)).fetchone()
        if said != ("done",):
            raise NoFirstKeyError
        await require_standing(connection, now)
    return code
