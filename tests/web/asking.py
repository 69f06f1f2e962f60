# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority's portal and the supplier's office over one database and one clock, and what is asked between them."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from tests.web.browsers import Answer, Browser
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
