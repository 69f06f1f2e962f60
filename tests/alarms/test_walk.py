# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Any sequence of acts by operators, device and timers on a real alarm: its row is always as the model says."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.alarms.conftest import open_house
from tests.alarms.house import CLOSING, House, Sender, operator
from tests.conftest import START
from vaka.access.grants import Colleague
from vaka.access.principal import Principal
from vaka.alarms.answering import hear, take_over
from vaka.alarms.attendance import Attendance, lapse_held
from vaka.alarms.closing import acknowledge_withdrawn, close, close_many, reopen
from vaka.alarms.conflicts import AlarmConflictError
from vaka.alarms.escalation import escalate_due
from vaka.alarms.model import HELD_STATES, OPEN_STATES, Act, State, after, possible
from vaka.alarms.noting import merge
from vaka.alarms.taking import hand_over, present, release, resume, suspend, take
from vaka.database.connections import Pool
from vaka.database.server import Server
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database

BATTERY: dict[str, Any] = {"alarm_class": "technical", "kind": "battery"}


@dataclass
class Walk:
    """One technical alarm, two operators, and time that only goes on."""

    house: House
    people: tuple[Principal, Principal]
    sender: Sender
    alarm_id: UUID
    now: datetime = START
    anchors: dict[UUID, UUID] = field(default_factory=dict)

    async def do(self, act: Act, who: int) -> None:
        """Let ``people[who]`` (or the device, or a timer) do ``act``. Raises AlarmConflictError."""
        me, colleague = self.people[who], self.people[1 - who]
        desk, authority, alarm = self.house.desk, self.house.id, self.alarm_id
        until = self.now + timedelta(minutes=1)
        to = Colleague(colleague.account_id, "Kim")
        acts: dict[Act, Callable[[], Awaitable[Any]]] = {
            Act.PRESENT: lambda: present(desk, authority, [alarm], now=self.now),
            Act.TAKE: lambda: take(desk, me, authority, alarm, now=self.now),
            Act.TAKE_OVER: lambda: self._take_over(me),
            Act.HEAR: lambda: hear(desk, me, authority, alarm, now=self.now),
            Act.LAPSE: lambda: lapse_held(
                self.house.scheduler, authority, Attendance(self.now, self.now, {}, {}), self.now
            ),
            Act.RELEASE: lambda: release(desk, me, authority, alarm, now=self.now),
            Act.SUSPEND: lambda: suspend(desk, me, authority, alarm, until, now=self.now),
            Act.RESUME: lambda: resume(desk, me, authority, alarm, now=self.now),
            Act.HAND_OVER: lambda: hand_over(desk, me, authority, alarm, to, now=self.now),
            Act.ACKNOWLEDGE: lambda: acknowledge_withdrawn(desk, me, authority, alarm, now=self.now),
            Act.CLOSE: lambda: close(desk, me, authority, alarm, CLOSING, now=self.now),
            Act.CLOSE_UNTAKEN: lambda: close_many(desk, me, authority, [alarm], CLOSING, now=self.now),
            Act.REOPEN: lambda: reopen(desk, me, authority, alarm, now=self.now),
            Act.MERGE: lambda: self._merge(me),
            Act.JOIN: lambda: self._send("raise"),
            Act.WITHDRAW: lambda: self._send("withdraw"),
            Act.RESTORE: lambda: self._send("restore"),
            Act.RETURN: lambda: self._wait_and_return(),
            Act.ESCALATE: lambda: self._wait_and_return(),
        }
        await acts[act]()

    async def _take_over(self, me: Principal) -> None:
        """Take it from whoever has it. Who leads the shift is not asked where the holder is: no platform is needed."""
        holder = self.house.alarm(self.alarm_id)["holder"] or me.account_id
        platform = cast(Pool, None)
        await take_over(self.house.desk, platform, me, self.house.id, self.alarm_id, holder, now=self.now)

    async def _merge(self, me: Principal) -> None:
        """Merge it into an alarm of one's own."""
        if me.account_id not in self.anchors:
            self.anchors[me.account_id] = self.house.raise_alarm(self.now, alarm_class="technical")
            await take(self.house.desk, me, self.house.id, self.anchors[me.account_id], now=self.now)
        await merge(self.house.desk, me, self.house.id, self.alarm_id, self.anchors[me.account_id], now=self.now)

    async def _send(self, effect: str) -> None:
        if State(self.house.alarm(self.alarm_id)["state"]) not in OPEN_STATES and effect == "raise":
            return  # it would raise another alarm
        restores = "battery" if effect == "restore" else None
        self.house.accept(self.sender.message(self.now, effect, restores=restores, **BATTERY))

    async def _wait_and_return(self) -> None:
        self.now += timedelta(minutes=3)
        await escalate_due(self.house.scheduler, self.house.id, self.now)


def check(row: dict[str, Any]) -> None:
    """What always holds of an alarm's row."""
    state = State(row["state"])
    assert (row["holder"] is not None) == (state in HELD_STATES)
    assert (row["closed_at"] is not None) == (state not in OPEN_STATES)
    assert (row["closed_by"] != "") == (state not in OPEN_STATES)
    assert (row["offered_to"] is not None) == (state is State.HANDED_OVER)
    assert (row["suspended_until"] is not None) == (state in (State.SUSPENDED, State.HANDED_OVER))
    assert (row["merged_into"] is not None) == (state is State.MERGED)
    assert row["escalate_at"] is None


def may_do(row: dict[str, Any], act: Act, me: UUID) -> bool:
    """Whether the one who acts may, by who holds the alarm; the state was asked before."""
    holder, state = row["holder"], State(row["state"])
    if act in (Act.RELEASE, Act.SUSPEND, Act.RESUME, Act.HAND_OVER, Act.CLOSE, Act.HEAR):
        return bool(holder == me)
    if act is Act.MERGE:
        return holder in (None, me)
    if act is Act.TAKE and state is State.HANDED_OVER:
        return me in (holder, row["offered_to"])
    return True


async def walk_through(server: Server, authority: Authority, acts: list[tuple[Act, int]]) -> None:
    async with aclosing(open_house(server, authority)) as doors:
        house = await anext(doors)
        people = (operator(authority, role="shift_leader"), operator(authority, role="shift_leader"))
        sender = Sender()
        walk = Walk(house, people, sender, house.raise_alarm(sender=sender, **BATTERY))
        try:
            for act, who in acts:
                walk.now += timedelta(seconds=1)
                before = house.alarm(walk.alarm_id)
                allowed = act in possible(State(before["state"])) and may_do(before, act, people[who].account_id)
                try:
                    await walk.do(act, who)
                except AlarmConflictError:
                    assert not allowed
                row = house.alarm(walk.alarm_id)
                check(row)
                if act in (Act.RETURN, Act.ESCALATE):
                    laid_aside = State(before["state"]) in (State.SUSPENDED, State.HANDED_OVER)
                    assert row["state"] == ("received" if laid_aside else before["state"])
                elif allowed:
                    assert row["state"] == after(State(before["state"]), act)
                else:
                    assert row == before
        finally:
            house.superuser.execute(
                "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'test', holder = null,"
                " offered_to = null, suspended_until = null where state not in ('merged', 'closed')"
            )


@settings(max_examples=40, deadline=None)
@given(acts=st.lists(st.tuples(st.sampled_from(Act), st.sampled_from([0, 1])), min_size=3, max_size=20))
def test_any_sequence_of_acts_leaves_a_sound_row(
    server: Server, municipality: Authority, acts: list[tuple[Act, int]]
) -> None:
    asyncio.run(walk_through(server, municipality, acts))
