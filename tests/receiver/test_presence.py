# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which receivers say that they are up, of which machine, and that they end."""

import socket

import pytest

from tests.identities import IDENTITIES
from tests.receiver.conftest import Register, TurnableClock, free_port
from tests.receiver.devices import HOST
from tests.waiting import wait_until
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
    """And a row that somebody took away comes again."""

    def ended() -> dict[str, bool]:
        return {machine: at is not None for machine, at in register.ended("receiver-8")}

    receivers = []
    for machine in ("west-1", "west-2"):
        settings = ReceiverSettings(host=HOST, udp_port=free_port(), tcp_port=None, tls_port=None, flush_seconds=0.5)
        equipment = Equipment("receiver-8", settings, server, b"s" * 32, turnable, IDENTITIES, machine=machine)
        receivers.append(Receiver(equipment))
    first, second = receivers
    try:
        await first.start()
        await second.start()
        assert ended() == {"west-1": False, "west-2": False}
        await first.stop()
        assert ended() == {"west-1": True, "west-2": False}
        register.forget("receiver-8@west-2")
        await wait_until(lambda: "west-2" in ended())
    finally:
        await first.stop()
        await second.stop()
    assert ended() == {"west-1": True, "west-2": True}


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
