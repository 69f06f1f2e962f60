# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The sign-in page where nobody signs in: what it shows, forgets and refuses. Issuers are in tests/identity."""

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.web.browsers import Browser
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from vaka.access.identities import STRICTEST
from vaka.clock import SystemClock
from vaka.database.connections import make_pool, transaction
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.identity.attempts import FailedAttempts
from vaka.identity.invitations import LONGEST_CODE, make_code, read_code
from vaka.identity.oidc import OidcClient
from vaka.identity.saml import SamlClient
from vaka.identity.sessions import open_session
from vaka.identity.subjects import SubjectKey
from vaka.settings import SecurityContactSettings, Settings
from vaka.web.asker import SESSION_COOKIE
from vaka.web.assets import load_assets
from vaka.web.pages import Pages
from vaka.web.security_txt import PATH
from vaka.web.signin.application import build_signin
from vaka.web.signin.entrance import Entrance
from vaka.web.signin.opening import open_emergency, open_fallback

pytestmark = pytest.mark.anyio


@pytest.fixture
async def entrance(installation: Installation) -> AsyncIterator[Entrance]:
    """An open sign-in page."""
    pool = make_pool(installation.server, platform_role("signin"), PLATFORM_DATABASE, application="test")
    await pool.open()
    assets, clock = load_assets(), SystemClock()
    client, subjects = OidcClient(installation.root, demo=True), SubjectKey(bytes(32))
    saml = SamlClient(SETTINGS.signin.origin, installation.root, demo=True)
    yield Entrance(
        pool, Pages(assets, clock), assets, clock, SETTINGS, FailedAttempts(pool, clock), client, saml, subjects,
        open_fallback(installation.server, SETTINGS, clock), open_emergency(installation.server, SETTINGS, clock),
    )  # fmt: skip
    await pool.close()


def visitor(entrance: Entrance, settings: Settings = SETTINGS) -> Browser:
    """A browser before the sign-in page."""
    changed = replace(entrance, settings=settings)
    return Browser(build_signin(changed), settings.signin.origin)


async def signed_in(entrance: Entrance, installation: Installation, persona: str) -> Browser:
    """A browser that comes back to the sign-in page with a session."""
    async with transaction(entrance.platform) as connection:
        account = installation.accounts[persona]
        token = await open_session(connection, account, "operator", "test", entrance.clock.now())
    browser = visitor(entrance)
    browser.cookies[SESSION_COOKIE] = token
    return browser


async def test_forms_lead_to_the_rooms_alone(entrance: Entrance) -> None:
    page = await visitor(entrance).get("/")
    assert page.status == 200
    targets = "http://localhost:8401 http://localhost:8402 http://localhost:8403"
    assert f"form-action 'self' {targets};" in page.header("content-security-policy")


async def test_the_page_knows_who_is_signed_in(entrance: Entrance, installation: Installation) -> None:
    browser = await signed_in(entrance, installation, "olga")
    assert "Du är inloggad som Olga Operatör." in (await browser.get("/")).text
    assert "inloggad som" not in (await visitor(entrance).get("/")).text


async def test_signing_out_makes_the_browser_forget(entrance: Entrance, installation: Installation) -> None:
    browser = await signed_in(entrance, installation, "olga")
    answer = await browser.post("/sign-out")
    assert (answer.status, answer.header("location")) == (303, "/signed-out?realm=operator")
    assert answer.header("clear-site-data") == '"cache"'
    assert answer.cookies[SESSION_COOKIE][SESSION_COOKIE].value == ""
    assert "inloggad som" not in (await browser.get("/")).text


@pytest.mark.parametrize(
    "fields",
    [
        {"persona": "olga"}, {"persona": "olga", "password": "olga"}, {"username": "olga", "password": "olga"},
        {"password": "olga"}, {"grant_type": "password", "username": "olga", "password": "olga"},
    ],
)  # fmt: skip
async def test_term_15_2_a_password_lets_nobody_in(
    entrance: Entrance, stranger: Browser, fields: dict[str, str]
) -> None:
    """No form takes one, nor does any address by the header of RFC 7617; no page asks for one. Nor does a name."""
    answer = await visitor(entrance).post("/", fields)
    assert (answer.status, answer.cookies) == (405, {})
    answer = await visitor(entrance).post("/invitation", fields)
    assert (answer.status, answer.cookies) == (400, {})
    basic = {"authorization": "Basic b2xnYTpvbGdh"}
    for browser in (visitor(entrance), stranger):
        page = await browser.get("/", basic)
        assert page.status in (200, 303)
        assert page.cookies == {}
        assert page.header("www-authenticate") == ""
        assert "password" not in page.text
    assert (await stranger.post("/take-next", headers=basic)).status == 401
    assert "password" not in (await visitor(entrance, Settings(mode="production")).get("/")).text


async def test_forms_come_from_the_page_itself(entrance: Entrance, installation: Installation) -> None:
    for site in ("cross-site", "same-site", "none"):
        browser = await signed_in(entrance, installation, "olga")
        answer = await browser.post("/sign-out", {}, {"sec-fetch-site": site})
        assert answer.status == 403
        assert answer.cookies == {}
        assert "Du är inloggad som Olga Operatör." in (await browser.get("/")).text


@pytest.mark.parametrize("mode", ["demo", "production"])
async def test_where_no_issuer_is_believed_the_page_says_so_and_names_nobody(entrance: Entrance, mode: str) -> None:
    settings = SETTINGS if mode == "demo" else Settings(mode="production")
    page = await visitor(entrance, settings).get("/")
    assert page.status == 200
    assert "inte inställd" in page.text
    assert "Olga" not in page.text


async def test_language_and_theme_are_remembered_without_saying_who(entrance: Entrance) -> None:
    browser = visitor(entrance)
    answer = await browser.post("/preferences", {"language": "en", "theme": "light", "back": "/"})
    assert answer.status == 303
    assert {name: cookie[name].value for name, cookie in answer.cookies.items()} == {
        "__Host-vaka-language": "en", "__Host-vaka-theme": "light",
    }  # fmt: skip
    browser.cookies = {"__Host-vaka-language": "en", "__Host-vaka-theme": "light"}
    page = (await browser.get("/")).text
    assert '<html lang="en" data-theme="light"' in page
    assert "Sign-in is not configured" in page
    again = await browser.post("/preferences", {"language": "sv", "back": "/?realm=authority"})
    assert again.header("location") == "/?realm=authority", "who one is does not change with the language"
    for wrong in ({"language": "xx"}, {"theme": "pink"}):
        assert (await browser.post("/preferences", wrong)).status == 400
    browser.cookies = {"__Host-vaka-language": "<b>", "__Host-vaka-theme": "'"}
    assert '<html lang="sv" data-theme="dark"' in (await browser.get("/")).text


@pytest.mark.parametrize(
    ("back", "location"),
    [("/history", "/history"), ("//evil.example/", "/"), ("https://evil.example/", "/"), ("/\\evil.example", "/"),
     ("", "/"), ("/a\r\nset-cookie: x=1", "/")],
)  # fmt: skip
async def test_a_switch_leads_back_into_the_desk_and_nowhere_else(stranger: Browser, back: str, location: str) -> None:
    answer = await stranger.post("/preferences", {"theme": "light", "back": back})
    assert (answer.status, answer.header("location")) == (303, location)
    assert "x" not in answer.cookies


async def test_both_say_that_they_are_alive(entrance: Entrance, stranger: Browser) -> None:
    assert (await visitor(entrance).get("/alive")).text == "alive"
    assert (await stranger.get("/alive")).text == "alive"


async def test_a_stranger_is_told_whom_to_tell_of_a_weakness(entrance: Entrance) -> None:
    """Where somebody is named; otherwise there is no such page."""
    assert (await visitor(entrance).get(PATH)).status == 404
    named = SecurityContactSettings(
        contacts=["mailto:sakerhet@leverantor.example"], expires=datetime.now(UTC) + timedelta(days=90)
    )
    settings = entrance.settings.model_copy(update={"security_contact": named})
    told = await visitor(entrance, settings).get(PATH)
    assert (told.status, f"Canonical: {settings.signin.origin}{PATH}\n" in told.text) == (200, True)


async def test_failed_attempts_are_in_the_ledger_and_nobody_can_fill_it(
    entrance: Entrance, installation: Installation
) -> None:
    """The first at once, the others counted; without what was typed, without an address, and with no sign-in noted."""
    query = "select * from ledger.inbox where event = 'sign_in.refused' order by id"
    signed_in = "select max(last_signed_in_at), count(*) from vaka.account"
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as platform:
        before = len(platform.execute(query).fetchall())
        accounts = platform.execute(signed_in).fetchone()
        browser = visitor(entrance)
        for number in range(40):
            assert (await browser.post("/invitation", {"code": f"nobody{number}"})).status == 410
        [first] = platform.execute(query).fetchall()[before:]
        await entrance.attempts.tell()
        [_, rest] = platform.execute(query).fetchall()[before:]
        assert platform.execute(signed_in).fetchone() == accounts
    for entry, count in ((first, 1), (rest, 39)):
        assert (entry["actor"], entry["object"], entry["outcome"]) == ("signin", "process:signin", "failure")
        assert entry["written_by"] == "vaka_signin"
        assert (entry["detail"]["reason"], entry["detail"]["count"]) == ("invitation", count)
        assert "nobody" not in str(entry)


async def test_a_failed_attempt_is_refused_all_the_same_while_the_ledger_cannot_be_written(
    entrance: Entrance, installation: Installation
) -> None:
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as platform:
        platform.execute("revoke execute on function ledger.append from g_signin")
        try:
            assert (await visitor(entrance).post("/invitation", {"code": "nobody"})).status == 410
            # And nobody gets in without an entry about it.
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await signed_in(entrance, installation, "olga")
        finally:
            platform.execute("grant execute on function ledger.append to g_signin")
        await entrance.attempts.tell()
        told = "select detail from ledger.inbox where event = 'sign_in.refused' order by id desc limit 1"
        entry = platform.execute(told).fetchone()
    assert entry is not None
    assert entry["detail"]["count"] == 1


def test_the_longest_code_fits_where_it_is_typed() -> None:
    """An authority may ask for the strictest code there is; in groups it is longer than its letters. In a browser:
    tests/browser/test_fallback.py."""
    code = make_code(STRICTEST)
    assert len(code.text) <= LONGEST_CODE
    assert read_code(code.text) == code
