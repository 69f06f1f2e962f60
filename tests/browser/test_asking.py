# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority asks, the supplier answers, and a term is left out, in real browsers, every theme and language."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from itertools import product

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_office import Administer, administer  # noqa: F401 - a fixture
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from vaka.clock import SystemClock
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
ASKED, LEFT_OUT = "/log/ekbacka/inquiries", "/log/ekbacka/exclusions"


@pytest.fixture(autouse=True)
def nothing_said(house: House) -> Iterator[None]:
    """Nothing was asked or proposed before, and nothing stays."""

    def forget() -> None:
        connection = psycopg.connect(house.installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)
        with closing(connection) as superuser:
            superuser.execute("set session_replication_role = replica")
            superuser.execute("truncate vaka.inquiry, vaka.exclusion cascade")

    forget()
    yield
    forget()


def look(page: Page, where: str) -> None:
    """Accessible, and not wider than the window, at both sizes."""
    require_accessible(page, where)
    for width, height in ((1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        assert not scrolls(page)[0], (where, width)


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_both_sides_are_accessible_and_fit(
    house: House,
    review: Review,  # noqa: F811
    administer: Administer,  # noqa: F811
    theme: str,
    language: str,
) -> None:
    """Empty, asked, answered, settled; proposed, agreed, taken back."""
    officer = review("agneta", ASKED, language=language, theme=theme)
    office = administer("adam", "/inquiries", language=language, theme=theme)
    for page, where in ((officer, ASKED), (office, "/inquiries")):
        expect(page.locator(".nothing")).to_be_visible()
        look(page, f"empty {where}")
    officer.select_option("#kind", "audit")
    officer.select_option("#term", "37")
    officer.fill("#words", "Vi vill granska hur ni återställer säkerhetskopior. När passar det?")
    officer.get_by_role("button", name="Skicka frågan" if language == "sv" else "Send the question").click()
    expect(officer.locator(".inquiry")).to_have_count(1)
    look(officer, "asked")
    office.reload()
    look(office, "asked, office")
    office.locator(".inquiry textarea").fill("Den 14 mars, i Sundsvall.")
    office.locator(".inquiry input[name=reference]").fill("Protokoll 2026-7")
    office.locator(".inquiry input[name=sha256]").fill("ab" * 32)
    office.locator(".inquiry .next-act").click()
    officer.reload()
    expect(officer.locator(".said-so-far li")).to_have_count(2)
    officer.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    look(officer, "answered")
    officer.locator(".inquiry textarea").fill("Bra, då ses vi.")
    officer.locator(".inquiry .plain-act").click()
    expect(officer.locator(".inquiry .badge-met")).to_be_visible()

    office.goto(house.office + "/exclusions")
    look(office, "nothing left out, office")
    office.select_option("#authority", str(house.installation.authorities["ekbacka"].id))
    office.select_option("#term", "19")
    office.fill("#reason", "Inga hallar används för den här myndigheten.")
    office.locator("main .next-act").click()
    expect(office.locator(".inquiry")).to_have_count(1)
    look(office, "proposed, office")
    officer.goto(house.portal + LEFT_OUT)
    look(officer, "proposed")
    officer.fill("input[name=last]", str((SystemClock().now() + timedelta(days=30)).date()))
    officer.locator("main .next-act").click()
    expect(officer.locator(".badge-not_applicable")).to_be_visible()
    look(officer, "agreed")
    officer.locator("main .plain-act").click()
    expect(officer.locator(".inquiry .badge-not_asked")).to_be_visible()
