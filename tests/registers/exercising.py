# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority's contract officer and the supplier's administrator, who exercise together, each over a process."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from tests.conftest import START
from tests.platform import make_account, platform_as
from tests.registers.house import House
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.identifiers import new_identifier
from vaka.registers.exercises import Exercise, Lesson, find_exercise, list_exercises, list_lessons
from vaka.registers.store import QUERIES

YEAR = START.year
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
FIELDS: dict[str, Any] = {
    "office": "Två operatörer",
    "portal": "Beredskapssamordnaren",
    "injects": "09.00 Övning: driften faller bort.",
}


@dataclass(frozen=True)
class Sides:
    """Both, of one authority."""

    server: Server
    authority: UUID
    officer: UUID
    administrator: UUID

    async def say(self, side: str, name: str, *, at: datetime, by: UUID | None = None, **values: Any) -> str:
        """Ask a function of the database as one of the two processes."""
        who = by or (self.officer if side == "portal" else self.administrator)
        async with platform_as(self.server, side) as connection:
            await connection.execute("set search_path = vaka")
            row = await (await connection.execute(QUERIES[name], {**values, "by": who, "now": at})).fetchone()
        assert row is not None
        return str(row[0])

    async def ask(self, *, year: int = YEAR, at: datetime = START) -> UUID:
        """Ask for an exercise."""
        identifier = new_identifier(at)
        said = await self.say(
            "portal", "ask_exercise", at=at, id=identifier, authority_id=self.authority, year=year,
            wanted="Driften faller bort", wished="På hösten",
        )  # fmt: skip
        assert said == "done"
        return identifier

    async def plan(self, one: UUID, starts: datetime, *, hours: float = 4, at: datetime = START) -> str:
        """Answer with a plan."""
        return await self.say(
            "office", "plan_exercise", at=at, id=one, starts_at=starts, ends_at=starts + hours * HOUR, **FIELDS
        )

    async def agree(self, one: UUID, *, at: datetime = START, refusal: str | None = None) -> str:
        """Agree to the plan, or ask for another."""
        digest = (await self.find(one, at)).digest
        return await self.say("portal", "decide_exercise", at=at, id=one, sha256=digest, refusal=refusal)

    async def begin(self, one: UUID, *, at: datetime) -> str:
        """Begin it."""
        return await self.say("office", "begin_exercise", at=at, id=one, sha256=(await self.find(one, at)).digest)

    async def attend(self, one: UUID, side: str, *, at: datetime, present: int = 2) -> str:
        """Say how many of one side were there."""
        return await self.say(side, "attend_exercise", at=at, id=one, present=present)

    async def hold(
        self, *, hours: float = 4, year: int = YEAR, starts: datetime = START + DAY, attended: bool = True
    ) -> UUID:  # fmt: skip
        """Let one be asked for, planned, agreed, begun at its hour, over by itself, and attended by both."""
        one = await self.ask(year=year, at=starts - DAY)
        assert await self.plan(one, starts, hours=hours, at=starts - DAY) == "done"
        assert await self.agree(one, at=starts - DAY) == "done"
        assert await self.begin(one, at=starts) == "done"
        for side in ("office", "portal") if attended else ():
            assert await self.attend(one, side, at=starts + hours * HOUR) == "done"
        return one

    async def find(self, one: UUID, at: datetime = START) -> Exercise:
        """How one stands at a time."""
        async with platform_as(self.server, "portal") as portal:
            await portal.execute("set search_path = vaka")
            found = await find_exercise(portal, self.authority, one, at)
        assert found is not None
        return found

    async def lessons(self, one: UUID) -> list[Lesson]:
        """What was learned."""
        async with platform_as(self.server, "office") as office:
            await office.execute("set search_path = vaka")
            exercises = await list_exercises(office, self.authority, START)
            return list((await list_lessons(office, self.authority, exercises)).get(one, ()))

    async def note(self, one: UUID, *, at: datetime, side: str = "portal") -> UUID:
        """Learn something; return the lesson's identifier."""
        identifier = new_identifier(at)
        said = await self.say(
            side, "note_exercise_lesson", at=at, lesson_id=identifier, id=one, lesson="Ingen visste numret"
        )
        assert said == "done"
        return identifier


async def new_sides(server: Server, authority: UUID) -> Sides:
    """Make the two people of an authority's exercises."""
    officer = await make_account(server, "Agneta Avtal", now=START - DAY)
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            "insert into vaka.role_grant (account_id, role, authority_id, granted_at)"
            " values (%s, 'contract_officer', %s, %s)", (officer, authority, START - DAY),
        )  # fmt: skip
    administrator = await House(server, lambda: START - DAY).administrator()
    return Sides(server, authority, officer, administrator.account_id)
