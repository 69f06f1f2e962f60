# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is due is told where somebody wants it told, once in each stage; and each week how things stand."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    account,
    authority,
    by_hand,
    own_server,
    place,
    server,
)
from tests.assurance.test_register_collectors import Shelf
from tests.conftest import START
from tests.notices.desk import OFFICE, PORTAL, ROOMS, SENDER
from tests.platform import platform_as
from vaka.assurance import reminding
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Contract, Standing, Status
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.digest import Week, write_digest
from vaka.assurance.evidence import read_standings
from vaka.assurance.looking import look
from vaka.assurance.reminding import Reminding, digest_day
from vaka.assurance.tasks import Task, list_term_tasks
from vaka.assurance.terms import find_requirements, load_terms
from vaka.clock import LOCAL, TurnedClock
from vaka.database.connections import Connection, make_pool
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.errors import Sentence
from vaka.notices.mail import write_mail
from vaka.notices.outbox import Due, take_due
from vaka.notices.webhook import write_body
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DAY = timedelta(days=1)
MORNING = datetime(2026, 3, 16, 7, 0, tzinfo=LOCAL)
"""A Monday."""


class Scene:
    """A supplier and one authority who are both told by mail, and the round that tells them."""

    def __init__(self, server: Server, place: Place, authority: Authority, by_hand: Callable[..., None]) -> None:  # noqa: F811
        self.server, self.authority, self.by_hand, self.place = server, authority, by_hand, place
        self.reception, self.who = uuid4(), account(by_hand, kind="administrator")
        by_hand(
            "insert into authority (id, slug, name, kind, database_name, address, created_at) values"
            " (%(id)s, 'mottagning', 'Mottagning', 'intake', 'vaka_t_none', %(address)s, %(at)s)",
            id=self.reception, address=bytes(32), at=START,
        )  # fmt: skip
        self.clock = TurnedClock(MORNING - DAY)
        self.reminding = Reminding(place.platform, place.gateway, self.clock)

    def tell(self, whom: UUID, address: str = "sakerhet@kommunen.example") -> None:
        """Let somebody be told by mail."""
        self.by_hand(
            "insert into notice_way (id, authority_id, way, address, server, set_by, since) values"
            " (%(id)s, %(whom)s, 'mail', %(address)s, 'mx.example:25', %(who)s, %(at)s)",
            id=uuid4(), whom=whom, address=address, who=self.who, at=START,
        )  # fmt: skip

    async def round(self, at: datetime) -> int:
        """Make a round at a moment."""
        self.clock.turn((at - self.clock.now()).total_seconds())
        return await self.reminding.look_around()

    async def sent(self) -> list[Due]:
        """Take what is due to be sent, as the notifier does."""
        async with platform_as(self.server, "notifier") as notifier:
            return await take_due(notifier, self.clock.now() + DAY, 100)

    def log(self) -> list[dict[str, Any]]:
        """Return what the log says of it."""
        with closing(
            psycopg.connect(self.server.conninfo(SUPERUSER, PLATFORM_DATABASE), row_factory=dict_row)
        ) as onlooker:
            return onlooker.execute(
                "select event, actor, object, detail from ledger.inbox where event in ('reminder.told', 'digest.told')"
                " order by id"
            ).fetchall()


@pytest.fixture
def scene(server: Server, place: Place, authority: Authority, by_hand: Callable[..., None]) -> Scene:  # noqa: F811
    return Scene(server, place, authority, by_hand)


def task(due: date | None) -> Task:
    return Task("client", "client:x", "authority", MORNING, due, Sentence("a", "a"), Sentence("b", "b"), "programs")


def test_a_stage_is_by_the_days_on_the_wall() -> None:
    due = date(2026, 4, 15)
    stages = {left: task(due).stage(datetime(2026, 4, 15, 12, tzinfo=LOCAL) - left * DAY)
              for left in (31, 30, 8, 7, 1, 0, -1, -6, -7, -13, -14)}  # fmt: skip
    assert stages == {
        31: None, 30: "before-30", 8: "before-30", 7: "before-7", 1: "before-7", 0: "today", -1: "today",
        -6: "today", -7: "late-1", -13: "late-1", -14: "late-2",
    }  # fmt: skip
    assert task(None).stage(MORNING) is None
    # Half past eleven at night in UTC is the next day here; and the night when clocks change has its own length.
    assert task(date(2026, 3, 29)).is_late(datetime(2026, 3, 29, 21, 59, tzinfo=UTC)) is False
    assert task(date(2026, 3, 29)).is_late(datetime(2026, 3, 29, 22, 0, tzinfo=UTC)) is True
    assert task(date(2026, 3, 28)).is_late(datetime(2026, 3, 28, 23, 0, tzinfo=UTC)) is True


def test_a_digest_comes_at_seven_on_its_day_summer_and_winter() -> None:
    for monday in (date(2026, 3, 23), date(2026, 3, 30), date(2026, 10, 19), date(2026, 10, 26)):
        seven = datetime(monday.year, monday.month, monday.day, 7, tzinfo=LOCAL)
        assert digest_day(1, seven) == monday
        assert digest_day(1, seven - timedelta(seconds=1)) is None
        assert digest_day(1, seven + DAY - timedelta(seconds=1)) == monday
        assert digest_day(1, seven + DAY) is None, "what nobody could tell for a day waits for the next week"
        assert (digest_day(2, seven), digest_day(0, seven)) == (None, None)
    assert datetime(2026, 3, 30, 7, tzinfo=LOCAL).astimezone(UTC).hour == 5
    assert datetime(2026, 10, 26, 7, tzinfo=LOCAL).astimezone(UTC).hour == 6


async def test_each_stage_is_told_once_and_late_ones_weekly(scene: Scene) -> None:
    scene.tell(scene.reception, "drift@leverantor.example")
    due = MORNING.date() + 40 * DAY
    entry = Shelf(scene.by_hand, scene.who).put("findings", "open", due=due.isoformat(), what="Namn Namnsson")
    told: list[tuple[int, str]] = []
    for left in (40, 31, 30, 29, 8, 7, 6, 0, -1, -6, -7, -8, -14):
        at = datetime(due.year, due.month, due.day, 9, tzinfo=LOCAL) - left * DAY
        await scene.round(at)
        await scene.round(at + timedelta(minutes=1))
        new = [one for one in scene.log() if one["event"] == "reminder.told"][len(told) :]
        told += [(left, one["detail"]["stage"]) for one in new]
    assert told == [(30, "before-30"), (7, "before-7"), (0, "today"), (-7, "late-1"), (-14, "late-2")]
    first = next(one for one in scene.log() if one["event"] == "reminder.told")
    assert (first["actor"], first["detail"]["about"]) == ("scheduler", f"register_entry:{entry}")
    reminders = [one for one in await scene.sent() if one.kind == "reminder"]
    assert {one.address for one in reminders} == {"drift@leverantor.example"}
    mail = write_mail(reminders[0], SENDER, ROOMS).as_string()
    assert f"{OFFICE}/registers/findings/entry/{entry}" in write_mail(reminders[0], SENDER, ROOMS).get_content()
    assert "Namnsson" not in mail + write_body(reminders[0], ROOMS).decode(), "no field of the register leaves"


async def test_nobody_is_told_who_has_not_said_where_and_nobody_by_night(scene: Scene) -> None:
    Shelf(scene.by_hand, scene.who).put("findings", "open", due=MORNING.date().isoformat())
    assert await scene.round(MORNING - timedelta(seconds=2)) == 0
    scene.tell(scene.reception)
    assert await scene.round(MORNING - timedelta(seconds=1)) == 0
    assert await scene.round(MORNING) == 2, "a reminder and a digest"
    assert {one.slug for one in await scene.sent()} == {"mottagning"}, "the authority has said nothing"


async def test_without_a_place_to_tell_nothing_is_told(scene: Scene) -> None:
    Shelf(scene.by_hand, scene.who).put("findings", "open", due=MORNING.date().isoformat())
    assert (await scene.round(MORNING), scene.log()) == (0, [])


async def test_what_waits_for_an_authority_is_told_to_it_alone(scene: Scene) -> None:
    """A request for a role is reminded of a week before it lapses; not what the supplier has to do."""
    scene.tell(scene.authority.id)
    Shelf(scene.by_hand, scene.who).put("findings", "open", due=MORNING.date().isoformat())
    request = uuid4()
    scene.by_hand(
        "insert into role_request (id, kind, account_id, human, role, authority_id, valid_from, digest, reason,"
        " requested_by, answer_by, state, entry) values (%(id)s, 'approval', %(who)s, %(id)s, 'operator', %(where)s,"
        " %(at)s,"
        " %(digest)s, 'x', 'setup', %(until)s, 'waiting', 1)",
        id=request, who=scene.who, where=scene.authority.id, at=MORNING, digest=bytes(32), until=MORNING + 30 * DAY,
    )  # fmt: skip
    await scene.round(MORNING)
    assert [one["event"] for one in scene.log()] == ["digest.told"]
    await scene.round(MORNING + 23 * DAY)
    [told] = [one for one in scene.log() if one["event"] == "reminder.told"]
    assert told["detail"]["about"] == f"role_request:{request}"
    [reminder] = [one for one in await scene.sent() if one.kind == "reminder"]
    assert ROOMS.link(reminder) == f"{PORTAL}/log/provkommun/access"
    assert str(scene.who) not in write_mail(reminder, SENDER, ROOMS).as_string()


async def test_the_week_is_told_once_also_when_nothing_is_new(scene: Scene) -> None:
    scene.tell(scene.authority.id)
    assert [await scene.round(MORNING), await scene.round(MORNING + timedelta(hours=3))] == [1, 0]
    assert await scene.round(MORNING + DAY) == 0
    assert await scene.round(MORNING + 7 * DAY) == 1
    first, second = sorted((one for one in await scene.sent()), key=lambda one: one.entry)
    assert first.said is not None
    assert second.said is not None
    assert first.said["facts"]["nothing_new"] is False
    assert second.said["facts"]["nothing_new"] is True
    text = write_mail(second, SENDER, ROOMS).get_content()
    assert "Inget nytt sedan förra veckan." in text
    assert "Nothing new since last week." in text
    assert f"{PORTAL}/log/provkommun/tasks" in text
    assert f"Röda villkor, {len(second.said['facts']['red'])} av 37" in text


async def test_terms_are_judged_only_where_a_digest_is_due(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each minute a round is made, and once a week it asks how every term of every authority stands."""
    asked: list[UUID] = []

    async def heard(connection: Connection, authority_id: UUID) -> dict[str, Standing]:
        asked.append(authority_id)
        return await read_standings(connection, authority_id)

    monkeypatch.setattr(reminding, "read_standings", heard)
    scene.tell(scene.authority.id)
    scene.tell(scene.reception)
    assert await scene.round(MORNING) == 2
    assert asked == [scene.authority.id] * 2
    for later in (timedelta(minutes=1), DAY):
        assert await scene.round(MORNING + later) == 0
    assert asked == [scene.authority.id] * 2


async def test_who_tells_the_log_of_a_reminder_that_there_is_not_tells_nobody(scene: Scene) -> None:
    scene.tell(scene.authority.id)
    async with platform_as(scene.server, "portal") as portal:
        await portal.execute(
            "select ledger.append(now(), 'digest.told', 'scheduler', %s, 'success', '{}')", (f"digest:{uuid4()}",)
        )
    assert await scene.sent() == []


def test_a_digest_says_numbers_terms_and_what_is_otherwise() -> None:
    said = write_digest(Week((3, 20), (3, 7), waiting=4, fresh=1, late=2), of_supplier=False)
    assert said["facts"] == {
        "red": [3, 20], "turned_red": [20], "mended": [7], "waiting": 4, "new": 1, "late": 2, "nothing_new": False,
    }  # fmt: skip
    assert said["sv"].splitlines()[0].startswith("Nya röda villkor: 20 ")
    assert "Försenade uppgifter: 2." in said["sv"]
    assert "Tasks that are late: 2." in said["en"]
    assert write_digest(Week((), (), 0, 0, 0), of_supplier=True)["sv"].splitlines() == [
        "Inget nytt sedan förra veckan.", "Inget villkor är rött.", "Inget väntar på er.",
    ]  # fmt: skip


async def test_term_01_3_a_task_exists_once_the_fault_was_looked_at(scene: Scene) -> None:
    """The clock passes the day of review; after one look there is the task, for whoever it is."""
    Shelf(scene.by_hand, scene.who).put("documents", "in_force", purpose="applicability", ago=DAY)
    wanted = find_requirements(load_terms())["applicability"]

    async def tasks(at: datetime) -> list[Task]:
        await look(wanted, COLLECTORS["applicability"], scene.place, at)
        async with platform_as(scene.server, "portal") as portal:
            standings = await read_standings(portal, scene.authority.id)
        found = list_term_tasks(standings, Contract(START, {}, {}), at)
        return [one for one in found if one.about == "requirement:applicability"]

    assert await tasks(START + DAY) == []
    [found] = await tasks(START + 365 * DAY)
    assert (found.term, found.turn) == (1, "supplier")
    assert Status.OUTDATED.red
    assert "inte gåtts igenom i tid" in found.why.sv


async def test_whatever_fails_is_this_rounds_alone(scene: Scene) -> None:
    """Alarms are escalated in the same process: neither a refusing table nor an absent platform ends the round."""
    scene.tell(scene.authority.id)
    scene.tell(scene.reception)
    scene.by_hand("alter table digest add constraint never check (false) not valid")
    assert await scene.round(MORNING) == 0
    assert scene.log() == []
    scene.by_hand("alter table digest drop constraint never")
    assert await scene.round(MORNING + timedelta(minutes=1)) == 2, "both are told once it works again"
    away = make_pool(scene.server, platform_role("scheduler"), PLATFORM_DATABASE, application="test", largest=1)
    assert await Reminding(away, scene.place.gateway, scene.clock).look_around() == 0
