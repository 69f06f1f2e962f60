# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Denials where authorities' databases are at hand: each stands in the log of the authority whose business it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.ledger.entries import Entry, append
from vaka.tenants.gateway import Gateway
from vaka.web.denials import Teller, telling


@asynccontextmanager
async def open_teller(clock: Clock, process: str, platform: Pool, gateway: Gateway) -> AsyncIterator[Teller]:
    """Return who tells of denials in a process's own databases; at the end of the block what is counted is written."""

    async def write(authority: UUID | None, entry: Entry) -> None:
        place = transaction(platform) if authority is None else gateway.transaction(authority)
        async with place as connection:
            await append(connection, entry)

    async with telling(clock, process, write) as teller:
        yield teller
