# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The report on all terms of a year that is over says how it ended, whatever has been done since (terms 36, 37)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.platform import platform_as
from tests.registers.exercising import DAY, Sides
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs
from vaka.assurance.evidence import QUERIES as ASSURANCE
from vaka.clock import TurnedClock
from vaka.web.portal.portal import Portal
from vaka.web.portal.terms_report import draw
from vaka.web.portal.yearly import bounds, moment_of
from vaka.web.times import LOCAL

pytestmark = [pytest.mark.anyio, pytest.mark.database]

YEAR = datetime.now(LOCAL).year
JUNE, DECEMBER = datetime(YEAR, 6, 2, 9, tzinfo=LOCAL), datetime(YEAR, 12, 10, 9, tzinfo=LOCAL)
AFTER = bounds(YEAR)[1]
ABOUT = "Loggen"
EMPTY = "truncate vaka.exercise, vaka.exercise_device, vaka.exercise_lesson; truncate vaka.inquiry cascade"
SET_ASIDE = "update vaka.audit set withdrawn_at = asked_at"
"""The audit that the furniture has its auditor for."""
PUT_BACK = f"delete from vaka.audit where about = '{ABOUT}'; update vaka.audit set withdrawn_at = null"


@pytest.fixture(autouse=True)
def nothing_asked(installation: Installation, logs: Logs) -> Iterator[None]:
    """Nothing was asked for before, and nothing stays."""
    logs.execute("platform", f"{EMPTY}; {SET_ASIDE}", unguarded=True)
    yield
    logs.execute("platform", f"{EMPTY}; {PUT_BACK}", unguarded=True)


@pytest.fixture
def sides(installation: Installation) -> Sides:
    """Ekbacka's contract officer and an administrator."""
    known = installation.accounts
    return Sides(installation.server, installation.authorities["ekbacka"].id, known["agneta"], known["adam"])


async def table_at(portal: Portal, installation: Installation, at: datetime) -> list[list[str]]:
    """What the report of this year says as a file, when it is drawn at a moment."""
    turned = replace(portal, clock=TurnedClock(at))
    drawn = await draw(turned, installation.authorities["ekbacka"], YEAR, "sv")
    return [line.split(";") for line in drawn.table.decode("utf-8-sig").splitlines()]


def statuses(table: list[list[str]]) -> dict[int, str]:
    """How each term stood."""
    return {int(line[1]): line[2] for line in table if line[0] == "term"}


def owed(table: list[list[str]], term: int) -> set[str]:
    """What was owed of a term, and not met."""
    return {line[2] for line in table if line[:2] == ["open", str(term)]}


async def say(installation: Installation, name: str, **values: object) -> None:
    """Let the contract officer ask for something, or take it back."""
    async with platform_as(installation.server, "portal") as portal:
        whole = {**values, "by": installation.accounts["agneta"]}
        assert await (await portal.execute(ASSURANCE[name], whole)).fetchone() == ("done",)


def test_a_year_is_told_of_when_it_ended_or_now() -> None:
    assert moment_of(YEAR, JUNE) == JUNE
    assert moment_of(YEAR, AFTER + DAY) == AFTER - timedelta(microseconds=1)


async def test_an_exercise_that_was_held_was_asked_for_also_in_the_year_after(
    portal: Portal, installation: Installation, sides: Sides
) -> None:
    held = await sides.hold(starts=JUNE, year=YEAR)
    assert await sides.say("office", "close_exercise", at=JUNE + 2 * DAY, id=held) == "done"
    last = await table_at(portal, installation, AFTER - timedelta(microseconds=1))
    assert statuses(last)[36] != "not_asked"
    for later in (AFTER, AFTER + 60 * DAY, AFTER + 400 * DAY):
        assert await table_at(portal, installation, later) == last
    # Whoever asks for one of the next year alters nothing of this.
    await sides.ask(year=YEAR + 1, at=AFTER + DAY)
    assert await table_at(portal, installation, AFTER + 60 * DAY) == last


async def test_an_exercise_that_is_taken_back_in_the_year_after_was_asked_for(
    portal: Portal, installation: Installation, sides: Sides
) -> None:
    one = await sides.ask(year=YEAR, at=DECEMBER)
    last = await table_at(portal, installation, AFTER - timedelta(microseconds=1))
    assert statuses(last)[36] != "not_asked"
    assert await sides.say("portal", "withdraw_exercise", at=AFTER + DAY, id=one) == "done"
    assert await table_at(portal, installation, AFTER + 2 * DAY) == last


@pytest.mark.parametrize("act", ["question", "audit"])
async def test_what_was_asked_in_december_and_withdrawn_in_january_was_asked_for(
    act: str, portal: Portal, installation: Installation
) -> None:
    one, own = uuid4(), installation.authorities["ekbacka"].id
    saying = {"id": one, "authority_id": own, "kind": "evidence", "term": 24, "reference": "", "sha256": "",
              "file": None, "words": "Visa protokollet"}  # fmt: skip
    before = await table_at(portal, installation, AFTER - timedelta(microseconds=1))
    if act == "question":
        wanted = DECEMBER + 14 * DAY
        await say(installation, "say_in_inquiry", **saying, seen=0, act="filed", wanted_by=wanted, now=DECEMBER)
    else:
        await say(
            installation, "ask_audit", id=one, authority_id=own, kind="audit", terms=[8, 9], site=None, about=ABOUT,
            looks_from=JUNE, looks_until=DECEMBER, auditors=[installation.accounts["rut"]], starts_at=AFTER + 5 * DAY,
            ends_at=AFTER + 9 * DAY, answer_by=DECEMBER + 14 * DAY, now=DECEMBER,
        )  # fmt: skip
    last = await table_at(portal, installation, AFTER - timedelta(microseconds=1))
    assert owed(last, 37) - owed(before, 37) == {"audit-requests"}
    if act == "question":
        await say(installation, "say_in_inquiry", **saying, seen=1, act="withdrawn", wanted_by=None, now=AFTER + DAY)
    else:
        await say(installation, "withdraw_audit", id=one, now=AFTER + DAY)
    assert await table_at(portal, installation, AFTER + 2 * DAY) == last
