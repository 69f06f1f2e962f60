# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whose requests are heard, what browsers are told to refuse, and that no error says more than it should."""

import asyncio
import json
import re

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from tests.web.browsers import Browser
from vaka.clock import SystemClock
from vaka.errors import Category, Sentence, VakaError
from vaka.web.assets import load_assets
from vaka.web.desk.words import ALL_NAMES
from vaka.web.pages import Pages
from vaka.web.refusals import STATUS, Refusals
from vaka.web.safety import LARGEST_BODY_BYTES, Safety

ORIGIN = "https://larm.example"
SECRET = "Karin Holmgren, portkod 2580"


def guarded(app: object) -> Browser:
    """A browser before an application behind the safety layer."""
    refusals = Refusals(Pages(load_assets(), SystemClock(), ALL_NAMES))
    return Browser(Safety(app, refusals, origin=ORIGIN), ORIGIN)  # type: ignore[arg-type]


async def fine(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body and answers."""
    while (await receive()).get("more_body"):
        pass
    await PlainTextResponse("fine")(scope, receive, send)


@pytest.mark.anyio
async def test_every_answer_carries_the_headers() -> None:
    for answer in (await guarded(fine).get("/"), await guarded(fine).send("PUT", "/", {})):
        assert answer.header("content-security-policy") == (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
            "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )
        assert answer.header("x-content-type-options") == "nosniff"
        assert answer.header("referrer-policy") == "no-referrer"
        assert answer.header("cross-origin-opener-policy") == "same-origin"
        assert answer.header("cache-control") == "no-store"
        assert "geolocation=()" in answer.header("permissions-policy")
        assert answer.header("strict-transport-security").startswith("max-age=")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("headers", "heard"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, True),
        ({"origin": ORIGIN}, True),
        ({}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "cross-site", "origin": ORIGIN}, False),
        ({"sec-fetch-site": "Same-Origin"}, False),
        ({"origin": "null"}, False),
        ({"origin": "https://larm.example.evil.example"}, False),
        ({"origin": "http://larm.example"}, False),
        ({"origin": "https://larm.example:444"}, False),
    ],
)
async def test_changes_come_from_our_own_pages_only(headers: dict[str, str], heard: bool) -> None:
    answer = await guarded(fine).send("POST", "/", headers)
    assert answer.status == (200 if heard else 403)


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["evil.example", "larm.example:80", "LARM.EXAMPLE.", "", "larm.example, evil.example"])
async def test_another_host_is_not_served(host: str) -> None:
    answer = await guarded(fine).get("/", {"host": host})
    assert answer.status == 421


@pytest.mark.anyio
@pytest.mark.parametrize("length", [str(LARGEST_BODY_BYTES + 1), "-1", "1e3", "", "٣", "9" * 30])
async def test_a_stated_length_out_of_bounds_is_refused(length: str) -> None:
    browser = guarded(fine)
    scope = browser._scope("POST", "/", {"sec-fetch-site": "same-origin"})
    scope["headers"].append((b"content-length", length.encode()))
    started: list[Message] = []

    async def send(message: Message) -> None:
        started.append(message)

    async def receive() -> Message:
        raise AssertionError("the body must not be read")

    await browser.app(scope, receive, send)
    assert started[0]["status"] == 413


@pytest.mark.anyio
async def test_a_body_without_length_is_cut_off() -> None:
    answer = await guarded(fine).send("POST", "/", {"sec-fetch-site": "same-origin"}, b"x" * (LARGEST_BODY_BYTES + 1))
    assert answer.status == 413
    answer = await guarded(fine).send("POST", "/", {"sec-fetch-site": "same-origin"}, b"x" * LARGEST_BODY_BYTES)
    assert answer.status == 200


@pytest.mark.anyio
async def test_an_overlong_address_is_refused() -> None:
    assert (await guarded(fine).get("/?" + "a" * 3000)).status == 414


@pytest.mark.anyio
@pytest.mark.parametrize("category", list(Category))
async def test_each_category_has_its_status_and_its_sentence(category: Category) -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        raise VakaError(category, Sentence("Så är det <b>.", "So it is <b>."))

    browser = guarded(refuse)
    answer = await browser.get("/")
    assert answer.status == STATUS[category]
    assert "Så är det &lt;b&gt;." in answer.text
    browser.cookies["__Host-vaka-language"] = "en"
    assert "So it is &lt;b&gt;." in (await browser.get("/")).text
    part = await browser.part("/")
    assert part.header("hx-retarget") == "#message"
    assert "<html" not in part.text


@pytest.mark.anyio
async def test_an_unknown_error_is_internal_without_detail(capsys: pytest.CaptureFixture[str]) -> None:
    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError(SECRET)

    answer = await guarded(fail).get("/")
    assert answer.status == 500
    printed = "".join(capsys.readouterr())
    assert SECRET not in answer.text + printed
    assert "RuntimeError" in printed
    assert re.search(r"fail:\d+", printed)


@pytest.mark.anyio
async def test_an_error_after_the_answer_has_begun_ends_it_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    async def break_off(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError(SECRET)

    assert (await guarded(break_off).get("/")).status == 200
    assert SECRET not in "".join(capsys.readouterr())


@pytest.mark.anyio
async def test_a_websocket_is_closed() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await guarded(fine).app({"type": "websocket"}, asyncio.Future, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.anyio
async def test_the_desk_forbids_inline_and_foreign_content(olga: Browser) -> None:
    answer = await olga.get("/")
    assert answer.status == 200
    assert "form-action 'self' http://localhost:8400;" in answer.header("content-security-policy")
    assert answer.header("cache-control") == "no-store"
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]+\bsrc=)", answer.text)
    assert set(re.findall(r'(?:src|href|action)="([a-z]+:)?//', answer.text)) == set()
    for script in re.findall(r"<script[^>]*>", answer.text):
        assert re.search(r'integrity="sha384-[A-Za-z0-9+/=]{64}"', script)
    configuration = re.search(r"name=\"htmx-config\" content='([^']+)'", answer.text)
    assert configuration
    settings = json.loads(configuration[1])
    assert settings["allowEval"] is settings["includeIndicatorStyles"] is settings["allowScriptTags"] is False
    assert settings["historyCacheSize"] == 0
