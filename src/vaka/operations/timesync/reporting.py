# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Each machine tells the platform's database of its clock, and pages and the collector of term 27 read it there."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from psycopg.types.json import Jsonb

from vaka.clock import ClockState
from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.operations.timesync.chrony import read_report
from vaka.operations.timesync.rule import Facts, MachineClock, state_facts
from vaka.settings_operations import ClockSettings

QUERIES = load_queries("vaka.operations.timesync")


def read_facts(root: Path, settings: ClockSettings, kernel: ClockState, now: datetime) -> Facts:
    """Return what this machine tells of its clock. Raises NoReportError where its time service wrote nothing down."""
    return state_facts(read_report(root / settings.report), kernel, settings, now)


async def report_clock(connection: Connection, machine: str, facts: Facts, now: datetime) -> None:
    """Tell of this machine's clock, in place of what it told before (as scheduler or setup); `now` is by that clock."""
    said = {
        "kernel": facts.kernel, "source": facts.source, "proven": facts.proven, "stratum": facts.stratum,
        "offset": facts.offset, "error": facts.error, "reasons": list(facts.reasons),
        "referred_at": facts.referred_at and facts.referred_at.isoformat(),
    }  # fmt: skip
    await connection.execute(QUERIES["report_clock"], {"machine": machine, "now": now, "said": Jsonb(said)})


async def list_clocks(connection: Connection) -> Sequence[MachineClock]:
    """Return what every machine told last, by name (as office, portal, scheduler or setup)."""
    cursor = await connection.execute(QUERIES["list_clocks"])
    return [
        MachineClock(machine, received_at, skew,
                     Facts(kernel, tuple(reasons), source, proven, stratum, off_by, error, referred_at), by_scheduler)
        for machine, received_at, skew, kernel, reasons, source, proven, stratum, off_by, error, referred_at,
            by_scheduler in await cursor.fetchall()
    ]  # fmt: skip
