# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A certified OpenID provider is stopped and started again, and an operator answers alarms by his key in between.

Real Chromium with the authenticator that it plays itself, and real processes. One story, for what comes later rests on
what came before.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from itertools import product
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import CDPSession, Page, expect
from psycopg.rows import dict_row

from tests.browser.conftest import OpenPage
from tests.browser.house import House, row, scrolls
from tests.browser.test_desk import close_with_keys
from tests.browser.test_looks import require_accessible
from tests.browser.test_security_keys import add_key, ask, no_keys, plug_in  # noqa: F401 - a fixture
from tests.confirming import touched
from tests.identity.house import LOA3, IdentityHouse, content, free_port
from tests.identity.real_provider import CLIENT, running_oidc_provider
from tests.registers.house import principal
from tests.signing_in import sign_in_as
from tests.waiting import wait_for
from vaka.access.accounts import Wanted, decision_act, file_request, list_account_requests
from vaka.access.grants import grant_role
from vaka.access.identities import approve_identity
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.demo.undertakings import enter_undertakings
from vaka.identity.answering import KEPT_SECONDS
from vaka.identity.expected import expect as expect_identity
from vaka.identity.oidc import make_client_key

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.end_to_end]

_Result = TypeVar("_Result")
NAME = "prov-reserv"
PERSON = "Karin Holmgren"
OPERATOR = "Rebecka Reservsson"
BADGE, OFFER, BEGIN = "a.reserve", "a[href='/fallback']", f"a[href='/begin/{NAME}?realm=operator']"


@dataclass
class Issuer:
    """The provider, at a port that stays the same."""

    house: House
    port: int = field(default_factory=free_port)
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def address(self) -> str:
        """Its issuer identifier."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, *, broken: bool = False) -> None:
        """Let it answer; broken, it lets nobody in."""
        root = self.house.installation.root
        key = make_client_key(root / "credentials" / "clients", NAME)
        callback = f"{self.house.signin}/callback/{NAME}"
        self._running.enter_context(running_oidc_provider(CLIENT, key, callback, self.port, broken=broken))

    def stop(self) -> None:
        """Let it be gone, as a process that has ended."""
        self._running.close()


@pytest.fixture
def issuer(house: House) -> Iterator[Issuer]:
    """A provider that runs, is believed, and has invited nobody yet."""
    provider = Issuer(house)
    provider.start()
    apart(_list(house, provider))
    yield provider
    provider.stop()
    for goes in ("declared_outage where trust_id in (select id from vaka.trusted_issuer where name = '{}')",
                 "trusted_issuer where name = '{}'"):  # fmt: skip
        ask(house, f"delete from vaka.{goes.format(NAME)}", unguarded=True)
    ask(house, f"update vaka.account set state = 'deactivated' where display_name = '{OPERATOR}'", unguarded=True)


def apart(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Do something in a thread of its own: in this one Playwright's loop runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _list(house: House, provider: Issuer) -> None:
    async with _registry(house) as registry:
        await registry.trust(content(provider.address, client_id=CLIENT), NAME)


async def _invite(house: House) -> str:
    """Invite an operator whom no other issuer knows: the demo's own, which answers, would let nobody else in."""
    now, ekbacka = SystemClock().now(), house.installation.authorities["ekbacka"].id
    adam, ada = principal(house.installation.accounts["adam"]), principal(house.installation.accounts["ada"])
    async with _registry(house) as registry, registry.as_("setup") as setup, registry.as_("office") as office:
        account = await registry.person(OPERATOR)
        await enter_undertakings(office, adam.account_id, [(account, "operator")], now)
        await grant_role(setup, account, "operator", ekbacka, actor="setup", now=now)
        [(human,)] = ask(house, f"select human from vaka.account where id = '{account}'")
        said = expect_identity("employee_number", "R-1").text
        wanted = Wanted("identity", account, human, "Reserv", said, "operator")
        await file_request(office, uuid4(), wanted, by=adam.account_id, actor=adam.actor, step_up=None, now=now)
        [request] = [one for one in await list_account_requests(office, account) if one.state == "waiting"]
        confirmed = touched(decision_act(request, "approved", ""))
        code, _ = await approve_identity(office, ada, request, reason="", now=now, confirmation=confirmed)
        return code.text


@asynccontextmanager
async def _registry(house: House) -> AsyncIterator[IdentityHouse]:
    """The trust registry of the house, as commands change it."""
    installation = house.installation
    data, accounts = DataDirectory(installation.root), installation.accounts
    conninfo = installation.server.conninfo(SUPERUSER, PLATFORM_DATABASE)
    with closing(psycopg.connect(conninfo, autocommit=True, row_factory=dict_row)) as onlooker:
        yield IdentityHouse(data, data.load_settings(), (accounts["adam"], accounts["ada"]), onlooker)


def sign_in_at_the_issuer(page: Page, house: House, complaints: list[str]) -> None:
    page.goto(f"{house.signin}/")
    page.click(BEGIN)
    page.fill("input[name=person]", "real-1")
    page.fill("input[name=acr]", LOA3)
    page.click("text=Login")
    page.wait_for_url(f"{house.desk}/**")
    complaints.clear()  # the issuer's own pages are its own


def wait_until_shown(page: Page, house: House, what: str, shown: bool = True) -> None:
    """An issuer is believed once its approval is sealed; what was measured of it is kept for some seconds."""

    def is_so() -> bool:
        page.goto(f"{house.signin}/")
        return (page.locator(what).count() == 1) is shown

    wait_for(is_so, KEPT_SECONDS + 20)


def reasons(house: House) -> list[str]:
    """Why sign-ins were refused, as the log has it, the oldest first."""
    statement = """
        select detail->>'reason' from (
            select id, event, detail from ledger.inbox
            union all select id, said->>'event', said->'detail'
            from (select id, convert_from(leaf, 'UTF8')::jsonb as said from ledger.log_entry) sealed) entry
        where event = 'sign_in.refused' order by id"""
    return [str(one) for (one,) in ask(house, statement)]


def come_with_a_key(page: Page, house: House, complaints: list[str]) -> CDPSession:
    """Accept the invitation, sign in at the issuer, add a key at the desk, and sign out."""
    wait_until_shown(page, house, BEGIN)
    assert page.locator(OFFER).count() == 0, "the issuer answers"
    page.click("summary")
    page.fill("#code", apart(_invite(house)))
    page.click("text=Använd den")
    sign_in_at_the_issuer(page, house, complaints)
    expect(page.locator(BADGE)).to_have_count(0)
    page.goto(f"{house.desk}/keys")
    devtools, _ = plug_in(page)
    add_key(page, "på nyckelknippan")
    page.goto(f"{house.signin}/")
    page.get_by_role("button", name="Logga ut").click()
    return devtools


def test_an_outage_of_the_issuer_stops_no_alarm(
    house: House, issuer: Issuer, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page()
    devtools = come_with_a_key(page, house, complaints)

    issuer.stop()
    wait_until_shown(page, house, OFFER)
    require_accessible(page, "offered")
    assert page.locator(".fallback").inner_text().count("Provlegitimation svarar inte just nu") == 1
    page.goto(f"{house.signin}/?realm=authority")
    assert page.locator(OFFER).count() == 0, "it is for operators alone"
    page.goto(f"{house.signin}/")
    page.click(OFFER)
    require_accessible(page, "the key")
    assert not scrolls(page)[0]
    page.get_by_role("button", name="Rör vid nyckeln").click()
    page.wait_for_url(f"{house.desk}/")

    expect(page.locator(BADGE)).to_contain_text("Reservinloggning")
    page.wait_for_selector("#connection[data-state=live]")
    require_accessible(page, "desk")
    assert not any(scrolls(page))
    alarm = house.installation.raise_alarm(PERSON)
    page.wait_for_selector(row(alarm))
    page.keyboard.press(" ")
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}'][data-state=taken]")
    expect(page.locator("#screen")).to_contain_text(PERSON)
    close_with_keys(page)
    expect(page.locator("#message")).to_have_text("Larmet är avslutat.")
    assert house.installation.state_of("ekbacka", alarm) == "closed"

    for closed in ("/history", "/keys"):
        answer = page.goto(f"{house.desk}{closed}")
        assert answer is not None
        assert (answer.status, "reservinloggad" in page.content()) == (403, True)
    complaints.clear()
    page.goto(f"{house.desk}/sessions")
    expect(page.locator("tr[aria-current]")).to_contain_text("Reservinloggning: bara säkerhetsnyckel")
    expect(page.locator("main [role=status]").first).to_contain_text("Du är reservinloggad")
    assert page.locator("a[href='/keys'], a[href='/history']").count() == 0
    require_accessible(page, "sessions")
    page.click("button[name=language][value=en]")
    page.click("button[name=theme][value=light]")
    expect(page.locator(BADGE)).to_contain_text("Fallback sign-in")
    page.set_viewport_size({"width": 1920, "height": 1080})
    for where in ("/sessions", "/"):
        page.goto(house.desk + where)
        require_accessible(page, f"{where} in English and light")
        assert not scrolls(page)[0]
    page.goto(f"{house.desk}/sessions")
    page.click("button[name=language][value=sv]")

    page.goto(f"{house.signin}/")
    page.click(OFFER)
    page.wait_for_selector("form[data-key=get]")
    issuer.start()
    other = open_page()
    wait_until_shown(other, house, OFFER, False)
    with page.expect_navigation():
        page.get_by_role("button", name="Rör vid nyckeln").click()
    expect(page.locator("[role=alert]")).to_contain_text("Utfärdaren av din e-legitimation svarar")
    assert "issuer_answers" in page.content()
    assert reasons(house)[-1] == "issuer_answers"
    sign_in_at_the_issuer(page, house, complaints)
    expect(page.locator(BADGE)).to_have_count(0)
    devtools.detach()


def test_an_issuer_that_answers_and_lets_nobody_in_is_declared_out_of_use_by_two(
    house: House, issuer: Issuer, open_page: OpenPage, complaints: list[str]
) -> None:
    house.start("office", "sequencer")
    page = open_page()
    devtools = come_with_a_key(page, house, complaints)
    issuer.stop()
    issuer.start(broken=True)
    wait_until_shown(page, house, BEGIN)
    page.click(BEGIN)
    expect(page.locator("body")).to_have_text("Internal error")
    complaints.clear()  # the issuer's own pages are its own
    page.goto(f"{house.signin}/")
    assert page.locator(OFFER).count() == 0, "it answers, and nobody at a browser can say that it is broken"

    leader = open_page("lena")
    leader.click("nav a[href='/outages']")
    expect(leader.locator("main")).to_contain_text("Inget avbrott är förklarat.")
    leader.select_option("#issuer", label="Provlegitimation")
    leader.select_option("#hours", "2")
    leader.fill("#reason", "Tre operatörer får en tom sida efter valet")
    leader.click("text=Föreslå det för kontoret")
    expect(leader.locator("main")).to_contain_text("En administratör på kontoret förklarar det, inom en timme.")
    assert leader.locator("form[action='/outages/declare']").count() == 0
    require_in_every_look(leader, f"{house.desk}/outages")

    colleague = open_page(None, theme="light")
    sign_in_as(colleague, house.signin, "adam")
    colleague.wait_for_url(f"{house.office}/**")
    colleague.goto(f"{house.office}/issuers")
    colleague.click("main a[href='/outages']")
    expect(colleague.locator("main")).to_contain_text("Tre operatörer får en tom sida efter valet")
    colleague.click("text=Förklara avbrottet")
    wait_for(lambda: "är förklarad ur bruk till" in _load(colleague, f"{house.office}/outages"))
    require_in_every_look(colleague, f"{house.office}/outages")
    for where in ("/", "/issuers"):
        expect_declared(colleague, f"{house.office}{where}")

    wait_until_shown(page, house, OFFER)
    expect(page.locator(".fallback")).to_contain_text("Provlegitimation är förklarad ur bruk till")
    require_accessible(page, "declared")
    page.click(OFFER)
    expect(page.locator("main")).to_contain_text("en arbetsledare och en administratör har sett")
    require_accessible(page, "the key")
    page.get_by_role("button", name="Rör vid nyckeln").click()
    page.wait_for_url(f"{house.desk}/")
    expect(page.locator(BADGE)).to_contain_text("Reservinloggning")
    expect_declared(page, f"{house.desk}/sessions")
    page.click("main a[href='/outages']")
    assert page.locator("main form").count() == 0, "whoever handles alarms declares none and ends none"
    page.goto(f"{house.desk}/")
    alarm = house.installation.raise_alarm(PERSON)
    page.wait_for_selector(row(alarm))
    page.keyboard.press(" ")
    page.wait_for_selector(f"#alarm[data-alarm='{alarm}'][data-state=taken]")
    close_with_keys(page)
    expect(page.locator("#message")).to_have_text("Larmet är avslutat.")

    leader.goto(f"{house.desk}/outages")
    leader.get_by_role("button", name="Avsluta det").click()
    expect(leader.locator("main")).to_contain_text("Inget avbrott är förklarat.")
    wait_until_shown(open_page(), house, OFFER, False)
    devtools.detach()


def expect_declared(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("main")).to_contain_text("Provlegitimation är förklarad ur bruk till")
    expect(page.locator("main")).to_contain_text("förklarat av Adam")


def require_in_every_look(page: Page, address: str) -> None:
    """Accessible and without scrolling sideways, in both languages, themes and sizes."""
    before = page.viewport_size
    for language, theme in product(("en", "sv"), ("light", "dark")):
        page.goto(address)
        for name, attribute, value in (("language", "lang", language), ("theme", "data-theme", theme)):
            if page.get_attribute("html", attribute) != value:
                page.click(f"button[name={name}][value={value}]")
                page.wait_for_selector(f"html[{attribute}={value}]")
        for width, height in ((1366, 768), (1920, 1080)):
            page.set_viewport_size({"width": width, "height": height})
            require_accessible(page, f"{address} {language} {theme} {width}")
            assert not scrolls(page)[0]
    assert before is not None
    page.set_viewport_size(before)


def _load(page: Page, address: str) -> str:
    page.goto(address)
    return page.content()
