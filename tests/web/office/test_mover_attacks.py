# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The supplier's own rogue administrator gives somebody a role alone: past pages, past functions, past triggers."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.platform import platform_as
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator, fields_in, options_in
from tests.web.office.movers import held, make_colleague, told_since
from tests.web.portal.conftest import Logs
from vaka.access.grants import revoke_role

pytestmark = pytest.mark.anyio

ROW = (
    "insert into vaka.role_change (id, account_id, human, wanted, reason, requested_by, digest, requested_at,"
    " answer_by, state, decided_by, decided_at, entry) select '{id}', a.id, a.human, '{wanted}', 'x', '{by}',"
    " vaka.role_change_digest('{id}', a.id, a.human, '{by}', '{wanted}', 'x'), now(), now() + interval '1 day',"
    " '{state}', {decided}, 1 from vaka.account a where a.id = '{account}'"
)


def forged(installation: Installation, account: UUID, state: str) -> tuple[UUID, str]:
    """A statement by which a request stands there that nobody made."""
    adam, ada, change = installation.accounts["adam"], installation.accounts["ada"], uuid4()
    place = installation.authorities["ekbacka"].id
    wanted = f'[{{"kind": "give", "role": "shift_leader", "authority": "{place}", "until": null}}]'
    decided = "null, null" if state == "waiting" else f"'{ada}', now()"
    row = ROW.format(id=change, wanted=wanted, by=adam, state=state, decided=decided, account=account)
    return change, row


async def ask(who: Administrator, installation: Installation, account: UUID) -> None:
    """Ask that somebody becomes a shift leader."""
    place = installation.authorities["ekbacka"].id
    assert (await who.move(account, role="shift_leader", where=[place])).status == 303


@pytest.mark.parametrize("state", ["waiting", "approved"])
async def test_a_request_that_a_statement_puts_there_gives_nobody_anything(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs, state: str
) -> None:
    account = await make_colleague(installation, "operator")
    change, row = forged(installation, account, state)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        logs.execute("platform", row)
    logs.execute("platform", row, unguarded=True)
    for who in (algot, berit):
        refused = await who.decide_roles()
        assert refused.status in (403, 409, 400), "the log does not know that anybody asked for it"
    mark = logs.mark("platform")
    async with platform_as(installation.server, "office") as office:
        said = await (
            await office.execute(
                "select decide_role_change(id, digest, 'approved', %s, '', null, now()) from role_change where id = %s",
                (installation.accounts["ada"], change),
            )
        ).fetchone()
        assert said == ("changed" if state == "waiting" else "gone",)
    assert held(installation, logs, account) == ["operator ekbacka"]
    assert told_since(logs, mark) == []


async def test_what_was_asked_for_is_not_changed_before_it_is_approved(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    """Neither the lines, with or without their fingerprint, nor who asked: then he could approve it himself."""
    account, ada = await make_colleague(installation, "operator"), installation.accounts["ada"]
    await ask(algot, installation, account)
    [kept] = logs.ask("platform", "select wanted, digest, requested_by from vaka.role_change")
    more = "update vaka.role_change set wanted = jsonb_set(wanted, '{0,role}', '\"device_technician\"')"
    anew = (
        "update vaka.role_change set digest ="
        " vaka.role_change_digest(id, account_id, human, requested_by, wanted, reason)"
    )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        logs.execute("platform", more)
    logs.execute("platform", more, unguarded=True)
    assert (await berit.decide_roles()).status == 409, "it is not what was asked for"
    logs.execute("platform", anew, unguarded=True)
    assert (await berit.decide_roles()).status == 409, "the log says what was asked for"
    back = '"shift_leader"'
    hers = f"update vaka.role_change set requested_by = '{ada}', wanted = jsonb_set(wanted, '{{0,role}}', '{back}')"
    logs.execute("platform", hers, unguarded=True)
    logs.execute("platform", anew, unguarded=True)
    refused = await algot.decide_roles()
    assert refused.status == 409, "and by whom"
    assert held(installation, logs, account) == ["operator ekbacka"]
    logs.execute("platform", f"update vaka.role_change set requested_by = '{kept['requested_by']}'", unguarded=True)
    logs.execute("platform", anew, unguarded=True)
    assert (await berit.decide_roles()).status == 303, "as it was, it is approved"


async def test_an_approval_is_worth_one_request_once(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    account, place = await make_colleague(installation, "operator"), installation.authorities["ekbacka"].id
    await ask(algot, installation, account)
    waiting = {**fields_in(await berit.get("/requests"), "/requests/roles"), "verdict": "approved", "reason": ""}
    shown = await berit.browser.post("/requests/roles", waiting)
    touched = {
        **fields_in(shown.text, "/requests/roles"), "answer": berit.key.touch(options_in(shown.text)),
    }  # fmt: skip
    assert (await berit.browser.post("/requests/roles", touched)).status == 303
    async with platform_as(installation.server, "setup") as setup:
        await revoke_role(setup, account, "shift_leader", place, actor="setup", now=datetime.now(UTC))
    assert (await berit.browser.post("/requests/roles", touched)).status == 409
    await ask(algot, installation, account)
    other = fields_in(await berit.get("/requests"), "/requests/roles")
    assert other["digest"] != waiting["digest"], (
        "the same roles of the same account, asked for anew, are something else"
    )
    replayed = await berit.browser.post("/requests/roles", {**touched, **other})
    assert replayed.status == 403, "the touch was for the request before"
    async with platform_as(installation.server, "office") as office:
        said = await (
            await office.execute(
                "select decide_role_change(%s, decode(%s, 'hex'), 'approved', %s, '', null, now())",
                (other["request"], waiting["digest"], installation.accounts["ada"]),
            )
        ).fetchone()
        assert said == ("changed",)
    assert held(installation, logs, account) == ["operator ekbacka"]


async def test_what_a_script_changes_behind_the_page_is_not_done(
    algot: Administrator, installation: Installation, logs: Logs
) -> None:
    account, place = await make_colleague(installation), installation.authorities["ekbacka"].id
    said = f'[{{"kind": "give", "role": "shift_leader", "authority": "{place}", "until": null}}]'
    refused = await algot.move(account, role="operator", where=[place], changed={"said": said})
    assert refused.status == 403
    for broken in ("x", "{}", "[1]", '[{"kind": "give"}]', "[" * 5000):
        assert (await algot.move(account, said=broken)).status == 400, broken[:20]
    assert logs.ask("platform", "select 1 from vaka.role_change") == []


@pytest.mark.parametrize("component", ["office", "setup"])
async def test_no_process_gives_a_role_by_a_statement_of_requests(
    algot: Administrator, installation: Installation, logs: Logs, component: str
) -> None:
    """With that process's own login role: it asks, the office decides as another, and nothing else."""
    account = await make_colleague(installation, "operator")
    await ask(algot, installation, account)
    adam = installation.accounts["adam"]
    async with platform_as(installation.server, component) as rogue:
        for statement in (
            "update role_change set state = 'approved'",
            "delete from role_change",
            forged(installation, account, "approved")[1],
            f"select carry_out_role_change('{uuid4()}', '{account}', '[]', 'x', 'account:{adam}', now())",
            *(["insert into role_grant (account_id, role, granted_at) values (gen_random_uuid(), 'x', now())"]
              if component == "office" else
              ["select decide_role_change(id, digest, 'approved', decided_by, '', null, now()) from role_change"]),
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await rogue.execute(statement.encode())
    for who, said in (("adam", "own"), ("olga", "stranger")):
        async with platform_as(installation.server, "office") as office:
            answer = await (
                await office.execute(
                    "select decide_role_change(id, digest, 'approved', %s, '', null, now()) from role_change",
                    (installation.accounts[who],),
                )
            ).fetchone()
            assert answer == (said,)
    assert held(installation, logs, account) == ["operator ekbacka"]
