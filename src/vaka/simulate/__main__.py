# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`python -m vaka.simulate --devices FILE`: lifelike traffic of the devices in the file, until it is stopped.

What a demo starts beside the receiver. It outlives restarts of the receiver: devices keep trying.
"""

import argparse
import asyncio
import random
import sys
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import uvloop

from vaka.clock import SystemClock
from vaka.errors import ConfigurationError, VakaError
from vaka.simulate.device import Persistence
from vaka.simulate.device_file import DeviceFile, read_device_file
from vaka.simulate.display import Display
from vaka.simulate.fleet import Fleet
from vaka.simulate.tally import Tally
from vaka.simulate.target import target_of
from vaka.simulate.timetable import heartbeats, lifelike, together
from vaka.simulate.traffic import follow, stop_on_signals

SPEED = 10.0
"""With the 360 devices of a demo an alarm every two minutes: enough to see the desk live, and time to look at one."""
EARLY_ALARMS = 3
_LINE_SECONDS = 60.0
_STUBBORN = Persistence(attempts=50)
"""A receiver that is being restarted, for example after an upgrade, finds all alarms still there."""


def main() -> int:
    """Run until SIGINT or SIGTERM. Return the exit code."""
    parser = argparse.ArgumentParser(prog="vaka.simulate")
    parser.add_argument("--devices", type=Path, required=True)
    parser.add_argument("--speed", type=float, default=SPEED)
    arguments = parser.parse_args()
    try:
        uvloop.run(_run(read_device_file(arguments.devices), arguments.speed))
    except VakaError as error:
        sys.stderr.write(f"vaka: {error.sentence.en}\n")
        return 1
    return 0


async def _run(file: DeviceFile, speed: float) -> None:
    if file.receiver is None:
        raise ConfigurationError("The device file does not say where the receiver is.")
    clock, chance, tally, stop = SystemClock(), random.Random(), Tally(), asyncio.Event()  # noqa: S311  not for secrets
    begun, zone = clock.now(), ZoneInfo("Europe/Stockholm")
    fleet = Fleet(
        file.devices, target_of(file.receiver), tally=tally, clock=clock, chance=chance, persistence=_STUBBORN
    )
    timetable = together(
        heartbeats([device.interval_seconds for device in file.devices], chance),
        lifelike(
            len(fleet),
            chance,
            speed,
            lambda seconds: (begun + timedelta(seconds=seconds)).astimezone(zone).hour,
            EARLY_ALARMS,
        ),
    )
    stop_on_signals(stop)
    display = asyncio.create_task(Display(tally, clock, seconds_between_lines=_LINE_SECONDS).run())
    try:
        await follow(fleet, timetable, stop=stop)
    finally:
        display.cancel()
        fleet.close()


if __name__ == "__main__":
    sys.exit(main())
