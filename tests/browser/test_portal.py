# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A log reviewer's morning: who looked at a person, taken out as a file; and those who have no business there."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.house import House, row, scrolls
from tests.browser.test_looks import require_accessible
from tests.waiting import wait_for
from tests.web.furniture import FULL_PERSON
from vaka.database.server import SUPERUSER

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
LOG = "/log/ekbacka"

Review = Callable[..., Page]


@pytest.fixture
def review(house: House, open_page: OpenPage) -> Review:
    """A function that opens a page of the portal of a persona who works with an authority."""
    house.start("portal", "sequencer")

    def open_(
        persona: str = "lovisa", path: str = LOG, *, language: str = "sv", theme: str = "light", **how: object
    ) -> Page:
        return open_page(persona, at=house.portal, path=path, language=language, theme=theme, **how)

    return open_


def wait_until_sealed(house: House) -> None:
    """Return when nothing waits in Ekbacka's inbox and everything is signed."""
    database = house.installation.authorities["ekbacka"].database_name
    with psycopg.connect(house.installation.server.conninfo(SUPERUSER, database), autocommit=True) as superuser:

        def is_sealed() -> bool:
            found = superuser.execute(
                "select not exists (select from ledger.inbox)"
                " and (select max(size) from ledger.checkpoint) = (select size from ledger.head)"
            ).fetchone()
            return found == (True,)

        wait_for(is_sealed)


def look_at_somebody(house: House, open_page: OpenPage) -> None:
    """Olga opens the screen of somebody who alarmed."""
    alarm = house.installation.raise_alarm(FULL_PERSON, "fall")
    page = open_page("olga")
    page.locator(f"{row(alarm)} a").click()
    page.wait_for_selector("#screen")
    wait_until_sealed(house)


def test_a_reviewer_finds_who_looked_and_takes_it_out(
    house: House, open_page: OpenPage, review: Review, tmp_path: Path
) -> None:
    look_at_somebody(house, open_page)
    page = review()
    page.fill("#text", "holmgren")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Vem har tittat").first.click()
    expect(page.locator("h1")).to_contain_text(FULL_PERSON)
    looked = page.locator("tbody tr").filter(has_text="Olga Operatör").first
    expect(looked).to_contain_text("Larm och person öppnade och lästa")
    looked.get_by_role("link").first.click()
    expect(page.locator("main")).to_contain_text("Förseglad: under kontrollpunkten")
    with page.expect_download() as proof:
        page.get_by_role("link", name="Spara beviset").click()
    assert proof.value.suggested_filename.endswith(".tlog-proof")
    assert Path(proof.value.path()).read_text().startswith("c2sp.org/tlog-proof@v1\n")
    page.go_back()
    page.get_by_role("link", name="Ta ut detta som fil").click()
    page.get_by_label("Tabell (CSV)").check()
    page.select_option("#reason", "complaint")
    page.fill("#reference", "KS 2026/123")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Ta ut").click()
    assert taken.value.suggested_filename.endswith(".csv")
    text = Path(taken.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert {"alarm.read", "log.searched"} <= {line["event"] for line in rows}
    assert "Holmgren" not in text
    wait_until_sealed(house)
    page.goto(f"{house.portal}{LOG}?event=log.exported")
    expect(page.locator("tbody tr").first).to_contain_text("Lovisa Logg")


def test_it_works_without_scripts_and_by_keyboard(house: House, open_page: OpenPage, review: Review) -> None:
    look_at_somebody(house, open_page)
    page = review(path="/", scripts=False, by_hand=True)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.select_option("#event", "reading")
    page.focus("#object")
    page.keyboard.press("Enter")
    page.wait_for_url("**event=reading**")
    expect(page.locator("tbody tr").first).to_be_visible()
    page.get_by_role("link", name="Rensa").click()
    expect(page.locator("tbody tr").first).to_be_visible()


def refusals(house: House, slug: str = "ekbacka") -> int:
    """How many attempts an authority's log holds, sealed or not."""
    database = house.installation.authorities[slug].database_name
    with psycopg.connect(house.installation.server.conninfo(SUPERUSER, database)) as superuser:
        [(count,)] = superuser.execute(
            "select (select count(*) from ledger.inbox where event = 'access.denied')"
            " + (select count(*) from ledger.entry_index where event = 'access.denied')"
        ).fetchall()
    return int(count)


def test_an_operator_is_refused_and_the_reviewer_sees_it(
    house: House, open_page: OpenPage, review: Review, complaints: list[str]
) -> None:
    house.start("portal", "sequencer")
    before = refusals(house)
    page = open_page("olga")
    answer = page.goto(house.portal + LOG)
    assert answer is not None
    assert answer.status == 403
    expect(page.locator("h1")).to_contain_text("Din behörighet räcker inte")
    other = review("niklas", "/log/norrvik")
    answer = other.goto(house.portal + LOG)
    assert answer is not None
    assert answer.status == 404
    complaints.clear()
    assert refusals(house) == before + 2
    assert refusals(house, "norrvik") == 0
    wait_until_sealed(house)
    shown = review(path=f"{LOG}?event=access.denied").locator("tbody tr")
    expect(shown.nth(0)).to_contain_text("Niklas Norrlogg")
    expect(shown.nth(1)).to_contain_text("Olga Operatör")


def test_the_log_that_stands_still_is_impossible_to_miss(house: House, review: Review) -> None:
    page = review()
    expect(page.get_by_role("alert")).to_have_count(0)
    house.kill("sequencer")
    database = house.installation.authorities["ekbacka"].database_name
    with psycopg.connect(house.installation.server.conninfo(SUPERUSER, database)) as superuser:
        superuser.execute("update ledger.checkpoint set signed_at = signed_at - interval '4 minutes'")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("Loggen förseglas inte")
    house.start("sequencer")


PAGES = (LOG, f"{LOG}?event=reading", f"{LOG}/entry/0", f"{LOG}/export?event=reading", f"{LOG}/help",
         f"{LOG}?object=alarm:none")  # fmt: skip


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_every_page_is_accessible(
    house: House, open_page: OpenPage, review: Review, complaints: list[str], theme: str, language: str
) -> None:
    look_at_somebody(house, open_page)
    page = review(theme=theme, language=language, by_hand=True)
    for path in PAGES:
        page.goto(house.portal + path)
        require_accessible(page, path)
    page.goto(house.portal + LOG)
    for words, found in (("berg", 2), ("nobody at all", 0)):
        page.fill("#text", words)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator(".found-people li")).to_have_count(found)
        require_accessible(page, words)
    page.goto(f"{house.portal}{LOG}?from={datetime.now(UTC).year - 3}-01-01T00:00")
    require_accessible(page, "a question that makes no sense")
    complaints.clear()


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080)])
@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_nothing_scrolls_sideways(
    house: House, open_page: OpenPage, review: Review, width: int, height: int, theme: str, language: str
) -> None:
    look_at_somebody(house, open_page)
    page = review(theme=theme, language=language, width=width, height=height)
    for path in PAGES:
        page.goto(house.portal + path)
        assert scrolls(page) == (False, False), path
        inside = page.evaluate(
            "() => [...document.querySelectorAll('.table-frame, .answer, .asking, .page, .said dd, .bytes, nav')]"
            ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.className)"
        )
        assert inside == [], path


def test_twice_as_large_still_works(house: House, open_page: OpenPage, review: Review) -> None:
    look_at_somebody(house, open_page)
    page = review(width=683, height=384)
    for path in PAGES:
        page.goto(house.portal + path)
        sideways, _ = scrolls(page)
        assert not sideways, path


def test_pages_are_small(review: Review) -> None:
    assert len(review().content().encode()) < 100_000


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_officers_page_is_accessible_and_fits(house: House, review: Review, theme: str, language: str) -> None:
    page = review("agneta", "/log/ekbacka/retention", theme=theme, language=language)
    require_accessible(page, "retention")
    assert scrolls(page) == (False, False)
    page.fill("#reason", "KS 2026/9")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_url("**/receipt/*")
    save = page.locator("main a[href$='/proof']")
    expect(save).to_be_visible()  # until the sequencer has sealed it, the page looks again by itself
    require_accessible(page, "receipt")
    assert scrolls(page) == (False, False)
    with page.expect_download() as download:
        save.click()
    assert Path(download.value.path()).read_text().startswith("c2sp.org/tlog-proof@v1\n")
    page.locator("main a[href$='/retention']").click()
    expect(page.locator("tbody tr").first).to_contain_text("Agneta Avtal")
    require_accessible(page, "decided")


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_one_orders_an_erasure_and_takes_it_back(house: House, review: Review, theme: str, language: str) -> None:
    page = review("gun", "/log/ekbacka/erasure", theme=theme, language=language)
    require_accessible(page, "erasure")
    page.fill("#text", "elsa")
    page.keyboard.press("Enter")
    page.wait_for_url("**/erasure/found/*")
    require_accessible(page, "found")
    assert not scrolls(page)[0]
    page.fill("input[name=decision]", "SN 2026/7")
    page.check("input[name=sure]")
    with page.expect_navigation():
        page.locator("form.decide .next-act").click()
    page.wait_for_url("**/receipt/*")
    page.goto(f"{house.portal}/log/ekbacka/erasure")
    expect(page.locator("ul.erasures")).to_contain_text("SN 2026/7")
    require_accessible(page, "ordered")
    assert not scrolls(page)[0]
    page.locator("button[value=withdrawn]").click()
    page.wait_for_url("**/receipt/*")
    page.goto(f"{house.portal}/log/ekbacka/erasure")
    expect(page.locator("tbody tr").first).to_contain_text("SN 2026/7")
    require_accessible(page, "decided")


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_suppliers_log_is_accessible_and_leads_to_its_entries(review: Review, theme: str, language: str) -> None:
    page = review(path="/log/ekbacka/supplier", theme=theme, language=language)
    expect(page.locator("tbody tr").first).to_be_visible()
    require_accessible(page, "supplier")
    assert not scrolls(page)[0]
    page.locator("tbody tr a").first.click()
    page.wait_for_url("**/supplier/entry/*")
    require_accessible(page, "supplier entry")
    with page.expect_download() as download:
        page.locator("main a[href$='/proof']").click()
    assert Path(download.value.path()).read_text().startswith("c2sp.org/tlog-proof@v1\n")
