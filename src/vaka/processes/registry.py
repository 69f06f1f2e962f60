# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The registry of people in care: ``python -m vaka.processes.registry --data DIRECTORY``."""

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
from vaka.web.programs.coming import front_of
from vaka.web.registry.application import build_registry
from vaka.web.registry.opening import COMPONENT, open_registry
from vaka.web.serve import serve

_FAILED = 1
_REFUSED = 2
"""Exit code where the settings or the machine are at fault: starting again would not help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser(prog="vaka.processes.registry", description="The registry of people in care.")
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
    where = settings.registry
    front = front_of(root, settings.portal, where.programs_socket)
    async with open_registry(find_server(settings.database, root), settings, SystemClock()) as registry:
        log.info("listening", address=where.host, port=where.port, count=len(registry.gateway.authorities))
        await serve(build_registry(registry, settings), where, front=front)
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
