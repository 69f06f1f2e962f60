# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whoever leaves (terms 8 and 13): an account is deactivated at once, on a day said before, or removed for ever.

Deactivating ends every session in the same transaction; a desk that is open notices within seconds. That an account
comes back, or is removed, takes two people (``vaka.access.accounts``). Removing erases the name; the random identifiers
stay, so that the log can be read and nobody is given them again.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from vaka.database.queries import load_queries
from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.standing import require_standing

QUERIES = load_queries("vaka.identity")


class NotChangeableError(VakaError):
    """There is no such account, it is so already, or it was removed."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Det går inte: kontot finns inte, är redan sådant eller är borttaget för alltid. Inget har ändrats.",
                en="That cannot be: there is no such account, it is so already, or it was removed for ever. Nothing "
                "was changed.",
            ),
        )


class LastApproverError(VakaError):
    """Nobody else approves roles for an authority."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Ingen annan godkänner behörigheter åt en myndighet. Låt den få en efterträdare först. Sessionerna "
                "kan avslutas under tiden. Inget har ändrats.",
                en="Nobody else approves access for an authority. Let it have a successor first. The account's "
                "sessions can be ended meanwhile. Nothing was changed.",
            ),
        )


async def put_out_account(
    connection: psycopg.AsyncConnection[Any], account_id: UUID, *, actor: str, now: datetime
) -> None:
    """Deactivate an account at once (as office or setup). Its sessions end.

    What only keeps somebody out waits for no ledger, and for nobody else. Raises NotChangeableError, LastApproverError.
    """
    facts = {"account_id": account_id, "actor": actor, "now": now}
    row = await (await connection.execute(QUERIES["put_out_account"], facts)).fetchone()
    _require_done(row)


async def end_account(
    connection: psycopg.AsyncConnection[Any], account_id: UUID, ends_at: datetime | None, *, actor: str, now: datetime
) -> None:
    """Say when an account is deactivated by itself, or never (as setup).

    Raises NotChangeableError, LastApproverError, LedgerStandsStillError.
    """
    facts = {"account_id": account_id, "ends_at": ends_at, "actor": actor, "now": now}
    async with connection.transaction():
        row = await (await connection.execute(QUERIES["end_account"], facts)).fetchone()
        _require_done(row)
        await require_standing(connection, now)


def _require_done(row: tuple[Any, ...] | None) -> None:
    if row == ("last_approver",):
        raise LastApproverError
    if row != ("done",):
        raise NotChangeableError
