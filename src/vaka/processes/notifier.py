# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sends authorities what they are to be told: ``python -m vaka.processes.notifier --data DIR``

The one process that reaches out to addresses that others named. It sees no person, no account's name and no table.
"""

import asyncio
import sys
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path

import structlog

from vaka.clock import Clock, SystemClock
from vaka.database.cluster import find_server
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.keys.signing_key import key_id, read_signing_key
from vaka.notices.delivering import Delivering
from vaka.notices.mail import Mail
from vaka.notices.outbox import Rooms
from vaka.notices.webhook import Webhook
from vaka.processes.starting import run_process, until_told
from vaka.repeating import repeat, unless
from vaka.settings import Settings

COMPONENT = "notifier"


async def run(root: Path, server: Server, settings: Settings, clock: Clock, stopped: asyncio.Event) -> None:
    """Send what is due until ``stopped`` is set. What is on its way then is sent again by the next."""
    said = settings.notices
    seed, rooms, allowed = (
        read_signing_key(root / said.signing_key),
        Rooms(settings.portal.origin, settings.office.origin),
        [ip_network(one) for one in said.own_networks],
    )
    platform = make_pool(server, platform_role(COMPONENT), PLATFORM_DATABASE, application=f"vaka-{COMPONENT}")
    await platform.open()
    try:
        senders = {
            "mail": Mail(said.sender, rooms, allowed).send,
            "webhook": Webhook(seed, key_id(seed), rooms, allowed, clock).send,
        }
        delivering = Delivering(platform, clock, senders)
        structlog.get_logger().info("notifier works")
        await repeat(said.look_seconds, lambda: unless(stopped, delivering.deliver_due), stopped)
    finally:
        await platform.close()


async def _run_until_told(root: Path, settings: Settings) -> None:
    await run(root, find_server(settings.database, root), settings, SystemClock(), until_told())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    return run_process(COMPONENT, "Sends notices to authorities.", _run_until_told, arguments, out_of_swap=False)


if __name__ == "__main__":
    sys.exit(main())
