# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where simulated devices send, and nowhere else."""

import re
import socket
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from vaka.errors import ConfigurationError
from vaka.simulate.device_file import ReceiverPlace

USUAL_PORTS = {"udp": 5060, "tcp": 5060, "tls": 5061}

_HOST_AND_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.%]+)\]|([^\[\]:/@\s]+))(?::(\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Target:
    """One receiver: its name, its resolved address, and the port of each transport."""

    host: str
    address: str
    ports: dict[str, int]
    trusted: Path | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether it is this machine."""
        return ip_address(self.address.partition("%")[0]).is_loopback

    def address_for(self, transport: str) -> tuple[str, int]:
        """Return address and port. Raises ConfigurationError where the receiver does not listen so."""
        try:
            return self.address, self.ports[transport]
        except KeyError:
            raise ConfigurationError(f"The receiver has no port for {transport}.") from None


def read_target(text: str, trusted: Path | None = None) -> Target:
    """Read ``host``, ``host:port`` or ``[address]:port``. Raises ConfigurationError."""
    found = _HOST_AND_PORT.fullmatch(text)
    port = int(found[3]) if found and found[3] else None
    if found is None or port == 0 or (port or 0) > 65535:
        raise ConfigurationError(
            f"“{text}” is no address to send to. Write host, host:port, or [address]:port for IPv6, "
            "for example 127.0.0.1:5060."
        )
    host = found[1] or found[2]
    ports = USUAL_PORTS if port is None else dict.fromkeys(USUAL_PORTS, port)
    return Target(host, _resolve(host), dict(ports), trusted)


def target_of(place: ReceiverPlace) -> Target:
    """Return the target that a device file names."""
    stated = {"udp": place.udp_port, "tcp": place.tcp_port, "tls": place.tls_port}
    ports = {transport: port for transport, port in stated.items() if port is not None}
    # A receiver that listens on all addresses of this machine is reached at its own.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.host, place.host)  # noqa: S104
    return Target(host, _resolve(host), ports, place.trusted)


def tls_context(target: Target, certificate: Path | None = None, key: Path | None = None) -> ssl.SSLContext:
    """Return how a device speaks TLS: it checks the receiver, and shows its certificate where it has one."""
    try:
        context = ssl.create_default_context(cafile=target.trusted)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certificate is not None:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        which = "its issuers' certificates" if certificate is None else "a device's certificate or key"
        raise ConfigurationError(f"TLS is not possible: {which} cannot be read.") from error
    return context


def _resolve(host: str) -> str:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"The host “{host}” cannot be found.") from error
    # IPv4 first: a name such as localhost has both, and receivers listen on IPv4 unless told otherwise.
    addresses = sorted(found, key=lambda entry: entry[0] is not socket.AF_INET)
    return str(addresses[0][4][0])
