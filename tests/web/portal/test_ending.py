# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The page of a contract's end: everything is taken out."""

import re

import pytest

from tests.tenants.imported import take_in
from tests.web.browsers import Browser
from tests.web.furniture import FULL_PERSON, Installation
from tests.web.portal.conftest import Logs, enter, person_of
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/end"


@pytest.fixture
async def gun(portal: Portal, installation: Installation) -> Browser:
    """One of Ekbacka's records officers."""
    return await enter(portal, installation, "gun")


async def test_officer_is_led_to_the_page_and_nobody_else_is(
    gun: Browser, lovisa: Browser, installation: Installation
) -> None:
    answer = await gun.get("/end")
    assert (answer.status, answer.header("location")) == (303, HERE)
    page = await gun.get(HERE)
    assert (page.status, "Ta ut allt" in page.text) == (200, True)
    assert (await lovisa.get(HERE)).status == 403
    assert (await lovisa.post(f"{HERE}/export", {"reason": "KS 2026/1"})).status == 403
    assert (await gun.post("/log/norrvik/end/export", {"reason": "KS 2026/1"})).status in (403, 404)


async def test_term_06_everything_comes_as_a_file_that_is_kept_nowhere_and_entered_first(
    gun: Browser, installation: Installation, logs: Logs
) -> None:
    mark = logs.mark("ekbacka")
    answer = await gun.post(f"{HERE}/export", {"reason": "KS 2026/123"})
    assert (answer.status, answer.header("content-type")) == (200, "application/zip")
    assert answer.header("cache-control") == "no-store"
    name = answer.header("content-disposition")
    assert re.fullmatch(r'attachment; filename="vaka-ekbacka-[0-9]{8}-[0-9]{4}-[0-9]+\.zip"', name)
    begun, completed = logs.since(mark, "ekbacka")
    assert [(one["event"], one["actor"]) for one in (begun, completed)] == [
        ("export.begun", f"account:{gun.account}"), ("export.completed", f"account:{gun.account}")
    ]  # fmt: skip
    assert (begun["id"], begun["detail"]) == (int(name[:-5].rpartition("-")[2]), {"reason": "KS 2026/123"})
    other = take_in(answer.body)
    person = str(person_of(installation, FULL_PERSON))
    [(given, family)] = other.ask("select given_name, family_name from person where id = ?", person)
    assert f"{given} {family}" == FULL_PERSON
    assert other.count("person") > 1
    assert FULL_PERSON.split()[0] not in str((begun, completed))
    assert (await gun.get(f"/log/ekbacka/receipt/{begun['id']}")).status == 200
    assert "Hela filen skickades" in (await gun.get(HERE)).text


@pytest.mark.parametrize("reason", ["", "för 19320212-9809"])
async def test_nothing_is_sent_without_a_reason(gun: Browser, logs: Logs, reason: str) -> None:
    mark = logs.mark("ekbacka")
    page = await gun.post(f"{HERE}/export", {"reason": reason})
    assert (page.status, "Skriv varför" in page.text) == (400, True)
    assert logs.since(mark, "ekbacka") == []


async def test_one_export_of_an_authority_at_a_time(gun: Browser, portal: Portal, logs: Logs) -> None:
    mark = logs.mark("ekbacka")
    portal.exporting.update(one.id for one in portal.gateway.authorities)
    page = await gun.post(f"{HERE}/export", {"reason": "KS 2026/1"})
    assert (page.status, "pågår redan" in page.text) == (400, True)
    assert logs.since(mark, "ekbacka") == []
