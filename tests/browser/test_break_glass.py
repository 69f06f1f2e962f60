# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Two custodians open the office together in a real browser, each with a key in its own authenticator (term 15)."""

from base64 import b64encode
from itertools import product

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.house import House, scrolls
from tests.browser.test_fallback import _registry as registry_of
from tests.browser.test_fallback import apart, reasons
from tests.browser.test_looks import require_accessible
from tests.browser.test_security_keys import ask, plug_in
from tests.identity.breaking_glass import WHY, Custodian, new_custodian
from tests.signing_in import sign_in_as

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.end_to_end]

LOOKS = list(product(("light", "dark"), ("sv", "en"), ((1366, 768), (1920, 1080))))
NAMES = ("Cecilia Nyckelsson", "Carl Nyckelsson")


async def _keep(house: House) -> tuple[Custodian, ...]:
    async with registry_of(house) as registry:
        return tuple([await new_custodian(registry, name) for name in NAMES])


def look_at(page: Page, house: House, where: str, what: str) -> None:
    """Every look of one page: accessible, and no wider than the screen."""
    for theme, language, (width, height) in LOOKS:
        page.set_viewport_size({"width": width, "height": height})
        for name, value in (("theme", theme), ("language", language)):
            if page.locator(f"button[name={name}][value={value}]").count():
                page.click(f"button[name={name}][value={value}]")
        if page.url != where:
            page.goto(where)
        require_accessible(page, f"{what}, {theme}, {language}, {width}")
        assert not scrolls(page)[0]
    page.set_viewport_size({"width": 1366, "height": 768})
    page.click("button[name=language][value=sv]")
    page.goto(where)


def plug(page: Page, who: Custodian) -> tuple[CDPSession, str]:
    """Put a custodian's key into the browser's machine."""
    devtools, authenticator = plug_in(page)
    key = who.key
    key.count += 1
    credential = {
        "credentialId": b64encode(key.credential_id).decode(), "isResidentCredential": True, "rpId": "localhost",
        "privateKey": b64encode(key.private_key()).decode(), "userHandle": b64encode(who.account.bytes).decode(),
        "signCount": key.count,
    }  # fmt: skip
    devtools.send("WebAuthn.addCredential", {"authenticatorId": authenticator, "credential": credential})
    return devtools, authenticator


def touch(page: Page, who: Custodian, button: str) -> None:
    """Plug a key in, touch it, and take it out again."""
    devtools, authenticator = plug(page, who)
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()
    devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})
    devtools.detach()


def test_two_custodians_open_the_office_and_everybody_sees_it(
    house: House, open_page: OpenPage, complaints: list[str]
) -> None:
    house.start("office", "sequencer")
    one, other = apart(_keep(house))
    page = open_page()
    page.goto(f"{house.signin}/?realm=administrator")
    require_accessible(page, "offered")
    page.locator("a[href='/emergency']").click()
    look_at(page, house, f"{house.signin}/emergency", "what happens")

    touch(page, one, "Rör vid den första nyckeln")
    expect(page.locator("main [role=status]").first).to_contain_text("Den första nyckeln är använd")
    page.fill("#reason", WHY)
    touch(page, one, "Rör vid den andra nyckeln")
    expect(page.locator("[role=alert]")).to_contain_text("Två olika människor behövs")
    assert reasons(house)[-1] == "same_custodian"
    complaints.clear()  # that the answer was 403

    page.goto(f"{house.signin}/emergency")
    touch(page, one, "Rör vid den första nyckeln")
    require_accessible(page, "the second key")
    assert not scrolls(page)[0]
    page.fill("#reason", WHY)
    touch(page, other, "Rör vid den andra nyckeln")
    expect(page.locator("main")).to_contain_text("Det här är nödåtkomst")
    require_accessible(page, "signed in")
    page.locator(".links a").click()
    page.wait_for_url(f"{house.office}/")

    expect(page.locator(".emergency")).to_contain_text("varje myndighet har fått veta det")
    assert page.locator("a[href='/registers'], a[href='/keys'], a[href='/command']").count() == 0
    look_at(page, house, f"{house.office}/emergency", "in the office")
    look_at(page, house, f"{house.office}/", "accounts")
    refused = page.goto(f"{house.office}/registers")
    assert refused is not None
    assert (refused.status, "nödåtkomst" in page.content()) == (403, True)
    complaints.clear()

    colleague = open_page(None, theme="light")
    sign_in_as(colleague, house.signin, "adam")
    colleague.wait_for_url(f"{house.office}/**")
    expect(colleague.locator("main [role=alert]")).to_contain_text("Nödåtkomst är öppen till")
    colleague.get_by_role("link", name="Vem, och varför").click()
    expect(colleague.locator("main")).to_contain_text(WHY)
    look_at(colleague, house, f"{house.office}/emergency", "as a colleague sees it")

    page.goto(f"{house.office}/")
    page.locator(".me button").click()
    page.wait_for_url("**realm=administrator")
    colleague.goto(f"{house.office}/")
    expect(colleague.locator("main [role=alert]")).to_have_count(0)
    notices = ask(house, "select count(*) from vaka.notice where event = 'break_glass.opened'")
    assert notices[0][0] >= 1
    for who in (one, other):
        ask(house, f"update vaka.account set state = 'deactivated' where id = '{who.account}'", unguarded=True)
