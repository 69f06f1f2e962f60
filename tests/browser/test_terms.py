# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The board of the 37 terms, as a contract officer's browser shows it."""

from itertools import product

import pytest
from playwright.sync_api import expect

from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from tests.web.portal.shelf import Shelf

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
HERE = "/log/ekbacka/terms"
EMPTY = "truncate register_version, register_acknowledgement, register_showing, attachment"


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_board_is_accessible_and_fits(review: Review, theme: str, language: str) -> None:  # noqa: F811
    """With every tile opened too, at both sizes."""
    page = review("beata", HERE, language=language, theme=theme)
    require_accessible(page, HERE)
    expect(page.locator(".term")).to_have_count(37)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    require_accessible(page, "opened")
    for width, height in ((1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        sideways, _ = scrolls(page)
        assert not sideways, width


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_what_waits_is_accessible_and_fits(review: Review, theme: str, language: str) -> None:  # noqa: F811
    where = "/log/ekbacka/tasks"
    page = review("beata", where, language=language, theme=theme)
    require_accessible(page, where)
    expect(page.locator("#theirs")).to_be_visible()
    for width, height in ((1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        sideways, _ = scrolls(page)
        assert not sideways, width


def test_a_tile_opens_by_the_keyboard(review: Review) -> None:  # noqa: F811
    """To its evidence, each with how old it may be."""
    page = review("beata", HERE)
    tile = page.locator("#term-8")
    tile.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(tile.locator(".evidence li").first).to_be_visible()


def test_the_registers_are_accessible_and_fit(house: House, review: Review) -> None:  # noqa: F811
    """Empty, and with entries, numbers and an open entry, in every theme and language."""
    shelf, where = Shelf(house.installation), "/log/ekbacka/registers"
    shelf.execute(EMPTY)  # of what the office's tests wrote
    for number, (theme, language) in enumerate(LOOKS):
        page = review("beata", where, language=language, theme=theme)
        if number == 0:
            expect(page.locator(".nothing")).to_be_visible()
            require_accessible(page, "nothing shown")
            shelf.put(
                "documents", "in_force", title="Policy för distansarbete", purpose="remote-policy", file="ab" * 32
            )
            shelf.put("undertakings", "noted", person=str(house.installation.accounts["olga"]))
            shelf.show("documents", "ekbacka", "entries")
            shelf.show("undertakings", "ekbacka", "counts")
            page.reload()
        page.locator("summary").click()
        expect(page.locator("main dd").first).to_have_text("Policy för distansarbete")
        require_accessible(page, where)
        for width, height in ((1366, 768), (1920, 1080)):
            page.set_viewport_size({"width": width, "height": height})
            assert not scrolls(page)[0], width
    shelf.execute(EMPTY)
