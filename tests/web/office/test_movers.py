# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Movers in the office (terms 2, 8 and 9): one asks for other roles, another human approves all of it or nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.confirming import decide_request
from tests.platform import make_account, platform_as
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator
from tests.web.office.conftest import enter
from tests.web.office.movers import held, line, make_colleague, told_since
from tests.web.portal.conftest import Logs
from vaka.access.grants import read_grants, revoke_role
from vaka.access.principal import Principal
from vaka.access.requests import list_requests
from vaka.access.role_lines import RoleLine, WantedRoles
from vaka.access.settling import lapse_role_changes
from vaka.identity.leaving import put_out_account
from vaka.identity.sessions import Session, find_session, open_session
from vaka.web.office.office import Office

pytestmark = pytest.mark.anyio


def ekbacka(installation: Installation) -> UUID:
    return installation.authorities["ekbacka"].id


async def lead(who: Administrator, installation: Installation, account: UUID, **how: Any) -> Any:
    """Ask that an operator becomes a shift leader."""
    return await who.move(
        account, ends=[line(installation, "operator")], role="shift_leader", where=[ekbacka(installation)], **how
    )


async def test_a_mover_loses_one_role_and_gets_another_once_another_has_approved_it(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    account, now = await make_colleague(installation, "operator"), datetime.now(UTC)
    async with platform_as(installation.server, "signin") as signin:
        token = await open_session(signin, account, "operator", "test", now)
    mark = logs.mark("platform")
    asked = await lead(algot, installation, account)
    assert (asked.status, asked.header("location")) == (303, "/requests"), asked.text
    assert held(installation, logs, account) == ["operator ekbacka"], "nothing is done before it is approved"
    assert "Väntar på en annan administratör" in await algot.get(f"/account/{account}")
    waiting = await berit.get("/requests")
    for word in ("Moa Medarbetare", "Alarm operator, Ekbacka", "Shift leader, Ekbacka", "Byter uppgifter"):
        assert word in waiting, word
    approved = await berit.decide_roles()
    assert (approved.status, approved.header("location")) == (303, f"/account/{account}"), approved.text
    assert held(installation, logs, account) == ["shift_leader ekbacka"]
    assert told_since(logs, mark) == ["role.proposed"] * 2 + ["role.agreed"] * 2 + ["role.revoked", "role.granted"]
    told = [one for one in logs.since(mark, "platform") if one["event"].startswith("role.")]
    assert {one["object"] for one in told} == {f"account:{account}"}
    assert len({one["detail"]["digest"] for one in told[:4]}) == 1, "exactly what was asked for was approved"
    assert {one["detail"]["authority"] for one in told} == {str(ekbacka(installation))}
    assert [one["actor"] for one in told] == [f"account:{algot.browser.account}"] * 2 + [
        f"account:{berit.browser.account}"
    ] * 4
    assert all(len(one["detail"]["step_up"]) == 64 for one in told[:4]), "a key was touched over exactly that"
    assert "row.changed_by_hand" not in str(logs.since(mark, "platform"))
    async with platform_as(installation.server, "signin") as signin:
        assert await find_session(signin, token, now) is not None, "who works on stays signed in: an alarm may be his"
    page = await algot.get(f"/account/{account}")
    for word in ("Arbetsledare", "Adam Administratör", "Ada Administrator", "Roll tilldelad"):
        assert word in page, word


async def test_sessions_end_where_no_role_is_left(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    account, now = await make_colleague(installation, "operator"), datetime.now(UTC)
    async with platform_as(installation.server, "signin") as signin:
        token = await open_session(signin, account, "operator", "test", now)
    mark = logs.mark("platform")
    assert (await algot.move(account, ends=[line(installation, "operator")])).status == 303
    assert (await berit.decide_roles()).status == 303
    async with platform_as(installation.server, "signin") as signin:
        assert await find_session(signin, token, now) is None
    assert told_since(logs, mark) == ["role.proposed", "role.agreed", "role.revoked", "session.ended"]


async def test_term_02_3_who_asked_approves_nothing_in_another_session_nor_under_another_name(
    algot: Administrator, berit: Administrator, strict: Office, installation: Installation, logs: Logs
) -> None:
    account = await make_colleague(installation, "operator")
    assert (await lead(algot, installation, account)).status == 303
    page = await algot.get("/requests")
    assert "Någon annan måste godkänna det." in page
    assert 'value="approved"' not in page
    again = Administrator(await enter(strict, installation, "adam"), algot.key)
    assert (await again.enter()).status == 303
    named = f"update vaka.account set display_name = %s where id = '{again.browser.account}'"
    logs.execute("platform", named.replace("%s", "'Adam Nygift'"), unguarded=True)
    try:
        for who in (algot, again):
            mark = logs.mark("platform")
            refused = await who.decide_roles()
            assert refused.status == 403
            assert "det som man själv har begärt" in refused.text
            [denied] = [one for one in logs.since(mark, "platform") if one["event"] == "access.denied"]
            assert (denied["actor"], denied["detail"]["address"]) == (
                f"account:{algot.browser.account}", "/requests/roles"
            )  # fmt: skip
    finally:
        logs.execute("platform", named.replace("%s", "'Adam Administratör'"), unguarded=True)
    assert held(installation, logs, account) == ["operator ekbacka"]
    assert (await berit.decide_roles("withdrawn")).status == 403, "only who asked takes it back"
    assert (await again.decide_roles("withdrawn")).status == 303
    assert "Återtagen" in await algot.get("/requests")
    assert held(installation, logs, account) == ["operator ekbacka"]


async def test_term_02_5_nobody_approves_his_own_roles_with_his_other_account(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    [human] = logs.ask("platform", f"select human from vaka.account where id = '{berit.browser.account}'")
    hers = await make_account(installation.server, "Ada Administrator", human=human["human"], now=datetime.now(UTC))
    try:
        where = [ekbacka(installation)]
        assert (await algot.move(hers, role="operator", where=where)).status == 303
        refused = await berit.decide_roles()
        assert refused.status == 403
        assert "Nobody approves his own roles" in refused.text
        async with platform_as(installation.server, "office") as office:
            past_the_page = await office.execute(
                "select decide_role_change(id, digest, 'approved', %s, '', null, now()) from role_change",
                (installation.accounts["ada"],),
            )
            assert await past_the_page.fetchone() == ("own",)
        assert held(installation, logs, hers) == []
    finally:
        logs.execute("platform", f"delete from vaka.role_change where account_id = '{hers}'", unguarded=True)
        logs.execute("platform", f"delete from vaka.account where id = '{hers}'", unguarded=True)


async def test_a_refusal_needs_a_reason_and_changes_nothing(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    account = await make_colleague(installation, "operator")
    assert (await lead(algot, installation, account)).status == 303
    assert (await lead(algot, installation, account)).status == 409, "one thing at a time"
    assert (await berit.decide_roles("refused")).status == 400
    assert (await berit.decide_roles("refused", "Ingen tjänst finns")).status == 303
    assert held(installation, logs, account) == ["operator ekbacka"]
    assert "Ingen tjänst finns" in await algot.get("/requests")


async def test_all_of_it_is_done_or_nothing(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    """What the mover was to lose he lost meanwhile: he does not get the rest by an approval of something else."""
    account = await make_colleague(installation, "operator", "device_technician")
    assert (await lead(algot, installation, account)).status == 303
    waiting = await berit.get("/requests")
    async with platform_as(installation.server, "setup") as setup:
        await revoke_role(setup, account, "operator", ekbacka(installation), actor="setup", now=datetime.now(UTC))
    mark = logs.mark("platform")
    assert "Shift leader" in waiting
    refused = await berit.decide_roles()
    assert refused.status == 409
    assert "does not hold a role any more" in refused.text
    assert held(installation, logs, account) == ["device_technician ekbacka"]
    assert told_since(logs, mark) == []


@pytest.mark.parametrize(
    ("had", "asked", "status", "said"),
    [
        (("quality_reviewer",), {"role": "operator", "where": True}, 409, "får inte innehas av samma människa"),
        (("operator",), {"role": "operator", "where": True}, 409, "har redan en roll"),
        ((), {"ends": ["operator"]}, 409, "har inte längre en roll"),
        (("operator",), {"role": "administrator", "where": True}, 409, "Administratörsroller"),
        ((), {"role": "operator", "where": True, "until": "2001-01-01"}, 400, "Slutet har redan varit"),
        ((), {"role": "owner", "where": True}, 400, "ingen sådan roll"),
        ((), {"role": "operator"}, 400, "Välj både en roll"),
        ((), {}, 400, "Välj minst en roll"),
        (("operator",), {"ends": ["operator"], "role": "operator", "where": True}, 400, "både fås och mistas"),
        ((), {"role": "operator", "where": True, "reason": "ring 070-174 06 21"}, 400, "Skriv varför"),
        ((), {"role": "operator", "where": True, "reason": ""}, 400, "Skriv varför"),
    ],
)
async def test_what_cannot_be_is_refused_before_anybody_is_asked(
    algot: Administrator, installation: Installation, logs: Logs, had: tuple[str, ...], asked: dict[str, Any],
    status: int, said: str,
) -> None:  # fmt: skip
    account = await make_colleague(installation, *had)
    how = {**asked, "where": [ekbacka(installation)] if asked.get("where") else [],
           "ends": [line(installation, one) for one in asked.get("ends", ())]}  # fmt: skip
    mark = logs.mark("platform")
    answer = await algot.move(account, **how)
    assert answer.status == status
    assert said in answer.text
    assert logs.ask("platform", "select 1 from vaka.role_change") == []
    assert told_since(logs, mark) == [], "what was tried was taken back"


async def test_an_auditor_is_asked_for_with_an_end_within_a_year(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    """It is said before anybody touches a key, also where the authority would be asked; the page says it beforehand."""
    account, today = await make_colleague(installation), datetime.now(UTC).date()
    assert "Revisor: en sådan dag behövs, högst 366 dagar bort." in await algot.get(f"/account/{account}/roles")
    mark = logs.mark("platform")

    async def ask(who: Administrator, until: object) -> Any:
        return await who.move(account, role="auditor", where=[ekbacka(installation)], until=str(until))

    for until in ("", today + timedelta(days=368)):
        refused = await ask(algot, until)
        assert refused.status == 409
        assert "Rollen revisor ges bara på tid: den behöver ett slut, högst 366 dagar bort." in refused.text
        assert 'value="auditor" selected' in refused.text, "what was filled in stands there still"
    english = await ask(berit, "")
    assert "The role auditor is given for a time alone" in english.text
    assert (told_since(logs, mark), logs.ask("platform", "select 1 from vaka.role_change")) == ([], [])
    end = today + timedelta(days=365)
    assert (await ask(algot, end)).status == 303
    assert f"Auditor, Ekbacka kommun, until {end} 0" in await berit.get("/requests")
    assert (await berit.decide_roles()).status == 303
    held_until = "select valid_until from vaka.role_grant where account_id = %(account)s"
    [row] = logs.ask("platform", held_until, {"account": account})
    assert row["valid_until"] == datetime(end.year, end.month, end.day, tzinfo=UTC)


async def test_who_is_out_gets_no_roles(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    account = await make_colleague(installation, "operator")
    assert (await lead(algot, installation, account)).status == 303
    async with platform_as(installation.server, "setup") as setup:
        await put_out_account(setup, account, actor="setup", now=datetime.now(UTC))
    refused = await berit.decide_roles()
    assert refused.status == 409
    assert held(installation, logs, account) == ["operator ekbacka"]
    assert (await algot.decide_roles("withdrawn")).status == 303
    page = await algot.get(f"/account/{account}/roles")
    assert "Kontot är inte aktivt" in page
    assert (await lead(algot, installation, account)).status == 409


async def test_term_10_1_administrators_rights_are_for_administrators_accounts_and_two_are_left(
    algot: Administrator, installation: Installation, logs: Logs
) -> None:
    berits, place = installation.accounts["ada"], ekbacka(installation)
    refused = await algot.move(berits, role="operator", where=[place])
    assert refused.status == 409
    assert "ett administratörskonto har inga andra" in refused.text
    refused = await algot.move(berits, ends=["administrator -"])
    assert refused.status == 409
    assert "Två administratörer måste finnas kvar" in refused.text
    assert "administrator -" in held(installation, logs, berits)


async def test_the_last_approver_of_an_authority_stays(algot: Administrator, installation: Installation) -> None:
    """Nobody could approve a successor."""
    place = installation.authorities["norrvik"].id
    alone = await make_colleague(installation, "access_approver", where="norrvik")
    refused = await algot.move(alone, ends=[f"access_approver {place}"])
    assert refused.status == 409
    assert "Ingen annan godkänner behörigheter" in refused.text
    sooner = await algot.move(alone, role="access_approver", where=[place], until="2099-01-01")
    assert sooner.status == 409, "nor does it get an end"
    await make_colleague(installation, "access_approver", where="norrvik")
    assert (await algot.move(alone, ends=[f"access_approver {place}"])).status == 303


async def test_term_09_1_what_the_authority_has_designated_waits_for_it(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    place, beata, now = ekbacka(installation), installation.accounts["beata"], datetime.now(UTC)
    account = await make_colleague(installation, "operator")
    designate = f"insert into vaka.designated_role values ('{place}', 'shift_leader', now(), '{beata}', 'KS 2026/31')"
    logs.execute("platform", designate, unguarded=True)
    try:
        asked = await lead(algot, installation, account)
        assert asked.status == 303
        assert "Gets once the authority has approved it too" in await berit.get("/requests")
        mark = logs.mark("platform")
        assert (await berit.decide_roles()).status == 303
        assert held(installation, logs, account) == [], (
            "it ends at once, and nothing is held before the authority said so"
        )
        assert told_since(logs, mark) == ["role.agreed"] * 2 + ["role.revoked", "role.requested"]
        assert "Väntar på myndigheten" in await algot.get(f"/account/{account}")
        again = await algot.move(account, role="shift_leader", where=[place])
        assert again.status == 409
        assert "Myndigheten har redan fått frågan" in again.text
        async with platform_as(installation.server, "portal") as portal:
            [request] = [one for one in await list_requests(portal, place) if one.account_id == account]
            assert (request.kind, request.reason, request.state) == ("approval", "Byter uppgifter", "waiting")
            session = Session(uuid4(), beata, "authority", now, now + timedelta(hours=8), "Beata", "user", "sv")
            approver = Principal(session, await read_grants(portal, beata, now))
            await decide_request(portal, approver, place, request.id, request.digest, "approved", reason="Ja", now=now)
            grants = await read_grants(portal, account, datetime.now(UTC))
        assert [one.role for one in grants] == ["shift_leader"]
        page = await algot.get(f"/account/{account}")
        for word in ("Arbetsledare", "godkänd av myndigheten", "Ada Administrator"):
            assert word in page, word
    finally:
        logs.execute("platform", "delete from vaka.designated_role", unguarded=True)


async def test_what_nobody_answers_lapses(algot: Administrator, installation: Installation, logs: Logs) -> None:
    account = await make_colleague(installation, "operator")
    assert (await lead(algot, installation, account)).status == 303
    mark = logs.mark("platform")
    async with platform_as(installation.server, "scheduler") as scheduler:
        assert await lapse_role_changes(scheduler, datetime.now(UTC)) == 0
        assert await lapse_role_changes(scheduler, datetime.now(UTC) + timedelta(days=15)) == 1
    assert told_since(logs, mark) == ["role.declined"] * 2
    assert "Gick ut" in await algot.get("/requests")
    assert held(installation, logs, account) == ["operator ekbacka"]


async def test_term_10_3_authorities_are_told_of_what_is_asked_about_their_administrators(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    """Of a role with such rights; and of every role with the same authority of somebody who holds such rights."""
    account, place, other = await make_colleague(installation, "operator"), ekbacka(installation), "norrvik"

    def told(mark: int) -> list[tuple[str, UUID]]:
        rows = logs.ask(
            "platform", f"select event, authority_id from vaka.notice where object = 'account:{account}'"
            f" and entry > {mark} and event in ('role.proposed', 'role.agreed') order by entry",
        )  # fmt: skip
        return [(row["event"], row["authority_id"]) for row in rows]

    mark = logs.mark("platform")
    assert (await algot.move(account, role="operator", where=[installation.authorities[other].id])).status == 303
    assert (await berit.decide_roles()).status == 303
    assert told(mark) == [], "an operator administers nothing"
    assert (await algot.move(account, role="shift_leader", where=[place])).status == 303
    assert told(mark) == [("role.proposed", place)], "one who would"
    assert (await berit.decide_roles()).status == 303
    mark = logs.mark("platform")
    ends = [line(installation, "operator"), line(installation, "operator", other)]
    assert (await algot.move(account, ends=ends)).status == 303
    assert told(mark) == [("role.proposed", place)], "one who does, and only where he does"


async def test_what_is_approved_has_the_same_fingerprint_on_both_sides(installation: Installation, logs: Logs) -> None:
    place, other = installation.authorities["ekbacka"].id, installation.authorities["norrvik"].id
    lines = (
        RoleLine("give", "shift_leader", place, datetime(2027, 1, 1, tzinfo=UTC)),
        RoleLine("give", "operator", other),
        RoleLine("give", "operator", place),
        RoleLine("end", "administrator", None),
    )
    for chosen in (lines, lines[:1], lines[::-1]):
        wanted = WantedRoles(uuid4(), uuid4(), uuid4(), uuid4(), chosen, "Åter på våning ö")
        [row] = logs.ask(
            "platform", "select vaka.role_change_digest(%(id)s, %(account)s, %(human)s, %(by)s, %(wanted)s, %(reason)s)"
            " as digest", {
                "id": wanted.id, "account": wanted.account_id, "human": wanted.human, "by": wanted.by,
                "wanted": Jsonb([one.as_kept for one in chosen]), "reason": wanted.reason,
            },
        )  # fmt: skip
        assert bytes(row["digest"]) == wanted.digest
