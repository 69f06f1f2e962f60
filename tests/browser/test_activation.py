# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The pages about codes and passwords in a browser: what is asked, what it would flag, what takes a colleague."""

from collections.abc import Iterator
from contextlib import closing
from itertools import product

import psycopg
import pytest
from playwright.sync_api import expect

from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from vaka.database.server import SUPERUSER

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
HERE = "/log/ekbacka/activation"


@pytest.fixture(autouse=True)
def nothing_decided(house: House) -> Iterator[None]:
    yield
    database = house.installation.authorities["ekbacka"].database_name
    conninfo = house.installation.server.conninfo(SUPERUSER, database)
    with closing(psycopg.connect(conninfo, autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute("delete from vaka.activation_rules")


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_pages_are_accessible_and_fit(house: House, review: Review, theme: str, language: str) -> None:  # noqa: F811
    page = review("agneta", HERE, theme=theme, language=language)
    require_accessible(page, "codes and passwords")
    assert not scrolls(page)[0]
    page.fill("#device_length", "20")
    page.fill("#reason", "KS 2026/11")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_url("**/activation/*")
    require_accessible(page, "what would be asked")
    assert not scrolls(page)[0]
    page.check("input[name=sure]")
    page.locator("form[action$='/approve'] button").click()
    page.wait_for_url("**/receipt/*")
    page.goto(house.portal + HERE)
    expect(page.locator("tbody").first).to_contain_text("20")
    page.fill("#device_length", "12")
    page.fill("#reason", "KS 2026/12")
    page.keyboard.press("Enter")
    page.wait_for_url("**/activation/*")
    expect(page.locator("form[action$='/approve']")).to_have_count(0)
    require_accessible(page, "weakens")
    other = review("beata", page.url.removeprefix(house.portal), theme=theme, language=language)
    require_accessible(other, "a colleague's")
    assert not scrolls(other)[0]
    other.check("input[name=sure]")
    other.locator("form[action$='/approve'] button").click()
    other.wait_for_url(f"**{HERE}")
    require_accessible(other, "decided")
