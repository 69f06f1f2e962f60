# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A legal hold on the page: placed on the one person who is meant, shown by name, lifted again; each with its entry."""

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import FULL_PERSON, Installation
from tests.web.portal.conftest import Logs, enter, person_of
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/holds"


@pytest.fixture(autouse=True)
def nobody_held(logs: Logs) -> None:
    logs.execute("ekbacka", "truncate vaka.legal_hold", unguarded=True)


@pytest.fixture
async def arvid(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's archivist."""
    return await enter(portal, installation, "arvid")


async def test_it_is_placed_shown_and_lifted(arvid: Browser, installation: Installation, logs: Logs) -> None:
    person = installation.people[FULL_PERSON][1]
    mark = logs.mark("ekbacka")
    page = await arvid.get(HERE)
    assert page.status == 200
    assert "Ingen är undantagen" in page.text
    assert logs.since(mark, "ekbacka") == [], "nobody was shown"
    answer = await arvid.post(HERE, {"text": person.personal_number, "reason": "JO 2026/12"})
    assert (answer.status, answer.header("location")) == (303, HERE)
    searched, placed = logs.since(mark, "ekbacka")
    assert (searched["event"], searched["detail"]) == ("person.searched", {"found": 1, "more": False})
    assert (placed["event"], placed["object"]) == ("hold.placed", f"person:{person.id}")
    assert placed["detail"] == {"reason": "JO 2026/12"}
    mark = logs.mark("ekbacka")
    page = await arvid.get(HERE)
    assert FULL_PERSON in page.text
    assert "JO 2026/12" in page.text
    assert "Inget om 1 person" in page.text
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["person.searched"]
    again = await arvid.post(HERE, {"text": FULL_PERSON, "reason": "igen"})
    assert again.status == 409
    assert "redan undantagna" in again.text
    mark = logs.mark("ekbacka")
    answer = await arvid.post(f"{HERE}/lift", {"person": str(person.id), "reason": "JO 2026/12 är avslutat"})
    assert answer.status == 303
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["hold.lifted"]
    assert (await arvid.post(f"{HERE}/lift", {"person": str(person.id), "reason": "x"})).status == 409


@pytest.mark.parametrize(
    ("text", "reason", "says"),
    [
        ("Ingen Alls", "JO 1", "Ingen i registret"), ("", "JO 1", "Ingen i registret"), ("ma", "JO 1", "Flera stämmer"),
        (FULL_PERSON, "", "Skriv varför"), (FULL_PERSON, "ring 070-174 06 05", "Skriv varför"),
    ],
)  # fmt: skip
async def test_who_is_not_one_or_why_not_told_is_explained(
    arvid: Browser, logs: Logs, text: str, reason: str, says: str
) -> None:
    mark = logs.mark("ekbacka")
    page = await arvid.post(HERE, {"text": text, "reason": reason})
    assert page.status == 400
    assert says in page.text
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["person.searched"]


@pytest.mark.parametrize("persona", ["agneta", "lovisa", "rut", "niklas"])
async def test_nobody_else_does(portal: Portal, installation: Installation, logs: Logs, persona: str) -> None:
    browser = await enter(portal, installation, persona)
    mark, person = logs.mark("ekbacka"), person_of(installation, FULL_PERSON)
    assert (await browser.get(HERE)).status in (403, 404)
    for path, fields in (
        (HERE, {"text": FULL_PERSON, "reason": "JO 1"}), (f"{HERE}/lift", {"person": str(person), "reason": "x"})
    ):  # fmt: skip
        assert (await browser.post(path, fields)).status in (403, 404)
    assert {one["event"] for one in logs.since(mark, "ekbacka")} <= {"access.denied"}
