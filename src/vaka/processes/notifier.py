# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sends authorities what they are to be told: ``python -m vaka.processes.notifier --data DIR``

The one process that reaches out to addresses that others named. It sees no person, no account's name and no table.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path

import structlog

from vaka.clock import Clock, SystemClock
from vaka.database.cluster import find_server
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError, VakaError
from vaka.keys.hardening import keep_memory_and_tell
from vaka.keys.signing_key import key_id, read_signing_key
from vaka.logs import configure_logs
from vaka.notices.delivering import Delivering
from vaka.notices.mail import Mail
from vaka.notices.outbox import Rooms
from vaka.notices.webhook import Webhook
from vaka.repeating import repeat, unless
from vaka.settings import Settings
from vaka.settings_reading import load_settings

COMPONENT = "notifier"
_FAILED = 1
_REFUSED = 2
"""Exit code where the settings or the machine are at fault: starting again would not help."""


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


async def _run_until_told(root: Path, server: Server, settings: Settings) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await run(root, server, settings, SystemClock(), stopped)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the settings and run until told to stop; return the exit code."""
    parser = argparse.ArgumentParser(prog="vaka.processes.notifier", description="Sends notices to authorities.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data directory")
    root: Path = parser.parse_args(arguments).data.absolute()
    configure_logs(COMPONENT)
    keep_memory_and_tell(out_of_swap=False)
    try:
        settings = load_settings(root / "vaka.toml")
        asyncio.run(_run_until_told(root, find_server(settings.database, root), settings))
    except VakaError as error:
        print(error.sentence.en, file=sys.stderr)
        return _REFUSED if isinstance(error, ConfigurationError) else _FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
