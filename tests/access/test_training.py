# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An administrator's role rests while a mandatory course is overdue, and comes back by itself (term 5)."""

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.alarms.house import connect_superuser
from tests.behind import take_session
from tests.conftest import START
from tests.platform import entries, newest, platform_as
from tests.registers.house import House
from vaka.access.decide import may
from vaka.access.permissions import Permission
from vaka.access.principal import Principal, Training
from vaka.access.settling import settle_training
from vaka.access.training import GRACE, with_training
from vaka.commands.proof import Proof, RestingError, keep_session, prove
from vaka.database.server import PLATFORM_DATABASE, Server

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DAY = timedelta(days=1)
AHEAD = 14 * DAY
COURSE = {"title": "Informationssäkerhet", "whom": "staff", "months": "12", "summary": "Det som gäller"}
ACT = Permission.OFFICE_DECIDE_ACCOUNT


@dataclass
class School:
    """Two administrators, their courses, and a time that is set forward."""

    server: Server
    superuser: psycopg.Connection[dict[str, object]]
    now: datetime = START
    house: House = field(init=False)
    algot: Principal = field(init=False)
    berit: Principal = field(init=False)
    course: UUID = field(init=False)

    async def open(self) -> None:
        """Put the course in force."""
        self.house = House(self.server, lambda: self.now)
        self.algot, self.berit = await self.house.administrator(), await self.house.administrator()
        self.course = await self.house.put_in_force(self.algot, self.berit, "courses", COURSE)

    async def taken(self, who: Principal, by: Principal, *, edition: int = 1) -> UUID:
        """Enter that somebody has taken it today."""
        said = {"course": str(self.course), "edition": str(edition), "person": str(who.account_id),
                "taken": self.now.date().isoformat()}  # fmt: skip
        return await self.house.write(by, "completions", said)

    async def seen(self, who: Principal, now: datetime | None = None) -> Training | None:
        """What the office reads of him for each request."""
        async with platform_as(self.server, "office") as office:
            return (await with_training(office, who, now or self.now, AHEAD)).training

    async def acts(self, who: Principal) -> bool:
        """Whether he may decide about accounts now."""
        async with platform_as(self.server, "office") as office:
            return may(await with_training(office, who, self.now, AHEAD), ACT, None)

    async def settle(self) -> list[tuple[object, object]]:
        """Let the scheduler look; return what it told of these two."""
        before = newest(self.superuser)
        async with platform_as(self.server, "scheduler") as scheduler:
            await settle_training(scheduler, self.now)
        mine = {f"account:{one.account_id}" for one in (self.algot, self.berit)}
        return [(one["event"], one["object"]) for one in entries(self.superuser, before) if one["object"] in mine]

    def unguarded(self, statement: str, *values: object) -> None:
        """Change rows past every guard, as a superuser can."""
        self.superuser.execute("set session_replication_role = replica")
        self.superuser.execute(statement.encode(), values)
        self.superuser.execute("set session_replication_role = origin")


@pytest.fixture
async def school(server: Server) -> AsyncIterator[School]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as superuser:
        superuser.autocommit = True
        school = School(server, superuser)
        [began] = superuser.execute("select since from vaka.training_lock").fetchall()
        school.unguarded("update vaka.training_lock set since = %s", START - 400 * DAY)
        await school.open()
        yield school
        school.unguarded("update vaka.training_lock set since = %s", began["since"])
        school.unguarded("delete from vaka.register_version where register in ('courses', 'completions')")
        school.unguarded("delete from vaka.role_suspension")


async def test_term_05_1_overdue_beyond_grace_the_role_rests_and_comes_back_with_the_course(school: School) -> None:
    school.now = START + GRACE - DAY
    assert await school.acts(school.algot)
    school.now = START + GRACE
    assert not await school.acts(school.algot)
    [rows] = [school.superuser.execute(
        "select role from vaka.effective_grant where account_id = %s", (school.algot.account_id,)
    ).fetchall()]  # fmt: skip
    assert rows == [{"role": "administrator"}], "the grant itself stays"
    await school.taken(school.algot, by=school.algot)
    assert await school.acts(school.algot)
    assert not await school.acts(school.berit)
    school.now += 365 * DAY + GRACE
    assert not await school.acts(school.algot), "it holds for a year, and thirty days more"


async def test_with_the_role_its_commands_rest(school: School, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    school.now = START + GRACE - timedelta(minutes=5)
    token = await take_session(school.server, school.algot.account_id, school.now)
    assert token is not None
    keep_session(tmp_path, token)
    needed, root, server = Permission.OFFICE_RUN_COMMANDS, tmp_path, school.server
    mine = Proof(f"account:{school.algot.account_id}", "session")
    assert prove(root, server, school.now, needed, unattended=False) == mine
    school.now = START + GRACE
    with pytest.raises(RestingError) as refused:
        prove(root, server, school.now, needed, unattended=False)
    assert "Informationssäkerhet" in refused.value.sentence.sv
    assert prove(root, server, school.now, None, unattended=False, goes_on=True) == mine


async def test_it_is_told_before_and_not_too_early(school: School) -> None:
    await school.taken(school.algot, by=school.berit)
    due = START + 365 * DAY
    assert await school.seen(school.algot, due - AHEAD - DAY) is None
    told = await school.seen(school.algot, due - AHEAD + DAY)
    assert told is not None
    assert (told.title, told.rests) == ("Informationssäkerhet", False)
    assert due + GRACE - DAY < told.rests_from <= due + GRACE


async def test_a_new_version_asks_again_with_time_to_take_it(school: School) -> None:
    await school.taken(school.algot, by=school.berit)
    school.now = START + 100 * DAY
    await school.house.put_in_force(school.berit, school.algot, "courses", COURSE, entry=school.course, number=3)
    assert await school.acts(school.algot)
    school.now += GRACE
    assert not await school.acts(school.algot)
    await school.taken(school.algot, by=school.berit, edition=1)
    assert not await school.acts(school.algot), "the version before does not count"
    await school.taken(school.algot, by=school.berit, edition=3)
    assert await school.acts(school.algot)


async def test_the_log_tells_once_when_a_role_rests_and_when_it_is_back(school: School) -> None:
    algot, berit = (f"account:{one.account_id}" for one in (school.algot, school.berit))
    assert await school.settle() == []
    school.now = START + GRACE
    assert set(await school.settle()) == {("role.suspended", algot), ("role.suspended", berit)}
    assert await school.settle() == []
    await school.taken(school.algot, by=school.berit)
    assert await school.settle() == [("role.restored", algot)]


async def test_what_somebody_forged_neither_wakes_a_role_nor_puts_one_to_rest(school: School) -> None:
    school.now = START + GRACE
    said = {"course": str(school.course), "edition": "1", "person": str(school.algot.account_id),
            "taken": START.date().isoformat()}  # fmt: skip
    forge = (
        "insert into vaka.register_version (entry, number, register, state, fields, content, digest, made_by, made_at)"
        " select e, 1, r, s, f, 1, vaka.register_digest(e, 1, r, s, f, null, b), b, %s"
        " from (select %s::uuid as e, %s as r, %s as s, %s::jsonb as f, %s::uuid as b) x"
    )
    school.unguarded(forge, START, uuid4(), "completions", "noted", Jsonb(said), school.berit.account_id)
    assert not await school.acts(school.algot)
    school.unguarded("delete from vaka.role_suspension")
    assert not await school.acts(school.algot), "what was told of decides nothing"
    await school.taken(school.algot, by=school.berit)
    forged = Jsonb({**COURSE, "title": "Påhittad"})
    school.unguarded(forge, START - 99 * DAY, uuid4(), "courses", "in_force", forged, school.berit.account_id)
    assert await school.acts(school.algot)


async def test_nobody_is_late_for_what_was_in_force_before_this_held(school: School) -> None:
    """After an upgrade everybody has the thirty days."""
    school.unguarded("update vaka.training_lock set since = %s", START + 100 * DAY)
    school.now = START + 100 * DAY + GRACE - DAY
    assert await school.acts(school.algot)
    school.now += DAY
    assert not await school.acts(school.algot)


@pytest.mark.parametrize("component", ["setup", "office", "scheduler", "signin", None])
async def test_nobody_puts_it_off_by_a_statement(school: School, component: str | None) -> None:
    """No process, and no superuser while the guard is on."""
    later = "update vaka.training_lock set since = now() + interval '9 years'"
    if component is None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="migration"):
            school.superuser.execute(later)
        return
    async with platform_as(school.server, component) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(later)


async def test_no_course_and_nobody_elses_role_is_touched(school: School) -> None:
    school.now = START + 10 * GRACE
    operator = replace(school.algot.session, realm="operator", kind="user")
    assert await school.seen(Principal(operator, ())) is None
    school.unguarded("delete from vaka.register_version where register = 'courses'")
    assert await school.acts(school.algot)
