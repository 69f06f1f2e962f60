# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""On which day of the week somebody is told how things stand; in the platform's database, as portal."""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.requests import require_done
from vaka.access.step_up import confirmed
from vaka.database.connections import Connection
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing
from vaka.notices.outbox import QUERIES

USUAL = 1
"""Monday, where nobody has said otherwise; 0 is never."""


async def read_digest_day(connection: Connection, authority_id: UUID) -> int:
    """Return the day of an authority's digest: 1 Monday … 7 Sunday, 0 never."""
    row = await (await connection.execute(QUERIES["read_digest_day"], {"authority_id": authority_id})).fetchone()
    return USUAL if row is None else int(row[0])


def digest_act(authority_id: UUID, weekday: int) -> Act:
    """Return the act that another day is, as a key confirms it."""
    return Act(Event.DIGEST_RULE_SET.value, authority_id, f"authority:{authority_id}", {"weekday": weekday})


async def set_digest_day(
    connection: Connection, principal: Principal, authority_id: UUID, weekday: int, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Set the day of an authority's digest.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, NotDecidableError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_SET_NOTICES, authority_id)
    facts = {"authority_id": authority_id, "weekday": weekday, "account_id": principal.account_id, "now": now}
    async with confirmed(connection, confirmation, digest_act(authority_id, weekday)):
        row = await (await connection.execute(QUERIES["set_digest_day"], facts)).fetchone()
        require_done(None if row is None else str(row[0]))
        await require_standing(connection, now)
