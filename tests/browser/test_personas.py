# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How somebody tries a demo: from the sign-in page to the invented people, and to work as one of them."""

from itertools import product

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible

pytestmark = pytest.mark.browser

LOOKS = list(product(("dark", "light"), ("sv", "en")))
SIZES = ((1366, 768), (1920, 1080))
MARKED = {"sv": "Det här är en demonstration.", "en": "This is a demonstration."}


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_it_is_plain_that_it_is_a_demo(house: House, open_page: OpenPage, theme: str, language: str) -> None:
    for width, height in SIZES:
        page = open_page(theme=theme, language=language, width=width, height=height)
        expect(page.locator(".of-a-demo")).to_contain_text(MARKED[language])
        # Other issuers may be believed by now: this one is the demo's own.
        page.get_by_role("link", name={"sv": "Demolegitimeringen", "en": "The demo's provider"}[language]).click()
        expect(page.locator(".of-a-demo")).to_contain_text(MARKED[language])
        require_accessible(page, "personas")
        assert scrolls(page)[0] is False
        assert page.get_attribute("html", "data-theme") == theme


def test_without_a_script_one_is_whom_one_chooses(house: House, open_page: OpenPage) -> None:
    page = open_page(scripts=False)
    page.get_by_role("link", name="Personal hos en myndighet").click()
    page.get_by_role("link", name="Demolegitimeringen").click()
    # The language changes where one is, and what was begun goes on.
    page.click("button[name=language][value=en]")
    expect(page.locator("h1")).to_have_text("Who are you tonight?")
    expect(page.locator("button[value=olga]")).to_have_count(0)
    page.get_by_role("link", name="Back to the sign-in page").click()
    expect(page.locator("[aria-current=page]")).to_have_text("People of an authority")
    page.get_by_role("link", name="Alarm operators").click()
    page.get_by_role("link", name="The demo's provider").click()
    expect(page.locator("button[value=vera]")).to_be_disabled()
    page.click("button[value=edith]")
    page.wait_for_url(f"{house.desk}/**")
    page.goto(f"{house.signin}/")
    expect(page.locator(".signed-in")).to_contain_text("Edith English")
    expect(page.locator(".signed-in")).to_contain_text("level of assurance 3")
