# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The supplier sees the days that come, says where it is told of them, and reads them in a calendar."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from uuid import uuid4

import pytest

from tests.platform import platform_as
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.office.conftest import SETTINGS
from tests.web.portal.conftest import Logs
from vaka.notices.own_ways import list_own_ways
from vaka.web.office.application import build_office
from vaka.web.office.office import Office

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/due"
MAILBOX = {"way": "mail", "address": "drift@leverantor.example", "server": "mx.leverantor.example:25"}


@pytest.fixture(autouse=True)
def as_it_was(logs: Logs) -> Iterator[None]:
    forget = (
        "delete from vaka.calendar_link; delete from vaka.digest_rule; delete from vaka.notice_way;"
        " delete from vaka.register_version"
    )
    logs.execute("platform", forget, unguarded=True)
    yield
    logs.execute("platform", forget, unguarded=True)


def put(logs: Logs, installation: Installation, days: int, **more: str) -> str:
    """Let a shortcoming stand in the register that is to be mended in so many days."""
    entry, due = str(uuid4()), datetime.now(UTC).date() + timedelta(days=days)
    logs.execute(
        "platform",
        "insert into vaka.register_version (entry, number, register, state, fields, content, digest, made_by, made_at)"
        f" values ('{entry}', 1, 'findings', '{more.get('state', 'open')}', '{{\"due\": \"{due}\"}}', 1, sha256('x'),"
        f" '{installation.accounts['adam']}', now())",
        unguarded=True,
    )
    return entry


def rows(page: str) -> list[str]:
    found = page.partition('<h2 id="days">')[2].partition("</table>")[0].partition("<tbody>")[2]
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in found.split("<tr>")[1:]]


def later(page: str) -> int:
    found = re.search(r"(\d+) till kommer senare\.", page)
    return int(found[1]) if found else 0


async def test_days_come_nearest_first_and_what_is_closed_has_none(
    adam: Browser, installation: Installation, logs: Logs
) -> None:
    before = (await adam.get(HERE)).text  # what waits besides is other tests'
    assert ("Inget är att göra nu." in before) == (rows(before) == [])
    near, late, far = (put(logs, installation, days) for days in (20, -2, 100))
    put(logs, installation, 1, state="closed")
    page = (await adam.get(HERE)).text
    own = [one for one in rows(page) if one.startswith("Brister")]
    assert len(own) == 2
    assert "försenad" in own[0]
    assert "försenad" not in own[1]
    assert page.index(f"/registers/findings/entry/{late}") < page.index(f"/registers/findings/entry/{near}")
    assert far not in page
    assert later(page) == later(before) + 1


async def test_an_administrator_says_where_and_when_and_each_is_entered(
    adam: Browser, installation: Installation, logs: Logs
) -> None:
    mark = logs.mark("platform")
    assert "ingen påminns" in (await adam.get(HERE)).text
    assert (await adam.post(f"{HERE}/way", MAILBOX)).status == 303
    assert (await adam.post(f"{HERE}/way", {**MAILBOX, "address": "ingen"})).status == 400
    assert (await adam.post(f"{HERE}/digest", {"weekday": "5"})).status == 303
    page = (await adam.get(HERE)).text
    assert MAILBOX["address"] in page
    assert '<option value="5" selected>' in page
    [way] = re.findall(r'name="way" value="([0-9a-f-]{36})"', page)
    assert (await adam.post(f"{HERE}/end", {"way": way})).status == 303
    assert (await adam.post(f"{HERE}/end", {"way": way})).status == 409
    told = [one["event"] for one in logs.since(mark, "platform") if one["event"].startswith(("notice_way", "digest_"))]
    assert told == ["notice_way.set", "digest_rule.set", "notice_way.ended"]


async def test_the_office_sees_no_authoritys_places(adam: Browser, installation: Installation, logs: Logs) -> None:
    """As a rogue administrator: neither on the page, nor by the office's own role, nor by ending one there."""
    way, whose = uuid4(), installation.authorities["ekbacka"].id
    logs.execute(
        "platform",
        "insert into vaka.notice_way (id, authority_id, way, address, server, set_by, since) values"
        f" ('{way}', '{whose}', 'mail', 'hemlig@ekbacka.example', 'mx.example:25',"
        f" '{installation.accounts['adam']}', now())",
        unguarded=True,
    )
    assert "hemlig@" not in (await adam.get(HERE)).text
    async with platform_as(installation.server, "office") as office:
        assert await list_own_ways(office) == []
    assert (await adam.post(f"{HERE}/end", {"way": str(way)})).status == 409
    assert logs.ask("platform", "select ended_at from vaka.notice_way")[0]["ended_at"] is None


async def test_the_calendar_dies_with_the_administrators_role(
    adam: Browser, office: Office, installation: Installation, logs: Logs
) -> None:
    entry = put(logs, installation, 100)
    page = await adam.post(f"{HERE}/calendar")
    [path] = re.findall(r"(/calendar/[A-Za-z0-9_-]{43})", page.text)
    stranger = Browser(build_office(office, SETTINGS), SETTINGS.office.origin)
    answer = await stranger.get(path)
    assert (answer.status, f"UID:register_entry:{entry}@" in answer.text) == (200, True)
    addresses = re.findall(r"^URL:(\S+)", answer.text.replace("\r\n ", ""), re.MULTILINE)
    assert [(await adam.get(one.removeprefix(SETTINGS.office.origin))).status for one in addresses] == [200]
    account = installation.accounts["adam"]
    logs.execute(
        "platform", f"update vaka.role_grant set valid_until = now() - interval '1 s' where account_id = '{account}'",
        unguarded=True,
    )  # fmt: skip
    try:
        assert (await stranger.get(path)).status == 404
    finally:
        logs.execute(
            "platform", f"update vaka.role_grant set valid_until = null where account_id = '{account}'", unguarded=True
        )
    link = re.findall(r'name="link" value="([0-9a-f-]{36})"', (await adam.get(HERE)).text)[0]
    assert (await adam.post(f"{HERE}/calendar/end", {"link": link})).status == 303
    assert (await stranger.get(path)).status == 404
