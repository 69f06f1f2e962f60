# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where somebody of an authority is signed in: seen and ended in the portal; nobody else's, whatever is sent."""

import re
from datetime import timedelta

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, enter
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/sessions"


async def test_another_session_is_ended_and_the_log_says_so(
    portal: Portal, lovisa: Browser, rut: Browser, installation: Installation, logs: Logs
) -> None:
    there = await enter(portal, installation, "lovisa", ("authority",))
    led = await lovisa.get("/sessions")
    assert (led.status, led.header("location")) == (303, HERE)
    page = (await lovisa.get(HERE)).text
    assert "Var jag är inloggad" in page
    mark = logs.mark("platform")
    assert (await lovisa.post(HERE, {"session": "others"})).status == 200
    assert logs.since(mark, "platform") == []
    assert (await lovisa.post(HERE, {"session": "others", "sure": "yes"})).status == 303
    assert (await there.get("/log/ekbacka")).status == 303
    assert (await lovisa.get(HERE)).status == 200
    told = logs.since(mark, "platform")
    assert {entry["event"] for entry in told} == {"session.ended"}
    assert {entry["actor"] for entry in told} == {f"account:{lovisa.account}"}
    assert {entry["detail"]["reason"] for entry in told} == {"ended_by_owner"}
    assert (await rut.get(HERE)).status == 200


async def test_an_auditor_is_signed_in_for_four_hours_and_others_for_eight(
    portal: Portal, lovisa: Browser, rut: Browser, logs: Logs
) -> None:
    for who, hours in ((rut, 4), (lovisa, 8)):
        [row, *_] = logs.ask(
            "platform", "select expires_at - created_at as length from vaka.session where account_id = %(account)s"
            " order by created_at desc", {"account": who.account},
        )  # fmt: skip
        assert row["length"] == timedelta(hours=hours)


async def test_a_portal_that_nobody_uses_is_locked_and_unlocked(
    portal: Portal, rut: Browser, lovisa: Browser, logs: Logs
) -> None:
    """Time is moved at the row; unlocking by a key is tried in tests/web/test_locks.py and in a browser."""
    assert (await rut.get("/log/ekbacka")).status == 200
    for minutes, status in ((28, 200), (31, 303)):
        logs.execute(
            "platform", f"insert into vaka.session_use (session_id, used_at)"
            f" select id, now() - interval '{minutes} minutes' from vaka.session where account_id = '{rut.account}'"
            " on conflict (session_id) do update set used_at = excluded.used_at",
        )  # fmt: skip
        assert (await rut.get("/log/ekbacka")).status == status
    cover = await rut.get("/locked")
    assert "Låst" in cover.text
    for private in ("Ekbacka", "Rut"):
        assert private not in cover.text
    assert (await rut.get("/log/ekbacka/export", {"accept": "*/*"})).status == 423
    assert (await rut.get("/here", {"accept": "*/*", "vaka-by-itself": "1"})).status == 423
    assert (await lovisa.get("/here", {"accept": "*/*", "vaka-by-itself": "1"})).status == 204
    assert (await lovisa.get("/locked")).header("location") == "/"


async def test_of_others_nothing_is_shown_or_ended(
    portal: Portal, lovisa: Browser, rut: Browser, installation: Installation
) -> None:
    await enter(portal, installation, "rut", ("authority",))
    [theirs, *_] = re.findall(r'name="session" value="([0-9a-f-]{36})"', (await rut.get(HERE)).text)
    assert theirs not in (await lovisa.get(HERE)).text
    for sure in ({}, {"sure": "yes"}):
        assert (await lovisa.post(HERE, {"session": theirs, **sure})).status == 409
    assert theirs in (await rut.get(HERE)).text
