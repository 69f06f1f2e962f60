# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Opening a registry: its connections and keys; and closing it in order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vaka.clock import Clock
from vaka.database.connections import make_pool, transaction
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.keys.keyring import open_keyring
from vaka.settings import Settings
from vaka.tenants.authorities import list_every_authority
from vaka.tenants.gateway import Gateway
from vaka.web.denials_of_authorities import open_teller
from vaka.web.programs.allowance import Allowances
from vaka.web.registry.registry import Registry

COMPONENT = "registry"
PLATFORM_CONNECTIONS = 4


@asynccontextmanager
async def open_registry(server: Server, settings: Settings, clock: Clock) -> AsyncIterator[Registry]:
    """Open everything a registry needs until the block ends. Raises DatabaseUnavailableError."""
    platform = make_pool(
        server, platform_role(COMPONENT), PLATFORM_DATABASE, application=f"vaka-{COMPONENT}",
        largest=PLATFORM_CONNECTIONS,
    )  # fmt: skip
    await platform.open()
    try:
        async with transaction(platform) as connection:
            gateway = Gateway(server, COMPONENT, await list_every_authority(connection))
        try:
            async with (
                open_keyring(server, settings, COMPONENT, clock) as keyring,
                open_teller(clock, COMPONENT, platform, gateway) as denials,
            ):
                yield Registry(
                    gateway, platform, keyring, clock, denials, Allowances(clock),
                    [one for one in (settings.registry.origin, settings.portal.programs_origin) if one],
                )  # fmt: skip
        finally:
            await gateway.close()
    finally:
        await platform.close()
