# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where an authority wants to be told, and within how many minutes: its own people say so, nobody of the supplier's.

All here is run as portal, in the platform's database, by functions that look at who asks once more.
"""

import re
import ssl
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.requests import require_done
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.ledger.standing import require_standing
from vaka.notices.mail import split_server
from vaka.notices.outbox import QUERIES

WayKind = Literal["mail", "webhook"]
AGREED_MINUTES = 15
"""Where nothing else was agreed."""
LONGEST_MINUTES = 1440
MOST_WAYS = 5
LONGEST_ADDRESS = 500
LONGEST_SERVER = 260
LONGEST_CERTIFICATE = 20_000
_MAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")
_SERVER = re.compile(r"([A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,8}|\[[0-9a-fA-F:]{2,45}\]):[0-9]{1,5}")


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


class UnusableWayError(VakaError):
    """What was written is no place to send to."""

    def __init__(self, sv: str, en: str) -> None:
        super().__init__(Category.INVALID, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))


async def list_ways(connection: Connection, authority_id: UUID) -> list[Way]:
    """Return where notices are sent, and then where they were before."""
    async with connection.cursor(row_factory=class_row(Way)) as cursor:
        await cursor.execute(QUERIES["list_ways"], {"authority_id": authority_id})
        return await cursor.fetchall()


async def read_minutes(connection: Connection, authority_id: UUID) -> int:
    """Return within how many minutes notices are to arrive."""
    row = await (await connection.execute(QUERIES["read_minutes"], {"authority_id": authority_id})).fetchone()
    return AGREED_MINUTES if row is None else int(row[0])


async def set_way(
    connection: Connection, principal: Principal, authority_id: UUID, way: WayKind, address: str, *,
    server: str = "", certificate: str = "", now: datetime,
) -> UUID:  # fmt: skip
    """Send notices to one more place; return its identifier.

    Raises NotAllowedError, NothingHereError, UnusableWayError, NotDecidableError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_SET_NOTICES, authority_id)
    address, server, certificate = address.strip(), server.strip(), certificate.strip()
    if way == "mail":
        _require_mail(address, server)
    else:
        _require_webhook(address)
        server = ""
    _require_certificate(certificate)
    identifier = new_identifier(now)
    facts = {
        "id": identifier, "authority_id": authority_id, "way": way, "address": address, "server": server or None,
        "certificate": certificate or None, "account_id": principal.account_id, "now": now,
    }  # fmt: skip
    async with connection.transaction():
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
    connection: Connection, principal: Principal, authority_id: UUID, way: UUID, *, now: datetime
) -> None:
    """Send notices there no more. Raises as :func:`set_way` does."""
    require(principal, Permission.PORTAL_SET_NOTICES, authority_id)
    facts = {"id": way, "authority_id": authority_id, "account_id": principal.account_id, "now": now}
    async with connection.transaction():
        require_done(await _ask(connection, "end_notice_way", facts))
        await require_standing(connection, now)


async def set_minutes(
    connection: Connection, principal: Principal, authority_id: UUID, minutes: int, *, now: datetime
) -> None:
    """Agree within how many minutes notices arrive. Raises as :func:`set_way` does."""
    require(principal, Permission.PORTAL_SET_NOTICES, authority_id)
    if not 1 <= minutes <= LONGEST_MINUTES:
        raise UnusableWayError(
            f"Skriv ett antal minuter, 1–{LONGEST_MINUTES}.", f"Write a number of minutes, 1–{LONGEST_MINUTES}."
        )
    facts = {"authority_id": authority_id, "minutes": minutes, "account_id": principal.account_id, "now": now}
    async with connection.transaction():
        require_done(await _ask(connection, "set_notice_minutes", facts))
        await require_standing(connection, now)


async def _ask(connection: Connection, query: str, facts: dict[str, Any]) -> str | None:
    row = await (await connection.execute(QUERIES[query], facts)).fetchone()
    return None if row is None else str(row[0])


def _require_mail(address: str, server: str) -> None:
    if not _MAIL.fullmatch(address):
        raise UnusableWayError("Det är ingen e-postadress.", "That is no mail address.")
    if not _SERVER.fullmatch(server) or not 1 <= split_server(server)[1] <= 65_535:
        raise UnusableWayError(
            "Skriv er e-postserver som namn:port, till exempel mx.kommunen.example:25.",
            "Write your mail server as name:port, such as mx.municipality.example:25.",
        )


def _require_webhook(address: str) -> None:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    plain = address.isascii() and address.isprintable() and " " not in address and len(address) <= LONGEST_ADDRESS
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.fragment or port == 0 or not plain:
        raise UnusableWayError(
            "Skriv en adress som börjar med https:// och inte har något användarnamn.",
            "Write an address that begins with https:// and holds no user name.",
        )


def _require_certificate(certificate: str) -> None:
    if not certificate:
        return
    is_one = len(certificate) <= LONGEST_CERTIFICATE and certificate.isascii() and "PRIVATE KEY" not in certificate
    try:
        if is_one:
            ssl.create_default_context(cadata=certificate)
            return
    except (ssl.SSLError, ValueError):
        pass
    raise UnusableWayError(
        "Certifikatet kan inte läsas. Klistra in det som text (PEM), utan någon privat nyckel.",
        "The certificate cannot be read. Paste it as text (PEM), without any private key.",
    )
