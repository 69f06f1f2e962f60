# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What time does to a receiver: its machine's clock jumps, its certificate ends. Alarms go on."""

import ssl
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.receiver.conftest import Register, Rows, Start, TurnableClock
from tests.receiver.devices import TcpDevice, UdpDevice, authorization, message, mrq
from tests.receiver.test_tls import Issuer, alarm, context, issuer, start_tls  # noqa: F401
from vaka.alarms.escalation import escalate_due
from vaka.database.server import Server
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway

pytestmark = [pytest.mark.database, pytest.mark.anyio]

JUMPS = [timedelta(hours=20), timedelta(minutes=5), timedelta(hours=-3)]


@pytest.fixture
async def scheduler(server: Server, authority: Authority) -> AsyncIterator[Gateway]:
    """The scheduler's way to the authority."""
    gateway = Gateway(server, "scheduler", [authority])
    yield gateway
    await gateway.close()


@pytest.mark.parametrize("jump", [timedelta(hours=20), timedelta(hours=3), timedelta(hours=-3), timedelta(days=-400)])
async def test_a_clock_that_jumps_loses_and_refuses_no_alarm(
    start: Start, turnable: TurnableClock, register: Register, authority: Authority, rows: Rows, jump: timedelta
) -> None:
    """Before, after and when it is right again: with and without a password, repeated and new. One alarm, in order."""
    sender, known = register.device(authority), register.digest_device(authority)
    running = await start()
    device = UdpDevice(running.udp)
    for number, ahead in enumerate((timedelta(), jump, timedelta())):
        turnable.ahead = ahead
        text = message(sender, mrq(sender, ref=f"{number}"))
        first = await device.ask(text)
        assert first.status == 200
        assert (await device.ask(text)).status == 200, "a repeat is answered as before"
        body = mrq(known.sender, ref=f"d{number}")
        challenged = await device.ask(message(known.sender, body))
        assert challenged.status == 401
        assert (
            await device.ask(message(known.sender, body, headers=(authorization(challenged, known),)))
        ).status == 200
    await device.close()
    assert rows(authority, "select ref, count(*) from message group by ref order by ref") == [
        *((f"{number}", 1) for number in range(3)), *((f"d{number}", 1) for number in range(3)),
    ]  # fmt: skip
    assert rows(authority, "select messages from alarm order by messages") == [(3,), (3,)]


@pytest.mark.parametrize("references", ["1", "123"], ids=["one for everything", "that wrap"])
@pytest.mark.parametrize("jump", JUMPS)
async def test_who_presses_again_with_an_old_reference_after_a_jump_is_heard(
    start: Start, turnable: TurnableClock, register: Register, authority: Authority, rows: Rows, jump: timedelta,
    references: str,
) -> None:  # fmt: skip
    """Before, after and when it is right again; whatever was pressed before has been seen to and closed."""
    sender = register.device(authority)
    device = UdpDevice((await start()).udp)
    presses = 0
    for ahead in (timedelta(), jump, timedelta()):
        turnable.ahead = ahead
        for ref in references:
            presses += 1
            for _ in ("the press", "a copy, in a transaction of its own"):
                assert (await device.ask(message(sender, mrq(sender, ref=ref)))).status == 200
                assert rows(authority, "select count(*), sum(messages) from alarm") == [(presses, presses)], (
                    ahead,
                    ref,
                )
            rows(authority, f"update alarm set state = 'closed', escalate_at = null, closed_at = '{turnable.now()}'")
    await device.close()


@pytest.mark.parametrize("jump", JUMPS)
async def test_an_alarm_of_a_clock_that_was_wrong_rings_for_all_in_time_and_then_calls(
    start: Start, turnable: TurnableClock, register: Register, authority: Authority, rows: Rows, scheduler: Gateway,
    jump: timedelta,
) -> None:  # fmt: skip
    """Taken in while it was wrong. When it is right, nobody waits longer than for an alarm that came just then."""
    sender = register.device(authority)
    device = UdpDevice((await start()).udp)
    turnable.ahead = jump
    assert (await device.ask(message(sender, mrq(sender, ref="1")))).status == 200
    turnable.ahead = timedelta()
    right = turnable.now()
    # The device has one reference for everything, and is not silent: it joins, and does not put anything off.
    assert (await device.ask(message(sender, mrq(sender, ref="1")))).status == 200
    levels = []
    for later in (0, 62, 183):
        await escalate_due(scheduler, authority.id, right + timedelta(seconds=later))
        levels += rows(authority, "select escalation from alarm")
    assert levels == ([(0,), (1,), (2,)] if jump > timedelta() else [(1,), (2,), (2,)])
    await device.close()


async def test_a_certificate_that_ends_silences_nobody_who_does_not_ask_for_it(
    start_tls: Start,  # noqa: F811
    issuer: Issuer,  # noqa: F811
    context: Callable[..., ssl.SSLContext],  # noqa: F811
    register: Register,
    authority: Authority,
    tmp_path: Path,
) -> None:
    """Over UDP, TCP and TLS that is open already; who connects anew hangs up, until the new one is put in place."""
    sender, place = register.device(authority), (tmp_path / "own.pem", tmp_path / "own.key")

    def put(lasts: timedelta) -> None:
        certificate, key, _ = issuer.issue("receiver.example", lasts=lasts)
        for source, target in zip((certificate, key), place, strict=True):
            target.write_bytes(source.read_bytes())

    put(timedelta(days=1))
    running = await start_tls(certificate=place[0], certificate_key=place[1])
    rotation = running.receiver.rotation
    assert rotation is not None
    early = await TcpDevice.connect(running.tls, context())
    put(timedelta(days=-1))
    await rotation.follow()
    with pytest.raises(ssl.SSLCertVerificationError):
        await TcpDevice.connect(running.tls, context())
    assert (await early.ask(alarm(sender))).status == 200
    for plain, transport in ((UdpDevice(running.udp), "UDP"), (await TcpDevice.connect(running.tcp), "TCP")):
        assert (await plain.ask(message(sender, mrq(sender), transport=transport))).status == 200
        await plain.close()
    put(timedelta(days=1))
    await rotation.follow()
    late = await TcpDevice.connect(running.tls, context())
    assert (await late.ask(alarm(sender))).status == 200
    for device in (early, late):
        await device.close()
