# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signs of life cost memory, and one transaction for all of them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.identities import blinded
from tests.receiver.conftest import Register, Rows, Running, Start, TurnableClock
from tests.receiver.devices import UdpDevice, authorization, message, mrq
from tests.waiting import wait_until
from vaka.receiver.counters import Repeat
from vaka.scaip.body import Mrs
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

_TRANSACTIONS = "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()"
_RECEIVERS = "select count(*) from pg_stat_activity where datname = current_database() and usename like '%receiver'"


def supervised(register: Register, rows: Rows, authority: Authority, **columns: Any) -> tuple[str, UUID]:
    """A device with a place for its last sign of life: its sender and identifier."""
    identifier = uuid4()
    sender = register.device(authority, device_id=identifier, **columns)
    rows(authority, f"insert into device (id, sender) values ('{identifier}', '{blinded(sender)}');")
    rows(authority, f"insert into device_state (device_id, changed_at) values ('{identifier}', now())")
    return sender, identifier


async def test_a_heartbeat_is_answered_and_written_later(
    start: Start, register: Register, authority: Authority, rows: Rows
) -> None:
    sender, _ = supervised(register, rows, authority)
    running = await start(flush_seconds=60)
    device = UdpDevice(running.udp)
    before = datetime.now(UTC)
    for number in range(50):
        body = mrq(sender, ref=str(number + 1), mty="PI", stc="16")  # whatever status: a heartbeat is a heartbeat
        assert (await device.ask(message(sender, body))).status == 200
        assert await device.mrs() == Mrs(ref=str(number + 1), snu=0)
    assert rows(authority, _RECEIVERS) == [(0,)]  # nobody has even connected
    assert rows(authority, "select last_seen from device_state") == [(None,)]
    assert len(running.receiver.signs) == 1
    await running.receiver.signs.flush(running.receiver.storage.channel)
    [(seen,)] = rows(authority, "select last_seen from device_state")
    assert before <= seen <= datetime.now(UTC)
    assert rows(authority, "select count(*) from message") == [(0,)]
    await device.close()


async def test_they_are_flushed_by_themselves_in_one_transaction(
    start: Start, register: Register, authority: Authority, rows: Rows
) -> None:
    devices = [supervised(register, rows, authority) for _ in range(30)]
    running = await start(flush_seconds=0.5)
    device = UdpDevice(running.udp)
    for sender, _ in devices:
        assert (await device.ask(message(sender, mrq(sender, mty="PI")))).status == 200
    await running.until(lambda: running.receiver.counters.heartbeats["written"] >= 30)
    assert rows(authority, "select count(*) from device_state where last_seen is not null") == [(30,)]
    # All rows that one statement wrote carry its transaction's number.
    [(transactions,)] = rows(authority, "select count(distinct xmin::text) from device_state")
    assert transactions <= 2
    await device.close()


async def test_the_very_same_heartbeat_again_is_another_sign_of_life(
    start: Start, register: Register, authority: Authority, rows: Rows, turnable: TurnableClock
) -> None:
    """Some devices never change a byte of it. Only what comes at once after it is a copy."""
    sender, _ = supervised(register, rows, authority)
    running = await start()
    device, beat = UdpDevice(running.udp), message(sender, mrq(sender, mty="PI"))
    heard = running.receiver.counters.heartbeats
    for _ in range(2):
        assert (await device.ask(beat)).status == 200
    assert (heard["heard"], running.receiver.counters.repeats[Repeat.ANSWERED]) == (1, 1)
    turnable.ahead_seconds += 5
    assert (await device.ask(beat)).status == 200
    assert heard["heard"] == 2
    await device.close()


async def test_an_alarm_is_a_sign_of_life_too(
    start: Start, register: Register, authority: Authority, rows: Rows
) -> None:
    sender, _ = supervised(register, rows, authority)
    running = await start(flush_seconds=0.5)
    device = UdpDevice(running.udp)
    assert (await device.ask(message(sender, mrq(sender)))).status == 200
    await running.until(lambda: rows(authority, "select last_seen is not null from device_state") == [(True,)])
    await device.close()


async def test_what_could_not_be_written_is_kept_for_the_next_time(
    start: Start, register: Register, authority: Authority, rows: Rows
) -> None:
    sender, _ = supervised(register, rows, authority)
    running = await start(flush_seconds=60)
    device = UdpDevice(running.udp)
    receiver = running.receiver
    with register.absent(authority):
        assert (await device.ask(message(sender, mrq(sender, mty="PI")))).status == 200
        await receiver.signs.flush(receiver.storage.channel)
        assert len(receiver.signs) == 1
    await receiver.signs.flush(receiver.storage.channel)
    assert len(receiver.signs) == 0
    assert rows(authority, "select last_seen is not null from device_state") == [(True,)]
    await device.close()


async def test_who_did_not_prove_himself_gives_no_sign_of_life(
    running: Running, register: Register, authority: Authority, udp_device: UdpDevice
) -> None:
    known = register.digest_device(authority)
    await running.knows(known.sender)
    question = message(known.sender, b"", method="OPTIONS")
    assert (await udp_device.ask(message(known.sender, mrq(known.sender, mty="PI")))).status == 401
    assert (await udp_device.ask(question)).status == 200
    assert len(running.receiver.signs) == 0


@pytest.mark.parametrize("method", ["OPTIONS", "REGISTER", "MESSAGE"])
async def test_every_proven_message_is_one(
    running: Running, register: Register, authority: Authority, udp_device: UdpDevice, method: str
) -> None:
    known = register.digest_device(authority)
    await running.knows(known.sender)
    body = mrq(known.sender, mty="PI")
    challenged = await udp_device.ask(message(known.sender, body))
    proof = authorization(challenged, known, method=method)
    assert (await udp_device.ask(message(known.sender, body, method=method, headers=(proof,)))).status == 200
    assert len(running.receiver.signs) == 1


async def test_supervision_can_see_that_the_receiver_listens(
    start: Start, register: Register, authority: Authority
) -> None:
    started = datetime.now(UTC)
    await start(instance="receiver-7", flush_seconds=0.5)
    [(since, first)] = register.presence("receiver-7")
    assert since >= started
    await wait_until(lambda: register.presence("receiver-7")[0][1] > first)
