# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Security keys in a real browser, with the authenticator that Chromium itself plays (WebAuthn over its debugger)."""

from collections.abc import Iterator
from contextlib import closing
from itertools import product
from typing import Any

import psycopg
import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_portal import Review, review  # noqa: F401 - a fixture
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
KEYS, RETENTION = "/log/ekbacka/keys", "/log/ekbacka/retention"
USB_KEY = {
    "protocol": "ctap2", "transport": "usb", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def ask(house: House, statement: str, *, slug: str = "", unguarded: bool = False) -> list[tuple[Any, ...]]:
    """Ask or change something as the superuser, on the platform or at an authority."""
    database = house.installation.authorities[slug].database_name if slug else PLATFORM_DATABASE
    with closing(
        psycopg.connect(house.installation.server.conninfo(SUPERUSER, database), autocommit=True)
    ) as superuser:
        if unguarded:
            superuser.execute("set session_replication_role = replica")
        cursor = superuser.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(autouse=True)
def no_keys(house: House) -> Iterator[None]:
    """Keys of before are gone, and none stays: another test's officer would be asked for it."""
    forget = "truncate vaka.security_key, vaka.security_key_challenge"
    ask(house, forget, unguarded=True)
    yield
    ask(house, forget, unguarded=True)


def plug_in(page: Page, **how: object) -> tuple[CDPSession, str]:
    """Give the browser a key."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    added = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": {**USB_KEY, **how}})
    return devtools, added["authenticatorId"]


def add_key(page: Page, name: str) -> None:
    page.locator("form[action$='/keys/add'] button").click()
    page.fill("#name", name)
    page.locator("form[data-key=create] .next-act").click()
    expect(page.locator("tbody")).to_contain_text(name)


def decide(page: Page, house: House, reason: str) -> None:
    page.goto(house.portal + RETENTION)
    page.fill("#reason", reason)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def decisions(house: House, reason: str) -> list[tuple[Any, ...]]:
    """What the authority's log says of a decision, sealed or not."""
    return ask(house, f"""
        select detail->>'days', detail->>'step_up' from (
            select event, detail from ledger.inbox
            union all select said->>'event', said->'detail'
            from (select convert_from(leaf, 'UTF8')::jsonb as said from ledger.log_entry) sealed) entry
        where event = 'retention.set' and detail->>'reason' = '{reason}'""", slug="ekbacka")  # fmt: skip


def test_term_15_5_a_key_is_added_and_the_log_says_it_was_touched(house: House, review: Review) -> None:  # noqa: F811
    page = review("agneta", KEYS)
    plug_in(page)
    expect(page.locator("main")).to_contain_text("Du har ingen nyckel än.")
    add_key(page, "på nyckelknippan")
    expect(page.locator("tbody")).to_contain_text("Stannar i sin enhet")
    decide(page, house, "KS 2026/701")
    expect(page.locator("h1")).to_have_text("Bekräfta med din säkerhetsnyckel")
    expect(page.locator(".said")).to_contain_text("KS 2026/701")
    assert decisions(house, "KS 2026/701") == []
    page.get_by_role("button", name="Rör vid nyckeln").click()
    page.wait_for_url("**/receipt/*")
    [(days, step_up)] = decisions(house, "KS 2026/701")
    assert days == "730"
    assert len(step_up) == 64
    page.goto(house.portal + KEYS)
    expect(page.locator("tbody")).not_to_contain_text("aldrig")


def test_term_15_5_what_a_script_changes_behind_the_page_is_not_done(
    house: House, review: Review, complaints: list[str]  # noqa: F811
) -> None:  # fmt: skip
    page = review("agneta", KEYS)
    plug_in(page)
    add_key(page, "på nyckelknippan")
    decide(page, house, "KS 2026/702")
    page.eval_on_selector("input[name=days]", "field => { field.value = '36500' }")
    page.get_by_role("button", name="Rör vid nyckeln").click()
    expect(page.locator("main [role=alert]").first).to_contain_text("inte det som nyckeln bekräftade")
    assert decisions(house, "KS 2026/702") == []
    expect(page.locator(".said")).to_contain_text("36500")  # what would be done now is what is shown
    complaints.clear()  # that the answer was 403


def test_a_removed_key_confirms_nothing_any_more(
    house: House, review: Review, complaints: list[str]  # noqa: F811
) -> None:  # fmt: skip
    page = review("agneta", KEYS)
    devtools, key = plug_in(page)
    add_key(page, "den gamla")
    page.locator("form[action$='/keys/add'] button").click()
    page.get_by_role("button", name="Rör vid nyckeln").click()
    page.wait_for_selector("form[data-key=create]")
    [old] = devtools.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})
    devtools, key = plug_in(page)
    page.fill("#name", "den nya")
    page.locator("form[data-key=create] .next-act").click()
    expect(page.locator("tbody")).to_contain_text("den nya")
    removed = page.locator("tbody tr").filter(has_text="den gamla")
    removed.get_by_role("button", name="Ta bort").click()
    expect(page.locator(".said")).to_contain_text("den gamla")
    page.get_by_role("button", name="Rör vid nyckeln").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("den nya")
    # The old one is plugged in again. The page does not ask for it; a page that lies about that gets nothing.
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})
    devtools, key = plug_in(page)
    devtools.send("WebAuthn.addCredential", {"authenticatorId": key, "credential": old})
    decide(page, house, "KS 2026/703")
    page.eval_on_selector(
        "form[data-key]",
        "form => { const asked = JSON.parse(form.dataset.options); asked.allowCredentials = [];"
        " form.dataset.options = JSON.stringify(asked) }",
    )
    page.get_by_role("button", name="Rör vid nyckeln").click()
    expect(page.locator("main [role=alert]").first).to_contain_text("inte tillagd på ditt konto")
    assert decisions(house, "KS 2026/703") == []
    complaints.clear()  # that the answer was 403


def test_without_an_answer_the_page_says_so(house: House, review: Review) -> None:  # noqa: F811
    page = review("agneta", KEYS)
    devtools, key = plug_in(page)
    page.locator("form[action$='/keys/add'] button").click()
    page.fill("#name", "fel PIN")
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    page.locator("form[data-key=create] .next-act").click()
    expect(page.locator("[data-say=failed]")).to_be_visible()
    devtools.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})
    page.locator("form[data-key=create] .next-act").click()
    expect(page.locator("tbody")).to_contain_text("fel PIN")


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_pages_are_accessible_and_fit(house: House, review: Review, theme: str, language: str) -> None:  # noqa: F811
    page = review("agneta", KEYS, theme=theme, language=language)
    plug_in(page)
    require_accessible(page, "no keys")
    assert scrolls(page) == (False, False)
    page.locator("form[action$='/keys/add'] button").click()
    require_accessible(page, "a new key")
    assert scrolls(page) == (False, False)
    page.fill("#name", "i kassaskåpet")
    page.locator("form[data-key=create] .next-act").click()
    expect(page.locator("tbody")).to_contain_text("i kassaskåpet")
    require_accessible(page, "keys")
    assert scrolls(page) == (False, False)
    decide(page, house, "KS 2026/704")
    require_accessible(page, "touch")
    assert scrolls(page) == (False, False)


def test_term_15_5_a_file_comes_after_the_touch_and_the_page_says_so(
    house: House, review: Review  # noqa: F811
) -> None:  # fmt: skip
    page = review("lovisa", KEYS)
    plug_in(page)
    add_key(page, "på nyckelknippan")
    page.goto(house.portal + "/log/ekbacka/export")
    page.check("input[name=format][value=csv]")
    page.select_option("#reason", "audit")
    page.fill("#reference", "KS 2026/703")
    page.locator(".next-act").click()
    expect(page.locator(".said")).to_contain_text("KS 2026/703")
    require_accessible(page, "the page that asks for a key before a file")
    with page.expect_download() as download:
        page.get_by_role("button", name="Rör vid nyckeln").click()
    assert download.value.suggested_filename.endswith(".csv")
    expect(page.locator("[data-say=sent]")).to_be_visible()
    expect(page.get_by_role("button", name="Rör vid nyckeln")).to_be_disabled()
