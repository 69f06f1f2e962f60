# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Links by which a calendar shows what is due: made by somebody for himself, and worth what he may at that moment.

A calendar sends no cookie and touches no key, so the address itself is the secret: 256 random bits, shown once and kept
as a digest. It opens names of terms and days, and nothing else. It ends when its owner ends it, and opens nothing once
his account is deactivated or his role is gone.
"""

import hashlib
import os
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.decide import require
from vaka.access.grants import QUERIES, read_grants
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import RandomBytes, new_identifier
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.sessions import Session
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing

TOKEN_BYTES = 32
MOST_LINKS = 5
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_A_MOMENT = timedelta(minutes=1)


class CalendarLinkError(VakaError):
    """A link cannot be made or ended like this; says why."""


@dataclass(frozen=True, slots=True)
class CalendarLink:
    """A link of one's own that shows something. Its secret is nowhere."""

    id: UUID
    made_at: datetime


@dataclass(frozen=True, slots=True)
class CalendarReader:
    """Whose link was opened."""

    link: UUID
    authority_id: UUID | None
    """Of whose deadlines; None: the supplier's."""
    language: str
    principal: Principal
    """Its owner, with what he may now."""


def needs(authority_id: UUID | None) -> Permission:
    """Return what one has to be allowed to see: how the terms of that authority stand, or of all."""
    return Permission.OFFICE_SEE_TERMS if authority_id is None else Permission.PORTAL_SEE_TERMS


def making_act(authority_id: UUID | None) -> Act:
    """Return the act that making a link is, as a key confirms it."""
    return Act(Event.CALENDAR_LINK_MADE.value, authority_id, "calendar_link")


async def make_link(
    connection: Connection, principal: Principal, authority_id: UUID | None, *, now: datetime,
    confirmation: Confirmation, random_bytes: RandomBytes = os.urandom,
) -> str:  # fmt: skip
    """Make a link of one's own and return its secret, which is stored nowhere (as portal or office).

    Raises NotAllowedError, NothingHereError, NotConfirmedError, CalendarLinkError, LedgerStandsStillError.
    """
    require(principal, needs(authority_id), authority_id)
    confirmation.require(making_act(authority_id))
    token = urlsafe_b64encode(random_bytes(TOKEN_BYTES)).rstrip(b"=").decode()
    link = new_identifier(now)
    facts = {
        "id": link, "authority_id": authority_id, "account_id": principal.account_id,
        "token_hash": _hash(token), "now": now,
    }  # fmt: skip
    async with connection.transaction():
        if len(await list_links(connection, principal, authority_id)) >= MOST_LINKS:
            raise CalendarLinkError(
                Category.CONFLICT,
                Sentence(
                    f"Fler än {MOST_LINKS} länkar går det inte att ha. Avsluta en först.",
                    f"There cannot be more than {MOST_LINKS} links. End one first.",
                ),
            )
        await connection.execute(QUERIES["make_calendar_link"], facts)
        await require_standing(connection, now)
        whose = {} if authority_id is None else {"authority": str(authority_id)}
        await append(connection, Entry(
            Event.CALENDAR_LINK_MADE, principal.actor, now, f"calendar_link:{link}",
            detail={**whose, **confirmation.said},
        ))  # fmt: skip
    return token


async def end_link(
    connection: Connection, principal: Principal, authority_id: UUID | None, link: UUID, *, now: datetime
) -> None:
    """End a link of one's own; it shows nothing from then on (as portal or office).

    It waits for no ledger that stands still, as it takes something away. Raises NotAllowedError, NothingHereError,
    CalendarLinkError.
    """
    require(principal, needs(authority_id), authority_id)
    facts = {"id": link, "authority_id": authority_id, "account_id": principal.account_id, "now": now}
    async with connection.transaction():
        ended = await connection.execute(QUERIES["end_calendar_link"], facts)
        if ended.rowcount == 0:
            raise CalendarLinkError(
                Category.CONFLICT,
                Sentence(
                    "Länken är redan avslutad, eller är inte din. Inget har ändrats.",
                    "The link has ended already, or is not yours. Nothing was changed.",
                ),
            )
        whose = {} if authority_id is None else {"authority": str(authority_id)}
        await append(
            connection, Entry(Event.CALENDAR_LINK_ENDED, principal.actor, now, f"calendar_link:{link}", detail=whose)
        )


async def list_links(connection: Connection, principal: Principal, authority_id: UUID | None) -> list[CalendarLink]:
    """Return the links somebody has that show something, the oldest first (as portal or office)."""
    facts = {"authority_id": authority_id, "account_id": principal.account_id}
    async with connection.cursor(row_factory=class_row(CalendarLink)) as cursor:
        await cursor.execute(QUERIES["list_calendar_links"], facts)
        return await cursor.fetchall()


async def find_reader(connection: Connection, token: str, now: datetime) -> CalendarReader | None:
    """Return whose link has that secret, or None; whether he may still see anything, his principal says."""
    if not _TOKEN.fullmatch(token):
        return None
    row = await (await connection.execute(QUERIES["find_calendar_link"], {"token_hash": _hash(token)})).fetchone()
    if row is None:
        return None
    link, authority_id, account_id, made_at, language, kind = row
    realm = "administrator" if authority_id is None else "authority"
    session = Session(link, account_id, realm, made_at, now + _A_MOMENT, "", kind, language, method="calendar")
    grants = await read_grants(connection, account_id, now)
    return CalendarReader(link, authority_id, language, Principal(session, grants))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
