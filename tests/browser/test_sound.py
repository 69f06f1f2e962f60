# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is heard: measured at the gain of every tone the page plays."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage, launched
from tests.browser.house import CHROMIUM, House, row, wait_until_ringing
from tests.waiting import wait_for

pytestmark = pytest.mark.browser

LISTEN = """() => {
  window.loudest = 0;
  const ramp = AudioParam.prototype.linearRampToValueAtTime;
  AudioParam.prototype.linearRampToValueAtTime = function (value, at) {
    window.loudest = Math.max(window.loudest, value);
    return ramp.call(this, value, at);
  };
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The whole browser: when a page may be heard is its own rule."""
    with launched(CHROMIUM) as browser:
        yield browser


def escalate(house: House, alarm: UUID, level: int) -> None:
    """What the timer does when nobody takes an alarm."""
    house.installation.execute(
        "ekbacka",
        "with urged as (update alarm set escalation = %s, version = version + 1 where id = %s returning id)"
        " select announce_alarms(array_agg(id)) from urged",
        (level, alarm),
    )


def hear(page: Page) -> None:
    """Let the page play, and listen."""
    page.keyboard.press("Shift")
    expect(page.locator("#sound")).to_have_attribute("data-state", "on")
    page.evaluate(LISTEN)


def loudest(page: Page) -> float:
    """How loud the loudest tone of the next rings is; waits until there is one."""
    page.evaluate("window.loudest = 0")
    wait_for(lambda: page.evaluate("window.loudest") > 0)
    return float(page.evaluate("window.loudest"))


def test_what_nobody_takes_is_louder_and_cannot_be_turned_off(house: House, open_page: OpenPage) -> None:
    page = open_page("emil")
    hear(page)
    alarm = house.installation.raise_alarm("Karin Holmgren")
    wait_until_ringing(page, True)
    ordinary = loudest(page)
    page.locator("#sound").click()
    expect(page.locator("#sound")).to_have_attribute("data-state", "off")
    page.evaluate("window.loudest = 0")
    page.wait_for_timeout(3000)
    assert page.evaluate("window.loudest") == 0
    escalate(house, alarm, 1)
    expect(page.locator(f"{row(alarm)} .row-who")).to_have_text("ringer alla")
    assert loudest(page) > ordinary


def test_whoever_is_busy_hears_it_as_others_hear_an_ordinary_one(house: House, open_page: OpenPage) -> None:
    page = open_page("emil")
    hear(page)
    mine = house.installation.raise_alarm("Karin Holmgren", ago=50)
    page.locator(f"{row(mine)} a").click()
    page.wait_for_selector(f"#alarm[data-alarm='{mine}']")
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")
    other = house.installation.raise_alarm("Solveig Lindqvist")
    expect(page.locator(row(other))).to_be_visible()
    softly = loudest(page)
    escalate(house, other, 1)
    expect(page.locator(f"{row(other)} .row-who")).to_have_text("ringer alla")
    assert loudest(page) > 2 * softly


def test_the_second_limit_shows_whom_to_call_wherever_one_looks(house: House, open_page: OpenPage) -> None:
    page = open_page("emil")
    other = house.installation.raise_alarm("Solveig Lindqvist")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    escalate(house, alarm, 1)
    expect(page.locator(f"{row(alarm)} .row-who")).to_have_text("ringer alla")
    expect(page.locator("#on-call")).to_be_hidden()
    escalate(house, alarm, 2)
    expect(page.locator("#on-call")).to_be_visible()
    expect(page.locator("#on-call")).to_contain_text("Ring jouren")
    expect(page.locator("#on-call-numbers")).to_have_text("Ekbacka kommun: 08-465 004 56")
    expect(page.locator(f"{row(alarm)} .row-who")).to_contain_text("08-465 004 56")
    page.locator(f"{row(alarm)} a").click()
    expect(page.locator(".alarm-head .on-call")).to_contain_text("08-465 004 56")
    assert "08-465 004 56" not in page.locator(row(other)).inner_text()
    page.reload()
    expect(page.locator("#on-call")).to_be_visible()
    page.keyboard.press(" ")
    expect(page.locator("#on-call")).to_be_hidden()


def test_a_technical_alarm_a_colleague_offers_is_not_heard(house: House, open_page: OpenPage) -> None:
    page, colleague = open_page("emil"), open_page("lena")
    alarms = [
        house.installation.raise_alarm("Karin Holmgren", "battery", "technical"),
        house.installation.raise_alarm("Solveig Lindqvist", "medicine", "request"),
    ]
    for alarm, heard in zip(alarms, (False, True), strict=True):
        colleague.locator(f"{row(alarm)} a").click()
        colleague.wait_for_selector(f"#alarm[data-alarm='{alarm}']")
        colleague.keyboard.press(" ")
        colleague.wait_for_selector(f"#alarm[data-alarm='{alarm}'][data-state=taken]")
        colleague.keyboard.press("h")
        colleague.wait_for_selector("[data-form=hand-over]")
        colleague.locator(f"input[value='{house.installation.accounts['emil']}']").check(force=True)
        colleague.locator("[data-primary]").click()
        expect(page.locator(f"{row(alarm)}.is-offered")).to_be_visible()
        wait_until_ringing(page, heard)


def test_a_new_press_is_heard_by_who_has_the_alarm_until_it_is_answered(house: House, open_page: OpenPage) -> None:
    page, colleague = open_page("emil"), open_page("lena")
    hear(page)
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")
    wait_until_ringing(page, False)
    wait_until_ringing(colleague, False)
    house.installation.raise_alarm("Karin Holmgren")
    wait_until_ringing(page, True)
    assert loudest(page) < 0.3, "softly: its holder is speaking with somebody"
    expect(colleague.locator(f"{row(alarm)} .row-who")).to_contain_text("larmar igen")
    assert colleague.get_attribute("html", "data-ringing") == "false"
    expect(page.locator("[data-primary]")).to_contain_text("Uppfattat: larmar igen")
    page.locator("[data-primary]").click()
    wait_until_ringing(page, False)


def test_what_its_holder_leaves_unanswered_rings_for_all_and_shows_whom_to_call(
    house: House, open_page: OpenPage
) -> None:
    page, colleague = open_page("emil"), open_page("lena")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")
    wait_until_ringing(colleague, False)
    house.installation.raise_alarm("Karin Holmgren")
    escalate(house, alarm, 1)
    wait_until_ringing(colleague, True)
    expect(colleague.locator(f"{row(alarm)} .row-who")).to_contain_text("larmar igen, ringer alla")
    expect(colleague.locator("#on-call")).to_be_hidden()
    escalate(house, alarm, 2)
    expect(colleague.locator("#on-call")).to_contain_text("Ett skarpt larm är obesvarat. Ring jouren")
    expect(colleague.locator("#on-call-numbers")).to_have_text("Ekbacka kommun: 08-465 004 56")
    expect(page.locator(".alarm-head .on-call")).to_contain_text("08-465 004 56")


def test_who_can_take_nothing_may_turn_everything_off(house: House, open_page: OpenPage) -> None:
    page = open_page("tekla")
    hear(page)
    alarm = house.installation.raise_alarm("Karin Holmgren")
    escalate(house, alarm, 1)
    loudest(page)
    page.locator("#sound").click()
    expect(page.locator("#sound")).to_have_attribute("data-state", "off")
    page.evaluate("window.loudest = 0")
    page.wait_for_timeout(3000)
    assert page.evaluate("window.loudest") == 0
