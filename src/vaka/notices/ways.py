# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where an authority wants to be told, and within how many minutes: its own people say so, nobody of the supplier's.

Each takes a touch: a stolen session does not silence what would tell of it. All here is run as portal, in the
platform's database, by functions that look at who asks once more.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.requests import require_done
from vaka.access.step_up import confirmed
from vaka.database.connections import Connection
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing
from vaka.notices.outbox import QUERIES
from vaka.notices.places import Place, UnusableWayError

AGREED_MINUTES = 15
"""Where nothing else was agreed."""
LONGEST_MINUTES = 1440
MOST_WAYS = 5


@dataclass(frozen=True, slots=True)
class Way:
    """One place that notices are sent to, or were."""

    id: UUID
    way: str
    address: str
    server: str | None
    is_pinned: bool
    """Whether a certificate was agreed."""
    set_by: UUID
    since: datetime
    ended_at: datetime | None


async def list_ways(connection: Connection, authority_id: UUID) -> list[Way]:
    """Return where notices are sent, and then where they were before."""
    async with connection.cursor(row_factory=class_row(Way)) as cursor:
        await cursor.execute(QUERIES["list_ways"], {"authority_id": authority_id})
        return await cursor.fetchall()


async def read_minutes(connection: Connection, authority_id: UUID) -> int:
    """Return within how many minutes notices are to arrive."""
    row = await (await connection.execute(QUERIES["read_minutes"], {"authority_id": authority_id})).fetchone()
    return AGREED_MINUTES if row is None else int(row[0])


def setting_act(authority_id: UUID, place: Place) -> Act:
    """Return the act that one more way is, as a key confirms it. Raises UnusableWayError."""
    return Act(Event.NOTICE_WAY_SET.value, authority_id, f"authority:{authority_id}", describe_place(place))


def describe_place(place: Place) -> dict[str, str | int]:
    """Return what a key confirms of a place: of its certificate the fingerprint. Raises UnusableWayError."""
    place = place.sound()
    certificate = hashlib.sha256(place.certificate.encode()).hexdigest() if place.certificate else ""
    return {"way": place.way, "address": place.address, "server": place.server, "certificate": certificate}


def ending_act(authority_id: UUID, way: UUID) -> Act:
    """Return the act that ending a way is."""
    return Act(Event.NOTICE_WAY_ENDED.value, authority_id, f"notice_way:{way}")


def minutes_act(authority_id: UUID, minutes: int) -> Act:
    """Return the act that an agreed time is. Raises UnusableWayError."""
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise UnusableWayError(
            f"Skriv ett antal minuter, 1–{LONGEST_MINUTES}.", f"Write a number of minutes, 1–{LONGEST_MINUTES}."
        )
    return Act(Event.NOTICE_RULE_SET.value, authority_id, f"authority:{authority_id}", {"minutes": minutes})


async def set_way(
    connection: Connection, principal: Principal, authority_id: UUID, place: Place, *, now: datetime,
    confirmation: Confirmation,
) -> UUID:  # fmt: skip
    """Send notices to one more place; return its identifier.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UnusableWayError, NotDecidableError,
    LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_SET_NOTICES, authority_id)
    place, identifier = place.sound(), new_identifier(now)
    facts = {
        "id": identifier, "authority_id": authority_id, "way": place.way, "address": place.address,
        "server": place.server or None, "certificate": place.certificate or None, "account_id": principal.account_id,
        "now": now,
    }  # fmt: skip
    async with confirmed(connection, confirmation, setting_act(authority_id, place)):
        said = await _ask(connection, "set_notice_way", facts)
        if said == "many":
            raise UnusableWayError(
                f"Fler än {MOST_WAYS} adresser går det inte att ha. Avsluta en först.",
                f"There cannot be more than {MOST_WAYS} addresses. End one first.",
            )
        require_done(said)
        await require_standing(connection, now)
    return identifier


async def end_way(
    connection: Connection, principal: Principal, authority_id: UUID, way: UUID, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Send notices there no more. Raises as :func:`set_way` does."""
    require(principal, Permission.PORTAL_SET_NOTICES, authority_id)
    facts = {"id": way, "authority_id": authority_id, "account_id": principal.account_id, "now": now}
    async with confirmed(connection, confirmation, ending_act(authority_id, way)):
        require_done(await _ask(connection, "end_notice_way", facts))
        await require_standing(connection, now)


async def set_minutes(
    connection: Connection, principal: Principal, authority_id: UUID, minutes: int, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Agree within how many minutes notices arrive. Raises as :func:`set_way` does."""
    require(principal, Permission.PORTAL_SET_NOTICES, authority_id)
    facts = {"authority_id": authority_id, "minutes": minutes, "account_id": principal.account_id, "now": now}
    async with confirmed(connection, confirmation, minutes_act(authority_id, minutes)):
        require_done(await _ask(connection, "set_notice_minutes", facts))
        await require_standing(connection, now)


async def _ask(connection: Connection, query: str, facts: dict[str, Any]) -> str | None:
    row = await (await connection.execute(QUERIES[query], facts)).fetchone()
    return None if row is None else str(row[0])
