# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Everything the desk reads, each from a connection to one authority's database. Reading authorises nothing: the
caller asks ``access.decide`` first, and calls ``taking.record_read`` when a person's screen was shown.

What is about people comes sealed. ``alarms.unlocking`` opens it when the connection is given back: nobody waits for the
keyholder with a connection in his hand.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from psycopg.rows import class_row, dict_row, kwargs_row

from vaka.alarms.changes import QUERIES, Connection, read_alarm
from vaka.alarms.model import Alarm, State
from vaka.alarms.rows import (
    ClosingCode,
    EarlierAlarm,
    HistoryRow,
    Message,
    Numbers,
    Part,
    Policy,
    QueueRow,
    Screen,
    SealedScreen,
    Step,
    Target,
    Unit,
)
from vaka.keys.identities import BlindSender

LARGEST_QUEUE = 1000
LARGEST_HISTORY = 500

Row = TypeVar("Row")


async def read_queue(connection: Connection, now: datetime) -> list[QueueRow]:
    """Return the open alarms, by class and then age, at most LARGEST_QUEUE."""
    return await _read_stateful(connection, QueueRow, "read_queue", {"now": now, "ids": None, "limit": LARGEST_QUEUE})


async def read_queue_rows(connection: Connection, ids: Sequence[UUID], now: datetime) -> list[QueueRow]:
    """Return those of ``ids`` that are open; one that is missing here is to leave the queue."""
    facts = {"now": now, "ids": list(ids), "limit": LARGEST_QUEUE}
    return await _read_stateful(connection, QueueRow, "read_queue", facts)


async def read_screen(connection: Connection, alarm_id: UUID, now: datetime) -> SealedScreen:
    """Return the operator's one screen, to be opened by ``unlocking.unlock_screen``. Raises NoSuchAlarmError."""
    alarm = await read_alarm(connection, alarm_id)
    of_person = {"id": alarm.person_id, "now": now}
    of_alarm = {"id": alarm_id}
    people = await _read_plain(connection, "read_person", of_person)
    person = people[0] if people else None
    of_devices = {"device_id": alarm.device_id, "person_id": alarm.person_id}
    units = await _read(connection, Unit, "read_unit_now", {"area": person["area"], "now": now}) if person else []
    earlier = {"id": alarm_id, "person_id": alarm.person_id, "sender": alarm.sender, "now": now}
    screen = Screen(
        alarm=alarm,
        person=None,
        contacts=[],
        notes=[],
        unit=units[0] if units else None,
        messages=await _read(connection, Message, "read_messages", of_alarm),
        steps=await _read(connection, Step, "read_steps", of_alarm),
        alarm_notes=[],
        earlier=await _read_stateful(connection, EarlierAlarm, "read_earlier", earlier),
        parts=await _read(connection, Part, "read_parts", of_alarm) if alarm.parts else [],
    )
    return SealedScreen(
        screen,
        person,
        await _read_plain(connection, "read_contacts", of_person) if person else [],
        await _read_plain(connection, "read_person_notes", of_person) if person else [],
        await _read_texts(connection, alarm),
        await _read_plain(connection, "read_devices", of_devices),
        await _read_plain(connection, "read_alarm_notes", of_alarm),
    )


async def read_newest_texts(connection: Connection, alarm_id: UUID) -> Mapping[str, Any] | None:
    """Return the letter with what the device said last, as ``unlocking.open_texts`` takes it; None where none is."""
    rows = await _read_plain(connection, "read_newest_texts", {"id": alarm_id})
    return rows[0] if rows else None


async def read_targets(connection: Connection, alarm_id: UUID, account: UUID) -> list[Target]:
    """Return what ``account`` holds that this alarm can become part of, oldest first; names and addresses sealed."""
    return await _read(connection, Target, "read_targets", {"id": alarm_id, "account": account})


async def read_address(connection: Connection, alarm_id: UUID) -> Mapping[str, Any] | None:
    """Return the sealed address of whom an alarm is about, with ``id``; None where nobody is known."""
    rows = await _read_plain(connection, "read_address", {"id": alarm_id})
    return rows[0] if rows else None


async def read_history(
    connection: Connection,
    *,
    since: datetime,
    until: datetime,
    person_id: UUID | None = None,
    sender: BlindSender | None = None,
    people: Sequence[UUID] = (),
    limit: int = 100,
    beyond: tuple[datetime, UUID] | None = None,
) -> list[HistoryRow]:
    """Return alarms closed from ``since`` until before ``until``, newest first, names and closing texts sealed.

    Where ``sender`` is given, only that one's, and those of ``people``: whose names were looked for elsewhere. What a
    device calls itself can only be looked for whole; what operators wrote cannot be searched: it is in letters, which
    no statement reads. For the next page give the last row's ``(closed_at, id)`` as ``beyond``: many alarms may have
    been closed in the same moment.
    """
    beyond_at, beyond_id = beyond or (None, None)
    facts = {
        "since": since, "until": until, "beyond_at": beyond_at, "beyond_id": beyond_id,
        "person_id": person_id, "by_text": sender is not None, "sender": sender, "people": list(people),
        "limit": max(1, min(limit, LARGEST_HISTORY)),
    }  # fmt: skip
    return await _read_stateful(connection, HistoryRow, "read_history", facts)


async def read_policy(connection: Connection) -> Policy:
    """Return the authority's limits and words."""
    return (await _read(connection, Policy, "read_policy", {}))[0]


async def read_closing_codes(connection: Connection) -> list[ClosingCode]:
    """Return the active codes, by list (reason, action, result) and place."""
    return await _read(connection, ClosingCode, "read_closing_codes", {})


async def read_numbers(connection: Connection, now: datetime) -> Numbers:
    """Return how many wait and for how long."""
    return (await _read(connection, Numbers, "read_numbers", {"now": now}))[0]


async def has_taken(connection: Connection, account_id: UUID) -> bool:
    """Return whether an alarm is in this account's hands just now: taken, and neither laid aside nor offered."""
    row = await (await connection.execute(QUERIES["has_taken"], {"account": account_id})).fetchone()
    return row == (True,)


async def _read(connection: Connection, kind: type[Row], query: str, facts: Mapping[str, object]) -> list[Row]:
    async with connection.cursor(row_factory=class_row(kind)) as cursor:
        await cursor.execute(QUERIES[query], facts)
        return await cursor.fetchall()


async def _read_plain(connection: Connection, query: str, facts: Mapping[str, object]) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(QUERIES[query], facts)
        return await cursor.fetchall()


async def _read_texts(connection: Connection, alarm: Alarm) -> list[dict[str, Any]]:
    ids = [one for one in (alarm.first_message, alarm.position_message) if one is not None]
    return await _read_plain(connection, "read_texts", {"ids": ids}) if ids else []


async def _read_stateful(
    connection: Connection, kind: Callable[..., Row], query: str, facts: Mapping[str, object]
) -> list[Row]:
    def make(**columns: Any) -> Row:
        return kind(**{**columns, "state": State(columns["state"])})

    async with connection.cursor(row_factory=kwargs_row(make)) as cursor:
        await cursor.execute(QUERIES[query], facts)
        return await cursor.fetchall()
