# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From where an administrator works, and which policy of remote work he has to accept before anything else (term 3)."""

from collections.abc import Collection
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal
from uuid import UUID

from vaka.database.connections import Connection
from vaka.database.queries import load_queries

QUERIES = load_queries("vaka.access")

Place = Literal["site", "remote"]
"""The class of where a request comes from."""


def place_of(host: str, on_site: Collection[IPv4Network | IPv6Network]) -> Place:
    """Return the class of the address that a request came from; what is not known to be on site is remote."""
    try:
        address = ip_address(host)
    except ValueError:
        return "remote"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return "site" if any((mapped or address) in one for one in on_site) else "remote"


async def policy_to_accept(connection: Connection, account_id: UUID) -> UUID | None:
    """Return the policy in force that an account has not accepted as it is written now (as office), or None."""
    row = await (await connection.execute(QUERIES["policy_to_accept"], {"account_id": account_id})).fetchone()
    return None if row is None else row[0]
