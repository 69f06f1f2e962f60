# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Looking through real logs by the rules: what is found is an alert, an entry and a case, once; and a stop is red."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    authority,
    by_hand,
    own_server,
    place,
    server,
    status_of,
)
from tests.conftest import START
from tests.platform import platform_as
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Status
from vaka.cases.reading import list_cases, list_entries
from vaka.cases.rounds import escalate
from vaka.database.connections import transaction
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.operations.detection.rounds import DETECTION_SECONDS, MORE, QUERIES, Detection
from vaka.operations.detection.rules import list_events, load_rules
from vaka.settings import CasesSettings
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MINUTE = timedelta(minutes=1)
MET, STOPPED = (Status.MET, "none"), (Status.FAILING, "stopped")


class Now:
    """A clock that says what a test sets it to."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@pytest.fixture
def clock() -> Now:
    return Now()


@pytest.fixture(autouse=True)
def empty(server: Server, authority: Authority) -> None:  # noqa: F811
    """Nothing in the authority's log: its database is the module's."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, authority.database_name), autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute("delete from ledger.inbox")


@pytest.fixture
def detection(place: Place, clock: Now) -> Detection:  # noqa: F811
    """The scheduler's, over the platform's log and one authority's. Nothing beats here."""
    rules = [rule for rule in load_rules() if not rule.less_than]
    return Detection(place.platform, place.gateway, clock, CasesSettings(), rules)


@pytest.fixture
def alerts(server: Server) -> Iterator[Callable[[], list[dict[str, Any]]]]:  # noqa: F811
    """Reads what was raised."""
    with closing(
        psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True, row_factory=dict_row)
    ) as reader:
        yield lambda: reader.execute("select * from vaka.detection_alert order by raised_at, id").fetchall()


async def tell(place: Place, event: Event, times: int = 1, *, at: datetime = START, where: UUID | None = None,  # noqa: F811
               who: str = "account:1", thing: str = "log:own", **detail: Any) -> None:  # fmt: skip
    """Write entries as the scheduler's connection can, all at a moment."""
    entry = Entry(event, who, at, thing, succeeded=event is not Event.SIGN_IN_REFUSED, detail=detail)
    async with transaction(place.platform) if where is None else place.gateway.transaction(where) as connection:
        for _ in range(times):
            await append(connection, entry)


async def test_what_is_found_is_an_alert_an_entry_and_a_case_once(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
    detection: Detection,
    clock: Now,
    alerts: Callable[[], list[dict[str, Any]]],
) -> None:
    """However often it is looked, also after a start; again of the same after an hour, and of another at once."""
    await tell(place, Event.LOG_EXPORTED, 4, where=authority.id)
    clock.at += MINUTE
    assert await detection.look() == 0
    await tell(place, Event.LOG_EXPORTED, 1, where=authority.id, at=clock.at)
    clock.at += MINUTE
    assert await detection.look() == 1
    [alert] = alerts()
    assert (alert["rule"], alert["level"], alert["authority_id"], alert["about"], alert["things"]) == (
        "exported-in-mass", "high", authority.id, "account:1", 5,
    )  # fmt: skip
    assert (alert["since"], alert["until"], alert["raised_at"]) == (START, START + MINUTE, clock.at)
    again = Detection(place.platform, place.gateway, clock, CasesSettings())
    for one in (detection, again):
        clock.at += MINUTE
        assert await one.look() == 0
    await tell(place, Event.LOG_EXPORTED, 5, where=authority.id, at=clock.at, who="account:2")
    clock.at += MINUTE
    assert await detection.look() == 1
    clock.at += 61 * MINUTE
    await tell(place, Event.LOG_EXPORTED, 5, where=authority.id, at=clock.at)
    assert await detection.look() == 1
    assert [one["about"] for one in alerts()] == ["account:1", "account:2", "account:1"]
    async with platform_as(server, "office") as office:
        case = next(one for one in await list_cases(office) if one.id == alert["case_id"])
        [entry] = await list_entries(office, case.id, None)
        told = [one.object for one in await read(server, "detection.alerted")]
    assert (case.severity, case.state, case.kind, case.known_at) == ("high", "open", "incident", alert["raised_at"])
    assert (entry.side, entry.tlp, entry.made_by) == ("product", "AMBER+STRICT", None)
    assert "exported-in-mass" in entry.text
    assert f"case:{case.id}" in told
    # Nobody acknowledges it: it goes on, as every case does.
    async with platform_as(server, "scheduler") as scheduler:
        passed, failed = await escalate(scheduler, alert["raised_at"] + 15 * MINUTE)
    assert (passed >= 1, failed) == (True, 0)


@pytest.mark.turns_red("incident-clocks")
async def test_an_alert_that_nobody_acknowledges_is_red_for_the_authority_in_whose_log_it_is(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
    detection: Detection,
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    """Not for another, whom it does not concern; one in the platform's log is everybody's."""
    other, name, late = uuid4(), "incident-clocks", START + 61 * MINUTE
    by_hand(
        "insert into authority (id, slug, name, kind, database_name, address, created_at) values (%(id)s, 'annan',"
        " 'Annan', 'authority', 'vaka_annan', %(address)s, now())",
        id=other, address=b"1" * 32,
    )  # fmt: skip
    theirs = replace(place, authorities=[other])
    await tell(place, Event.LOG_EXPORTED, 5, where=authority.id)
    assert await detection.look() == 1
    assert await status_of(name, place, server, START) == MET
    assert await status_of(name, place, server, late) == (Status.FAILING, "unanswered")
    assert await status_of(name, theirs, server, late) == MET
    await tell(place, Event.ROLE_UNAUTHORISED, thing="account:1")
    assert await detection.look() == 1
    assert await status_of(name, theirs, server, late) == (Status.FAILING, "unanswered")


async def read(server: Server, event: str) -> list[Any]:  # noqa: F811
    """The entries of an event in the platform's log."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as reader:
        rows = reader.execute("select object, detail, actor from ledger.inbox where event = %s", (event,)).fetchall()
    return [type("Told", (), {"object": thing, "detail": detail, "actor": actor}) for thing, detail, actor in rows]


async def test_an_alert_names_nobody(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
    detection: Detection,
    clock: Now,
) -> None:
    """The entry says which rule, how grave, how many and whose log; what else stood in what was found is not in it."""
    await tell(
        place, Event.ALARM_READ, 3, where=authority.id, thing=f"alarm:{uuid4()}", step_up="ab" * 32, person="Gun Prov"
    )
    assert await detection.look() == 1
    [told] = await read(server, "detection.alerted")
    assert told.detail == {"rule": "protected-in-bulk", "level": "high", "count": 3, "authority": str(authority.id)}
    assert told.actor == "scheduler"


async def test_many_at_once_are_ten_of_a_rule_within_the_hour_and_one_that_counts_the_rest(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
    detection: Detection,
    clock: Now,
    alerts: Callable[[], list[dict[str, Any]]],
) -> None:
    """A flood is told of, and neither fills the office with cases nor hides what came after."""
    for one in range(30):
        await tell(place, Event.LOG_EXPORTED, 5, where=authority.id, who=f"account:{one}")
    assert await detection.look() == 11
    assert await detection.look() == 0
    raised = alerts()
    assert len(raised) == 11
    [more] = [one for one in raised if one["about"] == MORE]
    assert (more["rule"], more["authority_id"], more["things"]) == ("exported-in-mass", authority.id, 20)
    async with platform_as(server, "office") as office:
        [entry] = await list_entries(office, more["case_id"], None)
    assert "at least 20 more" in entry.text


async def test_what_a_critical_rule_finds_is_told_of_however_much_it_is(
    place: Place,  # noqa: F811
    detection: Detection,
    clock: Now,
    alerts: Callable[[], list[dict[str, Any]]],
) -> None:
    """Also the eleventh right within the hour that nobody approved, after ten that were to draw the eyes away."""
    for one in range(10):
        await tell(place, Event.ROLE_UNAUTHORISED, thing=f"account:{one}")
    assert await detection.look() == 10
    clock.at += MINUTE
    await tell(place, Event.ROLE_UNAUTHORISED, at=clock.at, thing="account:10")
    assert await detection.look() == 1
    assert {one["about"] for one in alerts()} == {f"account:{one}" for one in range(11)}


async def test_what_happened_while_nobody_looked_is_found_at_the_next_look(
    place: Place,  # noqa: F811
    detection: Detection,
    clock: Now,
    alerts: Callable[[], list[dict[str, Any]]],
) -> None:
    """Also when there is more of it than can be read at once, and of one moment."""
    assert await detection.look() == 0
    await tell(place, Event.SIGN_IN_REFUSED, 25, at=START + MINUTE, source="192.0.2.0/24", count=1)
    await tell(place, Event.ROLE_UNAUTHORISED, at=START + 20 * MINUTE, thing="account:1")
    clock.at += 60 * MINUTE
    rules = [rule for rule in load_rules() if not rule.less_than]
    small = Detection(place.platform, place.gateway, clock, CasesSettings(), rules, most=10)
    looks = [await small.look() for _ in range(5)]
    assert (looks[0], sum(looks)) == (1, 2)
    assert {one["rule"] for one in alerts()} == {"sign-in-guessed", "privilege-unapproved"}


async def test_a_log_without_heartbeats_is_told_of_once_it_was_watched_for_as_long(
    place: Place,  # noqa: F811
    authority: Authority,  # noqa: F811
    clock: Now,
    by_hand: Callable[..., None],  # noqa: F811
    alerts: Callable[[], list[dict[str, Any]]],
) -> None:
    """Not at a start, when nothing was to beat before; and of the log that is silent alone."""
    rules = [rule for rule in load_rules() if rule.less_than]
    detection = Detection(place.platform, place.gateway, clock, CasesSettings(), rules)
    for _ in range(5):
        assert await detection.look() == 0
        clock.at += MINUTE
    by_hand(
        "insert into ledger.inbox (happened_at, event, actor, object, written_by, detail)"
        " values (%(at)s, 'ledger.heartbeat', 'sequencer', 'log:vaka', 'vaka_sequencer', %(said)s)",
        at=clock.at - MINUTE, said=Jsonb({"size": 1}),
    )  # fmt: skip
    assert await detection.look() == 1
    [alert] = alerts()
    assert (alert["rule"], alert["authority_id"], alert["things"]) == ("log-gap", authority.id, 0)


@pytest.mark.turns_red("detection")
async def test_term_34_4_detection_that_stopped_is_red_within_two_rounds(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
    detection: Detection,
    clock: Now,
) -> None:
    """Red where it never ran, met while it does, and red a moment after two of its rounds did not come."""
    assert await status_of("detection", place, server) == STOPPED
    assert await detection.look() == 0
    two = timedelta(seconds=2 * DETECTION_SECONDS)
    assert await status_of("detection", place, server, START + two) == MET
    assert await status_of("detection", place, server, START + two + timedelta(seconds=1)) == STOPPED
    clock.at += 3 * MINUTE
    assert await detection.look() == 0
    assert await status_of("detection", place, server, clock.at) == MET


@pytest.mark.turns_red("detection")
async def test_a_log_that_cannot_be_looked_through_is_red_and_holds_up_no_other(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
    detection: Detection,
    clock: Now,
    alerts: Callable[[], list[dict[str, Any]]],
) -> None:
    """An authority's function is taken away: its log is not looked through, the platform's is."""
    assert await detection.look() == 0
    clock.at += 3 * MINUTE
    await tell(place, Event.ROLE_UNAUTHORISED, at=clock.at, thing="account:1")
    with taken_away(server, authority):
        assert await detection.look() == 1
        assert await status_of("detection", place, server, clock.at) == STOPPED
    assert [one["rule"] for one in alerts()] == ["privilege-unapproved"]
    assert await detection.look() == 0
    assert await status_of("detection", place, server, clock.at + MINUTE) == MET


async def test_where_nothing_says_how_far_it_was_looked_no_log_is_looked_through(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    detection: Detection,
) -> None:
    """It goes on where it can be read again, and finds what there was."""
    assert await detection.look() == 0
    await tell(place, Event.ROLE_UNAUTHORISED, thing="account:1")
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        superuser.execute("revoke execute on function vaka.list_detection from g_scheduler")
        try:
            assert await detection.look() == 0
        finally:
            superuser.execute("grant execute on function vaka.list_detection to g_scheduler")
    assert await detection.look() == 1


@contextmanager
def taken_away(server: Server, authority: Authority) -> Iterator[None]:  # noqa: F811
    """Nobody may read what is watched in an authority's log."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, authority.database_name), autocommit=True)) as superuser:
        superuser.execute("revoke execute on function ledger.list_watched from g_scheduler")
        try:
            yield
        finally:
            superuser.execute("grant execute on function ledger.list_watched to g_scheduler")


async def test_what_is_handed_out_of_a_log_is_what_rules_name(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
) -> None:
    """Each database's own list is that of its rules; what is not on it is not handed out, whoever asks for it."""
    for database, kind in ((PLATFORM_DATABASE, "platform"), (authority.database_name, "authority")):
        with closing(psycopg.connect(server.conninfo(SUPERUSER, database), autocommit=True)) as superuser:
            [listed] = superuser.execute("select ledger.watched_events()").fetchone() or ()
        assert listed == list_events(rule for rule in load_rules() if kind in rule.logs)
    await tell(place, Event.LOG_EXPORTED, where=authority.id)
    await tell(place, Event.ALARM_ESCALATED, where=authority.id)
    asked = {"events": ["log.exported", "alarm.escalated"], "since": START - MINUTE, "until": START, "most": 9}
    async with place.gateway.transaction(authority.id) as connection:
        rows = await (await connection.execute(QUERIES["list_watched"], asked)).fetchall()
    assert [row[1] for row in rows] == ["log.exported"]


HAND = (
    "update vaka.detection_alert set level = 'low'",
    "delete from vaka.detection_alert",
    "truncate vaka.detection_alert",
    "insert into vaka.detection_alert select gen_random_uuid(), rule, level, authority_id, 'x', things, since,"
    " until, raised_at, case_id from vaka.detection_alert",
)


async def test_an_alert_stays_as_it_was_written(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    detection: Detection,
) -> None:
    """Whatever the superuser, or whoever becomes the owner, tries by a statement."""
    await tell(place, Event.ROLE_UNAUTHORISED, thing="account:1")
    assert await detection.look() == 1
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        for role in ("none", "vaka_owner"):
            superuser.execute(f"set role {role}".encode())
            for statement in HAND:
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="raised by the scheduler alone"):
                    superuser.execute(statement.encode())
