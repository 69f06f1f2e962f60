# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which sockets of a machine others can reach, as the kernel lists them in ``/proc/net``; and whose they are.

Everything that listens is seen, whoever's it is. Which process it belongs to is seen of processes of the same account
alone, so nothing is judged by that.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Literal

Transport = Literal["tcp", "udp"]
MOST_LINES = 200_000
"""Lines of a list: connections of devices stand in the same one. With more, nothing is said."""
_LISTENS = {"tcp": "0A", "udp": "07"}  # TCP_LISTEN, TCP_CLOSE: what UDP has that is connected to nobody


class NotListedError(Exception):
    """The kernel lists more sockets than are gone through."""


@dataclass(frozen=True, slots=True, order=True)
class Listening:
    """A socket that others can reach."""

    transport: Transport
    port: int
    address: str
    inode: int = 0


def list_reachable(proc: Path) -> Sequence[Listening]:
    """Return what listens on other addresses than this machine's own. Raises OSError, ValueError and NotListedError."""
    found = set()
    for transport in ("tcp", "udp"):
        for version in ("", "6"):
            try:
                text = (proc / "net" / f"{transport}{version}").read_text("ascii")
            except FileNotFoundError:
                # A kernel without IPv6; of IPv4 there is always a list.
                if version:
                    continue
                raise
            lines = text.splitlines()[1:]
            if len(lines) > MOST_LINES:
                raise NotListedError
            found |= set(_read(transport, lines))
    return sorted(found)


def _read(transport: Transport, lines: Iterable[str]) -> Iterator[Listening]:
    """Each line: number, local address, remote address, state, …; the inode is the tenth."""
    for line in lines:
        fields = line.split()
        local, remote, state, inode = fields[1], fields[2], fields[3], fields[9]
        # A client's socket of UDP that waits for its one answer is connected; one that is not takes from anybody.
        if state != _LISTENS[transport] or int(remote.partition(":")[2], 16):
            continue
        address, _, port = local.partition(":")
        where = _address(address)
        if not where.is_loopback and int(port, 16):
            yield Listening(transport, int(port, 16), str(where), int(inode))


def _address(text: str) -> IPv4Address | IPv6Address:
    """The kernel writes words of 32 bits in the machine's own order; ours are little-endian."""
    raw = bytes.fromhex(text)
    words = b"".join(raw[start : start + 4][::-1] for start in range(0, len(raw), 4))
    if len(words) == 4:
        return IPv4Address(words)
    address = IPv6Address(words)
    return address.ipv4_mapped or address


def name_owners(proc: Path, listening: Iterable[Listening]) -> dict[int, str]:
    """Return which program each of these sockets is of, by inode, as far as this account may see."""
    wanted = {f"socket:[{one.inode}]": one.inode for one in listening}
    owners: dict[int, str] = {}
    for entry in (one for one in proc.iterdir() if one.name.isdigit()):
        # It may have ended, or be somebody else's.
        with suppress(OSError):
            for descriptor in (entry / "fd").iterdir():
                with suppress(OSError):
                    inode = wanted.get(str(descriptor.readlink()))
                    if inode is not None:
                        owners[inode] = (entry / "comm").read_text("utf-8", "replace").strip()
    return owners
