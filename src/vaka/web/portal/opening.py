# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Opening a portal: connections and pages; and closing it in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vaka.clock import Clock
from vaka.database.connections import make_pool, transaction
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.keys.keyring import open_keyring
from vaka.keys.signing_key import public_file
from vaka.scanning.inspecting import Inspector
from vaka.settings import Settings
from vaka.tenants.authorities import list_every_authority
from vaka.tenants.gateway import Gateway
from vaka.tenants.names import NameIndexes
from vaka.web.assets import load_assets
from vaka.web.denials_of_authorities import open_teller
from vaka.web.key_sites import open_ceremonies
from vaka.web.pages import Pages
from vaka.web.portal.portal import Portal
from vaka.web.portal.taking_out import TakingOut
from vaka.web.portal.words import ALL_NAMES
from vaka.web.programs.allowance import Allowances
from vaka.web.questions import Questions

COMPONENT = "portal"
PLATFORM_CONNECTIONS = 4


@asynccontextmanager
async def open_portal(server: Server, settings: Settings, clock: Clock) -> AsyncIterator[Portal]:
    """Open everything a portal needs until the block ends.

    Raises ConfigurationError (a static file is not the reviewed one, the list of security keys is none) or
    DatabaseUnavailableError.
    """
    assets = load_assets()
    pages = Pages(assets, clock, ALL_NAMES)
    platform = make_pool(
        server, platform_role(COMPONENT), PLATFORM_DATABASE, application=f"vaka-{COMPONENT}",
        largest=PLATFORM_CONNECTIONS,
    )  # fmt: skip
    security_keys = open_ceremonies(server, settings, platform, clock, settings.portal.origin)
    await platform.open()
    try:
        async with transaction(platform) as connection:
            gateway = Gateway(server, COMPONENT, await list_every_authority(connection))
        async with open_keyring(server, settings, COMPONENT, clock) as keyring:
            people = NameIndexes(gateway, keyring)
            reading = asyncio.create_task(people.read_all())
            try:
                async with open_teller(clock, COMPONENT, platform, gateway) as denials:
                    yield Portal(
                        gateway, platform, keyring, people, pages, assets, clock, denials,
                        sign_in=f"{settings.signin.origin}/?realm=authority", logs=settings.ledger,
                        lookups=Questions(clock), taking_out=TakingOut(clock),
                        ending_wait_days=settings.erasure.ending_wait_days,
                        answer_days=settings.terms.answer_days, security_keys=security_keys,
                        step_up=settings.access.step_up, origin=settings.portal.origin, allowances=Allowances(clock),
                        programs_origin=settings.portal.programs_origin, registry=settings.registry.origin,
                        security_contact=settings.security_contact, backup=settings.backup, clocks=settings.clock,
                        trial_machines=settings.trial.machines,
                        inspector=Inspector.of(settings.attachments, server.credentials.parent),
                        packs_key=server.credentials.parent / settings.terms.signing_key,
                        notices_key=public_file(server.credentials.parent / settings.notices.signing_key),
                    )  # fmt: skip
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
                await gateway.close()
    finally:
        await platform.close()
