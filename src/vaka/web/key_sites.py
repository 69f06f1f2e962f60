# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""For which sites security keys are made, and what is done with them in a process that has pages."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from vaka.clock import Clock
from vaka.database.connections import Pool
from vaka.database.server import Server
from vaka.identity.binding_secret import read_binding_secret
from vaka.identity.ceremonies import Ceremonies
from vaka.identity.guard import RULES, KeyRule, Site
from vaka.identity.models import read_models
from vaka.settings import Settings


def site_of(settings: Settings, origin: str) -> Site:
    """Return for which site keys are made that are used at ``origin``."""
    return Site(origin, settings.access.key_site or urlsplit(origin).hostname or "")


def open_ceremonies(
    server: Server, settings: Settings, platform: Pool, clock: Clock, origin: str,
    new_keys: Mapping[str, KeyRule] = RULES,
) -> Ceremonies:  # fmt: skip
    """Return the security keys of one process. Raises ConfigurationError (the list of security keys is none)."""
    return Ceremonies(
        platform, clock, site_of(settings, origin), read_models(_beside(server, settings.access.key_models)),
        read_binding_secret(server.credentials), new_keys,
    )  # fmt: skip


def rules_of_the_desk(settings: Settings) -> Mapping[str, KeyRule]:
    """Return what a key must be that an operator adds: of a listed model where no other opens the fallback."""
    if settings.access.fallback != "attested":
        return RULES
    return {**RULES, "user": KeyRule(device_bound=True, attested=True)}


def _beside(server: Server, path: Path | None) -> Path | None:
    """Return where a file of the settings is: relative paths are relative to the settings file."""
    return None if path is None else server.credentials.parent / path
