# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority's contract officer and auditor and the supplier's administrator, each over a process of its own."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from tests.conftest import START
from tests.platform import make_account, platform_as
from tests.registers.exercising import new_sides
from vaka.access.grants import read_grants
from vaka.access.principal import Principal
from vaka.assurance.audit_samples import Drawn, Population, list_drawn, list_populations
from vaka.assurance.audits import Audit, list_audits
from vaka.assurance.evidence import QUERIES
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.identity.sessions import Session

DAY = timedelta(days=1)
GRANTED = (
    "insert into vaka.role_grant (account_id, role, authority_id, granted_at, valid_until)"
    " values (%s, 'auditor', %s, %s, %s)"
)


@dataclass(frozen=True)
class Parties:
    """All of them, of one authority."""

    server: Server
    authority: UUID
    officer: UUID
    auditor: UUID
    administrator: UUID

    async def say(self, side: str, name: str, *, at: datetime, by: UUID | None = None, **values: Any) -> str:
        """Ask a function of the database as one of the two processes."""
        who = by or (self.officer if side == "portal" else self.administrator)
        async with platform_as(self.server, side) as connection:
            row = await (await connection.execute(QUERIES[name], {**values, "by": who, "now": at})).fetchone()
        assert row is not None
        return str(row[0])

    async def ask(self, *, at: datetime = START, **other: Any) -> tuple[UUID, str]:
        """Ask for an audit that begins in a day and takes a week; return it, and what was said."""
        identifier = uuid4()
        wish: dict[str, Any] = {
            "kind": "audit", "terms": [8, 9, 20], "site": None, "about": "Behörigheter och ändringar",
            "looks_from": at - 30 * DAY, "looks_until": at + DAY, "auditors": [self.auditor], "starts_at": at + DAY,
            "ends_at": at + 8 * DAY, "answer_by": at + 14 * DAY, **other,
        }  # fmt: skip
        if wish["kind"] == "visit":
            wish["auditors"] = []
        said = await self.say("portal", "ask_audit", at=at, id=identifier, authority_id=self.authority, **wish)
        return identifier, said

    async def agree(self, one: UUID, *, at: datetime = START, side: str = "office", by: UUID | None = None) -> str:
        """Agree to it as it stands."""
        return await self.say(side, "agree_audit", at=at, by=by, id=one, sha256=(await self.find(one)).digest)

    async def arrange(self, *, at: datetime = START, **other: Any) -> UUID:
        """Let one be asked for and agreed to."""
        one, said = await self.ask(at=at, **other)
        assert said == "done"
        assert await self.agree(one, at=at) == "done"
        return one

    async def find(self, one: UUID) -> Audit:
        """How one stands."""
        async with platform_as(self.server, "portal") as portal:
            [found] = await list_audits(portal, self.authority, one)
        return found

    async def freeze(
        self, one: UUID, source: str, *, at: datetime, wanted: int = 3, by: UUID | None = None
    ) -> tuple[UUID, str]:
        """Freeze a population as the auditor; return it, and what was said."""
        population = uuid4()
        said = await self.say(
            "portal", "freeze_audit_population", at=at, by=by or self.auditor, population=population, id=one,
            source=source, wanted=wanted,
        )  # fmt: skip
        return population, said

    async def draw(self, population: UUID, *, at: datetime) -> str:
        """Draw its sample."""
        return await self.say("portal", "draw_audit_sample", at=at, by=self.auditor, population=population)

    async def look_at(self, one: UUID, population: UUID) -> tuple[Population, list[Drawn]]:
        """What a population and its sample are."""
        async with platform_as(self.server, "portal") as portal:
            audits = await list_audits(portal, self.authority, one)
            [found] = [each for each in await list_populations(portal, self.authority, audits) if each.id == population]
            return found, (await list_drawn(portal, self.authority, [found]))[population]

    async def principal(self, at: datetime, account: UUID | None = None) -> Principal:
        """The auditor as a process knows him at a time."""
        who = account or self.auditor
        session = Session(
            id=uuid4(), account_id=who, display_name="Rut Revisor", kind="user", realm="authority", language="sv",
            created_at=at, expires_at=at + DAY,
        )  # fmt: skip
        async with platform_as(self.server, "portal") as portal:
            return Principal(session, await read_grants(portal, who, at))


async def new_parties(server: Server, authority: UUID) -> Parties:
    """Make the people of an authority's audits."""
    sides = await new_sides(server, authority)
    auditor = await make_account(server, "Rut Revisor", now=START - DAY)
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(GRANTED, (auditor, authority, START - DAY, START + 300 * DAY))
    return Parties(server, authority, sides.officer, auditor, sides.administrator)
