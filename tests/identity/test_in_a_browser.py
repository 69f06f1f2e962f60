# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The same way in real Chromium, which keeps its own rules of cookies, sites and policies; and how the page reads."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.browser.house import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.identity.house import LOA3
from tests.identity.real_provider import NAME, Place
from vaka.web.asker import SESSION_COOKIE

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.end_to_end]


def test_an_invited_operator_signs_in_with_chromium(place: Place) -> None:
    code, desk = place.code(), place.house.settings.desk.origin
    found: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        page = chromium.new_context().new_page()
        page.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
        page.goto(f"{place.origin}/")
        page.click("summary")
        assert Axe().run(page).violations_count == 0
        page.fill("#code", code)
        page.click("text=Använd den")
        assert "Din inbjudan används när du kommer tillbaka." in page.content()
        page.click(f"a[href='/begin/{NAME}?realm=operator']")
        page.fill("input[name=person]", "real-1")
        page.fill("input[name=acr]", LOA3)
        with page.expect_request(f"{desk}/**"):  # where nobody answers
            page.click("text=Login")
        [cookie] = [one for one in page.context.cookies(place.origin) if one["name"] == SESSION_COOKIE]
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
        page.goto(f"{place.origin}/")
        assert f"Legitimerad av {place.issuer}, tillitsnivå 3." in page.content()
        assert [text for text in found if "Failed to load resource" not in text] == []
        page.goto(f"{place.origin}/callback/{NAME}?state=x")
        assert "no_pending" in page.content()
        assert Axe().run(page).violations_count == 0
        chromium.close()
