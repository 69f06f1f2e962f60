# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Administrators with software keys, who work in the office through its pages."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.identity.authenticator import Maker, SoftKey
from tests.registers.house import FILE
from tests.web.browsers import Answer, Browser
from vaka.identity.models import Model

LISTED = UUID(int=0xA1)
MAKER = Maker(LISTED)
MODELS = {LISTED: Model(LISTED, "A key of the test", (MAKER.root().encode(),))}


def options_in(page: str) -> Any:
    """What a page asks of a key."""
    found = re.search(r"data-options='([^']*)'", page)
    assert found is not None, page
    return json.loads(html.unescape(found.group(1)))


def fields_in(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with this action."""
    form = page.partition(f'action="{action}"')[2].partition("</form>")[0]
    return {
        name: html.unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    }


@dataclass
class Administrator:
    """Somebody at a browser, with a key in his hand."""

    browser: Browser
    key: SoftKey = field(default_factory=lambda: SoftKey(""))

    def __post_init__(self) -> None:
        self.key.origin = self.browser.origin
        self.key.aaguid, self.key.maker = LISTED, MAKER

    async def get(self, path: str) -> str:
        """Open a page."""
        page = await self.browser.get(path)
        assert page.status == 200, (page.status, page.header("location"))
        return page.text

    async def do(
        self, path: str, fields: Mapping[str, str] | Sequence[tuple[str, str]], *,
        changed: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """Send a form, touch the key for what is shown, send it again; ``changed`` is what a script changes then."""
        shown = await self.browser.post(path, fields)
        if shown.status != 200 or "data-key=" not in shown.text:
            return shown
        answer = self.key.touch(options_in(shown.text))
        return await self.browser.post(path, {**fields_in(shown.text, path), **(changed or {}), "answer": answer})

    async def add_first_key(self, code: str) -> Answer:
        """Spend a code, make the key, and touch it."""
        asked = await self.browser.post("/first-key", {"code": code})
        if asked.status != 200:
            return asked
        made = {"name": "på nyckelknippan", "answer": self.key.make(options_in(asked.text))}
        enrolled = await self.browser.post("/first-key/enrol", made)
        return await self.enter() if enrolled.status == 303 else enrolled

    async def enter(self) -> Answer:
        """Touch the key for this session."""
        shown = await self.browser.get("/touch")
        return await self.browser.post("/touch", {"answer": self.key.touch(options_in(shown.text))})

    async def ask(self, name: str = "Nora Nyanställd", reason: str = "Ny kollega", **fields: str) -> str:
        """Ask for an account, and return its identifier."""
        drawn = fields_in(await self.get("/requests/new"), "/requests/new")
        wanted = {**drawn, "name": name, "reason": reason, **fields}
        answer = await self.do("/requests/new", wanted)
        assert (answer.status, answer.header("location")) == (303, "/requests"), answer.text
        return drawn["account"]

    async def move(
        self, account: UUID | str, *, ends: Sequence[str] = (), role: str = "", where: Sequence[UUID | str] = (),
        reason: str = "Byter uppgifter", changed: Mapping[str, str] | None = None, **fields: str,
    ) -> Answer:  # fmt: skip
        """Ask that an account loses and gets roles."""
        path = f"/account/{account}/roles"
        drawn = fields_in(await self.get(path), path)
        several = [("end", one) for one in ends] + [("where", str(one)) for one in where]
        wanted = {"request": drawn.get("request", str(UUID(int=1))), "role": role, "reason": reason, **fields}
        return await self.do(path, [*wanted.items(), *several], changed=changed)

    async def decide_roles(self, verdict: str = "approved", reason: str = "", **changed: str) -> Answer:
        """Decide what waits first of requests for other roles."""
        waiting = fields_in(await self.get("/requests"), "/requests/roles")
        return await self.do("/requests/roles", {**waiting, "verdict": verdict, "reason": reason, **changed})

    async def decide(self, verdict: str = "approved", reason: str = "", **changed: str) -> Answer:
        """Decide what waits first on the page."""
        page = await self.get("/requests")
        waiting = fields_in(page, "/requests/decide")
        return await self.do("/requests/decide", {**waiting, "verdict": verdict, "reason": reason, **changed})


async def written(who: Administrator, register: str, values: Mapping[str, str]) -> str:
    """Write a new entry in a register, and return where it is shown."""
    here = f"/registers/{register}/new"
    answer = await who.do(here, {**fields_in(await who.get(here), here), **values})
    assert answer.status == 303, answer.text
    return str(answer.header("location"))


async def sign(who: Administrator, account: object) -> str:
    """Enter somebody's undertaking of secrecy, without which nobody is let in; return where it is shown."""
    said = {"person": str(account), "customers": "yes", "signed": "2020-01-31", "file": FILE}
    return await written(who, "undertakings", said)


def code_in(page: str) -> str:
    """The code that a page shows once."""
    found = re.search(r'<p class="big code">([A-Z2-7-]+)</p>', page)
    assert found is not None, page
    return found.group(1)
