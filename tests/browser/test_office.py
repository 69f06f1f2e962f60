# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An administrator at work in the office, in a real browser."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.behind import stand_behind
from tests.browser.conftest import OpenPage
from tests.browser.house import House, scrolls
from tests.browser.test_looks import require_accessible
from tests.identity.house import content
from tests.platform import platform_as
from tests.registers.house import House as Registers
from tests.registers.house import principal
from tests.waiting import wait_for
from tests.web.portal.shelf import Shelf
from vaka.clock import SystemClock
from vaka.commands.proof import read_session
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.identity.command_confirmations import WaitingRun
from vaka.identity.command_logins import QUERIES, hash_code, hash_secret, new_code

pytestmark = pytest.mark.browser

LOOKS = list(product(("light", "dark"), ("sv", "en")))
SIZES = ((1366, 768), (1920, 1080))

Administer = Callable[..., Page]


@pytest.fixture
def administer(house: House, open_page: OpenPage) -> Administer:
    """A function that opens a page of the office of an administrator."""
    house.start("office", "sequencer")

    def open_(
        persona: str = "adam", path: str = "/", *, language: str = "sv", theme: str = "light", **how: object
    ) -> Page:
        return open_page(persona, at=house.office, path=path, language=language, theme=theme, **how)

    return open_


def test_an_administrator_signs_in_and_looks_at_an_account(administer: Administer) -> None:
    page = administer(scripts=False, by_hand=True)
    expect(page.locator(".office-band")).to_contain_text("Administratör")
    page.get_by_role("link", name="Agneta Avtal").click()
    expect(page.locator("h1")).to_contain_text("Agneta Avtal")
    expect(page.locator("main")).to_contain_text("Konto skapat")
    page.locator(".me button").click()
    page.wait_for_url("**realm=administrator")


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_pages_are_accessible_and_fit(house: House, administer: Administer, theme: str, language: str) -> None:
    page, account = administer(theme=theme, language=language), house.installation.accounts["lovisa"]
    for where in ("/", "/?show=removed", f"/account/{account}", "/issuers", "/terms", "/terms/ekbacka", "/keys",
                  "/sessions"):  # fmt: skip
        page.goto(house.office + where)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            require_accessible(page, where)
            assert scrolls(page) == (False, False), where


def test_the_work_leads_to_where_it_is_done_without_a_script(house: House, administer: Administer) -> None:
    page = administer(path="/terms", scripts=False)
    page.click(".tabs a[href='/terms?turn=supplier#work']")
    expect(page.locator(".tabs [aria-current]")).to_contain_text("Leverantören")
    page.locator("table.accounts").last.get_by_role("link", name="Tystnadsförbindelser").first.click()
    expect(page.locator("main")).to_contain_text("Förbindelse")
    assert page.url == f"{house.office}/registers/undertakings/new"
    page.goto(house.office + "/terms")
    page.get_by_role("link", name="Ekbacka kommun").first.click()
    expect(page.locator("h1")).to_contain_text("Ekbacka kommun")
    expect(page.locator(".term")).to_have_count(37)
    page.locator("#term-4 summary").click()
    expect(page.locator("#term-4 .evidence")).to_contain_text("Vems tur: Leverantören")


def test_one_asks_and_another_approves_without_a_script(house: House, administer: Administer) -> None:
    asker, approver = administer("adam", scripts=False), administer("ada", scripts=False)
    asker.goto(house.office + "/requests/new")
    asker.fill("#name", "Nora Nyanställd")
    asker.fill("#reason", "Ny kollega")
    asker.get_by_role("button", name="Begär det").click()
    expect(asker.locator("main")).to_contain_text("Någon annan måste godkänna det.")
    approver.goto(house.office + "/requests")
    approver.get_by_role("button", name="Godkänn").click()
    expect(approver.locator("h1")).to_contain_text("Nora Nyanställd")
    approver.get_by_text("Ändra kontot").click()
    approver.get_by_role("button", name="Avaktivera nu").click()
    expect(approver.locator("main")).to_contain_text("Avaktiverat")


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_pages_of_requests_are_accessible_and_fit(
    house: House, administer: Administer, theme: str, language: str
) -> None:
    page = administer(theme=theme, language=language)
    page.goto(house.office + "/requests/new")
    require_accessible(page, "a new request")
    page.fill("#name", f"Nora {theme} {language}")
    page.fill("#reason", "Ny kollega")
    page.locator("form.stack .next-act").click()
    require_accessible(page, "requests")
    for where in ("/requests", "/requests/new", f"/account/{house.installation.accounts['vera']}"):
        page.goto(house.office + where)
        for detail in page.locator("summary").all():
            detail.click()
        require_accessible(page, where)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert not scrolls(page)[0], where
    page.goto(house.office + "/requests")
    page.get_by_role("button", name="Ta tillbaka" if language == "sv" else "Take it back").click()
    require_accessible(page, "decided")


def test_one_asks_for_other_roles_and_another_approves_them_without_a_script(
    house: House, administer: Administer
) -> None:
    """An operator becomes shift leader with one authority; with the others she stays what she was."""
    asker, approver = administer("adam", scripts=False), administer("ada", scripts=False)
    account = house.installation.accounts["edith"]
    asker.goto(f"{house.office}/account/{account}")
    asker.get_by_role("link", name="Begär andra roller").click()
    asker.get_by_label("Larmoperatör, Norrvik").check()
    asker.select_option("#role", "shift_leader")
    asker.locator(f"input[name=where][value='{house.installation.authorities['norrvik'].id}']").check()
    asker.fill("#reason", "Leder nattpasset")
    asker.get_by_role("button", name="Begär det").click()
    expect(asker.locator("main")).to_contain_text("Arbetsledare, Norrvik")
    expect(asker.locator("main")).to_contain_text("Någon annan måste godkänna det.")
    approver.goto(house.office + "/requests")
    approver.locator("li", has_text="Leder nattpasset").get_by_role("button", name="Godkänn").click()
    expect(approver.locator("h1")).to_contain_text("Edith English")
    roles = approver.locator("#roles").locator("xpath=../following-sibling::div[1]")
    expect(roles).to_contain_text("begärt av Adam Administratör, godkänt av Ada Administrator")
    expect(roles.locator("tr", has_text="Norrvik")).to_have_count(1)
    expect(roles.locator("tr", has_text="Norrvik")).to_contain_text("Arbetsledare")


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_pages_of_other_roles_are_accessible_and_fit(
    house: House, administer: Administer, complaints: list[str], theme: str, language: str
) -> None:
    page, account = administer(theme=theme, language=language), house.installation.accounts["tekla"]
    form = f"/account/{account}/roles"
    page.goto(house.office + form)
    page.select_option("#role", "shift_leader")
    page.fill("#reason", "Leder nattpasset")
    page.locator("form.stack .next-act").click()
    expect(page.get_by_role("alert")).to_be_visible()
    require_accessible(page, "a fault")
    page.locator("input[name=end]").first.check()
    for place in page.locator("input[name=where]").all():
        place.check()
    page.fill("#until", "2099-12-31")
    page.locator("form.stack .next-act").click()
    page.wait_for_url("**/requests")
    for where in ("/requests", f"/account/{account}", form, f"/account/{house.installation.accounts['ada']}/roles",
                  f"/account/{house.installation.accounts['olga']}/roles"):  # fmt: skip
        page.goto(house.office + where)
        require_accessible(page, where)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert not scrolls(page)[0], where
    page.goto(house.office + "/requests")
    page.locator("form[action='/requests/roles'] button[value=withdrawn]").click()
    require_accessible(page, "decided")
    complaints.clear()  # the browser tells of the 400


def test_one_proposes_an_issuer_and_another_approves_it_without_a_script(house: House, administer: Administer) -> None:
    proposer, approver = administer("adam", scripts=False), administer("ada", scripts=False)
    propose(proposer, house.office, "prov-webb", content())
    expect(proposer.locator("main")).to_contain_text("Någon annan måste godkänna det.")
    approver.goto(house.office + "/issuers")
    waiting = approver.locator("li", has_text="prov-webb")
    expect(waiting.locator("table.compared")).to_contain_text("Listed at Digg, looked at for this test")
    waiting.get_by_role("button", name="Godkänn").click()
    # It is believed once the sequencer has sealed the approval.
    wait_for(lambda: "Allt som sägs om prov-webb" in load(approver, house.office + "/issuers"))
    approver.get_by_text("Ändra prov-webb").click()
    approver.locator("li", has_text="prov-webb").get_by_role("button", name="Dra tillbaka den").click()
    expect(approver.locator("#decisions + .table-frame")).to_contain_text("På kontoret")
    expect(approver.locator("main")).not_to_contain_text("Allt som sägs om prov-webb")


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_pages_of_issuers_are_accessible_and_fit(
    house: House, administer: Administer, complaints: list[str], theme: str, language: str
) -> None:
    page, name = administer(theme=theme, language=language), f"prov-{theme}-{language}"
    propose(page, house.office, name, content())
    require_accessible(page, "an issuer waits")
    colleague = administer("ada", scripts=False)
    colleague.goto(house.office + "/issuers")
    colleague.locator("li", has_text=name).locator("button[value=approved]").click()
    wait_for(lambda: f" {name}</summary>" in load(page, house.office + "/issuers"))
    propose(page, house.office, name, content(client_id="vaka-ny"))
    for where in ("/issuers", "/issuers/new"):
        page.goto(house.office + where)
        for detail in page.locator("summary").all():
            detail.click()
        require_accessible(page, where)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert not scrolls(page)[0], where
    propose(page, house.office, name, {"protocol": "saml"})
    expect(page.get_by_role("alert")).to_be_visible()
    require_accessible(page, "a fault")
    complaints.clear()  # the browser tells of the 400


def load(page: Page, address: str) -> str:
    page.goto(address)
    return page.content()


def propose(page: Page, office: str, name: str, said: dict[str, Any]) -> None:
    page.goto(office + "/issuers/new")
    page.fill("#name", name)
    page.fill("#said", json.dumps(said, indent=2))
    page.locator("form.stack .next-act").click()


@pytest.mark.parametrize(("theme", "language"), [("light", "sv"), ("dark", "en")])
def test_a_command_shows_what_asks_before_anybody_stands_behind_it(
    house: House, administer: Administer, complaints: list[str], theme: str, language: str
) -> None:
    code = new_code()
    with closing(
        psycopg.connect(house.installation.server.conninfo(platform_role("setup"), PLATFORM_DATABASE), autocommit=True)
    ) as setup:
        setup.execute(
            "select vaka.ask_command_login(%s, %s, %s, 'west-1.vaka.invalid', 1000, 'adm-adam', now())",
            (uuid4(), hash_code(code), bytes(32)),
        )
    page = administer(path="/command", theme=theme, language=language, scripts=False)
    page.fill("#code", code.lower())
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("west-1.vaka.invalid")
    expect(page.locator(".said")).to_contain_text("adm-adam (uid 1000)")
    assert scrolls(page) == (False, False)
    page.locator(".next-act").click()
    page.wait_for_url("**/command?done=1")
    page.fill("#code", code)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("vaka login")
    complaints.clear()  # the browser tells of the 400


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_a_run_shows_exactly_what_it_does_before_it_is_confirmed(
    house: House, administer: Administer, complaints: list[str], tmp_path: Path, theme: str, language: str
) -> None:
    """Of his own; a colleague sees nothing of it. The longest arguments there are fit, in both sizes."""
    server, adam, code = house.installation.server, house.installation.accounts["adam"], new_code()
    run = WaitingRun(
        uuid4(), "device.import", f"authority=ekbacka {'file=* ' * 54}", "ab" * 32, "C-2026-117",
        "Nya dosor från leverantören", "cd" * 32, "west-1.vaka.invalid", 1000, SystemClock().now(),
    )  # fmt: skip

    async def ask() -> object:
        await stand_behind(server, tmp_path, adam, touches=False)
        token, values = read_session(tmp_path) or b"", {name: getattr(run, name) for name in WaitingRun.__slots__}
        asked = {**values, "token_hash": hash_secret(token), "code_hash": hash_code(code)}
        async with platform_as(server, "setup") as setup:
            return await (await setup.execute(QUERIES["ask_command_confirmation"], asked)).fetchone()

    with ThreadPoolExecutor() as elsewhere:
        assert elsewhere.submit(asyncio.run, ask()).result() == (True,)
    page = administer(path="/command", theme=theme, language=language)
    page.fill("#code", code.lower())
    page.keyboard.press("Enter")
    for said in ("vaka device import", "authority=ekbacka file=*", "C-2026-117", "ab" * 32, "cd" * 32, "west-1"):
        expect(page.locator(".said")).to_contain_text(said)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert scrolls(page)[0] is False
    require_accessible(page, "a run that waits")
    other = administer("ada", path="/command", language="en", scripts=False)
    other.fill("#code", code)
    other.keyboard.press("Enter")
    expect(other.get_by_role("alert")).to_contain_text("somebody else's")
    page.locator(".next-act").click()
    page.wait_for_url("**/command?done=run")
    expect(page.get_by_role("status")).to_be_visible()
    complaints.clear()  # the browser tells of the 400


@pytest.mark.parametrize(("theme", "language"), LOOKS)
def test_the_page_of_commands_is_accessible(house: House, administer: Administer, theme: str, language: str) -> None:
    page = administer(path="/command", theme=theme, language=language, by_hand=True)
    require_accessible(page, "/command")
    assert scrolls(page) == (False, False)


DOCUMENT = {"title": "Kapacitetsplan", "file": "ab" * 32, "summary": "Dubbelt så många larm som i fjol."}


def test_registers_are_accessible_and_fit(house: House, administer: Administer, complaints: list[str]) -> None:
    """Empty and filled in, refused and in force; in every language and theme, at both sizes."""
    writer, reader = administer("adam", scripts=False), administer("ada", scripts=False)
    writer.goto(house.office + "/registers/documents/new")
    writer.select_option("#purpose", "capacity-plan")
    for name, text in DOCUMENT.items():
        writer.fill(f"#{name}", text)
    writer.get_by_role("button", name="Skriv in den i registret").click()
    expect(writer.locator("main")).to_contain_text("Utkast som väntar")
    entry = writer.url.removeprefix(house.office)
    reader.goto(house.office + entry)
    reader.locator("button[value=approve]").click()
    expect(reader.locator("#holds")).to_have_text("Gäller")
    for theme, language in LOOKS:
        page = administer(theme=theme, language=language)
        for where in ("/registers", "/registers/documents", "/registers/findings", entry, f"{entry}/edit",
                      "/registers/undertakings/import"):  # fmt: skip
            page.goto(house.office + where)
            require_accessible(page, where)
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                assert not scrolls(page)[0], where
    page.fill("#table", "person;customers;signed;file\nx;no;i fjol;x\n")
    page.locator("button[value=look]").click()
    require_accessible(page, "a table with faults")
    page.goto(house.office + "/registers/processes/new")
    page.evaluate("document.querySelectorAll('[required]').forEach(one => { one.required = false })")
    page.locator(".stack button").click()
    expect(page.locator("#owner-wrong")).to_be_visible()
    require_accessible(page, "a form with faults")
    complaints.clear()  # a form with faults is answered 400


def test_what_locks_an_administrator_is_told_on_accessible_pages(house: House, administer: Administer) -> None:
    """The policy that comes first, and the course that is due; in every language and theme, at both sizes."""
    shelf, accounts = Shelf(house.installation), house.installation.accounts
    course = {"title": "Informationssäkerhet", "whom": "staff", "months": "12", "summary": "Det som gäller"}
    registers = Registers(house.installation.server, SystemClock().now)
    adam, ada = principal(accounts["adam"]), principal(accounts["ada"])
    with ThreadPoolExecutor(1) as elsewhere:  # a loop of Playwright's runs in this thread
        elsewhere.submit(asyncio.run, registers.put_in_force(adam, ada, "courses", course)).result()
    try:
        for (theme, language), purpose in product(LOOKS, ("remote-policy", "capacity-plan")):
            entry = shelf.put("documents", "in_force", title="Så arbetar vi", purpose=purpose, file="ab" * 32)
            page = administer(theme=theme, language=language)
            if purpose == "remote-policy":
                assert page.url.startswith(f"{house.office}/registers/documents/entry/{entry}")
                expect(page.locator("#accept")).to_be_visible()
            expect(page.locator(".office-training")).to_contain_text("Informationssäkerhet")
            require_accessible(page, purpose)
            for width, height in SIZES:
                page.set_viewport_size({"width": width, "height": height})
                assert not scrolls(page)[0], purpose
            shelf.execute("delete from register_version where entry = %s", entry)
    finally:
        shelf.execute("delete from register_version where register in ('courses', 'documents')")
