# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Opening an office: one pool of connections, keys, pages; and closing it in order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit

from vaka.clock import Clock
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.identity.binding_secret import read_binding_secret
from vaka.identity.ceremonies import Ceremonies
from vaka.identity.guard import Site
from vaka.identity.models import read_models
from vaka.scanning.inspecting import Inspector
from vaka.settings import Settings
from vaka.web.assets import load_assets
from vaka.web.denials import open_platform_teller
from vaka.web.key_sites import site_of as site_of_all
from vaka.web.office.issuer_words import ALL_NAMES
from vaka.web.office.office import Confirmed, Office
from vaka.web.pages import Pages
from vaka.web.programs.allowance import Allowances

COMPONENT = "office"
PLATFORM_CONNECTIONS = 4


def site_of(settings: Settings) -> Site:
    """Return for which site administrators' keys are made: the office's own host alone."""
    origin = settings.office.origin
    return Site(origin, urlsplit(origin).hostname or "")


@asynccontextmanager
async def open_office(server: Server, settings: Settings, clock: Clock) -> AsyncIterator[Office]:
    """Open everything an office needs until the block ends.

    Raises ConfigurationError (a static file is not the reviewed one, the list of security keys is none) or
    DatabaseUnavailableError.
    """
    assets = load_assets()
    listed = settings.access.key_models
    models = read_models(None if listed is None else server.credentials.parent / listed)
    platform = make_pool(
        server, platform_role(COMPONENT), PLATFORM_DATABASE, application=f"vaka-{COMPONENT}",
        largest=PLATFORM_CONNECTIONS,
    )  # fmt: skip
    secret = read_binding_secret(server.credentials)
    keys = Ceremonies(platform, clock, site_of(settings), models, secret)
    # Custodians' keys are touched at the sign-in page too, so they are good for the name above both.
    emergency_site = site_of_all(settings, settings.office.origin)
    emergency_keys = Ceremonies(platform, clock, emergency_site, models, secret, purpose="emergency")
    await platform.open()
    try:
        async with open_platform_teller(clock, COMPONENT, platform) as denials:
            yield Office(
                platform, Pages(assets, clock, ALL_NAMES), assets, clock, denials,
                sign_in=f"{settings.signin.origin}/?realm=administrator", security_keys=keys,
                emergency_keys=emergency_keys,
                step_up=settings.access.step_up if settings.mode == "demo" else "required", confirmed=Confirmed(clock),
                outage_hours=settings.access.declared_outage_hours,
                training_ahead=timedelta(days=settings.access.training_ahead_days), demo=settings.mode == "demo",
                security_contact=settings.security_contact, origin=settings.office.origin, allowances=Allowances(clock),
                backup=settings.backup, clocks=settings.clock, trial_machines=settings.trial.machines,
                cases=settings.cases, inspector=Inspector.of(settings.attachments, server.credentials.parent),
            )  # fmt: skip
    finally:
        await platform.close()
