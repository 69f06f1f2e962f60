# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an operator sees when something is lost, and that everything comes back by itself."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.house import House, row, wait_until_ringing
from tests.browser.test_sound import chromium  # noqa: F401 - a fixture: what is kept back is the browser's own rule

pytestmark = pytest.mark.browser


def test_a_killed_desk_is_impossible_to_miss_and_comes_back(
    house: House, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page("olga")
    known = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(known))).to_be_visible()
    house.kill("desk")
    expect(page.locator("#lost")).to_be_visible()
    expect(page.locator("#lost")).to_contain_text("nya larm syns inte här")
    expect(page.locator("#connection")).to_have_attribute("data-state", "lost")
    box = page.locator("#lost").bounding_box()
    assert box is not None
    assert box["width"] == 1366
    # What is on the screen can still be read, and what cannot be done says so.
    expect(page.locator(row(known))).to_be_visible()
    page.keyboard.press(" ")
    expect(page.locator("#message")).to_contain_text("inget har ändrats")
    missed = house.installation.raise_alarm("Bertil Åström")
    house.start("desk")
    expect(page.locator(row(missed))).to_be_visible()
    expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")
    complaints.clear()


def test_a_network_that_goes_silent_is_noticed(house: House, open_page: OpenPage, complaints: list[str]) -> None:
    page = open_page("olga")
    page.context.set_offline(True)
    expect(page.locator("#lost")).to_be_visible()
    missed = house.installation.raise_alarm("Karin Holmgren")
    page.context.set_offline(False)
    expect(page.locator(row(missed))).to_be_visible()
    wait_until_ringing(page, True)
    expect(page.locator("#lost")).to_be_hidden()
    complaints.clear()


def test_the_desk_works_on_while_nobody_can_sign_in(house: House, open_page: OpenPage) -> None:
    page = open_page("olga")
    house.kill("signin")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")
    page.reload()
    page.wait_for_selector("#connection[data-state=live]")
    house.start("signin")


def test_a_session_that_ends_closes_the_open_page(house: House, open_page: OpenPage, complaints: list[str]) -> None:
    page = open_page("olga")
    other = page.context.new_page()
    other.goto(f"{house.desk}/history")
    other.locator(".me button").click()
    other.wait_for_url(f"{house.signin}/signed-out*")
    page.wait_for_url(f"{house.signin}/")
    complaints.clear()


def test_a_browser_that_keeps_sound_back_says_so(house: House, open_page: OpenPage) -> None:
    page = open_page("olga")
    fresh = page.context.new_page()
    fresh.goto(f"{house.desk}/")
    expect(fresh.locator("#sound-locked")).to_be_visible()
    expect(fresh.locator("#sound")).to_have_attribute("data-state", "locked")
    fresh.keyboard.press("Shift")
    expect(fresh.locator("#sound-locked")).to_be_hidden()
    expect(fresh.locator("#sound")).to_have_attribute("data-state", "on")
    fresh.locator("#sound").click()
    expect(fresh.locator("#sound")).to_have_attribute("data-state", "off")


def test_a_database_that_does_not_answer_is_told_and_comes_back(
    house: House, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page("olga")
    house.installation.cluster.stop(immediately=True)
    try:
        expect(page.locator("#trouble")).to_be_visible()
        expect(page.locator("#trouble")).to_contain_text("En databas svarar inte")
        page.keyboard.press(" ")
        expect(page.locator("#message")).to_contain_text("Databasen svarar inte just nu.")
    finally:
        house.installation.cluster.start()
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    expect(page.locator("#trouble")).to_be_hidden()
    complaints.clear()
