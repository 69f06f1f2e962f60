# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which ports a process itself listens on, as the kernel tells it (proc(5)).

Several receivers share one port: a connection that is answered does not say by whom. The sockets a process holds do.
"""

import os
import socket
from collections.abc import Container, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Literal, NamedTuple

from vaka.errors import ConfigurationError

Protocol = Literal["udp", "tcp"]

FARTHEST = 500
"""How many ports are tried when a free one is looked for."""
_TCP_LISTEN = "0A"


class Port(NamedTuple):
    """A port of one protocol."""

    protocol: Protocol
    number: int


def listening_ports(process_id: int) -> frozenset[Port]:
    """Return the ports on which ``process_id`` holds a bound UDP or a listening TCP socket; none where it is gone."""
    own = set(_socket_inodes(process_id))
    return frozenset(port for inode, port in _bound_sockets(process_id) if inode in own)


def find_free_port(
    first: int, protocols: tuple[Protocol, ...], host: str = "127.0.0.1", *, but_not: Container[int] = ()
) -> int:
    """Return the first port from ``first`` upwards, none of ``but_not``, that nobody holds in any of ``protocols``.

    Raises ConfigurationError where there is none within reach.
    """
    for number in range(first, min(first + FARTHEST, 65536)):
        if number not in but_not and all(is_free(Port(protocol, number), host) for protocol in protocols):
            return number
    raise ConfigurationError(f"No port from {first} to {first + FARTHEST - 1} is free on {host}.")


def is_free(port: Port, host: str) -> bool:
    """Whether ``port`` can be bound on ``host`` now."""
    kind = socket.SOCK_DGRAM if port.protocol == "udp" else socket.SOCK_STREAM
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, kind)) as probe:
        if kind == socket.SOCK_STREAM:
            # As servers do: connections that are still being wound up by the kernel do not hold the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port.number))
        except OSError:
            return False
    return True


def _socket_inodes(process_id: int) -> Iterator[str]:
    folder = f"/proc/{process_id}/fd"
    with suppress(OSError):
        for name in os.listdir(folder):
            with suppress(OSError):
                target = os.readlink(f"{folder}/{name}")
                if target.startswith("socket:["):
                    yield target[8:-1]


def _bound_sockets(process_id: int) -> Iterator[tuple[str, Port]]:
    protocols: tuple[Protocol, ...] = ("udp", "tcp")
    for protocol in protocols:
        for family in ("", "6"):
            with suppress(OSError):
                lines = Path(f"/proc/{process_id}/net/{protocol}{family}").read_text().splitlines()[1:]
                for fields in map(str.split, lines):
                    if protocol == "udp" or fields[3] == _TCP_LISTEN:
                        yield fields[9], Port(protocol, int(fields[1].rpartition(":")[2], 16))
