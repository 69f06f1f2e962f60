# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Files in a real browser: attached without a script after a real scanner looked at them, refused, and saved again."""

from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import SCANNER, House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_office import DOCUMENT, SIZES, Administer, administer  # noqa: F401 - a fixture
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from tests.scanner.clamav import NAME, running_clamd
from tests.web.portal.shelf import Shelf
from vaka.scanning.inspecting import harmless_pattern

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
ROOM = "/log/ekbacka/registers"
TEXT = "Nyckelskåpets plats\n".encode()


def attach(page: Page, name: str, data: bytes) -> None:
    page.set_input_files("#file", {"name": name, "mimeType": "text/plain", "buffer": data})
    page.get_by_role("button", name="Genomsök och bifoga").click()


def test_a_file_is_attached_refused_and_saved(
    house: House,
    administer: Administer,  # noqa: F811
    review: Review,  # noqa: F811
    complaints: list[str],
    tmp_path: Path,
) -> None:
    """And its pages are accessible and fit, in every language and theme, at both sizes."""
    shelf = Shelf(house.installation)
    writer = administer("adam", "/registers/documents/new", scripts=False)
    writer.select_option("#purpose", "capacity-plan")
    for name, text in DOCUMENT.items():
        writer.fill(f"#{name}", text)
    writer.get_by_role("button", name="Skriv in den i registret").click()
    entry = writer.url.removeprefix(house.office)
    attach(writer, "Nycklar.txt", TEXT)
    expect(writer.get_by_role("alert")).to_contain_text("Nycklar.txt: Filer tas inte emot just nu")
    with running_clamd(socket=house.installation.root / SCANNER):
        attach(writer, "Nycklar åäö.txt", TEXT)
        expect(writer.locator("main")).to_contain_text("Nycklar åäö.txt")
        refused = administer("adam", entry)
        attach(refused, "Elakt.txt", harmless_pattern())
        expect(refused.get_by_role("alert")).to_contain_text("Elakt.txt: Genomsökningen hittade skadlig kod")
        expect(refused.get_by_role("alert")).to_contain_text(NAME)
        require_accessible(refused, "a refused file")
    reader = administer("ada", entry, scripts=False)
    reader.locator("button[value=approve]").click()
    expect(reader.locator("#holds")).to_have_text("Gäller")
    shelf.show("documents", "ekbacka", "entries")
    try:
        for theme, language in LOOKS:
            office = administer(theme=theme, language=language)
            portal = review("agneta", ROOM, language=language, theme=theme)
            for page, where in ((office, house.office + entry), (portal, house.portal + ROOM)):
                page.goto(where)
                page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
                require_accessible(page, where)
                for width, height in SIZES:
                    page.set_viewport_size({"width": width, "height": height})
                    assert not scrolls(page)[0], (where, width)
            for page in (office, portal):
                with page.expect_download() as saved:
                    page.get_by_role("link", name="Nycklar åäö.txt").first.click()
                assert saved.value.suggested_filename == "Nycklar åäö.txt"
                saved.value.save_as(tmp_path / "saved")
                assert (tmp_path / "saved").read_bytes() == TEXT
    finally:
        shelf.execute("truncate register_version, register_acknowledgement, register_showing, attachment")
    complaints.clear()  # a file that is refused is answered 400 or 503
