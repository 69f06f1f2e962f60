# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An operator with a security key of his own, whose issuer answers or does not, before a sign-in page of our own."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from html import unescape
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from tests.identity.authenticator import SoftKey
from tests.identity.house import IdentityHouse, content, free_port
from tests.identity.visitor import OWN, Visitor
from tests.web.browsers import Answer
from vaka.access.grants import grant_role
from vaka.clock import SystemClock
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.identity.binding_secret import read_binding_secret
from vaka.identity.ceremonies import Ceremonies
from vaka.identity.guard import RULES, KeyRule, Site
from vaka.identity.models import Model
from vaka.identity.sessions import Session, find_session, open_session
from vaka.web.asker import SESSION_COOKIE
from vaka.web.signin.entrance import Entrance
from vaka.web.signin.opening import open_fallback

NOT_THERE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
THERE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
_numbers = count(1)


@asynccontextmanager
async def answering(port: int, answer: bytes = THERE) -> AsyncIterator[list[bytes]]:
    """Let an issuer's host answer everything so; gives what it was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", port):
        yield asked


@dataclass
class FallbackScene:
    """Olga, her issuer's port, and her key."""

    house: IdentityHouse
    entrance: Entrance
    account: UUID
    authority: UUID
    port: int
    name: str
    """Of the issuer in the registry."""
    key: SoftKey

    def is_offered(self, page: str) -> bool:
        """Whether a sign-in page says that this issuer does not answer; others of the installation do not either."""
        said = re.search(r'<section class="fallback".*?</section>', page, re.DOTALL)
        return said is not None and f"Reservprov {int(self.name.rpartition('-')[2]):03}" in said[0]

    def elsewhere(self, **access: Any) -> "FallbackScene":
        """The same before a sign-in process that was started anew: it has measured nothing yet."""
        settings = self.entrance.settings
        settings = settings.model_copy(update={"access": settings.access.model_copy(update=access)})
        fallback = open_fallback(self.house.server, settings, self.entrance.clock)
        return replace(self, entrance=replace(self.entrance, fallback=fallback))

    async def ask(self, visitor: Visitor) -> dict[str, Any]:
        """Open the page and return what the browser is asked."""
        answer = await visitor.get("/fallback", OWN)
        assert answer.status == 200, answer.text
        written = re.search(r"data-options='([^']*)'", answer.text)
        assert written is not None
        asked: dict[str, Any] = json.loads(unescape(written[1]))
        return asked

    async def sign_in(self, visitor: Visitor | None = None, key: SoftKey | None = None) -> Answer:
        """Go all the way."""
        visitor = visitor or Visitor(self.entrance)
        return await visitor.post("/fallback", {"answer": (key or self.key).touch(await self.ask(visitor))})

    async def session(self, answer: Answer) -> Session | None:
        """The session that an answer brought."""
        cookie = answer.cookies.get(SESSION_COOKIE)
        if cookie is None:
            return None
        async with self.house.as_("desk") as desk:
            return await find_session(desk, cookie[SESSION_COOKIE].value, SystemClock().now())

    def refused(self, answer: Answer, reason: str, before: int) -> dict[str, Any]:
        """Nobody came in, and exactly one entry says why; return its detail."""
        assert answer.status == 403, answer.text
        assert reason in answer.text
        assert not answer.cookies.get(SESSION_COOKIE)
        [entry] = self.house.entries(before)
        assert (entry["event"], entry["outcome"], entry["detail"]["reason"]) == ("sign_in.refused", "failure", reason)
        return dict(entry["detail"])


async def new_fallback_scene(
    house: IdentityHouse, entrance: Entrance, *, role: str | None = "operator", kind: str = "user",
    realms: tuple[str, ...] = ("operator",), key: SoftKey | None = None, rule: KeyRule | None = None,
    models: tuple[Model, ...] = (),
) -> FallbackScene:  # fmt: skip
    """An operator of an authority of her own, who has enrolled a key at the desk."""
    number, port = next(_numbers), free_port()
    name = f"prov-reserv-{number}"
    await house.trust(
        content(f"http://127.0.0.1:{port}", realms=list(realms), title_sv=f"Reservprov {number:03}"), name
    )
    account, authority = await house.person("Olga Operatör", kind=kind), await house.authority(f"reserv{number}")
    now = SystemClock().now()
    if role is not None:
        async with house.as_("setup") as setup:
            await grant_role(setup, account, role, authority, actor="setup", now=now)
    with house.superuser(unguarded=True) as hand:
        hand.execute(
            "insert into account_link (id, account_id, issuer, subject_hmac, matching_hmac, created_at)"
            " values (%s, %s, %s, %s, %s, %s)",
            (uuid4(), account, f"http://127.0.0.1:{port}", uuid4().bytes * 2, bytes(32), now),
        )
    key = key or SoftKey("")
    await _enrol(house, account, key, rule, models)
    return FallbackScene(house, entrance, account, authority, port, name, key)


async def _enrol(
    house: IdentityHouse, account: UUID, key: SoftKey, rule: KeyRule | None, models: tuple[Model, ...]
) -> None:  # fmt: skip
    """Enrol a key at the desk; afterwards it is where the sign-in page is."""
    origin = house.settings.desk.origin
    secret = read_binding_secret(house.server.credentials)
    rules = dict.fromkeys(RULES, rule or RULES["user"])
    async with house.as_("signin") as signin, house.as_("desk") as desk:
        with house.superuser(unguarded=True) as hand:
            [row] = hand.execute("select kind from account where id = %s", (account,)).fetchall()
        realm: Any = "administrator" if row["kind"] == "administrator" else "operator"
        token = await open_session(signin, account, realm, "test", SystemClock().now())
        session = await find_session(desk, token, SystemClock().now())
    assert session is not None
    key.origin = origin
    async with make_pool(house.server, platform_role("desk"), PLATFORM_DATABASE, application="test") as pool:
        keys = Ceremonies(
            pool, SystemClock(), Site(origin, "localhost"), {one.aaguid: one for one in models}, secret, rules
        )  # fmt: skip
        await keys.enrol(session, "på nyckelknippan", key.make(await keys.ask_for_new_key(session, None)))
    key.origin = house.settings.signin.origin
