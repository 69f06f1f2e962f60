# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The check of remote work: the log draws the sample, somebody else goes through it, authorities see how it went."""

import hashlib
import html
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.platform import platform_as
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator
from tests.web.office.conftest import enter
from tests.web.office.test_places import session_of
from tests.web.office.test_registers import empty_registers  # noqa: F401 - a fixture
from tests.web.portal.conftest import Logs
from tests.web.portal.conftest import enter as enter_portal
from vaka.access.remote_work import place_session
from vaka.clock import SystemClock
from vaka.database.connections import transaction
from vaka.web.office.office import Office
from vaka.web.portal.portal import Portal
from vaka.web.times import LOCAL

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE, THERE = "/remote", "/log/ekbacka/remote"
EMPTY = "truncate vaka.remote_draw, vaka.remote_drawn, vaka.remote_check, vaka.session_place"
MOST = 10


@pytest.fixture(autouse=True)
def nothing_drawn(installation: Installation, logs: Logs) -> Iterator[None]:
    """Nothing was drawn before, and nothing stays."""
    logs.execute("platform", EMPTY, unguarded=True)
    yield
    logs.execute("platform", EMPTY, unguarded=True)


def last_quarter() -> datetime:
    """When the quarter that ended last began."""
    today = SystemClock().now().astimezone(LOCAL)
    month = today.month - (today.month - 1) % 3 - 3
    return today.replace(year=today.year - (month < 1), month=month % 12 or 12, day=1, hour=0, minute=0, second=0,
                         microsecond=0)  # fmt: skip


async def work_remotely(strict: Office, installation: Installation, logs: Logs, at: datetime, count: int) -> list[str]:
    """Let there have been sessions of adam's in a quarter; return which."""
    made = []
    for _ in range(count):
        session = await session_of(strict, installation, logs)
        async with transaction(strict.platform) as connection:
            assert await place_session(connection, session, "203.0.113.9", at) == "remote"
        made.append(str(session))
    return made


async def sign(logs: Logs) -> None:
    """Let the log be signed for the first time since the quarter ended."""
    logs.execute("platform", "update ledger.checkpoint set signed_at = '2020-01-01'", unguarded=True)
    await logs.seal_platform()


def sessions_of(logs: Logs, quarter: datetime) -> list[str]:
    """Which sessions worked remotely in a quarter, as whoever has the log reads it."""
    end = (quarter + timedelta(days=95)).replace(day=1)
    leaves = (
        json.loads(bytes(row["leaf"]))
        for row in logs.ask("platform", "select leaf from ledger.log_entry order by index")
    )
    return sorted(
        {leaf["object"].removeprefix("session:") for leaf in leaves
         if leaf["event"] == "session.placed" and leaf["outcome"] == "success"
         and leaf["detail"]["location"] == "remote" and quarter <= datetime.fromisoformat(leaf["at"]) < end}
    )  # fmt: skip


def redrawn(logs: Logs, quarter: datetime, number: int) -> tuple[str, list[str]]:
    """The seed and the sample, made again from what the log is: its checkpoint, and its sessions."""
    [found] = logs.ask(
        "platform", "select note from ledger.checkpoint where signed_at > '2020-01-01' order by size limit 1"
    )
    body, _, signatures = bytes(found["note"]).decode().partition("\n\n")
    signed = f"{body}\n\n{signatures.split(chr(10))[0]}"
    said = "\n".join(["vaka remote work sample v1", quarter.date().isoformat(), str(number), signed])
    seed = hashlib.sha256(said.encode()).digest()
    ranked = sorted(sessions_of(logs, quarter), key=lambda one: hashlib.sha256(seed + one.encode()).digest())
    return seed.hex(), ranked[:MOST]


def drawn(logs: Logs) -> list[dict[str, Any]]:
    """What was drawn, draw by draw."""
    return logs.ask(
        "platform",
        "select d.number, encode(d.seed, 'hex') as seed, d.population, d.reason, d.id,"
        " array_agg(s.session_id::text order by s.rank) as sessions"
        " from vaka.remote_draw d join vaka.remote_drawn s on s.draw = d.id group by d.id order by d.number",
    )


async def test_term_03_5_the_sample_follows_from_the_log_and_anybody_can_make_it_again(
    algot: Administrator, strict: Office, installation: Installation, logs: Logs
) -> None:
    quarter = last_quarter()
    sessions = await work_remotely(strict, installation, logs, quarter + timedelta(days=9), 13)
    before = await work_remotely(strict, installation, logs, quarter - timedelta(days=2), 2)
    await sign(logs)
    seed, sample = redrawn(logs, quarter, 1)
    for _ in range(2):  # whoever does not like what he sees has more signed, and that changes nothing
        await enter(strict, installation, "ada")
        await logs.seal_platform()
    mark = logs.mark("platform")
    assert (await algot.browser.post(f"{HERE}/draw", {"number": "1", "reason": "jag vill"})).status == 303
    [draw] = drawn(logs)
    among = sessions_of(logs, quarter)
    assert set(sessions) <= set(among)
    assert not set(before) & set(among), "the quarter before is another"
    assert (draw["seed"], draw["sessions"], draw["reason"]) == (seed, sample, None)
    assert draw["population"] == len(among)
    [told] = [one for one in logs.since(mark, "platform") if one["event"] == "remote.drawn"]
    assert (told["detail"]["seed"], told["detail"]["items"], told["detail"]["count"]) == (seed, len(among), MOST)
    assert told["detail"]["quarter"] == quarter.date().isoformat()


async def test_term_03_5_it_is_drawn_again_with_a_reason_that_authorities_see_and_takes_nothing_away(
    algot: Administrator, strict: Office, installation: Installation, logs: Logs, portal: Portal
) -> None:
    quarter, why = last_quarter(), "Två sessioner var övningar"
    await work_remotely(strict, installation, logs, quarter + timedelta(days=9), 12)
    await sign(logs)
    assert (await algot.browser.post(f"{HERE}/draw", {"number": "1"})).status == 303
    before, mark = drawn(logs), logs.mark("platform")
    for number, reason, status in (("1", "", 409), ("2", "", 400), ("2", "   ", 400), ("3", why, 409)):
        assert (await algot.browser.post(f"{HERE}/draw", {"number": number, "reason": reason})).status == status
    assert drawn(logs) == before
    assert logs.since(mark, "platform") == [], "nothing was drawn"
    assert (await algot.browser.post(f"{HERE}/draw", {"number": "2", "reason": why})).status == 303
    first, second = drawn(logs)
    assert first == before[0], "what was drawn stays"
    assert (second["seed"], second["sessions"]) == redrawn(logs, quarter, 2)
    assert second["seed"] != first["seed"]
    [told] = [one for one in logs.since(mark, "platform") if one["event"] == "remote.drawn"]
    assert (told["detail"]["version"], told["detail"]["reason"]) == (2, why)
    agneta = await enter_portal(portal, installation, "agneta")
    page = html.unescape((await agneta.get(THERE)).text)
    assert why in page
    assert first["seed"] in page
    assert second["seed"] in page


async def test_term_03_5_what_was_drawn_is_frozen(
    algot: Administrator, strict: Office, installation: Installation, logs: Logs
) -> None:
    """For the office's own login too, and for the owner of the tables at any other door."""
    quarter = last_quarter()
    await work_remotely(strict, installation, logs, quarter + timedelta(days=9), 1)
    await sign(logs)
    assert (await algot.browser.post(f"{HERE}/draw", {"number": "1"})).status == 303
    [draw] = drawn(logs)
    for statement in (
        "delete from vaka.remote_draw", "delete from vaka.remote_drawn", "update vaka.remote_drawn set rank = 2",
        f"insert into vaka.remote_drawn values ('{draw['id']}', '{uuid4()}', 7, '{algot.browser.account}')",
        "truncate vaka.remote_draw cascade",
    ):  # fmt: skip
        async with platform_as(installation.server, "office") as office:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await office.execute(statement.encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            logs.execute("platform", f"set role vaka_owner; {statement}")
    assert drawn(logs) == [draw]


async def test_before_the_log_is_signed_after_the_quarter_nothing_is_drawn(
    algot: Administrator, strict: Office, installation: Installation, logs: Logs
) -> None:
    await work_remotely(strict, installation, logs, last_quarter() + timedelta(days=9), 1)
    logs.execute("platform", "update ledger.checkpoint set signed_at = '2020-01-01'", unguarded=True)
    answer = await algot.browser.post(f"{HERE}/draw", {"number": "1"})
    assert answer.status == 409
    assert "Loggen har inte undertecknats" in answer.text
    assert drawn(logs) == []


async def test_somebody_else_goes_through_it_once_and_authorities_see_what_deviated_and_no_names(
    algot: Administrator, berit: Administrator, strict: Office, installation: Installation, logs: Logs, portal: Portal
) -> None:
    """The sessions are algot's (adam's account)."""
    note = "Kom från ett hotellnät"
    await work_remotely(strict, installation, logs, last_quarter() + timedelta(days=9), 2)
    await sign(logs)
    assert (await algot.browser.post(f"{HERE}/draw", {"number": "1"})).status == 303
    [draw] = drawn(logs)
    one, other, *rest = ({"draw": str(draw["id"]), "session": session} for session in draw["sessions"])
    mark = logs.mark("platform")
    assert (await algot.do(f"{HERE}/check", {**one, "verdict": "followed"})).status == 403, "his own"
    for fields, status in (
        ({**one, "verdict": "deviates"}, 400), ({**one, "session": str(uuid4()), "verdict": "followed"}, 409),
        ({**one, "verdict": "deviates", "note": "Ring 070-1740605"}, 400), ({**one, "verdict": "fine"}, 400),
    ):  # fmt: skip
        assert (await berit.do(f"{HERE}/check", fields)).status == status, fields
    assert [row["event"] for row in logs.since(mark, "platform") if row["event"] == "remote.checked"] == []
    assert (await berit.do(f"{HERE}/check", {**one, "verdict": "deviates", "note": note})).status == 303
    assert (await berit.do(f"{HERE}/check", {**one, "verdict": "followed"})).status == 409, "once"
    changed = {"verdict": "deviates", "note": "Något annat"}
    assert (await berit.do(f"{HERE}/check", {**other, "verdict": "followed"}, changed=changed)).status != 303
    for each in (other, *rest):
        assert (await berit.do(f"{HERE}/check", {**each, "verdict": "followed"})).status == 303
    told = [row for row in logs.since(mark, "platform") if row["event"] == "remote.checked"]
    assert [row["detail"]["verdict"] for row in told] == ["deviates", *["followed"] * (len(rest) + 1)]
    assert [row["detail"]["session"] for row in told] == draw["sessions"]
    assert all(len(row["detail"]["step_up"]) == 64 for row in told), "with a key, over exactly that"
    assert note not in json.dumps(told, ensure_ascii=False)
    page = html.unescape(await algot.get(HERE))
    assert "Genomgånget, med avvikelser" in page
    agneta = await enter_portal(portal, installation, "agneta")
    shown = html.unescape((await agneta.get(THERE)).text)
    assert note in shown
    assert "Genomgånget, med avvikelser" in shown
    [names] = logs.ask(
        "platform", "select array_agg(display_name) as all from vaka.account where kind = 'administrator'"
    )
    assert not [name for name in names["all"] if name in shown]
    assert not [session for session in draw["sessions"] if session in shown]
