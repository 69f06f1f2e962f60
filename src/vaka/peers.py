# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who is at the other end of a Unix socket, as the kernel says it. Linux alone."""

import asyncio
import os
import pwd
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress

from vaka.errors import ConfigurationError

_CREDENTIAL = struct.Struct("3i")  # pid, uid, gid: Linux' struct ucred, unix(7)


def peer_of(transport: asyncio.BaseTransport | asyncio.StreamWriter) -> tuple[int, int]:
    """Return the process and the account at the other end; -1 where the kernel does not say."""
    process, account = 0, -1
    with suppress(OSError, struct.error, AttributeError):
        told = transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIAL.size)
        process, account, _ = _CREDENTIAL.unpack(told)
    return process, account


def accounts_named(names: Iterable[str], setting: str) -> frozenset[int]:
    """Return the numbers of these accounts and of our own; ``setting`` names them. Raises ConfigurationError."""
    found = {os.geteuid()}
    for name in names:
        try:
            found.add(pwd.getpwnam(name).pw_uid)
        except KeyError:
            raise ConfigurationError(f"{setting}: there is no account {name} on this machine.") from None
    return frozenset(found)
