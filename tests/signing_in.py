# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Signing in as a persona of a demo: by its provider, as people do it, in a browser and without one."""

import re
from collections.abc import Mapping
from html import unescape
from http.cookies import SimpleCookie
from types import MappingProxyType
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Page

from tests.plain import NO_TLS
from tests.web.furniture import PERSONAS
from vaka.demo import personas
from vaka.web.preferences import LANGUAGE_COOKIE, THEME_COOKIE

REALMS: Mapping[str, str] = {one.persona: one.realm for one in personas.PERSONAS} | {
    name: personas.realm_of("administrator" if role == "administrator" else "user", role)
    for name, _, role, _, _ in PERSONAS
}
"""Where each persona signs in to, the demo's and those of the tests' own installation."""
OWN = {"accept": "text/html", "sec-fetch-site": "same-origin"}
SECONDS = 60
BEGIN = re.compile(r'href="(/begin/[^"]+)"')
"""The link that leads to the provider."""


def sign_in_as(page: Page, signin: str, persona: str) -> None:
    """From the sign-in page at the origin `signin` to the provider, and be `persona` there."""
    page.goto(f"{signin}/?realm={REALMS[persona]}")
    page.click("a.persona")
    page.click(f"button[value={persona}]")
    if REALMS[persona] == "administrator":
        page.click(".links a")  # their cookie comes with nothing that began elsewhere, so they go on from our page


def let_in(page: Page, signin: str, persona: str, theme: str | None = None, language: str | None = None) -> None:
    """Be `persona` in this browser, which is led nowhere for it: its provider is asked over HTTP, in its name.

    For tests that are about something else: five pages lie in between. ``theme`` and ``language`` are remembered.
    """
    agent = str(page.evaluate("navigator.userAgent"))
    given = _given(sign_in_over_http(signin, persona, headers={"user-agent": agent}))
    for name, value in ((THEME_COOKIE, theme), (LANGUAGE_COOKIE, language)):
        if value is not None:
            given.load(f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax")
    page.context.add_cookies([
        {
            "name": cookie.key, "value": cookie.value, "domain": urlsplit(signin).hostname or "",
            "path": cookie["path"], "secure": bool(cookie["secure"]), "httpOnly": bool(cookie["httponly"]),
            "sameSite": "Strict" if cookie["samesite"].lower() == "strict" else "Lax",
        }
        for cookie in given.values() if cookie.value
    ])  # fmt: skip


def sign_in_over_http(
    signin: str, persona: str, ways: Mapping[str, httpx.BaseTransport | None] | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> httpx.Response:  # fmt: skip
    """The same without a browser, by those ``ways`` if any; return the answer that gives the session's cookie."""
    with httpx.Client(headers={**OWN, **headers}, timeout=SECONDS, mounts=ways, verify=NO_TLS) as client:
        way = BEGIN.search(client.get(f"{signin}/?realm={REALMS[persona]}").text)
        assert way is not None, "nobody can sign in"
        begun = client.get(signin + unescape(way[1]))
        asked = begun.headers["location"]
        place = urlsplit(asked)
        choice = f"{place.scheme}://{place.netloc}{client.get(asked).headers['location']}"
        chosen = client.post(choice, data={"persona": persona})
        assert chosen.status_code == 303, chosen.text
        return client.get(chosen.headers["location"], headers={"cookie": cookies_of(begun)})


def cookies_of(answer: httpx.Response) -> str:
    """The cookies that an answer gives, as they are sent back."""
    return "; ".join(f"{name}={morsel.value}" for name, morsel in _given(answer).items() if morsel.value)


def _given(answer: httpx.Response) -> SimpleCookie:
    found = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        found.load(line)
    return found
