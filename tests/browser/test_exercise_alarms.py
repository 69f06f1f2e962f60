# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Alarms of a crisis exercise as an operator's browser shows them: in a part of their own, in words, and silent."""

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.house import House, row, scrolls
from tests.browser.test_looks import require_accessible

pytestmark = pytest.mark.browser

LOOKS = [("light", "sv", "Övning"), ("dark", "en", "Exercise")]


@pytest.mark.parametrize(("theme", "language", "word"), LOOKS)
def test_an_exercises_alarm_is_told_apart_without_colours_and_rings_at_no_desk(
    house: House, open_page: OpenPage, theme: str, language: str, word: str
) -> None:
    drilled = house.installation.raise_exercise("ekbacka", uuid4(), ago=200)
    technical = house.installation.raise_alarm("Karin Holmgren", "battery", "technical", ago=20)
    page = open_page("olga", theme=theme, language=language)
    expect(page.locator("#queue .row")).to_have_count(2)
    expect(page.locator(f"{row(drilled)} .exercise-mark")).to_have_text(word)
    expect(page.locator(f"{row(technical)} .exercise-mark")).to_have_count(0)
    expect(page.locator("#queue .row").last).to_have_id(f"a-{drilled}")
    assert page.locator("html").get_attribute("data-calls") == "false", "a life alarm, and no desk rings"
    page.locator(f"{row(drilled)} a").click()
    expect(page.locator(".exercise-banner")).to_contain_text(word)
    require_accessible(page, "alarm")
    for width, height in ((1366, 768), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        assert not scrolls(page)[0], width
    real = house.installation.raise_alarm("Elsa Nyström")
    expect(page.locator("#queue .row").first).to_have_id(f"a-{real}")
    expect(page.locator("html")).to_have_attribute("data-calls", "true")
