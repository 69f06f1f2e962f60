# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A supplier with two administrators and two authorities with officers, what runs, and what is published of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.access.register import Register
from tests.cases.house import House as Cases
from tests.confirming import touched
from tests.operations.vulnerabilities.data import bill, filler, python, zipped
from tests.platform import platform_as
from vaka.access.principal import Principal
from vaka.clock import TurnedClock
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.operations.vulnerabilities.importing import Taken, take_in
from vaka.operations.vulnerabilities.reading import read_data
from vaka.operations.vulnerabilities.rounds import Vulnerabilities
from vaka.operations.vulnerabilities.stating import (
    Found,
    Statement,
    accept_unaffected,
    accepting_act,
    read_overview,
    refuse_unaffected,
    state_unaffected,
)
from vaka.operations.vulnerabilities.told import Told, list_told
from vaka.settings import Settings
from vaka.settings_vulnerabilities import BillSettings, VulnerabilitiesSettings

BECAUSE = "The page that reads it is not built into what we run"


@dataclass
class House(Cases):
    """What runs is in `runs`, and of one authority alone in `only`; a round compares it."""

    colleague: Principal = field(kw_only=True)
    runs: list[dict[str, Any]] = field(default_factory=lambda: [python("alltid", "1.0")])
    only: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    directory: Path = field(kw_only=True)

    async def publish(self, *records: dict[str, Any], source_at: datetime | None = None, shrunk: bool = False) -> UUID:
        """Take in OSV records as the ecosystem's zip."""
        return await self.take(zipped(*records, *filler()), source_at, shrunk=shrunk)

    async def take(self, content: bytes, source_at: datetime | None = None, *, shrunk: bool = False) -> UUID:
        """Take in a file."""
        taken = Taken(source_at or self.one.now, fetched=False, shrunk=shrunk)
        async with platform_as(self.one.server, "setup") as setup:
            return await take_in(setup, read_data(content), taken, by="setup:uid-0", now=self.one.now)

    async def compare(self) -> int:
        """Do what the scheduler does as it starts."""
        bills = []
        for slug, components in self.only.items():
            path = self.directory / f"{slug}.cdx.json"
            path.write_text(json.dumps(bill(*components)))
            bills.append(BillSettings(path=path, authority=slug))
        settings = Settings(vulnerabilities=VulnerabilitiesSettings(bills=bills))
        pool = make_pool(self.one.server, platform_role("scheduler"), PLATFORM_DATABASE, application="test", largest=1)
        await pool.open()
        try:
            clock = TurnedClock(self.one.now)
            rounds = Vulnerabilities(pool, settings, clock, lambda: bill(*self.runs))
            return await rounds.look_around()
        finally:
            await pool.close()

    async def found(self) -> list[Found]:
        """What the office sees, what is open first."""
        async with platform_as(self.one.server, "office") as office:
            return list((await read_overview(office)).findings)

    async def told(self, who: Register) -> list[Told]:
        """What an authority sees."""
        async with platform_as(self.one.server, "portal") as portal:
            return list(await list_told(portal, who.authority.id))

    async def state(self, found: Found, justification: str = "vulnerable_code_not_present", because: str = BECAUSE,
                    by: Principal | None = None) -> None:  # fmt: skip
        """Say that something is not affected."""
        async with platform_as(self.one.server, "office") as office:
            await state_unaffected(office, by or self.admin, found.id, justification, because, now=self.one.now)

    async def stated(self) -> list[Statement]:
        """What waits for a colleague, and what was agreed to."""
        async with platform_as(self.one.server, "office") as office:
            return list((await read_overview(office)).statements)

    async def accept(self, found: Found, by: Principal | None = None) -> None:
        """Agree to what was said of a finding."""
        [said] = [one for one in await self.stated() if one.finding_id == found.id and one.approved is None]
        async with platform_as(self.one.server, "office") as office:
            await accept_unaffected(
                office, by or self.colleague, said, found, now=self.one.now,
                confirmation=touched(accepting_act(said, found)),
            )  # fmt: skip

    async def refuse(self, found: Found) -> None:
        """Refuse it."""
        [said] = [one for one in await self.stated() if one.finding_id == found.id and one.approved is None]
        async with platform_as(self.one.server, "office") as office:
            await refuse_unaffected(office, self.colleague, said.id, now=self.one.now)

    def later(self, **much: float) -> datetime:
        """Return a moment from now."""
        return self.one.now + timedelta(**much)
