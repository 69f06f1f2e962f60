# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Pages of the desk that do not show the queue: there too it rings, and whoever reads them is at his desk."""

from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from tests.alarms.house import connect_superuser
from tests.browser.conftest import OpenPage
from tests.browser.house import House, row, wait_until_ringing
from tests.browser.test_sound import escalate, hear, loudest
from tests.waiting import wait_for
from vaka.database.server import PLATFORM_DATABASE
from vaka.web.view import LARGEST_STRANGERS

pytestmark = pytest.mark.browser


def close_one(house: House) -> str:
    """Let an alarm end; return where it is read afterwards."""
    alarm = house.installation.raise_alarm("Dagny Berglund")
    house.installation.close_everything()
    return f"/history/{house.installation.authorities['ekbacka'].id}/{alarm}"


def seen_at(house: House, persona: str) -> object:
    """When a desk of this account was last noted as open."""
    account = house.installation.accounts[persona]
    with closing(connect_superuser(house.installation.server, PLATFORM_DATABASE)) as platform:
        found = platform.execute("select seen_at from vaka.desk_presence where account_id = %s", (account,)).fetchone()
    return found["seen_at"] if found else None


@pytest.mark.parametrize("where", ["history", "search", "record"])
def test_a_life_alarm_is_heard_where_no_queue_is(house: House, open_page: OpenPage, where: str) -> None:
    record = close_one(house)
    page = open_page("emil", path=record if where == "record" else "/history")
    if where == "search":
        page.locator(".filters button").click()
        page.wait_for_load_state()
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    expect(page.locator("#elsewhere")).to_be_hidden()
    hear(page)
    alarm = house.installation.raise_alarm("Karin Holmgren", "fall")
    wait_until_ringing(page, True)
    assert loudest(page) > 0
    expect(page.locator("#waiting")).to_have_text("1")
    expect(page.locator("#elsewhere")).to_contain_text("Ett skarpt larm är obesvarat")
    assert page.title().startswith("(1) ")
    # Nobody has seen it yet: this page does not show it.
    assert house.installation.state_of("ekbacka", alarm) == "received"
    escalate(house, alarm, 2)
    expect(page.locator("#on-call")).to_contain_text("Ekbacka kommun: 08-465 004 56")
    page.locator("#elsewhere a").click()
    expect(page.locator(row(alarm))).to_be_visible()


def test_a_new_press_is_heard_by_who_has_it_and_reads_the_history(house: House, open_page: OpenPage) -> None:
    mine = house.installation.raise_alarm("Karin Holmgren")
    page = open_page("emil")
    page.locator(f"{row(mine)} a").click()
    page.wait_for_selector(f"#alarm[data-alarm='{mine}']")
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")
    page.locator(".rooms a[href='/history']").click()
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    wait_until_ringing(page, False)
    house.installation.raise_alarm("Karin Holmgren")
    wait_until_ringing(page, True)
    expect(page.locator("#elsewhere")).to_contain_text("väntar på ditt svar")
    colleague = open_page("edith", path="/history")
    expect(colleague.locator("#connection")).to_have_attribute("data-state", "live")
    wait_until_ringing(colleague, False)


@pytest.mark.parametrize("where", ["history", "record"])
def test_whoever_reads_elsewhere_is_at_his_desk(house: House, open_page: OpenPage, where: str) -> None:
    """What he holds must not go back to everybody because he looks something up."""
    path = close_one(house) if where == "record" else "/history"
    page = open_page("edith", path=path)
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    wait_for(lambda: seen_at(house, "edith") is not None)
    first = seen_at(house, "edith")
    wait_for(lambda: seen_at(house, "edith") != first)
    expect(page.locator("#on-duty")).to_have_text("1")


def test_a_lost_connection_is_told_where_no_queue_is(house: House, open_page: OpenPage, complaints: list[str]) -> None:
    page = open_page("emil", path="/history")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    house.kill("desk")
    expect(page.locator("#lost")).to_be_visible()
    house.start("desk")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    expect(page.locator("#lost")).to_be_hidden()
    complaints.clear()


def flood(house: House, count: int) -> None:
    """Many senders that nobody knows."""
    for number in range(count):
        house.installation.raise_unknown(f"66{number:04}", ago=100)


def is_on_the_screen(page: Page, selector: str) -> bool:
    """Whether all of it can be seen without scrolling."""
    box = page.locator(selector).bounding_box()
    height = page.evaluate("innerHeight")
    return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= height


def test_a_flood_of_strangers_hides_nobody(house: House, open_page: OpenPage) -> None:
    page = open_page("olga")
    flood(house, LARGEST_STRANGERS + 15)
    fall = house.installation.raise_alarm("Karin Holmgren", "fall")
    expect(page.locator("#strangers")).to_contain_text("15 till som inte visas")
    expect(page.locator(".row")).to_have_count(LARGEST_STRANGERS + 1)
    # She has waited for less long than all of them, and stands first.
    assert page.locator(".row").first.get_attribute("id") == f"a-{fall}"
    # A line that is put in anew at this very moment has no place for an instant.
    wait_for(lambda: is_on_the_screen(page, row(fall)) and is_on_the_screen(page, "#strangers"))
    expect(page.locator(".row").nth(1)).to_contain_text("Okänd avsändare 66")
    wait_until_ringing(page, True)
    page.keyboard.press(" ")
    page.wait_for_selector(f"#alarm[data-alarm='{fall}'][data-state=taken]")


def test_nothing_at_the_foot_covers_what_is_read_or_pressed(house: House, open_page: OpenPage) -> None:
    """The bar with the telephone numbers, the call to press a key, and the foot of the closing form."""
    alarm = house.installation.raise_alarm("Karin Holmgren")
    page = open_page("lena")
    house.installation.raise_unknown("55501")
    escalate(house, alarm, 2)
    expect(page.locator("#on-call")).to_be_visible()
    over = """() => {
      const box = (id) => document.getElementById(id).getBoundingClientRect();
      const [a, b] = [box("sound-locked"), box("on-call-numbers")];
      return a.bottom > b.top && a.top < b.bottom && a.right > b.left && a.left < b.right;
    }"""
    page.evaluate("document.getElementById('sound-locked').hidden = false")
    assert not page.evaluate(over)
    mine = house.installation.raise_alarm("Solveig Lindqvist")
    page.locator(f"{row(mine)} a").click()
    page.wait_for_selector(f"#alarm[data-alarm='{mine}']")
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")
    page.keyboard.press(" ")
    page.wait_for_selector("#act-form")
    bar, foot = page.locator("#on-call").bounding_box(), page.locator(".form-foot").bounding_box()
    assert bar is not None
    assert foot is not None
    assert foot["y"] + foot["height"] <= bar["y"]
