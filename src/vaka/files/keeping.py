# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Keeping the file that comes with a message, and telling of one that was refused (terms 34, 35 and 37).

Whoever says something in a case or in a question keeps its file here in the same transaction: the words name the
fingerprint, and the database refuses a file that they do not name.
"""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from vaka.access.requests import require_done
from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.files.model import Sent, columns_of
from vaka.scanning.refusing import Reason

QUERIES = load_queries("vaka.files")


async def keep_file(
    connection: Connection, sent: Sent, account_id: UUID, now: datetime, *, case_id: UUID | None = None,
    inquiry: UUID | None = None,
) -> str:  # fmt: skip
    """Keep the file of what an account has just said in a case or in a question (as office or portal).

    Returns ``done``, or why not: ``full``, and ``gone`` where the words do not name it.
    """
    values = {
        **columns_of(sent.file, now), "case_id": case_id, "inquiry": inquiry, "most": sent.most,
        "account_id": account_id, "now": now,
    }  # fmt: skip
    row = await (await connection.execute(QUERIES["keep_message_file"], values)).fetchone()
    return "gone" if row is None else str(row[0])


async def tell_refused_file(
    connection: Connection, account_id: UUID, data: bytes, reason: Reason, now: datetime, *,
    authority_id: UUID | None, case_id: UUID | None = None, inquiry: UUID | None = None,
) -> None:  # fmt: skip
    """Enter that a file was refused: its fingerprint and why, and nothing that it holds or is called.

    As portal for an authority, also of what was to begin a question; as office, of what goes to one, in its case or
    in its question, or to a whole case (None). Raises NotDecidableError.
    """
    values = {
        "case_id": case_id, "inquiry": inquiry, "authority_id": authority_id, "sha256": sha256(data).digest(),
        "reason": reason.value, "account_id": account_id, "now": now,
    }  # fmt: skip
    async with connection.transaction():
        row = await (await connection.execute(QUERIES["refuse_message_file"], values)).fetchone()
        require_done(None if row is None else str(row[0]))
