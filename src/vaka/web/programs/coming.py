# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Over which socket programs with certificates come, where an installation asks for certificates."""

from pathlib import Path

from vaka.peers import accounts_named
from vaka.settings_web import PortalSettings
from vaka.web.serve import Front


def front_of(root: Path, settings: PortalSettings, socket: Path) -> Front | None:
    """Return where a process hears the web server in front; None: nowhere. Raises ConfigurationError."""
    if not settings.programs_origin:
        return None
    return Front(root / socket, accounts_named(settings.programs_front, "portal.programs_front"))
