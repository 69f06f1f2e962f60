# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The `<mrs>`: a MESSAGE of our own, back over the flow the alarm came by, repeated over UDP until it is answered.

It only tells the device what the 200 already promised. That no answer comes is counted and changes nothing: the alarm
is stored, and is not undone by a device that says no more.
"""

from vaka.receiver.countdown import Countdown
from vaka.receiver.counters import Confirmation
from vaka.receiver.exchange import Exchange, Flow
from vaka.receiver.surroundings import Surroundings
from vaka.sip.build import RequestForm
from vaka.sip.errors import SipError
from vaka.sip.message import Response
from vaka.sip.transactions import TIMEOUT, retransmission_delays

CONTENT_TYPE = "application/scaip+xml"

_MARK = "z9hG4bKmrs"
_TOKEN_BYTES = 12
_NONE = object()
_BRANCH_LENGTH = len(_MARK) + 2 * _TOKEN_BYTES


class _Pending:
    """One confirmation over UDP whose answer is awaited."""

    __slots__ = ("data", "flow")

    def __init__(self, flow: Flow, data: bytes) -> None:
        self.flow = flow
        self.data = data


class Confirmations:
    """Sends them, and follows at most ``limits.confirmations`` of them."""

    def __init__(
        self,
        host: str,
        ports: dict[str, int],
        around: Surroundings,
    ) -> None:
        self._host = host
        self._ports = ports
        # By transport, each made when it is first needed: whether the host is one shows when its ports are opened.
        self._forms: dict[str, RequestForm] = {}
        self._counters = around.counters
        self._clock = around.clock
        self._most = around.limits.confirmations
        self._random_bytes = around.random_bytes
        # None: over a connection, where nothing is sent again. So no connection is kept for the sake of an answer.
        self._pending: dict[bytes, _Pending | None] = {}
        delays = retransmission_delays()
        self._repeats = [Countdown[bytes](delay) for delay in delays]
        self._last = Countdown[bytes](TIMEOUT - sum(delays))
        self._reliable = Countdown[bytes](TIMEOUT)

    def __len__(self) -> int:
        return len(self._pending)

    def send(self, exchange: Exchange, mrs: bytes) -> None:
        """Send ``mrs`` to whoever sent the request of ``exchange``."""
        token = self._random_bytes(_TOKEN_BYTES).hex()
        flow = exchange.flow
        data = self._build(exchange, mrs, token)
        flow.send(data)
        self._counters.confirmations.add(Confirmation.SENT)
        if len(self._pending) >= self._most:
            self._counters.confirmations.add(Confirmation.NOT_FOLLOWED)
            return
        branch = f"{_MARK}{token}".encode()
        is_repeated = flow.transport == "udp"
        self._pending[branch] = _Pending(flow, data) if is_repeated else None
        (self._repeats[0] if is_repeated else self._reliable).add(branch, self._clock.monotonic())

    def take_datagram(self, datagram: bytes) -> None:
        """Take a response over UDP. Our branch is found without parsing; nobody can guess it."""
        self._counters.received.add("response")
        start = datagram.find(_MARK.encode())
        branch = datagram[start : start + _BRANCH_LENGTH] if start >= 0 else b""
        self._answered(branch, datagram[8:9])

    def take_response(self, response: Response) -> None:
        """Take a response over a connection."""
        self._counters.received.add("response")
        self._answered((response.top_via.branch or "").encode(), str(response.status)[:1].encode())

    def sweep(self, now: float) -> None:
        """Repeat and give up what is due; ``now`` in monotonic seconds."""
        for place, countdown in enumerate(self._repeats):
            following = self._repeats[place + 1] if place + 1 < len(self._repeats) else self._last
            for branch in countdown.due(now):
                pending = self._pending.get(branch)
                if pending is not None:
                    pending.flow.send(pending.data)
                    self._counters.confirmations.add(Confirmation.RESENT)
                    following.add(branch, now)
        for countdown in (self._last, self._reliable):
            for branch in countdown.due(now):
                if self._pending.pop(branch, _NONE) is not _NONE:
                    self._counters.confirmations.add(Confirmation.GIVEN_UP)

    def _answered(self, branch: bytes, status: bytes) -> None:
        if status == b"1":  # provisional: the answer is still to come
            return
        if self._pending.pop(branch, _NONE) is _NONE:
            self._counters.confirmations.add(Confirmation.UNMATCHED)
        else:
            self._counters.confirmations.add(Confirmation.ANSWERED if status == b"2" else Confirmation.REFUSED)

    def _build(self, exchange: Exchange, mrs: bytes, token: str) -> bytes:
        request, flow = exchange.request, exchange.flow
        device = request.from_.uri
        contact = request.contact
        target = contact.uri if contact is not None and contact.uri not in ("", "*") else device
        form = self._forms.get(flow.transport) or self._make_form(flow.transport)
        try:
            return form.fill(target, device, token, mrs)
        except SipError:
            # What the device calls itself cannot be written into a message of ours; the flow finds it anyway.
            host = f"[{flow.source[0]}]" if ":" in flow.source[0] else flow.source[0]
            plain = f"sip:{host}:{flow.source[1]}"
            return form.fill(plain, plain, token, mrs)

    def _make_form(self, transport: str) -> RequestForm:
        form = self._forms[transport] = RequestForm(
            "MESSAGE",
            via_transport=transport.upper(),
            via_host=self._host,
            via_port=self._ports[transport],
            branch_mark=_MARK,
            from_uri=f"sip:vaka@{self._host}",
            content_type=CONTENT_TYPE,
        )
        return form
