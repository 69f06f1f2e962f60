# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Alarms of a crisis exercise at the desk: marked in words everywhere, last, silent, and never one with real ones."""

from contextlib import closing
from uuid import uuid4

import pytest

from tests.alarms.house import connect_superuser
from tests.waiting import wait_until
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.test_acts import ENDING, address, listed
from vaka.web.desk.desk import Desk

pytestmark = pytest.mark.anyio

MARK = '<strong class="exercise-mark">Övning</strong>'


def row_of(page: str, alarm: object) -> str:
    """The line of an alarm in the queue."""
    return page.partition(f'id="a-{alarm}"')[2].partition("</li>")[0]


async def test_it_is_marked_stands_last_and_does_not_ring(
    desk: Desk, olga: Browser, installation: Installation
) -> None:
    drilled = installation.raise_exercise("ekbacka", uuid4(), ago=300)
    real = installation.raise_alarm("Karin Holmgren", alarm_class="test")
    await listed(desk, installation, drilled, real)
    page = (await olga.get("/")).text
    assert page.index(f"a-{real}") < page.index(f"a-{drilled}"), "below a test, though a life alarm, and older"
    assert MARK in row_of(page, drilled)
    assert MARK not in row_of(page, real)
    assert "Skarpt" not in row_of(page, drilled)
    assert 'data-section="exercise"' in page
    seen = frozenset(one.id for one in installation.authorities.values())
    numbers = desk.hub.numbers(seen)
    assert (numbers.waiting, numbers.ringing, numbers.urged, numbers.open) == (0, 0, False, 1)
    [card] = [card for card in desk.hub.cards(seen, "sv") if card.alarm == drilled]
    assert (card.waiting, card.urgent, card.urged, card.on_call, card.again_to) == (False, False, False, None, None)


async def test_who_takes_the_first_is_given_what_is_real(desk: Desk, olga: Browser, installation: Installation) -> None:
    drilled = installation.raise_exercise("ekbacka", uuid4(), ago=300)
    real = installation.raise_alarm("Karin Holmgren")
    await listed(desk, installation, drilled, real)
    assert f'data-alarm="{real}"' in (await olga.act("/take-next")).text
    assert installation.state_of("ekbacka", drilled) in ("received", "presented")


async def test_nor_an_exercises_while_a_colleague_leaves_somebody_unanswered(
    desk: Desk, olga: Browser, emil: Browser, installation: Installation
) -> None:
    """Her alarm is in his hands, and rings for all: she pressed again, and he did not answer."""
    drilled = installation.raise_exercise("ekbacka", uuid4(), ago=300)
    real = installation.raise_alarm("Karin Holmgren")
    await listed(desk, installation, drilled, real)
    assert (await emil.act(f"{address(installation, real)}/take")).status == 200
    installation.raise_alarm("Karin Holmgren")
    installation.execute(
        "ekbacka",
        "with left_behind as (update alarm set escalation = 1, version = version + 1 where id = %s returning id)"
        " select announce_alarms(array_agg(id)) from left_behind",
        (real,),
    )
    seen = frozenset(one.id for one in installation.authorities.values())
    await wait_until(lambda: desk.hub.left(seen) is not None)
    asked = (await olga.act("/take-next")).text
    assert f'data-alarm="{real}"' in asked
    assert 'data-form="take-over"' in asked
    assert installation.state_of("ekbacka", drilled) in ("received", "presented")


async def test_it_is_marked_on_its_screen_and_in_the_history_and_the_log_says_how_it_was_answered(
    desk: Desk, olga: Browser, installation: Installation
) -> None:
    exercise = uuid4()
    drilled = installation.raise_exercise("ekbacka", exercise)
    await listed(desk, installation, drilled)
    where = address(installation, drilled)
    screen = (await olga.act(f"{where}/take")).text
    assert screen.count(MARK) == 2, "in the heading, and with what to do"
    assert "skicka ingen och ring ingen" in screen
    assert (await olga.act(f"{where}/close", ENDING)).status == 200
    history = (await olga.get("/history")).text
    line = history[: history.index(f"/{drilled}")].rpartition("<tr>")[2]
    assert MARK in line
    with closing(connect_superuser(installation.server, installation.authorities["ekbacka"].database_name)) as onlooker:
        told = onlooker.execute(
            "select event, actor from ledger.inbox where object = %s order by id", (f"exercise:{exercise}",)
        ).fetchall()
    olgas = f"account:{installation.accounts['olga']}"
    assert [(entry["event"], entry["actor"]) for entry in told] == [
        ("exercise_alarm.raised", "receiver:test-1"), ("exercise_alarm.taken", olgas), ("exercise_alarm.closed", olgas),
    ]  # fmt: skip


async def test_a_real_alarm_never_becomes_part_of_an_exercises(
    desk: Desk, olga: Browser, installation: Installation
) -> None:
    drilled = installation.raise_exercise("ekbacka", uuid4())
    real = installation.raise_alarm("Karin Holmgren")
    await listed(desk, installation, drilled, real)
    for into, part in ((drilled, real), (real, drilled)):
        assert (await olga.act(f"{address(installation, into)}/take")).status == 200
        assert str(into) not in (await olga.part(f"{address(installation, part)}?act=merge")).text.partition("<form")[2]
        answer = await olga.act(
            f"{address(installation, part)}/merge", {"into": f"{into}@{version(installation, into)}"}
        )
        assert answer.status == 400, answer.text
        assert "förs aldrig samman" in answer.text
        assert installation.state_of("ekbacka", part) != "merged"


def version(installation: Installation, alarm: object) -> object:
    """The alarm's version."""
    return installation.execute("ekbacka", "select version from alarm where id = %s", (alarm,))[0][0]
