# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Waiting for what happens outside the test: bounded, and saying what was waited for."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_SECONDS = 60.0
SHORTEST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.15


async def wait_until(is_true: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Return as soon as ``is_true``; AssertionError where that does not come about."""
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, f"not so within {seconds} s"
        await asyncio.sleep(SHORTEST_PAUSE_SECONDS)


def wait_for(
    is_true: Callable[[], bool], seconds: float = PATIENCE_SECONDS, *, longest_pause: float = LONGEST_PAUSE_SECONDS
) -> None:
    """Return as soon as ``is_true``; AssertionError where that does not come about. Blocks.

    What takes long is asked for less often: to ask is work too, and what is waited for goes on meanwhile.
    """
    begun = time.monotonic()
    while not is_true():
        waited = time.monotonic() - begun
        assert waited < seconds, f"not so within {seconds} s"
        time.sleep(min(max(SHORTEST_PAUSE_SECONDS, waited / 20), longest_pause))


def is_alive(process_id: int) -> bool:
    """Whether a process runs; one that ended and was not collected yet does not."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
