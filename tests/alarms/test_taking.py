# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Taking, laying aside, handing over: who may do what to whose alarm."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.alarms.house import CLOSING, House, Sender, operator
from tests.conftest import START
from vaka.access.decide import NotAllowedError, NothingHereError
from vaka.access.grants import Colleague
from vaka.access.principal import Principal
from vaka.alarms.closing import close
from vaka.alarms.conflicts import ActConflictError, HeldByAnotherError, NoSuchAlarmError, UnusableActError
from vaka.alarms.model import State
from vaka.alarms.taking import hand_over, present, record_read, release, resume, suspend, take
from vaka.errors import Category
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway, UnknownAuthorityError

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NOW = START + timedelta(seconds=20)


@pytest.fixture
def me(house: House) -> Principal:
    return operator(house.authority)


@pytest.fixture
def other(house: House) -> Principal:
    return operator(house.authority)


async def test_fifty_at_once_and_one_has_it(house: House) -> None:
    """Each operator on a connection of his own, all released together."""
    alarm_id = house.raise_alarm()
    operators = [operator(house.authority) for _ in range(50)]
    gateway = Gateway(house.server, "desk", [house.authority], pool_size=50)
    gate = asyncio.Event()

    async def try_to_take(one: Principal) -> bool:
        async with gateway.transaction(house.id) as connection:  # the pool opens a connection for each
            await connection.execute("select 1")
            await gate.wait()
        await barrier.wait()
        try:
            await take(gateway, one, house.id, alarm_id, now=NOW)
        except HeldByAnotherError as refused:
            holders.add(refused.holder)
            return False
        winners.append(one.account_id)
        return True

    barrier, holders, winners = asyncio.Barrier(50), set(), []  # type: ignore[var-annotated]
    try:
        tasks = [asyncio.create_task(try_to_take(one)) for one in operators]
        while len(house.superuser.execute("select 1 from pg_stat_activity where usename = %s",
                                          (f"{house.authority.database_name}_desk",)).fetchall()) < 50:  # fmt: skip
            await asyncio.sleep(0.01)
        gate.set()
        assert sum(await asyncio.gather(*tasks)) == 1
    finally:
        await gateway.close()
    assert holders == set(winners)
    assert house.alarm(alarm_id)["holder"] == winners[0]
    assert house.steps(alarm_id) == ["taken"]


async def test_taking_ones_own_again_changes_nothing(house: House, me: Principal) -> None:
    alarm_id = house.raise_alarm()
    first = await take(house.desk, me, house.id, alarm_id, now=NOW)
    before = house.last_entry()
    assert await take(house.desk, me, house.id, alarm_id, now=NOW + timedelta(seconds=5)) == first
    assert house.last_entry() == before


async def test_taking_stops_the_timer_and_keeps_the_first_answer(house: House, me: Principal) -> None:
    alarm_id = house.raise_alarm()
    alarm = await take(house.desk, me, house.id, alarm_id, now=NOW)
    assert (alarm.state, alarm.holder, alarm.taken_at) == (State.TAKEN, me.account_id, NOW)
    assert (alarm.escalate_at, alarm.escalation) == (None, 0)
    later = NOW + timedelta(minutes=1)
    alarm = await release(house.desk, me, house.id, alarm_id, now=later)
    assert (alarm.state, alarm.holder) == (State.PRESENTED, None)
    assert alarm.escalate_at == later + timedelta(seconds=60)
    alarm = await take(house.desk, me, house.id, alarm_id, now=later)
    assert alarm.taken_at == NOW


async def test_a_released_technical_alarm_has_no_timer(house: House, me: Principal) -> None:
    alarm_id = house.raise_alarm(alarm_class="technical")
    await take(house.desk, me, house.id, alarm_id, now=NOW)
    assert (await release(house.desk, me, house.id, alarm_id, now=NOW)).escalate_at is None


@pytest.mark.parametrize("act", [release, resume, close, suspend, hand_over])
async def test_nobody_acts_on_a_colleagues_alarm(
    house: House, me: Principal, other: Principal, act: Callable[..., object]
) -> None:
    alarm_id = house.raise_alarm()
    await take(house.desk, other, house.id, alarm_id, now=NOW)
    more = {close: [CLOSING], suspend: [NOW + timedelta(minutes=1)], hand_over: [Colleague(uuid4(), "Kim")]}
    before = house.alarm(alarm_id)
    with pytest.raises(HeldByAnotherError) as refused:
        await act(house.desk, me, house.id, alarm_id, *more.get(act, []), now=NOW)  # type: ignore[misc]
    assert refused.value.category is Category.CONFLICT
    assert refused.value.holder == other.account_id
    assert house.alarm(alarm_id) == before


async def test_what_was_laid_aside_can_be_taken_by_anyone(house: House, me: Principal, other: Principal) -> None:
    alarm_id = house.raise_alarm()
    await take(house.desk, other, house.id, alarm_id, now=NOW)
    until = NOW + timedelta(minutes=10)
    alarm = await suspend(house.desk, other, house.id, alarm_id, until, now=NOW)
    assert (alarm.state, alarm.holder, alarm.suspended_until) == (State.SUSPENDED, other.account_id, until)
    with pytest.raises(HeldByAnotherError):
        await resume(house.desk, me, house.id, alarm_id, now=NOW)
    alarm = await take(house.desk, me, house.id, alarm_id, now=NOW)
    assert (alarm.state, alarm.holder, alarm.suspended_until) == (State.TAKEN, me.account_id, None)
    with pytest.raises(HeldByAnotherError):
        await resume(house.desk, other, house.id, alarm_id, now=NOW)


@pytest.mark.parametrize("minutes", [-1, 0, 241])
async def test_an_alarm_is_laid_aside_for_a_time_ahead_and_not_for_long(
    house: House, me: Principal, minutes: int
) -> None:
    alarm_id = house.raise_alarm()
    await take(house.desk, me, house.id, alarm_id, now=NOW)
    with pytest.raises(UnusableActError):
        await suspend(house.desk, me, house.id, alarm_id, NOW + timedelta(minutes=minutes), now=NOW)
    assert house.alarm(alarm_id)["state"] == "taken"


async def test_an_offer_is_for_one(house: House, me: Principal, other: Principal) -> None:
    third = operator(house.authority)
    alarm_id = house.raise_alarm()
    await take(house.desk, me, house.id, alarm_id, now=NOW)
    alarm = await hand_over(house.desk, me, house.id, alarm_id, Colleague(other.account_id, "Kim"), now=NOW)
    assert (alarm.state, alarm.holder, alarm.offered_to) == (State.HANDED_OVER, me.account_id, other.account_id)
    with pytest.raises(HeldByAnotherError):
        await take(house.desk, third, house.id, alarm_id, now=NOW)
    alarm = await take(house.desk, other, house.id, alarm_id, now=NOW)
    assert (alarm.state, alarm.holder, alarm.offered_to) == (State.TAKEN, other.account_id, None)


async def test_an_offer_can_be_taken_back(house: House, me: Principal, other: Principal) -> None:
    alarm_id = house.raise_alarm()
    await take(house.desk, me, house.id, alarm_id, now=NOW)
    await hand_over(house.desk, me, house.id, alarm_id, Colleague(other.account_id, "Kim"), now=NOW)
    alarm = await resume(house.desk, me, house.id, alarm_id, now=NOW)
    assert (alarm.state, alarm.holder, alarm.offered_to) == (State.TAKEN, me.account_id, None)
    with pytest.raises(HeldByAnotherError):
        await take(house.desk, other, house.id, alarm_id, now=NOW)


async def test_nobody_hands_over_to_himself(house: House, me: Principal) -> None:
    alarm_id = house.raise_alarm()
    await take(house.desk, me, house.id, alarm_id, now=NOW)
    with pytest.raises(UnusableActError):
        await hand_over(house.desk, me, house.id, alarm_id, Colleague(me.account_id, "Jag"), now=NOW)


async def test_presenting_is_noted_once(house: House) -> None:
    first, second = house.raise_alarm(), house.raise_alarm()
    assert set(await present(house.desk, house.id, [first, second, uuid4()], now=NOW)) == {first, second}
    assert await present(house.desk, house.id, [first, second], now=NOW) == []
    assert house.alarm(first)["presented_at"] == NOW


async def test_an_alarm_that_is_not_there(house: House, me: Principal) -> None:
    with pytest.raises(NoSuchAlarmError):
        await take(house.desk, me, house.id, uuid4(), now=NOW)
    with pytest.raises(NoSuchAlarmError):
        await record_read(house.desk, me, house.id, uuid4(), now=NOW)


async def test_a_closed_alarm_is_not_taken(house: House, me: Principal) -> None:
    sender = Sender()
    alarm_id = house.raise_alarm(sender=sender, alarm_class="technical", kind="battery")
    house.accept(sender.message(NOW, "restore", "technical", kind="battery", restores="battery"))
    with pytest.raises(ActConflictError) as refused:
        await take(house.desk, me, house.id, alarm_id, now=NOW)
    assert refused.value.sentence.sv == "Larmet är redan avslutat."


async def test_another_authoritys_operator_learns_nothing(
    house: House, new_authority: Callable[..., Authority]
) -> None:
    alarm_id = house.raise_alarm()
    elsewhere = new_authority()
    stranger = operator(elsewhere)
    gateway = Gateway(house.server, "desk", [house.authority, elsewhere])
    before = house.last_entry()
    try:
        with pytest.raises(NothingHereError) as refused:
            await take(gateway, stranger, house.id, alarm_id, now=NOW)
        assert refused.value.category is Category.MISSING
        # The right to his own authority does not reach an alarm of another's: it is not in that database.
        with pytest.raises(NoSuchAlarmError):
            await take(gateway, stranger, elsewhere.id, alarm_id, now=NOW)
        with pytest.raises(UnknownAuthorityError):
            await take(house.desk, operator(elsewhere), elsewhere.id, alarm_id, now=NOW)
    finally:
        await gateway.close()
    assert house.last_entry() == before
    assert house.alarm(alarm_id)["state"] == "received"


@pytest.mark.parametrize("role", ["quality_reviewer", "device_technician"])
async def test_roles_without_the_right_are_refused(house: House, role: str) -> None:
    alarm_id = house.raise_alarm()
    with pytest.raises(NotAllowedError):
        await take(house.desk, operator(house.authority, role=role), house.id, alarm_id, now=NOW)
    with pytest.raises(NotAllowedError):
        await record_read(house.desk, operator(house.authority, role=role), house.id, alarm_id, now=NOW)
    assert house.alarm(alarm_id)["state"] == "received"


async def test_an_administrator_handles_no_alarm(house: House) -> None:
    alarm_id = house.raise_alarm()
    for kind, realm in (("administrator", "administrator"), ("administrator", "operator"), ("user", "administrator")):
        with pytest.raises(NothingHereError):
            await take(house.desk, operator(house.authority, kind=kind, realm=realm), house.id, alarm_id, now=NOW)
