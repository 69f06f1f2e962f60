# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Custodians in the office, and what a session can do that two of them opened (term 15)."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.identity.authenticator import SoftKey
from tests.platform import platform_as
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.office.administrators import LISTED, MAKER, MODELS, Administrator, options_in
from tests.web.office.conftest import SETTINGS, enter, enter_with_key
from tests.web.portal.conftest import Logs
from vaka.access.settling import end_break_glass
from vaka.clock import SystemClock
from vaka.identity.break_glass import Emergency
from vaka.identity.guard import Site
from vaka.identity.sessions import find_session
from vaka.web.asker import COOKIES
from vaka.web.office.application import build_office
from vaka.web.office.office import Office

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def strict(strict: Office) -> Office:
    """Custodians' keys are of a listed model too."""
    return replace(strict, emergency_keys=replace(strict.emergency_keys, models=MODELS))


@pytest.fixture(autouse=True)
async def over(installation: Installation, logs: Logs) -> AsyncIterator[None]:
    """No emergency session stays open."""
    yield
    logs.execute("platform", "update vaka.session set ended_at = now() where break_glass is not null"
                             " and ended_at is null", unguarded=True)  # fmt: skip


async def keep(who: Administrator, approver: Administrator) -> SoftKey:
    """Somebody asks for a key of his own for emergencies, another approves it, and he adds it."""
    asked = await who.do(f"/account/{who.browser.account}/ask", {"kind": "emergency_key", "reason": "Beredskap"})
    assert asked.status == 303, asked.text
    assert (await who.decide()).status == 403, "nobody approves his own"
    assert (await approver.decide()).status == 303
    page = await who.do("/emergency/add", {})
    key = SoftKey(who.browser.origin, aaguid=LISTED, maker=MAKER)
    made = await who.browser.post("/emergency/enrol", {"name": "i skåpet", "answer": key.make(options_in(page.text))})
    assert (made.status, made.header("location")) == (303, "/emergency"), made.text
    return key


async def open_together(office: Office, installation: Installation, one: SoftKey, other: SoftKey) -> Administrator:
    """Both touch their keys at the sign-in page; return who sits in the office then."""
    keys = office.emergency_keys
    emergency = Emergency(
        Site(SETTINGS.signin.origin, keys.site.identifier), keys.secret, SystemClock(), timedelta(days=7)
    )
    async with platform_as(installation.server, "signin") as signin:
        begun: UUID | None = None
        for key in (one, other):
            key.origin = SETTINGS.signin.origin
            pending = await emergency.wait(signin, begun, os.urandom)
            touch = key.touch(emergency.ask(pending))
            if begun is None:
                begun = await emergency.begin(signin, pending, touch)
                continue
            token = await emergency.open(signin, begun, pending, touch, "Utfärdaren svarar inte")
        session = await find_session(signin, token, SystemClock().now())
    assert session is not None
    cookies = {COOKIES["administrator"]: token}
    browser = Browser(build_office(office, SETTINGS), SETTINGS.office.origin, cookies, str(session.account_id))
    return Administrator(browser, one)


async def test_custodians_are_decided_by_two_and_shown(
    strict: Office, algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    assert "Ingen nyckelinnehavare" in await algot.get("/emergency")
    mark = logs.mark("platform")
    await keep(algot, berit)
    assert "Bara en nyckelinnehavare" in await algot.get("/emergency")
    entries = [one for one in logs.since(mark, "platform") if one["event"].startswith("security_key.")]
    told = [(one["event"], one["detail"].get("key_for")) for one in entries if one["event"] != "security_key.used"]
    assert told == [("security_key.allowed", "emergency"), ("security_key.enrolled", "emergency")]
    notices = logs.ask("platform", f"select distinct event from vaka.notice where entry > {mark} order by event")
    assert {one["event"] for one in notices} >= {"security_key.allowed", "security_key.enrolled", "account.approved"}
    await keep(berit, algot)
    assert "Two custodians or more" in await berit.get("/emergency")
    account = algot.browser.account
    assert "Remove the key for emergency access" in await berit.get(f"/account/{account}")
    gone = {"kind": "emergency_key_removal", "reason": "Borttappad"}
    assert (await berit.do(f"/account/{account}/ask", gone)).status == 303
    assert "Two custodians or more" in await berit.get("/emergency"), "nothing is done before it is approved"
    assert (await berit.decide()).status == 403
    assert (await algot.decide()).status == 403, "nor does he approve what is about himself"


async def test_a_key_is_added_only_where_it_was_approved(algot: Administrator) -> None:
    assert "Ingen har godkänt" in (await algot.do("/emergency/add", {})).text
    refused = await algot.browser.post("/emergency/enrol", {"name": "i skåpet", "answer": "{}"})
    assert refused.status == 403


async def test_what_an_emergency_session_may_do_and_who_sees_it(
    strict: Office, installation: Installation, algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    glass = await open_together(strict, installation, await keep(algot, berit), await keep(berit, algot))
    for path in ("/", "/requests", "/emergency", "/issuers", "/sessions"):
        page = await glass.get(path)
        assert page.count('class="emergency"') == 1, path
    for path in ("/registers", "/keys", "/command", "/touch", "/first-key"):
        refused = await glass.browser.get(path)
        assert (refused.status, "nödåtkomst" in refused.text) == (403, True), path
    assert "Emergency access is open until" in await berit.get("/"), "everybody else sees it"
    assert "Utfärdaren svarar inte" in await berit.get("/emergency")
    assert 'class="emergency"' not in await berit.get("/emergency")
    # What it asks for, it asks by touching the custodian's key, in both custodians' names.
    glass.key.origin = glass.browser.origin
    await glass.ask("Nora Nyanställd", realm="operator")
    assert (await glass.decide()).status == 403
    assert (await algot.decide()).status == 403
    assert (await berit.decide()).status == 403, "the other custodian, with his ordinary account"
    assert "Ask for it" not in await berit.get("/requests")
    logs.execute("platform", "update vaka.session set ended_at = now() where break_glass is not null"
                             " and ended_at is null")  # fmt: skip
    assert (await glass.browser.get("/")).status == 303
    assert "Emergency access is open until" not in await berit.get("/")
    assert (await berit.decide()).status == 403, "also when it is over"


@pytest.fixture
async def cecilia(
    strict: Office, installation: Installation, algot: Administrator, berit: Administrator
) -> AsyncIterator[Administrator]:
    """A third administrator, with a key."""
    account = await algot.ask("Cecilia Chef", realm="administrator")
    assert (await berit.decide()).status == 303
    installation.accounts["cecilia"] = UUID(account)
    yield await enter_with_key(strict, installation, "cecilia")
    await algot.do(f"/account/{account}/put-out", {})
    del installation.accounts["cecilia"]


async def test_it_is_gone_through_by_somebody_else_once_it_is_over(
    strict: Office, installation: Installation, algot: Administrator, berit: Administrator, cecilia: Administrator,
    logs: Logs,
) -> None:  # fmt: skip
    glass = await open_together(strict, installation, await keep(algot, berit), await keep(berit, algot))
    glass.key.origin = glass.browser.origin
    await glass.ask("Nora Nyanställd", realm="operator")
    [opened] = logs.ask(
        "platform", "select b.id, s.id as session from vaka.break_glass b join vaka.session s on s.break_glass = b.id"
        " where s.ended_at is null",
    )  # fmt: skip
    here, words = f"/emergency/{opened['id']}", {"review": "En begäran om ett konto, riktig"}
    assert "Konto begärt" in await cecilia.get(here), "what was done is shown"
    assert (await cecilia.do(f"{here}/review", words)).status == 409, "it goes on"
    logs.execute(
        "platform", f"update vaka.session set ended_at = now() where id = '{opened['session']}'", unguarded=True
    )
    async with platform_as(installation.server, "scheduler") as scheduler:
        assert await end_break_glass(scheduler, SystemClock().now() + timedelta(seconds=1)) >= 1
    for who in (algot, berit):
        assert 'name="review"' not in await who.get(here)
        assert (await who.do(f"{here}/review", words)).status == 403, "nobody goes through his own"
    for unfit in ("", "x" * 501, "Nora 19900101-9802"):
        assert (await cecilia.do(f"{here}/review", {"review": unfit})).status == 400, unfit
    mark = logs.mark("platform")
    assert (await cecilia.do(f"{here}/review", words)).status == 303
    told = [one for one in logs.since(mark, "platform") if one["event"] == "break_glass.reviewed"]
    assert [(one["object"], one["detail"]["reason"]) for one in told] == [
        (f"break_glass:{opened['id']}", words["review"])
    ]
    assert words["review"] in await berit.get(here)
    assert (await cecilia.do(f"{here}/review", words)).status == 409, "once"
    assert (await cecilia.browser.get("/emergency/x")).status == 404


async def test_what_nobody_has_gone_through_in_time_is_shown_and_closes_nothing(
    strict: Office, installation: Installation, algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    one, other = await keep(algot, berit), await keep(berit, algot)
    await open_together(strict, installation, one, other)
    logs.execute(
        "platform", "update vaka.session set ended_at = now() where break_glass is not null and ended_at is null",
        unguarded=True,
    )  # fmt: skip
    logs.execute(
        "platform", "update vaka.break_glass set begun_at = begun_at - interval '9 days',"
        " opened_at = opened_at - interval '9 days', expires_at = expires_at - interval '9 days',"
        " review_by = review_by - interval '9 days', ended_at = opened_at - interval '9 days'"
        " where ended_at is null and opened_at is not null", unguarded=True,
    )  # fmt: skip
    assert "Overdue since" in await berit.get("/emergency")
    mark = logs.mark("platform")
    await open_together(strict, installation, one, other)
    [opened] = [one for one in logs.since(mark, "platform") if one["event"] == "break_glass.opened"]
    assert opened["detail"]["overdue"] >= 1


async def test_a_third_human_approves_what_it_asked_for(
    strict: Office, installation: Installation, algot: Administrator, berit: Administrator, cecilia: Administrator
) -> None:
    """And the session approves what a third one asked for, for it is in nobody's own interest."""
    glass = await open_together(strict, installation, await keep(algot, berit), await keep(berit, algot))
    glass.key.origin = glass.browser.origin
    await glass.ask("Nora Nyanställd", realm="operator")
    assert (await cecilia.decide()).status == 303
    await cecilia.ask("Nils Nyanställd", realm="operator")
    assert (await glass.decide()).status == 303


async def test_a_session_that_somebody_changed_is_nobodys(
    strict: Office, installation: Installation, algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    """Whoever can switch triggers off prolongs the row, and not the session."""
    glass = await open_together(strict, installation, await keep(algot, berit), await keep(berit, algot))
    assert (await glass.browser.get("/")).status == 200
    logs.execute(
        "platform", "update vaka.session set expires_at = expires_at + interval '1 minute',"
        " created_at = created_at + interval '1 minute' where break_glass is not null and ended_at is null",
        unguarded=True,
    )  # fmt: skip
    assert (await glass.browser.get("/")).status == 303
    logs.execute("platform", "update vaka.break_glass set expires_at = expires_at + interval '1 minute',"
                             " opened_at = opened_at + interval '1 minute' where ended_at is null"
                             " and opened_at is not null", unguarded=True)  # fmt: skip
    assert (await glass.browser.get("/")).status == 303


async def test_it_is_locked_and_unlocked_by_the_custodians_key(
    strict: Office, installation: Installation, algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    glass = await open_together(strict, installation, await keep(algot, berit), await keep(berit, algot))
    glass.key.origin = glass.browser.origin
    logs.execute(
        "platform", "insert into vaka.session_use (session_id, used_at, locked_at)"
        " select id, now(), now() from vaka.session where break_glass is not null and ended_at is null"
        " on conflict (session_id) do update set locked_at = now()",
    )  # fmt: skip
    assert (await glass.browser.get("/")).header("location") == "/locked"
    assert (await glass.do("/unlock", {})).status == 303
    assert (await glass.browser.get("/")).status == 200


async def test_whoever_has_no_ordinary_key_adds_none_for_emergencies(
    strict: Office, installation: Installation, no_keys: None
) -> None:
    demo = replace(strict, step_up="when_enrolled")
    browser = await enter(demo, installation, "adam")
    assert (await browser.post("/emergency/add", {})).header("location") == "/keys?needed=1"
