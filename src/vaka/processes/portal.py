# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The authorities' portal: ``python -m vaka.processes.portal --data DIRECTORY``."""

import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from vaka.clock import SystemClock
from vaka.database.cluster import find_server
from vaka.processes.starting import run_process
from vaka.settings import Settings
from vaka.web.portal.application import build_portal
from vaka.web.portal.opening import COMPONENT, open_portal
from vaka.web.programs.coming import front_of
from vaka.web.serve import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    return run_process(COMPONENT, "The authorities' portal.", _serve, arguments, loop=uvloop.run)


async def _serve(root: Path, settings: Settings) -> None:
    log = structlog.get_logger()
    where = settings.portal
    front = front_of(root, where, where.programs_socket)
    async with open_portal(find_server(settings.database, root), settings, SystemClock()) as portal:
        log.info("listening", address=where.host, port=where.port, count=len(portal.gateway.authorities))
        await serve(build_portal(portal, settings), where, front=front)
    log.info("stopped")


if __name__ == "__main__":
    sys.exit(main())
