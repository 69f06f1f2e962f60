# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The supplier's office: ``python -m vaka.processes.office --data DIRECTORY``."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from vaka.clock import SystemClock
from vaka.database.cluster import find_server
from vaka.database.server import Server
from vaka.errors import ConfigurationError, VakaError
from vaka.keys.hardening import keep_memory_and_tell
from vaka.logs import configure_logs
from vaka.settings import Settings
from vaka.settings_reading import load_settings
from vaka.web.office.application import build_office
from vaka.web.office.opening import COMPONENT, open_office
from vaka.web.serve import serve

_FAILED = 1
_REFUSED = 2
"""Exit code where the settings or the machine are at fault: starting again would not help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser(prog="vaka.processes.office", description="The supplier's office.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data directory")
    root: Path = parser.parse_args(arguments).data.absolute()
    configure_logs(COMPONENT)
    # What the libraries say may quote a request or a row; ours names type and place.
    logging.disable(logging.CRITICAL)
    keep_memory_and_tell(out_of_swap=False)
    try:
        settings = load_settings(root / "vaka.toml")
        return uvloop.run(_serve(find_server(settings.database, root), settings))
    except VakaError as error:
        print(error.sentence.en, file=sys.stderr)
        return _REFUSED if isinstance(error, ConfigurationError) else _FAILED


async def _serve(server: Server, settings: Settings) -> int:
    log = structlog.get_logger()
    where = settings.office
    async with open_office(server, settings, SystemClock()) as office:
        log.info("listening", address=where.host, port=where.port)
        await serve(build_office(office, settings), where)
    log.info("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
