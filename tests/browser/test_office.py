# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An administrator at work in the office, in a real browser."""

from collections.abc import Callable
from itertools import product

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
SIZES = ((1366, 768), (1920, 1080))

Administer = Callable[..., Page]


@pytest.fixture
def administer(house: House, open_page: OpenPage) -> Administer:
    """A function that signs in as an administrator, and opens a page of the office."""
    house.start("office", "sequencer")

    def open_(
        persona: str = "adam", path: str = "/", *, language: str = "sv", theme: str = "light", **how: object
    ) -> Page:
        page = open_page(None, theme="light", language=language, **how)
        page.click(f"button[value={persona}]")
        page.wait_for_url(f"{house.office}/**")
        if theme == "dark":
            page.click("button[name=theme][value=dark]")
            page.wait_for_selector("html[data-theme=dark]")
        if page.get_attribute("html", "lang") != language:
            page.click(f"button[name=language][value={language}]")
            page.wait_for_selector(f"html[lang={language}]")
        if path != "/":
            page.goto(house.office + path)
        return page

    return open_


def test_an_administrator_signs_in_and_looks_at_an_account(administer: Administer) -> None:
    page = administer(scripts=False)
    expect(page.locator(".office-band")).to_contain_text("Administratör")
    page.get_by_role("link", name="Agneta Avtal").click()
    expect(page.locator("h1")).to_contain_text("Agneta Avtal")
    expect(page.locator("main")).to_contain_text("Konto skapat")
    page.locator(".me button").click()
    page.wait_for_url("**realm=administrator")


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_pages_are_accessible_and_fit(house: House, administer: Administer, theme: str, language: str) -> None:
    for width, height in SIZES:
        page = administer(theme=theme, language=language, width=width, height=height)
        account = house.installation.accounts["lovisa"]
        for where in ("/", "/?show=removed", f"/account/{account}", "/keys", "/sessions"):
            page.goto(house.office + where)
            require_accessible(page, where)
            assert scrolls(page) == (False, False), where
