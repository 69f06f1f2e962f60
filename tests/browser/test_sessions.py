# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where one is signed in, in a real browser: another is signed out from here, and its page leaves by itself."""

from itertools import product

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from tests.web.test_every_act_is_entered import forget_sessions

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en"), ((1366, 768), (1920, 1080))))


@pytest.fixture(autouse=True)
def signed_out(house: House) -> None:
    """What other tests left open is closed."""
    for persona in ("emil", "lovisa"):
        forget_sessions(house.installation, persona)


@pytest.mark.parametrize("scripts", [True, False])
def test_term_13_1_a_forgotten_desk_is_signed_out_from_another(
    house: House, open_page: OpenPage, scripts: bool
) -> None:
    forgotten = open_page("emil", by_hand=True)
    here = open_page("emil", scripts=scripts)
    here.click(".my-name")
    expect(here.locator("tbody tr")).to_have_count(2)
    expect(here.locator("tbody tr").first).to_contain_text("den här")
    expect(here.locator("tbody tr").last).to_contain_text("Chrome på Linux")
    here.locator("tbody button").click()
    expect(here.locator("tbody tr")).to_have_count(1)
    expect(forgotten.locator("#connection")).to_have_attribute("data-state", "live")
    here.get_by_role("button", name="Logga ut", exact=True).last.click()
    expect(here.locator("main [role=status]")).to_contain_text("Utloggad där")
    forgotten.wait_for_url(f"{house.signin}/**")
    expect(forgotten.locator("#queue")).to_have_count(0)


def look(page: Page, where: str) -> None:
    require_accessible(page, where)
    assert scrolls(page)[0] is False


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS)
def test_the_pages_are_accessible_and_fit(
    house: House, open_page: OpenPage, review: Review, theme: str, language: str, size: tuple[int, int]  # noqa: F811
) -> None:  # fmt: skip
    how = {"theme": theme, "language": language, "width": size[0], "height": size[1]}
    for _ in range(2):
        page = open_page("emil", path="/sessions", **how)
    look(page, "the desk's")
    page.locator("form[action='/sessions'] button").last.click()
    look(page, "asked whether one is sure")
    page = review("lovisa", "/log/ekbacka/sessions", **how)
    look(page, "the portal's")
