# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the crisis exercises say of term 36: by what was really asked, planned and held, at each time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    TERM_OF,
    authority,
    own_server,
    place,
    server,
)
from tests.conftest import START
from tests.platform import platform_as
from tests.registers.exercising import DAY, HOUR, YEAR, Sides, new_sides
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status, assess, judge
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.evidence import ON_REQUEST, list_supervised, read_standings
from vaka.assurance.looking import look
from vaka.assurance.wording import explain
from vaka.database.server import Server

pytestmark = [pytest.mark.anyio, pytest.mark.database]

TERM = TERM_OF["exercise-hours"]
NEXT_YEAR = START.replace(year=YEAR + 1, month=2, day=1)
LAST_DAY = START.replace(year=YEAR, month=12, day=31, hour=12)


@dataclass(frozen=True)
class Board:
    """Term 36 of one authority, and the two who exercise."""

    place: Place
    server: Server
    sides: Sides

    async def look(self, now: datetime) -> dict[str, tuple[Status, str]]:
        """Look, and judge by what the authority really asked for: each requirement, and the term."""
        for name in ON_REQUEST:
            await look(REQUIREMENTS[name], COLLECTORS[name], self.place, now)
        async with platform_as(self.server, "setup") as setup:
            await setup.execute("set search_path = vaka")
            [contract] = [one.contract for one in await list_supervised(setup, now)]
            standings = await read_standings(setup, self.place.authorities[0])
        judged = {name: judge(REQUIREMENTS[name], standings.get(name), contract, now) for name in ON_REQUEST}
        judged["term"] = assess(TERM, standings, contract, now)
        return {name: (one.status, one.reason) for name, one in judged.items()}


@pytest.fixture
async def board(place: Place, server: Server) -> Board:  # noqa: F811 - the fixtures above
    return Board(place, server, await new_sides(server, place.authorities[0]))


@pytest.mark.turns_red("exercise-requests")
async def test_term_36_1_a_request_that_is_not_answered_in_time_is_red(board: Board) -> None:
    one = await board.sides.ask()
    owed = (await board.sides.find(one)).answer_by
    assert owed == START + 14 * DAY
    for now, expected in ((owed, (Status.MET, "none")), (owed + HOUR, (Status.FAILING, "unanswered"))):
        assert (await board.look(now))["exercise-requests"] == expected
    wrong = Judgement(Status.FAILING, START, "unanswered", "exercise-requests", 1)
    assert explain(TERM, wrong).sv.startswith("1 ")
    # It is answered: green, and the authority's turn. It asks for another plan, and is not answered again.
    late = owed + DAY
    await board.sides.plan(one, late + 60 * DAY, at=late)
    assert (await board.look(late + 30 * DAY))["exercise-requests"] == (Status.MET, "none")
    await board.sides.agree(one, at=late + 30 * DAY, refusal="Den dagen går inte")
    assert (await board.look(late + 43 * DAY))["exercise-requests"] == (Status.MET, "none")
    assert (await board.look(late + 45 * DAY))["exercise-requests"] == (Status.FAILING, "unanswered")


async def test_how_soon_is_the_contracts_to_say(board: Board) -> None:
    sides = board.sides
    said = await sides.say("portal", "set_exercise_days", at=START, authority_id=sides.authority, days=3)
    assert said == "done"
    assert (await sides.find(await sides.ask())).answer_by == START + 3 * DAY


async def test_a_plan_whose_day_goes_by_leaves_it_owed(board: Board) -> None:
    """Nobody agrees, or both agree and nobody begins: so long after the day as an answer may take, it is red."""
    for agreed in (False, True):
        one = await board.sides.ask()
        await board.sides.plan(one, START + DAY)
        if agreed:
            await board.sides.agree(one)
        over = START + DAY + 4 * HOUR
        assert (await board.sides.find(one, over)).state(over) == "lapsed"
        assert (await board.look(over + 14 * DAY))["exercise-requests"] == (Status.MET, "none")
        assert (await board.look(over + 15 * DAY))["exercise-requests"] == (Status.FAILING, "unanswered")
        assert await board.sides.say("portal", "withdraw_exercise", at=over, id=one) == "done"


@pytest.mark.turns_red("exercise-hours")
async def test_term_36_2_too_few_hours_in_the_year_are_a_shortcoming_and_not_asked_for_is_not_green(
    board: Board,
) -> None:
    assert (await board.look(START))["term"] == (Status.NOT_ASKED, "not_asked")
    assert not Status.NOT_ASKED.red
    short = await board.sides.hold(hours=3)
    assert await board.sides.say("office", "close_exercise", at=START + 2 * DAY, id=short) == "done"
    for now in (START + 3 * DAY, LAST_DAY):
        assert (await board.look(now))["exercise-hours"] == (Status.UNTESTED, "not_yet"), "no hours are never green"
    for now in (LAST_DAY + DAY, NEXT_YEAR, NEXT_YEAR + 900 * DAY):
        assert (await board.look(now))["exercise-hours"] == (Status.FAILING, "short")
    wrong = Judgement(Status.FAILING, START, "short", "exercise-hours", 1)
    assert explain(TERM, wrong).sv.startswith("1 ")
    # It does not heal by growing old: four hours do, of the year after.
    await board.sides.hold(hours=4, year=YEAR + 1, starts=NEXT_YEAR)
    assert (await board.look(NEXT_YEAR + DAY))["exercise-hours"] == (Status.MET, "none")


async def test_term_36_2_four_hours_of_one_year_are_enough_and_owed_anew_only_when_asked_anew(board: Board) -> None:
    for hours in (1.5, 2.5):
        one = await board.sides.hold(hours=hours)
        assert await board.sides.say("office", "close_exercise", at=START + 2 * DAY, id=one) == "done"
    assert (await board.look(LAST_DAY))["term"] == (Status.MET, "none")
    assert (await board.look(NEXT_YEAR))["term"] == (Status.NOT_ASKED, "not_asked")
    await board.sides.ask(year=YEAR + 1, at=LAST_DAY)
    assert (await board.look(NEXT_YEAR))["exercise-hours"] == (Status.UNTESTED, "not_yet")


async def test_hours_that_one_side_alone_says_count_for_nothing(board: Board) -> None:
    one = await board.sides.hold(hours=8, attended=False)
    assert await board.sides.attend(one, "office", at=START + 2 * DAY, present=40) == "done"
    assert (await board.look(LAST_DAY))["exercise-hours"] == (Status.FAILING, "open")
    assert (await board.look(LAST_DAY + DAY))["exercise-hours"] == (Status.FAILING, "short")


async def test_what_was_learned_and_became_nothing_is_red_a_month_after(board: Board) -> None:
    one = await board.sides.hold()
    over = START + DAY + 4 * HOUR
    await board.sides.note(one, at=over)
    assert (await board.look(over + 30 * DAY))["exercise-hours"] == (Status.MET, "none")
    assert (await board.look(over + 31 * DAY))["exercise-hours"] == (Status.FAILING, "open")


async def test_what_is_taken_back_is_not_owed(board: Board) -> None:
    one = await board.sides.ask()
    assert (await board.look(START))["exercise-hours"] == (Status.UNTESTED, "not_yet")
    assert await board.sides.say("portal", "withdraw_exercise", at=START, id=one) == "done"
    for now in (START + timedelta(minutes=1), NEXT_YEAR):
        assert (await board.look(now))["term"] == (Status.NOT_ASKED, "not_asked")
