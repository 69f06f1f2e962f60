# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Designated roles (term 9): no approval by the authority, no permission; whatever stands in the database."""

from datetime import UTC, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.access.register import REASON, Register, place
from tests.access.test_decide import principal
from tests.confirming import designate_role, release_role
from tests.platform import platform_as
from vaka.access.decide import NotAllowedError, NothingHereError
from vaka.access.designation import list_designations, list_held
from vaka.access.grants import ApprovalNeededError, grant_role, list_colleagues, revoke_role
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.requests import NotDecidableError, NotRequestableError, RoleRequest
from vaka.access.roles import ROLES
from vaka.database.server import Server
from vaka.errors import Category
from vaka.ledger.standing import LedgerStandsStillError

pytestmark = [pytest.mark.anyio, pytest.mark.database]

ROLE = "operator"
GRANT = (
    "insert into role_grant (account_id, role, authority_id, granted_at, valid_until, request_id)"
    " values (%s, %s, %s, %s, %s, %s)"
)


@pytest.fixture
async def register(server: Server) -> Register:
    """An authority with a contract officer and an approver, which has designated operators."""
    made = Register(server, place(server))
    await designate(made, ROLE)
    return made


async def officer(register: Register) -> Principal:
    return await register.principal(await register.account("contract_officer"))


async def approver(register: Register) -> Principal:
    return await register.principal(await register.account("access_approver"))


async def designate(register: Register, role: str, who: Principal | None = None, holders: bytes | None = None) -> None:
    async with platform_as(register.server, "portal") as portal:
        shown = {one.role: one.holders for one in await list_designations(portal, register.authority.id)}
        await designate_role(
            portal, who or await officer(register), register.authority.id, role, holders or shown[role],
            reason=REASON, now=register.now,
        )  # fmt: skip


def own(register: Register, mark: int, account: UUID) -> list[dict[str, Any]]:
    return [one for one in register.since(mark) if one["object"] == f"account:{account}"]


async def test_term_09_1_without_approval_nothing_is_permitted(register: Register) -> None:
    account = await register.account("shift_leader")
    mark = register.mark()
    with pytest.raises(ApprovalNeededError) as refused:
        await register.grant(account, ROLE)
    assert refused.value.category is Category.CONFLICT
    asked = await register.request(account, ROLE)
    assert await register.roles(account) == {"shift_leader"}
    who = await approver(register)
    await register.decide(asked, who, "refused")
    assert await register.roles(account) == {"shift_leader"}
    again = await register.request(account, ROLE)
    await register.decide(again, who)
    assert await register.roles(account) == {"shift_leader", ROLE}
    told = own(register, mark, account)
    assert [one["event"] for one in told] == [
        "role.requested", "role.refused", "role.requested", "role.approved",
    ]  # fmt: skip
    assert (told[-1]["actor"], told[-1]["detail"]["digest"]) == (who.actor, again.digest.hex())


async def test_what_is_not_designated_needs_no_request(register: Register) -> None:
    account = await register.account("device_technician")
    assert await register.roles(account) == {"device_technician"}
    with pytest.raises(NotRequestableError):
        await register.request(account, "shift_leader")


async def test_every_decision_reads_what_is_worth_something(register: Register) -> None:
    """Signing in, the desk, the portal (in roles), whom an alarm can be handed to: none sees what nobody approved."""
    account = await register.account()
    register.ask(GRANT, account, ROLE, register.authority.id, register.now, None, None)
    asked = await register.request(await register.account(), ROLE)
    await register.decide(asked, await approver(register))
    async with platform_as(register.server, "desk") as desk:
        colleagues = await list_colleagues(desk, register.authority.id, register.now)
    assert [one.account_id for one in colleagues] == [asked.account_id]


async def test_the_digest_binds_human_account_role_authority_and_time(register: Register) -> None:
    until = register.now + timedelta(days=90)
    asked = await register.request(await register.account(), ROLE, valid_until=until)
    text = "\n".join(
        [
            "vaka role grant 1", str(await register.human(asked.account_id)), str(asked.account_id), ROLE,
            str(register.authority.id),
            *(at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") for at in (asked.valid_from, until)),
        ]
    )  # fmt: skip
    assert asked.digest == sha256(text.encode()).digest()


async def test_term_09_2_neither_the_supplier_nor_the_same_human_approves(register: Register) -> None:
    here = register.authority.id
    account = await register.account("access_approver")
    other = await register.account("contract_officer", kind="administrator", human=await register.human(account))
    await designate(register, "archivist")
    for_himself = await register.request(account, "archivist")
    for_his_other = await register.request(other, "archivist")
    someones = await register.request(await register.account(), ROLE)
    # For himself, and for the other account of the same human. As an administrator he is the supplier's besides.
    for asked in (for_himself, for_his_other, someones):
        with pytest.raises(NotDecidableError) as refused:
            await register.decide(asked, await register.principal(account))
        assert refused.value.category is Category.FORBIDDEN
    alone = await approver(register)
    with pytest.raises(NotDecidableError) as refused:
        await register.decide(await register.request(alone.account_id, "archivist"), alone)
    assert "åt sig själv" in refused.value.sentence.sv
    # Everybody whom no rule allows it: each role, each realm, another authority, an administrator.
    others = [principal((role, here), realm=ROLES[role].realm) for role in {*ROLES} - {"access_approver"}]
    others += [
        principal(("access_approver", here), realm="operator"),
        principal(("access_approver", here), kind="administrator", realm="authority"),
        principal(("access_approver", uuid4()), realm="authority"),
        principal(("access_approver", None), realm="authority"),
    ]
    for who in others:
        with pytest.raises((NotAllowedError, NothingHereError)):
            await register.decide(someones, who)
    # Somebody who says that he is one, and of whom the database knows nothing.
    with pytest.raises(NotDecidableError):
        await register.decide(someones, principal(("access_approver", here), realm="authority"))
    # The supplier's operator whom somebody has written the approver's role, with the triggers off.
    operator = await register.account("shift_leader")
    register.ask(GRANT, operator, "access_approver", here, register.now, None, None, unguarded=True)
    with pytest.raises(NotDecidableError) as refused:
        await register.decide(someones, await register.principal(operator))
    assert "Leverantörens" in refused.value.sentence.sv
    assert (await register.find(someones.id)).state == "waiting"


async def test_term_09_3_an_approval_is_worth_nothing_for_another_grant(register: Register) -> None:
    who = await approver(register)
    await designate(register, "shift_leader")
    until = register.now + timedelta(days=30)
    approved = await register.request(await register.account(), ROLE, valid_until=until)
    other = await register.request(await register.account(), "shift_leader")
    with pytest.raises(NotDecidableError) as refused:
        await register.decide(other, who, digest=approved.digest)
    assert (refused.value.category, refused.value.sentence.sv) == (
        Category.CONFLICT, "Det är inte det som du har sett. Läs sidan en gång till. Inget har ändrats.",
    )  # fmt: skip
    await register.decide(approved, who)
    # P's approval for X, put under Q, under Y, for longer, or from another day.
    somebody, granted = await register.account(), approved.valid_from
    here = register.authority.id
    for account, role, since, end in (
        (somebody, ROLE, granted, until), (approved.account_id, "shift_leader", granted, until),
    ):  # fmt: skip
        register.ask(GRANT, account, role, here, since, end, approved.id)
        assert role not in await register.roles(account)
    for change, before in (("valid_until = null", until), ("granted_at = granted_at - interval '1 day'", None)):
        register.ask(f"update role_grant set {change} where account_id = %s and role = %s", approved.account_id, ROLE)
        assert await register.roles(approved.account_id) == set(), change
        if before is not None:
            register.ask(
                "update role_grant set valid_until = %s where account_id = %s and role = %s",
                before, approved.account_id, ROLE,
            )  # fmt: skip
            assert await register.roles(approved.account_id) == {ROLE}, "as it was approved, it is worth something"


async def test_a_request_that_was_altered_is_not_approved(register: Register) -> None:
    asked = await register.request(await register.account(), ROLE)
    somebody = await register.account()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        register.ask("update role_request set account_id = %s where id = %s", somebody, asked.id)
    register.ask(
        "update role_request r set account_id = a.id, human = a.human, digest = grant_digest(a.human, a.id, r.role,"
        " r.authority_id, r.valid_from, r.valid_until) from account a where a.id = %s and r.id = %s",
        somebody, asked.id, unguarded=True,
    )  # fmt: skip
    altered = await register.find(asked.id)
    with pytest.raises(NotDecidableError) as refused:
        await register.decide(altered, await approver(register))
    assert refused.value.category is Category.CONFLICT
    assert await register.roles(somebody) == set()


async def test_term_09_4_a_row_by_sql_is_worth_nothing_and_is_told_of_once(register: Register) -> None:
    account = await register.account()
    values = (account, ROLE, register.authority.id, register.now, None, None)
    mark = register.mark()
    register.ask(f"do $$ begin set role vaka_owner; end $$; {GRANT % tuple(map(quoted, values))}")
    for _ in range(3):
        assert await register.roles(account) == set()
        await register.settle()
    told = own(register, mark, account)
    assert [(one["event"], one["actor"]) for one in told] == [("role.unauthorised", "scheduler")]
    assert told[0]["detail"] == {"role": ROLE, "authority": str(register.authority.id)}
    async with platform_as(register.server, "portal") as portal:
        [held] = [one for one in await list_held(portal, register.authority.id, register.now) if one.role == ROLE]
    assert (held.account_id, held.effective) == (account, False)
    # Altered, it is told of anew; also by whoever turns the triggers off.
    register.ask("update role_grant set granted_at = granted_at - interval '1 day' where account_id = %s", account,
                 unguarded=True)  # fmt: skip
    for _ in range(2):
        await register.settle()
    assert [one["event"] for one in own(register, mark, account)] == ["role.unauthorised"] * 2


async def test_an_approval_without_its_entry_is_none(register: Register) -> None:
    """With the triggers off a request can be written as approved; the log does not know of it."""
    account = await register.account()
    asked = await register.request(account, ROLE)
    register.ask("update role_request set state = 'approved', decided_by = account_id, decided_at = now()"
                 " where id = %s", asked.id, unguarded=True)  # fmt: skip
    register.ask(GRANT, account, ROLE, register.authority.id, asked.valid_from, None, asked.id)
    assert await register.roles(account) == set()
    # Nor does the entry help that its owner would write: only the portal's login says that it was approved.
    with pytest.raises(psycopg.errors.CheckViolation):
        register.ask(
            "select ledger.append(now(), 'role.approved', 'account:x', %s, 'success', %s)",
            f"account:{account}", Jsonb({"digest": asked.digest.hex()}),
        )  # fmt: skip


async def test_what_was_taken_back_is_not_put_there_again(register: Register) -> None:
    account = await register.account()
    asked = await register.request(account, ROLE)
    await register.decide(asked, await approver(register))
    async with platform_as(register.server, "setup") as setup:
        assert await revoke_role(setup, account, ROLE, register.authority.id, actor="x", now=register.now)
    assert (await register.find(asked.id)).state == "ended"
    register.ask(GRANT, account, ROLE, register.authority.id, asked.valid_from, None, asked.id)
    assert await register.roles(account) == set()


async def test_term_09_5_without_the_authority_no_role_is_released(register: Register) -> None:
    here = register.authority.id
    for statement in ("delete from designated_role where authority_id = %s",
                      "update designated_role set role = 'x' where authority_id = %s"):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            register.ask(statement, here)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            register.ask(f"do $$ begin set role vaka_owner; {statement % quoted(here)}; end $$")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        register.ask("truncate designated_role")
    for component in ("setup", "desk", "signin", "scheduler"):
        async with platform_as(register.server, component) as connection:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute("select release_role(%s, %s, %s, 'x', now())", (here, ROLE, uuid4()))
    mark = register.mark()
    agneta, holder = await officer(register), await register.account("contract_officer")
    await designate(register, "contract_officer", await approver(register))
    async with platform_as(register.server, "portal") as portal:
        for role in {*ROLES} - {"contract_officer", "access_approver"}:
            with pytest.raises((NotAllowedError, NothingHereError)):
                await release_role(portal, principal((role, here), realm=ROLES[role].realm), here, ROLE, reason=REASON,
                                   now=register.now)  # fmt: skip
        with pytest.raises(NotDecidableError):  # his own role
            await release_role(portal, await register.principal(holder), here, "contract_officer", reason=REASON,
                               now=register.now)  # fmt: skip
        await release_role(portal, agneta, here, ROLE, reason=REASON, now=register.now)
        with pytest.raises(NotDecidableError):
            await release_role(portal, agneta, here, ROLE, reason=REASON, now=register.now)
    released = [one for one in register.since(mark) if one["event"] == "role.released"]
    assert [(one["actor"], one["detail"]["role"], one["detail"]["reason"]) for one in released] == [
        (agneta.actor, ROLE, REASON)
    ]
    account = await register.account(ROLE)
    assert await register.roles(account) == {ROLE}


async def test_who_holds_a_role_when_it_is_designated_keeps_it(register: Register) -> None:
    first, second = await register.account("shift_leader"), await register.account("shift_leader")
    async with platform_as(register.server, "portal") as portal:
        shown = {one.role: one for one in await list_designations(portal, register.authority.id)}
    assert not shown["shift_leader"].is_designated
    assert shown[ROLE].is_designated
    await register.grant(await register.account(), "shift_leader")
    with pytest.raises(NotDecidableError) as refused:  # there is one more by now
        await designate(register, "shift_leader", holders=shown["shift_leader"].holders)
    assert refused.value.category is Category.CONFLICT
    mark = register.mark()
    await designate(register, "shift_leader")
    for account in (first, second):
        assert await register.roles(account) == {"shift_leader"}
        assert [one["event"] for one in own(register, mark, account)] == ["role.approved"]
    events = [one["event"] for one in register.since(mark) if one["event"].startswith("role.")]
    assert sorted(events) == ["role.approved"] * 3 + ["role.designated", "role.granted"]  # the officer's own
    assert "row.changed_by_hand" not in {one["event"] for one in register.since(mark)}
    with pytest.raises(NotDecidableError):
        await designate(register, "shift_leader")
    with pytest.raises(NotDecidableError):  # nobody approves himself by designating what he holds
        await designate(register, "access_approver", await approver(register))


async def emergency(register: Register, account: UUID) -> RoleRequest:
    return await register.request(account, ROLE, "emergency", hours=8)


async def test_term_09_7_an_emergency_that_nobody_approves_ends(register: Register) -> None:
    who = await approver(register)
    account, mark = await register.account(), register.mark()
    asked = await emergency(register, account)
    assert await register.roles(account) == {ROLE}, "at once"
    await register.settle()
    assert await register.roles(account) == {ROLE}
    register.now = asked.valid_from + timedelta(hours=8)
    assert await register.roles(account) == set(), "also while no scheduler works"
    with pytest.raises(NotDecidableError):
        await register.decide(asked, who)
    for _ in range(2):
        await register.settle()
    told = own(register, mark, account)
    assert [one["event"] for one in told] == ["role.requested", "role.lapsed"]
    assert (told[0]["detail"]["kind"], told[1]["detail"]["reason"]) == ("emergency", "not_approved")
    assert register.ask("select 1 from role_grant where account_id = %s", account) == []
    with pytest.raises(NotRequestableError):  # no chain of them
        await emergency(register, account)


async def test_an_emergency_that_is_approved_goes_on_and_one_that_is_refused_ends(register: Register) -> None:
    who = await approver(register)
    kept, taken = await register.account(), await register.account()
    for account, verdict in ((kept, "approved"), (taken, "refused")):
        asked = await emergency(register, account)
        assert await register.roles(account) == {ROLE}
        await register.decide(asked, who, verdict)  # type: ignore[arg-type]
    register.now += timedelta(days=2)
    await register.settle()
    assert await register.roles(kept) == {ROLE}
    assert await register.roles(taken) == set()


@pytest.mark.parametrize("hours", [None, 0, 25])
async def test_an_emergency_is_short(register: Register, hours: int | None) -> None:
    account = await register.account()
    with pytest.raises(NotRequestableError):
        await register.request(account, ROLE, "emergency", hours=hours)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        register.ask("insert into role_request select * from role_request where false union all"
                     " select gen_random_uuid(), 'emergency', id, human, 'operator', %s, now(), null, sha256(''), 'x',"
                     " null, null, 'x', now() + interval '1 hour', 'waiting', null, null, null, 1 from account"
                     " where id = %s", register.authority.id, account)  # fmt: skip


async def test_a_request_that_nobody_answers_lapses(register: Register) -> None:
    asked, who = await register.request(await register.account(), ROLE), await approver(register)
    register.now += timedelta(days=30)
    await register.settle()
    assert (await register.find(asked.id)).state == "lapsed"
    with pytest.raises(NotDecidableError):
        await register.decide(asked, who)


async def test_a_role_for_nobody_and_of_no_name_is_not_asked_for(register: Register) -> None:
    async with platform_as(register.server, "setup") as setup:
        with pytest.raises(ApprovalNeededError):
            await grant_role(setup, uuid4(), ROLE, register.authority.id, actor="x", now=register.now)
    with pytest.raises(NotRequestableError):
        await register.request(uuid4(), ROLE)
    with pytest.raises(NotRequestableError):
        await register.request(await register.account(), ROLE, valid_until=register.now)


async def test_while_the_ledger_stands_still_nothing_is_asked_for_or_decided(register: Register) -> None:
    who, agneta = await approver(register), await officer(register)
    asked, nobody = await register.request(await register.account(), ROLE), await register.account()
    mark = register.mark()
    silent = register.now - timedelta(minutes=3)
    register.ask("insert into ledger.checkpoint (size, note, signed_at) values (1, '', %s)", silent)
    try:
        for act in (
            register.request(nobody, ROLE),
            register.decide(asked, who),
            designate(register, "archivist", agneta),
        ):
            with pytest.raises(LedgerStandsStillError):
                await act
    finally:
        register.ask("delete from ledger.checkpoint")
    assert register.since(mark) == []
    await register.decide(asked, who)
    assert await register.roles(asked.account_id) == {ROLE}


async def test_what_cannot_be_entered_is_not_decided(register: Register) -> None:
    who, asked = await approver(register), await register.request(await register.account(), ROLE)
    register.ask(
        "create function ledger.break_roles() returns trigger language plpgsql as"
        " $$begin raise exception 'no room' using errcode = 'disk_full'; end$$"
    )
    register.ask(
        "create trigger broken before insert on ledger.inbox for each row when (new.event = 'role.approved')"
        " execute function ledger.break_roles()"
    )
    try:
        with pytest.raises(psycopg.errors.DiskFull):
            await register.decide(asked, who)
    finally:
        register.ask("drop function ledger.break_roles() cascade")
    assert (await register.find(asked.id)).state == "waiting"
    assert await register.roles(asked.account_id) == set()


def test_who_approves_does_nothing_else_than_deciding_about_access() -> None:
    assert ROLES["access_approver"].permissions == {
        Permission.PORTAL_SEE_ACCESS, Permission.PORTAL_DESIGNATE_ROLE, Permission.PORTAL_APPROVE_ACCESS,
        Permission.PORTAL_SET_NOTICES, Permission.PORTAL_SET_ACTIVATION, Permission.PORTAL_APPROVE_ACTIVATION,
        Permission.PORTAL_OWN_KEYS, Permission.PORTAL_OWN_SESSIONS, Permission.PORTAL_OWN_CLIENTS,
        Permission.PORTAL_SEE_TERMS,
    }  # fmt: skip


def quoted(value: object) -> str:
    return "null" if value is None else f"'{value}'"
