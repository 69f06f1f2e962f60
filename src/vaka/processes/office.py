# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The supplier's office: ``python -m vaka.processes.office --data DIRECTORY``."""

import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from vaka.clock import SystemClock
from vaka.database.cluster import find_server
from vaka.processes.starting import run_process
from vaka.settings import Settings
from vaka.web.fronted import Fronted
from vaka.web.office.application import build_office
from vaka.web.office.opening import COMPONENT, open_office
from vaka.web.serve import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    return run_process(COMPONENT, "The supplier's office.", _serve, arguments, loop=uvloop.run, out_of_swap=False)


async def _serve(root: Path, settings: Settings) -> None:
    log = structlog.get_logger()
    where = settings.office
    async with open_office(find_server(settings.database, root), settings, SystemClock()) as office:
        log.info("listening", address=where.host, port=where.port)
        await serve(Fronted(build_office(office, settings), where.front), where)
    log.info("stopped")


if __name__ == "__main__":
    sys.exit(main())
