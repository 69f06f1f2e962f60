# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Refusals of whoever has proved nothing, counted together: a stranger must not be able to fill the ledger.

What is refused for the same reason, from the same network, concerning the same thing, is one entry with a count, once
a minute. Beyond so many kinds in a minute they are told apart by reason alone. No count is lost but by a crash.

An address is personal data: it may be somebody's home. The ledger, which never forgets, gets the network around it: of
IPv4 the first 24 bits, of IPv6 the first 48, which is what one customer or one site gets at the most. That tells
an attack from a device with an old password, and names no household.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network

from vaka.ledger.entries import Entry
from vaka.ledger.events import Event

WINDOW_SECONDS = 60.0
"""How often what was counted is written."""
MOST_KINDS = 50
"""Kinds told apart in one window."""
SEVERAL = "several"
"""Stands for the networks and the things of all kinds beyond those."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One kind of refusal."""

    reason: str
    """A code, of a set that is known beforehand: it is what refusals beyond MOST_KINDS are told apart by."""
    source: str
    """A network, see source_network."""
    object: str
    """What somebody wanted to be, or to reach: ``device:<identifier>``, ``process:receiver``."""


@dataclass(slots=True)
class _Counted:
    first: datetime
    last: datetime
    count: int


class RefusalCount:
    """What was refused since the entries were last taken."""

    def __init__(self, event: Event, actor: str, now: Callable[[], datetime]) -> None:
        self._event = event
        self._actor = actor
        self._now = now
        self._counted: dict[Refusal, _Counted] = {}

    def __len__(self) -> int:
        """How many entries it would be."""
        return len(self._counted)

    def note(self, refusal: Refusal) -> None:
        """Count one."""
        at = self._now()
        self._add(refusal, at, at, 1)

    def take(self) -> "Refused":
        """Return what was counted, and begin anew."""
        counted, self._counted = self._counted, {}
        entries = [
            Entry(
                self._event, self._actor, one.last, refusal.object, succeeded=False,
                detail={
                    "reason": refusal.reason, "source": refusal.source, "count": one.count,
                    "seconds": int((one.last - one.first).total_seconds()),
                },
            )
            for refusal, one in counted.items()
        ]  # fmt: skip
        return Refused(entries, lambda: self._put_back(counted.items()))

    def _put_back(self, counted: Iterable[tuple[Refusal, _Counted]]) -> None:
        for refusal, one in counted:
            self._add(refusal, one.first, one.last, one.count)

    def _add(self, refusal: Refusal, first: datetime, last: datetime, count: int) -> None:
        known = self._counted.get(refusal)
        if known is None and len(self._counted) >= MOST_KINDS:
            refusal = Refusal(refusal.reason, SEVERAL, SEVERAL)
            known = self._counted.get(refusal)
        if known is None:
            self._counted[refusal] = _Counted(first, last, count)
            return
        known.first, known.last = min(known.first, first), max(known.last, last)
        known.count += count


@dataclass(frozen=True, slots=True)
class Refused:
    """Entries to be written, and what to do where that fails."""

    entries: list[Entry]
    put_back: Callable[[], None]
    """Counts them again, together with what has come since."""


def source_network(host: str) -> str:
    """Return the network that stands in the ledger for an address; what is no address is ``unknown``."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(ip_network((address, 48), strict=False))
        address = address.ipv4_mapped
    return str(ip_network((address, 24), strict=False))
