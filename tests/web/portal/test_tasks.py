# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What waits for the authority is on one page and in its people's calendars, while they may see it and no longer."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest

from tests.platform import platform_as
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import SETTINGS, Logs, enter
from vaka.access.requests import request_role
from vaka.assurance.evidence import Found, Look, enter_look
from vaka.assurance.terms import find_requirements, load_terms
from vaka.web.portal.application import build_portal
from vaka.web.portal.portal import Portal
from vaka.web.programs.allowance import CALENDARS
from vaka.web.times import LOCAL

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/tasks"
SECRET = re.compile(r"/calendar/([A-Za-z0-9_-]{43})")


@pytest.fixture(autouse=True)
def as_it_was(logs: Logs) -> None:
    logs.execute(
        "platform",
        "delete from vaka.calendar_link; delete from vaka.role_request; delete from vaka.digest_rule;"
        " delete from vaka.register_showing; delete from vaka.register_version",
        unguarded=True,
    )


@pytest.fixture
async def beata(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's access approver."""
    return await enter(portal, installation, "beata")


@pytest.fixture
async def agneta(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's contract officer."""
    return await enter(portal, installation, "agneta")


def rows(page: str, table: str) -> list[str]:
    """The rows of one of the page's tables, a line each."""
    found = page.partition(f'<h2 id="{table}">')[2].partition("</table>")[0].partition("<tbody>")[2]
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in found.split("<tr>")[1:]]


async def ask_for_a_role(installation: Installation) -> UUID:
    async with platform_as(installation.server, "setup") as setup:
        return await request_role(
            setup, installation.accounts["arvid"], "log_reviewer", installation.authorities["ekbacka"].id,
            kind="exception", reason="Ny", control="Granskas varje vecka", actor="setup:uid-0", now=datetime.now(UTC),
            valid_until=datetime.now(UTC) + timedelta(days=30),
        )  # fmt: skip


def show_register(logs: Logs, installation: Installation, due: date) -> UUID:
    """Let the supplier show Ekbacka a shortcoming that is to be mended by a day."""
    entry, who = uuid4(), installation.accounts["adam"]
    logs.execute(
        "platform",
        "insert into vaka.register_version (entry, number, register, state, fields, content, digest, made_by, made_at)"
        f" values ('{entry}', 1, 'findings', 'open', '{{\"due\": \"{due}\", \"what\": \"Hos Namn Namnsson\"}}', 1,"
        f" sha256('x'), '{who}', now());"
        " insert into vaka.register_showing (register, authority_id, how, since)"
        f" values ('findings', '{installation.authorities['ekbacka'].id}', 'entries', now())",
        unguarded=True,
    )
    return entry


async def make_link(browser: Browser) -> str:
    """Return the path of a new link."""
    page = await browser.post(f"{HERE}/calendar")
    assert page.status == 200, page.text
    [secret] = SECRET.findall(page.text)
    return f"/calendar/{secret}"


async def test_what_waits_is_there_until_it_does_not(
    beata: Browser, agneta: Browser, installation: Installation
) -> None:
    """A request stands on the page of whoever sees access, leads there, and goes when it is answered."""
    before = rows((await beata.get(HERE)).text, "yours")
    assert not [one for one in before if "begär en roll" in one]
    await ask_for_a_role(installation)
    page = (await beata.get(HERE)).text
    [row] = [one for one in rows(page, "yours") if "begär en roll" in one]
    assert (datetime.now(UTC) + timedelta(days=30)).astimezone(LOCAL).date().isoformat()[:7] in row
    assert 'href="/log/ekbacka/access"' in page
    form = re.findall(
        r'name="request" value="([0-9a-f-]{36})"><input type="hidden" name="digest" value="(\w+)"',
        (await beata.get("/log/ekbacka/access")).text,
    )[0]
    answered = {"request": form[0], "digest": form[1], "verdict": "refused", "reason": "Nej"}
    assert (await beata.post("/log/ekbacka/access/decide", answered)).status == 303
    # That it was answered is told of, so a notice may wait now.
    after = rows((await beata.get(HERE)).text, "yours")
    assert [one for one in after if "Meddelanden" not in one] == [one for one in before if "Meddelanden" not in one]


async def test_what_the_supplier_has_to_do_stands_apart_with_whose_turn(
    beata: Browser, installation: Installation
) -> None:
    wanted = find_requirements(load_terms())["ended-accounts"]
    async with platform_as(installation.server, "scheduler") as scheduler:
        await enter_look(scheduler, wanted, Look([Found(None, "active", 3)]), datetime.now(UTC))
    page = (await beata.get(HERE)).text
    [row] = [one for one in rows(page, "theirs") if "3 konton är aktiva" in one]
    assert "13. " in row
    assert "Leverantören" in row
    assert not [one for one in rows(page, "yours") if "3 konton" in one]


async def test_nothing_of_another_authority_is_here(
    portal: Portal, beata: Browser, installation: Installation, logs: Logs
) -> None:
    await ask_for_a_role(installation)
    show_register(logs, installation, datetime.now(UTC).date())
    niklas = await enter(portal, installation, "niklas")
    page = (await niklas.get("/log/norrvik/tasks")).text
    assert "begär en roll" not in page
    assert 'id="days"' not in page
    assert (await niklas.get(HERE)).status == 404
    assert (await niklas.get((await make_link(beata)).replace("/calendar/", "/log/ekbacka/tasks/"))).status == 404


async def test_only_what_the_supplier_shows_has_its_days_here(
    beata: Browser, installation: Installation, logs: Logs
) -> None:
    today = datetime.now(UTC).date()
    show_register(logs, installation, today + timedelta(days=3))
    page = (await beata.get(HERE)).text
    [row] = rows(page, "days")
    assert (today + timedelta(days=3)).isoformat() in row
    assert "Namnsson" not in page
    logs.execute("platform", "delete from vaka.register_showing", unguarded=True)
    assert 'id="days"' not in (await beata.get(HERE)).text


async def test_the_day_of_the_digest_is_set_by_whoever_sets_notices_and_entered(
    beata: Browser, agneta: Browser, logs: Logs, portal: Portal, installation: Installation
) -> None:
    mark = logs.mark("platform")
    assert (await agneta.post(f"{HERE}/digest", {"weekday": "3"})).status == 303
    assert '<option value="3" selected>' in (await agneta.get(HERE)).text
    [entry] = [one for one in logs.since(mark, "platform") if one["event"] == "digest_rule.set"]
    assert entry["detail"]["weekday"] == 3
    assert (await agneta.post(f"{HERE}/digest", {"weekday": "8"})).status == 400
    auditor = await enter(portal, installation, "rolf") if "rolf" in installation.accounts else None
    if auditor is not None:
        assert (await auditor.post(f"{HERE}/digest", {"weekday": "1"})).status in (403, 404)


async def test_a_calendar_shows_days_to_whoever_has_the_link_and_names_nobody(
    beata: Browser, portal: Portal, installation: Installation, logs: Logs
) -> None:
    request, due = await ask_for_a_role(installation), datetime.now(UTC).date() + timedelta(days=200)
    entry = show_register(logs, installation, due)
    mark = logs.mark("platform")
    path = await make_link(beata)
    stranger = Browser(build_portal(portal, SETTINGS), SETTINGS.portal.origin)
    answer = await stranger.get(path)
    assert (answer.status, answer.header("content-type")) == (200, "text/calendar; charset=utf-8")
    assert f"UID:role_request:{request}@" in answer.text
    assert f"UID:register_entry:{entry}@" in answer.text
    assert f"DTSTART;VALUE=DATE:{due:%Y%m%d}" in answer.text
    assert "Namnsson" not in answer.text
    assert "Arvid" not in answer.text
    # Its secret is shown once, and stands nowhere but with whoever copied it.
    secret = path.rpartition("/")[2]
    assert secret not in (await beata.get(HERE)).text
    entries = [one for one in logs.since(mark, "platform") if one["event"] == "calendar_link.made"]
    assert len(entries) == 1
    kept = logs.ask("platform", "select l::text as row from vaka.calendar_link l")
    assert secret not in str(entries) + str(kept)
    assert len(secret) * 6 >= 128


async def test_each_address_in_a_calendar_is_a_page_of_the_portal(
    beata: Browser, portal: Portal, installation: Installation, logs: Logs
) -> None:
    """Of what waits and of the days in the supplier's registers, which have pages of their own in the office alone."""
    await ask_for_a_role(installation)
    show_register(logs, installation, datetime.now(UTC).date() + timedelta(days=3))
    stranger = Browser(build_portal(portal, SETTINGS), SETTINGS.portal.origin)
    calendar = (await stranger.get(await make_link(beata))).text.replace("\r\n ", "")
    addresses = {line.removeprefix("URL:") for line in calendar.splitlines() if line.startswith("URL:")}
    for address in addresses:
        assert address.startswith(f"{SETTINGS.portal.origin}/log/ekbacka/"), address
        assert (await beata.get(address.removeprefix(SETTINGS.portal.origin))).status == 200, address
    assert f"{SETTINGS.portal.origin}/log/ekbacka/registers" in addresses
    assert f"{SETTINGS.portal.origin}/log/ekbacka/access" in addresses


async def test_a_link_dies_with_its_end_the_account_and_the_role(
    beata: Browser, portal: Portal, installation: Installation, logs: Logs
) -> None:
    path, other = await make_link(beata), await make_link(beata)
    stranger = Browser(build_portal(portal, SETTINGS), SETTINGS.portal.origin)
    link = re.findall(r'name="link" value="([0-9a-f-]{36})"', (await beata.get(HERE)).text)[0]
    assert (await beata.post(f"{HERE}/calendar/end", {"link": link})).status == 303
    assert ((await stranger.get(path)).status, (await stranger.get(other)).status) == (404, 200)
    assert (await beata.post(f"{HERE}/calendar/end", {"link": link})).status == 409
    niklas = await enter(portal, installation, "niklas")
    left = re.findall(r'name="link" value="([0-9a-f-]{36})"', (await beata.get(HERE)).text)[0]
    assert (await niklas.post("/log/norrvik/tasks/calendar/end", {"link": left})).status == 409, "not his"
    account = installation.accounts["beata"]
    for gone, back in (
        (f"update vaka.account set state = 'deactivated' where id = '{account}'",
         f"update vaka.account set state = 'active' where id = '{account}'"),
        (f"update vaka.role_grant set valid_until = now() - interval '1 s' where account_id = '{account}'",
         f"update vaka.role_grant set valid_until = null where account_id = '{account}'"),
    ):  # fmt: skip
        logs.execute("platform", gone, unguarded=True)
        try:
            assert (await stranger.get(other)).status == 404
        finally:
            logs.execute("platform", back, unguarded=True)
    assert (await stranger.get(other)).status == 200


async def test_a_link_is_asked_for_so_often_and_no_secret_is_guessed(beata: Browser, portal: Portal) -> None:
    path = await make_link(beata)
    fresh = replace(portal)
    stranger = Browser(build_portal(fresh, SETTINGS), SETTINGS.portal.origin)
    answers = [(await stranger.get(path)).status for _ in range(CALENDARS + 1)]
    assert answers == [200] * CALENDARS + [429]
    for wrong in ("A" * 43, "x", path.rpartition("/")[2][:-1], path.rpartition("/")[2] + "A", "%00"):
        assert (await stranger.get(f"/calendar/{wrong}")).status == 404
    page = await beata.post(f"{HERE}/calendar")
    for _ in range(3):
        page = await beata.post(f"{HERE}/calendar")
    assert page.status == 200
    assert (await beata.post(f"{HERE}/calendar")).status == 409, "five at a time"
