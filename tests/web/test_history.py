# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Looking back: only one's own authorities, nothing personal in an address, page after page."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.test_acts import ENDING, address
from vaka.clock import SystemClock
from vaka.web.desk import history

pytestmark = pytest.mark.anyio

TODAY = SystemClock().now().date()
DAYS = {"from": str(TODAY - timedelta(days=2)), "to": str(TODAY + timedelta(days=1)), "authority": "", "text": ""}


async def closed(browser: Browser, installation: Installation, name: str, text: str = "") -> UUID:
    """An alarm that has been handled."""
    alarm = installation.raise_alarm(name)
    where = address(installation, alarm, installation.people[name][0])
    assert (await browser.act(f"{where}/take")).status == 200
    assert (await browser.act(f"{where}/close", ENDING | {"text": text})).status == 200
    return alarm


async def test_what_was_closed_is_found_by_those_who_may(
    olga: Browser, emil: Browser, installation: Installation
) -> None:
    here = await closed(olga, installation, "Karin Holmgren")
    there = await closed(olga, installation, "Bertil Åström")
    everything, ekbacka = (await olga.get("/history")).text, (await emil.get("/history")).text
    assert str(here) in everything
    assert str(there) in everything
    assert str(here) in ekbacka
    assert str(there) not in ekbacka
    assert "Behöver hjälp · Hemtjänst" in ekbacka
    assert "Olga Operatör" in ekbacka


async def test_searching_by_name_or_text_is_posted(olga: Browser, installation: Installation) -> None:
    mark = uuid4().hex
    found = await closed(olga, installation, "Karin Holmgren", f"Letade efter {mark}")
    other = await closed(olga, installation, "Solveig Lindqvist")
    answer = await olga.post("/history", DAYS | {"text": mark})
    assert str(found) in answer.text
    assert str(other) not in answer.text
    assert "1 larm" in answer.text
    assert "Inget larm stämmer" in (await olga.post("/history", DAYS | {"text": uuid4().hex})).text
    # A name in an address would end in logs and histories: it is not read from there.
    assert str(other) in (await olga.get(f"/history?text={mark}")).text


async def test_an_authority_can_be_chosen_if_it_is_ones_own(
    olga: Browser, emil: Browser, installation: Installation
) -> None:
    here = await closed(olga, installation, "Karin Holmgren")
    there = await closed(olga, installation, "Bertil Åström")
    norrvik = str(installation.authorities["norrvik"].id)
    answer = await olga.post("/history", DAYS | {"authority": norrvik})
    assert str(there) in answer.text
    assert str(here) not in answer.text
    assert (await emil.post("/history", DAYS | {"authority": norrvik})).status == 404


@pytest.mark.parametrize(
    "change",
    [
        {"from": ""}, {"from": "yesterday"}, {"from": "2026-13-01"}, {"to": "2020-01-01"}, {"from": "2000-01-01"},
        {"authority": "x"}, {"text": "x" * 101}, {"before": "soon"}, {"before": "2026-01-01T00:00:00"}, {"more": "1"},
    ],
)  # fmt: skip
async def test_a_search_that_makes_no_sense_is_refused_in_words(olga: Browser, change: dict[str, str]) -> None:
    answer = await olga.post("/history", DAYS | change)
    assert answer.status == 400
    assert "Inget har ändrats" in answer.text


async def test_pages_follow_one_another_without_gap(
    olga: Browser, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = uuid4().hex
    wanted = {str(await closed(olga, installation, "Karin Holmgren", mark)) for _ in range(5)}
    monkeypatch.setattr(history, "PAGE_ROWS", 2)
    seen: list[str] = []
    fields = DAYS | {"text": mark}
    for _ in range(4):
        page = (await olga.post("/history", fields)).text
        seen += [part[:36] for part in page.split("/history/" + str(installation.authorities["ekbacka"].id) + "/")[1:]]
        before = page.partition('name="before" value="')[2].partition('"')[0]
        if not before:
            break
        fields = fields | {"before": before}
    assert len(seen) == 5
    assert set(seen) == wanted


async def test_a_record_is_read_afterwards(olga: Browser, emil: Browser, installation: Installation) -> None:
    alarm = await closed(olga, installation, "Karin Holmgren", "Hade glidit ur sängen.")
    record = f"/history/{installation.authorities['ekbacka'].id}/{alarm}"
    text = (await emil.get(record)).text
    for fact in ("Behöver hjälp · Hemtjänst · På plats och hjälpt", "Hade glidit ur sängen.", "Olga Operatör", "Taget"):
        assert fact in text, fact
    foreign = await closed(olga, installation, "Bertil Åström")
    assert (await emil.get(f"/history/{installation.authorities['norrvik'].id}/{foreign}")).status == 404
    still_open = installation.raise_alarm("Karin Holmgren")
    assert (await emil.get(f"/history/{installation.authorities['ekbacka'].id}/{still_open}")).status == 404
