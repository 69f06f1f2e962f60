# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where the supplier wants to be told of what it has to do, and on which day of the week: its administrators say so.

Each takes a touch. The places are those of the supplier's reception of unknown senders, the one authority of its own.
All here is run as office, by functions that look at who asks once more.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.step_up import confirmed
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing
from vaka.notices.outbox import QUERIES
from vaka.notices.places import Place
from vaka.notices.ways import MOST_WAYS, Way, describe_place

NEEDS = Permission.OFFICE_DECIDE_REGISTERS
"""Who decides what is shown of the registers decides where their days are told."""


class NotTellableError(VakaError):
    """It cannot be told like this; says why by a word of the database's function."""

    def __init__(self, said: str) -> None:
        super().__init__(*_REFUSALS[said])


_REFUSALS: Mapping[str, tuple[Category, Sentence]] = {
    "stranger": (
        Category.FORBIDDEN,
        Sentence(
            "Det kontot är inget aktivt administratörskonto med rollen administratör. Inget har ändrats.",
            "That account is no active administrator's with the role administrator. Nothing was changed.",
        ),
    ),
    "gone": (
        Category.CONFLICT,
        Sentence(
            "Den adressen är redan avslutad, eller så finns ingen mottagning än. Inget har ändrats.",
            "That address has ended already, or there is no reception yet. Nothing was changed.",
        ),
    ),
    "many": (
        Category.CONFLICT,
        Sentence(
            f"Fler än {MOST_WAYS} adresser går det inte att ha. Avsluta en först.",
            f"There cannot be more than {MOST_WAYS} addresses. End one first.",
        ),
    ),
}


async def list_own_ways(connection: Connection) -> list[Way]:
    """Return where the supplier is told, and then where it was before."""
    async with connection.cursor(row_factory=class_row(Way)) as cursor:
        await cursor.execute(QUERIES["list_own_ways"])
        return await cursor.fetchall()


async def read_own_digest_day(connection: Connection) -> int:
    """Return the day of the supplier's digest: 1 Monday … 7 Sunday, 0 never."""
    row = await (await connection.execute(QUERIES["read_own_digest_day"])).fetchone()
    return 0 if row is None else int(row[0])


def setting_own_act(place: Place) -> Act:
    """Return the act that one more place is. Raises UnusableWayError."""
    return Act(Event.NOTICE_WAY_SET.value, None, "notice_way", describe_place(place))


def ending_own_act(way: UUID) -> Act:
    """Return the act that ending a place is."""
    return Act(Event.NOTICE_WAY_ENDED.value, None, f"notice_way:{way}")


def own_digest_act(weekday: int) -> Act:
    """Return the act that another day is."""
    return Act(Event.DIGEST_RULE_SET.value, None, "digest_rule", {"weekday": weekday})


async def set_own_way(
    connection: Connection, principal: Principal, place: Place, *, now: datetime, confirmation: Confirmation
) -> UUID:
    """Tell the supplier at one more place; return its identifier.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UnusableWayError, NotTellableError,
    LedgerStandsStillError.
    """
    identifier, act = new_identifier(now), setting_own_act(place)
    place = place.sound()
    facts = {
        "id": identifier, "way": place.way, "address": place.address, "server": place.server or None,
        "certificate": place.certificate or None,
    }  # fmt: skip
    await _decide(connection, principal, "set_own_way", facts, act, now, confirmation)
    return identifier


async def end_own_way(
    connection: Connection, principal: Principal, way: UUID, *, now: datetime, confirmation: Confirmation
) -> None:
    """Tell the supplier there no more. Raises as :func:`set_own_way` does."""
    await _decide(connection, principal, "end_own_way", {"id": way}, ending_own_act(way), now, confirmation)


async def set_own_digest_day(
    connection: Connection, principal: Principal, weekday: int, *, now: datetime, confirmation: Confirmation
) -> None:
    """Set the day of the supplier's digest. Raises as :func:`set_own_way` does."""
    act = own_digest_act(weekday)
    await _decide(connection, principal, "set_own_digest_day", {"weekday": weekday}, act, now, confirmation)


async def _decide(
    connection: Connection, principal: Principal, query: str, facts: dict[str, Any], act: Act, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    require(principal, NEEDS, None)
    async with confirmed(connection, confirmation, act):
        row = await (
            await connection.execute(QUERIES[query], {**facts, "account_id": principal.account_id, "now": now})
        ).fetchone()
        said = "gone" if row is None else str(row[0])
        if said != "done":
            raise NotTellableError(said)
        await require_standing(connection, now)
