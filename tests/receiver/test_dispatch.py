# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whatever comes in, only answers get out: no bytes make the receiver raise, forget, or answer twice."""

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.identities import IDENTITIES
from tests.receiver.devices import message, mrq
from vaka.clock import SystemClock
from vaka.database.server import Server
from vaka.identifiers import new_identifier
from vaka.receiver.counters import Reason
from vaka.receiver.receiver import Equipment, Receiver
from vaka.settings import ReceiverSettings
from vaka.sip.framing import Framer
from vaka.sip.message import Request, Response
from vaka.sip.parse import parse
from vaka.tenants.authorities import Authority


class Flow:
    """Keeps what is answered, and how often the request was settled."""

    transport: Literal["udp"] = "udp"
    source = ("198.51.100.7", 5060)
    fingerprint = None

    def __init__(self) -> None:
        self.sent: list[Request | Response] = []
        self.settled = 0

    def send(self, data: bytes) -> None:
        """Keep it; it must be SIP."""
        self.sent.append(parse(data))

    def settle(self, answer: bytes | None) -> None:
        """Count it."""
        self.settled += 1


@pytest.fixture(scope="module")
def receiver() -> Receiver:
    """One that is not started: it has a reception for unknown senders, and a storage that stores at once."""
    clock = SystemClock()
    made = Receiver(
        Equipment("r", ReceiverSettings(), Server("/nowhere", 5432, Path("/nowhere")), b"s" * 32, clock, IDENTITIES)
    )
    made.directory.set_authorities([Authority(new_identifier(clock.now()), "intake", "Intake", "intake", "vaka_t_x")])

    def store(arrival: object) -> bool:
        arrival.exchange.answer(200)  # type: ignore[attr-defined]
        made.confirmations.send(arrival.exchange, arrival.confirmation)  # type: ignore[attr-defined]
        return True

    made.storage.offer = store  # type: ignore[method-assign]
    return made


SAMPLE = message("4711", mrq("4711", ref="1", lte="kök"), headers=(("Authorization", 'Digest username="a"'),))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real message with a piece of it replaced by something else."""
    start = draw(st.integers(0, len(SAMPLE)))
    end = draw(st.integers(start, min(len(SAMPLE), start + 40)))
    return SAMPLE[:start] + draw(st.binary(max_size=40)) + SAMPLE[end:]


@settings(max_examples=400, deadline=None)
@given(datagram=st.binary(max_size=200) | damaged())
def test_any_datagram(receiver: Receiver, datagram: bytes) -> None:
    flow = Flow()
    receiver.take_datagram(datagram, flow)
    assert flow.settled == 1
    assert sum(isinstance(sent, Response) for sent in flow.sent) <= 1
    assert receiver.counters.refusals[Reason.INTERNAL] == 0


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(damaged(), max_size=3), cut=st.integers(1, 200))
def test_any_stream(receiver: Receiver, pieces: list[bytes], cut: int) -> None:
    """What a Framer makes of a damaged stream is answered once each, like everything else."""
    data, framer = b"".join(pieces), Framer()
    for start in range(0, len(data), cut):
        try:
            found = framer.feed(data[start : start + cut])
        except Exception:
            return  # the framer's own tests see to its exceptions
        for item in found:
            if isinstance(item, Request):
                flow = Flow()
                receiver.take_request(item, flow)
                assert flow.settled == 1
    assert receiver.counters.refusals[Reason.INTERNAL] == 0
