# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority's portal and the supplier's office over one database and one clock, and what is asked between them."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from tests.platform import platform_as
from tests.web.browsers import Answer, Browser
from tests.web.furniture import Installation
from vaka.assurance.evidence import QUERIES
from vaka.identifiers import new_identifier
from vaka.web.times import LOCAL

ASKED = "/log/ekbacka/inquiries"
SETTLE = f"{ASKED}/settle"


def day_after(now: datetime, days: int) -> str:
    """A local day, as a form sends it."""
    return str(now.astimezone(LOCAL).date() + timedelta(days=days))


async def ask(browser: Browser, now: datetime, words: str = "Visa protokollet", **more: str) -> Answer:
    """Ask the supplier, as whoever sits at a portal: by tomorrow."""
    form = {"kind": "evidence", "term": "24", "words": words, "wanted": day_after(now, 1), **more}
    return await browser.post(more.pop("to", ASKED), {name: value for name, value in form.items() if name != "to"})


async def propose(installation: Installation, now: datetime, term: int = 19, reason: str = "Inga hallar") -> None:
    """Propose that a term does not concern Ekbacka, as an administrator in the office does."""
    values = {
        "id": new_identifier(now), "authority_id": installation.authorities["ekbacka"].id, "term": term,
        "reason": reason, "by": installation.accounts["adam"], "now": now,
    }  # fmt: skip
    async with platform_as(installation.server, "office") as connection:
        cursor = await connection.execute(QUERIES["propose_exclusion"], values)
        assert await cursor.fetchone() == ("done",)


def fields_in_form(page: str, action: str) -> dict[str, str]:
    """What the first form with this action carries with it."""
    form = page.partition(f'action="{action}"')[2].partition("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def fields_of(page: str, words: str) -> dict[str, str]:
    """What the form about the one question that was asked in these words carries with it."""
    [inquiry] = [one for one in page.split('<li class="inquiry') if words in one]
    return dict(re.findall(r'type="hidden" name="(inquiry|seen|authority)" value="([^"]*)"', inquiry))


async def answer(office: Browser, words: str, said: str = "Här är det", **more: str) -> Answer:
    """Answer the question that was asked in these words."""
    known = fields_of((await office.get("/inquiries")).text, words)
    return await office.post("/inquiries", {**known, "words": said, **more})


async def settle(portal: Browser, words: str, deed: str, **more: str) -> Answer:
    """Say what becomes of it."""
    known: Mapping[str, str] = fields_of((await portal.get(ASKED)).text, words)
    return await portal.post(SETTLE, {**known, "deed": deed, "words": "Därför", **more})
