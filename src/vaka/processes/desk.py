# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The operators' desk: ``python -m vaka.processes.desk --data DIRECTORY``."""

import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from vaka.clock import SystemClock
from vaka.database.cluster import find_server
from vaka.processes.starting import run_process
from vaka.settings import Settings
from vaka.web.desk.application import build_desk
from vaka.web.desk.opening import COMPONENT, open_desk
from vaka.web.serve import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    return run_process(COMPONENT, "The operators' desk.", _serve, arguments, loop=uvloop.run)


async def _serve(root: Path, settings: Settings) -> None:
    log, where = structlog.get_logger(), settings.desk
    async with open_desk(find_server(settings.database, root), settings, SystemClock()) as desk:
        log.info("listening", address=where.host, port=where.port, count=len(desk.gateway.authorities))
        await serve(build_desk(desk, settings), where, on_stop=desk.hub.close)
    log.info("stopped")


if __name__ == "__main__":
    sys.exit(main())
