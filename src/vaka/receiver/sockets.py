# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Opening the ports devices reach. Several receiver processes share each (SO_REUSEPORT, socket(7))."""

import errno
import resource
import socket
from contextlib import suppress

from vaka.errors import ConfigurationError

_BACKLOG = 4_096
_SO_RCVBUFFORCE = 33


def open_udp_socket(host: str, port: int, receive_buffer: int) -> socket.socket:
    """Return a bound, non-blocking UDP socket whose kernel buffer holds about ``receive_buffer`` bytes.

    Raises ConfigurationError with what to change.
    """
    opened = _bind(host, port, socket.SOCK_DGRAM, "UDP")
    # Past the system's own limit (net.core.rmem_max) where we may, up to it where not.
    with suppress(PermissionError):
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, receive_buffer)
        return opened
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    return opened


def open_stream_socket(host: str, port: int, name: str) -> socket.socket:
    """Return a listening, non-blocking TCP socket; ``name`` (TCP or TLS) is for the error.

    Raises ConfigurationError with what to change.
    """
    opened = _bind(host, port, socket.SOCK_STREAM, name)
    opened.listen(_BACKLOG)
    return opened


def allow_many_sockets() -> None:
    """Every connection is a descriptor; the customary soft limit of 1,024 would be reached by one housing estate."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _bind(host: str, port: int, kind: socket.SocketKind, name: str) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise ConfigurationError(
            f"receiver.host is not an address of this machine: {host!r}. Use one of its addresses, or 0.0.0.0 for all."
        ) from error
    opened = socket.socket(family, kind)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(kind == socket.SOCK_STREAM))
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        opened.bind(address)
    except OSError as error:
        opened.close()
        reason = {
            errno.EADDRINUSE: "another program uses it. Stop that program or choose another port",
            errno.EACCES: "ports below 1024 need a privilege this process does not have. Choose another port",
            errno.EADDRNOTAVAIL: "this machine does not have that address. Change receiver.host",
        }.get(error.errno or 0, str(error.strerror))
        raise ConfigurationError(f"The {name} port {port} on {host} cannot be opened: {reason}.") from error
    return opened
