# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether every machine's clock is sound, and whether they agree (term 27). The machine that looks tells of its own."""

import asyncio
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from vaka.assurance.asking_databases import Place
from vaka.assurance.evidence import Found, Look
from vaka.clock import SystemClock
from vaka.database.connections import transaction
from vaka.operations.timesync.chrony import NoReportError
from vaka.operations.timesync.reporting import list_clocks, read_facts, report_clock
from vaka.operations.timesync.rule import judge_fleet, worst


async def find_clocks(place: Place, now: datetime) -> Look:
    """Look at this machine's clock, tell of it, and judge all that told. Where none has told, nobody knows."""
    settings, kernel, own = place.settings.clock, place.read_clock(), None
    with suppress(NoReportError):
        own = await asyncio.to_thread(read_facts, place.root or Path("/"), settings, kernel, now)
    async with transaction(place.platform) as connection:
        if own is not None:
            # Not `now`: a round of looks has one, and other collectors may have taken their time since.
            await report_clock(connection, place.machine, own, SystemClock().now())
        clocks = await list_clocks(connection)
    if kernel != "synchronised" and own is None:
        return Look([Found(None, kernel, 1)])
    if not clocks:
        return Look([Found(None, "missing", 1)])
    wrong = judge_fleet(clocks, {place.machine, *settings.machines}, settings, now)
    reason = worst(wrong)
    return Look([Found(None) if reason is None else Found(None, reason, sum(map(bool, wrong.values())))])
