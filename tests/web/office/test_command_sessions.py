# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where commands run in somebody's name: seen and ended in the office as sessions of browsers are (terms 13 and 17)."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.behind import take_session
from tests.leavers import change_account
from tests.platform import platform_as
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator
from tests.web.office.conftest import enter
from tests.web.portal.conftest import Logs
from vaka.database.connections import transaction
from vaka.identity.command_logins import QUERIES, hash_secret
from vaka.identity.command_sessions import end_command_sessions, list_command_sessions
from vaka.identity.leaving import put_out_account
from vaka.web.office.office import Office

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def house(installation: Installation, logs: Logs) -> Iterator[Installation]:
    """No command runs in anybody's name before or after."""
    forget = "truncate vaka.command_session, vaka.command_confirmation, vaka.command_login"
    logs.execute("platform", forget, unguarded=True)
    yield installation
    logs.execute("platform", forget, unguarded=True)


async def begin(office: Office, house: Installation, persona: str, machine: str = "west-1") -> bytes:
    """Let commands run in somebody's name; return by what."""
    token = await take_session(house.server, house.accounts[persona], office.clock.now(), machine=machine)
    assert token is not None
    return token


async def runs(office: Office, house: Installation, token: bytes) -> bool:
    """Whether a command with this token runs in anybody's name."""
    async with platform_as(house.server, "setup") as setup:
        asked = {"token_hash": hash_secret(token), "now": office.clock.now()}
        return await (await setup.execute(QUERIES["command_account"], asked)).fetchone() != (None,)


async def session_on(office: Office, house: Installation, persona: str, machine: str) -> UUID:
    async with transaction(office.platform) as connection:
        known = await list_command_sessions(connection, house.accounts[persona], office.clock.now())
    [found] = [one.id for one in known if one.machine == machine]
    return found


def signed_out(logs: Logs, mark: int) -> list[Any]:
    return [one for one in logs.since(mark, "platform") if one["event"] == "command.signed_out"]


async def test_one_is_seen_and_ended_by_another_administrator(
    house: Installation, algot: Administrator, office: Office, logs: Logs
) -> None:
    lost, kept = await begin(office, house, "ada", "lost-1"), await begin(office, house, "ada", "west-1")
    here = f"/account/{house.accounts['ada']}"
    page = await algot.get(here)
    assert "Kommandon på lost-1" in page
    assert "adm (uid " in page
    assert not any(secret in page for token in (lost, kept) for secret in (token.hex(), hash_secret(token).hex()))
    session, mark = await session_on(office, house, "ada", "lost-1"), logs.mark("platform")
    answer = await algot.do(f"{here}/sessions", {"session": str(session), "reason": "device_lost"})
    assert (answer.status, answer.header("location")) == (303, f"{here}#sessions")
    assert [await runs(office, house, one) for one in (lost, kept)] == [False, True]
    assert "Kommandon på lost-1" not in await algot.get(here)
    [told] = signed_out(logs, mark)
    assert (told["object"], told["actor"]) == (f"command_session:{session}", f"account:{algot.browser.account}")
    detail = dict(told["detail"])
    assert len(detail.pop("step_up")) == 64
    assert detail == {"reason": "device_lost", "account": f"account:{house.accounts['ada']}"}


async def test_with_all_of_an_account_commands_end_too(
    house: Installation, algot: Administrator, office: Office, logs: Logs
) -> None:
    ada = await enter(office, house, "ada")
    tokens = [await begin(office, house, "ada", machine) for machine in ("west-1", "west-2")]
    mine, mark = await begin(office, house, "adam"), logs.mark("platform")
    where = f"/account/{house.accounts['ada']}/sessions"
    answer = await algot.do(where, {"session": "all", "reason": "misuse_suspected"})
    assert answer.status == 303
    assert [await runs(office, house, one) for one in (*tokens, mine)] == [False, False, True]
    assert (await ada.get("/sessions")).status == 303
    assert len(signed_out(logs, mark)) == 2


async def test_what_was_approved_and_not_taken_is_never_taken(house: Installation, office: Office) -> None:
    """Whoever holds back a command that was approved does not come through when all else was ended."""
    account = house.accounts["ada"]

    async def end_all() -> None:
        async with transaction(office.platform) as connection:
            now = office.clock.now()
            await end_command_sessions(connection, account, actor="setup", now=now, reason="misuse_suspected")

    assert await take_session(house.server, account, office.clock.now(), meanwhile=end_all) is None


async def test_a_session_of_somebody_elses_commands_is_not_ended_through_an_account(
    house: Installation, algot: Administrator, office: Office
) -> None:
    token = await begin(office, house, "ada")
    session = await session_on(office, house, "ada", "west-1")
    where = f"/account/{house.accounts['olga']}/sessions"
    assert (await algot.do(where, {"session": str(session), "reason": "device_lost"})).status == 409
    assert await runs(office, house, token)


async def test_ones_own_are_seen_and_ended_once_one_is_sure(
    house: Installation, adam: Browser, office: Office, logs: Logs
) -> None:
    first, second, other = [await begin(office, house, *who) for who in
                            (("adam", "west-1"), ("adam", "west-2"), ("ada", "east-1"))]  # fmt: skip
    page = (await adam.get("/sessions")).text
    assert "west-1" in page
    assert "Kommandon, till" in page
    assert "east-1" not in page
    one, mark = {"session": str(await session_on(office, house, "adam", "west-1"))}, logs.mark("platform")
    asked = await adam.post("/sessions", one)
    assert (asked.status, "west-1" in asked.text, "west-2" in asked.text) == (200, True, False)
    assert await runs(office, house, first)
    done = await adam.post("/sessions", {**one, "sure": "yes"})
    assert (done.status, done.header("location")) == (303, "/sessions?ended=1")
    assert [await runs(office, house, token) for token in (first, second)] == [False, True]
    [told] = signed_out(logs, mark)
    assert (told["actor"], told["detail"]["reason"]) == (f"account:{adam.account}", "ended_by_owner")
    theirs = {"session": str(await session_on(office, house, "ada", "east-1")), "sure": "yes"}
    assert (await adam.post("/sessions", theirs)).status == 409
    assert (await adam.post("/sessions", {"session": "others", "sure": "yes"})).status == 303
    assert [await runs(office, house, token) for token in (second, other)] == [False, True]
    assert (await adam.get("/sessions")).status == 200, "this browser stays"


async def test_they_end_with_the_account_and_do_not_come_back_with_it(house: Installation, office: Office) -> None:
    """Deactivated and let back within the hour: what ran in his name before is gone."""
    account, now = house.accounts["ada"], office.clock.now()
    token = await begin(office, house, "ada")
    try:
        async with platform_as(house.server, "setup") as setup:
            await put_out_account(setup, account, actor="setup:uid-0", now=now)
        assert not await runs(office, house, token)
    finally:
        await change_account(house.server, account, "active", actor="setup:uid-0", now=now)
    assert not await runs(office, house, token)
    again = await begin(office, house, "ada")
    assert await runs(office, house, again)
