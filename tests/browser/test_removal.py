# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From a proposal to what is gone: two officers in their browsers, the scheduler by night, the log that tells of it."""

import signal
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from typing import Any
from uuid import UUID

import psycopg
import pytest
from playwright.sync_api import expect

from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.browser.test_portal import Review, review, wait_until_sealed  # noqa: F401 - a fixture
from tests.waiting import wait_for
from tests.web.furniture import FULL_PERSON
from vaka.clock import SystemClock
from vaka.database.server import SUPERUSER
from vaka.removal.nights import LOCAL

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
HERE, HOLDS = "/log/ekbacka/removal", "/log/ekbacka/holds"
BORN_ON_THE_FIFTH = "Margit Sundqvist"


def ask(house: House, statement: str, *, unguarded: bool = False) -> list[tuple[Any, ...]]:
    """Ask or change something in Ekbacka's database as the superuser."""
    database = house.installation.authorities["ekbacka"].database_name
    with closing(
        psycopg.connect(house.installation.server.conninfo(SUPERUSER, database), autocommit=True)
    ) as superuser:
        if unguarded:
            superuser.execute("set session_replication_role = replica")
        cursor = superuser.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(autouse=True)
def nothing_decided(house: House) -> Iterator[None]:
    ask(house, "truncate vaka.removal_rules, vaka.removal_preview, vaka.legal_hold", unguarded=True)
    yield
    scheduler = house.processes.pop("scheduler", None)
    if scheduler is not None:
        scheduler.send_signal(signal.SIGTERM)
        assert scheduler.wait(60) == 0


def six_years_old(house: House, name: str) -> UUID:
    """An alarm that was closed six years ago."""
    alarm = house.installation.raise_alarm(name, ago=6 * 366 * 86_400)
    ask(house, "update vaka.alarm set state = 'closed', closed_at = now() - interval '6 years', escalate_at = null"
               f" where id = '{alarm}'")  # fmt: skip
    return alarm


def stop_sealing(house: House) -> None:
    wait_until_sealed(house)
    house.processes["sequencer"].send_signal(signal.SIGTERM)
    assert house.processes["sequencer"].wait(60) == 0


def begin_a_night(house: House) -> None:
    """Start the scheduler, in whose settings the night begins within this hour."""
    settings = house.installation.root / "vaka.toml"
    hour = SystemClock().now().astimezone(LOCAL).hour
    kept = settings.read_text().split("\n[scheduler]")[0]
    settings.write_text(f"{kept}\n[scheduler]\nremoval_hour = {hour}\n")
    ask(house, "update vaka.removal_state set finished_at = null")
    house.start("scheduler")


def test_what_two_have_decided_goes_by_night_and_the_log_shows_it(house: House, review: Review) -> None:  # noqa: F811
    gone, kept = six_years_old(house, FULL_PERSON), six_years_old(house, BORN_ON_THE_FIFTH)
    young = house.installation.raise_alarm(FULL_PERSON)
    officer = review("agneta", HERE)
    expect(officer.locator("main")).to_contain_text("Inget är beslutat.")
    stop_sealing(house)
    officer.fill("#reason", "Dokumenthanteringsplan KS 2026/9")
    officer.get_by_role("button", name="Föreslå").click()
    officer.wait_for_url("**/removal/*")
    expect(officer.locator("main")).to_contain_text("en kollega måste godkänna")
    expect(officer.get_by_role("button", name="Godkänn reglerna")).to_have_count(0)

    colleague = review("arvid", HERE)
    colleague.get_by_role("link", name="Se vad det skulle gallra").click()
    row = colleague.locator("tbody tr").filter(has_text="Avslutade larm från personer")
    expect(row).to_contain_text("larm: 1, meddelanden: 1")
    expect(row).to_contain_text("1: undantagen födelsedag")
    colleague.get_by_role("button", name="Godkänn reglerna").click()  # the browser asks for the tick first
    expect(colleague).to_have_url(officer.url)
    colleague.get_by_label("Ja: det som reglerna släpper").check()
    colleague.get_by_role("button", name="Godkänn reglerna").click()
    colleague.wait_for_url("**/receipt/*")
    # Thirty days and a night pass before anything is sealed.
    ask(house, "update ledger.inbox set written_at = written_at - interval '31 days'"
               " where event in ('removal.proposed', 'removal.approved')", unguarded=True)  # fmt: skip
    house.start("sequencer")
    wait_until_sealed(house)

    begin_a_night(house)
    wait_for(lambda: ask(house, "select finished_at is not null from vaka.removal_state") == [(True,)])
    assert {row[0] for row in ask(house, "select id from vaka.alarm")} >= {kept, young}
    assert ask(house, f"select count(*) from vaka.alarm where id = '{gone}'") == [(0,)]
    assert ask(house, f"select count(*) from vaka.message where alarm_id = '{gone}'") == [(0,)]
    wait_until_sealed(house)

    officer.goto(house.portal + HERE)
    expect(officer.locator(".holds")).to_contain_text("Regler för 5 slag gäller.")
    expect(officer.locator(".holds")).to_contain_text("larm: 1, meddelanden: 1, anteckningar: 0.")
    expect(officer.locator(".holds")).to_contain_text("1 för födelsedagen")
    reviewer = review("lovisa", "/log/ekbacka?event=removal")
    for said in ("Nattens gallring avslutad", "Gamla larm, meddelanden eller anteckningar gallrade",
                 "Gallringsregler godkända", "Gallringsregler föreslagna"):  # fmt: skip
        expect(reviewer.locator("tbody tr").filter(has_text=said).first).to_be_visible()
    reviewer.goto(f"{house.portal}/log/ekbacka?object=alarm:{gone}")
    expect(reviewer.locator("tbody tr").filter(has_text="Larm gallrat")).to_be_visible()
    assert FULL_PERSON not in reviewer.content(), "nobody knows any more whose it was"


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_pages_are_accessible_and_fit(house: House, review: Review, theme: str, language: str) -> None:  # noqa: F811
    six_years_old(house, FULL_PERSON)
    page = review("agneta", HERE, theme=theme, language=language)
    require_accessible(page, "removal")
    assert not scrolls(page)[0]
    page.fill("#reason", "KS 2026/9")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.wait_for_url("**/removal/*")
    require_accessible(page, "own preview")
    assert scrolls(page) == (False, False)
    preview = page.url.removeprefix(house.portal)
    page.goto(house.portal + HERE)
    require_accessible(page, "waiting")
    other = review("arvid", preview, theme=theme, language=language)
    require_accessible(other, "preview")
    assert scrolls(other) == (False, False)
    other.goto(house.portal + HOLDS)
    require_accessible(other, "no holds")
    other.fill("#text", house.installation.people[FULL_PERSON][1].personal_number)
    other.fill("#reason", "JO 2026/12")
    with other.expect_navigation():
        other.keyboard.press("Enter")
    expect(other.locator("tbody tr")).to_contain_text(FULL_PERSON)
    require_accessible(other, "holds")
    assert scrolls(other) == (False, False)
    other.goto(house.portal + preview)
    expect(other.locator("tbody")).to_contain_text("undantag från gallring" if language == "sv" else "legal hold")
    other.locator("form[action$='/withdraw'] button").click()
    other.wait_for_url(f"**{HERE}")
    require_accessible(other, "withdrawn")
