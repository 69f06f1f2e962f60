# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which authority an address means by its short name, and whether who asks has any business there."""

from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request

from vaka.access.decide import NothingHereError, require
from vaka.access.permissions import Permission
from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.tenants.authorities import Authority, list_every_authority
from vaka.tenants.gateway import Gateway
from vaka.web.asker import Asker

NEW_AUTHORITIES_SECONDS = 10.0
"""The directory is read again for a name nobody knows, but no more often than this."""


@dataclass(slots=True)
class Reading:
    """When the directory of authorities was last read."""

    at: float = float("-inf")


class FindsAuthorities(Protocol):
    """The open parts of a process whose addresses name authorities by their short names."""

    async def find_authority(self, slug: str) -> Authority | None:
        """Return the authority called so."""


async def find_by_slug(gateway: Gateway, platform: Pool, clock: Clock, read: Reading, slug: str) -> Authority | None:
    """Return the authority called so, also one that was registered since the directory was read."""
    for look_again in (True, False):
        for authority in gateway.authorities:
            if authority.slug == slug:
                return authority
        if not look_again or clock.monotonic() - read.at < NEW_AUTHORITIES_SECONDS:
            return None
        read.at = clock.monotonic()
        async with transaction(platform) as connection:
            gateway.admit(await list_every_authority(connection))
    return None


async def require_authority(
    process: FindsAuthorities, request: Request, asker: Asker, permission: Permission
) -> Authority:
    """Return the authority an address names, if the asker has ``permission`` there.

    Raises NotAllowedError or NothingHereError; the same whether or not there is such an authority.
    """
    authority = await process.find_authority(request.path_params["authority"])
    if authority is None:
        raise NothingHereError
    require(asker.principal, permission, authority.id)
    return authority
