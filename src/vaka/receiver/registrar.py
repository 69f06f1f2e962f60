# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""REGISTER: where a device can be called back (RFC 3261 section 10), kept for devices that proved themselves."""

from collections import OrderedDict
from dataclasses import dataclass

from vaka.keys.identities import BlindSender
from vaka.receiver.authentication import Authenticator
from vaka.receiver.counters import Reason
from vaka.receiver.directory import Directory
from vaka.receiver.exchange import Exchange, Headers
from vaka.receiver.signs_of_life import SignsOfLife
from vaka.receiver.surroundings import Surroundings

_UNSTATED_SECONDS = 3_600
"""What a registration without an expiry asks for."""


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a device is."""

    contact: str
    """The URI it gave."""
    source: tuple[str, int]
    """Where it really sent from: behind address translation only this reaches it."""
    until: float
    """Monotonic seconds."""


class Registrar:
    """Takes REGISTER requests. One place per device: it is at home, or it has been moved."""

    def __init__(
        self,
        directory: Directory,
        authenticator: Authenticator,
        signs: SignsOfLife,
        around: Surroundings,
    ) -> None:
        self._directory = directory
        self._authenticator = authenticator
        self._signs = signs
        self._counters = around.counters
        self._rejections = around.rejections
        self._clock = around.clock
        self._limits = around.limits
        self._bindings: OrderedDict[BlindSender, Binding] = OrderedDict()

    def find(self, sender: BlindSender) -> Binding | None:
        """Return where a device can be called, as long as its registration lasts."""
        binding = self._bindings.get(sender)
        return binding if binding is not None and binding.until > self._clock.monotonic() else None

    def take(self, exchange: Exchange) -> None:
        """Answer a REGISTER; it counts as a sign of life."""
        request = exchange.request
        entry = self._directory.find(self._directory.identities.blind(request.to.user or request.from_.user or ""))
        if entry is None:
            self._counters.refusals.add(Reason.SENDER_UNKNOWN)
            self._rejections.note(Reason.SENDER_UNKNOWN, exchange.flow.source[0])
            exchange.answer(404)
            return
        refusal = self._authenticator.judge(request, exchange.flow, entry)
        if refusal is not None:
            self._counters.refusals.add(refusal.reason)
            exchange.answer(refusal.status, refusal.headers)
            return
        self._signs.note(entry, self._clock.now())
        self._bind(entry.sender, exchange)
        exchange.answer(200, self._state(entry.sender))

    def _bind(self, sender: BlindSender, exchange: Exchange) -> None:
        request = exchange.request
        contact = request.contact
        if contact is None:  # only asks
            return
        wanted = _UNSTATED_SECONDS if request.expires is None else request.expires
        seconds = min(wanted, self._limits.longest_registration_seconds)
        self._bindings.pop(sender, None)
        if seconds > 0 and contact.uri != "*":
            until = self._clock.monotonic() + seconds
            self._bindings[sender] = Binding(contact.uri, exchange.flow.source, until)
            if len(self._bindings) > self._limits.bindings:
                self._bindings.popitem(last=False)

    def _state(self, sender: BlindSender) -> Headers:
        binding = self.find(sender)
        if binding is None:
            return ()
        left = max(1, round(binding.until - self._clock.monotonic()))
        return (("Contact", f"<{binding.contact}>;expires={left}"), ("Expires", str(left)))
