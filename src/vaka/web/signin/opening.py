# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""With which keys, and for whom, the sign-in process opens sessions that no issuer stands behind."""

from datetime import timedelta

from vaka.access.permissions import Permission
from vaka.access.roles import ROLES
from vaka.clock import Clock
from vaka.database.server import Server
from vaka.identity.answering import Answering
from vaka.identity.binding_secret import read_binding_secret
from vaka.identity.break_glass import Emergency
from vaka.identity.fallback import Fallback
from vaka.identity.guard import Site
from vaka.settings import Settings
from vaka.web.key_sites import site_of


def open_fallback(server: Server, settings: Settings, clock: Clock) -> Fallback:
    """Return how operators sign in by a key of the desk while their issuer does not answer."""
    site = Site(settings.signin.origin, site_of(settings, settings.desk.origin).identifier)
    roles = [role.name for role in ROLES.values() if Permission.DESK_HANDLE_ALARM in role.permissions]
    answering = Answering(clock, demo=settings.mode == "demo")
    return Fallback(site, settings.access.fallback, read_binding_secret(server.credentials), roles, answering)


def open_emergency(server: Server, settings: Settings, clock: Clock) -> Emergency:
    """Return how two custodians open the office together, by keys that were added there."""
    site = Site(settings.signin.origin, site_of(settings, settings.office.origin).identifier)
    within = timedelta(days=settings.access.review_days)
    return Emergency(site, read_binding_secret(server.credentials), clock, within)
