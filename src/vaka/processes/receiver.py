# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The receiver: ``python -m vaka.processes.receiver --data DIRECTORY [--instance NAME]``."""

import argparse
import asyncio
import gc
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from vaka.clock import SystemClock
from vaka.database.cluster import find_server
from vaka.errors import VakaError
from vaka.keys.challenge_secret import open_challenge_secret, secret_file
from vaka.keys.hardening import keep_memory_and_tell
from vaka.keys.identities import open_identities
from vaka.logs import configure_logs, describe_error
from vaka.metrics_page import open_metrics_page
from vaka.receiver.nonces import open_shared_nonces
from vaka.receiver.receiver import Equipment, Receiver
from vaka.receiver.sockets import allow_many_sockets
from vaka.settings import ReceiverSettings
from vaka.settings_reading import load_settings

_log = structlog.get_logger()

_REFUSED = 2
"""Exit code where the settings or the machine are at fault: starting again would not help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    parser = argparse.ArgumentParser("vaka.processes.receiver", description="Receives alarms.", allow_abbrev=False)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data directory")
    parser.add_argument("--instance", type=_name, default="receiver-1", metavar="NAME", help="this receiver's name")
    options = parser.parse_args(arguments)
    configure_logs("receiver", options.instance)
    keep_memory_and_tell(out_of_swap=False)
    root: Path = options.data.absolute()
    try:
        settings = load_settings(root / "vaka.toml")
        equipment = Equipment(
            instance=options.instance,
            settings=_with_absolute_paths(settings.receiver, root),
            server=find_server(settings.database, root),
            secret=open_challenge_secret(secret_file(root / "credentials")),
            clock=SystemClock(),
            identities=open_identities(root / "credentials"),
            nonces=open_shared_nonces(root / "run" / "receiver-nonces"),
        )
        allow_many_sockets()
        # Messages live for seconds and have no cycles: looking for some every 700 objects costs a tenth of our speed.
        gc.set_threshold(50_000, 20, 100)
        return uvloop.run(_serve(equipment, root / "run" / f"{options.instance}.metrics"))
    except VakaError as error:
        print(error.sentence.en, file=sys.stderr)
        return _REFUSED


async def _serve(equipment: Equipment, metrics: Path) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.set_exception_handler(_report)
    receiver = Receiver(equipment)
    start = asyncio.create_task(receiver.start())
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait((start, stop), return_when=asyncio.FIRST_COMPLETED)
    if not start.done():  # it may read its ports already, and only wait until it has said that it does
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
        await receiver.stop()
        return 0
    await start
    page = await open_metrics_page(metrics, receiver.metrics)
    settings = equipment.settings
    ports = {"udp": settings.udp_port, "tcp": settings.tcp_port, "tls": settings.tls_port}
    _log.info("listening", address=settings.host, port=ports, count=len(receiver.directory), pid=os.getpid())
    await stop
    _log.info("stopping")
    page.close()
    await receiver.stop()
    _log.info("stopped")
    return 0


def _report(_loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Log what no task handled, without its message: that may quote what a device sent."""
    error = context.get("exception")
    described = describe_error(error) if isinstance(error, BaseException) else {}
    _log.error("unhandled", **described)


def _with_absolute_paths(settings: ReceiverSettings, root: Path) -> ReceiverSettings:
    """Paths in the settings are relative to the file they stand in."""
    return settings.model_copy(
        update={
            "certificate": root / settings.certificate,
            "certificate_key": root / settings.certificate_key,
            "device_authorities": settings.device_authorities and root / settings.device_authorities,
        }
    )


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", text):
        raise argparse.ArgumentTypeError("a name is lower-case letters, digits and hyphens, at most 41")
    return text


if __name__ == "__main__":
    sys.exit(main())
