# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A night at the desk, in real Chromium, mostly without a mouse."""

import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.house import House, row, wait_until_ringing
from tests.waiting import wait_for

pytestmark = pytest.mark.browser


def close_with_keys(page: Page) -> None:
    """From a taken alarm to a closed one, with the keyboard alone."""
    page.keyboard.press(" ")
    page.wait_for_selector("#act-form.stepped")
    for key in ("1", "2", "1"):
        page.keyboard.press(key)
    page.keyboard.press("t")
    page.keyboard.type("Hjälpt upp.")
    page.keyboard.press("Escape")
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-alarm='']")


def test_an_alarm_arrives_is_heard_taken_and_closed(house: House, open_page: OpenPage) -> None:
    olga, emil = open_page("olga"), open_page("emil")
    for page in (olga, emil):
        assert page.title() == "(0) Vaka"
        assert page.get_attribute("html", "data-ringing") == "false"
    alarm = house.installation.raise_alarm("Karin Holmgren", "fall")
    for page in (olga, emil):
        expect(page.locator(row(alarm))).to_contain_text("Karin Holmgren")
        wait_until_ringing(page, True)
        expect(page).to_have_title("(1) Vaka")
        assert "Karin" not in page.title()
        expect(page.locator("#announce")).to_contain_text("Nytt larm")
    olga.keyboard.press(" ")
    olga.wait_for_selector(f"#alarm[data-alarm='{alarm}'][data-state=taken]")
    expect(olga.locator("#screen")).to_contain_text("Blåklocksstigen 14 B")
    assert olga.url.startswith(f"{house.desk}/alarm/")
    for page in (olga, emil):
        wait_until_ringing(page, False)
        expect(page.locator(f"[data-section=held] {row(alarm)}")).to_contain_text("Olga Operatör")
        expect(page.locator("#waiting")).to_have_text("0")
    expect(emil.locator(f"{row(alarm)}.is-mine")).to_have_count(0)
    expect(olga.locator(f"{row(alarm)}.is-mine")).to_have_count(1)
    close_with_keys(olga)
    expect(olga.locator("#message")).to_have_text("Larmet är avslutat.")
    for page in (olga, emil):
        expect(page.locator(row(alarm))).to_have_count(0)
    assert house.installation.state_of("ekbacka", alarm) == "closed"
    assert house.installation.execute("ekbacka", "select closing_reason from alarm where id = %s", (alarm,)) == [
        ("needs_help",)
    ]
    assert house.installation.closing_text("ekbacka", alarm) == "Hjälpt upp."


def test_ages_count_and_change_colour(house: House, open_page: OpenPage) -> None:
    page = open_page("olga")
    calm = house.installation.raise_alarm("Solveig Lindqvist")
    amber = house.installation.raise_alarm("Karin Holmgren", ago=40)
    red = house.installation.raise_alarm("Bertil Åström", ago=75)
    expect(page.locator(f"{row(amber)}.is-amber")).to_have_count(1)
    expect(page.locator(f"{row(red)}.is-red")).to_have_count(1)
    expect(page.locator(row(calm))).not_to_have_class("is-amber")
    first = page.locator(f"{row(red)} .clock").inner_text()
    wait_for(lambda: page.locator(f"{row(red)} .clock").inner_text() != first)
    assert [item.get_attribute("id") for item in page.locator("#queue .row").all()] == [
        f"a-{red}", f"a-{amber}", f"a-{calm}",
    ]  # fmt: skip


def test_technical_alarms_are_shown_and_never_heard(house: House, open_page: OpenPage) -> None:
    page = open_page("olga")
    for kind, alarm_class in (("battery", "technical"), ("test", "test"), ("medicine", "request")):
        alarm = house.installation.raise_alarm("Dagny Berglund", kind, alarm_class)
        expect(page.locator(row(alarm))).to_be_visible()
        assert page.get_attribute("html", "data-ringing") == "false"


def test_the_queue_is_walked_with_keys(house: House, open_page: OpenPage) -> None:
    page = open_page("olga")
    alarms = [
        house.installation.raise_alarm(name, ago=ago)
        for name, ago in (("Karin Holmgren", 90), ("Bertil Åström", 60), ("Solveig Lindqvist", 30))
    ]
    expect(page.locator("#queue .row")).to_have_count(3)

    order = [f"a-{alarm}" for alarm in alarms]

    def chosen() -> int | None:
        found = page.evaluate("document.activeElement.closest('.row')?.id")
        return order.index(found) if found in order else None

    for key, place in (("ArrowDown", 0), ("j", 1), ("ArrowDown", 2), ("ArrowDown", 2), ("k", 1)):
        page.keyboard.press(key)
        assert chosen() == place, key
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#alarm[data-alarm='{alarms[1]}']")
    expect(page.locator("#alarm-heading")).to_be_focused()
    # Reading is not taking; it goes on ringing.
    assert house.installation.state_of("norrvik", alarms[1]) == "presented"
    wait_until_ringing(page, True)
    page.keyboard.press("ArrowDown")
    assert chosen() == 2
    page.keyboard.press(" ")
    page.wait_for_selector(f"#alarm[data-alarm='{alarms[2]}'][data-state=taken]")
    page.keyboard.press("Escape")
    page.wait_for_selector("#alarm[data-alarm='']")
    assert house.installation.state_of("ekbacka", alarms[2]) == "taken"


def test_the_list_of_keys_and_turning_single_keys_off(house: House, open_page: OpenPage) -> None:
    page = open_page("olga")
    house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator("#queue .row")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('.row')") is None
    page.reload()
    page.wait_for_selector("#connection[data-state=live]")
    page.keyboard.press(" ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("#alarm[data-state=presented]")


def test_every_act_has_its_key(house: House, open_page: OpenPage) -> None:
    page, emil = open_page("olga"), open_page("emil")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")
    page.keyboard.press("n")
    page.wait_for_selector("#act-form textarea:focus")
    page.keyboard.type("Dottern är på väg, s h r m")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#screen .today")).to_contain_text("Dottern är på väg, s h r m")
    page.keyboard.press("s")
    page.wait_for_selector("[data-form=suspend]")
    page.keyboard.press("2")
    page.keyboard.press(" ")
    expect(page.locator(f"[data-section=resting] {row(alarm)}")).to_be_visible()
    page.locator(f"{row(alarm)} a").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#alarm[data-state=suspended]")
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")
    page.keyboard.press("h")
    page.wait_for_selector("[data-form=hand-over]")
    expect(page.locator("#act-form .on-duty").first).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press(" ")
    expect(emil.locator(f"{row(alarm)}.is-offered")).to_be_visible()
    # What is offered to one is heard by that one, and not by the one who offers.
    wait_until_ringing(emil, True)
    wait_until_ringing(page, False)
    emil.keyboard.press("ArrowDown")
    emil.keyboard.press(" ")
    emil.wait_for_selector("#alarm[data-state=taken]")
    emil.keyboard.press("r")
    emil.wait_for_selector("[data-form=release]")
    emil.keyboard.press(" ")
    expect(page.locator(f"[data-section=waiting] {row(alarm)}")).to_be_visible()
    wait_until_ringing(page, True)


def test_who_comes_second_is_told_and_sees_who_has_it(house: House, open_page: OpenPage, complaints: list[str]) -> None:
    olga, emil = open_page("olga"), open_page("emil")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    for page in (olga, emil):
        page.locator(f"{row(alarm)} a").click()
        page.wait_for_selector(f"#alarm[data-alarm='{alarm}'][data-state=presented]")
    # The news of it does not reach the second in time.
    emil.route("**/stream*", lambda route: route.abort())
    house.installation.execute(
        "ekbacka",
        "update alarm set state = 'taken', holder = %s, taken_at = now(), version = version + 1 where id = %s",
        (house.installation.accounts["olga"], alarm),
    )
    emil.keyboard.press(" ")
    expect(emil.locator("#message")).to_contain_text("Olga Operatör var före.")
    emil.wait_for_selector("#alarm[data-state=taken]")
    assert all("409" in complaint for complaint in complaints)
    complaints.clear()


def test_a_form_somebody_fills_in_survives_news_of_its_alarm(house: House, open_page: OpenPage) -> None:
    page = open_page("olga")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")
    page.keyboard.press("n")
    page.wait_for_selector("#act-form textarea:focus")
    page.keyboard.type("Halvvägs")
    house.installation.raise_alarm("Karin Holmgren", "smoke")
    expect(page.locator("#alarm-heading")).to_contain_text("Larmknapp + rök eller brand")
    expect(page.locator("#body")).to_have_value("Halvvägs")
    expect(page.locator("#body")).to_be_focused()


def test_nothing_jumps_when_an_alarm_arrives(house: House, open_page: OpenPage) -> None:
    page = open_page("olga", height=420)
    names = list(house.installation.people)
    alarms = [house.installation.raise_alarm(name, "battery", "technical", ago=100 - n) for n, name in enumerate(names)]
    expect(page.locator("#queue .row")).to_have_count(len(names))
    chosen = page.locator(f"{row(alarms[-1])} a")
    chosen.focus()
    top = f"document.getElementById('a-{alarms[-1]}').getBoundingClientRect().top"
    before = page.evaluate(top)
    late = house.installation.raise_alarm(names[0])
    expect(page.locator(row(late))).to_have_count(1)
    assert abs(page.evaluate(top) - before) < 1
    expect(chosen).to_be_focused()


def test_the_desk_works_without_scripts(house: House, open_page: OpenPage) -> None:
    alarm = house.installation.raise_alarm("Karin Holmgren")
    page = open_page("olga", scripts=False, by_hand=True)
    page.locator("[data-primary]").click()
    expect(page.locator("#screen")).to_contain_text("Karin Holmgren")
    assert house.installation.state_of("ekbacka", alarm) == "taken"
    page.locator("[data-primary]").click()
    for choice in ("needs_help", "home_care", "arrived_and_helped"):
        page.locator(f"input[value={choice}]").check()
    page.locator("[data-primary]").click()
    expect(page.locator("#idle-heading")).to_be_visible()
    assert house.installation.state_of("ekbacka", alarm) == "closed"


def test_pointer_and_arrow_keys_choose_in_the_closing_form(house: House, open_page: OpenPage) -> None:
    page = open_page("olga")
    house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator("#queue .row")).to_have_count(1)
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")
    page.keyboard.press(" ")
    page.wait_for_selector("#act-form.stepped")
    # A space bar out of habit chooses nothing and sends nothing.
    page.keyboard.press(" ")
    page.locator("input[value=toilet]").click()
    expect(page.locator("[data-list=reason] .chosen")).to_have_text("Toalett")
    expect(page.locator("[data-list=action] .choice-grid")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-list=action] .choice-grid")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("[data-list=result] .choice-grid")).to_be_visible()
    expect(page.locator("[data-list=action] .choice-grid")).to_be_hidden()
    page.locator("[data-list=reason] legend button").click()
    expect(page.locator("input[value=toilet]")).to_be_checked()


def test_the_open_alarm_survives_a_reload(house: House, open_page: OpenPage) -> None:
    page = open_page("olga")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    page.locator(f"{row(alarm)} a").click()
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}']")
    page.reload()
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}']")
    page.go_back()
    page.wait_for_selector("#alarm[data-alarm='']")


def test_a_mass_event_is_closed_together(house: House, open_page: OpenPage) -> None:
    page = open_page("lena")
    ours = [name for name, (slug, _, _) in house.installation.people.items() if slug == "ekbacka"][:5]
    alarms = [house.installation.raise_alarm(name, "link", "technical") for name in ours]
    expect(page.locator("#queue .row")).to_have_count(5)
    page.keyboard.press("b")
    page.wait_for_selector("#act-form.stepped")
    page.locator("tbody tr").first.get_by_role("checkbox").uncheck()
    for key in ("s", "1", "1"):
        page.keyboard.press(key)
    page.keyboard.press(" ")
    expect(page.locator("#message")).to_have_text("4 larm avslutade, 0 lämnade.")
    expect(page.locator("#queue .row")).to_have_count(1)
    states = [house.installation.state_of("ekbacka", alarm) for alarm in alarms]
    assert sorted(states) == ["closed"] * 4 + ["presented"]


def test_the_chosen_line_stays_chosen_while_it_changes(house: House, open_page: OpenPage) -> None:
    page = open_page("olga")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    page.keyboard.press("ArrowDown")
    for count in range(2, 12):
        house.installation.raise_alarm("Karin Holmgren")
        expect(page.locator(f"{row(alarm)} .row-repeat")).to_have_text(f"×{count}")
        expect(page.locator(f"{row(alarm)} a")).to_be_focused()


def test_a_line_that_changes_while_it_is_being_opened_opens_in_its_place(house: House, open_page: OpenPage) -> None:
    page = open_page("olga")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()

    def hold_up(route: Route) -> None:
        house.installation.raise_alarm("Karin Holmgren")
        time.sleep(1)
        route.continue_()

    page.route(f"**/alarm/*/{alarm}", hold_up, times=1)
    page.locator(f"{row(alarm)} a").click()
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}']")
    expect(page.locator(f"{row(alarm)} .row-repeat")).to_have_text("×2")
    expect(page.locator("main")).to_have_count(1)


def test_a_line_that_changes_while_a_button_is_held_down_on_it_is_clicked(house: House, open_page: OpenPage) -> None:
    """A hand is slower than news: what is pressed on one line and let go on its successor opens all the same."""
    page = open_page("olga")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    page.locator(f"{row(alarm)} a").hover()
    waiting = int(page.locator("#waiting").inner_text())
    page.mouse.down()
    house.installation.raise_alarm("Karin Holmgren")
    other = house.installation.raise_alarm("Solveig Lindqvist")
    expect(page.locator("#waiting")).to_have_text(str(waiting + 1))
    expect(page.locator(f"{row(alarm)} .row-repeat")).to_have_count(0)
    page.mouse.up()
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}']")
    expect(page.locator(f"{row(alarm)} .row-repeat")).to_have_text("×2")
    expect(page.locator(row(other))).to_be_visible()


def test_what_goes_wrong_with_one_line_keeps_no_other_from_the_queue(house: House, open_page: OpenPage) -> None:
    """What was held back while a button was down is put in piece by piece, each for itself."""
    page = open_page("olga")
    page.locator("#queue").hover()
    waiting = int(page.locator("#waiting").inner_text())
    page.evaluate("""() => {
        const real = document.createRange;
        console.error = (error) => { window.said = error.message; };
        document.createRange = () => { document.createRange = real; throw new Error("this one goes wrong"); };
    }""")
    page.mouse.down()
    for count, name in enumerate(("Karin Holmgren", "Solveig Lindqvist"), start=1):
        last = house.installation.raise_alarm(name)
        expect(page.locator("#waiting")).to_have_text(str(waiting + count))
    page.mouse.up()
    expect(page.locator(row(last))).to_be_visible()
    assert page.evaluate("window.said") == "this one goes wrong"
