# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who asks, where a web server stands in front: its word is taken from where it stands, and nobody else's."""

from collections.abc import Sequence

import pytest
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from vaka.settings_web import OfficeSettings, SigninSettings
from vaka.web.fronted import Fronted

pytestmark = pytest.mark.anyio

FRONT = ["127.0.0.1", "10.20.0.5", "2001:db8::5"]


async def caller(peer: str | None, told: Sequence[str], front: Sequence[str] = FRONT, kind: str = "http") -> str | None:
    """From where an application sees a request come."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def receive() -> dict[str, object]:
        return {}

    async def send(_message: object) -> None:
        pass

    headers = [(b"host", b"office.example"), *((b"x-forwarded-for", one.encode("latin-1")) for one in told)]
    scope: Scope = {"type": kind, "client": peer and (peer, 40000), "headers": headers}
    await Fronted(app, front)(scope, receive, send)
    assert scope["client"] == (peer and (peer, 40000)), "nobody else's scope is written in"
    found = seen[0]["client"]
    return None if found is None else str(found[0])


@pytest.mark.parametrize("peer", ["127.0.0.1", "::ffff:127.0.0.1", "10.20.0.5", "2001:db8:0::5"])
async def test_from_where_it_stands_the_web_server_is_believed(peer: str) -> None:
    assert await caller(peer, ["198.51.100.7"]) == "198.51.100.7"
    assert await caller(peer, ["::ffff:198.51.100.7"]) == "198.51.100.7"
    assert await caller(peer, ["2001:DB8:7::1"]) == "2001:db8:7::1"


@pytest.mark.parametrize("peer", ["198.51.100.9", "127.0.0.2", "::1", "2001:db8::6", "testclient", None])
async def test_from_anywhere_else_the_header_says_nothing(peer: str | None) -> None:
    assert await caller(peer, ["10.20.0.7"]) == peer
    assert await caller("127.0.0.1", ["10.20.0.7"], front=()) == "127.0.0.1", "and without a front nobody is"


@pytest.mark.parametrize(
    "told",
    [[], [""], ["10.20.0.7, 198.51.100.7"], ["10.20.0.7", "198.51.100.7"], ["10.20.0.7:4711"], ["[2001:db8::1]"],
     ["fe80::1%eth0"], ["unknown"], ["10.20.0.7\xa0"]],
)  # fmt: skip
async def test_more_or_less_than_one_address_is_no_word_of_it(told: list[str]) -> None:
    """Then it is the web server itself that asks, which no register has."""
    assert await caller("127.0.0.1", told) == "127.0.0.1"


async def test_what_is_no_request_is_left_alone() -> None:
    assert await caller("127.0.0.1", ["10.20.0.7"], kind="lifespan") == "127.0.0.1"


@pytest.mark.parametrize("wrong", ["0.0.0.0", "::", "10.20.0.0/16", "nginx", "", "224.0.0.1", "fe80::1%eth0"])
@pytest.mark.parametrize("of", [OfficeSettings, SigninSettings])
def test_a_front_is_one_address(of: type[OfficeSettings | SigninSettings], wrong: str) -> None:
    with pytest.raises(ValidationError):
        of(front=[wrong])
    assert of(front=["::ffff:10.20.0.5"]).front == ["10.20.0.5"]
