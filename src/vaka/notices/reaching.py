# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which addresses notices are sent to. An authority names them, and this machine reaches more than an authority should:
only what the whole world reaches is sent to, and networks that the settings name.
"""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from vaka.notices.outbox import Fault, SendingError

Networks = Sequence[IPv4Network | IPv6Network]
SECONDS = 20.0
"""For all of one delivery, from the name's look-up to the last byte."""


async def resolve(host: str, port: int, allowed: Networks) -> str:
    """Return an address of a host that may be reached. It is what is connected to: a name that means something else a
    moment later leads nowhere else. Raises SendingError.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise SendingError(Fault.UNREACHABLE) from None
    for *_, place in found:
        address = ip_address(str(place[0]).partition("%")[0])
        if address.is_global or any(address in network for network in allowed):
            return str(address)
    raise SendingError(Fault.NETWORK)


def trust(certificate: str | None) -> ssl.SSLContext:
    """Return what the other end's certificate is judged by: the one that was agreed, or what is publicly trusted.

    An agreed certificate may be the other end's own: it is trusted itself, whoever issued it. Its name has to be right
    in either case. Raises SendingError where what was agreed is no certificate.
    """
    try:
        context = ssl.create_default_context(cadata=certificate)
    except (ssl.SSLError, ValueError):
        raise SendingError(Fault.CERTIFICATE) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
