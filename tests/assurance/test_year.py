# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How terms stood during a year is judged for each day anew, by the looks there were then and by nothing later."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    authority,
    by_hand,
    own_server,
    place,
    server,
)
from tests.platform import platform_as
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Contract, Standing, Status
from vaka.assurance.evidence import Found, Look, enter_look, read_standings
from vaka.assurance.exclusions import Exclusion
from vaka.assurance.terms import find_requirements, load_terms
from vaka.assurance.year import TermYear, end_of_days, follow, read_standings_at
from vaka.clock import LOCAL
from vaka.database.connections import transaction
from vaka.database.server import Server
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DAY = timedelta(days=1)
BEGAN = datetime(2025, 1, 1, tzinfo=LOCAL)
ENDED = datetime(2026, 1, 1, tzinfo=LOCAL) - timedelta(microseconds=1)
NAME = "clock-state"
"""All that term 27 rests on but what no collector looks for; its evidence is five minutes old at most."""


def test_a_year_has_its_days_by_the_clock_on_the_wall() -> None:
    assert len(end_of_days(BEGAN, ENDED)) == 365
    assert len(end_of_days(datetime(2028, 1, 1, tzinfo=LOCAL), datetime(2028, 12, 31, 23, 59, 59, tzinfo=LOCAL))) == 366
    noon = datetime(2025, 3, 30, 12, tzinfo=LOCAL)
    moments = end_of_days(noon, noon + DAY)
    assert [one.isoformat() for one in moments] == ["2025-03-30T23:59:59.999999+02:00", (noon + DAY).isoformat()]
    assert end_of_days(noon, noon) == [noon]


async def looked(server: Server, at: datetime, name: str, found: list[Found], **more: object) -> None:  # noqa: F811
    async with platform_as(server, "scheduler") as scheduler:
        await enter_look(scheduler, REQUIREMENTS[name], Look(found, **more), at)  # type: ignore[arg-type]


async def standings_at(place: Place, server: Server, *moments: datetime) -> list[Standing | None]:  # noqa: F811
    async with platform_as(server, "portal") as portal:
        found = await read_standings_at(portal, place.authorities[0], moments)
    return [found[at].get(NAME) for at in moments]


async def test_each_moment_has_the_evidence_of_then_and_now_is_as_the_board_has_it(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
) -> None:
    own, minute = place.authorities[0], timedelta(minutes=1)
    noon = datetime(2025, 5, 5, 12, tzinfo=LOCAL)
    await looked(server, noon, NAME, [Found(None)])
    await looked(server, noon + minute, NAME, [Found(None)])
    await looked(server, noon + 2 * minute, NAME, [Found(None, "unsynchronised", 1)])
    await looked(server, noon + 3 * minute, NAME, [], unseen=[own])
    before, first, later, failing, last = await standings_at(
        place, server, noon - minute, noon, noon + 1.5 * minute, noon + 2 * minute, noon + DAY
    )
    assert before is None
    assert first is not None
    assert later is not None
    assert failing is not None
    assert (first.met, first.since, first.seen) == (True, noon, noon)
    assert (later.met, later.since, later.seen) == (True, noon, noon + minute)
    assert (failing.met, failing.reason, failing.count, failing.since) == (
        False, "unsynchronised", 1, noon + 2 * minute,
    )  # fmt: skip
    async with transaction(place.platform) as platform:
        assert last == (await read_standings(platform, own))[NAME]


def met(at: datetime, *, failing: bool = False) -> dict[str, Standing]:
    """Evidence of everything, looked at just then; of which one thing fails."""
    found = {name: Standing(True, "none", at, at) for name in find_requirements(load_terms())}
    return {**found, NAME: Standing(False, "unsynchronised", at, at, 1)} if failing else found


def test_days_are_counted_and_each_move_has_its_day() -> None:
    days = end_of_days(BEGAN, BEGAN + 10 * DAY - timedelta(seconds=1))
    standings = {at: met(at, failing=number in (3, 4)) for number, at in enumerate(days)}
    asked = {one.id: BEGAN + 5 * DAY for one in find_requirements(load_terms()).values() if one.asked}
    left_out = exclusion(term=19, approved=BEGAN + 2 * DAY, until=BEGAN + 8 * DAY, ended=BEGAN + 6 * DAY)
    never = exclusion(term=18, approved=BEGAN + 2 * DAY, until=BEGAN + 8 * DAY)
    followed = follow(standings, Contract(BEGAN, asked, {}), [left_out, never])
    by_number: dict[int, TermYear] = {one.term.number: one for one in followed}
    assert len(followed) == 37
    assert all(sum(one.days.values()) == 10 for one in followed)
    assert by_number[27].days == {Status.MET: 8, Status.FAILING: 2}
    assert [(one.day.day, one.before, one.after) for one in by_number[27].moves] == [
        (4, Status.MET, Status.FAILING), (6, Status.FAILING, Status.MET),
    ]  # fmt: skip
    assert by_number[36].days == {Status.NOT_ASKED: 5, Status.MET: 5}
    assert by_number[19].days == {Status.MET: 6, Status.NOT_APPLICABLE: 4}
    assert by_number[18].days == {Status.MET: 10}, "what the log does not say was agreed never held"
    assert by_number[27].last.status is Status.MET


def exclusion(term: int, approved: datetime, until: datetime, ended: datetime | None = None) -> Exclusion:
    return Exclusion(
        uuid4(), uuid4(), term, "Inga hallar", uuid4(), approved, uuid4(), approved, until, uuid4() if ended else None,
        ended, "0" * 64, None,
    )  # fmt: skip


async def test_what_collectors_could_not_look_at_was_not_met_then(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
) -> None:
    """A collector that stood still for a week did so, also when it has long been mended: the days are not met."""
    monday = datetime(2025, 6, 2, 23, 59, 30, tzinfo=LOCAL)
    for day in (0, 8):
        await looked(server, monday + day * DAY, NAME, [Found(None)])
    moments = end_of_days(monday - timedelta(hours=1), monday + 8 * DAY + timedelta(seconds=10))
    async with platform_as(server, "portal") as portal:
        standings = await read_standings_at(portal, authority.id, moments)
    for found in standings.values():
        at = found[NAME].seen
        found.update({name: one for name, one in met(at).items() if name != NAME})
    term = next(one for one in follow(standings, Contract(BEGAN, {}, {}), []) if one.term.number == 27)
    assert term.days[Status.UNTESTED] == 7
    assert term.days[Status.MET] == 2
