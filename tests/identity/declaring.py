# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A shift leader at the desk and an administrator in the office, who declare that an issuer lets nobody in."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from tests.identity.falling_back import FallbackScene
from tests.identity.house import IdentityHouse
from vaka.access.grants import grant_role
from vaka.clock import SystemClock
from vaka.identifiers import new_identifier
from vaka.identity.outages import QUERIES, Outage, list_outages
from vaka.identity.trust import list_rows

Side = Literal["desk", "office"]


@dataclass
class Sides:
    """The two who do it together."""

    house: IdentityHouse
    leader: UUID
    administrator: UUID

    async def propose(
        self, scene: FallbackScene, side: Side = "desk", *, by: UUID | None = None, hours: int = 2,
        at: datetime | None = None,
    ) -> UUID:  # fmt: skip
        """Say that nobody gets in by the scene's issuer; return the proposal's identifier."""
        await self.house.stand()
        identifier, now = new_identifier(SystemClock().now()), at or SystemClock().now()
        said = await self.ask(
            side, "propose_outage", id=identifier, trust_id=await trust_of(scene), hours=hours,
            reason="Inloggningssidan är tom", by=by or self._of(side), now=now,
        )  # fmt: skip
        assert said == "done", said
        return identifier

    async def declare(
        self, identifier: UUID, side: Side = "office", *, by: UUID | None = None, sealed: bool = True
    ) -> str:  # fmt: skip
        """Declare it as the other side; return what the database says."""
        await self.house.stand()
        found = await self.find(identifier)
        said = await self.ask(
            side, "declare_outage", id=identifier, digest=found.digest, by=by or self._of(side), now=SystemClock().now()
        )
        if sealed:
            await self.house.seal()
        return said

    async def both(self, scene: FallbackScene) -> UUID:
        """Go all the way."""
        identifier = await self.propose(scene)
        assert await self.declare(identifier) == "done"
        return identifier

    async def end(self, identifier: UUID, side: Side = "desk") -> str:
        """End it."""
        return await self.ask(side, "end_outage", id=identifier, by=self._of(side), now=SystemClock().now())

    async def find(self, identifier: UUID) -> Outage:
        """The outage as the sign-in process knows it."""
        async with self.house.as_("signin") as signin:
            found = await list_outages(signin, SystemClock().now())
        return next(one for one in found if one.id == identifier)

    async def ask(self, side: str, name: str, **values: object) -> str:
        """Call a function of the database as one of the two processes."""
        async with self.house.as_(side) as connection:
            row = await (await connection.execute(QUERIES[name], values)).fetchone()
        assert row is not None
        return str(row[0])

    def _of(self, side: Side) -> UUID:
        return self.leader if side == "desk" else self.administrator


async def trust_of(scene: FallbackScene) -> UUID:
    """The row of the scene's issuer."""
    async with scene.house.as_("setup") as setup:
        return next(one.id for one in await list_rows(setup) if one.name == scene.name)


async def new_sides(house: IdentityHouse, scene: FallbackScene) -> Sides:
    """A shift leader of the scene's authority, and an administrator."""
    leader, administrator, now = await house.person("Lena Ledare"), house.administrators[0], SystemClock().now()
    async with house.as_("setup") as setup:
        await grant_role(setup, leader, "shift_leader", scene.authority, actor="setup", now=now)
    await house.make_administrators()
    return Sides(house, leader, administrator)
