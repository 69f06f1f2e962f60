# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Denials where authorities' databases are at hand: each stands in the log of the authority whose business it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol
from uuid import UUID

from starlette.requests import Request

from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.ledger.entries import Entry, append
from vaka.tenants.gateway import Gateway
from vaka.web.asker import Asker
from vaka.web.authorities import FindsAuthorities
from vaka.web.denials import Denial, Teller, name_need, telling
from vaka.web.routes import Address


class TellsDenials(FindsAuthorities, Protocol):
    """The open parts of a process that finds authorities, and tells of what it refuses."""

    @property
    def denials(self) -> Teller:
        """Who tells of it."""


@asynccontextmanager
async def open_teller(clock: Clock, process: str, platform: Pool, gateway: Gateway) -> AsyncIterator[Teller]:
    """Return who tells of denials in a process's own databases; at the end of the block what is counted is written."""

    async def write(authority: UUID | None, entry: Entry) -> None:
        place = transaction(platform) if authority is None else gateway.transaction(authority)
        async with place as connection:
            await append(connection, entry)

    async with telling(clock, process, write) as teller:
        yield teller


async def record_denial(process: TellsDenials, asker: Asker, address: Address, request: Request) -> None:
    """Tell of what somebody was not allowed. Who wanted to read what is an authority's is that authority's business: it
    stands there, not on the platform.
    """
    meant = await process.find_authority(request.path_params.get("authority", ""))
    denial = Denial(
        asker.principal.actor, asker.session.id, address.path, ",".join(address.methods), name_need(address),
        None if meant is None else meant.id,
    )  # fmt: skip
    await process.denials.tell(denial)
