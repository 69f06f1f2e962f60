# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The outbox as the notifier sees it: what is due, and that it was taken or why not. It reads no table of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.notices.kinds import KINDS

QUERIES = load_queries("vaka.notices")
LONGEST_RECEIPT = 200


class Fault(StrEnum):
    """Why a notice was not taken, in a form that can be counted."""

    UNREACHABLE = "unreachable"  # no answer, or not in time
    NETWORK = "network"  # the address lies in a network that notices are not sent into
    CERTIFICATE = "certificate"  # not the certificate that was agreed, or none that is trusted
    UNENCRYPTED = "unencrypted"  # the mail server offers no TLS
    REFUSED = "refused"  # the other end said no
    ANSWER = "answer"  # what came back is no answer


class SendingError(Exception):
    """The other end has not taken the notice."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Due:
    """One notice on its way to one place."""

    notice_id: UUID
    """By this whoever gets it twice knows it again."""
    way_id: UUID
    kind: str
    entry: int
    """The number of the log's entry that it tells of."""
    event: str
    object: str
    """Whom or what the entry is about, by random identifier."""
    happened_at: datetime
    slug: str
    """The authority's short name."""
    way: str
    address: str
    server: str | None
    certificate: str | None
    attempts: int
    said: Mapping[str, Any] | None = None
    """Of a reminder, a digest or a contract, what it says: ``sv`` and ``en``, ``page``, ``facts``, and whether it is
    for the supplier's ``office``. Other kinds say what their kind says."""


async def take_due(connection: Connection, now: datetime, most: int) -> list[Due]:
    """Return what is due, and put each off: whoever ends before it is told leaves it to the next attempt."""
    async with connection.cursor(row_factory=class_row(Due)) as cursor:
        await cursor.execute(QUERIES["take_notices"], {"now": now, "most": most})
        due = await cursor.fetchall()
    objects = [one.object for one in due if KINDS[one.kind].says_more]
    if not objects:
        return due
    found = await connection.execute(QUERIES["read_said"], {"objects": objects})
    said = dict(await found.fetchall())
    return [replace(one, said=said.get(one.object)) for one in due]


@dataclass(frozen=True, slots=True)
class Rooms:
    """Where links lead."""

    portal: str
    office: str

    def link(self, due: Due) -> str:
        """Return the page that shows what a notice tells of: the authority's own, or the supplier's."""
        if due.said is not None and due.said["office"]:
            return f"{self.office}{due.said['page']}"
        if KINDS[due.kind].of_office:
            return f"{self.office}{KINDS[due.kind].page}"
        page = KINDS[due.kind].page if due.said is None else due.said["page"]
        return f"{self.portal}/log/{due.slug}/{page}"


async def tell_delivered(connection: Connection, due: Due, receipt: str, now: datetime) -> None:
    """Write down that it was taken, and the receipt, with their entry."""
    facts = {"notice": due.notice_id, "way": due.way_id, "receipt": receipt[:LONGEST_RECEIPT], "now": now}
    await connection.execute(QUERIES["tell_delivered"], facts)


async def tell_hindered(connection: Connection, due: Due, fault: Fault, now: datetime) -> None:
    """Write down why it was not taken; the entry tells of a reason once."""
    facts = {"notice": due.notice_id, "way": due.way_id, "fault": fault.value, "now": now}
    await connection.execute(QUERIES["tell_hindered"], facts)


async def tell_late(connection: Connection, now: datetime) -> int:
    """Tell once of each notice that has not arrived in the agreed time (as scheduler); return how many."""
    row = await (await connection.execute(QUERIES["tell_late_notices"], {"now": now})).fetchone()
    return 0 if row is None else int(row[0])
