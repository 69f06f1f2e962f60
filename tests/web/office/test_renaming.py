# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An account is called something else (proof 8.2), and comes back or goes for ever: never by one alone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.platform import platform_as
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator, sign
from tests.web.portal.conftest import Logs
from vaka.access.accounts import Wanted, file_request
from vaka.identity.leaving import put_out_account
from vaka.identity.sessions import find_session, open_session

pytestmark = pytest.mark.anyio


@pytest.fixture
async def vera(algot: Administrator, berit: Administrator) -> str:
    """A new colleague's account."""
    account = await algot.ask("Vera Vilsen", realm="operator")
    assert (await berit.decide()).status == 303
    return account


async def rename(who: Administrator, account: str, name: str, changed: dict[str, str] | None = None) -> Any:
    fields = {"kind": "rename", "name": name, "reason": "Nygift"}
    return await who.do(f"/account/{account}/ask", fields, changed=changed)


def known(logs: Logs, account: str) -> list[Any]:
    return logs.ask("platform", f"select id, human, kind, state, display_name, created_at from vaka.account"
                                f" where id = '{account}'")  # fmt: skip


async def test_term_08_2_another_name_is_the_same_account_with_the_same_history(
    vera: str, algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    [before] = known(logs, vera)
    now = datetime.now(UTC)
    async with platform_as(installation.server, "signin") as signin:
        token = await open_session(signin, UUID(vera), "operator", "test", now)
    mark = logs.mark("platform")
    assert (await rename(algot, vera, "  Vera   Nygift ")).status == 303
    assert known(logs, vera) == [before], "nothing is done before it is approved"
    waiting = await berit.get("/requests")
    assert "Vera Vilsen" in waiting
    assert "Another name: Vera Nygift" in waiting
    assert (await berit.decide()).status == 303
    assert known(logs, vera) == [{**before, "display_name": "Vera Nygift"}]
    async with platform_as(installation.server, "signin") as signin:
        session = await find_session(signin, token, now)
    assert session is not None
    assert session.display_name == "Vera Nygift", "who is signed in stays so, under the new name"
    told = [one for one in logs.since(mark, "platform") if one["event"].startswith("account.")]
    assert [(one["event"], one["object"]) for one in told] == [
        (event, f"account:{vera}") for event in ("account.requested", "account.approved", "account.renamed")
    ]
    assert "row.changed_by_hand" not in str(logs.since(mark, "platform"))
    assert "Vera" not in str(logs.since(mark, "platform")), "the log names the account, and nobody"
    page = await algot.get(f"/account/{vera}")
    for word in ("Konto skapat", "Konto bytte namn"):
        assert word in page
    assert logs.ask("platform", "select display_name from vaka.account_request where kind = 'rename'") == [
        {"display_name": ""}
    ]


async def test_nobody_renames_alone_nor_to_something_that_was_not_shown(
    vera: str, algot: Administrator, logs: Logs
) -> None:
    for name, status in (("", 400), ("x" * 81, 400), ("Vera Vilsen", 409)):
        assert (await rename(algot, vera, name)).status == status, name
    changed = await rename(algot, vera, "Vera Nygift", {"name": "Vera Annan"})
    assert changed.status == 403
    assert (await rename(algot, vera, "Vera Nygift")).status == 303
    assert (await algot.decide()).status == 403, "nobody approves what he asked for"
    assert [one["display_name"] for one in known(logs, vera)] == ["Vera Vilsen"]


async def test_the_authority_whose_rights_are_concerned_is_told(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    agneta = installation.accounts["agneta"]
    mark = logs.mark("platform")
    assert (await rename(algot, str(agneta), "Agneta Nygift")).status == 303
    assert (await berit.decide()).status == 303
    notices = logs.ask(
        "platform", f"select event, authority_id from vaka.notice where object = 'account:{agneta}' and entry > {mark}"
        " order by entry",
    )  # fmt: skip
    ekbacka = installation.authorities["ekbacka"].id
    assert notices == [
        {"event": event, "authority_id": ekbacka}
        for event in ("account.requested", "account.approved", "account.renamed")
    ]
    assert (await rename(algot, str(agneta), "Agneta Avtal")).status == 303
    assert (await berit.decide()).status == 303


@pytest.mark.parametrize("component", ["setup", "office"])
async def test_term_13_1_no_process_lets_anybody_back_or_removes_him_alone(
    vera: str, installation: Installation, component: str
) -> None:
    """A rogue with that process's own login role can put out, and nothing else."""
    async with platform_as(installation.server, component) as rogue:
        await put_out_account(rogue, UUID(vera), actor="setup", now=datetime.now(UTC))
        for state in ("active", "removed", "deactivated"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await rogue.execute("select change_account(%s, %s, 'setup', now())", (vera, state))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await rogue.execute("update account set display_name = 'X' where id = %s", (vera,))


@pytest.mark.parametrize(("kind", "state"), [("reactivate", "active"), ("remove", "removed")])
async def test_what_a_command_asks_for_is_approved_in_the_office(
    vera: str, algot: Administrator, berit: Administrator, installation: Installation, logs: Logs, kind: Any, state: str
) -> None:
    now, by = datetime.now(UTC), UUID(algot.browser.account)
    async with platform_as(installation.server, "setup") as setup:
        await put_out_account(setup, UUID(vera), actor="setup", now=now)
        wanted = Wanted(kind, UUID(vera), UUID(vera), "Åter i tjänst")
        await file_request(setup, uuid4(), wanted, by=by, actor=f"account:{by}", step_up=None,
                           now=now + timedelta(seconds=1))  # fmt: skip
    assert [one["state"] for one in known(logs, vera)] == ["deactivated"]
    assert (await algot.decide()).status == 403
    await sign(algot, vera)
    assert (await berit.decide()).status == 303
    assert [one["state"] for one in known(logs, vera)] == [state]
