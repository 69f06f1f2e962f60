# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where an operator is signed in, on his own page; and what is open there ends when the session does (term 13)."""

import re
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.alarms.house import connect_superuser
from tests.leavers import change_account
from tests.platform import platform_as
from tests.waiting import wait_until
from tests.web.browsers import Browser, sign_in
from tests.web.conftest import SETTINGS
from tests.web.furniture import Installation
from tests.web.test_every_act_is_entered import forget_sessions
from vaka.access.grants import grant_role, revoke_role
from vaka.database.server import PLATFORM_DATABASE
from vaka.identity.leaving import put_out_account
from vaka.identity.sessions import end_sessions_of
from vaka.web.desk import stream as streaming
from vaka.web.desk.desk import Desk

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SETUP = "setup:uid-0"


def ask(installation: Installation, statement: str, *values: object) -> list[dict[str, Any]]:
    with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def open_ids(installation: Installation, persona: str) -> list[UUID]:
    """The sessions an account has open, the newest first."""
    found = ask(installation, "select id from vaka.session where account_id = %s and ended_at is null"
                " order by created_at desc, id desc", installation.accounts[persona])  # fmt: skip
    return [row["id"] for row in found]


def choices(page: str) -> list[str]:
    """What the buttons of a page would end."""
    return re.findall(r'name="session" value="([^"]*)"', page)


@pytest.fixture
async def two(desk: Desk, installation: Installation) -> tuple[Browser, Browser]:
    """Two browsers in which the same operator is signed in, and no third."""
    forget_sessions(installation, "emil")
    first = await sign_in(desk, SETTINGS, installation, "emil")
    return first, await sign_in(desk, SETTINGS, installation, "emil")


async def test_the_page_shows_ones_own_and_marks_this_one(
    two: tuple[Browser, Browser], olga: Browser, installation: Installation
) -> None:
    here, _ = two
    page = (await here.get("/sessions")).text
    newest, oldest = open_ids(installation, "emil")
    assert page.count("den här") == 1
    # Nothing ends the session that asks, and nothing is there of anybody else's.
    assert choices(page) == [str(newest), "others"]
    assert str(oldest) not in page
    for other in open_ids(installation, "olga"):
        assert str(other) not in page


async def test_one_is_ended_once_its_owner_is_sure(two: tuple[Browser, Browser], installation: Installation) -> None:
    here, there = two
    newest, oldest = open_ids(installation, "emil")
    asked = await here.post("/sessions", {"session": str(newest)})
    assert (asked.status, choices(asked.text)) == (200, [str(newest)])
    assert (await there.get("/")).status == 200
    done = await here.post("/sessions", {"session": str(newest), "sure": "yes"})
    assert (done.status, done.header("location")) == (303, "/sessions?ended=1")
    assert (await there.get("/")).status == 303
    assert "Utloggad där" in (await here.get("/sessions?ended=1")).text
    assert open_ids(installation, "emil") == [oldest]
    again = await here.post("/sessions", {"session": str(newest), "sure": "yes"})
    assert again.status == 409


async def test_all_others_are_ended_and_this_one_stays(
    two: tuple[Browser, Browser], desk: Desk, installation: Installation
) -> None:
    here, _ = two
    await sign_in(desk, SETTINGS, installation, "emil")
    oldest = open_ids(installation, "emil")[-1]
    asked = await here.post("/sessions", {"session": "others"})
    assert "2 inloggningar" in asked.text
    assert (await here.post("/sessions", {"session": "others", "sure": "yes"})).status == 303
    assert open_ids(installation, "emil") == [oldest]
    assert "inte inloggad någon annanstans" in (await here.get("/sessions")).text


async def test_nobody_elses_session_is_ended_whatever_is_sent(
    two: tuple[Browser, Browser], olga: Browser, installation: Installation
) -> None:
    here, _ = two
    others = open_ids(installation, "olga")
    mine = open_ids(installation, "emil")
    for named in (str(others[0]), str(mine[-1]), str(uuid4())):
        for sure in ({}, {"sure": "yes"}):
            answer = await here.post("/sessions", {"session": named, **sure})
            assert answer.status == 409
            assert "redan avslutats" in answer.text
    assert (open_ids(installation, "olga"), open_ids(installation, "emil")) == (others, mine)
    assert (await here.post("/sessions", {"session": "everybody", "sure": "yes"})).status == 400


async def test_use_is_noted_to_the_minute_and_only_what_a_person_does(
    two: tuple[Browser, Browser], installation: Installation
) -> None:
    here, _ = two
    [session] = open_ids(installation, "emil")[-1:]
    used = "select used_at from vaka.session_use where session_id = %s"
    back = "update vaka.session set created_at = created_at - interval '5 minutes' where id = %s"
    ask(installation, back, session)
    async with here.stream() as stream:
        await stream.next("all")
    await here.get("/", {"vaka-by-itself": "1"})
    assert ask(installation, used, session) == []
    await here.get("/")
    [noted] = ask(installation, used, session)
    at = noted["used_at"]
    assert (at.second, at.microsecond) == (0, 0)
    assert datetime.now(UTC) - at < timedelta(minutes=5)
    ask(installation, "update vaka.session_use set used_at = used_at - interval '30 seconds' where session_id = %s",
        session)  # fmt: skip
    [before] = ask(installation, used, session)
    await here.get("/")
    after = ask(installation, used, session)
    # Within a minute nothing is written; a minute may just have passed.
    assert after == [before] or datetime.now(UTC) - before["used_at"] >= timedelta(minutes=1)


Ending = Callable[[Installation, UUID], Awaitable[object]]


async def by_its_owner(installation: Installation, account: UUID) -> object:
    async with platform_as(installation.server, "desk") as desk:
        return await end_sessions_of(
            desk, account, actor=f"account:{account}", now=datetime.now(UTC), reason="ended_by_owner"
        )


async def by_who_runs_the_system(installation: Installation, account: UUID) -> object:
    async with platform_as(installation.server, "setup") as setup:
        return await end_sessions_of(setup, account, actor=SETUP, now=datetime.now(UTC), reason="device_lost")


async def by_deactivation(installation: Installation, account: UUID) -> object:
    async with platform_as(installation.server, "setup") as setup:
        await put_out_account(setup, account, actor=SETUP, now=datetime.now(UTC))
    return None


async def by_the_last_role(installation: Installation, account: UUID) -> object:
    async with platform_as(installation.server, "setup") as setup:
        where = installation.authorities["ekbacka"].id
        return await revoke_role(setup, account, "operator", where, actor=SETUP, now=datetime.now(UTC))


async def restore(installation: Installation, account: UUID) -> None:
    """Let emil work again."""
    now = datetime.now(UTC)
    async with platform_as(installation.server, "setup") as setup:
        [row] = ask(installation, "select state from vaka.account where id = %s", account)
        if row["state"] == "deactivated":
            await change_account(installation.server, account, "active", actor=SETUP, now=now)
        where = installation.authorities["ekbacka"].id
        await grant_role(setup, account, "operator", where, actor=SETUP, now=now)


@pytest.mark.parametrize("end", [by_its_owner, by_who_runs_the_system, by_deactivation, by_the_last_role])
async def test_term_13_1_what_is_open_ends_when_its_session_does(
    two: tuple[Browser, Browser], olga: Browser, installation: Installation, monkeypatch: pytest.MonkeyPatch,
    end: Ending,
) -> None:  # fmt: skip
    # It is told of: the streams of this test never look by themselves.
    monkeypatch.setattr(streaming, "CHECK_SECONDS", float("inf"))
    account = installation.accounts["emil"]
    try:
        async with two[0].stream() as stream, olga.stream() as other:
            await stream.next("all")
            await other.next("all")
            await end(installation, account)
            assert (await stream.next("ended")).data == "signed_out"
            assert (await two[0].get("/")).status == 303
            installation.raise_alarm("Karin Holmgren")
            await other.next("change")
    finally:
        await restore(installation, account)


async def test_term_13_1_a_role_less_is_seen_at_once_and_the_session_goes_on(
    desk: Desk, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "CHECK_SECONDS", float("inf"))
    edith = await sign_in(desk, SETTINGS, installation, "edith")
    account, norrvik = installation.accounts["edith"], installation.authorities["norrvik"].id
    ours, theirs = installation.raise_alarm("Karin Holmgren"), installation.raise_alarm("Bertil Åström")
    async with edith.stream() as stream:
        arrived: set[str] = set()
        while not {str(ours), str(theirs)} <= arrived:
            arrived |= set((await stream.next("all", "change")).alarms)
        async with platform_as(installation.server, "setup") as setup:
            assert await revoke_role(setup, account, "operator", norrvik, actor=SETUP, now=datetime.now(UTC))
            try:
                whole = await stream.next("all")
                while str(theirs) in whole.alarms:
                    whole = await stream.next("all")
                assert str(ours) in whole.alarms
                assert (await edith.get("/")).status == 200
            finally:
                await grant_role(setup, account, "operator", norrvik, actor=SETUP, now=datetime.now(UTC))


async def test_a_notification_that_is_not_so_ends_nothing(
    two: tuple[Browser, Browser], installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "CHECK_SECONDS", float("inf"))
    async with two[0].stream() as stream:
        await stream.next("all")
        for said in (f"session:{open_ids(installation, 'emil')[-1]}", "session:", "x", f"account:{uuid4()}"):
            ask(installation, "select pg_notify('session', %s)", said)
        alarm = str(installation.raise_alarm("Karin Holmgren"))
        while alarm not in (await stream.next("change")).alarms:
            pass


async def test_what_was_missed_while_nobody_listened_is_found_out(
    two: tuple[Browser, Browser], desk: Desk, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "CHECK_SECONDS", float("inf"))
    session = open_ids(installation, "emil")[-1]
    async with two[0].stream() as stream:
        await stream.next("all")
        # With the triggers off nobody is told.
        with closing(connect_superuser(installation.server, PLATFORM_DATABASE)) as superuser:
            superuser.execute("set session_replication_role = replica")
            superuser.execute("update vaka.session set ended_at = now() where id = %s", (session,))
            [gone] = superuser.execute(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                " where application_name = 'vaka-desk-sessions'"
            ).fetchall()
        assert gone["count"] >= 1
        assert (await stream.next("ended")).data == "signed_out"
    await wait_until(lambda: not desk.hub.on_duty(installation.authorities["ekbacka"].id))
