# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What term 29's collectors find: met where all is well, and red by each fault planted, and where nobody looks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.assurance.test_collectors import REQUIREMENTS, TERM_OF, judged, status_of
from tests.conftest import START
from tests.operations.vulnerabilities.data import bill, debian, filler, osv, python, tracker, zipped
from tests.operations.vulnerabilities.house import House
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.collectors import VULNERABILITY_COLLECTORS
from vaka.assurance.looking import look
from vaka.assurance.wording import explain
from vaka.database.server import Server
from vaka.operations.vulnerabilities.bill import list_running

pytestmark = [pytest.mark.anyio, pytest.mark.database]

DATA, NOTICES, DEADLINES = "advisory-data", "vulnerability-notices", "vulnerability-deadlines"
MET = (Status.MET, "none")
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def failing(reason: str) -> tuple[Status, str]:
    return Status.FAILING, reason


def said(name: str, reason: str) -> None:
    """It is said in both languages."""
    found = explain(TERM_OF[name], Judgement(Status.FAILING, START, reason, name, 4711))
    assert found.sv != found.en
    assert reason not in found.sv


@pytest.mark.turns_red(DATA)
async def test_term_29_3_data_that_are_missing_or_older_than_a_day_turn_it_red(
    place: Place, server: Server, house: House
) -> None:
    """Never taken in, a day old to the second, and a second more; and what only one source says of is that source's."""
    house.runs = [python(), debian()]
    await house.compare()
    assert await status_of(DATA, place, server, house.one.now) == (Status.UNTESTED, "missing")
    await house.publish(osv("VAKA-2026-8", "ingens"))
    await house.compare()
    assert await status_of(DATA, place, server, house.one.now) == (Status.UNTESTED, "missing"), "nothing of Debian's"
    await house.take(tracker(bookworm={"status": "resolved", "fixed_version": "0"}))
    await house.compare()
    taken = house.one.now
    assert await status_of(DATA, place, server, taken) == MET
    house.pass_time(hours=23)
    await house.compare()
    assert await status_of(DATA, place, server, taken + DAY) == MET
    assert await status_of(DATA, place, server, taken + DAY + SECOND) == failing("stale")
    for reason in ("stale", "uncompared", "unassessed"):
        said(DATA, reason)


@pytest.mark.turns_red(DATA)
async def test_term_29_3_one_fresh_source_does_not_make_another_fresh(
    place: Place, server: Server, house: House
) -> None:
    """Of Debian both the tracker and OSV's say something, and each grows old by itself."""
    house.runs = [debian()]
    fresh = tracker(bookworm={"status": "resolved", "fixed_version": "0"})
    await house.take(zipped(*filler(ecosystem="Debian:12")))
    await house.take(fresh)
    taken = house.one.now
    house.pass_time(hours=25)
    await house.take(fresh)
    await house.compare()
    assert await status_of(DATA, place, server, house.one.now) == failing("stale")
    assert house.one.now > taken + DAY
    await house.take(zipped(*filler(ecosystem="Debian:12")))
    await house.compare()
    assert await status_of(DATA, place, server, house.one.now) == MET


@pytest.mark.turns_red(DATA)
@pytest.mark.parametrize(
    "component",
    [
        {"type": "library", "name": "utan", "version": "1"},
        {"type": "library", "name": "x", "version": "1", "purl": "pkg:npm/x@1"},
        {"type": "library", "name": "x", "version": "ett", "purl": "pkg:pypi/x@ett"},
        {"type": "library", "name": "x", "version": "1", "purl": "pkg:deb/debian/x@1?distro=debian-12"},
        {"type": "library", "name": "x", "version": "1", "purl": "pkg:deb/ubuntu/x@1?distro=ubuntu-24.04&upstream=x@1"},
    ],
    ids=["unnamed", "ecosystem", "version", "source", "vendor"],
)
async def test_term_29_3_component_that_cannot_be_assessed_turns_it_red_and_is_listed(
    component: dict[str, str], house: House, place: Place, server: Server
) -> None:
    """Within another component, too; of one authority alone, it is red for that one."""
    await house.publish(osv("VAKA-2026-8", "ingens"))
    if component["name"] == "utan":  # once is enough: the rest differ in what is read, which takes no database
        house.runs = [python()]
        await house.compare()
        assert await status_of(DATA, place, server, house.one.now) == MET
        house.runs = [python(), {**python("yttre"), "components": [component]}]
        await house.compare()
        assert await status_of(DATA, place, server, house.one.now) == failing("unassessed")
        house.runs, house.only = [python()], {house.other.authority.slug: [component]}
        await house.compare()
        assert await status_of(DATA, place, server, house.one.now) == MET
        other = replace(place, authorities=[house.other.authority.id])
        assert await status_of(DATA, other, server, house.one.now) == failing("unassessed")
    found = [one for one in list_running(bill(python(), component)) if one.unassessed]
    assert [one.name for one in found] == [component["name"]]


@pytest.mark.turns_red(DATA)
async def test_term_29_3_what_was_not_compared_since_it_was_taken_in_turns_it_red(
    place: Place, server: Server, house: House
) -> None:
    """There is a quarter of an hour for it."""
    house.runs = [python()]
    await house.publish(osv("VAKA-2026-8", "ingens"))
    assert await status_of(DATA, place, server, house.one.now) == failing("uncompared")
    await house.compare()
    assert await status_of(DATA, place, server, house.one.now) == MET
    house.pass_time(minutes=1)
    await house.publish(osv("VAKA-2026-8", "ingens"))
    assert await status_of(DATA, place, server, house.later(minutes=15)) == MET
    assert await status_of(DATA, place, server, house.later(minutes=16)) == failing("uncompared")


@pytest.mark.turns_red(NOTICES)
async def test_term_29_6_who_was_not_told_or_has_not_seen_it_turns_it_red(
    place: Place, server: Server, house: House, by_hand: Callable[..., None]
) -> None:
    """Nobody told in time; told, and no receipt in time; met with one. The other's receipt is not one's own."""
    house.runs = [python()]
    await house.publish(osv())
    assert await status_of(NOTICES, place, server, house.one.now) == MET
    await house.compare()
    [found] = await house.found()
    assert await status_of(NOTICES, place, server, house.later(minutes=30)) == MET
    await house.see(found.case_id, house.other)
    assert await status_of(NOTICES, place, server, house.later(minutes=31)) == failing("unseen")
    await house.see(found.case_id, house.one)
    assert await status_of(NOTICES, place, server, house.later(minutes=31)) == MET
    by_hand("delete from vulnerability_told where authority_id = %(one)s", one=house.one.authority.id)
    assert await status_of(NOTICES, place, server, house.later(minutes=240)) == MET
    assert await status_of(NOTICES, place, server, house.later(minutes=241)) == failing("untold")
    for reason in ("untold", "unseen"):
        said(NOTICES, reason)


@pytest.mark.turns_red(DEADLINES)
async def test_what_is_open_for_longer_than_agreed_turns_it_red(place: Place, server: Server, house: House) -> None:
    """Severe: 72 hours. Met again when what runs has it no more; of one authority's own, red for that one."""
    house.only = {house.other.authority.slug: [python()]}
    await house.publish(osv())
    await house.compare()
    other = replace(place, authorities=[house.other.authority.id])
    late = house.later(hours=73)
    assert await status_of(DEADLINES, other, server, house.later(hours=72)) == MET
    assert await status_of(DEADLINES, other, server, late) == failing("late")
    assert await status_of(DEADLINES, place, server, late) == MET
    house.only = {house.other.authority.slug: [python(version="2.0")]}
    house.pass_time(hours=74)
    await house.compare()
    assert await status_of(DEADLINES, other, server, house.one.now) == MET
    said(DEADLINES, "late")


@pytest.mark.turns_red(*VULNERABILITY_COLLECTORS, stopped=True)
async def test_what_nobody_looks_at_any_more_is_not_tested(place: Place, server: Server, house: House) -> None:
    """A collector that is stopped turns it red when its evidence is too old, and a second more."""
    house.runs = [python()]
    await house.publish(osv("VAKA-2026-8", "ingens"))
    await house.compare()
    now: datetime = house.one.now
    for name, collector in VULNERABILITY_COLLECTORS.items():
        within = REQUIREMENTS[name].looked_within
        await look(REQUIREMENTS[name], collector, place, now)
        assert await judged(name, place, server, now + within) == MET, name
        assert await judged(name, place, server, now + within + SECOND) == (Status.UNTESTED, "collector_down"), name
