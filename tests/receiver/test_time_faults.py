# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What time does to a receiver: its machine's clock jumps, its certificate ends. Alarms go on."""

import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.receiver.conftest import Register, Rows, Start, TurnableClock
from tests.receiver.devices import TcpDevice, UdpDevice, authorization, message, mrq
from tests.receiver.test_tls import Issuer, alarm, context, issuer, start_tls  # noqa: F401
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.database, pytest.mark.anyio]


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
