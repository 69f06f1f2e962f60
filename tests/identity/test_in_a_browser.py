# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The same way in real Chromium, which keeps its own rules of cookies, sites and policies; and how the page reads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.browser.house import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.identity.house import LOA3
from tests.identity.real_provider import NAME, Place
from vaka.web.asker import SESSION_COOKIE

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.end_to_end]


@contextmanager
def running_desk(port: int) -> Iterator[None]:
    """Somebody who answers where the desk would."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"the desk")

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def test_an_invited_operator_signs_in_with_chromium(place: Place) -> None:
    code, desk = place.code(), place.house.settings.desk.origin
    found: list[str] = []
    with running_desk(place.house.settings.desk.port), sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        page = chromium.new_context().new_page()
        page.on("console", lambda line: found.append(f"{line.location['url']} {line.text}"))
        page.goto(f"{place.origin}/")
        page.click("summary")
        assert Axe().run(page).violations_count == 0
        page.fill("#code", code)
        page.click("text=Använd den")
        assert "Din inbjudan används när du kommer tillbaka." in page.content()
        page.click(f"a[href='/begin/{NAME}?realm=operator']")
        page.fill("input[name=person]", "real-1")
        page.fill("input[name=acr]", LOA3)
        page.click("text=Login")
        page.wait_for_url(f"{desk}/**")
        [cookie] = [one for one in page.context.cookies(place.origin) if one["name"] == SESSION_COOKIE]
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
        page.goto(f"{place.origin}/")
        assert f"Legitimerad av {place.issuer}, tillitsnivå 3." in page.content()
        assert [text for text in found if text.startswith(place.origin)] == [], "the provider's own pages are its own"
        page.goto(f"{place.origin}/callback/{NAME}?state=x")
        assert "no_pending" in page.content()
        assert Axe().run(page).violations_count == 0
        chromium.close()
