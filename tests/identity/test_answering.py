# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether an issuer answers is measured at its own addresses: bounded, seldom, and the same for both protocols."""

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.identity.falling_back import NOT_THERE, THERE, answering
from tests.identity.house import LOA3, content, free_port
from tests.identity.saml_provider import SamlProvider
from vaka.clock import SystemClock, TurnedClock
from vaka.identity import answering as measured
from vaka.identity.answering import KEPT_SECONDS, Answering, places_of
from vaka.identity.assertion import SignInRefusedError
from vaka.identity.trust import Trusted
from vaka.identity.trust_content import read_content

pytestmark = pytest.mark.anyio

BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
NO_HTTP = b"SSH-2.0-OpenSSH_9.2\r\n\r\n"


def believed(said: dict[str, Any]) -> Trusted:
    return Trusted(uuid4(), None, "prov", read_content(json.dumps(said)), {LOA3: 3})


@pytest.fixture(params=["oidc", "saml"])
def issuer(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[int, Trusted]:
    """A port where nobody listens yet, and an issuer of either protocol that is believed and stands there."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    if request.param == "oidc":
        return port, believed(content(address))
    provider = SamlProvider(tmp_path, sign_in=f"{address}/sso")
    return port, believed(provider.content())


@pytest.mark.parametrize(
    ("answer", "is_there"), [(THERE, True), (BROKEN, True), (NOT_THERE, False), (NO_HTTP, False), (None, False)]
)
async def test_what_counts_as_an_answer(issuer: tuple[int, Trusted], answer: bytes | None, is_there: bool) -> None:
    port, trusted = issuer
    if answer is None:
        assert not await Answering(SystemClock(), demo=True).answers(trusted)
        return
    async with answering(port, answer):
        assert await Answering(SystemClock(), demo=True).answers(trusted) is is_there


async def test_who_accepts_and_says_nothing_is_away(
    issuer: tuple[int, Trusted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "SECONDS", 0.1)
    port, trusted = issuer

    async def keep(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    server = await asyncio.start_server(keep, "127.0.0.1", port)
    try:
        assert not await Answering(SystemClock(), demo=True).answers(trusted)
    finally:
        server.close()


async def test_many_who_ask_cost_the_issuer_one_question_in_a_while(issuer: tuple[int, Trusted]) -> None:
    port, trusted = issuer
    clock = TurnedClock(SystemClock().now())
    is_there = Answering(clock, demo=True)
    async with answering(port) as asked:
        assert await asyncio.gather(*(is_there.answers(trusted) for _ in range(20))) == [True] * 20
        assert len(asked) == 1
    assert await is_there.answers(trusted), "so it was a moment ago"
    clock.turn(KEPT_SECONDS)
    assert not await is_there.answers(trusted)


def test_each_host_of_an_issuer_is_asked_once() -> None:
    one = content("https://idp.example/realm/")
    second = "https://second.idp.example"
    one |= {"authorization_endpoint": "https://idp.example/auth", "token_endpoint": f"{second}/token"}
    assert places_of(believed(one), demo=False) == [
        "https://idp.example/realm/.well-known/openid-configuration", f"{second}/token",
    ]  # fmt: skip


@pytest.mark.parametrize("demo", [True, False])
async def test_an_issuer_that_nobody_can_sign_in_by_is_not_measured(demo: bool) -> None:
    """One on this machine is none outside a demo, and one whose evidence has expired is none anywhere."""
    here = believed(content("http://127.0.0.1:1"))
    expired = Trusted(here.id, None, here.name, here.content, {})
    for trusted in (expired,) if demo else (here, expired):
        with pytest.raises(SignInRefusedError):
            await Answering(SystemClock(), demo=demo).answers(trusted)
