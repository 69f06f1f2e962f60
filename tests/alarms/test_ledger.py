# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every change of an alarm: exactly one entry, a step, an announcement; and no change without its entry."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.alarms.house import CLOSING, House, Sender, failing_ledger, operator
from tests.conftest import START
from vaka.access.grants import Colleague
from vaka.access.principal import Principal
from vaka.alarms.closing import acknowledge_withdrawn, close, close_many, reopen
from vaka.alarms.escalation import escalate_due
from vaka.alarms.noting import add_note, merge
from vaka.alarms.taking import hand_over, present, record_read, release, resume, suspend, take
from vaka.database.connections import DatabaseUnavailableError

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NOW = START + timedelta(seconds=20)
Prepare = Callable[[House, Principal], Awaitable[UUID]]
Do = Callable[[House, Principal, UUID], Awaitable[Any]]


async def waiting(house: House, _: Principal) -> UUID:
    return house.raise_alarm()


async def technical(house: House, _: Principal) -> UUID:
    return house.raise_alarm(alarm_class="technical")


async def taken(house: House, me: Principal) -> UUID:
    alarm_id = house.raise_alarm()
    await take(house.desk, me, house.id, alarm_id, now=NOW)
    return alarm_id


async def suspended(house: House, me: Principal) -> UUID:
    alarm_id = await taken(house, me)
    await suspend(house.desk, me, house.id, alarm_id, NOW + timedelta(minutes=5), now=NOW)
    return alarm_id


async def withdrawn(house: House, _: Principal) -> UUID:
    sender = Sender()
    alarm_id = house.raise_alarm(sender=sender)
    house.accept(sender.message(NOW, "withdraw"))
    return alarm_id


async def closed(house: House, me: Principal) -> UUID:
    alarm_id = await taken(house, me)
    await close(house.desk, me, house.id, alarm_id, CLOSING, now=NOW)
    return alarm_id


async def old_test(house: House, _: Principal) -> UUID:
    return house.raise_alarm(START - timedelta(hours=25), alarm_class="test")


async def merge_into_my_own(house: House, me: Principal, alarm_id: UUID) -> None:
    await merge(house.desk, me, house.id, alarm_id, await taken(house, me), now=NOW)


@dataclass(frozen=True)
class Case:
    """What is prepared, what is done, and what the ledger and the steps say about it."""

    name: str
    prepare: Prepare
    do: Do
    event: str
    step: str | None
    own_entries: int = 1
    actor: str = "me"


LATER = NOW + timedelta(minutes=10)
CASES = [
    Case("present", waiting, lambda h, me, a: present(h.desk, h.id, [a], now=NOW), "alarm.presented", "presented",
         actor="desk"),
    Case("take", waiting, lambda h, me, a: take(h.desk, me, h.id, a, now=NOW), "alarm.taken", "taken"),
    Case("release", taken, lambda h, me, a: release(h.desk, me, h.id, a, now=NOW), "alarm.released", "released"),
    Case("suspend", taken, lambda h, me, a: suspend(h.desk, me, h.id, a, LATER, now=NOW),
         "alarm.suspended", "suspended"),
    Case("resume", suspended, lambda h, me, a: resume(h.desk, me, h.id, a, now=NOW), "alarm.resumed", "resumed"),
    Case("hand_over", taken, lambda h, me, a: hand_over(h.desk, me, h.id, a, Colleague(uuid4(), "Kim"), now=NOW),
         "alarm.handed_over", "handed_over"),
    Case("acknowledge", withdrawn, lambda h, me, a: acknowledge_withdrawn(h.desk, me, h.id, a, now=NOW),
         "alarm.closed", "acknowledged"),
    Case("add_note", taken, lambda h, me, a: add_note(h.desk, me, h.id, a, "Dottern är på väg.", now=NOW),
         "alarm.noted", "noted"),
    Case("close", taken, lambda h, me, a: close(h.desk, me, h.id, a, CLOSING, now=NOW), "alarm.closed", "closed"),
    Case("close_many", technical, lambda h, me, a: close_many(h.desk, me, h.id, [a], CLOSING, now=NOW),
         "alarm.closed", "closed"),
    Case("reopen", closed, lambda h, me, a: reopen(h.desk, me, h.id, a, now=NOW), "alarm.reopened", "reopened"),
    # The alarm it is merged into was raised and taken on the way, and told what became part of it: three of its own.
    Case("merge", waiting, merge_into_my_own, "alarm.merged", "merged", own_entries=4),
    Case("record_read", taken, lambda h, me, a: record_read(h.desk, me, h.id, a, now=NOW), "alarm.read", None),
    Case("escalate", waiting, lambda h, me, a: escalate_due(h.scheduler, h.id, START + timedelta(seconds=61)),
         "alarm.escalated", "escalated", actor="scheduler"),
    Case("return", suspended, lambda h, me, a: escalate_due(h.scheduler, h.id, LATER), "alarm.released", "returned",
         actor="scheduler"),
    Case("expire", old_test, lambda h, me, a: escalate_due(h.scheduler, h.id, START), "alarm.closed", "closed",
         actor="scheduler"),
]  # fmt: skip


@pytest.fixture
async def case(request: pytest.FixtureRequest, house: House) -> tuple[Case, Principal, UUID]:
    """A case with what it needs prepared, and nothing else in the queue that a timer could find."""
    house.superuser.execute(
        "update vaka.alarm set state = 'closed', closed_at = received_at, holder = null, suspended_until = null,"
        " offered_to = null, escalate_at = null where state not in ('merged', 'closed')"
    )
    me = operator(house.authority, role="shift_leader")
    return request.param, me, await request.param.prepare(house, me)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name, indirect=True)
async def test_one_entry_one_step_one_announcement(house: House, case: tuple[Case, Principal, UUID]) -> None:
    this, me, alarm_id = case
    before, steps = house.last_entry(), house.steps(alarm_id)
    house.superuser.execute("listen alarm")
    await this.do(house, me, alarm_id)
    house.superuser.execute("select")  # with its answer comes whatever was announced before
    heard = [notice.payload for notice in house.superuser.notifies(timeout=0.2)]
    house.superuser.execute("unlisten alarm")

    entries = house.entries(after=before)
    assert len(entries) == this.own_entries
    entry = next(entry for entry in entries if entry["object"] == f"alarm:{alarm_id}")
    assert entry["event"] == this.event
    assert entry["outcome"] == "success"
    assert entry["actor"] == (me.actor if this.actor == "me" else this.actor)
    assert "Dottern" not in str(entries)
    assert "Hjälpt" not in str(entries)
    if this.step is None:
        assert house.steps(alarm_id) == steps
        assert heard == []
    else:
        assert house.steps(alarm_id) == [*steps, this.step]
        assert str(alarm_id) in heard


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name, indirect=True)
async def test_without_its_entry_nothing_changes(house: House, case: tuple[Case, Principal, UUID]) -> None:
    this, me, alarm_id = case
    if this.name == "merge":
        into = await taken(house, me)

        async def do() -> None:
            await merge(house.desk, me, house.id, alarm_id, into, now=NOW)
    else:

        async def do() -> None:
            await this.do(house, me, alarm_id)

    before, steps, entries = house.alarm(alarm_id), house.steps(alarm_id), house.last_entry()
    notes = house.superuser.execute("select count(*) from vaka.alarm_note").fetchone()
    with failing_ledger(house), pytest.raises(DatabaseUnavailableError) as failed:
        await do()
    assert "disk is full" in str(failed.value.__cause__)
    assert house.alarm(alarm_id) == before
    assert house.steps(alarm_id) == steps
    assert house.last_entry() == entries
    assert house.superuser.execute("select count(*) from vaka.alarm_note").fetchone() == notes
