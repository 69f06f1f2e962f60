# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Trial alarms, one a minute for each authority: ``python -m vaka.processes.trial --data DIR``

It goes in from outside, as a device does, and looks from inside whether the alarm came. It reads no table but that of
authorities; what it may look for is its own. It reads the key of devices' numbers, by which it finds its own.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from socket import gethostname

import structlog

from vaka.clock import Clock, SystemClock
from vaka.database.cluster import find_server
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.metrics import metrics_text
from vaka.metrics_page import open_metrics_page
from vaka.operations.trials.standing import TRIAL_SECONDS
from vaka.processes.starting import run_process, until_told
from vaka.repeating import repeat, unless
from vaka.settings import Settings
from vaka.simulate.device_file import ReceiverPlace
from vaka.simulate.target import target_of, tls_context
from vaka.tenants.gateway import Gateway
from vaka.trial.rounds import Trials
from vaka.trial.sending import Way

COMPONENT = "trial"
FIRST_SECONDS = 10.0
"""After a start, until the first round: receivers that were started at the same time listen by then."""


def find_way(root: Path, settings: Settings) -> Way:
    """Return how devices reach the receivers over TLS, as the settings say. Raises ConfigurationError."""
    receiver, trial = settings.receiver, settings.trial
    if receiver.tls_port is None:
        raise ConfigurationError("Trial alarms go over TLS, which receivers do not take here. Set receiver.tls_port.")
    place = ReceiverPlace(
        host=trial.host or receiver.public_host or receiver.host, tls_port=receiver.tls_port,
        trusted=trial.trusted and root / trial.trusted,
    )  # fmt: skip
    target = target_of(place)
    return Way(target, tls_context(target))


async def run(root: Path, server: Server, settings: Settings, clock: Clock, stopped: asyncio.Event) -> None:
    """Send until ``stopped`` is set."""
    platform = make_pool(server, platform_role(COMPONENT), PLATFORM_DATABASE, application=f"vaka-{COMPONENT}")
    gateway = Gateway(server, COMPONENT, ())
    way = partial(find_way, root, settings)
    trials = Trials(gateway, platform, server.credentials, way, clock, machine=gethostname())
    await platform.open()
    try:
        page = await open_metrics_page(root / "run" / f"{COMPONENT}.metrics", lambda: metrics_text((trials,)))
        structlog.get_logger().info("trial works")
        async with page:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), FIRST_SECONDS)
            await repeat(TRIAL_SECONDS, lambda: unless(stopped, trials.make_round), stopped)
    finally:
        await gateway.close()
        await platform.close()


async def _run_until_told(root: Path, settings: Settings) -> None:
    await run(root, find_server(settings.database, root), settings, SystemClock(), until_told())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    return run_process(COMPONENT, "Sends trial alarms.", _run_until_told, arguments, out_of_swap=False)


if __name__ == "__main__":
    sys.exit(main())
