# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The first invitation of an account (terms 8 and 9): two decide whom it is for, and one finds no way around."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.platform import make_account, platform_as
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator, code_in, fields_in, sign
from tests.web.portal.conftest import Logs
from vaka.identity.invitations import InvitedByTwoError, invite, read_code

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MATCHING = {"attribute": "employee_number", "value": "E-4712"}
INSERT_INVITATION = """
    insert into vaka.invitation (code_hash, id, account_id, realm, attribute, matching_hmac, created_at, expires_at,
                                 request_id)
    values (sha256(gen_random_uuid()::text::bytea), gen_random_uuid(), %s, 'operator', 'employee_number',
            sha256('another'), now(), now() + interval '1 hour', %s)"""
INSERT_LINK = """
    insert into vaka.account_link (id, account_id, issuer, subject_hmac, matching_hmac, created_at, request_id)
    values (gen_random_uuid(), %s, 'https://issuer.example', sha256(gen_random_uuid()::text::bytea), sha256('x'), now(),
            %s)"""
REFUSED = (psycopg.errors.CheckViolation, psycopg.errors.InsufficientPrivilege)


def invitations(logs: Logs, account: object) -> list[Any]:
    return logs.ask("platform", f"select * from vaka.invitation where account_id = '{account}' order by created_at")


async def nobodys(installation: Installation) -> UUID:
    """An account that was made and is nobody's yet."""
    return await make_account(installation.server, "Vilma Vilsen", actor="setup", now=datetime.now(UTC))


async def test_term_08_4_approving_an_account_makes_the_invitation_that_was_asked_for(
    algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    mark = logs.mark("platform")
    account = await algot.ask("Nora Nyanställd", **MATCHING)
    assert invitations(logs, account) == [], "nothing is done before it is approved"
    early = await berit.decide()
    assert (early.status, "data-key=" in early.text) == (409, False), "nobody touches a key in vain"
    assert "Undertakings of secrecy" in early.text
    page = await algot.get("/registers/undertakings/new")
    assert f'<option value="{account}">Nora Nyanställd (…{account[-8:]}, väntar på beslut)</option>' in page
    await sign(algot, account)
    assert (await algot.decide()).status == 403, "nobody approves what he asked for"
    assert "is invited with employee_number = E-4712" in await berit.get("/requests")
    approved = await berit.decide()
    code = read_code(code_in(approved.text))
    assert code is not None
    [made] = invitations(logs, account)
    assert bytes(made["code_hash"]) == code.digest
    assert bytes(made["matching_hmac"]) == code.of_matching("employee_number", "e4712")
    assert (made["realm"], made["attribute"]) == ("operator", "employee_number")
    [kept] = logs.ask("platform", f"select display_name, id from vaka.account_request where account_id = '{account}'")
    assert kept == {"display_name": "", "id": made["request_id"]}
    [named] = logs.ask("platform", f"select display_name from vaka.account where id = '{account}'")
    assert named == {"display_name": "Nora Nyanställd"}
    told = logs.since(mark, "platform")
    assert [one["event"] for one in told if one["event"].startswith("account.")] == [
        "account.requested", "account.approved", "account.created", "account.invited"
    ]  # fmt: skip
    assert {one["actor"] for one in told if one["event"] == "account.invited"} == {f"account:{berit.browser.account}"}
    for hidden in ("4712", code.text, "Nora"):
        assert hidden not in str(told)
    assert "row.changed_by_hand" not in str(told)


async def test_term_08_4_whom_it_is_for_can_wait_and_takes_two_then(
    algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    account = await algot.ask("Nora Nyanställd")
    assert "nobody is invited yet" in await berit.get("/requests")
    assert (await berit.decide()).status == 303
    assert invitations(logs, account) == []
    await sign(algot, account)
    codes = []
    for value in ("E-4712", "E-4713"):
        wanted = {**MATCHING, "kind": "identity", "realm": "operator", "reason": "Ny kollega", "value": value}
        assert (await algot.do(f"/account/{account}/ask", wanted)).status == 303
        codes.append(read_code(code_in((await berit.decide()).text)))
    first, second = invitations(logs, account)
    assert first["expires_at"] == second["created_at"], "the one that is out goes with the decision"
    assert second["expires_at"] > datetime.now(UTC)


async def test_term_08_4_an_authoritys_own_people_need_no_undertaking_with_the_supplier(
    algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    account = await algot.ask("Petra Personal", realm="authority", **MATCHING)
    assert code_in((await berit.decide()).text)
    assert [one["realm"] for one in invitations(logs, account)] == ["authority"]


@pytest.mark.parametrize("changed", [{"value": "E-0001"}, {"attribute": "other"}, {"salt": "0" * 32}, {"value": ""}])
async def test_what_was_touched_for_is_what_is_asked(
    algot: Administrator, logs: Logs, changed: dict[str, str]
) -> None:  # fmt: skip
    drawn = fields_in(await algot.get("/requests/new"), "/requests/new")
    wanted = {**drawn, **MATCHING, "name": "Nora Nyanställd", "reason": "Ny kollega"}
    answer = await algot.do("/requests/new", wanted, changed=changed)
    assert answer.status in (400, 403)
    assert logs.ask("platform", "select 1 from vaka.account_request") == []


@pytest.mark.parametrize("wrong", [{"value": ""}, {"attribute": ""}, {"attribute": "a=b"}])
async def test_half_of_it_is_no_identity(algot: Administrator, wrong: dict[str, str]) -> None:
    drawn = fields_in(await algot.get("/requests/new"), "/requests/new")
    wanted = {**drawn, **MATCHING, "name": "Nora Nyanställd", "reason": "Ny kollega", **wrong}
    answer = await algot.do("/requests/new", wanted)
    assert answer.status == 400
    assert "En identitet behöver" in answer.text


@pytest.mark.parametrize("who", ["setup", "office", "signin", "portal", "superuser"])
async def test_term_08_4_a_rogue_invites_or_links_nobody_to_an_account_that_is_nobodys(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs, who: str
) -> None:
    """With no request behind it, with his own that waits, and with one that was approved and said of nobody."""
    account = await nobodys(installation)
    without = await algot.ask("Nora Nyanställd")
    assert (await berit.decide()).status == 303
    [empty] = logs.ask("platform", f"select id from vaka.account_request where account_id = '{without}'")
    awaited = await algot.ask("Nils Nyanställd", **MATCHING)
    [waits] = logs.ask("platform", f"select id from vaka.account_request where account_id = '{awaited}'")
    tries = [(account, None), (account, waits["id"]), (UUID(without), None), (UUID(without), empty["id"])]
    if who == "superuser":
        for statement in (INSERT_INVITATION, INSERT_LINK):
            for values in tries:
                with pytest.raises(psycopg.errors.CheckViolation):
                    logs.execute("platform", statement.replace("%s", "'{}'").format(*values).replace("'None'", "null"))
        return
    async with platform_as(installation.server, who) as rogue:
        for statement in (INSERT_INVITATION, INSERT_LINK):
            for values in tries:
                with pytest.raises(REFUSED):
                    await rogue.execute(statement.encode(), values)


async def test_term_08_4_the_command_invites_nobody_once_the_installation_is_founded(
    installation: Installation, algot: Administrator
) -> None:
    account = await nobodys(installation)
    await sign(algot, account)
    async with platform_as(installation.server, "setup") as setup:
        with pytest.raises(InvitedByTwoError) as refused:
            await invite(setup, account, "operator", "employee_number", "E-1", actor="setup", now=datetime.now(UTC))
    assert "vaka account identity" in refused.value.sentence.en


async def test_term_08_5_an_account_that_was_asked_for_with_its_invitation_is_not_made_without(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    """The function that approves accounts of which nothing is said lets none of the others through."""
    account = await algot.ask("Nora Nyanställd", **MATCHING)
    [asked] = logs.ask("platform", f"select id, digest from vaka.account_request where account_id = '{account}'")
    async with platform_as(installation.server, "office") as office:
        with pytest.raises(psycopg.Error):
            await office.execute(
                "select decide_account_request(%s, %s, 'approved', %s, '', null, null, now())",
                (asked["id"], asked["digest"], installation.accounts["ada"]),
            )
    assert logs.ask("platform", f"select 1 from vaka.account where id = '{account}'") == []
    assert (await berit.decide("refused", "Fel nummer")).status == 303
    about = f"from vaka.account_request where account_id = '{account}'"
    [kept] = logs.ask("platform", f"select display_name, state {about}")
    assert kept == {"display_name": "", "state": "refused"}


async def test_term_08_4_an_account_that_became_somebodys_past_the_two_is_counted(
    installation: Installation, logs: Logs
) -> None:
    """A hand in the database, with the guards off: the evidence of term 8 finds it."""
    account = await nobodys(installation)
    count = "select coalesce(sum(things), 0)::int as things from vaka.find_accounts_not_of_one(now())"
    [before] = logs.ask("platform", count)
    link = uuid4()
    logs.execute(
        "platform",
        f"""insert into vaka.account_link (id, account_id, issuer, subject_hmac, matching_hmac, created_at)
            values ('{link}', '{account}', 'https://issuer.example', sha256('{link}'), sha256('x'),
                    now() + interval '2 minutes')""",
        unguarded=True,
    )
    try:
        [after] = logs.ask("platform", count)
    finally:
        logs.execute("platform", f"delete from vaka.account_link where id = '{link}'", unguarded=True)
    assert after["things"] == before["things"] + 1
