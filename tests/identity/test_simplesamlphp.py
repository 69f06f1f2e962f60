# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Somebody else's identity provider (SimpleSAMLphp), our sign-in process, and real Chromium between them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.house import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.identity.house import LOA3, IdentityHouse, content
from tests.identity.real_provider import Place
from tests.identity.simplesaml import LOGIN, LOW, SimpleSaml, running_simplesaml
from tests.identity.test_in_a_browser import running_desk
from vaka.clock import SystemClock
from vaka.identity.invitations import invite
from vaka.identity.saml_entity import Entity, make_entity
from vaka.identity.saml_library import write_metadata
from vaka.web.asker import SESSION_COOKIE
from vaka.web.signin.arriving import SAML_COOKIE

pytestmark = [pytest.mark.database, pytest.mark.browser, pytest.mark.end_to_end]

OIDC_ONLY = ("client_id", "authorization_endpoint", "token_endpoint", "algorithms", "keys")


@pytest.fixture(scope="module")
def our_metadata(place: Place) -> str:
    settings = place.house.settings.signin
    entity = Entity("supplier", settings.origin, place.house.data.root / settings.saml_keys)
    make_entity(entity, SystemClock().now())
    return write_metadata(entity)


@pytest.fixture(scope="module")
def provider(our_metadata: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleSaml]:
    with running_simplesaml(tmp_path_factory.mktemp("simplesaml"), our_metadata) as running:
        yield running


@pytest.fixture(scope="module")
def listed(place: Place, provider: SimpleSaml) -> str:
    """The name by which it is listed."""
    return asyncio.run(enlist(place.house, provider, "saml-real"))


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Run it; while it does, nothing else here has an event loop of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


async def enlist(house: IdentityHouse, provider: SimpleSaml, name: str) -> str:
    said: dict[str, Any] = {key: value for key, value in content().items() if key not in OIDC_ONLY}
    said |= {"protocol": "saml", "issuer": provider.entity_id, "metadata": provider.metadata(),
             "metadata_certificate": provider.federation.certificate, "single_logout": True}  # fmt: skip
    return (await house.trust(said, name)).name


async def invited(house: IdentityHouse) -> tuple[UUID, str]:
    account = await house.person("Rut Riktig")
    async with house.as_("setup") as setup:
        made = await invite(setup, account, "operator", "employee_number", "R-7", actor="s", now=SystemClock().now())
    return account, made.text


def log_in(page: Page, place: Place, name: str, person: str) -> None:
    """Go to the issuer and log in there; its page sends the browser back by itself."""
    page.goto(f"{place.origin}/")
    page.click(f"a[href='/begin/{name}?realm=operator']")
    page.fill("input[name=username]", person)
    page.fill("input[name=password]", LOGIN)
    page.click("#submit_button")


def test_an_invited_operator_signs_in_at_simplesamlphp(place: Place, listed: str) -> None:
    account, code = asyncio.run(invited(place.house))
    before, desk = place.house.newest(), place.house.settings.desk
    with running_desk(desk.port), running_chromium() as chromium:
        page = chromium.new_context().new_page()
        page.goto(f"{place.origin}/")
        page.click("summary")
        page.fill("#code", code)
        page.click("text=Använd den")
        log_in(page, place, listed, "rut")
        page.wait_for_url(f"{desk.origin}/**")
        cookies = {one["name"]: one for one in page.context.cookies(place.origin)}
        assert SAML_COOKIE not in cookies
        session = cookies[SESSION_COOKIE]
        assert (session["secure"], session["httpOnly"], session["sameSite"]) == (True, True, "Lax")
        page.goto(f"{place.origin}/")
        assert "/idp, tillitsnivå 3." in page.content()
        again = chromium.new_context().new_page()
        log_in(again, place, listed, "rut")
        again.wait_for_url(f"{desk.origin}/**")
    linked, started, second = place.house.entries(before)
    assert (linked["event"], linked["object"]) == ("account.linked", f"account:{account}")
    for entry in (started, second):
        assert (entry["event"], entry["actor"]) == ("session.started", f"account:{account}")
        said = entry["detail"]
        assert (said["method"], said["level"], said["returned"]) == ("saml", 3, LOA3)


REFUSED = {"rolf": ("organisation", LOA3), "rune": ("level_too_low", LOW), "ragnar": ("level_missing", None)}


@pytest.mark.parametrize("person", REFUSED)
def test_term_15_1_who_is_not_to_be_let_in_is_told_why(place: Place, listed: str, person: str) -> None:
    """Of another organisation; below the level, from an issuer that does not care; and from one that does."""
    before = place.house.newest()
    reason, returned = REFUSED[person]
    with running_chromium() as chromium:
        page = chromium.new_context().new_page()
        log_in(page, place, listed, person)
        page.wait_for_url(f"{place.origin}/saml/supplier/acs")
        assert f"koden till den som hjälper dig: {reason}." in page.content()
        assert Axe().run(page).violations_count == 0
        assert SESSION_COOKIE not in [one["name"] for one in page.context.cookies(place.origin)]
    # How often somebody before was refused may be told of meanwhile.
    [entry] = [one for one in place.house.entries(before) if one["detail"].get("reason") == reason]
    detail = entry["detail"]
    assert (entry["event"], detail["reason"], detail.get("returned")) == ("sign_in.refused", reason, returned)
    assert (detail["issuer"], detail["requested"], len(detail["assertion"])) == (listed, LOA3, 64)


def test_term_15_1_what_is_encrypted_too_weakly_is_refused(place: Place, our_metadata: str, tmp_path: Path) -> None:
    """This version of it encrypts with AES-128-CBC, whatever our metadata ask for."""
    with running_simplesaml(tmp_path, our_metadata, as_it_comes=True) as weak:
        name = asyncio.run(enlist(place.house, weak, "saml-weak"))
        with running_chromium() as chromium:
            page = chromium.new_context().new_page()
            log_in(page, place, name, "rut")
            page.wait_for_url(f"{place.origin}/saml/supplier/acs")
            assert "koden till den som hjälper dig: algorithm." in page.content()


@contextmanager
def signed_in(place: Place, name: str) -> Iterator[Page]:
    """Somebody who is signed in here and there; an invitation is not spent on whom an earlier test has linked."""
    _, code = asyncio.run(invited(place.house))
    desk = place.house.settings.desk
    with running_desk(desk.port), running_chromium() as chromium:
        page = chromium.new_context().new_page()
        page.goto(f"{place.origin}/")
        page.click("summary")
        page.fill("#code", code)
        page.click("text=Använd den")
        log_in(page, place, name, "rut")
        page.wait_for_url(f"{desk.origin}/**")
        page.goto(f"{place.origin}/")
        assert "/idp, tillitsnivå 3." in page.content()
        yield page


def sign_out_at(page: Page, provider: SimpleSaml) -> bool:
    """Sign out there, to the end; return whether it knew somebody, whom it had to tell of here."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    after = f"{provider.origin}/resources/header-bkg.png"
    page.goto(f"{provider.origin}/saml2/idp/SingleLogoutService.php?ReturnTo={after}")
    page.wait_for_url(after)
    return any(address.endswith("/saml/supplier/slo") for address in asked)


def test_who_signs_out_here_signs_out_at_simplesamlphp_too(place: Place, listed: str, provider: SimpleSaml) -> None:
    """It verifies our request in its own way, and answers by its own page; what it answers is up to it."""
    with signed_in(place, listed) as page:
        page.click("text=Logga ut")
        page.wait_for_url(f"{place.origin}/signed-out?realm=operator")
        assert SESSION_COOKIE not in [one["name"] for one in page.context.cookies(place.origin)]
        assert Axe().run(page).violations_count == 0
        page.click(f"a[href='/sign-out/{listed}?realm=operator']")
        page.wait_for_url(f"{place.origin}/saml/supplier/slo")
        assert "svarar att det är klart där" in page.content()
        assert Axe().run(page).violations_count == 0
        assert not sign_out_at(page, provider)


def test_who_signs_out_at_simplesamlphp_is_signed_out_here(place: Place, listed: str, provider: SimpleSaml) -> None:
    """It asks by its own page, gets our answer, and goes on as where everybody has answered."""
    with signed_in(place, listed) as page:
        before = place.house.newest()
        assert sign_out_at(page, provider)
        page.goto(f"{place.origin}/")
        assert "tillitsnivå 3." not in page.content()
    [entry] = place.house.entries(before)
    assert (entry["event"], entry["actor"], entry["detail"]["reason"]) == ("session.ended", "signin", "ended_by_issuer")
