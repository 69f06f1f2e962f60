# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Timers on alarms, by a clock turned by hand."""

import asyncio
from datetime import timedelta

import pytest

from tests.alarms.house import House, Sender, operator
from tests.conftest import START
from vaka.access.grants import Colleague
from vaka.access.principal import Principal
from vaka.alarms.escalation import escalate_due, forget_repeats
from vaka.alarms.taking import hand_over, present, suspend, take
from vaka.clock import TurnedClock

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def me(quiet: House) -> Principal:
    return operator(quiet.authority)


async def test_an_unanswered_life_alarm_rings_louder_twice(quiet: House, clock: TurnedClock) -> None:
    alarm_id = quiet.raise_alarm()
    await present(quiet.desk, quiet.id, [alarm_id], now=clock.now())
    levels = []
    for _ in range(30):
        clock.turn(10)
        changed = await escalate_due(quiet.scheduler, quiet.id, clock.now())
        levels.append(quiet.alarm(alarm_id)["escalation"])
        assert changed == (len(levels) > 1 and levels[-1] != levels[-2])
    assert levels == [0] * 5 + [1] * 12 + [2] * 13  # 60 s and 180 s after it was received
    assert quiet.alarm(alarm_id)["escalate_at"] is None
    steps = quiet.superuser.execute("select step, detail from vaka.alarm_step order by id").fetchall()
    assert [(row["step"], row["detail"]) for row in steps] == [
        ("presented", ""), ("escalated", "1"), ("escalated", "2"),
    ]  # fmt: skip


async def test_a_late_scheduler_does_not_shift_the_second_limit(quiet: House, clock: TurnedClock) -> None:
    alarm_id = quiet.raise_alarm()
    clock.turn(500)
    await escalate_due(quiet.scheduler, quiet.id, clock.now())
    await escalate_due(quiet.scheduler, quiet.id, clock.now())
    assert quiet.alarm(alarm_id)["escalation"] == 2


async def test_a_timer_of_a_clock_that_was_ahead_runs_for_one_whole_limit(quiet: House, clock: TurnedClock) -> None:
    """Whoever set it: at either level it is one limit from when the clock is right, and on from there."""
    hours = timedelta(hours=20)
    first, second = quiet.raise_alarm(START + hours), quiet.raise_alarm()
    quiet.superuser.execute(
        "update vaka.alarm set escalation = 1, escalate_at = %s where id = %s", (START + hours, second)
    )
    versions = [quiet.alarm(one)["version"] for one in (first, second)]
    assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 0
    assert [quiet.alarm(one)["escalate_at"] - START for one in (first, second)] == [
        timedelta(seconds=60), timedelta(seconds=120),
    ]  # fmt: skip
    assert [quiet.alarm(one)["version"] for one in (first, second)] == versions, "nobody sees anything else of it"
    clock.turn(59)
    assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 0
    clock.turn(1)
    assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 1
    clock.turn(60)
    assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 1
    assert [quiet.alarm(one)["escalation"] for one in (first, second)] == [1, 2]


async def test_machines_that_differ_by_less_than_a_second_shift_no_timer(quiet: House, clock: TurnedClock) -> None:
    alarm_id = quiet.raise_alarm(START + timedelta(seconds=0.9))
    before = quiet.alarm(alarm_id)["escalate_at"]
    await escalate_due(quiet.scheduler, quiet.id, clock.now())
    assert quiet.alarm(alarm_id)["escalate_at"] == before


@pytest.mark.parametrize("alarm_class", ["request", "technical"])
async def test_only_life_escalates(quiet: House, clock: TurnedClock, alarm_class: str) -> None:
    alarm_id = quiet.raise_alarm(alarm_class=alarm_class)
    clock.turn(100_000)
    assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 0
    assert quiet.alarm(alarm_id)["escalation"] == 0


async def test_what_somebody_answers_does_not_escalate(quiet: House, clock: TurnedClock, me: Principal) -> None:
    alarm_id = quiet.raise_alarm()
    clock.turn(59)
    await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    clock.turn(10_000)
    assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 0


async def test_what_the_device_took_back_does_not_escalate(quiet: House, clock: TurnedClock) -> None:
    sender = Sender()
    quiet.raise_alarm(sender=sender)
    quiet.accept(sender.message(clock.now(), "withdraw"))
    clock.turn(10_000)
    assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 0


async def test_the_authoritys_own_limits_hold(quiet: House, clock: TurnedClock) -> None:
    quiet.superuser.execute("update vaka.policy set ring_all_after_seconds = 20, on_call_after_seconds = 30")
    alarm_id = quiet.raise_alarm()
    clock.turn(20)
    await escalate_due(quiet.scheduler, quiet.id, clock.now())
    assert quiet.alarm(alarm_id)["escalate_at"] == START + timedelta(seconds=30)


async def test_what_was_laid_aside_comes_back(quiet: House, clock: TurnedClock, me: Principal) -> None:
    alarm_id = quiet.raise_alarm()
    await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    await suspend(quiet.desk, me, quiet.id, alarm_id, START + timedelta(minutes=5), now=clock.now())
    clock.turn(299)
    assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 0
    clock.turn(1)
    assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 1
    row = quiet.alarm(alarm_id)
    assert (row["state"], row["holder"], row["escalation"]) == ("received", None, 0)
    assert row["escalate_at"] == clock.now() + timedelta(seconds=60)


async def test_an_offer_nobody_takes_comes_back(quiet: House, clock: TurnedClock, me: Principal) -> None:
    alarm_id = quiet.raise_alarm(alarm_class="request")
    await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    colleague = Colleague(operator(quiet.authority).account_id, "Kim")
    await hand_over(quiet.desk, me, quiet.id, alarm_id, colleague, now=clock.now())
    clock.turn(120)
    assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 1
    row = quiet.alarm(alarm_id)
    assert (row["state"], row["offered_to"], row["escalate_at"]) == ("received", None, None)


async def test_what_was_laid_aside_by_a_clock_that_was_ahead_comes_back(
    quiet: House, clock: TurnedClock, me: Principal
) -> None:
    """As soon as nobody could have laid it aside for so long, or offered it."""
    aside, offered, new_offer = (quiet.raise_alarm() for _ in range(3))
    ahead = clock.now() + timedelta(hours=20)
    for alarm_id in (aside, offered, new_offer):
        await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    colleague = Colleague(operator(quiet.authority).account_id, "Kim")
    await suspend(quiet.desk, me, quiet.id, aside, ahead + timedelta(minutes=5), now=ahead)
    await hand_over(quiet.desk, me, quiet.id, offered, colleague, now=clock.now() + timedelta(minutes=5))
    await hand_over(quiet.desk, me, quiet.id, new_offer, colleague, now=clock.now() + timedelta(seconds=1))
    assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 2
    states = [quiet.alarm(one)["state"] for one in (aside, offered, new_offer)]
    assert states == ["received", "received", "handed_over"]


async def test_an_old_test_ends_itself(quiet: House, clock: TurnedClock, me: Principal) -> None:
    old, renewed, mine = Sender(), Sender(), Sender()
    alarms = {one.name: quiet.raise_alarm(sender=one, alarm_class="test") for one in (old, renewed, mine)}
    await take(quiet.desk, me, quiet.id, alarms[mine.name], now=clock.now())
    clock.turn(3600)
    quiet.accept(renewed.message(clock.now(), alarm_class="test"))
    clock.turn(23 * 3600)
    assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 1
    row = quiet.alarm(alarms[old.name])
    assert (row["state"], row["closed_by"], row["closing_reason"]) == ("closed", "scheduler", "test")
    assert quiet.alarm(alarms[renewed.name])["state"] == "received"
    assert quiet.alarm(alarms[mine.name])["state"] == "taken"


async def test_several_schedulers_escalate_once(quiet: House, clock: TurnedClock) -> None:
    alarms = [quiet.raise_alarm() for _ in range(20)]
    clock.turn(61)
    done = await asyncio.gather(*(escalate_due(quiet.scheduler, quiet.id, clock.now()) for _ in range(4)))
    assert sum(done) == len(alarms)
    assert {quiet.alarm(alarm_id)["escalation"] for alarm_id in alarms} == {1}
    assert sum(entry["event"] == "alarm.escalated" for entry in quiet.entries()) == len(alarms)


async def test_old_repeat_keys_are_forgotten(quiet: House, clock: TurnedClock) -> None:
    sender = Sender()
    message = sender.message(clock.now())
    quiet.accept(message)
    clock.turn(2 * 86_400 - 1)
    assert await forget_repeats(quiet.scheduler, quiet.id, clock.now()) == 0
    clock.turn(2)
    assert await forget_repeats(quiet.scheduler, quiet.id, clock.now()) == 1
