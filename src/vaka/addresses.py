# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Hosts and networks as people write them in the settings."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# host  =  hostname / IPv4address / IPv6reference      (RFC 3261 section 25.1; no label of a name is longer than 63)
_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
                        r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?")  # fmt: skip
_NOT_A_NAME = re.compile(r"[0-9.]+")
"""Digits and dots are an address, or a slip in writing one."""


_WIDEST_SITE = {4: 8, 6: 32}
"""The shortest prefix that premises can have, by version."""


def public_host(text: str) -> str:
    """Return a host as it stands in the settings, IPv6 without brackets. Raises ValueError."""
    plain = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        address = ip_address(plain)
    except ValueError:
        if not text or (_HOST_NAME.fullmatch(text) and not _NOT_A_NAME.fullmatch(text)):
            return text
        raise ValueError("write a host name or an IP address, without a port") from None
    if is_wildcard(plain) or "%" in plain or (plain != text and address.version == 4):
        raise ValueError("write an address that devices can reach, such as 198.51.100.7 or 2001:db8::7")
    return str(address)


def is_wildcard(host: str) -> bool:
    """Whether a host means "all addresses": something to listen on, and nothing to be reached at."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_unspecified


def plain_address(text: str) -> Address | None:
    """Return the address that a text is, an IPv4 one in IPv6's clothes as what it is; None for what is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or (None if "%" in text else address)


def front_address(text: str) -> str:
    """Return the address that a web server in front connects from, as it stands in the settings. Raises ValueError."""
    address = plain_address(text)
    if address is None or address.is_unspecified or address.is_multicast:
        raise ValueError("write the one address that the web server connects from, such as 127.0.0.1 or 10.20.0.5")
    return str(address)


def is_this_machine(host: str) -> bool:
    """Whether a host is reached without leaving this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def network(text: str) -> str:
    """Return a network in its one spelling. Raises ValueError."""
    found = ip_network(text)
    if "%" in text:
        raise ValueError("write a network without a zone")
    return str(found)


def site_network(text: str) -> str:
    """Return a network of somebody's own premises in its shortest form. Raises ValueError.

    So wide that half the world is in it no premises are; and from this machine comes whatever a proxy lets through.
    """
    plain = network(text)
    found = ip_network(plain)
    if found.is_loopback or found.prefixlen < _WIDEST_SITE[found.version]:
        raise ValueError(
            "write a network of your own premises, such as 10.20.0.0/16; not this machine, nor half the world"
        )
    return plain
