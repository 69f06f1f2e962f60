# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Tests, technical messages and strangers can never stand in the way of a life alarm."""

import asyncio
from dataclasses import replace

import pytest

from tests.receiver.conftest import PATIENT, STUCK, Locked, NewAuthority, Register, Rows, Running, Start, Stuck
from tests.receiver.devices import UdpDevice, message, mrq
from vaka.receiver.counters import Reason
from vaka.receiver.limits import Lane, LaneLimits, Limits
from vaka.receiver.precedence import Turn
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

# Each class has its own key in the alarm table; held by somebody else, it stops the lane and nothing but the lane.
OTHERS = {
    Lane.REQUEST: {"stc": "81"},
    Lane.TECHNICAL: {"stc": "16"},
    Lane.TEST: {"stc": "102"},
}


def small(lane: Lane, capacity: int, shed: float | None = None) -> Limits:
    """Limits with one small lane."""
    return Limits(lanes=Limits().lanes | {lane: LaneLimits(capacity, capacity, 50, shed)})


@pytest.mark.parametrize("lane", OTHERS)
async def test_life_passes_while_another_lane_is_stuck_and_full(
    start: Start, register: Register, authority: Authority, rows: Rows, stuck: Stuck, lane: Lane
) -> None:
    """The other lane's batch hangs in the database, more of them wait, and its lane takes no more: life goes on."""
    held, senders = register.device(authority), [register.device(authority) for _ in range(6)]
    person = register.device(authority)
    running = await start(limits=small(lane, 4))
    flood, device = UdpDevice(running.udp), UdpDevice(running.udp)
    with stuck(authority, held):
        await flood.send(message(held, mrq(held, ref=STUCK, **OTHERS[lane])))
        for sender in senders:
            await flood.send(message(sender, mrq(sender, **OTHERS[lane])))
        await running.until(lambda: running.refusals(Reason.LANE_FULL) == 3)
        for _ in range(3):
            assert (await device.ask(message(person, mrq(person)))).status == 200
        assert running.receiver.storage.inside[lane] == 4
        assert rows(authority, "select class, messages from alarm") == [("life", 3)]
    statuses = sorted([(await flood.response()).status for _ in range(7)])
    assert statuses == [200, 200, 200, 200, 503, 503, 503]
    for other in (flood, device):
        await other.close()


async def test_a_flood_of_one_authority_leaves_room_for_the_others(
    start: Start, register: Register, authority: Authority, new_authority: NewAuthority, stuck: Stuck
) -> None:
    other = new_authority()
    held, senders = register.device(authority), [register.device(authority) for _ in range(6)]
    neighbour = register.device(other)
    lanes = Limits().lanes | {Lane.TEST: LaneLimits(100, 4, 50, None)}
    running = await start(limits=Limits(lanes=lanes))
    flood, device = UdpDevice(running.udp), UdpDevice(running.udp)
    with stuck(authority, held):
        await flood.send(message(held, mrq(held, ref=STUCK, stc="102")))
        for sender in senders:
            await flood.send(message(sender, mrq(sender, stc="102")))
        await running.until(lambda: running.refusals(Reason.LANE_FULL) == 3)
        assert (await device.ask(message(neighbour, mrq(neighbour, stc="102")))).status == 200
    for one in (flood, device):
        await one.close()


async def test_what_waits_is_bounded_in_bytes_too(
    start: Start, register: Register, authority: Authority, new_authority: NewAuthority, stuck: Stuck
) -> None:
    other = new_authority()
    held, senders = register.device(authority), [register.device(authority) for _ in range(4)]
    neighbour = register.device(other)
    lanes = Limits().lanes | {Lane.TEST: LaneLimits(100, 100, 50, None, capacity_bytes=60_000)}
    running = await start(limits=Limits(lanes=lanes))
    flood, device = UdpDevice(running.udp), UdpDevice(running.udp)
    with stuck(authority, held):
        await flood.send(message(held, mrq(held, ref=STUCK, stc="102")))
        await running.until(lambda: _is_stuck(running))  # or the others, too large to wait unread, would come first
        for sender in senders:  # of which one authority may have 30,000 bytes; the one that goes beyond is taken
            await flood.send(message(sender, mrq(sender, stc="102", dte="x" * 9_000)))
        await running.until(lambda: running.refusals(Reason.LANE_FULL) == 1)
        assert running.receiver.storage.inside[Lane.TEST] == 4
        assert (await device.ask(message(neighbour, mrq(neighbour, stc="102")))).status == 200
    assert sorted([(await flood.response()).status for _ in range(5)]) == [200, 200, 200, 200, 503]
    # What has left leaves its place.
    assert (await flood.ask(message(senders[0], mrq(senders[0], ref="9", stc="102", dte="x" * 9_000)))).status == 200
    for one in (flood, device):
        await one.close()


async def test_a_device_stuck_in_a_loop_fills_its_own_place_only(
    start: Start, register: Register, authority: Authority, rows: Rows, stuck: Stuck
) -> None:
    loop, other = register.device(authority), register.device(authority)
    running = await start(limits=replace(PATIENT, waiting_per_person=2))
    flood, device = UdpDevice(running.udp), UdpDevice(running.udp)
    with stuck(authority, loop):
        await flood.send(message(loop, mrq(loop, ref=STUCK, stc="102")))
        await running.until(lambda: _is_stuck(running))
        for _ in range(9):
            await flood.send(message(loop, mrq(loop, stc="102")))
        await running.until(lambda: running.refusals(Reason.PERSON_BUSY) == 7)
        await device.send(message(other, mrq(other, stc="102")))
        assert await device.is_silent(0.05)
    assert (await device.response()).status == 200
    assert sorted([(await flood.response()).status for _ in range(10)]) == [200] * 3 + [503] * 7
    for one in (flood, device):
        await one.close()


async def test_what_has_waited_too_long_in_a_lesser_lane_is_told_early(
    start: Start, register: Register, authority: Authority, stuck: Stuck
) -> None:
    held, late = register.device(authority), register.device(authority)
    running = await start(limits=small(Lane.TEST, 10, shed=0.1))
    first, second = UdpDevice(running.udp), UdpDevice(running.udp)
    with stuck(authority, held):
        await first.send(message(held, mrq(held, ref=STUCK, stc="102")))
        await running.until(lambda: _is_stuck(running))
        answer = await second.ask(message(late, mrq(late, stc="102")))
        assert (answer.status, answer.headers.first("retry-after")) == (503, "5")
        assert running.refusals(Reason.SHED) == 1
    assert (await first.response()).status == 200
    for one in (first, second):
        await one.close()


async def test_life_is_never_shed_before_the_deadline(
    start: Start, register: Register, authority: Authority, rows: Rows, locked: Locked
) -> None:
    sender = register.device(authority)
    running = await start()
    device = UdpDevice(running.udp)
    with locked(authority, "message"):
        await device.send(message(sender, mrq(sender)))
        assert await device.is_silent(0.6)
    assert (await device.response()).status == 200
    await device.close()


async def test_what_an_authority_calls_otherwise_goes_another_lane(
    start: Start, register: Register, authority: Authority, rows: Rows
) -> None:
    sender = register.device(authority)
    running = await start(limits=PATIENT)
    device = UdpDevice(running.udp)
    register.execute(
        "insert into vaka.class_override (authority_id, device_type, alarm_class, reason, changed_at)"
        " values (%s, 46, 'technical', 'lifts have their own contract', now())",
        authority.id,
    )
    # One that would silence every plain alarm is not obeyed.
    register.execute(
        "insert into vaka.class_override (authority_id, status_code, alarm_class, reason, changed_at)"
        " values (%s, 10, 'test', 'a slip of somebody', now())",
        authority.id,
    )
    await running.knows(sender)
    table = running.receiver.directory.table
    await running.until(lambda: table(authority.id).verdict("ME", 46, 10).alarm_class == "technical")
    for device_type in ("46", "2"):
        assert (await device.ask(message(sender, mrq(sender, dty=device_type)))).status == 200
    assert rows(authority, "select device_type, class from alarm order by device_type") == [
        (2, "life"),
        (46, "technical"),
    ]
    register.execute("delete from vaka.class_override where authority_id = %s", authority.id)
    await device.close()


async def test_what_an_authority_calls_life_waits_unread_no_longer(
    start: Start, register: Register, authority: Authority
) -> None:
    running = await start()
    fault, turn = mrq("4711", stc="125"), running.receiver._around.turn
    assert turn(fault) is Turn.LATER
    register.execute(
        "insert into vaka.class_override (authority_id, status_code, alarm_class, reason, changed_at)"
        " values (%s, 125, 'life', 'whoever tampers may be a burglar', now())",
        authority.id,
    )
    await running.until(lambda: turn(fault) is Turn.AT_ONCE)
    register.execute("delete from vaka.class_override where authority_id = %s", authority.id)
    await running.until(lambda: turn(fault) is Turn.LATER)


async def test_a_stop_answers_what_is_in_work(
    start: Start, register: Register, authority: Authority, rows: Rows, locked: Locked
) -> None:
    sender = register.device(authority)
    running = await start()
    device = UdpDevice(running.udp)
    with locked(authority, "message"):
        await device.send(message(sender, mrq(sender)))
        await running.until(lambda: running.receiver.storage.inside[Lane.LIFE] == 1)
        stopping = asyncio.create_task(running.receiver.stop())
        await asyncio.sleep(0.05)
        assert not stopping.done()
    assert (await device.response()).status == 200
    await stopping
    assert rows(authority, "select count(*) from alarm") == [(1,)]
    await device.close()


def _is_stuck(running: Running) -> bool:
    """Whether the one message in the lane has left its queue and is with the database."""
    storage = running.receiver.storage
    waiting = sum(writer.queues[Lane.TEST].size for (_, life), writer in storage._writers.items() if not life)
    return storage.inside[Lane.TEST] == 1 and waiting == 0
