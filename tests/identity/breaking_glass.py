# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Two custodians with keys for emergencies, who meet at a sign-in page of our own."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any
from uuid import UUID, uuid4

from tests.confirming import touched
from tests.identity.authenticator import Maker, SoftKey
from tests.identity.house import IdentityHouse
from tests.identity.visitor import Visitor
from tests.web.browsers import Answer
from vaka.access.accounts import QUERIES, Kind, Wanted, file_request, list_account_requests
from vaka.access.grants import grant_role
from vaka.clock import Clock, SystemClock
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.identity.binding_secret import read_binding_secret
from vaka.identity.break_glass import Custodian as Holder
from vaka.identity.break_glass import list_custodians
from vaka.identity.ceremonies import Ceremonies
from vaka.identity.guard import Site
from vaka.identity.models import Model
from vaka.identity.security_keys import Purpose, is_ours
from vaka.identity.sessions import Session, find_session, open_session
from vaka.web.asker import COOKIES
from vaka.web.signin.entrance import Entrance

LISTED = UUID(int=0xB6)
MAKER = Maker(LISTED)
MODELS = {LISTED: Model(LISTED, "A key of the test", (MAKER.root().encode(),))}
WHY = "Utfärdaren svarar inte sedan i går kväll"


@dataclass
class Custodian:
    """An administrator, and the key that he keeps for emergencies."""

    account: UUID
    key: SoftKey


@dataclass
class EmergencyScene:
    """Cecilia and Carl, and the page at which they meet."""

    house: IdentityHouse
    entrance: Entrance
    one: Custodian
    other: Custodian

    async def ask(self, visitor: Visitor) -> dict[str, Any]:
        """Open the page and return what the browser is asked."""
        answer = await visitor.get("/emergency")
        assert answer.status == 200, answer.text
        return asked_in(answer)

    async def first(self, visitor: Visitor, key: SoftKey | None = None) -> Answer:
        """The first custodian touches his key."""
        asked = await self.ask(visitor)
        return await visitor.post("/emergency", {"answer": (key or self.one.key).touch(asked)})

    async def both(self, visitor: Visitor | None = None, *, second: SoftKey | None = None, reason: str = WHY) -> Answer:
        """Both touch theirs, one after the other."""
        visitor = visitor or Visitor(self.entrance)
        begun = await self.first(visitor)
        assert begun.status == 200, begun.text
        answer = (second or self.other.key).touch(asked_in(begun))
        return await visitor.post("/emergency", {"reason": reason, "answer": answer})

    async def session(self, answer: Answer) -> Session | None:
        """The session that an answer brought."""
        cookie = answer.cookies.get(COOKIES["administrator"])
        if cookie is None:
            return None
        async with self.house.as_("office") as office:
            return await find_session(office, cookie[COOKIES["administrator"]].value, SystemClock().now())

    async def usable(self) -> list[Holder]:
        """The keys for emergencies that are what they were made."""
        async with self.house.as_("office") as office:
            found = await list_custodians(office, SystemClock().now())
        return [one for one in found if is_ours(self.entrance.emergency.secret, one)]

    def refused(self, answer: Answer, reason: str, before: int) -> dict[str, Any]:
        """Nobody came in, and the last entry says why; return its detail."""
        assert answer.status == 403, answer.text
        assert reason in answer.text
        assert not answer.cookies.get(COOKIES["administrator"])
        entries = self.house.entries(before)
        assert "break_glass.opened" not in {one["event"] for one in entries}
        assert (entries[-1]["event"], entries[-1]["detail"]["reason"]) == ("sign_in.refused", reason)
        return dict(entries[-1]["detail"])


def asked_in(answer: Answer) -> dict[str, Any]:
    """What a page asks of a key."""
    written = re.search(r"data-options='([^']*)'", answer.text)
    assert written is not None, answer.text
    asked: dict[str, Any] = json.loads(unescape(written[1]))
    return asked


async def new_emergency_scene(house: IdentityHouse, entrance: Entrance) -> EmergencyScene:
    """Two new custodians."""
    return EmergencyScene(
        house, entrance, await new_custodian(house, "Cecilia"), await new_custodian(house, "Carl")
    )  # fmt: skip


async def new_administrator(house: IdentityHouse, name: str) -> UUID:
    """An administrator with the role."""
    await house.make_administrators()
    account = await house.person(name, kind="administrator")
    async with house.as_("setup") as setup:
        await grant_role(setup, account, "administrator", None, actor="setup", now=SystemClock().now())
    return account


async def new_custodian(house: IdentityHouse, name: str) -> Custodian:
    """An administrator for whom two others decided that he gets a key for emergencies, and who has added it."""
    account = await new_administrator(house, name)
    await decide(house, account, "emergency_key")
    return Custodian(account, await enrol(house, account, "emergency"))


async def decide(house: IdentityHouse, account: UUID, kind: Kind) -> None:
    """One administrator asks for it, the other approves."""
    await house.stand()
    asked_by, approved_by = house.administrators
    now, request = SystemClock().now(), uuid4()
    async with house.as_("office") as office:
        wanted = Wanted(kind, account, account, "Beredskap")
        await file_request(
            office, request, wanted, by=asked_by, actor=f"account:{asked_by}", step_up=None, now=now
        )  # fmt: skip
        [known] = [one for one in await list_account_requests(office, account) if one.id == request]
        facts = {"request": request, "digest": known.digest, "verdict": "approved", "by": approved_by, "reason": "",
                 "step_up": None, "code_hash": None, "now": SystemClock().now()}  # fmt: skip
        assert await (await office.execute(QUERIES["decide_account_request"], facts)).fetchone() == ("done",)


@asynccontextmanager
async def keys_of_the_office(
    house: IdentityHouse, purpose: Purpose, clock: Clock | None = None
) -> AsyncIterator[Ceremonies]:
    """What the office does with keys of this kind."""
    site, secret = Site(house.settings.office.origin, "localhost"), read_binding_secret(house.server.credentials)
    # Closed whatever becomes of the test: a pool that is left open lets no event loop end.
    async with make_pool(house.server, platform_role("office"), PLATFORM_DATABASE, application="test") as pool:
        yield Ceremonies(pool, clock or SystemClock(), site, MODELS, secret, purpose=purpose)


async def enrol(house: IdentityHouse, account: UUID, purpose: Purpose, key: SoftKey | None = None) -> SoftKey:
    """Add a key in the office; afterwards it is where the sign-in page is."""
    key = key or SoftKey("", aaguid=LISTED, maker=MAKER)
    key.origin = house.settings.office.origin
    session = await session_of(house, account)
    await house.stand()
    async with keys_of_the_office(house, purpose) as keys:
        confirmed = touched(keys.enrolment_for(session)) if purpose == "emergency" else None
        await keys.enrol(session, "i kassaskåpet", key.make(await keys.ask_for_new_key(session, confirmed)))
    key.origin = house.settings.signin.origin
    return key


async def session_of(house: IdentityHouse, account: UUID) -> Session:
    """An ordinary session of an administrator."""
    async with house.as_("signin") as signin, house.as_("office") as office:
        token = await open_session(signin, account, "administrator", "test", SystemClock().now())
        session = await find_session(office, token, SystemClock().now())
    assert session is not None
    return session
