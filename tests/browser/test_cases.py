# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Cases in a real browser: opened in the office without a script, read and answered by whom they touch."""

from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.house import SCANNER, House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_office import Administer, administer  # noqa: F401 - a fixture
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from tests.scanner.clamav import running_clamd

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
ROOMS = "/log/ekbacka/cases"
TEXT = "Kontot är stängt\n".encode()


def test_a_case_and_its_room_are_accessible_and_fit(
    house: House,
    administer: Administer,  # noqa: F811
    review: Review,  # noqa: F811
    tmp_path: Path,
) -> None:
    """From an empty form to an answer with a file; in every language and theme, at both sizes."""
    writer = administer("adam", "/cases/new", scripts=False)
    writer.fill("#title", "Okända inloggningar")
    writer.fill("#text", "Försök mot webbservern i natt.")
    writer.get_by_label("Ekbacka").check()
    writer.get_by_label("Cybersäkerhetslagen gäller").check()
    writer.get_by_role("button", name="Öppna ärendet").click()
    expect(writer.locator("h1")).to_contain_text("Okända inloggningar")
    here = writer.url.removeprefix(house.office)
    room = f"/log/ekbacka{here}"
    reader = review("agneta", room, language="sv", theme="light")
    reader.fill("#text", "Vi har stängt kontot.")
    reader.set_input_files("#file", {"name": "Konto åäö.txt", "mimeType": "text/plain", "buffer": TEXT})
    with running_clamd(socket=house.installation.root / SCANNER):
        reader.get_by_role("button", name="Skicka").click()
        expect(reader.locator("main")).to_contain_text("Konto åäö.txt")
    for page in (writer, reader):
        page.reload()
        with page.expect_download() as saved:
            page.get_by_role("link", name="Konto åäö.txt").click()
        assert saved.value.suggested_filename == "Konto åäö.txt"
        saved.value.save_as(tmp_path / "saved")
        assert (tmp_path / "saved").read_bytes() == TEXT
    reader.get_by_role("button", name="Jag har sett dessa").click()
    expect(reader.locator("main")).to_contain_text("Sett av")
    for theme, language in LOOKS:
        office = administer(theme=theme, language=language)
        portal = review("agneta", ROOMS, language=language, theme=theme)
        for page, at, paths in (
            (office, house.office, ("/cases", "/cases/new", here)),
            (portal, house.portal, (ROOMS, room, "/log/ekbacka/contacts")),
        ):
            for path in paths:
                page.goto(at + path)
                require_accessible(page, path)
                for width, height in ((1366, 768), (1920, 1080)):
                    page.set_viewport_size({"width": width, "height": height})
                    assert not scrolls(page)[0], (path, width)
