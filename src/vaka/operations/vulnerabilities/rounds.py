# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Comparing what runs with what is published: at each start, after each import, and again and again.

A bill that cannot be read stops the comparison: what it leaves out would look as if it were mended.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg.types.json import Jsonb

from vaka.clock import Clock
from vaka.database.connections import Connection, Pool, transaction
from vaka.errors import ConfigurationError
from vaka.logs import describe_error
from vaka.operations.integrity.sbom import running_sbom
from vaka.operations.vulnerabilities import telling
from vaka.operations.vulnerabilities.bill import Running, digest_of, list_running, read_bill
from vaka.operations.vulnerabilities.comparing import SOURCES, Finding, Published, compare
from vaka.operations.vulnerabilities.importing import QUERIES
from vaka.operations.vulnerabilities.severity import ORDER
from vaka.settings import CasesSettings, Settings

COMPARING_SECONDS = 30.0
"""How often it is looked whether anything was imported."""
Bill = Callable[[], Mapping[str, Any]]


class Vulnerabilities:
    """Makes the rounds. What fails is logged once, and tried again at the next round: what was found grows old."""

    def __init__(self, platform: Pool, settings: Settings, clock: Clock, bill: Bill = running_sbom) -> None:
        self._platform, self._settings, self._clock, self._bill = platform, settings, clock, bill
        self._compared: datetime | None = None
        self._fails = False

    async def look_around(self) -> int:
        """Compare where it is due; return how many findings began, ended or were told."""
        now = self._clock.now()
        try:
            if not await self._is_due(now):
                return 0
            bill = await asyncio.to_thread(self._bill)
            async with transaction(self._platform) as connection:
                running = await list_all(connection, bill, self._settings)
                changed = await enter_comparison(connection, running, self._settings.cases, now)
        except Exception as error:  # of whatever kind: the scheduler's other rounds go on
            if not self._fails:
                structlog.get_logger().error("round failed", reason="vulnerabilities", **describe_error(error))
            self._fails = True
            return 0
        self._compared, self._fails = now, False
        return changed

    async def _is_due(self, now: datetime) -> bool:
        if self._compared is None or now - self._compared >= timedelta(
            minutes=self._settings.vulnerabilities.compare_minutes
        ):
            return True
        async with transaction(self._platform) as connection:
            row = await (await connection.execute(QUERIES["newest_advisories"])).fetchone()
        imported_at = row and row[0]
        return bool(imported_at and imported_at > self._compared)


async def list_all(connection: Connection, bill: Mapping[str, Any], settings: Settings) -> list[Running]:
    """Return what runs here and, by the settings, elsewhere (as scheduler). Raises ConfigurationError."""
    running = list_running(bill)
    authorities = dict(await (await connection.execute(QUERIES["list_concerned"])).fetchall())
    for one in settings.vulnerabilities.bills:
        if one.authority and one.authority not in authorities:
            raise ConfigurationError(f"vulnerabilities.bills names an authority that there is not: {one.authority}.")
        content = await asyncio.to_thread(read_bill, one.path)
        running += list_running(content, authorities.get(one.authority))
    return running


async def enter_comparison(connection: Connection, running: list[Running], agreed: CasesSettings, now: datetime) -> int:
    """Compare, and enter what that gave (as scheduler); return how much is otherwise."""
    assessed = [one for one in running if not one.unassessed]
    rows = await connection.execute(
        QUERIES["find_advisories"],
        {
            "sources": [source for sources in SOURCES.values() for source in sources],
            "packages": sorted({one.package for one in assessed}),
        },
    )
    published = [
        Published(source, package, identifier, content, first_at.isoformat())
        for source, package, identifier, content, first_at in await rows.fetchall()
    ]
    findings = await asyncio.to_thread(compare, assessed, published)
    values = {
        "bill": digest_of(running), "components": Jsonb([_describe_component(one) for one in running]),
        "findings": Jsonb([_describe(one) for one in findings]), "times": Jsonb(_times(agreed)), "now": now,
        "words": Jsonb({
            "gone": telling.GONE, "withdrawn": telling.WITHDRAWN, "more": telling.MORE,
            "minor": {"text": telling.MINOR, "title": telling.title_minor(now)},
            "unscored": {"text": telling.UNSCORED, "title": telling.title_unscored(now)},
        }),
    }  # fmt: skip
    row = await (await connection.execute(QUERIES["enter_vulnerabilities"], values)).fetchone()
    return 0 if row is None else sum(row)


def _describe_component(one: Running) -> dict[str, str | None]:
    return {
        "purl": one.purl, "name": one.name, "version": one.version, "ecosystem": one.ecosystem,
        "authority_id": None if one.authority_id is None else str(one.authority_id), "unassessed": one.unassessed,
    }  # fmt: skip


def _describe(one: Finding) -> dict[str, Any]:
    return {
        "vulnerability": one.vulnerability, "advisories": list(one.advisories), "purl": one.purl, "name": one.name,
        "version": one.version, "authority_id": one.authority_id and str(one.authority_id), "severity": one.severity,
        "basis": one.basis, "fixed_version": one.fixed_version, "summary": one.summary, "reference": one.reference,
        "published_at": one.published_at, "first_at": one.first_at, "opening": telling.open_with(one),
        "telling": telling.tell(one),
    }  # fmt: skip


def _times(agreed: CasesSettings) -> dict[str, dict[str, int]]:
    return {
        name: {
            "acknowledge": agreed.acknowledge_minutes, "receipt": agreed.receipt_minutes,
            "tell": agreed.tell_minutes[place], "fix": agreed.fix_hours[place],
        }
        for place, name in enumerate(ORDER)
    }  # fmt: skip
