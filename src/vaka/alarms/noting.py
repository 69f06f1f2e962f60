# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Writing on an alarm, and joining two that are one."""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.alarms.changes import QUERIES, Author, Change, Connection, change_alarm, explain, read_alarm, write_changes
from vaka.alarms.conflicts import AlarmConflictError, UnusableActError
from vaka.alarms.model import Act, Alarm, State
from vaka.alarms.writing import clean_text
from vaka.errors import Sentence
from vaka.identifiers import new_identifier
from vaka.ledger.events import Event
from vaka.tenants.gateway import Gateway

MERGE = Change(Act.MERGE, "merge_alarm", Event.ALARM_MERGED, "merged")


async def add_note(
    gateway: Gateway, operator: Principal, authority_id: UUID, alarm_id: UUID, body: str, *, now: datetime
) -> UUID:
    """Write a note on an alarm, open or closed, and return its identifier."""
    require(operator, Permission.DESK_HANDLE_ALARM, authority_id)
    note_id = new_identifier(now)
    facts = {
        "note_id": note_id, "id": alarm_id, "now": now, "account": operator.account_id, "body": clean_text(body)
    }  # fmt: skip
    async with gateway.transaction(authority_id) as connection:
        await read_alarm(connection, alarm_id)
        await connection.execute(QUERIES["write_note"], facts)
        # A holder who writes is at the alarm: a new press needs no other answer.
        await connection.execute(QUERIES["hear_alarm"], facts)
        await write_changes(
            connection, Event.ALARM_NOTED, "noted", operator.actor, now, [alarm_id], detail={"note": str(note_id)}
        )
    return note_id


async def merge(
    gateway: Gateway, operator: Principal, authority_id: UUID, alarm_id: UUID, into: UUID, *, now: datetime
) -> Alarm:
    """Make an open alarm part of another that the operator holds. Return the one that was merged away.

    It may be waiting, or the operator's own; a colleague's stays with the colleague.
    """
    require(operator, Permission.DESK_HANDLE_ALARM, authority_id)
    if alarm_id == into:
        raise UnusableActError(sv="Välj två olika larm.", en="Choose two different alarms.")
    author = Author(operator.actor, operator.account_id, now)
    async with gateway.transaction(authority_id) as connection:
        await _require_own(connection, into, operator.account_id)
        return await change_alarm(
            connection, MERGE, author, alarm_id, {"into": into}, step_detail=f"alarm:{into}", detail={"into": str(into)}
        )


async def _require_own(connection: Connection, alarm_id: UUID, account: UUID) -> None:
    target = await read_alarm(connection, alarm_id)
    if target.state is State.TAKEN and target.holder == account:
        return
    if target.state is State.TAKEN:
        raise explain(target, Act.MERGE, account)
    raise AlarmConflictError(
        Sentence(
            sv="Ta först det larm som det andra ska ingå i.", en="First take the alarm that the other is to be part of."
        ),
        state=target.state.value,
        holder=target.holder,
    )
