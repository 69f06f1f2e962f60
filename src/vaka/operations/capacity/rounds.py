# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Measures again and again (as scheduler), remembers how disks fill, and gives it all to Prometheus as well."""

import asyncio
import shutil
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

import structlog
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.logs import describe_error
from vaka.metrics import Level
from vaka.operations.capacity.asking import SilentError, read_receiver
from vaka.operations.capacity.figures import WAITS_LONG, Figures, find_excess, subtract
from vaka.operations.capacity.trends import QUERIES, report_capacity
from vaka.tenants.gateway import Gateway

CAPACITY_SECONDS = 30.0
"""How often it is measured."""
OTHER_PAGES = frozenset({"scheduler.metrics", "trial.metrics"})
"""Of processes that are no receivers."""
MOST_DISKS = 720
"""How many measurements a forecast is drawn from: the last six hours."""
MOST_EARLIER = 9
"""How many measurements are kept beside the newest: five minutes of answers."""
_LEVELS: Mapping[str, tuple[str, str]] = {
    "disk_free": ("vaka_disk_free_bytes", "Free where the data directory is."),
    "disk_size": ("vaka_disk_size_bytes", "How large that is."),
    "connections": ("vaka_database_connections", "Open connections to the database server."),
    "connections_allowed": ("vaka_database_connections_allowed", "How many the server allows."),
    "waiting": ("vaka_alarms_waiting_long", "Life alarms that nobody has taken for minutes, of all authorities."),
    "receivers": ("vaka_receivers", "Receivers of this machine."),
    "receivers_silent": ("vaka_receivers_silent", "Receivers of this machine that do not say their figures."),
    "unreachable": ("vaka_authorities_unreachable", "Authorities whose database does not answer."),
}


class Capacity(Collector):
    """What was measured last. What fails is logged once; nothing new is known then, and that is red."""

    def __init__(self, platform: Pool, gateway: Gateway, root: Path, clock: Clock) -> None:
        self._platform, self._gateway, self._root, self._clock = platform, gateway, root, clock
        self._read: dict[Path, Mapping[str, float]] = {}
        self._earlier: deque[Figures] = deque(maxlen=MOST_EARLIER)
        self._disks: deque[tuple[datetime, int]] = deque(maxlen=MOST_DISKS)
        self._fails, self._keeps = False, True
        self._unreachable: set[UUID] = set()
        self.newest: Figures | None = None

    async def measure(self) -> int:
        """Measure once; return how much is above its threshold."""
        try:
            figures = await self._measure(self._clock.now())
        except Exception as error:  # of whatever kind: alarms are escalated without it
            if not self._fails:
                structlog.get_logger().error("round failed", reason="capacity", **describe_error(error))
            self._fails = True
            return 0
        self._fails = False
        if self.newest is not None:
            self._earlier.append(self.newest)
        self.newest = figures
        self._disks.append((figures.at, figures.disk_free))
        await self._keep(figures)
        return int(self.excess() is not None)

    def excess(self) -> tuple[str, int] | None:
        """Return what is above its threshold in the newest measurement, and how much."""
        return None if self.newest is None else find_excess(self.newest, self._disks, self._earlier)

    def is_known(self, now: datetime) -> bool:
        """Whether it was measured within two rounds."""
        return self.newest is not None and now - self.newest.at <= timedelta(seconds=2 * CAPACITY_SECONDS)

    def collect(self) -> Iterator[Metric]:
        """Yield what was measured, for Prometheus; nothing where nothing was."""
        if self.newest is not None:
            for field, (name, documentation) in _LEVELS.items():
                yield from Level(name, documentation, partial(getattr, self.newest, field)).collect()
            at = self.newest.at.timestamp()
            yield from Level("vaka_capacity_measured_timestamp_seconds", "When that was.", lambda: at).collect()

    async def _measure(self, now: datetime) -> Figures:
        disk = await asyncio.to_thread(shutil.disk_usage, self._root)
        async with transaction(self._platform) as connection:
            row = await (await connection.execute(QUERIES["count_connections"])).fetchone()
        connections, allowed = (0, 0) if row is None else row
        waiting = 0
        for authority in self._gateway.authorities:
            try:
                waiting += await self._count_waiting(authority.id, now)
            except Exception as error:  # one database's trouble, of whatever kind, hides nothing of the rest
                if authority.id not in self._unreachable:
                    structlog.get_logger().error("round failed", reason="capacity", **describe_error(error))
                self._unreachable.add(authority.id)
            else:
                self._unreachable.discard(authority.id)
        receivers, silent, answers, slow = await self._ask_receivers()
        return Figures(
            now, disk.free, disk.total, int(connections), int(allowed), waiting, receivers, silent, answers, slow,
            len(self._unreachable),
        )  # fmt: skip

    async def _keep(self, figures: Figures) -> None:
        """Keep the worst of each hour for the trend. Where that fails, it is this hour's, and nothing is red for it:
        it is logged once.
        """
        try:
            async with transaction(self._platform) as connection:
                await report_capacity(connection, figures)
        except Exception as error:  # of whatever kind: alarms are escalated by the same process
            if self._keeps:
                structlog.get_logger().warning("trend not kept", **describe_error(error.__cause__ or error))
            self._keeps = False
        else:
            self._keeps = True

    async def _count_waiting(self, authority_id: UUID, now: datetime) -> int:
        async with self._gateway.transaction(authority_id) as tenant:
            cursor = await tenant.execute(QUERIES["count_waiting"], {"before": now - WAITS_LONG})
            counted = await cursor.fetchone()
        return 0 if counted is None else int(counted[0])

    async def _ask_receivers(self) -> tuple[int, int, int, int]:
        sockets = sorted(one for one in (self._root / "run").glob("*.metrics") if one.name not in OTHER_PAGES)
        silent = answers = slow = 0
        for socket in sockets:
            try:
                read = await read_receiver(socket)
            except SilentError:
                silent += 1
                continue
            new, new_slow = subtract(read, self._read.get(socket, read))
            self._read[socket] = read
            answers, slow = answers + new, slow + new_slow
        return len(sockets), silent, answers, slow
