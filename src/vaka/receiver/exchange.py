# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A request and the way back to who sent it."""

from collections.abc import Sequence
from typing import Literal, Protocol

from vaka.receiver.counters import Counters
from vaka.sip.build import respond
from vaka.sip.message import Headers as RequestHeaders
from vaka.sip.message import Request

Transport = Literal["udp", "tcp", "tls"]
Headers = Sequence[tuple[str, str]]


class Flow(Protocol):
    """Where a message came from and where its answers go: never anywhere else (RFC 3581; devices sit behind NAT)."""

    @property
    def transport(self) -> Transport:
        """How it came."""
        ...

    @property
    def source(self) -> tuple[str, int]:
        """The address and port the bytes really came from."""
        ...

    @property
    def fingerprint(self) -> str | None:
        """SHA-256 of the peer's certificate in hexadecimal, where it showed one that we trust."""
        ...

    def send(self, data: bytes) -> None:
        """Send, or drop where the peer is gone or does not read. Never raises, never waits, never piles up."""
        ...

    def settle(self, answer: bytes | None) -> None:
        """Say that the request is answered; None where a repeat of it shall be tried anew."""
        ...


_NO_REQUEST = Request("", "", RequestHeaders())


class Exchange:
    """One request in work. It is answered once; a second answer is ignored."""

    __slots__ = ("_counters", "_to_tag", "answered", "flow", "request")

    def __init__(self, request: Request, flow: Flow, counters: Counters, to_tag: str) -> None:
        self.request = request
        self.flow = flow
        self.answered = False
        self._counters = counters
        self._to_tag = to_tag

    def answer(self, status: int, headers: Headers = ()) -> None:
        """Answer with ``status``. A 503 is not remembered for repeats: the next copy may find the database back."""
        if self.answered:
            return
        data = respond(self.request, status, source=self.flow.source, to_tag=self._to_tag, headers=headers)
        self.answered = True
        self.flow.send(data)
        self.flow.settle(None if status == 503 else data)
        self._counters.answers.add(str(status))

    def let_go(self) -> None:
        """Free the request, once it is answered: who keeps the exchange for a while need not keep its content."""
        self.request = _NO_REQUEST

    def ignore(self) -> None:
        """End without an answer, where the protocol has none (ACK)."""
        self.answered = True
        self.flow.settle(None)
