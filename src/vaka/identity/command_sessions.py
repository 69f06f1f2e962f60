# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""In whose name commands run where (term 17): seen and ended beside the sessions of browsers (term 13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.identity.sessions import QUERIES, EndReason


@dataclass(frozen=True, slots=True)
class CommandSession:
    """A session of commands that holds now, with what its administrator was shown as he approved it."""

    id: UUID
    machine: str
    uid: int
    username: str
    created_at: datetime
    expires_at: datetime


async def list_command_sessions(
    connection: psycopg.AsyncConnection[Any], account_id: UUID, now: datetime
) -> Sequence[CommandSession]:
    """Return where commands run in somebody's name now, the newest first (as office or setup)."""
    async with connection.cursor(row_factory=class_row(CommandSession)) as cursor:
        await cursor.execute(QUERIES["list_command_sessions"], {"account_id": account_id, "now": now})
        return await cursor.fetchall()


async def end_command_sessions(
    connection: psycopg.AsyncConnection[Any], account_id: UUID, *, actor: str, now: datetime, reason: EndReason,
    only: UUID | None = None, step_up: str | None = None,
) -> int:  # fmt: skip
    """End ``only`` one of them, or all, and return how many there were (as office or setup).

    With all, what was approved and has not been taken is approved no more. ``step_up`` is what a key confirmed.
    """
    which = {"account_id": account_id, "only": only, "reason": reason, "actor": actor, "step_up": step_up, "now": now}
    row = await (await connection.execute(QUERIES["end_command_sessions"], which)).fetchone()
    return 0 if row is None else int(row[0])
