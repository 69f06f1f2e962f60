# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every message's first stop: what it asks for, and who does it. Whatever comes in, only answers get out."""

import structlog

from vaka.logs import describe_error
from vaka.receiver.authentication import Authenticator
from vaka.receiver.confirmations import CONTENT_TYPE, Confirmations
from vaka.receiver.counters import Reason
from vaka.receiver.directory import Directory
from vaka.receiver.exchange import Exchange, Flow
from vaka.receiver.messages import Messages
from vaka.receiver.registrar import Registrar
from vaka.receiver.signs_of_life import SignsOfLife
from vaka.receiver.surroundings import Surroundings
from vaka.scaip.document import is_whole
from vaka.sip.errors import SipDeviation, SipError, SipFault
from vaka.sip.message import Request, Response
from vaka.sip.parse import parse

_log = structlog.get_logger()

ALLOW = ("Allow", "MESSAGE, OPTIONS, REGISTER, ACK")
_ACCEPT = ("Accept", f"{CONTENT_TYPE}, application/xml, text/xml, text/plain")
_KNOWN_METHODS = frozenset(
    {"INVITE", "BYE", "CANCEL", "SUBSCRIBE", "NOTIFY", "REFER", "INFO", "UPDATE", "PRACK", "PUBLISH"}
)
"""Methods that exist, but not here (405); any other is no method at all (501). RFC 3261 8.2.1 and 21.5.2."""


class Dispatcher:
    """Hands requests to those who answer them."""

    def __init__(
        self,
        messages: Messages,
        registrar: Registrar,
        confirmations: Confirmations,
        directory: Directory,
        authenticator: Authenticator,
        signs: SignsOfLife,
        around: Surroundings,
        *,
        to_tag: str,
    ) -> None:
        self._confirmations = confirmations
        self._directory = directory
        self._authenticator = authenticator
        self._signs = signs
        # One tag for this run of the process: no dialogue is ever opened that it would have to tell apart.
        self._to_tag = to_tag
        self._counters = around.counters
        self._clock = around.clock
        self._methods = {
            "MESSAGE": messages.take,
            "REGISTER": registrar.take,
            "OPTIONS": self._tell_options,
            "ACK": Exchange.ignore,
        }

    def take_datagram(self, datagram: bytes, flow: Flow) -> None:
        """Take a request that came as one datagram, unparsed."""
        try:
            message = parse(datagram)
        except SipError as error:
            whole = _whole_in_itself(error)
            if whole is None:
                self.take_unreadable(error, flow)
            else:
                self.take_request(whole, flow)
            return
        if isinstance(message, Response):  # written so that it was not recognised as one
            flow.settle(None)
            self._confirmations.take_response(message)
        else:
            self.take_request(message, flow)

    def take_request(self, request: Request, flow: Flow) -> None:
        """Take a parsed request. Never raises: a fault of ours is answered 503, and one device suffers it, not all."""
        exchange = Exchange(request, flow, self._counters, self._to_tag)
        handle = self._methods.get(request.method)
        self._counters.received.add(request.method if handle is not None else "other")
        try:
            if handle is not None:
                handle(exchange)
            else:
                self._counters.refusals.add(Reason.METHOD)
                exchange.answer(405 if request.method in _KNOWN_METHODS else 501, (ALLOW,))
        except Exception as error:
            self._counters.refusals.add(Reason.INTERNAL)
            _log.error("request_failed", transport=flow.transport, **describe_error(error))
            self._answer_bare(exchange, 503)

    def take_unreadable(self, error: SipError, flow: Flow) -> None:
        """Take what is no SIP message: answered where it says enough to be answered, counted in any case."""
        if error.code is SipFault.EMPTY:
            self._counters.received.add("keep_alive")
        else:
            self._counters.unreadable.add(error.code)
        request = error.partial
        if request is None or request.method == "ACK":
            flow.settle(None)
        else:
            self._answer_bare(Exchange(request, flow, self._counters, self._to_tag), error.status)

    def _answer_bare(self, exchange: Exchange, status: int) -> None:
        if exchange.answered:
            return
        try:
            exchange.answer(status)
        except Exception as error:
            _log.error("answer_failed", **describe_error(error))
            exchange.ignore()

    def _tell_options(self, exchange: Exchange) -> None:
        """Everyone is told; from a device that proves itself unasked it is a sign of life too."""
        request, flow = exchange.request, exchange.flow
        entry = self._directory.find(self._directory.identities.blind(request.from_.user or ""))
        proves_itself = entry is not None and (
            entry.authentication != "digest" or "authorization" in request.headers
        )  # fmt: skip
        if entry is not None and proves_itself and self._authenticator.judge(request, flow, entry) is None:
            self._signs.note(entry, self._clock.now())
        exchange.answer(200, (ALLOW, _ACCEPT))


def _whole_in_itself(error: SipError) -> Request | None:
    """Return the message whose body is shorter than its Content-Length and yet says all it has to say.

    RFC 3261 18.3 has it refused. But some device counts letters where others count bytes, for ever, and perhaps
    somebody lies on the floor beside it.
    """
    request = error.partial
    if error.code is not SipFault.BODY_UNFINISHED or request is None or not is_whole(request.body, "mrq"):
        return None
    request.deviations = (*request.deviations, SipDeviation.BODY_SHORTER)
    return request
