# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How much one source address may do per minute, for things a stranger can do without proving anything."""

from collections import OrderedDict
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

WINDOW_SECONDS = 60.0


@lru_cache(maxsize=4_096)
def network_of(host: str) -> str:
    """Return what is counted as one source: an IPv4 address, or an IPv6 network of 64 bits (one home, one machine)."""
    address = ip_address(host)
    if isinstance(address, IPv4Address):
        return host
    if address.ipv4_mapped is not None:  # an IPv4 peer of a dual-stack socket
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"


class Allowance:
    """Counts per source in windows of a minute, for at most ``capacity`` sources; the longest silent is forgotten."""

    def __init__(self, per_minute: int, capacity: int) -> None:
        self._per_minute = per_minute
        self._capacity = capacity
        self._spent: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._spent)

    def spend(self, host: str, now: float) -> bool:
        """Use one of what ``host`` is allowed, and say whether it was there to use; ``now`` in seconds."""
        source = network_of(host)
        began, count = self._spent.pop(source, (now, 0))
        if now - began >= WINDOW_SECONDS:
            began, count = now, 0
        self._spent[source] = (began, min(count + 1, self._per_minute + 1))
        if len(self._spent) > self._capacity:
            self._spent.popitem(last=False)
        return count < self._per_minute
