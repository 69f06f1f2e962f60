# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The lock in a real browser: what was on the page is gone, it rings on, and a touch of one's key brings it back.

Time is moved at the session's row. The key is the one that Chromium itself plays.
"""

from itertools import product

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.house import House, row, scrolls, wait_until_ringing
from tests.browser.test_looks import require_accessible
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from tests.browser.test_security_keys import add_key, ask, no_keys, plug_in  # noqa: F401 - a fixture

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en"), ((1366, 768), (1920, 1080))))
PERSON = "Karin Holmgren"


def leave(house: House, persona: str, minutes: int = 31) -> None:
    """Let everything a persona has open be last used so long ago."""
    account = house.installation.accounts[persona]
    ask(house, f"""
        insert into vaka.session_use (session_id, used_at)
        select id, now() - interval '{minutes} minutes' from vaka.session
        where account_id = '{account}' and ended_at is null
        on conflict (session_id) do update set used_at = excluded.used_at""")  # fmt: skip


def unlock(page: Page) -> None:
    page.get_by_role("button", name="Lås upp med min säkerhetsnyckel").click()
    page.get_by_role("button", name="Rör vid nyckeln").click()


def test_a_desk_that_nobody_uses_is_covered_rings_and_is_unlocked_by_a_touch(
    house: House, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page("emil", path="/keys")
    plug_in(page)
    add_key(page, "på nyckelknippan")
    page.goto(house.desk)
    alarm = house.installation.raise_alarm(PERSON)
    page.locator(f"{row(alarm)} a").click()
    page.wait_for_selector("#screen")
    assert PERSON in page.content()
    leave(house, "emil", 16)
    page.wait_for_url("**/locked")
    for private in (PERSON, "Emil", "Ekbacka"):
        assert private not in page.content()
    # Nor is it one step back.
    page.go_back()
    page.wait_for_url("**/locked")
    assert PERSON not in page.content()
    house.installation.close_everything()
    wait_until_ringing(page, False)
    house.installation.raise_alarm(PERSON, "fall")
    wait_until_ringing(page, True)
    assert PERSON not in page.content()
    unlock(page)
    page.wait_for_url(f"{house.desk}/")
    expect(page.locator("#queue")).to_contain_text(PERSON)
    complaints.clear()  # that a script was answered 423


def test_an_alarm_in_ones_hands_is_not_covered(house: House, open_page: OpenPage) -> None:
    alarm = house.installation.raise_alarm(PERSON)
    page = open_page("emil")
    page.locator(f"{row(alarm)} a").click()
    page.wait_for_selector("#screen")
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-state=taken]")
    leave(house, "emil", 90)
    # The stream looks every eight seconds; what is shown now comes after it has looked.
    page.wait_for_timeout(13_000)
    assert page.url != f"{house.desk}/locked"
    assert PERSON in page.content()
    [(locked,)] = ask(house, f"""select count(*) from vaka.session_use u join vaka.session s on s.id = u.session_id
        where s.account_id = '{house.installation.accounts["emil"]}' and u.locked_at is not null
          and s.ended_at is null""")  # fmt: skip
    assert locked == 0


def test_whoever_is_at_the_page_is_there_without_asking_for_another(house: House, open_page: OpenPage) -> None:
    page = open_page("emil")
    page.evaluate("() => { const later = Date.now() + 61000; Date.now = () => later }")
    leave(house, "emil", 5)
    with page.expect_response("**/here"):
        page.mouse.move(200, 200)
    [(fresh,)] = ask(house, f"""select bool_or(u.used_at > now() - interval '3 minutes') from vaka.session_use u
        join vaka.session s on s.id = u.session_id
        where s.account_id = '{house.installation.accounts["emil"]}' and s.ended_at is null""")  # fmt: skip
    assert fresh


def test_a_portal_that_nobody_uses_is_covered(
    house: House, review: Review, complaints: list[str]  # noqa: F811
) -> None:  # fmt: skip
    page = review("lovisa", "/log/ekbacka/keys")
    plug_in(page)
    add_key(page, "på nyckelknippan")
    page.goto(f"{house.portal}/log/ekbacka")
    leave(house, "lovisa")
    # Half an hour later, as this page's clock has it.
    page.evaluate("() => { const later = Date.now() + 1860000; Date.now = () => later }")
    page.wait_for_url("**/locked")
    assert "Lovisa" not in page.content()
    unlock(page)
    page.wait_for_url("**/log/ekbacka")
    complaints.clear()  # that a script was answered 423


@pytest.mark.parametrize(("theme", "language", "size"), LOOKS)
def test_the_covers_are_accessible_and_fit(
    house: House, open_page: OpenPage, review: Review, theme: str, language: str, size: tuple[int, int],  # noqa: F811
    complaints: list[str],
) -> None:  # fmt: skip
    how = {"theme": theme, "language": language, "width": size[0], "height": size[1]}
    page = open_page("emil", path="/keys", **how)
    plug_in(page)
    look(page, "the desk's keys")
    leave(house, "emil")
    page.wait_for_url("**/locked")
    look(page, "no key")
    page = review("lovisa", "/log/ekbacka/keys", **how)
    plug_in(page)
    add_key(page, "i kassaskåpet")
    leave(house, "lovisa")
    page.goto(f"{house.portal}/log/ekbacka")
    look(page, "a key")
    page.locator("form[action='/unlock'] button").click()
    look(page, "touch")
    complaints.clear()


def look(page: Page, where: str) -> None:
    require_accessible(page, where)
    assert scrolls(page)[0] is False
