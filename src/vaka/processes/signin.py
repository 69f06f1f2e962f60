# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The sign-in page: ``python -m vaka.processes.signin --data DIRECTORY``."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from vaka.clock import SystemClock
from vaka.database.cluster import find_server
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError, VakaError
from vaka.identity.attempts import FailedAttempts
from vaka.identity.oidc import OidcClient
from vaka.identity.saml import SamlClient
from vaka.identity.saml_library import keep_files_in_memory
from vaka.identity.subjects import open_subject_key
from vaka.keys.hardening import keep_memory_and_tell
from vaka.logs import configure_logs
from vaka.settings import Settings
from vaka.settings_reading import load_settings
from vaka.web.assets import load_assets
from vaka.web.pages import Pages
from vaka.web.serve import serve
from vaka.web.signin.application import build_signin
from vaka.web.signin.entrance import Entrance
from vaka.web.signin.opening import open_emergency, open_fallback

COMPONENT = "signin"
_FAILED = 1
_REFUSED = 2
"""Exit code where the settings or the machine are at fault: starting again would not help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser(prog="vaka.processes.signin", description="The sign-in page.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data directory")
    root: Path = parser.parse_args(arguments).data.absolute()
    configure_logs(COMPONENT)
    # What the libraries say may quote a request or a row; ours names type and place.
    logging.disable(logging.CRITICAL)
    keep_memory_and_tell(out_of_swap=False)
    keep_files_in_memory()
    try:
        settings = load_settings(root / "vaka.toml")
        return uvloop.run(_serve(find_server(settings.database, root), settings, root))
    except VakaError as error:
        print(error.sentence.en, file=sys.stderr)
        return _REFUSED if isinstance(error, ConfigurationError) else _FAILED


async def _serve(server: Server, settings: Settings, root: Path) -> int:
    clock, assets = SystemClock(), load_assets()
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
            await serve(build_signin(entrance), settings.signin)
    finally:
        await platform.close()
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
