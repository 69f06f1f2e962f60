# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The authorities' portal: ``python -m vaka.processes.portal --data DIRECTORY``."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from vaka.clock import SystemClock
from vaka.database.cluster import find_server
from vaka.errors import ConfigurationError, VakaError
from vaka.keys.hardening import keep_memory_and_tell
from vaka.logs import configure_logs
from vaka.settings import Settings
from vaka.settings_reading import load_settings
from vaka.web.portal.application import build_portal
from vaka.web.portal.opening import COMPONENT, open_portal
from vaka.web.programs.coming import front_of
from vaka.web.serve import serve

_FAILED = 1
_REFUSED = 2
"""Exit code where the settings or the machine are at fault: starting again would not help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser(prog="vaka.processes.portal", description="The authorities' portal.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data directory")
    root: Path = parser.parse_args(arguments).data.absolute()
    configure_logs(COMPONENT)
    # What the libraries say may quote a request or a row; ours names type and place.
    logging.disable(logging.CRITICAL)
    keep_memory_and_tell()
    try:
        settings = load_settings(root / "vaka.toml")
        return uvloop.run(_serve(root, settings))
    except VakaError as error:
        print(error.sentence.en, file=sys.stderr)
        return _REFUSED if isinstance(error, ConfigurationError) else _FAILED


async def _serve(root: Path, settings: Settings) -> int:
    log = structlog.get_logger()
    where = settings.portal
    front = front_of(root, where, where.programs_socket)
    async with open_portal(find_server(settings.database, root), settings, SystemClock()) as portal:
        log.info("listening", address=where.host, port=where.port, count=len(portal.gateway.authorities))
        await serve(build_portal(portal, settings), where, front=front)
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
