# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How a process starts and ends: its data directory, its log, its memory, its settings, its exit code."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import structlog

from vaka.errors import ConfigurationError, VakaError
from vaka.keys.hardening import keep_memory_and_tell
from vaka.logs import configure_logs, describe_error
from vaka.settings import Settings
from vaka.settings_reading import load_settings

FAILED = 1
REFUSED = 2
"""Exit code where the settings or the machine are at fault: starting again would not help."""


def run_process(
    component: str, description: str, work: Callable[[Path, Settings], Coroutine[Any, Any, None]],
    arguments: Sequence[str] | None = None, *, loop: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run,
    out_of_swap: bool = True, from_its_own_account: bool = False,
) -> int:  # fmt: skip
    """Run ``work(data directory, settings)`` in ``loop`` until it ends, and return the exit code.

    What goes wrong is told in a sentence on standard error where it is ours to tell, and otherwise by type and place in
    the log. How memory is kept: `vaka.keys.hardening.keep_memory_to_itself`.
    """
    parser = argparse.ArgumentParser(prog=f"vaka.processes.{component}", description=description, allow_abbrev=False)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the data directory")
    root: Path = parser.parse_args(arguments).data.absolute()
    configure_logs(component)
    # What the libraries say may quote a request or a row; ours names type and place.
    logging.disable(logging.CRITICAL)
    keep_memory_and_tell(from_its_own_account=from_its_own_account, out_of_swap=out_of_swap)
    try:
        loop(work(root, load_settings(root / "vaka.toml")))
    except VakaError as error:
        return _tell(error)
    except ExceptionGroup as errors:
        refused, failed = errors.split(VakaError)
        if failed is None and refused is not None:
            return _tell(refused.exceptions[0])
        structlog.get_logger().error("failed", **describe_error(errors.exceptions[0]))
        return FAILED
    except Exception as error:  # a traceback may quote a row
        structlog.get_logger().error("failed", **describe_error(error))
        return FAILED
    return 0


def until_told() -> asyncio.Event:
    """Return, in a running loop, what SIGTERM and SIGINT set."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    return told


def _tell(error: BaseException) -> int:
    print(error.sentence.en if isinstance(error, VakaError) else type(error).__name__, file=sys.stderr)
    return REFUSED if isinstance(error, ConfigurationError) else FAILED
