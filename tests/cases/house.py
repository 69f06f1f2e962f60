# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A supplier's administrator and two authorities with officers, over the real functions of the platform's database."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.access.register import Register
from tests.notices.desk import notices_of
from tests.platform import platform_as
from vaka.access.principal import Principal
from vaka.cases.model import Case, CaseEntry, Tlp
from vaka.cases.reading import list_cases, list_entries
from vaka.cases.rounds import escalate
from vaka.cases.writing import Opened, answer, open_case, see, write
from vaka.settings import CasesSettings


@dataclass
class House:
    """Who works with cases. ``now`` is set forward by tests."""

    one: Register
    other: Register
    admin: Principal
    officers: dict[UUID, Principal] = field(default_factory=dict)

    def pass_time(self, **much: float) -> None:
        """Let time pass for everybody."""
        self.one.now += timedelta(**much)
        self.other.now = self.one.now

    async def open(self, *touched: Register, tlp: Tlp = "AMBER", **facts: Any) -> UUID:
        """Open a case that was known a minute ago."""
        said: dict[str, Any] = {
            "kind": "incident", "severity": "high", "title": "Intrång i webbserver", "text": "Okänd inloggning i natt",
            "known_at": self.one.now - timedelta(minutes=1), "regulated": False,
        }  # fmt: skip
        opened = Opened(tlp=tlp, touches=[each.authority.id for each in touched], **{**said, **facts})
        async with platform_as(self.one.server, "office") as office:
            return await open_case(office, self.admin, opened, CasesSettings(), now=self.one.now)

    async def write(self, case: UUID, kind: str, text: str = "", *, to: Register | None = None, tlp: Tlp = "AMBER",
                    **facts: str | int) -> None:  # fmt: skip
        """Write as the administrator does."""
        async with platform_as(self.one.server, "office") as office:
            await write(
                office, self.admin, case, kind, tlp=tlp, text=text, facts=facts, now=self.one.now,
                authority_id=None if to is None else to.authority.id,
            )  # fmt: skip

    async def answer(self, case: UUID, who: Register, text: str) -> None:
        """Answer as the authority's officer does."""
        async with platform_as(self.one.server, "portal") as portal:
            await answer(
                portal, self.officers[who.authority.id], case, who.authority.id, tlp="AMBER", text=text, now=who.now
            )

    async def see(self, case: UUID, who: Register, number: int = 5000) -> None:
        """Acknowledge as the authority's officer does."""
        async with platform_as(self.one.server, "portal") as portal:
            await see(portal, self.officers[who.authority.id], case, number, who.authority.id, now=who.now)

    async def escalate(self) -> tuple[int, int]:
        """Do what the scheduler does; how many cases went on, and how many could not."""
        async with platform_as(self.one.server, "scheduler") as scheduler:
            return await escalate(scheduler, self.one.now)

    async def case(self, case: UUID) -> Case:
        """How a case stands."""
        async with platform_as(self.one.server, "office") as office:
            return next(each for each in await list_cases(office) if each.id == case)

    async def entries(self, case: UUID, who: Register | None = None) -> list[CaseEntry]:
        """What somebody sees of a case."""
        async with platform_as(self.one.server, "office" if who is None else "portal") as connection:
            return await list_entries(connection, case, None if who is None else who.authority.id)

    async def noticed(self, who: Register, case: UUID) -> int:
        """How many notices an authority has got of a case."""
        return sum(each.object == f"case:{case}" for each in await notices_of(who))
