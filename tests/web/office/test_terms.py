# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The supplier sees the boards that the authorities see, over all of them and one by one; and what is to be done."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID

import pytest

from tests.platform import platform_as
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.office.conftest import at_its_start, enter
from tests.web.portal.conftest import enter as enter_portal
from vaka.assurance.assessment import Contract, Standing
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.evidence import Found, Look, Supervised, enter_look, list_supervised
from vaka.assurance.tasks import places_of, turn_of
from vaka.assurance.terms import find_requirements, load_terms
from vaka.clock import SystemClock, TurnedClock
from vaka.registers.declarations import load_registers
from vaka.web.office.office import Office
from vaka.web.office.work import list_work
from vaka.web.portal.portal import Portal
from vaka.web.terms_board import Board, make_tile, read_board

pytestmark = [pytest.mark.anyio, pytest.mark.database]

UUIDS = {name: UUID(int=number) for number, name in enumerate("abcd")}
REQUIREMENTS = find_requirements(load_terms())


@pytest.fixture
def clock() -> TurnedClock:
    """One second, for both processes."""
    return TurnedClock(SystemClock().now())


@pytest.fixture
def portal(portal: Portal, clock: TurnedClock) -> Portal:
    return at_its_start(portal, clock)


@pytest.fixture
async def algot(office: Office, installation: Installation, clock: TurnedClock) -> Browser:
    """An administrator, at that second."""
    return await enter(replace(office, clock=clock), installation, "adam")


async def find(installation: Installation, requirement: str, *found: Found, ago: timedelta = timedelta()) -> None:
    """Let a collector have found something."""
    async with platform_as(installation.server, "scheduler") as scheduler:
        await enter_look(scheduler, REQUIREMENTS[requirement], Look(found), datetime.now(UTC) - ago)


async def boards_of(installation: Installation, component: str, now: datetime) -> list[Board]:
    async with platform_as(installation.server, component) as connection:
        return [await read_board(connection, one, now) for one in await list_supervised(connection, now)]


def badges(page: str) -> dict[int, list[str]]:
    """What the page says of each term and of each piece of its evidence: how it stands, and since when."""
    parts = re.split(r'<li class="term" id="term-(\d+)">', page)[1:]
    return {
        int(number): [unescape(re.sub(r"<[^>]+>", "", said)) for said in re.findall(
            r'<strong class="badge.*?</strong>|<time.*?</time>|(?<=</p>)\s*<p>[^<]*</p>', text, re.DOTALL
        )]
        for number, text in zip(parts[::2], parts[1::2], strict=True)
    }  # fmt: skip


def rows(page: str) -> list[str]:
    """The work on a page, a line each."""
    table = page.partition('id="work"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in table.split("<tr>")[1:]]


async def test_the_supplier_sees_what_the_authority_sees_at_the_same_second(
    algot: Browser, portal: Portal, installation: Installation, clock: TurnedClock
) -> None:
    """The state is computed by one function, as either login; and the two pages say the same of each term."""
    ekbacka, norrvik = (installation.authorities[slug].id for slug in ("ekbacka", "norrvik"))
    await find(installation, "ended-accounts", Found(None, "active", 3))
    await find(installation, "left-open", Found(None))
    await find(installation, "emergency-grants", Found(ekbacka, "unanswered", 2), Found(norrvik))
    now = clock.now()
    seen = await boards_of(installation, "portal", now)
    assert seen == await boards_of(installation, "office", now) == await boards_of(installation, "setup", now)
    for slug, persona in (("ekbacka", "beata"), ("norrvik", "niklas")):
        there = await (await enter_portal(portal, installation, persona)).get(f"/log/{slug}/terms")
        here = await algot.get(f"/terms/{slug}")
        assert (there.status, here.status) == (200, 200)
        assert badges(here.text) == badges(there.text)
        assert badges(here.text).keys() == set(range(1, 38))
        assert any(len(said) > 2 for said in badges(here.text).values())
    assert "2 nödtilldelningar har inte godkänts i tid." in (await algot.get("/terms/ekbacka")).text
    assert "nödtilldelningar har inte" not in (await algot.get("/terms/norrvik")).text
    for nowhere in ("/terms/mottagning", "/terms/finns-inte", f"/terms/{ekbacka}"):
        assert (await algot.get(nowhere)).status == 404


async def test_the_work_says_what_why_for_whom_whose_turn_and_where(algot: Browser, installation: Installation) -> None:
    ekbacka, norrvik = (installation.authorities[slug].id for slug in ("ekbacka", "norrvik"))
    await find(installation, "emergency-grants", Found(ekbacka, "unanswered", 2), Found(norrvik))
    await find(installation, "ended-accounts", Found(None, "active", 3), ago=timedelta(minutes=2))
    await find(installation, "log-sealed", Found(ekbacka), Found(norrvik, "stands_still", 1))
    work = rows((await algot.get("/terms")).text)
    order = [next(line for line in work if said in line) for said in ("3 konton är aktiva", "2 nödtilldelningar")]
    assert [work.index(line) for line in order] == sorted(work.index(line) for line in order)
    assert all(line.startswith("Brister") for line in work[: work.index(order[1])]), "what fails comes first"
    assert "alla myndigheter Leverantören Konton" in order[0]
    assert "Ekbacka kommun Leverantören Konton" in order[1]
    assert "Norrvik" not in order[1]
    sealed = next(line for line in work if "Loggen förseglas inte." in line)
    assert "Driften av plattformen På maskinen" in sealed
    # What nobody has shown leads to where it is entered.
    page = (await algot.get("/terms?turn=supplier")).text
    assert 'href="/registers/undertakings/new"' in page
    assert all("Leverantören" in line for line in rows(page))
    assert all("Myndigheten" in line for line in rows((await algot.get("/terms?turn=authority")).text))
    assert rows((await algot.get("/terms?turn=nonsens")).text) == work


async def test_every_place_that_the_work_leads_to_is_a_page_of_the_office(
    algot: Browser, installation: Installation, clock: TurnedClock
) -> None:
    boards = await boards_of(installation, "office", clock.now())
    evidence = [one for tile in boards[0].tiles for one in tile.evidence]
    places = {place.address for one in evidence for place in places_of(one)}
    assert len(places) > len(load_registers())
    for place in sorted(places):
        assert (await algot.get(place)).status == 200, place
    # Each register that is evidence for something is led to, and what is collected of registers has a place.
    answered = {name for register in load_registers().values() for name in register.answers}
    placed = {one.requirement.id for one in evidence if places_of(one)}
    assert placed >= answered
    assert {name for name in COLLECTORS if REQUIREMENTS[name].source == "register"} - placed <= {
        name for name in COLLECTORS if REQUIREMENTS[name].by == "authority"
    }  # fmt: skip


def test_what_is_met_not_asked_for_or_left_out_is_no_work() -> None:
    """And of one thing that is red with several authorities there is one line, as it stands worst."""
    now = datetime(2026, 11, 2, 12, tzinfo=UTC)
    term = load_terms()[1]
    [pairs, exceptions, review] = term.requirements
    fine = Standing(True, "none", now, now)
    worse = Standing(False, "held", now - timedelta(days=2), now, 2)
    late = Standing(False, "overdue", now - timedelta(days=9), now)

    def board(name: str, standings: dict[str, Standing], contract: Contract) -> Board:
        return _board(Supervised(UUIDS[name], name, name, contract), standings, now)

    plain = Contract(now - timedelta(days=30), {}, {})
    boards = [
        board("a", {pairs.id: worse, exceptions.id: fine, review.id: late}, plain),
        board("b", {pairs.id: fine, exceptions.id: fine, review.id: fine}, plain),
        board("c", {exceptions.id: fine, review.id: fine}, plain),
        board("d", {pairs.id: worse}, Contract(now, {}, {2: now})),
    ]
    work = list_work(boards)
    assert [(one.evidence.requirement.id, [a.name for a in one.authorities], one.turn) for one in work] == [
        (pairs.id, ["a", "c"], "supplier"), (review.id, ["a"], "supplier"),
    ]  # fmt: skip
    assert work[0].evidence.judgement.count == 2
    assert [place.address for place in work[1].places] == ["/registers/reviews"]
    untested = list_work([boards[2]])
    assert [(one.turn, one.places[0].address) for one in untested] == [("operations", "/")]
    assert turn_of(boards[1].tiles[0].evidence[0]) == "operations"


def _board(authority: Supervised, standings: dict[str, Standing], now: datetime) -> Board:
    return Board(authority, [make_tile(load_terms()[1], standings, authority.contract, now)])
