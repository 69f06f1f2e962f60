# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Alarms that no device sends, because it cannot: silence of a device, of a site, of our own receivers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from vaka.alarms.changes import QUERIES, Connection, write_changes
from vaka.identifiers import new_identifier
from vaka.ledger.events import Event

SUPERVISION = "supervision"
OFFLINE = "offline"
SITE_SILENT = "site_silent"
RECEIVER_SILENT = "receiver_silent"
_SITE_KEYS = {SITE_SILENT: "site:technical:silent", RECEIVER_SILENT: "site:technical:receiver_silent"}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is silent."""

    join_key: str
    device_id: UUID | None = None
    person_id: UUID | None = None
    sender: str = ""
    """What stands for what it calls itself."""
    device_type: int | None = None

    @classmethod
    def device(cls, device_id: UUID, person_id: UUID | None, sender: str, device_type: int) -> "Subject":
        """Return a device; the key is the one its own technical messages would have."""
        return cls(f"{device_id}:technical:{OFFLINE}", device_id, person_id, sender, device_type)

    @classmethod
    def site(cls, kind: str) -> "Subject":
        """Return the authority as a whole."""
        return cls(_SITE_KEYS[kind])


@dataclass(frozen=True, slots=True)
class OpenSite:
    """A site alarm that stands, and when it began (or began again)."""

    id: UUID
    latest_at: datetime


async def open_site(connection: Connection, kind: str) -> OpenSite | None:
    """Return the site alarm of this kind that stands; None where there is none, or its silence is over."""
    async with connection.cursor(row_factory=class_row(OpenSite)) as cursor:
        await cursor.execute(QUERIES["find_open_site"], {"join_key": _SITE_KEYS[kind]})
        return await cursor.fetchone()


async def raise_(
    connection: Connection, kind: str, subjects: Sequence[Subject], now: datetime, numbers: str = ""
) -> None:
    """Raise one technical alarm for each subject, or let one that is still open go on. ``numbers`` is silent/heard."""
    if not subjects:
        return
    facts = {
        "kind": kind, "now": now,
        "ids": [new_identifier(now) for _ in subjects],
        "join_keys": [subject.join_key for subject in subjects],
        "people": [subject.person_id for subject in subjects],
        "devices": [subject.device_id for subject in subjects],
        "senders": [subject.sender for subject in subjects],
        "device_types": [subject.device_type for subject in subjects],
    }  # fmt: skip
    cursor = await connection.execute(QUERIES["raise_technical"], facts)
    rows = await cursor.fetchall()
    site = kind in _SITE_KEYS
    detail = {"class": "technical", "kind": kind} | ({"silent": numbers} if numbers else {})
    for is_new, event, step in (
        (True, Event.SITE_SILENT if site else Event.ALARM_RAISED, "raised"),
        (False, Event.SITE_SILENT if site else Event.ALARM_JOINED, "joined"),
    ):
        ids = [alarm_id for alarm_id, was_new in rows if was_new is is_new]
        await write_changes(connection, event, step, SUPERVISION, now, ids, step_detail=numbers, detail=detail)


async def end(connection: Connection, ids: Sequence[UUID], now: datetime, numbers: str = "", *, event: Event) -> None:
    """End these alarms because the silence is over; what somebody has taken stays and gets a step."""
    if not ids:
        return
    cursor = await connection.execute(QUERIES["end_technical"], {"ids": list(ids), "now": now})
    ended = [row[0] for row in await cursor.fetchall()]
    detail = {"silent": numbers} if numbers else {}
    await write_changes(connection, event, "restored", SUPERVISION, now, ended, step_detail=numbers, detail=detail)
