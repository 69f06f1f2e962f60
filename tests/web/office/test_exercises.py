# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A crisis exercise over both pages: the authority asks in the portal, the supplier answers in the office (term 36)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import UUID

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator, fields_in
from tests.web.portal.conftest import Logs
from tests.web.portal.conftest import enter as enter_portal
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.web.portal.portal import Portal
from vaka.web.times import LOCAL

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/exercises"
WANTED = "Driften faller bort en förmiddag"
EMPTY = "truncate vaka.exercise, vaka.exercise_device, vaka.exercise_lesson, vaka.exercise_rule"


@pytest.fixture(autouse=True)
def none_before(installation: Installation, logs: Logs) -> Iterator[None]:
    """There is no exercise before, and none stays."""
    logs.execute("platform", EMPTY, unguarded=True)
    yield
    logs.execute("platform", EMPTY, unguarded=True)


@pytest.fixture
async def agneta(portal: Portal, installation: Installation) -> Browser:
    """The authority's contract officer."""
    return await enter_portal(portal, installation, "agneta")


def plan(starts: datetime) -> dict[str, str]:
    """What the supplier proposes."""
    return {
        "starts": f"{starts:%Y-%m-%dT%H:%M}", "ends": f"{starts + timedelta(hours=4):%Y-%m-%dT%H:%M}",
        "office": "Två operatörer", "portal": "Beredskapssamordnaren", "injects": "Övning: strömmen går",
    }  # fmt: skip


async def form_of(page: str, action: str) -> dict[str, str]:
    return {name: value for name, value in fields_in(page, action).items() if name in ("exercise", "digest", "lesson")}


async def test_it_is_asked_planned_agreed_begun_ended_attended_learned_from_and_closed(
    agneta: Browser, algot: Administrator, logs: Logs, installation: Installation
) -> None:
    mark, starts = logs.mark("platform"), (datetime.now(UTC) + timedelta(minutes=20)).astimezone(LOCAL)

    async def sends(path: str, **more: str) -> None:
        form = await form_of((await agneta.get(HERE)).text, f"{HERE}/{path}")
        answer = await agneta.post(f"{HERE}/{path}", {**form, **more})
        assert answer.status == 303, answer.text

    async def office(path: str, **more: str) -> None:
        form = await form_of(await algot.get("/exercises"), f"/exercises/{path}")
        answer = await algot.browser.post(f"/exercises/{path}", {**form, **more})
        assert answer.status == 303, answer.text

    asked = {"year": str(starts.year), "wanted": WANTED, "wished": "Snart"}
    assert (await agneta.post(HERE, asked)).status == 303
    assert "Det är leverantörens tur." in unescape((await agneta.get(HERE)).text)
    await office("plan", **plan(starts))
    assert "Det är myndighetens tur." in unescape((await agneta.get(HERE)).text)
    await sends("decide", verdict="agreed")
    begun = await form_of(await algot.get("/exercises"), "/exercises/begin")
    shown = await algot.browser.post("/exercises/begin", begun)
    assert "Ekbacka" in shown.text, "what is touched for says whose exercise it is"
    assert (await algot.do("/exercises/begin", begun)).status == 303
    page = unescape((await agneta.get(HERE)).text)
    assert "Pågår nu" in page
    assert "Er logg har inget larm från den." in page
    exact = f"vaka device exercise --data DATAKATALOG --exercise {begun['exercise']} --count 1"
    assert exact in unescape(await algot.get("/exercises")), "the office says what is run for an inject"
    alarms = [installation.raise_exercise("ekbacka", UUID(begun["exercise"])) for _ in range(2)]
    await logs.write(Entry(Event.ALARM_PRESENTED, "desk", datetime.now(UTC), f"alarm:{alarms[0]}"))
    logs.execute(
        "ekbacka", "update vaka.alarm set state = 'taken', taken_at = now(),"
        f" holder = '{installation.accounts['olga']}' where id = '{alarms[0]}'",
    )  # fmt: skip
    await logs.seal()
    page = unescape((await agneta.get(HERE)).text)
    assert "2 larm kom, 1 togs och 0 stängdes." in " ".join(page.split())
    table = page.partition('aria-label="Övningens larm"')[2].partition("</table>")[0]
    assert (table.count("<tr>"), table.count('figures">–')) == (3, 4), (
        "of one: closed; of the other: all but that it came"
    )
    assert str(alarms[0]) not in table
    await sends("lesson", lesson="Ingen visste numret")
    await sends("end")
    await sends("attend", present="3")
    assert "Det är leverantörens tur." in unescape((await agneta.get(HERE)).text)
    await office("attend", present="2")
    closing = {"exercise": begun["exercise"]}
    refused = await algot.browser.post("/exercises/close", closing)
    assert (refused.status, "Avgör den först" in refused.text) == (409, True)
    await office("settle", motive="Numret står på väggen")
    await office("close")
    page = unescape((await agneta.get(HERE)).text)
    assert "Numret står på väggen" in page
    assert "Ingen har något kvar att göra." in page
    told = [one for one in logs.since(mark, "platform") if one["event"].startswith("exercise")]
    assert [one["event"].removeprefix("exercise.") for one in told] == [
        "asked", "planned", "decided", "begun", "lesson", "ended", "attended", "attended", "settled", "closed"
    ]  # fmt: skip
    assert len(told[3]["detail"]["step_up"]) == 64, "a key was touched over exactly that plan"
    for words in (WANTED, "strömmen", "numret", "väggen"):
        assert words not in str(told)


async def test_another_authority_and_another_role_sees_and_does_nothing(
    agneta: Browser, portal: Portal, installation: Installation
) -> None:
    year = str(datetime.now(LOCAL).year)
    assert (await agneta.post(HERE, {"year": year, "wanted": WANTED, "wished": "Snart"})).status == 303
    form = await form_of((await agneta.get(HERE)).text, f"{HERE}/withdraw")
    assert (await agneta.get("/log/lindvik/exercises")).status == 404
    vera = await enter_portal(portal, installation, "beata")
    page = await vera.get(HERE)
    assert WANTED in unescape(page.text), "who sees the terms sees it"
    assert "<textarea" not in page.text
    assert (await vera.post(f"{HERE}/withdraw", form)).status == 403
    assert WANTED in (await agneta.get(HERE)).text


async def test_what_cannot_be_done_says_why_and_changes_nothing(agneta: Browser, algot: Administrator) -> None:
    year = datetime.now(LOCAL).year
    for wrong in ({"wanted": " "}, {"wanted": "Ring 070-1740605"}, {"year": str(year + 2)}):
        answer = await agneta.post(HERE, {"year": str(year), "wanted": WANTED, "wished": "Snart", **wrong})
        assert answer.status == 400
        assert "Inget har ändrats." in unescape(answer.text)
    assert "Det finns ingen." in unescape((await agneta.get(HERE)).text)
    assert (await agneta.post(HERE, {"year": str(year), "wanted": WANTED, "wished": "Snart"})).status == 303
    form = await form_of(await algot.get("/exercises"), "/exercises/plan")
    past = await algot.browser.post("/exercises/plan", {**form, **plan(datetime.now(LOCAL) - timedelta(days=1))})
    assert (past.status, "senare än nu" in past.text) == (400, True)
    nonsense = await algot.browser.post(
        "/exercises/plan", {**form, **plan(datetime.now(LOCAL)), "ends": "2026-99-99T10:00"}
    )
    assert nonsense.status == 400
