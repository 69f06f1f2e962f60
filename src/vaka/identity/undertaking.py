# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Nobody of the supplier's is let in before the register holds an undertaking of secrecy of his (term 4).

The database judges that, wherever somebody is let in (migration 0049). Here its refusal becomes a sentence, and a page
may ask before anybody touches a key in vain.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import psycopg

from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.sessions import Realm

QUERIES = load_queries("vaka.identity")
CONSTRAINT = "undertaking_first"


class UndertakingMissingError(VakaError):
    """The register holds no undertaking of secrecy of the human whom the account is for."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Det finns ingen giltig tystnadsförbindelse för den som kontot är till, och utan den släpps ingen "
                "hos leverantören in. Inget har ändrats. En administratör lägger in den på kontoret under Register, "
                "Tystnadsförbindelser; sedan går det.",
                en="There is no valid undertaking of secrecy of whom the account is for, and without it nobody of the "
                "supplier's is let in. Nothing was changed. An administrator enters it in the office under Registers, "
                "Undertakings of secrecy; then it can be done.",
            ),
        )


def undertaking_told_by(error: psycopg.Error) -> UndertakingMissingError | None:
    """Return what the database refused, or None where it refused something else."""
    return UndertakingMissingError() if error.diag.constraint_name == CONSTRAINT else None


@contextmanager
def undertaking_asked() -> Iterator[None]:
    """Raise UndertakingMissingError where the database refuses to let somebody in without."""
    try:
        yield
    except psycopg.errors.CheckViolation as error:
        raise undertaking_told_by(error) or error from None


async def lacks_undertaking(connection: Connection, account_id: UUID, realm: Realm | None, now: datetime) -> bool:
    """Whether somebody could not be let in now for want of one (as office).

    ``realm`` is where he is to sign in to; None: wherever his roles are.
    """
    facts = {"account_id": account_id, "realm": realm, "now": now}
    row = await (await connection.execute(QUERIES["lacks_undertaking"], facts)).fetchone()
    return row is not None and bool(row[0])


async def require_awaited_undertaking(connection: Connection, request: UUID, now: datetime) -> None:
    """Return where an account that waits may be approved with its invitation (as office).

    Raises UndertakingMissingError.
    """
    row = await (await connection.execute(QUERIES["awaits_undertaking"], {"request": request, "now": now})).fetchone()
    if row is not None and row[0]:
        raise UndertakingMissingError


async def require_undertaking(connection: Connection, account_id: UUID, realm: Realm | None, now: datetime) -> None:
    """Return where somebody may be let in (as office). Raises UndertakingMissingError."""
    if await lacks_undertaking(connection, account_id, realm, now):
        raise UndertakingMissingError
