# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where somebody of an authority is signed in: seen and ended in the portal; nobody else's, whatever is sent."""

import re

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


async def test_of_others_nothing_is_shown_or_ended(
    portal: Portal, lovisa: Browser, rut: Browser, installation: Installation
) -> None:
    await enter(portal, installation, "rut", ("authority",))
    [theirs, *_] = re.findall(r'name="session" value="([0-9a-f-]{36})"', (await rut.get(HERE)).text)
    assert theirs not in (await lovisa.get(HERE)).text
    for sure in ({}, {"sure": "yes"}):
        assert (await lovisa.post(HERE, {"session": theirs, **sure})).status == 409
    assert theirs in (await rut.get(HERE)).text
