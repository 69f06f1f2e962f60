# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From where an administrator works, whether he may from there, and which policy of remote work he has to accept before
anything else (term 3).

The networks stand in a register that two people write. Before the first is in force, and when none is any more, nobody
is refused: whoever could mend it would be locked out. The term is red meanwhile.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal
from uuid import UUID

from vaka.addresses import plain_address
from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.errors import Category, Sentence, VakaError

QUERIES = load_queries("vaka.access")
NETWORKS = "networks"
"""The register that they stand in."""

Network = IPv4Network | IPv6Network
Place = Literal["site", "remote"]
"""The class of where a request comes from."""


class PlaceRefusedError(VakaError):
    """Somebody administers from where no register says that one may."""

    def __init__(self) -> None:
        """Say what happened, and who can help."""
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Härifrån får ingen administrera: nätet finns inte i registret. Sessionen är avslutad, och det är "
                "antecknat. Arbeta från ett nät som finns där, eller be två kolleger som gör det att föra in ditt "
                "under Register, Nät för administration. Larmen tas emot som vanligt.",
                en="Nobody administers from here: the network is not in the register. The session has ended, and that "
                "was written down. Work from a network that is there, or ask two colleagues who do to enter yours "
                "under Registers, Networks for administration. Alarms are received as usual.",
            ),
        )


class LockedOutError(VakaError):
    """A step in the register would leave whoever takes it, or everybody, without a way in."""

    def __init__(self, why: Literal["last", "own"]) -> None:
        """Say what would follow; ``last``: nobody would be refused any more."""
        super().__init__(Category.CONFLICT, _WHY[why])


_WHY: Mapping[str, Sentence] = {
    "last": Sentence(
        sv="Det är det enda nät som gäller. Utan det vore det öppet för alla. Inget har ändrats. Låt ett annat börja "
        "gälla först.",
        en="It is the only network in force. Without it everybody would be let in. Nothing was changed. Put another "
        "in force first.",
    ),
    "own": Sentence(
        sv="Efter det kunde du inte arbeta där du är nu. Inget har ändrats. Låt nätet som du sitter på börja gälla "
        "först, eller gör det här från ett annat som gäller.",
        en="After that you could not work where you are now. Nothing was changed. Put the network that you sit on in "
        "force first, or do this from another that is.",
    ),
}


async def place_session(connection: Connection, session_id: UUID, host: str, now: datetime) -> Place:
    """Return from where an administrator's session works, as office; the first time from there is entered.

    Raises PlaceRefusedError; then the session has ended, once the transaction is kept.
    """
    address = plain_address(host)
    facts = {"session_id": session_id, "address": address and str(address), "now": now}
    row = await (await connection.execute(QUERIES["place_session"], facts)).fetchone()
    match row and row[0]:
        case "site":
            return "site"
        case "remote":
            return "remote"
        case _:
            raise PlaceRefusedError


async def list_networks(connection: Connection, now: datetime) -> dict[UUID, Network]:
    """Return the networks from which one may administer, by entry of the register (as office)."""
    cursor = await connection.execute(QUERIES["list_networks"], {"now": now})
    return {entry: ip_network(str(network)) for entry, network in await cursor.fetchall()}


def require_way_in(networks: Mapping[UUID, Network], entry: UUID, becomes: str | None, host: str) -> None:
    """Return where whoever changes an entry of the register keeps a way in. Raises LockedOutError.

    ``networks`` are those in force before it, ``becomes`` is the one that the entry has after it, if it is in force
    then, and ``host`` from where it is changed.
    """
    after = {other: network for other, network in networks.items() if other != entry}
    if becomes is not None:
        after[entry] = ip_network(becomes)
    if networks and not after:
        raise LockedOutError("last")
    if after and not _is_in(host, after.values()):
        raise LockedOutError("own")


def _is_in(host: str, networks: Collection[Network]) -> bool:
    address = plain_address(host)
    return address is not None and any(address in one for one in networks)


async def policy_to_accept(connection: Connection, account_id: UUID) -> UUID | None:
    """Return the policy in force that an account has not accepted as it is written now (as office), or None."""
    row = await (await connection.execute(QUERIES["policy_to_accept"], {"account_id": account_id})).fetchone()
    return None if row is None else row[0]
