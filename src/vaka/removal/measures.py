# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What removal by night measures of itself; none of it is about anybody."""

import asyncio
from pathlib import Path

import structlog
from prometheus_client.registry import Collector

from vaka.clock import Clock
from vaka.logs import describe_error
from vaka.metrics import Level, Tally, metrics_text
from vaka.metrics_page import open_metrics_page
from vaka.removal.kinds import KINDS
from vaka.removal.removing import Night

_STAYED = ("exempt", "unreadable", "held", "busy")


class Measures:
    """Counts since the process started, over all authorities."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.beside: list[Collector] = []
        """What else the same process measures."""
        self.last_run: float = 0
        """When a night last ended in any authority, in seconds since 1970; 0 never since the start."""
        self.removed = Tally("vaka_removal_removed", "Alarms, messages and notes removed for their age.", "kind", KINDS)
        self.stayed = Tally("vaka_removal_stayed", "What was old enough and stayed, and why.", "reason", _STAYED)
        self.runs = Tally("vaka_removal_runs", "Nights in an authority, by how they ended.", "outcome",
                              ("complete", "broken_off", "failed"))  # fmt: skip
        self._levels = (
            Level("vaka_removal_last_run_timestamp_seconds", "When a night last ended; 0 never since the start.",
                  lambda: self.last_run),
        )  # fmt: skip

    def note(self, night: Night) -> None:
        """Count a night that ended in one authority."""
        for kind, tally in night.kinds.items():
            self.removed.add(kind, tally.removed)
        for reason in _STAYED:
            self.stayed.add(reason, night.total(reason))
        self.runs.add("complete" if night.complete else "broken_off")
        self.last_run = self._clock.now().timestamp()

    def text(self) -> bytes:
        """Return what Prometheus reads."""
        return metrics_text((self.removed, self.stayed, self.runs, *self._levels, *self.beside))


async def show(measures: Measures, socket: Path, stopped: asyncio.Event) -> None:
    """Offer them on a Unix socket until ``stopped`` is set. Where that cannot be done it is logged, and left."""
    try:
        await asyncio.to_thread(socket.parent.mkdir, mode=0o700, exist_ok=True)
        page = await open_metrics_page(socket, measures.text)
    except OSError as error:  # alarms are escalated without it
        structlog.get_logger().warning("no metrics", **describe_error(error))
        return
    async with page:
        await stopped.wait()
