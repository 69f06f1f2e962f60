# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Writing on an alarm, and joining two that are one."""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.alarms.changes import QUERIES, Author, Change, Connection, change_alarm, explain, read_alarm, write_changes
from vaka.alarms.conflicts import AlarmConflictError, ChangedMeanwhileError, LessUrgentError, UnusableActError
from vaka.alarms.letters import write_notes
from vaka.alarms.model import Act, Alarm, State
from vaka.alarms.writing import clean_text
from vaka.errors import Sentence
from vaka.identifiers import new_identifier
from vaka.ledger.events import Event
from vaka.tenants.gateway import Gateway

MERGE = Change(Act.MERGE, "merge_alarm", Event.ALARM_MERGED, "merged")


async def add_note(
    gateway: Gateway,
    operator: Principal,
    authority_id: UUID,
    alarm_id: UUID,
    body: str,
    *,
    now: datetime,
    seen_version: int | None = None,
) -> UUID:
    """Write a note on an alarm, open or closed, and return its identifier.

    It is kept whatever has come since ``seen_version``, but a new press that came since is not answered by it.
    """
    require(operator, Permission.DESK_HANDLE_ALARM, authority_id)
    note_id = new_identifier(now)
    text = clean_text(body)
    facts = {"id": alarm_id, "account": operator.account_id, "version": seen_version}
    async with gateway.transaction(authority_id) as connection:
        await read_alarm(connection, alarm_id)
        await write_notes(
            connection, gateway.authority(authority_id), {alarm_id: note_id}, text, account=operator.account_id, now=now
        )
        # A holder who writes is at the alarm: a new press needs no other answer.
        await connection.execute(QUERIES["hear_alarm"], facts)
        await write_changes(
            connection, Event.ALARM_NOTED, "noted", operator.actor, now, [alarm_id], detail={"note": str(note_id)}
        )
    return note_id


async def merge(
    gateway: Gateway,
    operator: Principal,
    authority_id: UUID,
    alarm_id: UUID,
    into: UUID,
    *,
    now: datetime,
    seen_version: int | None = None,
    seen_into: int | None = None,
) -> Alarm:
    """Make an open alarm part of another that the operator holds. Return the one that was merged away.

    It may be waiting, or the operator's own; a colleague's stays with the colleague. The other is at least as urgent
    (LessUrgentError); neither has changed since ``seen_version`` and ``seen_into`` (ChangedMeanwhileError). From then
    on the other has waited as long as this one, and no device and no timer ends it.
    """
    require(operator, Permission.DESK_HANDLE_ALARM, authority_id)
    if alarm_id == into:
        raise UnusableActError(sv="Välj två olika larm.", en="Choose two different alarms.")
    author = Author(operator.actor, operator.account_id, now)
    async with gateway.transaction(authority_id) as connection:
        await connection.execute(QUERIES["lock_alarms"], {"ids": [alarm_id, into]})
        target = await _require_own(connection, into, operator.account_id, seen_into)
        part = await read_alarm(connection, alarm_id)
        if part.exercise_id != target.exercise_id:
            raise UnusableActError(
                sv="Ett verkligt larm och ett som hör till en övning förs aldrig samman.",
                en="A real alarm and one of an exercise are never merged.",
            )
        if part.is_open and part.rank < target.rank:
            raise LessUrgentError(part.state.value, part.holder)
        merged = await change_alarm(
            connection, MERGE, author, alarm_id, {"into": into}, seen_version=seen_version,
            step_detail=f"alarm:{into}", detail={"into": str(into)},
        )  # fmt: skip
        await write_changes(
            connection, Event.ALARM_MERGED, "absorbed", operator.actor, now, [into], step_detail=f"alarm:{alarm_id}",
            detail={"class": target.alarm_class, "part": str(alarm_id)},
        )  # fmt: skip
        return merged


async def _require_own(connection: Connection, alarm_id: UUID, account: UUID, seen_version: int | None) -> Alarm:
    target = await read_alarm(connection, alarm_id)
    if target.state is State.TAKEN and target.holder == account:
        if seen_version not in (None, target.version):
            raise ChangedMeanwhileError(target.state.value, target.holder)
        return target
    if target.state is State.TAKEN:
        raise explain(target, Act.MERGE, account)
    raise AlarmConflictError(
        Sentence(
            sv="Ta först det larm som det andra ska ingå i.", en="First take the alarm that the other is to be part of."
        ),
        state=target.state.value,
        holder=target.holder,
    )
