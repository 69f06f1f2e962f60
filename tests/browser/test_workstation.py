# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is left on the workstation after somebody signed out: nothing of anybody (term 11, proof 5).

A real Chromium with a profile on disk, as a workstation has; and the same search over a profile in which a page left
traces of every kind.
"""

import gzip
import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Network
from pathlib import Path
from threading import Thread
from urllib.parse import unquote
from uuid import uuid4

import pytest
from playwright.sync_api import Error, Page, Response, expect, sync_playwright

from tests.browser.house import CHROMIUM, CHROMIUM_ARGUMENTS, House, row
from tests.identities import IDENTITIES
from tests.people import register, with_keys
from tests.secrets.profiles import contents_of
from tests.secrets.traces import Searcher
from tests.signing_in import sign_in_as
from tests.web.furniture import Installation, open_installation
from vaka.clock import SystemClock
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, platform_role, tenant_role
from vaka.keys.keyring import Keyring
from vaka.tenants.devices import Device, Network, register_devices
from vaka.tenants.people import Contact, Note, Person

pytestmark = pytest.mark.browser

PERSON = Person(
    uuid4(), "Markörina", "Spårlösdotter", "19340817-9869", date(1934, 8, 17), "070-174 06 61",
    hearing="Hörselmarkör Trumpet", cognition="Minnesmarkör Nejlika", street="Osynliga gränden 17 C",
    postal_code="991 27", city="Ekbacka", floor="4 tr", door_code="94817263", area="Centrum",
    route="Vägmarkör Gulsippa", risks=("Riskmarkör Åskmoln",), care_notes="Vårdmarkör Kastrull",
    key_number="NYCKELMARK77", key_box="Skåpmarkör Linneduk",
    contacts=(Contact("Kontaktina Kvistmarkör", "070-174 06 62", "dotter", True),),
    notes=(Note(uuid4(), "Anteckningsmarkör Zebra", datetime(2026, 1, 5, tzinfo=UTC), must_see=True),),
)  # fmt: skip
NAME = f"{PERSON.given_name} {PERSON.family_name}"
WRITTEN, DRAFT, CLOSING = "Skrivmarkör Pärlemor", "Utkastmarkör Tratt", "Avslutsmarkör Kardemumma"
SENDER = "8039977"
MARKS = (
    PERSON.given_name, PERSON.family_name, PERSON.personal_number, PERSON.phone, PERSON.hearing, PERSON.cognition,
    PERSON.street, PERSON.door_code, PERSON.route, *PERSON.risks, PERSON.care_notes, PERSON.key_number, PERSON.key_box,
    PERSON.contacts[0].name, PERSON.contacts[0].phone, PERSON.notes[0].body, WRITTEN, DRAFT, CLOSING,
)  # fmt: skip
SEARCHER = Searcher({}, MARKS)


@pytest.fixture(scope="module")
def office() -> Iterator[House]:
    """Desk, portal and sign-in over an installation with one person more, whose every fact is a marker."""
    with open_installation() as installation:
        with_keys(installation.server, lambda keyring: _register(installation, keyring))
        house = House(installation)
        house.start("desk", "portal", "signin")
        try:
            yield house
        finally:
            house.stop()


async def _register(installation: Installation, keyring: Keyring) -> None:
    authority, server, now = installation.authorities["ekbacka"], installation.server, SystemClock().now()
    database = authority.database_name
    await register(server, authority, keyring, [PERSON], now)
    network = Network(IPv4Network("192.0.2.0/24"), "äldre enhet i provmiljön", now + timedelta(days=30))
    device = Device(uuid4(), SENDER, network, PERSON.id, 3, "Trygg 4", "Hallen")
    tenant = await open_connection(server, tenant_role(database, "setup"), database, application="test")
    platform = await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="test")
    try:
        await register_devices(tenant, platform, authority, IDENTITIES, [device], actor="setup", now=now)
    finally:
        await tenant.close()
        await platform.close()
    installation.people[NAME] = ("ekbacka", PERSON, device)


@contextmanager
def browsing(profile: Path, *, crash: bool = False) -> Iterator[Page]:
    """Chromium with a profile on disk, as a workstation has it, until it is closed in order, or killed."""
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS, viewport={"width": 1366, "height": 768},
            ignore_default_args=["--disable-back-forward-cache", "--disable-features", "--password-store=basic"],
            reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(60_000)
        try:
            yield context.pages[0]
            if crash:
                time.sleep(5)  # what is open is written every few seconds (2.5)
                for process_id in processes_with(profile):
                    with suppress(ProcessLookupError):
                        os.kill(process_id, signal.SIGKILL)
        finally:
            with suppress(Error):
                context.close()


def processes_with(profile: Path) -> list[int]:
    """The processes of the browser that has this profile: those that name it, and what they started."""
    mark = f"--user-data-dir={profile}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    assert found
    return found


def traces(profile: Path) -> dict[str, set[str]]:
    """Which markers stand in which file of a profile."""
    found = {name: SEARCHER.find(content) for name, content in contents_of(profile)}
    assert len(found) > 20, "that is no profile"
    return {name: marks for name, marks in found.items() if marks}


def take(page: Page, house: House, mark: str) -> None:
    """Let the person alarm, and take it."""
    alarm = house.installation.raise_alarm(NAME, "fall")
    expect(page.locator(row(alarm))).to_contain_text(PERSON.family_name)
    page.locator(f"{row(alarm)} a").click()
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}']")
    page.keyboard.press(" ")
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}'][data-state=taken]")
    expect(page.locator("#screen")).to_contain_text(PERSON.door_code)


def begin_note(page: Page) -> None:
    """By its key, which does nothing in the moment after the page has changed by itself."""
    for _ in range(10):
        page.keyboard.press("n")
        with suppress(Error):
            page.wait_for_selector("#body", timeout=2000)
            return
    raise AssertionError("no note can be written")


def work_at_the_desk(page: Page, house: House) -> None:
    """An alarm with a note, a draft that is left, and a search; another alarm is on the screen at the end."""
    sign_in_as(page, house.signin, "olga")
    page.wait_for_selector("#connection[data-state=live]")
    take(page, house, NAME)
    for text, keys in ((WRITTEN, ["Control+Enter"]), (DRAFT, ["Escape", "Escape"])):
        begin_note(page)
        page.locator("#body").fill(text)
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_selector("#body", state="detached")
    page.keyboard.press(" ")
    page.wait_for_selector("#act-form.stepped")
    for key in ("1", "2", "1", "t"):
        page.keyboard.press(key)
    page.keyboard.type(CLOSING)
    page.keyboard.press("Escape")
    page.keyboard.press(" ")
    page.wait_for_selector("#alarm[data-alarm='']")
    page.goto(f"{house.desk}/history")
    for text in (NAME, PERSON.family_name.lower()):
        page.fill("#text", text)
        with page.expect_navigation():
            page.locator(".filters button").click()
        expect(page.locator("table")).to_contain_text(CLOSING)
    with page.expect_navigation():
        page.locator("a[data-line]").first.click()
    expect(page.locator("body")).to_contain_text(PERSON.street)
    go_back(page)
    page.goto(f"{house.desk}/")
    page.wait_for_selector("#connection[data-state=live]")
    take(page, house, NAME)


def work_at_the_portal(page: Page, house: House) -> None:
    """The reviewer looks somebody up by name and number."""
    sign_in_as(page, house.signin, "lovisa")
    page.wait_for_url(f"{house.portal}/**")
    for text in (NAME, PERSON.personal_number):
        page.goto(f"{house.portal}/log/ekbacka")
        page.locator(".asking-form #text").fill(text)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        expect(page.locator("main")).to_contain_text(PERSON.family_name)


def go_back(page: Page) -> None:
    """As the button does; what was posted the browser does not show again without asking."""
    try:
        page.go_back()
    except Error:
        page.wait_for_url("chrome-error://**")


def sign_out(page: Page, house: House) -> None:
    page.locator("form[action='/sign-out'] button").click()
    page.wait_for_url(f"{house.signin}/**")


KEPT_BY_BROWSER = """async () => ({
    local: { ...localStorage }, session: { ...sessionStorage },
    databases: (await indexedDB.databases()).map((one) => one.name), caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length, script: document.cookie })"""
NOTHING = {"databases": [], "caches": [], "workers": 0, "script": ""}
HTMX_NOTES = "htmx-current-path-for-history"
PREFERENCES = {"__Host-vaka-language", "__Host-vaka-theme"}


def test_term_11_5_nothing_of_anybody_is_left_after_signing_out(office: House, tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    with browsing(profile) as page:
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer))
        work_at_the_desk(page, office)
        page.keyboard.press("?")
        page.locator("#single-keys").uncheck()
        page.keyboard.press("Escape")
        sign_out(page, office)
        for _ in range(8):
            go_back(page)
            assert SEARCHER.find(page.content().encode()) == set()
        work_at_the_portal(page, office)
        sign_out(page, office)

        # What the browser was told to keep: style, scripts and the typeface; of a page, nothing.
        kept = {answer.url for answer in answers if answer.headers.get("cache-control") != "no-store"}
        assert kept
        assert [url for url in kept if "/static/" not in url] == []
        assert len(answers) > 60
        # Both came through: the answer to signing out is what takes the cookie away.
        assert [answer.status for answer in answers if answer.url.endswith("/sign-out")] == [303, 303]
        # Nothing of anybody in an address; nothing in what pages can store but that single keys are off, and what HTMX
        # notes for itself: the address of the open tab.
        assert [answer.url for answer in answers if SEARCHER.find(unquote(answer.url).encode())] == []
        for origin, local, session in (
            (office.desk, {"vaka-single-keys": "off"}, {HTMX_NOTES: r"/alarm/[0-9a-f-]{36}/[0-9a-f-]{36}|/[a-z]*"}),
            (office.portal, {}, {}), (office.signin, {}, {}),
        ):  # fmt: skip
            page.goto(f"{origin}/alive")
            kept_here = page.evaluate(KEPT_BY_BROWSER)
            assert kept_here["local"] == local
            assert kept_here["session"].keys() == session.keys()
            assert all(re.fullmatch(session[name], value) for name, value in kept_here["session"].items())
            assert {name: kept_here[name] for name in NOTHING} == NOTHING
        assert {cookie["name"] for cookie in page.context.cookies()} <= PREFERENCES
    assert traces(profile) == {}


def test_term_11_5_nothing_is_left_either_where_the_browser_crashed(office: House, tmp_path: Path) -> None:
    """Nobody signed out, an alarm is open, a note half written: what the browser would restore holds nothing."""
    profile = tmp_path / "profile"
    with browsing(profile, crash=True) as page:
        work_at_the_desk(page, office)
        begin_note(page)
        page.locator("#body").press_sequentially(DRAFT)
    assert traces(profile) == {}


def test_desk_and_portal_keep_their_memory_out_of_core_dumps_by_themselves(office: House) -> None:
    """Here nobody started them who did it for them."""
    for name in ("desk", "portal", "signin"):
        proc = Path(f"/proc/{office.processes[name].pid}")
        limit = next(line for line in (proc / "limits").read_text().splitlines() if line.startswith("Max core file"))
        assert limit.split()[4:6] == ["0", "0"]
        assert int((proc / "coredump_filter").read_text(), 16) == 0


# --- That the search finds what is there ------------------------------------------------------------------------------

CARELESS = f"""<!doctype html><title>{PERSON.given_name}</title><p>{PERSON.street}</p><link rel=stylesheet href=/packed>
<form action=/sent method=post><textarea name=note></textarea><input name=name></form>
<script>
  localStorage.setItem("held", "{PERSON.door_code}"); sessionStorage.setItem("held", "{PERSON.phone}");
  const opened = indexedDB.open("held", 1);
  opened.onupgradeneeded = () => opened.result.createObjectStore("held");
  opened.onsuccess = () => opened.result.transaction("held", "readwrite").objectStore("held").put("{WRITTEN}", 1);
  caches.open("held").then((cache) => cache.put("/x", new Response("{PERSON.care_notes}")));
  document.cookie = "held={PERSON.key_number}; max-age=1000";
</script>"""
SENT, PACKED = PERSON.family_name, PERSON.route


class _Careless(BaseHTTPRequestHandler):
    """Pages that say nothing of how long they may be kept."""

    def do_GET(self) -> None:
        packed = self.path == "/packed"
        body = f"/* {'-' * 500}{PACKED} */".encode() if packed else CARELESS.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/css; charset=utf-8" if packed else "text/html; charset=utf-8")
        if packed:
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Cache-Control", "max-age=1000")
            body = gzip.compress(body)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - its name is the method's

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_term_11_5_the_search_finds_what_careless_pages_leave(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    with ThreadingHTTPServer(("127.0.0.1", 0), _Careless) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with browsing(profile) as page:
            page.goto(f"http://localhost:{server.server_port}/?q={PERSON.key_box}")
            page.fill("textarea", DRAFT)
            page.fill("input", SENT)
            with page.expect_navigation():
                page.keyboard.press("Enter")
            time.sleep(1)
        server.shutdown()
    found = traces(profile)
    everything = set().union(*found.values())
    # Its title and address, a cached page and a packed part of one, what was typed and what was sent, and what scripts
    # stored in each of the four places.
    left = (
        PERSON.given_name, PERSON.key_box, PERSON.street, PACKED, DRAFT, SENT, PERSON.door_code, PERSON.phone, WRITTEN,
        PERSON.care_notes,
    )  # fmt: skip
    assert [mark for mark in left if mark not in everything] == []
    files = " ".join(found)
    for file in ("History", "Sessions/", "Cache", "Local Storage", "IndexedDB", "Web Data"):
        assert file in files, files
    assert PACKED in set().union(*(marks for name, marks in found.items() if name.endswith(", unpacked")))
