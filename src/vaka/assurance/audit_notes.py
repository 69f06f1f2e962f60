# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An auditor's notes (term 37): in the authority's own database, sealed under the authority's own key.

They are for those who audit, and for nobody else: not for the supplier, whichever login it uses, and not in a dump.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import dict_row

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.assurance.evidence import QUERIES
from vaka.crypto.aead import UnopenableError
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.keys.keyring import AuthorityKeys
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event

LONGEST_NOTE = 4000
MOST_LISTED = 200
"""Notes on a page: the newest."""


class NoteError(VakaError):
    """There is nothing in it, or too much."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                f"Skriv något, i 1–{LONGEST_NOTE} tecken. Inget har sparats.",
                f"Write something, in 1–{LONGEST_NOTE} signs. Nothing was kept.",
            ),
        )


@dataclass(frozen=True, slots=True)
class AuditNote:
    """One note."""

    id: UUID
    audit: UUID
    body: str | None
    """None where it cannot be opened: it was changed, or its key is not held."""
    made_by: str
    """``account:<uuid>``."""
    made_at: datetime


async def keep_note(
    tenant: Connection, keys: AuthorityKeys, principal: Principal, audit: UUID, text: str, *, now: datetime
) -> UUID:
    """Seal a note and keep it, as portal. Raises NotAllowedError, NothingHereError, NoteError; KeysUnavailableError."""
    require(principal, Permission.PORTAL_AUDIT, keys.authority)
    body = text.strip()
    if not 0 < len(body) <= LONGEST_NOTE:
        raise NoteError
    identifier = new_identifier(now)
    await keys.hold([keys.authority])
    sealed = keys.seal_row("audit_note", str(identifier), keys.authority, {"body": body})
    async with tenant.transaction():
        await append(
            tenant,
            Entry(Event.AUDIT_NOTED, principal.actor, now, f"audit_note:{identifier}", detail={"audit": str(audit)}),
        )
        await tenant.execute(
            QUERIES["keep_audit_note"],
            {
                "id": identifier, "audit": audit, "subject_id": keys.authority, "made_by": principal.actor, "now": now,
                **sealed,
            },
        )  # fmt: skip
    return identifier


async def list_notes(tenant: Connection, keys: AuthorityKeys, principal: Principal, audit: UUID) -> list[AuditNote]:
    """Return the notes of an audit, the newest first, as portal. Raises what keep_note does but NoteError."""
    require(principal, Permission.PORTAL_AUDIT, keys.authority)
    async with tenant.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES["list_audit_notes"], {"audit": audit, "most": MOST_LISTED})
        rows = await cursor.fetchall()
    if rows:
        await keys.hold([keys.authority])
    return [
        AuditNote(row["id"], row["audit"], _open(keys, row["id"], row["body"]), row["made_by"], row["made_at"])
        for row in rows
    ]


def _open(keys: AuthorityKeys, identifier: UUID, body: bytes) -> str | None:
    try:
        return str(keys.open_row("audit_note", str(identifier), keys.authority, {"body": body})["body"])
    except UnopenableError:
        return None
