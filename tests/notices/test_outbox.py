# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Each change of who holds administrator rights is a notice, written with it; the authority says where it goes."""

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.access.register import SETUP, Register
from tests.confirming import end_way, set_minutes, set_way
from tests.notices.desk import ROOMS, notices_of, tell_at
from tests.platform import platform_as
from vaka.access.decide import NotAllowedError, NothingHereError
from vaka.access.requests import NotDecidableError
from vaka.access.roles import PRIVILEGED_ROLES
from vaka.assurance.contract import ContractText, import_contract
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.identity.leaving import put_out_account
from vaka.notices.board import acknowledge, count_late, list_deliveries
from vaka.notices.kinds import KINDS
from vaka.notices.mail import write_mail
from vaka.notices.outbox import Due, Fault, take_due, tell_delivered, tell_hindered, tell_late
from vaka.notices.places import Place, UnusableWayError
from vaka.notices.ways import MOST_WAYS, list_ways
from vaka.notices.webhook import write_body
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MAIL = {"way": "mail", "address": "sakerhet@kommunen.example", "server": "mx.kommunen.example:25"}


@pytest.fixture
def register(server: Server, new_authority: Callable[..., Authority]) -> Register:
    return Register(server, new_authority())


async def officer(register: Register) -> UUID:
    return await register.account("contract_officer")


async def due_of(register: Register) -> list[Due]:
    async with platform_as(register.server, "notifier") as notifier:
        found = await take_due(notifier, register.now, 100)
    return [one for one in found if one.slug == register.authority.slug]


async def late(register: Register) -> int:
    async with platform_as(register.server, "scheduler") as scheduler:
        await tell_late(scheduler, register.now)
    async with platform_as(register.server, "portal") as portal:
        return await count_late(portal, register.authority.id, register.now)


def test_what_is_told_of_is_the_same_in_code_and_database(register: Register) -> None:
    told = {(event.value, kind.name) for kind in KINDS.values() for event in kind.events}
    assert set(register.ask("select event, kind from notice_event")) == told
    assert {role for (role,) in register.ask("select role from privileged_role")} == set(PRIVILEGED_ROLES)


def test_what_is_told_of_changes_with_a_migration_alone(register: Register) -> None:
    for statement in (
        "delete from notice_event",
        "insert into privileged_role values ('x')",
        "truncate privileged_role",
        "delete from notice_register where register = 'account_request'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            register.ask(statement)


async def test_each_change_of_a_holder_is_one_notice_to_whom_it_concerns(
    register: Register, new_authority: Callable[..., Authority]
) -> None:
    elsewhere = Register(register.server, new_authority())
    leader, operator = await register.account("shift_leader"), await register.account("operator")
    admin = await register.account(kind="administrator")
    async with platform_as(register.server, "setup") as setup:
        for account in (leader, operator, admin):
            await put_out_account(setup, account, actor=SETUP, now=register.now)
    told = {name: [one.event for one in await notices_of(register, account)]
            for name, account in (("leader", leader), ("operator", operator), ("admin", admin))}  # fmt: skip
    assert told == {
        "leader": ["account.deactivated", "role.granted"], "operator": [],
        "admin": ["account.deactivated", "account.created"],
    }  # fmt: skip
    assert await notices_of(elsewhere, leader) == []
    assert len(await notices_of(elsewhere, admin)) == 2, "an administrator reaches everybody"


async def test_what_somebody_does_by_hand_is_told_of_too(register: Register) -> None:
    account = await register.account("operator")
    register.ask(
        "insert into role_grant (account_id, role, authority_id, granted_at) values (%s, 'shift_leader', %s, now())",
        account, register.authority.id,
    )  # fmt: skip
    [told] = await notices_of(register, account)
    assert (told.event, told.object) == ("row.changed_by_hand", f"role_grant:{account}")


async def test_a_request_that_nobody_made_and_an_issuer_that_nobody_proposed_are_told_of(register: Register) -> None:
    """Two ways in for whoever may write rows: an approval of his own making, and an issuer of identities of his own."""
    account, issuer = await register.account("operator"), uuid4()
    register.ask(
        "insert into account_request"
        " (id, kind, account_id, human, reason, digest, requested_by, requested_at, answer_by)"
        " select %s, 'rename', id, human, 'x', %s, id, now(), now() + interval '1 day' from account where id = %s",
        uuid4(), bytes(32), account,
    )  # fmt: skip
    register.ask(
        "insert into trusted_issuer (id, name, content, proposed_by, proposed_at)"
        " values (%s, 'x-by-hand', '{}', %s, now())",
        issuer, account,
    )  # fmt: skip
    for told_of in (f"account_request:{account}", f"trusted_issuer:{issuer}"):
        [told] = await notices_of(register, UUID(told_of.partition(":")[2]))
        assert (told.event, told.object) == ("row.changed_by_hand", told_of)
    register.ask("delete from account_request where account_id = %s", account)
    register.ask("delete from trusted_issuer where id = %s", issuer)


async def test_what_is_rolled_back_is_not_told(register: Register) -> None:
    account = await register.account("operator")
    async with platform_as(register.server, "setup") as setup, setup.transaction(force_rollback=True):
        await setup.execute(
            "select ledger.append(now(), 'role.granted', 'x', %s, 'success', %s)",
            (f"account:{account}", f'{{"role": "shift_leader", "authority": "{register.authority.id}"}}'),
        )
    assert await notices_of(register, account) == []


async def test_another_text_of_the_contract_is_told_of_by_its_digest_alone(register: Register) -> None:
    """Each time it is another than before, in both languages, and in a post as a fact; never with a word of it."""
    who = await register.principal(await officer(register))
    way = await tell_at(register, who, **MAIL)  # type: ignore[arg-type]
    files = (b"annex as signed", b"annex as signed", b"annex as amended")
    async with await psycopg.AsyncConnection.connect(
        register.server.conninfo(SUPERUSER, PLATFORM_DATABASE)
    ) as hand:  # fmt: skip
        await hand.execute("set search_path = vaka")
        await hand.execute("set session authorization vaka_setup")
        for file in files:
            text = ContractText("Bilaga 9", sha256(file).hexdigest(), [f"Åtagande {one}" for one in range(1, 38)])
            await import_contract(hand, text, file, actor=SETUP, now=register.now)
        await hand.execute("reset session authorization")
        found = [one for one in await take_due(hand, register.now, 10_000) if one.way_id == way]
        await hand.rollback()  # what the platform's other authorities are shown stays as it was
    assert [one.kind for one in found] == ["contract"] * 2
    told = {}
    for one in found:
        mail, body = write_mail(one, "vaka@larm.example", ROOMS).get_content(), write_body(one, ROOMS).decode()
        digest = json.loads(body)["facts"]["sha256"]
        assert f"Filens SHA-256: {digest}" in mail
        assert f"SHA-256 of the file: {digest}" in mail
        assert f"{ROOMS.portal}/log/{register.authority.slug}/terms" in mail
        assert not [word for word in ("Åtagande", "Bilaga", "annex") if word in mail + body]
        told[digest] = one.notice_id
    assert set(told) == {sha256(file).hexdigest() for file in files}


async def test_it_goes_where_the_authority_said_and_is_put_off_until_it_is_taken(register: Register) -> None:
    who = await register.principal(await officer(register))
    way = await tell_at(register, who, **MAIL)  # type: ignore[arg-type]
    account = await register.account("shift_leader")
    [notice] = await due_of(register)
    assert (notice.way_id, notice.address, notice.object) == (way, MAIL["address"], f"account:{account}")
    assert await due_of(register) == [], "in hand"
    for seconds in (20, 40, 80):
        register.now += timedelta(seconds=seconds)
        assert [one.notice_id for one in await due_of(register)] == [notice.notice_id]
    mark = register.mark()
    async with platform_as(register.server, "notifier") as notifier:
        for _ in range(2):
            await tell_hindered(notifier, notice, Fault.UNREACHABLE, register.now)
        for _ in range(2):
            await tell_delivered(notifier, notice, "250 abc", register.now)
    assert [(one["event"], one["actor"], one["detail"].get("receipt")) for one in register.since(mark)] == [
        ("notice.hindered", "notifier", None), ("notice.delivered", "notifier", "250 abc"),
    ]  # fmt: skip
    register.now += timedelta(days=1)
    assert await due_of(register) == []
    [told] = await notices_of(register, account)
    async with platform_as(register.server, "portal") as portal:
        [delivery] = (await list_deliveries(portal, [told]))[told.id]
    assert (delivery.receipt, delivery.attempts, delivery.fault) == ("250 abc", 4, None)
    assert told.arrived_at is not None


async def test_what_does_not_arrive_in_the_agreed_time_is_red_and_told_once(register: Register) -> None:
    who = await register.principal(await officer(register))
    await tell_at(register, who, **MAIL)  # type: ignore[arg-type]
    async with platform_as(register.server, "portal") as portal:
        await set_minutes(portal, who, register.authority.id, 5, now=register.now)
    account = await register.account("shift_leader")
    mark = register.mark()
    register.now += timedelta(minutes=4, seconds=59)
    assert (await late(register), (await notices_of(register, account))[0].state(register.now)) == (0, "waiting")
    register.now += timedelta(seconds=1)
    assert [await late(register), await late(register)] == [1, 1]
    assert (await notices_of(register, account))[0].state(register.now) == "late"
    told = [one for one in register.since(mark) if one["detail"].get("authority") == str(register.authority.id)]
    assert [(one["event"], one["actor"]) for one in told] == [("notice.late", "scheduler")]
    [notice] = await due_of(register)
    async with platform_as(register.server, "notifier") as notifier:
        await tell_delivered(notifier, notice, "250 abc", register.now)
    assert (await late(register), (await notices_of(register, account))[0].state(register.now)) == (0, "arrived_late")


async def test_without_an_address_somebody_has_to_acknowledge(register: Register) -> None:
    who = await register.principal(await officer(register))
    account = await register.account("shift_leader")
    register.now += timedelta(minutes=15)
    before = await late(register)
    assert before >= 1
    everything, mark = [one.id for one in await notices_of(register)], register.mark()
    async with platform_as(register.server, "portal") as portal:
        seen = await acknowledge(portal, who, register.authority.id, everything, now=register.now)
        assert await acknowledge(portal, who, register.authority.id, everything, now=register.now) == 0
    assert (seen, await late(register)) == (len(everything), 0)
    told = register.since(mark)
    assert {(one["event"], one["actor"]) for one in told} == {("notice.acknowledged", who.actor)}
    assert len(told) == len(everything)
    assert (await notices_of(register, account))[0].acknowledged_by == who.account_id


async def test_an_address_that_is_ended_holds_nothing_up(register: Register) -> None:
    who = await register.principal(await officer(register))
    first = await tell_at(register, who, **MAIL)  # type: ignore[arg-type]
    await tell_at(register, who, "webhook", "https://system.kommunen.example/vaka")
    account = await register.account("shift_leader")
    async with platform_as(register.server, "portal") as portal:
        await end_way(portal, who, register.authority.id, first, now=register.now)
        with pytest.raises(NotDecidableError):
            await end_way(portal, who, register.authority.id, first, now=register.now)
    [notice] = await due_of(register)
    assert notice.way == "webhook"
    async with platform_as(register.server, "notifier") as notifier:
        await tell_delivered(notifier, notice, "204 abc", register.now)
    assert (await notices_of(register, account))[0].state(register.now) == "arrived"


async def test_nobody_but_the_authority_says_where_notices_go(register: Register) -> None:
    """As the supplier's administrator would: by the commands' login, by an account of his, by a statement."""
    auditor = await register.principal(await register.account("auditor"))
    officer_elsewhere = await register.principal(await register.account())
    for stranger in (auditor, officer_elsewhere):
        with pytest.raises((NotAllowedError, NothingHereError)):
            await tell_at(register, stranger, **MAIL)  # type: ignore[arg-type]
    both = await officer(register)
    who = await register.principal(both)
    await register.account(kind="administrator", human=await register.human(both))
    with pytest.raises(NotDecidableError):
        await tell_at(register, who, **MAIL)  # type: ignore[arg-type]
    own = await register.principal(await officer(register))
    way = await tell_at(register, own, **MAIL)  # type: ignore[arg-type]
    for component in ("setup", "notifier", "scheduler"):
        async with platform_as(register.server, component) as connection:
            for statement in (
                "select set_notice_way(gen_random_uuid(), null, 'mail', 'a@b.c', 'd:25', null, null, now())",
                "select end_notice_way(gen_random_uuid(), null, null, now())", "select * from notice",
                "update notice_way set address = 'x@y.z'",
            ):  # fmt: skip
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(statement)
    mark = register.mark()
    register.ask("update notice_way set address = 'leverantor@leverantor.example' where id = %s", way)
    register.ask("update notice_rule set minutes = 1440 where authority_id = %s", register.authority.id)
    [entry] = register.since(mark)
    assert (entry["event"], entry["object"]) == ("row.changed_by_hand", f"notice_way:{way}")
    assert (await notices_of(register))[0].object == f"notice_way:{way}", "and the authority is told of it"


async def test_who_deletes_or_answers_a_notice_by_hand_is_told_of(register: Register) -> None:
    account = await register.account("shift_leader")
    [told], mark = await notices_of(register, account), register.mark()
    register.ask("update notice set acknowledged_by = %s, acknowledged_at = now() where id = %s", account, told.id)
    register.ask("delete from notice where id = %s", told.id)
    assert [(one["event"], one["object"]) for one in register.since(mark)] == [
        ("row.changed_by_hand", f"notice:{told.id}")
    ] * 2


async def test_what_is_no_address_is_refused_with_what_to_do(register: Register) -> None:
    who = await register.principal(await officer(register))
    wrong = (
        ("mail", "kommunen.example", "mx.kommunen.example:25", ""),
        ("mail", "a@b.example\r\nBcc: c", "mx.example:25", ""),
        ("mail", "a@b.example", "mx.example", ""), ("mail", "a@b.example", "mx.example:99999", ""),
        ("mail", "a@b.example", "mx.example:25", "no certificate"),
        ("webhook", "http://system.example/", "", ""), ("webhook", "https://who:what@system.example/", "", ""),
        ("webhook", "https:///x", "", ""), ("webhook", "https://system.example:x/", "", ""),
    )  # fmt: skip
    for way, address, server, certificate in wrong:
        with pytest.raises(UnusableWayError):
            await tell_at(register, who, way, address, server=server, certificate=certificate)  # type: ignore[arg-type]
    for _ in range(MOST_WAYS):
        await tell_at(register, who, **MAIL)  # type: ignore[arg-type]
    async with platform_as(register.server, "portal") as portal:
        with pytest.raises(UnusableWayError):
            await set_way(
                portal, who, register.authority.id, Place("mail", MAIL["address"], MAIL["server"]), now=register.now
            )
        for minutes in (0, 1441):
            with pytest.raises(UnusableWayError):
                await set_minutes(portal, who, register.authority.id, minutes, now=register.now)
        assert len(await list_ways(portal, register.authority.id)) == MOST_WAYS
