# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A browser that keeps cookies, before a sign-in page of our own."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.identity.house import IdentityHouse
from tests.web.browsers import Answer, Browser
from vaka.clock import Clock, SystemClock
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.identity.attempts import FailedAttempts
from vaka.identity.oidc import OidcClient
from vaka.identity.saml import SamlClient
from vaka.identity.subjects import open_subject_key
from vaka.settings import Settings
from vaka.web.assets import load_assets
from vaka.web.pages import Pages
from vaka.web.signin.application import build_signin
from vaka.web.signin.arriving import LEAVING_SAML_COOKIE, SAML_COOKIE
from vaka.web.signin.entrance import Entrance
from vaka.web.signin.opening import open_emergency, open_fallback

OWN = {"sec-fetch-site": "same-origin"}


@cache
def usual_tls() -> ssl.SSLContext:
    """What is trusted on this machine: to read it takes longer than many a test."""
    return ssl.create_default_context()


@asynccontextmanager
async def open_entrance(
    house: IdentityHouse, *, clock: Clock | None = None, settings: Settings | None = None
) -> AsyncIterator[Entrance]:
    """Open a sign-in page over the house's databases and keys."""
    async with make_pool(house.server, platform_role("signin"), PLATFORM_DATABASE, application="test") as pool:
        clock, settings, assets = clock or SystemClock(), settings or house.settings, load_assets()
        root = house.data.root
        client = OidcClient(root / settings.signin.client_keys, demo=settings.mode == "demo", tls=usual_tls())
        saml = SamlClient(settings.signin.origin, root / settings.signin.saml_keys, demo=settings.mode == "demo")
        subjects = open_subject_key(root / settings.signin.subject_key)
        attempts = FailedAttempts(pool, clock)
        yield Entrance(
            pool, Pages(assets, clock), assets, clock, settings, attempts, client, saml, subjects,
            open_fallback(house.server, settings, clock), open_emergency(house.server, settings, clock),
        )  # fmt: skip


@dataclass
class Visitor:
    """Somebody who signs in."""

    entrance: Entrance
    cookies: dict[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"
    """From where."""

    async def get(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        """Ask for a page, as a browser that was sent here from somewhere else unless told otherwise."""
        return self._keep(await self._browser().get(path, {"sec-fetch-site": "cross-site", **(headers or {})}))

    async def post(self, path: str, fields: dict[str, str]) -> Answer:
        """Send a form."""
        return self._keep(await self._browser().post(path, fields))

    async def arrive(self, path: str, fields: dict[str, str]) -> Answer:
        """Send a form from another site's page: of our cookies, those that are made for it come along."""
        browser = self._browser()
        browser.cookies = {
            name: value for name, value in self.cookies.items() if name in (SAML_COOKIE, LEAVING_SAML_COOKIE)
        }
        elsewhere = {"sec-fetch-site": "cross-site", "origin": "https://saml-idp.example"}
        return self._keep(await browser.post(path, fields, elsewhere))

    async def begin(self, name: str, realm: str = "operator") -> dict[str, str]:
        """Choose a way to sign in; return what the issuer is asked."""
        answer = await self.get(f"/begin/{name}?realm={realm}", OWN)
        assert answer.status == 303, answer.text
        asked = parse_qs(urlsplit(answer.header("location")).query)
        return {name: values[0] for name, values in asked.items()}

    async def come_back(self, name: str, **answer: str) -> Answer:
        """Come back from the issuer with its answer."""
        return await self.get(f"/callback/{name}?{urlencode(answer)}")

    def _browser(self) -> Browser:
        origin = self.entrance.settings.signin.origin
        return Browser(build_signin(self.entrance), origin, dict(self.cookies), address=self.address)

    def _keep(self, answer: Answer) -> Answer:
        for name, cookie in answer.cookies.items():
            if cookie[name].value:
                self.cookies[name] = cookie[name].value
            else:
                self.cookies.pop(name, None)
        return answer
