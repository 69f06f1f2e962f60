# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The authority decides how long its log is kept, and nobody else does."""

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, enter
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/retention"
WHY = {"reason": "Dokumenthanteringsplan KS 2026/9"}


@pytest.fixture
async def agneta(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's contract officer."""
    return await enter(portal, installation, "agneta")


async def test_the_officer_is_led_to_the_page_and_sees_no_log(agneta: Browser) -> None:
    answer = await agneta.get("/retention")
    assert (answer.status, answer.header("location")) == (303, HERE)
    page = await agneta.get(HERE)
    assert page.status == 200
    assert 'value="730"' in page.text
    assert 'href="/log/ekbacka"' not in page.text
    assert (await agneta.get("/log/ekbacka")).status == 403


async def test_a_decision_is_an_entry_and_leads_to_its_receipt(agneta: Browser, logs: Logs) -> None:
    mark = logs.mark("ekbacka")
    answer = await agneta.post(HERE, {"days": "730", **WHY})
    number = logs.mark("ekbacka")
    assert (answer.status, answer.header("location")) == (303, f"/log/ekbacka/receipt/{number}")
    [entry] = logs.since(mark, "ekbacka")
    assert (entry["event"], entry["actor"]) == ("retention.set", f"account:{agneta.account}")
    assert entry["detail"] == {"days": 730, **WHY}
    assert entry["written_by"].endswith("_portal")
    await logs.seal()
    page = await agneta.get(HERE)
    assert "inget gallras ännu" in page.text
    assert "Agneta Avtal" in page.text
    assert WHY["reason"] in page.text
    assert f'href="/log/ekbacka/receipt/{number}"' in page.text
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["retention.set", "log.read"]


@pytest.mark.parametrize("reason", ["för 19320212-9809", "ring 070-174 06 05", "fråga karin@example.org"])
async def test_a_reason_that_names_somebody_is_refused(agneta: Browser, logs: Logs, reason: str) -> None:
    mark = logs.mark("ekbacka")
    page = await agneta.post(HERE, {"days": "730", "reason": reason})
    assert page.status == 400
    assert "utan personnummer" in page.text
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["log.read"]


@pytest.mark.parametrize(
    "fields", [{"days": "399"}, {"days": "36501"}, {"reason": ""}, {"reason": "  "}, {"days": "0"}]
)
async def test_what_is_out_of_bounds_is_explained_and_changes_nothing(
    agneta: Browser, logs: Logs, fields: dict[str, str]
) -> None:
    mark = logs.mark("ekbacka")
    page = await agneta.post(HERE, {"days": "730", **WHY, **fields})
    assert page.status == 400
    assert 'role="alert"' in page.text
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["log.read"]


@pytest.mark.parametrize("persona", ["lovisa", "rut", "niklas"])
async def test_nobody_else_decides(portal: Portal, installation: Installation, logs: Logs, persona: str) -> None:
    browser = await enter(portal, installation, persona)
    mark = logs.mark("ekbacka")
    assert (await browser.get(HERE)).status in (403, 404)
    assert (await browser.post(HERE, {"days": "730", **WHY})).status in (403, 404)
    assert {one["event"] for one in logs.since(mark, "ekbacka")} <= {"access.denied"}
