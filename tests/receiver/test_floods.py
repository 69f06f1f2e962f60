# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""All that is no alarm without end, faster than it can be read: every life alarm is answered all the same."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.receiver.conftest import Rows
from tests.receiver.devices import HOST, UdpDevice, message, mrq
from tests.receiver.process import Place
from tests.waiting import wait_until
from vaka.sip.message import Response
from vaka.sip.transactions import retransmission_delays
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

ALARMS = 25
PAUSE_SECONDS = 0.005
KINDS = {
    "heartbeats": ({"mty": "PI"}, 150),
    "signals": ({"mty": "IN", "stc": "83"}, 40),
    "tests": ({"stc": "102"}, 60),
    "technical": ({"stc": "85"}, 60),
}
"""What floods, and how many in each pause: more than a receiver reads in that time."""


class Flood:
    """Sends one kind of message on and on, each with identifiers of its own, and waits for no answer."""

    def __init__(self, port: int, sender: str, fields: dict[str, str], at_once: int) -> None:
        self.sent = 0
        self._place = (HOST, port)
        self._at_once = at_once
        self._ending = threading.Event()
        body = mrq(sender, ref="REFERENCE", **fields)
        self._text = message(sender, body, call_id="REFERENCE", branch="z9hG4bKREFERENCE")
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def end(self) -> None:
        """Stop."""
        self._ending.set()
        self._thread.join()

    def _send(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
            while not self._ending.wait(PAUSE_SECONDS):
                for _ in range(self._at_once):
                    self.sent += 1
                    mouth.sendto(self._text.replace(b"REFERENCE", b"%09d" % self.sent), self._place)


@contextmanager
def flooding(place: Place, sender: str, *kinds: str) -> Iterator[list[Flood]]:
    """The floods, and their end."""
    floods = [Flood(place.port, sender, *KINDS[kind]) for kind in kinds]
    try:
        yield floods
    finally:
        for flood in floods:
            flood.end()


async def press(device: UdpDevice, sender: str, call_id: str) -> Response:
    """Send an alarm as devices do over UDP: again, until this very message is answered."""
    data = message(sender, mrq(sender, ref=call_id, dty="5"), call_id=call_id)
    for pause in (*retransmission_delays(), 30.0):
        await device.send(data)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                while (answer := await device.response()).call_id != call_id:
                    pass  # to a copy of an earlier alarm
                return answer
    raise AssertionError("no answer within 32 seconds")


@pytest.mark.parametrize(
    "kinds",
    [("heartbeats",), ("signals",), ("technical",), ("heartbeats", "signals", "tests", "technical")],
    ids="+".join,
)
async def test_every_life_alarm_is_answered_while_the_rest_floods(
    place: Place, known: str, authority: Authority, rows: Rows, kinds: tuple[str, ...]
) -> None:
    device = UdpDevice(place.port)
    with flooding(place, known, *kinds) as floods:
        await wait_until(lambda: all(flood.sent > 2_000 for flood in floods))
        before = [flood.sent for flood in floods]
        statuses = [(await press(device, known, f"life{number}")).status for number in range(ALARMS)]
        during = [flood.sent - count for flood, count in zip(floods, before, strict=True)]
    assert statuses == [200] * ALARMS
    assert all(during), "it flooded all the while"
    assert rows(authority, "select count(*), count(distinct ref) from message where class = 'life'") == [
        (ALARMS, ALARMS)
    ]
    assert rows(authority, "select messages from alarm where class = 'life'") == [(ALARMS,)]
    # Of life alarms none was turned away; of the rest, whatever could not be done was refused and counted.
    assert (await place.counted("stored"))["joined"] >= ALARMS - 1
    assert (await place.counted("refusals"))["deadline"] == 0
    await device.close()
