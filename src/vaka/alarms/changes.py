# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The one way an alarm is changed: a conditional UPDATE, a step, a ledger entry and an announcement, or none of them.

The caller has authorised, and holds the transaction open around all of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import kwargs_row

from vaka.alarms.conflicts import (
    ActConflictError,
    AlarmConflictError,
    ChangedMeanwhileError,
    HeldByAnotherError,
    NoSuchAlarmError,
)
from vaka.alarms.model import TRANSITIONS, Act, Alarm, State
from vaka.database.queries import load_queries
from vaka.ledger.entries import Entry, append_many
from vaka.ledger.events import Event

QUERIES = load_queries("vaka.alarms")

Connection = psycopg.AsyncConnection[Any]
Detail = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Change:
    """One kind of change: the statement that makes it, and what is written about it."""

    act: Act
    query: str
    event: Event
    step: str


@dataclass(frozen=True, slots=True)
class Author:
    """Who changes, and when."""

    actor: str
    account: UUID
    now: datetime


async def read_alarm(connection: Connection, alarm_id: UUID) -> Alarm:
    """Return the alarm as it is now. Raises NoSuchAlarmError."""
    async with connection.cursor(row_factory=kwargs_row(_make_alarm)) as cursor:
        await cursor.execute(QUERIES["read_alarm"], {"id": alarm_id})
        alarm = await cursor.fetchone()
    if alarm is None:
        raise NoSuchAlarmError
    return alarm


async def change_alarm(
    connection: Connection,
    change: Change,
    author: Author,
    alarm_id: UUID,
    facts: Mapping[str, object] | None = None,
    *,
    seen_version: int | None = None,
    step_detail: str = "",
    detail: Detail | None = None,
) -> Alarm:
    """Change one alarm and return it as it became.

    Acts that end an alarm can name the version the operator saw: one that has changed since then stays as it is.

    Raises NoSuchAlarmError, or the AlarmConflictError that says why the statement found nothing to change.
    """
    own = {
        "id": alarm_id, "account": author.account, "actor": author.actor, "now": author.now, "version": seen_version,
    }  # fmt: skip
    done = await connection.execute(QUERIES[change.query], own | dict(facts or {}))
    alarm = await read_alarm(connection, alarm_id)
    if done.rowcount == 0:
        raise explain(alarm, change.act, author.account, seen_version)
    await write_changes(
        connection, change.event, change.step, author.actor, author.now, [alarm_id], step_detail=step_detail,
        detail={"class": alarm.alarm_class} | dict(detail or {}),
    )  # fmt: skip
    return alarm


async def write_changes(
    connection: Connection,
    event: Event,
    step: str,
    actor: str,
    now: datetime,
    ids: Sequence[UUID],
    *,
    step_detail: str = "",
    detail: Detail | None = None,
) -> None:
    """Write step and ledger entry for each of ``ids``, and announce them all at once."""
    if not ids:
        return
    known = {"ids": list(ids), "now": now, "step": step, "actor": actor, "detail": step_detail}
    await connection.execute(QUERIES["write_steps"], known)
    await append_many(connection, [Entry(event, actor, now, f"alarm:{id_}", detail=detail or {}) for id_ in ids])
    await connection.execute(QUERIES["announce"], {"ids": list(ids)})


def explain(alarm: Alarm, act: Act, account: UUID, seen_version: int | None = None) -> AlarmConflictError:
    """Return why ``account``, who had seen ``seen_version``, could not do ``act``, having found ``alarm`` as it is."""
    held_by_another = alarm.holder is not None and alarm.holder != account
    if held_by_another and (alarm.state in TRANSITIONS[act] or alarm.state is State.TAKEN):
        return HeldByAnotherError(alarm.state.value, alarm.holder)
    if seen_version not in (None, alarm.version) and alarm.state in TRANSITIONS[act]:
        return ChangedMeanwhileError(alarm.state.value, alarm.holder)
    return ActConflictError(act.value, alarm.state.value, alarm.holder)


def _make_alarm(**columns: Any) -> Alarm:
    return Alarm(**{**columns, "state": State(columns["state"])})
