# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A receiver and a device in a network of their own, where everything that is sent is captured (term 30.5).

``python -m tests.receiver.captured CREDENTIALS SOCKETS SENDER CERTIFICATE KEY ISSUER``, started in a network namespace
whose loopback is up. Prints a line for each way: its name, the answer's status, how much was captured on its port, and
whether the sender's number and its alarm's text were in it.
"""

import asyncio
import socket
import ssl
import sys
from pathlib import Path

from tests.identities import IDENTITIES
from tests.receiver.devices import HOST, REALM, TcpDevice, message, mrq
from vaka.clock import SystemClock
from vaka.database.server import Server
from vaka.receiver.receiver import Equipment, Receiver
from vaka.settings import ReceiverSettings

TCP, TLS = 5060, 5061
LONGEST = 65_535
_ANY_PROTOCOL = 0x0300  # ETH_P_ALL in the order of the network
SETTLES_SECONDS = 0.5


def capture(wire: socket.socket) -> bytes:
    """Return everything that was captured since."""
    found = []
    while True:
        try:
            found.append(wire.recv(LONGEST))
        except BlockingIOError:
            return b"\0\0".join(found)


async def main(credentials: str, sockets: str, sender: str, certificate: str, key: str, issuer: str) -> None:
    """Send an alarm over TLS, and the same over TCP: what captures nothing there would capture nothing at all."""
    settings = ReceiverSettings(
        host=HOST, realm=REALM, udp_port=None, tcp_port=TCP, tls_port=TLS, certificate=Path(certificate),
        certificate_key=Path(key), commit_deadline_milliseconds=10_000,
    )  # fmt: skip
    server = Server(sockets, 5432, Path(credentials))
    receiver = Receiver(Equipment("receiver-1", settings, server, b"s" * 32, SystemClock(), IDENTITIES))
    await receiver.start()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, _ANY_PROTOCOL) as wire:
        wire.bind(("lo", 0))
        wire.setblocking(False)
        ways = (("tls", TLS, ssl.create_default_context(cafile=issuer)), ("tcp", TCP, None))
        for name, port, context in ways:
            capture(wire)
            device = await TcpDevice.connect(port, context)
            answer = await device.ask(message(sender, mrq(sender), transport=name.upper()))
            await device.mrs()
            await device.close()
            await asyncio.sleep(SETTLES_SECONDS)
            seen = capture(wire)
            print(name, answer.status, len(seen), sender.encode() in seen, b"<mrq>" in seen, flush=True)
    await receiver.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
