# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An operator takes an alarm, lays it aside, offers it, puts it back; the desk shows it and records who read it.

Each: authorise, one conditional UPDATE, a step, a ledger entry, one announcement; all in one transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.grants import Colleague
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.alarms.changes import QUERIES, Author, Change, change_alarm, read_alarm, write_changes
from vaka.alarms.conflicts import AlarmConflictError, UnusableActError
from vaka.alarms.looking_back import reading_act
from vaka.alarms.model import LONGEST_SUSPENSION, OFFER_STANDS, Act, Alarm, State
from vaka.identity.confirming import Confirmation
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.tenants.gateway import Gateway

TAKE = Change(Act.TAKE, "take_alarm", Event.ALARM_TAKEN, "taken")
RELEASE = Change(Act.RELEASE, "release_alarm", Event.ALARM_RELEASED, "released")
SUSPEND = Change(Act.SUSPEND, "suspend_alarm", Event.ALARM_SUSPENDED, "suspended")
RESUME = Change(Act.RESUME, "resume_alarm", Event.ALARM_RESUMED, "resumed")
HAND_OVER = Change(Act.HAND_OVER, "hand_over_alarm", Event.ALARM_HANDED_OVER, "handed_over")

DESK = "desk"
LARGEST_PRESENTATION = 1000


async def take(gateway: Gateway, operator: Principal, authority_id: UUID, alarm_id: UUID, *, now: datetime) -> Alarm:
    """Take an alarm from the queue, from aside, or as the one it was offered to. Two never hold the same.

    Taking what one holds already changes nothing. Raises HeldByAnotherError (with the holder), ActConflictError,
    NoSuchAlarmError, or as ``decide.require``.
    """
    require(operator, Permission.DESK_HANDLE_ALARM, authority_id)
    author = Author(operator.actor, operator.account_id, now)
    async with gateway.transaction(authority_id) as connection:
        try:
            return await change_alarm(connection, TAKE, author, alarm_id)
        except AlarmConflictError as conflict:
            if conflict.state == State.TAKEN and conflict.holder == operator.account_id:
                return await read_alarm(connection, alarm_id)
            raise


async def release(gateway: Gateway, operator: Principal, authority_id: UUID, alarm_id: UUID, *, now: datetime) -> Alarm:
    """Put one's alarm back in the queue; a life alarm's timer starts again."""
    return await _change_own(gateway, operator, authority_id, alarm_id, RELEASE, now)


async def suspend(
    gateway: Gateway,
    operator: Principal,
    authority_id: UUID,
    alarm_id: UUID,
    until: datetime,
    *,
    now: datetime,
    seen_version: int | None = None,
) -> Alarm:
    """Lay one's alarm aside until a time, at most LONGEST_SUSPENSION from now; then it is back in the queue.

    Raises ChangedMeanwhileError where something has come since ``seen_version``: a press nobody has seen must not rest.
    """
    if until.tzinfo is None or not now < until <= now + LONGEST_SUSPENSION:
        hours = int(LONGEST_SUSPENSION.total_seconds()) // 3600
        raise UnusableActError(
            sv=f"Välj en tid framåt, högst {hours} timmar bort.", en=f"Choose a time ahead, at most {hours} hours away."
        )
    return await _change_own(
        gateway, operator, authority_id, alarm_id, SUSPEND, now, {"until": until}, until.isoformat(timespec="seconds"),
        seen_version,
    )  # fmt: skip


async def resume(gateway: Gateway, operator: Principal, authority_id: UUID, alarm_id: UUID, *, now: datetime) -> Alarm:
    """Go on with an alarm that one laid aside or offered."""
    return await _change_own(gateway, operator, authority_id, alarm_id, RESUME, now)


async def hand_over(
    gateway: Gateway,
    operator: Principal,
    authority_id: UUID,
    alarm_id: UUID,
    to: Colleague,
    *,
    now: datetime,
    seen_version: int | None = None,
) -> Alarm:
    """Offer one's alarm to a colleague (``access.grants.require_colleague``); not taken in time it is everybody's.

    Raises ChangedMeanwhileError where something has come since ``seen_version``.
    """
    if to.account_id == operator.account_id:
        raise UnusableActError(sv="Välj en kollega, inte dig själv.", en="Choose a colleague, not yourself.")
    facts = {"to": to.account_id, "until": now + OFFER_STANDS}
    return await _change_own(
        gateway, operator, authority_id, alarm_id, HAND_OVER, now, facts, f"account:{to.account_id}", seen_version
    )


async def present(gateway: Gateway, authority_id: UUID, ids: Sequence[UUID], *, now: datetime) -> list[UUID]:
    """Note that the desk has shown these alarms (called by the desk itself). Return those that were new.

    What somebody is changing at this very moment is left out: it will be announced.
    """
    wanted = list(ids)[:LARGEST_PRESENTATION]
    async with gateway.transaction(authority_id) as connection:
        cursor = await connection.execute(QUERIES["present_alarms"], {"ids": wanted, "now": now})
        new: list[UUID] = [row[0] for row in await cursor.fetchall()]
        await write_changes(connection, Event.ALARM_PRESENTED, "presented", DESK, now, new)
    return new


async def record_read(
    gateway: Gateway,
    operator: Principal,
    authority_id: UUID,
    alarm_id: UUID,
    *,
    now: datetime,
    confirmation: Confirmation | None = None,
) -> None:
    """Write in the ledger that the operator has opened the alarm's screen, and what was confirmed for it.

    Raises NotConfirmedError where something else was confirmed.
    """
    require(operator, Permission.DESK_READ_PERSON, authority_id)
    if confirmation is not None:
        confirmation.require(reading_act(authority_id, alarm_id))
    async with gateway.transaction(authority_id) as connection:
        alarm = await read_alarm(connection, alarm_id)
        person = None if alarm.person_id is None else str(alarm.person_id)
        detail = {"person": person, **({} if confirmation is None else confirmation.said)}
        await append(connection, Entry(Event.ALARM_READ, operator.actor, now, f"alarm:{alarm_id}", detail=detail))


async def _change_own(
    gateway: Gateway,
    operator: Principal,
    authority_id: UUID,
    alarm_id: UUID,
    change: Change,
    now: datetime,
    facts: Mapping[str, object] | None = None,
    step_detail: str = "",
    seen_version: int | None = None,
) -> Alarm:
    require(operator, Permission.DESK_HANDLE_ALARM, authority_id)
    author = Author(operator.actor, operator.account_id, now)
    # What the step says (a time, a colleague's account) is fit for the ledger too: it names nobody in clear.
    detail = {"about": step_detail} if step_detail else None
    async with gateway.transaction(authority_id) as connection:
        return await change_alarm(
            connection, change, author, alarm_id, facts, seen_version=seen_version, step_detail=step_detail,
            detail=detail,
        )  # fmt: skip
