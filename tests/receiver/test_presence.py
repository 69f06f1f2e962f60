# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which receivers say that they are up, of which machine, and that they end."""

import asyncio
import socket
from contextlib import suppress
from datetime import timedelta

import pytest

from tests.identities import IDENTITIES
from tests.receiver.conftest import Register, TurnableClock, free_port
from tests.receiver.devices import HOST, PATIENCE_SECONDS, UdpDevice, message
from tests.waiting import wait_until
from vaka.database.connections import Connection
from vaka.database.server import Server
from vaka.errors import ConfigurationError
from vaka.receiver.presence import name_machine
from vaka.receiver.receiver import Equipment, Receiver
from vaka.settings import ReceiverSettings
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def test_receivers_of_one_name_on_two_machines_are_two_and_say_whether_they_end_in_order(
    server: Server, register: Register, turnable: TurnableClock, intake: Authority
) -> None:
    """And a row that somebody took away comes again; one of a clock far ahead goes when another starts."""

    def made(machine: str, clock: TurnableClock) -> Receiver:
        settings = ReceiverSettings(host=HOST, udp_port=free_port(), tcp_port=None, tls_port=None, flush_seconds=0.5)
        return Receiver(Equipment("receiver-8", settings, server, b"s" * 32, clock, IDENTITIES, machine=machine))

    def ended() -> dict[str, bool]:
        return {machine: at is not None for machine, at in register.ended("receiver-8")}

    far = TurnableClock()
    far.ahead = timedelta(days=1, minutes=5)
    receivers = ahead, first, second, newer = [
        made("west-9", far), made("west-1", turnable), made("west-2", turnable), made("west-1", turnable)
    ]  # fmt: skip
    try:
        await ahead.start()
        await ahead.stop()
        assert ended() == {"west-9": True}
        await first.start()
        await second.start()
        assert ended() == {"west-1": False, "west-2": False}
        # One takes the other's place before that one ends: what lives has not ended.
        await newer.start()
        await first.stop()
        await wait_until(lambda: not ended()["west-1"])
        await newer.stop()
        assert ended() == {"west-1": True, "west-2": False}
        register.forget("receiver-8@west-2")
        await wait_until(lambda: "west-2" in ended())
    finally:
        for one in receivers:
            await one.stop()
    assert ended() == {"west-1": True, "west-2": True}


class SlowlyToldReceiver(Receiver):
    """One whose connection for saying that it is up comes about when the test lets it."""

    def __init__(self, equipment: Equipment) -> None:
        super().__init__(equipment)
        self.is_let = asyncio.Event()

    async def _connect_platform(self, purpose: str) -> Connection:
        if purpose == "presence":
            await self.is_let.wait()
        return await super()._connect_platform(purpose)


async def test_what_arrives_is_answered_while_the_platform_is_slow_to_hear_that_it_is_up(
    server: Server, register: Register, turnable: TurnableClock, authority: Authority, intake: Authority
) -> None:
    """The kernel gives an open port its share at once."""
    settings = ReceiverSettings(host=HOST, udp_port=free_port(), tcp_port=None, tls_port=None)
    receiver = SlowlyToldReceiver(Equipment("receiver-6", settings, server, b"s" * 32, turnable, IDENTITIES))
    question = message(register.device(authority), b"", method="OPTIONS")
    device = UdpDevice(settings.udp_port or 0)
    starting = asyncio.create_task(receiver.start())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not device.responses:
                # Until the port is open the system refuses.
                with suppress(ConnectionError, TimeoutError):
                    async with asyncio.timeout(0.2):
                        await device.send(question)
                        await device.hear()
        assert device.responses[0].status == 200
        assert register.presence("receiver-6") == []
        receiver.is_let.set()
        await starting
        assert len(register.presence("receiver-6")) == 1
    finally:
        starting.cancel()
        await device.close()
        await receiver.stop()


async def test_receiver_that_cannot_listen_says_nothing_of_itself(
    server: Server, register: Register, turnable: TurnableClock, intake: Authority
) -> None:
    """A unit starts it again every other second: it would seem to be up for ever."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((HOST, 0))
        settings = ReceiverSettings(host=HOST, udp_port=taken.getsockname()[1], tcp_port=free_port(), tls_port=None)
        receiver = Receiver(Equipment("receiver-9", settings, server, b"s" * 32, turnable, IDENTITIES))
        with pytest.raises(ConfigurationError):
            await receiver.start()
    assert register.presence("receiver-9") == []


def test_machine_is_called_what_settings_could_call_it() -> None:
    assert [name_machine(one) for one in ("larm-1.example", "", "Lärm 1\n", "a" * 80)] == [
        "larm-1.example", "unnamed", "L-rm-1-", "a" * 64,
    ]  # fmt: skip
