# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Joiners and leavers in the office (terms 8 and 13): one asks, another human approves, and nothing is there before."""

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.identity.authenticator import SoftKey
from tests.platform import make_account, platform_as
from tests.web.furniture import Installation
from tests.web.office.administrators import LISTED, MAKER, Administrator, code_in, fields_in, sign
from tests.web.office.conftest import enter, enter_with_key
from tests.web.portal.conftest import Logs
from vaka.access.accounts import Wanted
from vaka.clock import SystemClock
from vaka.web.office.office import Office

pytestmark = pytest.mark.anyio


def state_of(logs: Logs, account: str) -> list[Any]:
    """What the register says of an account."""
    return logs.ask("platform", f"select kind, state, display_name, ends_at from vaka.account where id = '{account}'")


def events_since(logs: Logs, mark: int) -> list[str]:
    return [one["event"] for one in logs.since(mark, "platform") if not one["event"].startswith("security_key.used")]


async def test_term_08_5_an_account_is_there_once_another_has_approved_it(
    algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    mark = logs.mark("platform")
    account = await algot.ask("Nora Nyanställd", realm="operator", ends="2099-12-31")
    assert state_of(logs, account) == []
    assert "Nora Nyanställd" in await berit.get("/requests")
    approved = await berit.decide()
    assert (approved.status, approved.header("location")) == (303, f"/account/{account}")
    [made] = state_of(logs, account)
    assert (made["kind"], made["state"], made["display_name"]) == ("user", "active", "Nora Nyanställd")
    assert made["ends_at"].isoformat() == "2099-12-31T00:00:00+00:00"
    told = logs.since(mark, "platform")
    assert events_since(logs, mark) == ["account.requested", "account.approved", "account.created", "account.changed"]
    assert "Nora" not in str(told), "names stand in no entry"
    by = {one["event"]: (one["actor"], one["detail"]) for one in told}
    assert by["account.requested"][0] == f"account:{algot.browser.account}"
    assert by["account.approved"][0] == by["account.created"][0] == f"account:{berit.browser.account}"
    assert by["account.requested"][1]["digest"] == by["account.approved"][1]["digest"]
    for event in ("account.requested", "account.approved"):
        assert len(by[event][1]["step_up"]) == 64, "a key was touched over exactly that"
    page = await algot.get(f"/account/{account}")
    assert "Konto godkänt" in page
    assert "Ada Administrator" in page


async def test_an_administrator_gets_the_role_with_the_account(
    algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    account = await algot.ask("Nils Nyadministratör", realm="administrator")
    await berit.decide()
    [made] = state_of(logs, account)
    assert made["kind"] == "administrator"
    [role] = logs.ask("platform", f"select role, authority_id from vaka.role_grant where account_id = '{account}'")
    assert role == {"role": "administrator", "authority_id": None}
    logs.execute("platform", f"update vaka.account set state = 'deactivated' where id = '{account}'", unguarded=True)


async def test_nobody_approves_what_he_asked_for(algot: Administrator, logs: Logs) -> None:
    account = await algot.ask()
    page = await algot.get("/requests")
    assert "Någon annan måste godkänna det." in page
    assert 'value="approved"' not in page
    mark = logs.mark("platform")
    refused = await algot.decide("approved")
    assert refused.status == 403
    assert "Ingen godkänner sitt eget konto" in refused.text
    assert "access.denied" in events_since(logs, mark), "the log says who tried"
    assert state_of(logs, account) == []
    assert (await algot.decide("withdrawn")).status == 303
    assert "Återtagen" in await algot.get("/requests")
    assert logs.ask("platform", "select display_name from vaka.account_request") == [{"display_name": ""}]


async def test_nobody_approves_an_account_of_his_own(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    """A user's account for Berit, asked for by Algot: hers is the same human, so somebody else has to approve it."""
    account = await algot.ask("Ada Administrator", same=str(installation.accounts["ada"]))
    assert (await berit.decide()).status == 403
    assert state_of(logs, account) == []


async def test_the_database_says_the_same_whoever_asks_it(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    """As the office's own login role, past every page."""
    account = await algot.ask()
    [row] = logs.ask("platform", "select id, digest from vaka.account_request")
    decide = "select decide_account_request(%s, %s, 'approved', %s, '', null, null, now())"
    server, nobody = installation.server, await make_account(installation.server, now=SystemClock().now())
    async with platform_as(server, "office") as office:

        async def said(digest: bytes, by: UUID) -> str:
            answer = await (await office.execute(decide, (row["id"], digest, by))).fetchone()
            assert answer is not None
            return str(answer[0])

        assert await said(bytes(row["digest"]), installation.accounts["adam"]) == "own"
        assert await said(bytes(row["digest"]), installation.accounts["olga"]) == "stranger"
        assert await said(bytes(row["digest"]), nobody) == "stranger"
        assert await said(bytes(32), installation.accounts["ada"]) == "changed"
        for statement in ("insert into account (id, display_name, kind, created_at) values (gen_random_uuid(), 'X',"
                          " 'user', now())", "update account_request set state = 'approved'"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await office.execute(statement.encode())
    async with platform_as(server, "setup") as setup:
        for statement in ("insert into account (id, display_name, kind, created_at) values (gen_random_uuid(), 'X',"
                          " 'user', now())", f"select decide_account_request('{row['id']}', '', 'approved',"
                          f" '{installation.accounts['ada']}', '', null, null, now())"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await setup.execute(statement.encode())
    assert state_of(logs, account) == []
    logs.execute("platform", "update vaka.account_request set display_name = 'Någon Annan'", unguarded=True)
    refused = await berit.decide()
    assert refused.status == 409, "what stands there now is not what was asked for"
    assert state_of(logs, account) == []


async def test_what_a_script_changes_behind_the_page_is_not_done(
    algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    drawn = fields_in(await algot.get("/requests/new"), "/requests/new")
    wanted = {**drawn, "name": "Nora Nyanställd", "reason": "Ny kollega", "realm": "operator"}
    refused = await algot.do("/requests/new", wanted, changed={"realm": "administrator"})
    assert refused.status == 403
    assert logs.ask("platform", "select 1 from vaka.account_request") == []
    await algot.do("/requests/new", wanted)
    shown = await algot.get("/requests")
    waiting = fields_in(shown, "/requests/decide")
    refused = await berit.do("/requests/decide", {**waiting, "verdict": "refused", "reason": "Fel"},
                             changed={"verdict": "approved"})  # fmt: skip
    assert refused.status == 403
    assert state_of(logs, drawn["account"]) == []


async def test_a_removed_account_goes_for_ever_once_another_approved(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    account = await make_account(installation.server, "Lars Lämnar", now=SystemClock().now())
    path = f"/account/{account}"
    assert (await algot.do(f"{path}/put-out", {})).status == 303
    assert state_of(logs, str(account))[0]["state"] == "deactivated"
    assert (await algot.do(f"{path}/ask", {"kind": "reactivate", "reason": "Åter i tjänst"})).status == 303
    missing = await berit.decide()
    assert (missing.status, "no valid undertaking of secrecy" in missing.text) == (409, True)
    assert state_of(logs, str(account))[0]["state"] == "deactivated"
    await sign(algot, account)
    assert (await berit.decide()).status == 303
    assert state_of(logs, str(account))[0]["state"] == "active"
    assert (await algot.do(f"{path}/ask", {"kind": "remove", "reason": "Har slutat"})).status == 303
    assert state_of(logs, str(account))[0]["state"] == "active"
    assert (await algot.do(f"{path}/ask", {"kind": "remove", "reason": "Igen"})).status == 409
    await berit.decide()
    [gone] = state_of(logs, str(account))
    assert (gone["state"], gone["display_name"]) == ("removed", "–")
    assert "Lars" not in await algot.get(path)
    refused = await algot.do(f"{path}/ask", {"kind": "reactivate", "reason": "Ångrar"})
    assert refused.status == 409


async def test_a_refusal_needs_a_reason_and_leaves_no_account(
    algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    account = await algot.ask()
    assert (await berit.decide("refused")).status == 400
    assert (await berit.decide("refused", "Ingen tjänst finns")).status == 303
    assert state_of(logs, account) == []
    page = await algot.get("/requests")
    assert "Ingen tjänst finns" in page
    assert (await berit.browser.get(f"/account/{account}")).status == 404


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "x" * 81}, {"reason": ""}, {"reason": "ring 070-174 06 21"}, {"realm": "owner"},
     {"language": "fi"}, {"ends": "2001-01-01"}, {"ends": "igår"}, {"human": "x"}, {"same": str(uuid4())}],
)  # fmt: skip
async def test_what_makes_no_account_is_refused(algot: Administrator, logs: Logs, fields: dict[str, str]) -> None:
    drawn = fields_in(await algot.get("/requests/new"), "/requests/new")
    wanted = {**drawn, "name": "Nora Nyanställd", "reason": "Ny kollega", **fields}
    assert (await algot.do("/requests/new", wanted)).status == 400
    assert logs.ask("platform", "select 1 from vaka.account_request") == []


async def test_term_08_1_an_identifier_that_was_used_is_nobody_elses(
    algot: Administrator, installation: Installation
) -> None:
    drawn = fields_in(await algot.get("/requests/new"), "/requests/new")
    for taken in (installation.accounts["olga"], installation.accounts["adam"]):
        wanted = {**drawn, "account": str(taken), "name": "Nora Nyanställd", "reason": "Ny kollega"}
        assert (await algot.do("/requests/new", wanted)).status == 409
    second = {**drawn, "same": str(installation.accounts["olga"]), "name": "Olga", "reason": "Ett till"}
    assert (await algot.do("/requests/new", second)).status == 409, "nobody has two accounts of a kind"


async def test_an_administrator_does_nothing_before_his_key_is_touched(
    strict: Office, installation: Installation, algot: Administrator
) -> None:
    again = Administrator(await enter(strict, installation, "adam"), algot.key)
    for path in ("/", "/requests", "/requests/new", "/keys", f"/account/{installation.accounts['olga']}", "/sessions"):
        answer = await again.browser.get(path)
        assert (answer.status, answer.header("location")) == (303, "/touch"), path
    assert (await again.browser.post("/requests/new", {})).header("location") == "/touch"
    stranger = SoftKey(again.browser.origin, aaguid=LISTED, maker=MAKER)
    assert (await Administrator(again.browser, stranger).enter()).status == 403
    assert (await again.browser.get("/")).status == 303
    assert (await again.enter()).status == 303
    assert (await again.browser.get("/")).status == 200


async def test_a_first_key_takes_a_code_that_another_approved(
    strict: Office, installation: Installation, algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    account = await make_account(
        installation.server, "Cecilia Codberoende", kind="administrator", now=SystemClock().now()
    )
    logs.execute(
        "platform",
        f"insert into vaka.role_grant values ('{account}', 'administrator', null, now(), null)",
        unguarded=True,
    )
    installation.accounts["cecilia"] = account
    cecilia = Administrator(await enter(strict, installation, "cecilia"))
    try:
        for path in ("/", "/keys", "/touch", "/requests"):
            assert (await cecilia.browser.get(path)).header("location") == "/first-key", path
        assert (await cecilia.browser.post("/keys/add", {})).header("location") == "/first-key"
        assert (await cecilia.add_first_key("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-A")).status == 403
        await algot.do(f"/account/{account}/ask", {"kind": "first_key", "reason": "Ny administratör"})
        assert (await berit.decide()).status == 409
        undertaking = await sign(algot, account)
        code = code_in((await berit.decide()).text)
        other = Administrator(await enter(strict, installation, "cecilia"))
        withdrawn = {**fields_in(await algot.get(undertaking), f"{undertaking}/move"), "step": "withdraw"}
        assert (await algot.do(f"{undertaking}/move", withdrawn)).status == 303
        assert (await cecilia.add_first_key(code)).status == 409, "it was withdrawn since; the code holds"
        await sign(algot, account)
        copied = SoftKey(cecilia.browser.origin, flags=0x05 | 0x08)
        assert (await Administrator(other.browser, copied).add_first_key(code)).status == 403, "it can be copied"
        assert (await cecilia.add_first_key(code)).status == 403, "and the code is spent"
        logs.execute("platform", "update vaka.account_request set redeemed_at = null", unguarded=True)
        assert (await cecilia.add_first_key(code)).status == 303
        assert (await cecilia.browser.get("/")).status == 200
        told = [one["event"] for one in logs.since(0, "platform") if one["actor"] == f"account:{account}"]
        assert "security_key.allowed" in told
        assert "security_key.enrolled" in told
    finally:
        logs.execute("platform", f"update vaka.account set state = 'deactivated' where id = '{account}'",
                     unguarded=True)  # fmt: skip


async def test_a_code_is_for_one_account(
    strict: Office, installation: Installation, algot: Administrator, berit: Administrator, logs: Logs
) -> None:
    accounts = []
    for name in ("Disa Första", "Doris Andra"):
        account = await make_account(installation.server, name, kind="administrator", now=SystemClock().now())
        logs.execute(
            "platform",
            f"insert into vaka.role_grant values ('{account}', 'administrator', null, now(), null)",
            unguarded=True,
        )
        installation.accounts[name] = account
        accounts.append(account)
    try:
        await sign(algot, accounts[0])
        await sign(algot, accounts[1])
        await algot.do(f"/account/{accounts[0]}/ask", {"kind": "first_key", "reason": "Ny administratör"})
        code = code_in((await berit.decide()).text)
        doris = Administrator(await enter(strict, installation, "Doris Andra"))
        assert (await doris.add_first_key(code)).status == 403
        disa = Administrator(await enter(strict, installation, "Disa Första"))
        assert (await disa.add_first_key(code)).status == 303
    finally:
        for account in accounts:
            logs.execute("platform", f"update vaka.account set state = 'deactivated' where id = '{account}'",
                         unguarded=True)  # fmt: skip


async def test_what_is_approved_has_the_same_fingerprint_on_both_sides(installation: Installation, logs: Logs) -> None:
    now = SystemClock().now()
    for wanted in (
        Wanted("create", uuid4(), uuid4(), "Ny kollega", "Åsa Ö", "operator", "sv", now.replace(microsecond=0)),
        Wanted("create", uuid4(), uuid4(), "x", "A", "administrator", "en"),
        Wanted("remove", uuid4(), uuid4(), "Har slutat"),
    ):
        [row] = logs.ask(
            "platform",
            f"""select vaka.account_request_digest('{wanted.kind}', '{wanted.account_id}', '{wanted.human}',
                '{wanted.display_name}', {f"'{wanted.realm}'" if wanted.realm else "null"},
                {f"'{wanted.language}'" if wanted.language else "null"},
                {f"'{wanted.ends_at.isoformat()}'" if wanted.ends_at else "null"}, '{wanted.reason}') as digest""",
        )
        assert bytes(row["digest"]) == wanted.digest


async def test_keys_of_before_are_used_again(strict: Office, installation: Installation, no_keys: None) -> None:
    """A key that was enrolled in one session is touched in the next."""
    first = await enter_with_key(strict, installation, "adam")
    again = Administrator(await enter(strict, installation, "adam"), first.key)
    assert (await again.enter()).status == 303
