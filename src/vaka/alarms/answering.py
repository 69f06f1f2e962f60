# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What somebody holds and needs an answer all the same: the holder is gone, or the person alarmed again."""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import may, require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.alarms.attendance import has_desk
from vaka.alarms.changes import Author, Change, change_alarm, explain, read_alarm
from vaka.alarms.conflicts import HolderAtDeskError
from vaka.alarms.model import Act, Alarm, State
from vaka.database.connections import Pool, transaction
from vaka.ledger.events import Event
from vaka.tenants.gateway import Gateway

TAKE_OVER = Change(Act.TAKE_OVER, "take_over_alarm", Event.ALARM_TAKEN_OVER, "taken_over")
HEAR = Change(Act.HEAR, "hear_alarm", Event.ALARM_HEARD, "heard")


async def take_over(
    gateway: Gateway,
    platform: Pool,
    operator: Principal,
    authority_id: UUID,
    alarm_id: UUID,
    holder: UUID,
    *,
    now: datetime,
) -> Alarm:
    """Take an alarm from ``holder``, who had it when the operator decided to.

    Whoever leads the shift may; every operator may where ``may_be_taken_over`` says so. Raises HolderAtDeskError,
    HeldByAnotherError (a third has it by now), ChangedMeanwhileError or ActConflictError; nothing is changed then.
    """
    require(operator, Permission.DESK_HANDLE_ALARM, authority_id)
    async with gateway.transaction(authority_id) as connection:
        alarm = await read_alarm(connection, alarm_id)
    if alarm.state is State.TAKEN and alarm.holder == operator.account_id:
        return alarm
    if alarm.state is not State.TAKEN or alarm.holder != holder:
        raise explain(alarm, Act.TAKE_OVER, operator.account_id)
    if not await may_be_taken_over(platform, operator, authority_id, alarm, now=now):
        raise HolderAtDeskError(holder)
    author = Author(operator.actor, operator.account_id, now)
    async with gateway.transaction(authority_id) as connection:
        return await change_alarm(
            connection, TAKE_OVER, author, alarm_id, {"from": holder}, seen_version=alarm.version,
            step_detail=f"account:{holder}", detail={"about": f"account:{holder}"},
        )  # fmt: skip


async def may_be_taken_over(
    platform: Pool, operator: Principal, authority_id: UUID, alarm: Alarm, *, now: datetime
) -> bool:
    """Return whether the operator may take the alarm from a colleague who holds it.

    So it is where the operator leads the shift, the holder has signed out, has no desk open or may not handle it any
    more, or the alarm rings for all because the holder has not answered a new press. Raises DatabaseUnavailableError.
    """
    if alarm.state is not State.TAKEN or alarm.holder in (None, operator.account_id):
        return False
    if not may(operator, Permission.DESK_HANDLE_ALARM, authority_id):
        return False
    if may(operator, Permission.DESK_TAKE_OVER, authority_id) or alarm.escalation > 0:
        return True
    async with transaction(platform) as connection:
        return alarm.holder is not None and not await has_desk(connection, alarm.holder, authority_id, now)


async def hear(
    gateway: Gateway,
    operator: Principal,
    authority_id: UUID,
    alarm_id: UUID,
    *,
    now: datetime,
    seen_version: int | None = None,
) -> Alarm:
    """Answer that the person alarmed again, as the holder; it does not ring for all then.

    Where there is nothing to answer, nothing is changed. Raises ChangedMeanwhileError where something has come since
    ``seen_version``: a press that nobody has seen yet is not answered with the others.
    """
    require(operator, Permission.DESK_HANDLE_ALARM, authority_id)
    author = Author(operator.actor, operator.account_id, now)
    async with gateway.transaction(authority_id) as connection:
        alarm = await read_alarm(connection, alarm_id)
        if alarm.state is State.TAKEN and alarm.holder == operator.account_id and not alarm.unheard:
            return alarm
        return await change_alarm(connection, HEAR, author, alarm_id, seen_version=seen_version)
