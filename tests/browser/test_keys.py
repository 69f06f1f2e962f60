# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A key does what it did when the operator looked, or nothing: whatever changes between the eye and the finger."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from uuid import UUID

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.house import House, row
from tests.waiting import wait_for

pytestmark = pytest.mark.browser

REACTION = 0.7
"""Seconds in which a key after a change is taken to be meant for what was there before."""


@contextmanager
def unhurried(page: Page) -> Iterator[None]:
    """Let what changes inside the block hold the keys two seconds longer: a busy machine is slow to press."""
    page.evaluate("() => { const real = performance.now.bind(performance); performance.now = () => real() + 2000; }")
    yield
    page.evaluate("() => { delete performance.now; }")
    time.sleep(REACTION + 2)


def take(page: Page, alarm: UUID) -> None:
    """Open an alarm with the mouse and take it with the space bar."""
    # A line that is put anew while the mouse is down is not clicked.
    page.wait_for_selector(f"{row(alarm)}:not([data-state=received])")
    page.locator(f"{row(alarm)} a").click()
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}']")
    page.keyboard.press(" ")
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}'][data-state=taken]")


def begin_closing(page: Page) -> None:
    """From a taken alarm to a closing form that needs only to be sent."""
    page.keyboard.press(" ")
    page.wait_for_selector("#act-form.stepped")
    for key in "111":
        page.keyboard.press(key)
    expect(page.locator("[data-primary]")).to_be_focused()


def focused_line(page: Page) -> str | None:
    """The line of the queue that is chosen."""
    found: str | None = page.evaluate("document.activeElement.closest('#queue .row')?.id ?? null")
    return found


def test_space_on_a_line_a_colleague_took_takes_no_other(house: House, open_page: OpenPage) -> None:
    page, colleague = open_page("emil"), open_page("lena")
    open_for_reading = house.installation.raise_alarm("Karin Holmgren", ago=50)
    chosen = house.installation.raise_alarm("Solveig Lindqvist", ago=10)
    expect(page.locator(row(chosen))).to_be_visible()
    page.locator(f"{row(open_for_reading)} a").click()
    page.wait_for_selector(f"#alarm[data-alarm='{open_for_reading}']")
    page.locator(f"{row(chosen)} a").focus()
    take(colleague, chosen)
    page.wait_for_selector(f"{row(chosen)}[data-state=taken]")
    assert focused_line(page) == f"a-{chosen}"
    page.keyboard.press(" ")
    expect(page.locator("#message")).to_contain_text("Solveig Lindqvist togs av Lena Ledarsson. Inget har gjorts.")
    expect(page.locator("#said")).to_contain_text("togs av Lena Ledarsson")
    assert page.get_attribute("#alarm", "data-alarm") == str(open_for_reading)
    assert house.installation.state_of("ekbacka", open_for_reading) == "presented"


def test_space_on_a_line_does_not_send_the_form_of_another(house: House, open_page: OpenPage) -> None:
    page = open_page("emil")
    mine = house.installation.raise_alarm("Karin Holmgren", ago=50)
    other = house.installation.raise_alarm("Solveig Lindqvist")
    expect(page.locator(row(other))).to_be_visible()
    take(page, mine)
    begin_closing(page)
    page.locator(f"{row(other)} a").focus()
    page.keyboard.press(" ")
    expect(page.locator("#message")).to_contain_text("spara eller lämna först det som är öppet")
    assert house.installation.state_of("ekbacka", mine) == "taken"
    assert house.installation.state_of("ekbacka", other) == "presented"


def test_space_on_a_line_that_is_ones_own_opens_it(house: House, open_page: OpenPage) -> None:
    page = open_page("emil")
    mine = house.installation.raise_alarm("Karin Holmgren", ago=50)
    waiting = house.installation.raise_alarm("Solveig Lindqvist")
    expect(page.locator(row(waiting))).to_be_visible()
    take(page, mine)
    page.keyboard.press("Escape")
    page.wait_for_selector("#alarm[data-alarm='']")
    page.locator(f"{row(mine)} a").focus()
    page.keyboard.press(" ")
    page.wait_for_selector(f"#alarm[data-alarm='{mine}']")
    assert house.installation.state_of("ekbacka", waiting) == "presented"


def test_a_line_that_leaves_gives_the_choice_to_its_neighbour(house: House, open_page: OpenPage) -> None:
    page = open_page("emil")
    alarms = [
        house.installation.raise_alarm(name, ago=ago)
        for name, ago in (("Karin Holmgren", 90), ("Solveig Lindqvist", 60), ("Margit Sundqvist", 30))
    ]
    expect(page.locator("#queue .row")).to_have_count(3)
    page.locator(f"{row(alarms[1])} a").focus()
    # What Space did was about the line that has left: pressed in that moment it takes nothing.
    page.evaluate("""() => document.addEventListener("vaka:changed-by-itself", () => setTimeout(() =>
        document.activeElement.dispatchEvent(
          new KeyboardEvent("keydown", { key: " ", bubbles: true, cancelable: true })), 50))""")
    for alarm in (alarms[1], alarms[2]):
        house.installation.execute(
            "ekbacka",
            "with ended as (update alarm set state = 'closed', closed_at = now(), closed_by = 'scheduler',"
            " version = version + 1 where id = %s returning id) select announce_alarms(array_agg(id)) from ended",
            (alarm,),
        )
        expect(page.locator(row(alarm))).to_have_count(0)
        wanted = alarms[2] if alarm == alarms[1] else alarms[0]
        expect(page.locator(f"{row(wanted)} a")).to_be_focused()
        expect(page.locator("#message")).to_contain_text("Det ändrades just när du tryckte")
    assert house.installation.state_of("ekbacka", alarms[0]) == "presented"
    time.sleep(REACTION)
    page.keyboard.press(" ")
    page.wait_for_selector(f"#alarm[data-alarm='{alarms[0]}'][data-state=taken]")


def test_the_last_line_that_leaves_does_not_lose_the_keyboard(house: House, open_page: OpenPage) -> None:
    page = open_page("emil")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    page.locator(f"{row(alarm)} a").focus()
    house.installation.close_everything()
    expect(page.locator(row(alarm))).to_have_count(0)
    expect(page.locator("#idle-heading")).to_be_focused()


@pytest.mark.parametrize("key", [" ", "Enter"])
def test_a_key_meant_to_take_does_not_close_what_the_device_takes_back(
    house: House, open_page: OpenPage, key: str
) -> None:
    page = open_page("emil")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    page.locator(f"{row(alarm)} a").click()
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}']")
    page.locator("[data-primary]").focus()
    with unhurried(page):
        house.installation.withdraw("Karin Holmgren")
        page.wait_for_selector("#alarm[data-state=withdrawn]")
        page.keyboard.press(key)
        expect(page.locator("#message")).to_contain_text("Det ändrades just när du tryckte, så inget har gjorts.")
        assert house.installation.state_of("ekbacka", alarm) == "withdrawn"
    page.keyboard.press(key)
    expect(page.locator("#message")).to_have_text("Läst och avslutat.")


def test_a_second_space_after_closing_takes_nothing(house: House, open_page: OpenPage) -> None:
    page = open_page("emil")
    closing = house.installation.raise_alarm("Karin Holmgren", ago=50)
    waiting = house.installation.raise_alarm("Solveig Lindqvist")
    expect(page.locator(row(waiting))).to_be_visible()
    take(page, closing)
    begin_closing(page)
    with unhurried(page):
        page.keyboard.press(" ")
        page.wait_for_selector("#alarm[data-alarm='']")
        page.keyboard.press(" ")
        expect(page.locator("#message")).to_have_text("Larmet är avslutat.")
    assert house.installation.state_of("ekbacka", waiting) == "presented"
    page.keyboard.press(" ")
    page.wait_for_selector(f"#alarm[data-alarm='{waiting}'][data-state=taken]")


def press_in_the_moment(page: Page, of: str, key: str = " ") -> None:
    """Let a key that was under way come the moment after something has happened in the page."""
    page.evaluate(
        """([of, key]) => document.addEventListener(of, () => setTimeout(() => document.activeElement.dispatchEvent(
          new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ctrlKey: key === "Enter" }))),
          { once: true })""",
        [of, key],
    )


def test_a_press_that_joins_while_one_closes_is_read_first(
    house: House, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page("emil")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    take(page, alarm)
    begin_closing(page)
    # The closing is with the database when the press is written, before anybody could have seen it. A second tap on
    # the space bar, meant to send what was sent already, must not send it again for the alarm as it has become.
    press_in_the_moment(page, "htmx:afterSettle")
    with house.installation.joining("Karin Holmgren", "smoke"):
        page.keyboard.press(" ")
        wait_for(lambda: house.installation.is_anybody_kept_waiting("ekbacka"))
    expect(page.locator("#message")).to_contain_text("Larmet har ändrats sedan du såg det.")
    expect(page.locator("#alarm-heading")).to_contain_text("rök eller brand")
    assert house.installation.state_of("ekbacka", alarm) == "taken"
    time.sleep(REACTION)
    page.locator("[data-primary]").focus()
    page.keyboard.press(" ")
    expect(page.locator("#message")).to_have_text("Larmet är avslutat.")
    assert all("409" in complaint for complaint in complaints)
    complaints.clear()


@pytest.mark.parametrize("key", [" ", "Enter"])
def test_a_press_that_joins_while_the_closing_form_stands_is_told_and_read_first(
    house: House, open_page: OpenPage, key: str
) -> None:
    page = open_page("emil")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    take(page, alarm)
    begin_closing(page)
    if key == "Enter":  # with Ctrl, from the text field
        page.keyboard.press("t")
        page.keyboard.type("Hjälpt upp.")
    house.installation.raise_alarm("Karin Holmgren", "smoke")
    expect(page.locator("#alarm-heading")).to_contain_text("rök eller brand")
    expect(page.locator("#message")).to_contain_text("Något nytt har hänt i larmet medan du skriver.")
    expect(page.locator("#said")).to_contain_text("Något nytt har hänt")
    press_in_the_moment(page, "vaka:changed-by-itself", key)
    house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator("#alarm-heading .row-repeat")).to_have_text("×3")
    expect(page.locator("#message")).to_contain_text("Det ändrades just när du tryckte, så inget har gjorts.")
    assert house.installation.state_of("ekbacka", alarm) == "taken"
    time.sleep(REACTION)
    page.keyboard.press("Control+Enter" if key == "Enter" else key)
    expect(page.locator("#message")).to_have_text("Larmet är avslutat.")


def test_news_is_told_in_sight_however_long_the_form_is(house: House, open_page: OpenPage) -> None:
    page = open_page("emil")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    take(page, alarm)
    page.keyboard.press(" ")
    page.wait_for_selector("#act-form.stepped")
    house.installation.raise_alarm("Karin Holmgren", "smoke")
    expect(page.locator("#message")).to_contain_text("Något nytt har hänt i larmet medan du skriver.")
    expect(page.locator("#message")).to_be_in_viewport(ratio=1)
    # Where the form is taken away, because a colleague has the alarm now, that is told as well.
    house.installation.execute(
        "ekbacka",
        "with lost as (update alarm set holder = %s, version = version + 1 where id = %s returning id)"
        " select announce_alarms(array_agg(id)) from lost",
        (house.installation.accounts["lena"], alarm),
    )
    expect(page.locator("#act-form")).to_have_count(0)
    expect(page.locator("#message")).to_contain_text("Något nytt har hänt i larmet medan du skriver.")


def test_a_press_that_joins_while_one_lays_aside_does_not_rest(
    house: House, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page("emil")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    take(page, alarm)
    page.keyboard.press("s")
    page.wait_for_selector("[data-form=suspend]")
    with house.installation.joining("Karin Holmgren", "smoke"):
        page.keyboard.press(" ")
        wait_for(lambda: house.installation.is_anybody_kept_waiting("ekbacka"))
    expect(page.locator("#message")).to_contain_text("Larmet har ändrats sedan du såg det.")
    expect(page.locator("[data-primary]")).to_contain_text("Uppfattat: larmar igen")
    assert house.installation.state_of("ekbacka", alarm) == "taken"
    complaints.clear()


def test_what_rings_for_all_although_somebody_has_it_is_taken_over_with_the_space_bar(
    house: House, open_page: OpenPage
) -> None:
    page = open_page("emil")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    house.installation.execute(
        "ekbacka",
        "with left_behind as (update alarm set state = 'taken', holder = %s, taken_at = now(), escalation = 1,"
        " version = version + 1 where id = %s returning id) select announce_alarms(array_agg(id)) from left_behind",
        (house.installation.accounts["lena"], alarm),
    )
    expect(page.locator(f"[data-section=held] {row(alarm)} .row-who")).to_contain_text("larmar igen, ringer alla")
    page.locator(f"{row(alarm)} a").focus()
    page.keyboard.press(" ")
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}']")
    expect(page.locator("[data-primary]")).to_contain_text("Ta över …")
    page.keyboard.press(" ")
    page.wait_for_selector("[data-form=take-over]")
    page.keyboard.press(" ")
    page.wait_for_selector(f"#alarm[data-state=taken][data-holder='{house.installation.accounts['emil']}']")


def test_news_that_came_while_a_request_failed_is_shown_all_the_same(
    house: House, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page("emil")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    take(page, alarm)

    def fail_slowly(route: Route) -> None:
        house.installation.raise_alarm("Karin Holmgren", "smoke")
        time.sleep(1)
        route.abort()

    page.route("**/alarm/*/*?act=note", fail_slowly, times=1)
    with page.expect_event("console", lambda line: "ERR_FAILED" in line.text):
        page.keyboard.press("n")
    expect(page.locator("#alarm-heading")).to_contain_text("rök eller brand")
    complaints.clear()


def test_a_screen_that_cannot_be_read_anew_is_asked_for_until_it_can(house: House, open_page: OpenPage) -> None:
    page = open_page("emil")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    take(page, alarm)
    page.evaluate("""() => {
      window.askedAt = [];
      const fetched = window.fetch;
      window.fetch = (address, options) => {
        if (!String(address).startsWith("/alarm/")) return fetched(address, options);
        window.askedAt.push(performance.now());
        return window.askedAt.length <= 3 ? Promise.reject(new TypeError("no connection")) : fetched(address, options);
      };
    }""")
    house.installation.raise_alarm("Karin Holmgren", "smoke")
    expect(page.locator("#alarm-heading")).to_contain_text("rök eller brand")
    asked = page.evaluate("window.askedAt")
    assert len(asked) == 4
    # Less and less often, unless newer news comes; a timer is never early.
    waits = [later - earlier for earlier, later in pairwise(asked)]
    assert waits[-1] > 1990


def test_an_alarm_that_ended_while_the_desk_was_away_is_shown_as_ended(
    house: House, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page("emil")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    take(page, alarm)
    house.kill("desk")
    expect(page.locator("#lost")).to_be_visible()
    house.installation.close_everything()
    house.start("desk")
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}'][data-state=closed]")
    complaints.clear()


def test_an_open_alarm_without_a_line_in_the_queue_is_kept_fresh(house: House, open_page: OpenPage) -> None:
    """In a storm the queue shows the first lines only, and the operator's own alarm may not be among them."""
    page = open_page("emil")
    alarm = house.installation.raise_alarm("Karin Holmgren")
    expect(page.locator(row(alarm))).to_be_visible()
    take(page, alarm)
    expect(page.locator(f"[data-section=held] {row(alarm)}")).to_be_visible()
    page.evaluate("id => document.getElementById(id).remove()", f"a-{alarm}")
    house.installation.execute(  # and nobody is told
        "ekbacka", "update alarm set escalation = 2, version = version + 1 where id = %s", (alarm,)
    )
    expect(page.locator(".alarm-head .on-call")).to_be_visible()


# ── The history ──────────────────────────────────────────────────────────────────────────────────────────────────────


def close_some(house: House, count: int = 3) -> list[UUID]:
    """So many alarms that have ended, in the order in which the history shows them."""
    alarms: list[UUID] = []
    for _ in range(count):
        alarms.insert(0, house.installation.raise_alarm("Karin Holmgren"))
        house.installation.close_everything()
    return alarms


def record(house: House, alarm: UUID) -> str:
    """Where an ended alarm is read."""
    return f"/history/{house.installation.authorities['ekbacka'].id}/{alarm}"


def turn_single_keys(page: Page, on: bool) -> None:
    """Use the switch in the list of keys of this page."""
    page.locator("[data-opens=keys]").click()
    expect(page.locator("#single-keys")).to_be_checked(checked=not on)
    page.locator("#single-keys").set_checked(on)
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def chosen_line(page: Page) -> str | None:
    """Where the chosen line of the history leads."""
    found: str | None = page.evaluate("document.activeElement.getAttribute('href')")
    return found


def test_the_history_is_searched_read_and_left_with_the_keyboard(house: House, open_page: OpenPage) -> None:
    first, second, third = (record(house, alarm) for alarm in close_some(house))
    page = open_page("emil", path="/history")
    seen = []
    for key in ("j", "ArrowDown", "ArrowDown", "k", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
        seen.append(chosen_line(page))
    assert seen == [first, second, third, second, first, first]
    page.keyboard.press("s")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.type("jks?")
    expect(page.locator("#text")).to_have_value("jks?")
    page.keyboard.press("Escape")
    expect(page.locator("#text")).not_to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("i historiken, till sökfältet")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{first}")
    page.keyboard.press("Escape")
    page.wait_for_url("**/history")
    page.keyboard.press("Escape")
    page.wait_for_url(f"{house.desk}/")


def test_the_arrows_go_on_to_older_ones(house: House, open_page: OpenPage) -> None:
    shown = close_some(house, 51)[:50]
    page = open_page("emil", path="/history")
    page.locator(f"[href='{record(house, shown[-1])}']").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".pager button")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_selector(f"[href='{record(house, shown[0])}']", state="detached")
    page.wait_for_load_state()  # the old page is gone as soon as the new one begins; its keys come with its script
    page.keyboard.press("ArrowDown")
    assert chosen_line(page) is not None


@pytest.mark.parametrize("turned_off_on", ["desk", "history", "record"])
def test_single_keys_that_are_off_are_off_on_every_page(house: House, open_page: OpenPage, turned_off_on: str) -> None:
    first = close_some(house)[0]
    paths = {"desk": "/", "history": "/history", "record": record(house, first)}
    page = open_page("emil", path=paths[turned_off_on])
    turn_single_keys(page, on=False)

    page.goto(house.desk + paths["history"])
    for key in "sj?":
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement === document.body"), key
    expect(page.locator("#keys")).to_be_hidden()
    page.keyboard.press("ArrowDown")
    assert chosen_line(page) == paths["record"], "it is no letter, and nobody dictates it"

    page.goto(house.desk + paths["record"])
    reopen = page.locator("[data-key=o]")
    expect(reopen).to_be_visible()
    for key in "on ":
        page.keyboard.press(key)
    time.sleep(REACTION)
    assert page.url == house.desk + paths["record"]
    expect(reopen).to_be_visible()
    assert house.installation.state_of("ekbacka", first) == "closed"

    turn_single_keys(page, on=True)
    page.keyboard.press("o")
    page.wait_for_selector("[data-primary][form=act-form]")
    assert page.url.endswith("?act=reopen")


def test_what_was_turned_off_in_another_window_is_off_here(house: House, open_page: OpenPage) -> None:
    close_some(house)
    page = open_page("emil", path="/history")
    other = page.context.new_page()
    other.goto(f"{house.desk}/")
    turn_single_keys(other, on=False)
    page.bring_to_front()
    page.keyboard.press("s")
    expect(page.locator("#text")).not_to_be_focused()
