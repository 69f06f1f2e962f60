# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Runs oidc-provider (peers/provider.mjs) and our sign-in process, and a browser that goes between them over HTTP."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from uuid import UUID

import httpx
from joserfc.jwk import ECKey

from tests import peers
from tests.identity.house import LOA3, LOA4, IdentityHouse, content, key
from tests.plain import NO_TLS
from tests.waiting import wait_for
from vaka.clock import SystemClock
from vaka.identity.invitations import AlreadyLinkedError, invite, make_code
from vaka.identity.oidc import make_client_key

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).parent / "peers" / "provider.mjs"
MODULES = ROOT / "out" / "node-identity" / "node_modules"
PEOPLE = {
    "real-1": {"employee_number": "R-1", "organisation": "SE-prov-1"},
    "real-2": {"employee_number": "R-2", "organisation": "SE-foreign"},
}


def require_node() -> str:
    """Return the program that runs the provider, where the provider's package is there too."""
    node = peers.require_program("node", "nodejs", package="nodejs npm")
    if not (MODULES / "oidc-provider").is_dir():
        peers.report_missing("oidc-provider is not installed (tools/node-packages)")
    return node


NAME, CLIENT = "prov-real", "vaka-real"


@contextmanager
def running_oidc_provider(
    client_id: str, client_key: ECKey, redirect_uri: str, port: int | None = None, *, broken: bool = False, **more: Any
) -> Iterator[str]:
    """Run the provider for one client, of which it knows ``more`` besides, at a port if one is given; give its issuer
    identifier. A ``broken`` one answers, and lets nobody in."""
    client = {
        "client_id": client_id, "redirect_uris": [redirect_uri], "response_types": ["code"],
        "grant_types": ["authorization_code"], "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256", "id_token_signed_response_alg": "ES256",
        "jwks": {"keys": [client_key.as_dict(private=False)]}, **more,
    }  # fmt: skip
    told = {"jwk": key().as_dict(private=True), "client": client, "levels": [LOA3, LOA4], "people": PEOPLE,
            "port": port, "broken": broken}  # fmt: skip
    process = subprocess.Popen(
        [require_node(), str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={**os.environ, "MODULES": str(MODULES)}, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(f"{json.dumps(told)}\n")
        process.stdin.flush()
        listening = process.stdout.readline().strip()
        assert listening.isdigit(), "the provider has ended"
        yield f"http://127.0.0.1:{listening}"
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


@contextmanager
def running_signin(data: Path, origin: str) -> Iterator[None]:
    """Run our sign-in process."""
    process = subprocess.Popen([sys.executable, "-m", "vaka.processes.signin", "--data", str(data)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip

    def answers() -> bool:
        assert process.poll() is None, "the process has ended"
        try:
            return httpx.get(f"{origin}/alive", verify=NO_TLS).status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_for(answers)
        yield
    finally:
        process.terminate()
        process.wait(60)


@dataclass
class Traveller:
    """A browser over HTTP, with the cookies of each origin; those for TLS alone it sends on this machine too."""

    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    been: list[str] = field(default_factory=list)

    def get(self, address: str, site: str = "cross-site") -> httpx.Response:
        """Ask for one page."""
        return self._send("GET", address, site)

    def post(self, address: str, fields: dict[str, str]) -> httpx.Response:
        """Send a form."""
        return self._send("POST", address, "same-origin", urlencode(fields))

    def travel(self, address: str, person: str, acr: str, stop: str) -> httpx.Response:
        """Follow redirects from the first page, logging in where that is asked, to the first page at `stop`."""
        answer = self.get(address, "same-origin")
        while "location" in answer.headers:
            address = urljoin(address, answer.headers["location"])
            self.been.append(address)
            assert len(self.been) < 20, "it leads round in a ring"
            if address.startswith(stop):
                break
            if urlsplit(address).path.startswith("/login/"):
                address += "?" + urlencode({"person": person, "acr": acr})
            answer = self.get(address)
        return answer

    def _send(self, method: str, address: str, site: str, body: str = "") -> httpx.Response:
        parts = urlsplit(address)
        kept = self.cookies.setdefault(parts.netloc, {})
        headers = {"accept": "text/html", "sec-fetch-site": site}
        if kept:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items())
        if method == "POST":
            headers["content-type"] = "application/x-www-form-urlencoded"
        answer = httpx.request(method, address, headers=headers, content=body or None, follow_redirects=False)
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel.value and "1970" not in morsel["expires"]:
                    kept[name] = morsel.value
                else:
                    kept.pop(name, None)
        return answer


@dataclass
class Place:
    """Both running, and an account that was invited."""

    house: IdentityHouse
    origin: str
    issuer: str
    account: UUID

    def code(self) -> str:
        """A fresh invitation; once the account is somebody's, a code that is worth nothing: who is known needs none."""
        try:
            return asyncio.run(self._invite())
        except AlreadyLinkedError:
            return make_code().text

    async def _invite(self) -> str:
        await self.house.stand()
        async with self.house.as_("setup") as setup:
            now = SystemClock().now()
            return (await invite(setup, self.account, "operator", "employee_number", "R-1", actor="s", now=now)).text


@contextmanager
def running_place(house: IdentityHouse) -> Iterator[Place]:
    """Run the provider and our sign-in process, with the one listed at the other."""
    settings, root = house.settings.signin, house.data.root
    client_key = make_client_key(root / settings.client_keys, NAME)
    with (
        running_oidc_provider(
            CLIENT,
            client_key,
            f"{settings.origin}/callback/{NAME}",
            backchannel_logout_uri=f"{settings.origin}/logout/{NAME}",
            post_logout_redirect_uris=[f"{settings.origin}/signed-out/{NAME}"],
        ) as issuer,
        running_signin(root, settings.origin),
    ):
        yield asyncio.run(_prepare(house, issuer))


async def _prepare(house: IdentityHouse, issuer: str) -> Place:
    said: dict[str, Any] = content(
        issuer, client_id=CLIENT, back_channel_logout=True, end_session_endpoint=f"{issuer}/session/end"
    )
    await house.trust(said, NAME)
    return Place(house, house.settings.signin.origin, issuer, await house.person("Ros-Mari Riktig"))
