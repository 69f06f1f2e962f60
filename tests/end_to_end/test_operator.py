# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The main job, whole: a device alarms, an operator sees it, takes it and closes it by keys, and the record says so."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.end_to_end.house import ENTRIES, House, SimulatedDevice
from tests.end_to_end.sipp_device import send_alarm
from tests.peers import require_program
from tests.people import open_person
from tests.platform import platform_as
from tests.registers.house import House as Registers
from tests.registers.house import principal
from tests.signing_in import cookies_of, sign_in_as, sign_in_over_http
from tests.waiting import wait_for
from vaka.assurance.assessment import Contract, Judgement, assess_all
from vaka.assurance.evidence import Found, Look, enter_look, read_standings
from vaka.assurance.terms import find_requirements, load_terms
from vaka.clock import SystemClock

pytestmark = [pytest.mark.end_to_end, pytest.mark.browser]

PATIENCE_MILLISECONDS = 60_000


@pytest.fixture(scope="module")
def desk_house(own_house: House, new_port_base: Callable[[], int]) -> House:
    own_house.start("demo", "--no-traffic", "--people", "7", "--port-base", str(new_port_base()))
    return own_house


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = require_program("chromium", "chromium-browser", package="chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


def sign_in(browser: Browser, house: House, persona: str) -> Page:
    """Return the desk of a persona, in a browser profile of its own."""
    page = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    sign_in_as(page, house.settings.signin.origin, persona)
    page.wait_for_url(f"{house.settings.desk.origin}/**")
    expect(page.locator("#connection")).to_have_attribute("data-state", "live", timeout=PATIENCE_MILLISECONDS)
    return page


def choose(page: Page, field: str, code: str) -> None:
    """Press the key of one choice in the closing lists."""
    key = page.locator(f"input[name={field}][value={code}]").get_attribute("data-choice")
    assert key is not None
    page.keyboard.press(key)
    expect(page.locator(f"input[name={field}][value={code}]")).to_be_checked()


def close(page: Page, text: str) -> None:
    """Close the alarm that is open on the desk, by keys alone."""
    page.keyboard.press("Space")
    expect(page.locator("form[data-form=close]")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    choose(page, "reason", "fallen")
    choose(page, "action", "home_care")
    choose(page, "result", "arrived_and_helped")
    page.keyboard.press("t")
    page.keyboard.type(text)
    page.keyboard.press("Control+Enter")


def person_of(house: House, device: SimulatedDevice) -> dict[str, Any]:
    with house.tenant(device.authority) as tenant:
        row = tenant.execute(
            "select p.* from person p join device d on d.person_id = p.id where d.sender = %s",
            (house.blind(device.cid),),
        ).fetchone()
    assert row is not None
    return open_person(house.server, house.authority(device.authority), row)


def test_from_the_device_to_the_closed_record(desk_house: House, browser: Browser, tmp_path: Path) -> None:
    house = desk_house
    device = house.draw_device("udp", "digest", "MD5", "ekbacka")
    person = person_of(house, device)
    page = sign_in(browser, house, "operator")

    seen = send_alarm(house, device, "3001", tmp_path)
    assert seen.succeeded, seen.text
    alarm_id = house.alarm(device, "3001")["id"]

    row = page.locator(f"#a-{alarm_id}")
    expect(row).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    expect(row).to_contain_text("Ekbacka kommun")
    if not person["protected_identity"]:
        expect(row).to_contain_text(person["family_name"])
    wait_for(lambda: house.alarm(device, "3001")["state"] == "presented")

    page.keyboard.press("Space")
    opened = page.locator(f"#alarm[data-alarm='{alarm_id}']")
    expect(opened).to_have_attribute("data-state", "taken", timeout=PATIENCE_MILLISECONDS)
    expect(opened).to_contain_text(person["family_name"])
    expect(opened).to_contain_text(person["street"])
    taken = house.alarm(device, "3001")
    assert (taken["state"], taken["taken_at"] is not None) == ("taken", True)

    close(page, "Satt på golvet, oskadd.")
    expect(row).to_have_count(0, timeout=PATIENCE_MILLISECONDS)

    wait_for(lambda: house.alarm(device, "3001")["state"] == "closed")
    closed = house.alarm(device, "3001")
    assert (closed["closing_reason"], closed["closing_action"], closed["closing_result"]) == (
        "fallen", "home_care", "arrived_and_helped",
    )  # fmt: skip
    assert house.closing_text(device, closed) == "Satt på golvet, oskadd."
    assert closed["closed_by"] != ""
    assert closed["received_at"] <= closed["presented_at"] <= closed["taken_at"] <= closed["closed_at"]
    events = house.ledger(device, f"alarm:{alarm_id}")
    told = [event for event in events if event in ("alarm.raised", "alarm.presented", "alarm.taken", "alarm.closed")]
    assert told == ["alarm.raised", "alarm.presented", "alarm.taken", "alarm.closed"]
    with house.tenant(device.authority, "superuser") as tenant:
        row_of_closing = tenant.execute(
            f"select actor, written_by, detail::text from ({ENTRIES}) e where object = %s and event = 'alarm.closed'",
            (f"alarm:{alarm_id}",),
        ).fetchone()
    assert row_of_closing is not None
    assert row_of_closing["actor"].startswith("account:")
    assert row_of_closing["written_by"] == "vaka_t_ekbacka_desk"
    assert "golvet" not in row_of_closing["detail"]

    page.goto(f"{house.settings.desk.origin}/history")
    expect(page.locator("table")).to_contain_text("Satt på golvet, oskadd.")
    page.context.close()


def test_who_is_not_entitled_sees_nothing_of_it(desk_house: House, browser: Browser, tmp_path: Path) -> None:
    house = desk_house
    device = house.draw_device("udp", "network", None, "norrvik")
    entitled = sign_in(browser, house, "operator_norrvik_sjohult")
    other = sign_in(browser, house, "operator_ekbacka")
    assert send_alarm(house, device, "3002", tmp_path).succeeded
    alarm = house.alarm(device, "3002")
    expect(entitled.locator(f"#a-{alarm['id']}")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    expect(other.locator("#queue .row")).to_have_count(0)
    address = entitled.locator(f"#a-{alarm['id']} a").get_attribute("href")
    answer = other.goto(f"{house.settings.desk.origin}{address}")
    assert answer is not None
    assert answer.status in (403, 404)
    assert person_of(house, device)["street"] not in other.content()
    for page in (entitled, other):
        page.context.close()


async def make_every_term_red(house: House) -> list[Judgement]:
    """Enter of every requirement that it is missed, as its collector does; return how the 37 terms then stand."""
    terms, now = load_terms(), SystemClock().now()
    everything = find_requirements(terms).values()
    # What is owed on request counts as asked for: else it would only wait.
    contract = Contract(now, {one.id: now for one in everything}, {})
    async with platform_as(house.server, "setup") as setup, setup.transaction():
        for requirement in everything:
            await enter_look(setup, requirement, Look([Found(None, "missing", 1)]), now)
        standings = await read_standings(setup, house.authority("ekbacka").id)
    return [judgement for _, judgement in assess_all(terms, standings, contract, now)]


async def close_every_lock(house: House) -> None:
    """Close all that registers lock: no undertaking is left, and a course of a year ago that nobody has taken."""
    with house.platform() as superuser:
        found = superuser.execute(
            "select id from vaka.account where kind = 'administrator' order by persona"
        ).fetchall()
        adam, ada = (principal(one["id"]) for one in found)
        registers = Registers(house.server, SystemClock().now)
        course = {"title": "Informationssäkerhet", "whom": "staff", "months": "12", "summary": "Det som gäller"}
        await registers.put_in_force(adam, ada, "courses", course)
        superuser.execute("set session_replication_role = replica")
        for statement in (
            "delete from vaka.register_version where register = 'undertakings'",
            "update vaka.register_version set made_at = made_at - interval '1 year'",
            "update vaka.training_lock set since = since - interval '1 year'",
            "update vaka.account set created_at = created_at - interval '1 year'",
        ):
            superuser.execute(statement.encode())


def require_closed(house: House) -> None:
    """Return when the scheduler has told that the administrators' roles rest, and the office refuses them."""
    with house.platform() as superuser:
        wait_for(lambda: len(superuser.execute("select 1 from vaka.role_suspension").fetchall()) == 2)
    cookie = cookies_of(sign_in_over_http(house.settings.signin.origin, "supplier_administrator"))
    refused = httpx.get(f"{house.settings.office.origin}/requests", headers={"cookie": cookie})
    assert (refused.status_code, "Informationssäkerhet" in refused.text) == (403, True)


def test_with_every_term_red_and_every_lock_closed_an_alarm_is_received_shown_answered_and_escalated(
    desk_house: House, browser: Browser, tmp_path: Path
) -> None:
    """Locks close administration and never the way of an alarm (rule 3 of the terms)."""
    house = desk_house
    device = house.draw_device("udp", "network")
    with ThreadPoolExecutor(1) as elsewhere:  # a loop of Playwright's runs in this thread
        judged = elsewhere.submit(asyncio.run, make_every_term_red(house)).result()
        elsewhere.submit(asyncio.run, close_every_lock(house)).result()
    assert len(judged) == 37
    assert [one for one in judged if not one.status.red] == []
    require_closed(house)
    page = sign_in(browser, house, "operator")
    assert send_alarm(house, device, "3003", tmp_path).succeeded
    alarm_id = house.alarm(device, "3003")["id"]
    row = page.locator(f"#a-{alarm_id}")
    expect(row).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    with house.tenant(device.authority, "superuser") as tenant:  # its timer is out
        tenant.execute("update alarm set escalate_at = now() where id = %s", (alarm_id,))
    wait_for(lambda: "alarm.escalated" in house.ledger(device, f"alarm:{alarm_id}"))
    row.locator("a").first.click()  # of several that wait, just this one
    opened = page.locator(f"#alarm[data-alarm='{alarm_id}']")
    expect(opened).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    page.keyboard.press("Space")
    expect(opened).to_have_attribute("data-state", "taken", timeout=PATIENCE_MILLISECONDS)
    close(page, "Allt är rött, och hon fick hjälp.")
    wait_for(lambda: house.alarm(device, "3003")["state"] == "closed")
    page.context.close()
