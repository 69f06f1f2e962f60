# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A demo's OpenID provider: ``python -m vaka.demo.provider --data DIRECTORY``. It works in a furnished demo alone."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from vaka.clock import SystemClock
from vaka.demo.openid import Provider
from vaka.demo.persona_pages import Stage, build_provider
from vaka.demo.provider_facts import KEY, facts_file, read_facts
from vaka.errors import ConfigurationError, VakaError
from vaka.identity.oidc import read_client_key
from vaka.logs import configure_logs
from vaka.settings import Settings
from vaka.settings_reading import load_settings
from vaka.web.assets import load_assets
from vaka.web.pages import Pages
from vaka.web.serve import serve

COMPONENT = "provider"
_REFUSED = 2
"""Exit code where the settings or the machine are at fault: starting again would not help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="vaka.demo.provider", description="A demo's OpenID provider.", allow_abbrev=False
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data directory")
    root: Path = parser.parse_args(arguments).data.absolute()
    configure_logs(COMPONENT)
    logging.disable(logging.CRITICAL)  # what the libraries say may quote a request; ours names type and place
    try:
        settings = load_settings(root / "vaka.toml")
        return uvloop.run(_serve(settings, root))
    except VakaError as error:
        print(error.sentence.en, file=sys.stderr)
        return _REFUSED


async def _serve(settings: Settings, root: Path) -> int:
    if settings.mode != "demo":
        raise ConfigurationError(f"{root} is no demo. A demo's provider works nowhere else.")
    clock, assets, facts = SystemClock(), load_assets(), read_facts(root)
    provider = Provider(facts, read_client_key(facts_file(root).parent, KEY), clock)
    log = structlog.get_logger()
    log.info("listening", address=settings.demo.host, port=settings.demo.port)
    await serve(build_provider(Stage(provider, Pages(assets, clock), assets, settings)), settings.demo)
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
