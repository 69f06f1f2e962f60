# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The only door to an authority's database.

Which authority is reached is decided by the connection, never by a parameter of a query: each component has its own
login role in each authority's database, and that role can connect to no other.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from uuid import UUID

from vaka.database.connections import (
    Connection,
    DatabaseUnavailableError,
    Pool,
    borrowed,
    make_pool,
    open_connection,
    transaction,
)
from vaka.database.server import Server, tenant_role
from vaka.errors import Category, Sentence, VakaError
from vaka.tenants.authorities import Authority


class UnknownAuthorityError(VakaError):
    """Raised for an authority that is not served here; the same whether or not it exists elsewhere."""

    def __init__(self) -> None:
        super().__init__(Category.MISSING, Sentence(sv="Det finns ingen sådan sida.", en="There is no such page."))


class Gateway:
    """Opens authorities' databases as one component (``receiver``, ``desk``, ``scheduler``, ``setup``)."""

    def __init__(self, server: Server, component: str, authorities: Iterable[Authority], *, pool_size: int = 4) -> None:
        self._server = server
        self._component = component
        self._pool_size = pool_size
        self._authorities = {authority.id: authority for authority in authorities}
        self._pools: dict[UUID, Pool] = {}
        self._is_closed = False

    @property
    def authorities(self) -> tuple[Authority, ...]:
        """The authorities behind this door."""
        return tuple(self._authorities.values())

    def authority(self, authority_id: UUID) -> Authority:
        """Return the authority, or raise UnknownAuthorityError."""
        try:
            return self._authorities[authority_id]
        except KeyError:
            raise UnknownAuthorityError from None

    def admit(self, authorities: Iterable[Authority]) -> None:
        """Take in authorities that were registered after the start."""
        for authority in authorities:
            self._authorities.setdefault(authority.id, authority)

    @asynccontextmanager
    async def transaction(self, authority_id: UUID) -> AsyncIterator[Connection]:
        """One transaction in one authority's database, on a pooled connection.

        Raises UnknownAuthorityError or DatabaseUnavailableError.
        """
        async with transaction(await self._pool(authority_id)) as connection:
            yield connection

    @asynccontextmanager
    async def connection(self, authority_id: UUID) -> AsyncIterator[Connection]:
        """One authority's database on a pooled connection, in no transaction: for what is kept in steps.

        Raises UnknownAuthorityError or DatabaseUnavailableError.
        """
        async with borrowed(await self._pool(authority_id)) as connection:
            yield connection

    async def open_own_connection(self, authority_id: UUID, purpose: str) -> Connection:
        """Open a connection outside the pool, for listening or for a writer's own stream; the caller closes it."""
        authority = self.authority(authority_id)
        return await open_connection(
            self._server,
            tenant_role(authority.database_name, self._component),
            authority.database_name,
            application=f"vaka-{self._component}-{purpose}",
        )

    async def close(self) -> None:
        """Close every pool. Nobody opens another: one that is left open at the end of a loop holds that up for ever.

        All at once: a pool whose database is away takes seconds to close, and there may be hundreds.
        """
        self._is_closed = True
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))
        self._pools.clear()

    async def _pool(self, authority_id: UUID) -> Pool:
        authority = self.authority(authority_id)
        pool = self._pools.get(authority_id)
        if self._is_closed:
            raise DatabaseUnavailableError
        if pool is None:
            pool = make_pool(
                self._server,
                tenant_role(authority.database_name, self._component),
                authority.database_name,
                application=f"vaka-{self._component}",
                largest=self._pool_size,
            )
            self._pools[authority_id] = pool
            await pool.open()
        return pool
