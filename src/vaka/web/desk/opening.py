# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Opening a desk: connections, the live queue, the pages; and closing it in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vaka.clock import Clock
from vaka.database.connections import make_pool, transaction
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.keys.identities import open_identities
from vaka.keys.keyring import make_keyring
from vaka.settings import Settings
from vaka.tenants.authorities import list_authorities
from vaka.tenants.gateway import Gateway
from vaka.tenants.names import NameIndexes
from vaka.tenants.refusing import Refusals
from vaka.web.assets import load_assets
from vaka.web.denials_of_authorities import open_teller
from vaka.web.desk.colleagues import Colleagues
from vaka.web.desk.desk import Desk
from vaka.web.desk.presence import Presence
from vaka.web.desk.queue import QueueSource
from vaka.web.desk.reads import Reads
from vaka.web.desk.words import ALL_NAMES
from vaka.web.following import Follower
from vaka.web.key_sites import open_ceremonies, rules_of_the_desk
from vaka.web.live import Hub
from vaka.web.pages import Pages
from vaka.web.questions import Questions
from vaka.web.session_news import SessionNews

COMPONENT = "desk"
PLATFORM_CONNECTIONS = 8
FIRST_READING_SECONDS = 3.0
"""How long the door stays closed for the first reading; a database that is away must not keep it closed."""


@asynccontextmanager
async def open_desk(server: Server, settings: Settings, clock: Clock) -> AsyncIterator[Desk]:
    """Open everything a desk needs and follow every authority until the block ends.

    Raises ConfigurationError (HTMX is not the reviewed file) or DatabaseUnavailableError.
    """
    assets = load_assets()
    pages = Pages(assets, clock, ALL_NAMES)
    identities = open_identities(server.credentials)
    platform = make_pool(
        server, platform_role(COMPONENT), PLATFORM_DATABASE, application=f"vaka-{COMPONENT}",
        largest=PLATFORM_CONNECTIONS,
    )  # fmt: skip
    security_keys = open_ceremonies(
        server, settings, platform, clock, settings.desk.origin, rules_of_the_desk(settings)
    )  # fmt: skip
    await platform.open()
    try:
        async with transaction(platform) as connection:
            gateway = Gateway(server, COMPONENT, await list_authorities(connection))
        keyring = make_keyring(server, settings, COMPONENT, clock)
        try:
            people = NameIndexes(gateway, keyring)
            colleagues = Colleagues(platform, clock)
            source = QueueSource(gateway, keyring, colleagues, pages, clock)
            hub = Hub(source, clock)
            refusals = Refusals(gateway, keyring, clock)
            presence = Presence(platform, hub, clock)
            follower = Follower(gateway, platform, source, hub, clock)
            session_news = SessionNews(server, COMPONENT, hub)
            async with asyncio.TaskGroup() as tasks:
                works = (
                    follower.follow_all, hub.send, hub.mark_presented, presence.note, keyring.watch, people.read_all,
                    refusals.watch, refusals.keep_looking,
                    session_news.follow,
                )  # fmt: skip
                running = [tasks.create_task(work()) for work in works]
                await _wait_for_first_reading(gateway, hub)
                try:
                    async with open_teller(clock, COMPONENT, platform, gateway) as denials:
                        yield Desk(
                            gateway, platform, keyring, identities, people, hub, pages, assets, colleagues,
                            Reads(clock), Questions(clock), clock, denials, sign_in=f"{settings.signin.origin}/",
                            security_keys=security_keys, step_up=settings.access.step_up,
                            outage_hours=settings.access.declared_outage_hours,
                        )  # fmt: skip
                finally:
                    for task in running:
                        task.cancel()
        finally:
            await keyring.close()
            await gateway.close()
    finally:
        await platform.close()


async def _wait_for_first_reading(gateway: Gateway, hub: Hub) -> None:
    everything = frozenset(authority.id for authority in gateway.authorities)
    for _ in range(int(FIRST_READING_SECONDS / 0.02)):
        if not hub.numbers(everything).trouble:
            return
        await asyncio.sleep(0.02)
