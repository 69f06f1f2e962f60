# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Rules of an authority in a browser: published in the portal, a line at the desk, read and acknowledged (term 5)."""

import os
from collections.abc import Iterator
from contextlib import closing
from itertools import product

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
HERE = "/log/ekbacka/rules"
WORDS = "Nycklar lämnas aldrig ut till någon som ringer.\n\nÄr du osäker, fråga i tjänsterummet först."


@pytest.fixture(autouse=True)
def nothing_published(house: House) -> Iterator[None]:
    yield
    conninfo = house.installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE)
    with closing(psycopg.connect(conninfo, autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            "truncate vaka.authority_rule_acknowledgement, vaka.authority_rule_opening, vaka.authority_rule"
        )


def require_good(page: Page, what: str) -> None:
    """The page is accessible and as wide as its window, which may be of either size."""
    require_accessible(page, what)
    for width, height in ((1920, 1080), (1366, 768)):
        page.set_viewport_size({"width": width, "height": height})
        assert not scrolls(page)[0], what
    if where := os.environ.get("SHOTS"):
        page.screenshot(path=f"{where}/{what.replace(' ', '_')}.png")


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_it_is_published_and_read(
    house: House,
    review: Review,  # noqa: F811
    open_page: OpenPage,
    theme: str,
    language: str,
) -> None:
    look = {"theme": theme, "language": language}
    page = review("agneta", HERE, **look)
    require_good(page, f"nothing published {theme} {language}")
    page.fill("#title", "Nycklar och koder")
    page.fill("#words", WORDS)
    page.locator("form[action$='/rules'] button").click()
    expect(page.locator("h2")).to_contain_text("Nycklar och koder")
    page.locator("summary").first.click()
    require_good(page, f"published {theme} {language}")
    desk = open_page("emil", **look)
    line = desk.locator(".idle a[href='/rules']")
    expect(line).to_contain_text("1 ")
    require_good(desk, f"a line at the desk {theme} {language}")
    line.click()
    desk.wait_for_url("**/rules")
    require_good(desk, f"rules to read {theme} {language}")
    desk.locator("main tbody a").click()
    expect(desk.locator("h1")).to_have_text("Nycklar och koder")
    require_good(desk, f"a rule {theme} {language}")
    desk.locator("main form button").click()
    desk.wait_for_url("**/rules")
    require_good(desk, f"all acknowledged {theme} {language}")
    page.reload()
    expect(page.locator("main strong").first).to_contain_text("1 ")
    page.locator("a[href*='?rule=']").click()
    expect(page.locator("#words")).to_have_value(WORDS)
    require_good(page, f"the next version {theme} {language}")
