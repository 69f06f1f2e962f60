# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Registered devices that are turned away are shown to somebody: once, bounded, and as nothing more than a fault."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.receiver.conftest import PATIENT, Register, Rows, Running, SaidIn, Start, TurnableClock
from tests.receiver.devices import Credentials, UdpDevice, authorization, message, mrq
from tests.waiting import PATIENCE_SECONDS, wait_until
from vaka.receiver.counters import Reason
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def running(start: Start, authority: Authority, intake: Authority) -> Running:
    """A receiver that sheds nothing, however busy the machine is."""
    return await start(limits=PATIENT)


ALARMS = "select class, kind, latest_kind, state, messages from alarm"
STATES = "select kind, state from alarm"
REFUSED = "select kind, effect from message where ref like 'refused-%' order by received_at"


def open_alarm(kind: str, times: int = 1) -> list[tuple[Any, ...]]:
    """What there is to see of a refused device."""
    return [("technical", kind, kind, "received", times)]


async def guess(device: UdpDevice, known: Credentials) -> None:
    """Send an alarm with a wrong password."""
    challenged = await device.ask(message(known.sender, mrq(known.sender)))
    wrong = Credentials(known.sender, known.username, "wrong")
    proof = authorization(challenged, wrong)
    assert (await device.ask(message(known.sender, mrq(known.sender), headers=(proof,)))).status in (401, 403)


async def prove(device: UdpDevice, known: Credentials) -> None:
    """Send a heartbeat with the right one."""
    beat = mrq(known.sender, mty="PI")
    proof = authorization(await device.ask(message(known.sender, beat)), known)
    assert (await device.ask(message(known.sender, beat, headers=(proof,)))).status == 200


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"network": "192.0.2.0/24"}, "refused_network"),
        ({"exception_until": datetime.now(UTC) - timedelta(hours=1)}, "refused_exception"),
        ({"authentication": "certificate", "certificate_sha256": "ab" * 32, "network": None}, "refused_certificate"),
    ],
)
async def test_it_is_told_of_once(
    running: Running, register: Register, authority: Authority, rows: Rows, said: SaidIn, udp_device: UdpDevice,
    columns: dict[str, Any], kind: str,
) -> None:  # fmt: skip
    sender = register.device(authority, **columns)
    await running.knows(sender)
    for _ in range(5):
        answer = await udp_device.ask(message(sender, mrq(sender, ref="1", dte="what nobody has proved")))
        assert answer.status == 403
    await wait_until(lambda: rows(authority, ALARMS) == open_alarm(kind))
    # Of what was written nothing is kept, and its reference stays free for the device itself.
    assert rows(authority, REFUSED) == [(kind, "raise")]
    [(texts, body)] = said(authority)
    assert (texts[:3], body) == (["", "", ""], b"")
    assert rows(authority, "select escalate_at from alarm") == [(None,)]
    assert rows(authority, "select count(*) from repeat_key where ref = '1'") == [(0,)]
    assert await udp_device.is_silent(0.1), "nobody is sent a confirmation of it"
    assert running.receiver.confirmations._pending == {}


async def test_a_wrong_password_is_told_of_and_its_end_too(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    known = register.digest_device(authority)
    await running.knows(known.sender)
    for _ in range(3):
        await guess(udp_device, known)
    await wait_until(lambda: rows(authority, ALARMS) == open_alarm("refused_password"))
    await prove(udp_device, known)
    closed = [("technical", "refused_password", "refused_password", "closed", 2)]
    await wait_until(lambda: rows(authority, ALARMS) == closed)
    # Whoever goes on guessing beside the device cannot make it more than one an hour.
    for _ in range(3):
        await guess(udp_device, known)
        await prove(udp_device, known)
    assert rows(authority, REFUSED) == [("refused_password", "raise"), ("refused", "restore")]


async def test_who_names_another_sender_is_told_of_until_he_names_himself(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    sender = register.device(authority)
    await running.knows(sender)
    for _ in range(3):
        # It proves itself each time; that must not end what it is told of for.
        assert (await udp_device.ask(message("somebody-else", mrq(sender)))).status == 403
    await wait_until(lambda: rows(authority, ALARMS) == open_alarm("refused_sender"))
    assert rows(authority, REFUSED) == [("refused_sender", "raise")]
    assert (await udp_device.ask(message(sender, mrq(sender, mty="PI")))).status == 200
    await wait_until(lambda: rows(authority, STATES) == [("refused_sender", "closed")])


async def test_who_answers_challenges_only_where_they_are_not_known_is_told_of(
    start: Start, register: Register, authority: Authority, rows: Rows
) -> None:
    """Something between us spreads its messages over receivers that know nothing of each other."""
    known = register.digest_device(authority)
    first, second = [UdpDevice((await start(instance=name, limits=PATIENT)).udp) for name in ("here", "there")]
    for _ in range(3):
        proof = authorization(await first.ask(message(known.sender, mrq(known.sender))), known)
        assert (await second.ask(message(known.sender, mrq(known.sender), headers=(proof,)))).status == 401
    assert rows(authority, STATES) == []
    proof = authorization(await first.ask(message(known.sender, mrq(known.sender))), known)
    again = await second.ask(message(known.sender, mrq(known.sender), headers=(proof,)))
    await wait_until(lambda: ("refused_challenge", "raise") in rows(authority, REFUSED))
    proof = authorization(again, known)
    assert (await second.ask(message(known.sender, mrq(known.sender, mty="PI"), headers=(proof,)))).status == 200
    await wait_until(lambda: rows(authority, REFUSED)[-1] == ("refused", "restore"))
    for device in (first, second):
        await device.close()


async def test_who_never_answers_the_challenge_is_told_of(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    known = register.digest_device(authority)
    await running.knows(known.sender)
    for _ in range(2):
        assert (await udp_device.ask(message(known.sender, mrq(known.sender)))).status == 401
    await prove(udp_device, known)  # is asked a third time; that may happen, and the count begins anew
    for _ in range(3):
        assert (await udp_device.ask(message(known.sender, mrq(known.sender)))).status == 401
    assert rows(authority, ALARMS) == []
    assert (await udp_device.ask(message(known.sender, mrq(known.sender)))).status == 401
    await wait_until(lambda: rows(authority, ALARMS) == open_alarm("refused_silent"))


async def test_a_device_that_is_only_late_with_its_answer_is_not(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice,
    turnable: TurnableClock,
) -> None:  # fmt: skip
    known = register.digest_device(authority)
    await running.knows(known.sender)
    for _ in range(6):
        challenged = await udp_device.ask(message(known.sender, mrq(known.sender)))
        turnable.ahead_seconds += 400
        proof = authorization(challenged, known)
        assert (await udp_device.ask(message(known.sender, mrq(known.sender), headers=(proof,)))).status == 401
        await prove(udp_device, known)
    assert rows(authority, ALARMS) == []


async def test_after_an_hour_it_is_told_again(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice,
    turnable: TurnableClock,
) -> None:  # fmt: skip
    sender = register.device(authority, network="192.0.2.0/24")
    await running.knows(sender)
    for seconds, times in ((0, 1), (3_599, 1), (1, 2)):
        turnable.ahead_seconds += seconds
        assert (await udp_device.ask(message(sender, mrq(sender)))).status == 403
        await wait_until(lambda times=times: rows(authority, ALARMS) == open_alarm("refused_network", times))  # type: ignore[misc]


async def test_when_all_are_refused_only_some_are_told_of(
    start: Start, register: Register, authority: Authority, rows: Rows
) -> None:
    senders = [register.device(authority, network="192.0.2.0/24") for _ in range(8)]
    neighbour = register.device(authority)
    running = await start(limits=replace(PATIENT, refusals_told_per_hour=3))
    device = UdpDevice(running.udp)
    for sender in senders:
        assert (await device.ask(message(sender, mrq(sender)))).status == 403
    await wait_until(lambda: rows(authority, ALARMS) == open_alarm("refused_network") * 3)
    assert (await device.ask(message(neighbour, mrq(neighbour)))).status == 200
    assert rows(authority, "select count(*) from alarm") == [(4,)]
    await device.close()


async def test_what_could_not_be_stored_is_told_at_the_next_occasion(
    start: Start, register: Register, authority: Authority, rows: Rows
) -> None:
    """The device is answered whatever the database does."""
    known = register.digest_device(authority)
    running = await start(limits=PATIENT, commit_deadline_milliseconds=300)
    device = UdpDevice(running.udp)
    with register.absent(authority):
        await guess(device, known)
        await running.until(lambda: running.refusals(Reason.DEADLINE) == 1)
    assert rows(authority, STATES) == []
    # The receiver may need a moment to find the database back, and miss the deadline again.
    async with asyncio.timeout(PATIENCE_SECONDS):
        while rows(authority, STATES) != [("refused_password", "received")]:
            await guess(device, known)
            await asyncio.sleep(0.1)
    missed = running.refusals(Reason.DEADLINE)
    with register.absent(authority):
        await prove(device, known)
        await running.until(lambda: running.refusals(Reason.DEADLINE) > missed)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while rows(authority, STATES) != [("refused_password", "closed")]:
            await prove(device, known)
            await asyncio.sleep(0.1)
    await running.until(lambda: running.receiver.storage.inside.total() == 0)
    await device.close()
