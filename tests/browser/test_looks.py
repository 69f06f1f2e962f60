# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Fits the screen, reads well, and an accessibility checker finds nothing (axe-core, WCAG 2.1 A and AA)."""

from itertools import product
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.house import House, row, scrolls
from tests.web.furniture import FULL_PERSON

pytestmark = pytest.mark.browser

LOOKS = list(product(("dark", "light"), ("sv", "en")))
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"]}
AXE = Axe().axe_script
LOOK = "rules => window.axe ? window.axe.run(rules).then(found => found.violations) : null"
"""What else it says, of all that is well, is long, and nobody asks."""


def fill(house: House) -> UUID:
    """A queue with everything in it; return the alarm of somebody of whom everything is known."""
    at_home = house.installation.raise_alarm
    alarm = at_home(FULL_PERSON, "fall", ago=45, location_code=12, device_text="Sensor 2")
    at_home(FULL_PERSON, "button", ago=20)
    at_home("Bertil Åström", "smoke", ago=80)
    at_home("Solveig Lindqvist", ago=2)
    at_home("Gösta Öberg", "medicine", "request", ago=200)
    at_home("Elsa Nyström", ago=50)
    house.installation.withdraw("Elsa Nyström")
    at_home("Dagny Berglund", "battery", "technical", ago=900)
    at_home("Torsten Asplund", "test", "test", ago=300)
    house.installation.raise_unknown("55501", ago=10)
    nina = house.installation.accounts["nina"]
    for name, change in (
        ("Sixten Wallin", "state = 'taken'"),
        ("Rune Ek", "state = 'suspended', suspended_until = now() + interval '9 minutes'"),
    ):
        held = at_home(name, ago=120)
        house.installation.execute(
            "norrvik", f"update alarm set {change}, holder = %s, taken_at = now() where id = %s", (nina, held)
        )
    return alarm


def require_accessible(page: Page, where: str) -> None:
    """Fail with what axe-core found."""
    found: list[dict[str, Any]] | None = page.evaluate(LOOK, RULES)
    if found is None:  # this document has not had it yet
        page.evaluate(AXE)
        found = page.evaluate(LOOK, RULES)
    assert found is not None
    told = [(rule["id"], rule["help"], [node["html"][:200] for node in rule["nodes"][:4]]) for rule in found]
    assert told == [], where


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_every_page_is_accessible(house: House, open_page: OpenPage, theme: str, language: str) -> None:
    require_accessible(open_page(theme=theme, language=language), "sign-in")
    alarm = fill(house)
    page = open_page("lena", theme=theme, language=language, by_hand=True)
    expect(page.locator("#queue .row")).to_have_count(10)
    require_accessible(page, "idle")
    page.locator(f"{row(alarm)} a").click()
    page.wait_for_selector("#screen")
    require_accessible(page, "alarm")
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")
    require_accessible(page, "taken")
    for key, form in (
        (" ", "close"),
        ("s", "suspend"),
        ("h", "hand-over"),
        ("n", "note"),
        ("m", "merge"),
        ("r", "release"),
    ):
        page.keyboard.press(key)
        page.wait_for_selector(f"[data-form={form}]")
        require_accessible(page, form)
        if form == "note":
            page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.wait_for_selector("#act-form", state="detached")
    page.keyboard.press("?")
    require_accessible(page, "keys")
    page.keyboard.press("Escape")
    for path, mark in (("/bulk", ".bulk"), ("/history", ".filters")):
        page.goto(house.desk + path)
        page.wait_for_selector(mark)
        require_accessible(page, path)


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_a_closed_alarm_is_accessible(house: House, open_page: OpenPage, theme: str, language: str) -> None:
    alarm = house.installation.raise_alarm(FULL_PERSON)
    house.installation.close_everything()
    here = house.installation.authorities["ekbacka"].id
    page = open_page("olga", theme=theme, language=language, path=f"/history/{here}/{alarm}")
    page.wait_for_selector(".ending")
    require_accessible(page, "record")


def test_the_refusal_is_accessible(house: House, open_page: OpenPage, complaints: list[str]) -> None:
    page = open_page("olga", path="/nothing-here")
    require_accessible(page, "refusal")
    complaints.clear()


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080)])
@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_one_screen_fits_without_scrolling(
    house: House, open_page: OpenPage, width: int, height: int, theme: str, language: str
) -> None:
    alarm = fill(house)
    page = open_page("olga", width=width, height=height, theme=theme, language=language)
    page.locator(f"{row(alarm)} a").click()
    page.wait_for_selector("#screen")
    for state in ("presented", "taken"):
        page.wait_for_selector(f"#alarm[data-state={state}]")
        assert scrolls(page) == (False, False)
        inside = page.evaluate(
            "() => [...document.querySelectorAll('.screen, .acts, .card:not(.today)')].filter(e => "
            "e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1).map(e => e.className)"
        )
        assert inside == []
        below = page.evaluate(
            "() => [...document.querySelectorAll('.card h2')].map(e => e.getBoundingClientRect().bottom)"
        )
        assert len(below) == 7
        assert max(below) <= height
        page.keyboard.press(" ")
    page.wait_for_selector("#act-form.stepped")
    assert scrolls(page) == (False, False)


def test_the_primary_act_stays_in_its_place_and_is_large(house: House, open_page: OpenPage) -> None:
    alarm = fill(house)
    page = open_page("olga")

    def place() -> dict[str, float]:
        found: dict[str, float] = page.evaluate(
            "document.querySelector('[data-primary]').getBoundingClientRect().toJSON()"
        )
        return found

    places = [place()]
    page.locator(f"{row(alarm)} a").click()
    for state in ("presented", "taken"):
        page.wait_for_selector(f"#alarm[data-state={state}]")
        places.append(place())
        page.keyboard.press(" ")
    page.wait_for_selector("#act-form")
    places.append(place())
    assert places == [places[0]] * 4
    assert places[0]["height"] >= 44


def test_twice_as_large_still_works(house: House, open_page: OpenPage) -> None:
    alarm = fill(house)
    page = open_page("olga", width=683, height=384)
    page.locator(f"{row(alarm)} a").click()
    page.wait_for_selector("#screen")
    sideways, _ = scrolls(page)
    assert not sideways
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")


def test_pages_are_small(house: House, open_page: OpenPage) -> None:
    fill(house)
    page = open_page("olga")
    assert len(page.content().encode()) < 100_000
