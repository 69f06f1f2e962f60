# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority's rules: published in the portal, read and acknowledged at the desk, and in nobody's way there."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.alarms.house import connect_superuser
from tests.platform import newest
from tests.web.browsers import Browser
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from tests.web.portal.conftest import enter
from vaka.clock import SystemClock, TurnedClock
from vaka.database.connections import DatabaseUnavailableError
from vaka.database.server import PLATFORM_DATABASE
from vaka.web import rules
from vaka.web.desk.desk import Desk
from vaka.web.portal.opening import open_portal
from vaka.web.times import LOCAL

pytestmark = [pytest.mark.anyio, pytest.mark.database]

PORTAL = "/log/ekbacka/rules"
LINE = "att läsa när det är lugnt"
WORDS = "Nycklar lämnas aldrig ut.\nFråga i tjänsterummet."


@pytest.fixture(autouse=True)
def nothing_published(installation: Installation) -> Iterator[None]:
    """Nothing of one test is there for the next."""
    yield
    tables = "authority_rule_acknowledgement, authority_rule_opening, authority_rule"
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("set session_replication_role = replica")
        for table in tables.split(", "):
            superuser.execute(f"delete from vaka.{table}".encode())


async def publish(installation: Installation, number: int = 1, rule: str = "", words: str = WORDS) -> str:
    """Publish a version as Ekbacka's contract officer; return the rule."""
    rule, clock = rule or str(uuid4()), TurnedClock(SystemClock().now())  # it stands still: no midnight comes between
    today = clock.now().astimezone(LOCAL).date().isoformat()
    async with open_portal(installation.server, SETTINGS, clock) as portal:
        agneta = await enter(portal, installation, "agneta")
        form = {"rule": rule, "number": str(number), "title": "Nycklar", "words": words, "day": today}
        sent = await agneta.post(PORTAL, form)
        assert (sent.status, sent.header("location")) == (303, PORTAL), sent.text
    return rule


def at(installation: Installation) -> str:
    """Return where Ekbacka's rules are read."""
    return f"/rules/{installation.authorities['ekbacka'].id}"


async def portal_page(installation: Installation, address: str = PORTAL) -> str:
    """Return what the contract officer sees."""
    async with open_portal(installation.server, SETTINGS, SystemClock()) as portal:
        page = await (await enter(portal, installation, "agneta")).get(address)
    assert page.status == 200
    return page.text


def told(installation: Installation, before: int) -> list[tuple[str, str]]:
    """Return which entries tell of rules, and of whose."""
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as onlooker:
        rows: list[dict[str, Any]] = onlooker.execute(
            "select event, detail from ledger.inbox where id > %s and event like 'rule.%%' order by id", (before,)
        ).fetchall()
    return [(one["event"], one["detail"]["authority"]) for one in rows]


def position(installation: Installation) -> int:
    """Return the number of the newest entry."""
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as onlooker:
        return newest(onlooker)


async def test_it_is_read_and_acknowledged_at_the_desk(installation: Installation, emil: Browser) -> None:
    before, here = position(installation), str(installation.authorities["ekbacka"].id)
    assert "Ingen myndighet som du arbetar för har publicerat egna regler" in (await emil.get("/rules")).text
    assert 'href="/rules"' not in (await emil.get("/")).text
    rule = await publish(installation)
    assert "1 regel från en myndighet att läsa" in (await emil.get("/")).text
    assert 'href="/rules"' in (await emil.get("/sessions")).text
    listed = (await emil.get("/rules")).text
    assert f'href="{at(installation)}/{rule}/1"' in listed
    page = (await emil.get(f"{at(installation)}/{rule}/1")).text
    assert "Nycklar lämnas aldrig ut.\nFråga" in page
    [digest] = re.findall(r'name="digest" value="([0-9a-f]{64})"', page)
    done = await emil.post(f"{at(installation)}/{rule}/1", {"digest": digest})
    assert (done.status, done.header("location")) == (303, "/rules")
    assert "Du har bekräftat alla" in (await emil.get("/rules")).text
    assert "att läsa när det är lugnt" not in (await emil.get("/")).text
    assert told(installation, before) == [
        (event, here) for event in ("rule.published", "rule.opened", "rule.acknowledged")
    ]


async def test_term_05_2_the_authority_sees_numbers_that_begin_at_nothing(
    installation: Installation, emil: Browser
) -> None:
    """And nobody's name."""
    rule = await publish(installation)
    assert re.search(r"<strong>0 av \d+ har bekräftat den: 0 %", await portal_page(installation))
    [digest] = re.findall(r'name="digest" value="(\w+)"', (await emil.get(f"{at(installation)}/{rule}/1")).text)
    await emil.post(f"{at(installation)}/{rule}/1", {"digest": digest})
    page = await portal_page(installation)
    assert re.search(r"<strong>1 av \d+ har bekräftat den: ", page)
    assert "Emil" not in page
    form = await portal_page(installation, f"{PORTAL}?rule={rule}")
    assert 'name="number" value="2"' in form
    assert "Nycklar lämnas aldrig ut." in form
    await publish(installation, 2, rule, "Nycklar lämnas ut i tjänsterummet.")
    page = await portal_page(installation)
    assert re.search(r"<strong>0 av \d+ har bekräftat den: 0 %", page)
    assert "Tidigare versioner" in page
    replaced = (await emil.get(f"{at(installation)}/{rule}/1")).text
    assert "En nyare version har ersatt den här" in replaced


async def test_term_05_3_the_server_refuses_whoever_goes_around_the_page(
    installation: Installation, emil: Browser, olga: Browser
) -> None:
    """His colleague tells him the digest, and he never opens the page."""
    rule = await publish(installation)
    [digest] = re.findall(r'name="digest" value="(\w+)"', (await olga.get(f"{at(installation)}/{rule}/1")).text)
    refused = await emil.post(f"{at(installation)}/{rule}/1", {"digest": digest})
    assert refused.status == 409
    assert "Öppna den version som gäller" in refused.text
    assert "att läsa" in (await emil.get("/rules")).text


async def test_term_05_5_who_works_for_another_authority_alone_is_shown_nothing(
    installation: Installation, desk: Desk, emil: Browser
) -> None:
    """Emil works for Ekbacka, and not for the other: neither list, page nor number tells him of it."""
    [other] = [one for slug, one in installation.authorities.items() if slug == "norrvik"]
    rule, marker = uuid4(), "MARKER-b41c"
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            "insert into vaka.authority_rule (rule, number, authority_id, title, words, holds_from, digest,"
            " published_by, published_at) values (%s, 1, %s, %s, %s, now(), %s, gen_random_uuid(), now())",
            (rule, other.id, marker, marker, bytes(32)),
        )
    for address in ("/", "/rules", f"/rules/{other.id}/{rule}/1"):
        page = await emil.get(address)
        assert marker not in page.text
        assert "att läsa när det är lugnt" not in page.text
    assert (await emil.get(f"{at(installation)}/{rule}/1")).status == 404, "nor under his own authority's address"
    assert (await emil.post(f"{at(installation)}/{rule}/1", {"digest": bytes(32).hex()})).status == 409
    assert (await emil.post(f"/rules/{other.id}/{rule}/1", {"digest": bytes(32).hex()})).status == 404


async def test_the_desk_is_there_when_the_rules_are_not(
    installation: Installation, emil: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line to read is in nobody's way: the desk opens without it where the question fails."""
    await publish(installation)

    async def fail(*_args: object, **_more: object) -> None:
        raise DatabaseUnavailableError

    monkeypatch.setattr(rules, "list_to_read", fail)
    page = await emil.get("/")
    assert page.status == 200
    assert LINE not in page.text


async def test_the_desk_is_there_when_the_database_cannot_say(installation: Installation, emil: Browser) -> None:
    """The function is not there, as in a database that is older than the program: no refusal of Vaka's own."""
    await publish(installation)
    function, another = "vaka.list_rules_to_read(uuid, text[], timestamptz)", "list_rules_gone"
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as superuser:
        superuser.autocommit = True
        superuser.execute(f"alter function {function} rename to {another}".encode())
        try:
            page = await emil.get("/")
        finally:
            gone = function.replace("list_rules_to_read", another)
            superuser.execute(f"alter function {gone} rename to list_rules_to_read".encode())
    assert page.status == 200
    assert LINE not in page.text
    assert LINE in (await emil.get("/")).text


async def test_the_desk_does_not_wait_for_the_rules(
    installation: Installation, emil: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds the table: the page is there all the same, and the question is not asked any longer."""
    await publish(installation)
    monkeypatch.setattr(rules, "COUNTING_SECONDS", 0.1)
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("begin")
        superuser.execute("lock table vaka.authority_rule in access exclusive mode")
        async with asyncio.timeout(8):  # a statement ends by itself after ten seconds
            page = await emil.get("/")
        waiting = superuser.execute("select from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'rules'")
        assert waiting.fetchall() == []
        superuser.rollback()
    assert page.status == 200
    assert LINE not in page.text
    monkeypatch.undo()
    assert LINE in (await emil.get("/")).text


async def test_the_next_version_of_a_rule_that_has_many_can_be_written(installation: Installation) -> None:
    rule = await publish(installation)
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute("update vaka.authority_rule set number = 1000 where rule = %s", (rule,))
    form = await portal_page(installation, f"{PORTAL}?rule={rule}")
    assert 'name="number" value="1001"' in form
    async with open_portal(installation.server, SETTINGS, SystemClock()) as portal:
        agneta = await enter(portal, installation, "agneta")
        day = (SystemClock().now() + timedelta(days=2)).date().isoformat()
        form_of = {"rule": rule, "number": "1001", "title": "Nycklar", "words": WORDS, "day": day}
        refused = await agneta.post(PORTAL, form_of)
    assert refused.status == 409
    assert "så många versioner som den kan ha" in refused.text


async def test_both_what_holds_and_what_comes_are_read(installation: Installation, emil: Browser) -> None:
    """One rule, in two versions; the one that holds is not said to be replaced."""
    rule = await publish(installation)
    async with open_portal(installation.server, SETTINGS, SystemClock()) as portal:
        agneta = await enter(portal, installation, "agneta")
        day = (SystemClock().now() + timedelta(days=9)).date().isoformat()
        form = {"rule": rule, "number": "2", "title": "Nycklar", "words": "Från nästa vecka.", "day": day}
        assert (await agneta.post(PORTAL, form)).status == 303
    listed = (await emil.get("/rules")).text
    assert f"{at(installation)}/{rule}/1" in listed
    assert f"{at(installation)}/{rule}/2" in listed
    assert "1 regel ska läsas och bekräftas" in listed
    page = (await emil.get(f"{at(installation)}/{rule}/1")).text
    assert "En nyare version har ersatt den här" not in page
    assert "En nyare version är publicerad, och gäller senare än den här." in page


async def test_a_rule_is_not_read_under_the_address_of_another_authority(
    installation: Installation, olga: Browser
) -> None:
    """Though she works for both."""
    rule, other = await publish(installation), installation.authorities["norrvik"].id
    assert (await olga.get(f"/rules/{other}/{rule}/1")).status == 404
    assert (await olga.get(f"{at(installation)}/{rule}/1")).status == 200


async def test_an_address_that_names_no_version_does_not_exist(installation: Installation, emil: Browser) -> None:
    for named in ("x/1", f"{uuid4()}/1", f"{uuid4()}/-1", f"{uuid4()}/99999"):
        assert (await emil.get(f"{at(installation)}/{named}")).status == 404, named


async def test_a_day_that_has_been_is_refused_with_what_was_written(installation: Installation) -> None:
    async with open_portal(installation.server, SETTINGS, SystemClock()) as portal:
        agneta = await enter(portal, installation, "agneta")
        form = {"rule": str(uuid4()), "title": "Nycklar", "words": WORDS, "day": "2020-01-01"}
        refused = await agneta.post(PORTAL, form)
    assert refused.status == 400
    assert "från i dag" in refused.text
    assert "Nycklar lämnas aldrig ut." in refused.text
