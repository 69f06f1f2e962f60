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
from typing import Any, TypeVar

import psycopg
import pytest
from playwright.sync_api import Page, expect
from psycopg.rows import dict_row

from tests.browser.conftest import OpenPage
from tests.browser.house import House, row, scrolls
from tests.browser.test_desk import close_with_keys
from tests.browser.test_looks import require_accessible
from tests.browser.test_security_keys import add_key, ask, no_keys, plug_in  # noqa: F401 - a fixture
from tests.identity.house import LOA3, IdentityHouse, content, free_port
from tests.identity.real_provider import CLIENT, running_oidc_provider
from tests.waiting import wait_for
from vaka.access.grants import grant_role
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.identity.answering import KEPT_SECONDS
from vaka.identity.invitations import invite
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

    def start(self) -> None:
        """Let it answer."""
        root = self.house.installation.root
        key = make_client_key(root / "credentials" / "clients", NAME)
        callback = f"{self.house.signin}/callback/{NAME}"
        self._running.enter_context(running_oidc_provider(CLIENT, key, callback, self.port))

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
    ask(house, f"delete from vaka.trusted_issuer where name = '{NAME}'", unguarded=True)
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
    async with _registry(house) as registry, registry.as_("setup") as setup:
        account = await registry.person(OPERATOR)
        await grant_role(setup, account, "operator", ekbacka, actor="setup", now=now)
        code = await invite(setup, account, "operator", "employee_number", "R-1", actor="setup", now=now)
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


def test_an_outage_of_the_issuer_stops_no_alarm(
    house: House, issuer: Issuer, open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page()
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
