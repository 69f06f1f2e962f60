# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The sign-in page: ``python -m vaka.processes.signin --data DIRECTORY``."""

import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from vaka.clock import SystemClock
from vaka.database.cluster import find_server
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.identity.attempts import FailedAttempts
from vaka.identity.oidc import OidcClient
from vaka.identity.saml import SamlClient
from vaka.identity.saml_library import keep_files_in_memory
from vaka.identity.subjects import open_subject_key
from vaka.processes.starting import run_process
from vaka.settings import Settings
from vaka.web.assets import load_assets
from vaka.web.fronted import Fronted
from vaka.web.pages import Pages
from vaka.web.serve import serve
from vaka.web.signin.application import build_signin
from vaka.web.signin.entrance import Entrance
from vaka.web.signin.opening import open_emergency, open_fallback

COMPONENT = "signin"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    return run_process(COMPONENT, "The sign-in page.", _serve, arguments, loop=uvloop.run, out_of_swap=False)


async def _serve(root: Path, settings: Settings) -> None:
    keep_files_in_memory()
    server, clock, assets = find_server(settings.database, root), SystemClock(), load_assets()
    subjects = open_subject_key(root / settings.signin.subject_key)
    client = OidcClient(root / settings.signin.client_keys, demo=settings.mode == "demo")
    saml = SamlClient(settings.signin.origin, root / settings.signin.saml_keys, demo=settings.mode == "demo")
    platform = make_pool(server, platform_role(COMPONENT), PLATFORM_DATABASE, application=f"vaka-{COMPONENT}")
    await platform.open()
    log = structlog.get_logger()
    try:
        log.info("listening", address=settings.signin.host, port=settings.signin.port)
        attempts = FailedAttempts(platform, clock)
        fallback = open_fallback(server, settings, clock)
        if settings.access.fallback != "off" and not fallback.is_possible:
            log.warning("no fallback", reason="host_names")
        emergency = open_emergency(server, settings, clock)
        if not emergency.is_possible:
            log.warning("no emergency access", reason="host_names")
        entrance = Entrance(
            platform, Pages(assets, clock), assets, clock, settings, attempts, client, saml, subjects, fallback,
            emergency,
        )  # fmt: skip
        async with attempts.telling():
            await serve(Fronted(build_signin(entrance), settings.signin.front), settings.signin)
    finally:
        await platform.close()
    log.info("stopped")


if __name__ == "__main__":
    sys.exit(main())
