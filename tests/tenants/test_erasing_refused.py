# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who cannot have anybody erased: one alone, another, who makes it up, who changes it afterwards (terms 2 and 6)."""

import asyncio
from contextlib import closing
from uuid import uuid4

import psycopg
import pytest

from tests.access.test_decide import principal
from tests.confirming import place_hold
from tests.platform import one_human
from tests.tenants.office import RELEASE, ROLE, Office, device_of
from vaka.access.decide import NotAllowedError, NothingHereError
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.errors import Category
from vaka.ledger.standing import LedgerStandsStillError
from vaka.tenants.erasure import (
    NotErasableError,
    UnusableDecisionError,
)
from vaka.tenants.holds import NobodyToHoldError
from vaka.tenants.people import Person

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def test_term_06_one_approver_no_decision_or_no_right_is_refused(office: Office) -> None:
    märta = office.people[0]
    for decision in ("", "   ", "x" * 101, "19121212-9821"):
        with pytest.raises(UnusableDecisionError):
            await office.order(märta, decision)
    for who in (
        principal(("contract_officer", office.authority), realm="authority"),
        principal((ROLE, office.authority), realm="operator"),
        principal((ROLE, uuid4()), realm="authority"),
    ):
        with pytest.raises((NotAllowedError, NothingHereError)):
            await office.order(märta, who=who)
    assert await office.orders() == []

    order = await office.order(märta)
    with pytest.raises(NotErasableError):  # a second order of the same
        await office.order(märta, "SN 2026/124")
    with pytest.raises(NotErasableError):  # who ordered it does not approve it, in another session neither
        await office.decide(order, who=office.first)
    with pytest.raises(psycopg.errors.CheckViolation):  # nor around what asks
        async with office.house.as_("portal") as portal:
            await portal.execute(
                "select decide_erasure(%s, 'approved', %s, now())", (order, office.first.account_id)
            )  # fmt: skip
    with pytest.raises(NotErasableError):  # an order of another authority's is none here
        await office.decide(uuid4())
    await office.seal()
    assert (await office.round(), await office.state()) == (0, "ordered")
    await office.decide(order, "withdrawn", who=office.first)
    with pytest.raises(NotErasableError):
        await office.decide(order)
    assert office.rows("select 1 from vaka.person where id = %s", märta.id)


async def test_term_06_person_unknown_here_is_refused(office: Office) -> None:
    with pytest.raises(NotErasableError):
        await office.order(Person(uuid4(), "Någon", "Annanstans"))


async def test_term_06_legal_hold_forbids_it_at_every_step(office: Office) -> None:
    märta, bo, _ = office.people
    archivist = principal(("archivist", office.authority), realm="authority")
    order, now = await office.order(märta), office.clock.now()
    async with office.house.as_("portal") as portal:
        for person in (märta, bo):
            await place_hold(portal, archivist, office.authority, person.id, reason="JO 2026/12", now=now)
    with pytest.raises(NotErasableError):
        await office.order(bo)
    with pytest.raises(NotErasableError):
        await office.decide(order)
    # Placed after the approval, it still stops what was not begun.
    with office.house.superuser() as superuser:
        superuser.execute("delete from vaka.legal_hold where person_id = %s", (märta.id,))
    await office.decide(order)
    async with office.house.as_("portal") as portal:
        await place_hold(portal, archivist, office.authority, märta.id, reason="JO 2026/12", now=now)
    await office.seal()
    await office.round()
    found = (await office.orders())[0]
    assert (found.state, found.hindrance) == ("cancelled", "legal_hold")  # lifted one day, it is decided anew
    assert office.rows("select 1 from vaka.person where id = %s", märta.id)
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState), office.house.superuser() as superuser:
        superuser.execute("delete from vaka.person where id = %s", (märta.id,))


async def test_approval_that_the_log_does_not_prove_erases_nobody(office: Office) -> None:
    """As the supplier's own administrator, who writes any row, but no entry as two of their people."""
    märta = office.people[0]
    order = uuid4()
    with office.house.superuser() as superuser:
        superuser.execute(
            "insert into vaka.erasure_order (id, person_id, decision, ordered_by, ordered_at, state, decided_by,"
            " decided_at) values (%s, %s, 'SN 1', %s, now(), 'approved', %s, now())",
            (order, märta.id, office.first.account_id, office.second.account_id),
        )
    for component in ("setup", "desk", "scheduler"):
        async with office.house.as_(component) as connection:
            with pytest.raises(psycopg.errors.CheckViolation):
                await connection.execute(
                    "select ledger.append(now(), 'erasure.ordered', %s, %s, 'success', '{}')",
                    (office.first.actor, f"erasure:{order}"),
                )
    await office.seal()
    await office.round()
    assert await office.state() == "approved"
    assert office.rows("select 1 from vaka.person where id = %s", märta.id)
    told = [one.object for one in office.house.leaves() if one.event == "row.changed_by_hand"]
    assert f"erasure_order:{order}" in told
    await office.decide(order, "cancelled")  # it stands in nobody's way
    await office.order(märta)


async def test_order_that_is_changed_by_hand_after_the_approval_erases_nobody(office: Office) -> None:
    märta, bo, _ = office.people
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    for change in ("person_id = %s", "decision = %s", "ordered_by = %s"):
        value = bo.id if change.startswith("person") else "SN 1999/1" if "decision" in change else uuid4()
        name = change.split()[0]
        [(before,)] = office.rows(f"select {name} from vaka.erasure_order where id = %s", order)
        with office.house.superuser() as superuser:
            superuser.execute(f"update vaka.erasure_order set {change} where id = %s".encode(), (value, order))
        await office.round()
        assert await office.state() == "approved", change
        with office.house.superuser() as superuser:
            superuser.execute(f"update vaka.erasure_order set {change} where id = %s".encode(), (before, order))
    assert len(office.rows("select 1 from vaka.person")) == 3


def employ_again(office: Office) -> None:
    with closing(psycopg.connect(office.house.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as setup:
        setup.execute(
            "insert into vaka.role_grant (account_id, role, authority_id, granted_at) values (%s, %s, %s, now())",
            (office.second.account_id, ROLE, office.authority),
        )


def dismiss(office: Office) -> None:
    with closing(psycopg.connect(office.house.server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as setup:
        setup.execute("delete from vaka.role_grant where account_id = %s", (office.second.account_id,))


async def test_officers_that_nobody_has_employed_erase_nobody(office: Office) -> None:
    """Whoever has the portal's login can name any two accounts; they must be there, and may do it, at that moment."""
    märta = office.people[0]
    order = uuid4()
    async with office.house.as_("portal") as portal:
        await portal.execute("select order_erasure(%s, %s, 'SN 1', %s, now())", (order, märta.id, uuid4()))
        await portal.execute("select decide_erasure(%s, 'approved', %s, now())", (order, uuid4()))
    await office.seal()
    await office.round()
    assert await office.state() == "approved"
    await office.decide(order, "cancelled")

    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    dismiss(office)
    for _ in range(2):  # said, and entered, once
        await office.round()
    assert {(one.state, one.hindrance) for one in await office.orders()} == {
        ("approved", "officers"), ("cancelled", "officers")
    }  # fmt: skip
    said = "select 1 from ledger.inbox where event = 'erasure.begun' and object = %s"
    assert len(office.rows(said, f"erasure:{order}")) == 1
    employ_again(office)
    await office.round()
    assert [(one.state, one.hindrance) for one in await office.orders() if one.id == order] == [("removed", "")]


async def test_two_accounts_of_one_human_are_not_two_officers(office: Office) -> None:
    märta = office.people[0]
    approved = await office.order(märta)
    await office.decide(approved)
    await office.seal()
    one_human(office.house.server, office.first, office.second)
    await office.round()
    assert await office.state() == "approved"
    await office.decide(approved, "cancelled")
    order = await office.order(märta)
    with pytest.raises(NotErasableError) as refused:
        await office.decide(order)
    assert refused.value.category is Category.FORBIDDEN
    assert len(office.rows("select 1 from vaka.person")) == 3


async def test_what_was_approved_can_be_stopped_before_it_is_begun(office: Office) -> None:
    märta = office.people[0]
    order = await office.order(märta)
    await office.decide(order)
    await office.decide(order, "cancelled", who=office.first)
    await office.seal()
    assert (await office.round(), await office.state()) == (0, "cancelled")
    assert office.rows("select 1 from vaka.person where id = %s", märta.id)
    with pytest.raises(NotErasableError):
        await office.decide(order)


@pytest.mark.parametrize("component", ["desk", "setup", "receiver", "sequencer", "scheduler"])
async def test_no_other_component_orders_or_approves(office: Office, component: str) -> None:
    async with office.house.as_(component) as connection:
        for statement in (
            "select vaka.order_erasure(gen_random_uuid(), gen_random_uuid(), 'x', gen_random_uuid(), now())",
            "select vaka.decide_erasure(gen_random_uuid(), 'approved', gen_random_uuid(), now())",
            "select vaka.delete_person(gen_random_uuid())",
            "update vaka.erasure_order set state = 'approved'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(statement)


async def test_nothing_is_ordered_or_carried_out_while_the_ledger_stands_still(office: Office) -> None:
    märta = office.people[0]
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    office.clock.turn(600)
    with pytest.raises(LedgerStandsStillError):
        await office.order(office.people[1])
    with pytest.raises(LedgerStandsStillError):
        await office.round()
    assert office.rows("select 1 from vaka.person where id = %s", märta.id)


async def until_waiting(office: Office) -> None:
    """Until somebody waits for the table of holds."""
    waiting = "select 1 from pg_locks where relation = 'vaka.legal_hold'::regclass and not granted"
    async with asyncio.timeout(60):
        while not office.rows(waiting):
            await asyncio.sleep(0.02)


async def test_hold_and_erasure_at_the_same_moment_come_one_after_the_other(office: Office) -> None:
    märta, bo, _ = office.people
    archivist = principal(("archivist", office.authority), realm="authority")
    orders = {}
    for person in (märta, bo):
        orders[person.id] = await office.order(person)
        await office.decide(orders[person.id])
    await office.seal()
    now = office.clock.now()
    begin = "select begin_erasure(%s, %s)"
    async with office.house.as_("portal") as portal, office.house.as_("scheduler") as scheduler:
        # The hold is placed and not committed yet: the erasure waits for it, and is cancelled.
        async with portal.transaction():
            await place_hold(portal, archivist, office.authority, märta.id, reason="JO 2026/12", now=now)
            erasing = asyncio.create_task(scheduler.execute(begin, (orders[märta.id], now)))
            await until_waiting(office)
        assert await (await erasing).fetchone() == ({"hindrance": "legal_hold"},)
        assert office.rows("select 1 from vaka.person where id = %s", märta.id)
        # The rows are deleted and it is not committed yet: the hold waits, and nobody is told that it was placed.
        async with scheduler.transaction():
            begun = await (await scheduler.execute(begin, (orders[bo.id], now))).fetchone()
            assert begun is not None
            assert begun[0]["removed"]["person"] == 1
            holding = asyncio.create_task(
                place_hold(portal, archivist, office.authority, bo.id, reason="JO 2026/12", now=now)
            )
            await until_waiting(office)
        with pytest.raises(NobodyToHoldError):
            await holding
    assert office.rows("select person_id from vaka.legal_hold") == [(märta.id,)]


async def test_trouble_with_one_order_does_not_stop_another(office: Office) -> None:
    märta, bo, _ = office.people
    first, second = [await office.order(person) for person in (märta, bo)]
    for order in (first, second):
        await office.decide(order)
    await office.seal()
    with office.house.superuser() as superuser:
        superuser.execute(
            "create function public.break_it() returns trigger language plpgsql as"
            f" $$ begin if old.id = '{first}' then raise 'a disk is full'; end if; return new; end $$"
        )
        superuser.execute(
            "create trigger break_it before update on vaka.erasure_order for each row execute function break_it()"
        )
    with pytest.raises(psycopg.errors.RaiseException):
        await office.round()
    assert {one.id: one.state for one in await office.orders()} == {first: "approved", second: "removed"}
    with office.house.superuser() as superuser:
        superuser.execute("drop trigger break_it on vaka.erasure_order")
    await office.round()
    assert {one.id: one.state for one in await office.orders()} == {first: "removed", second: "removed"}


@pytest.mark.parametrize("sealed", [True, False])
async def test_term_06_order_that_a_hold_stopped_is_not_revived_by_hand(office: Office, sealed: bool) -> None:
    """When the hold is lifted somebody has to order it anew, whatever an administrator writes into the row."""
    märta = office.people[0]
    archivist = principal(("archivist", office.authority), realm="authority")
    order = await office.order(märta)
    await office.decide(order)
    async with office.house.as_("portal") as portal:
        await place_hold(portal, archivist, office.authority, märta.id, reason="JO 2026/12", now=office.clock.now())
    await office.seal()
    await office.round()
    assert await office.state() == "cancelled"
    if sealed:
        await office.seal()
    for state, at in (("approved", "null"), ("removed", "now()")):
        with office.house.superuser(unguarded=True) as superuser:
            superuser.execute("delete from vaka.legal_hold")
            superuser.execute(
                f"update vaka.erasure_order set state = '{state}', hindrance = '', removed_at = {at}".encode()
            )
        assert await office.round() == 0
        assert await office.state() == state
        assert len(office.rows("select 1 from vaka.person")) == 3
    with pytest.raises(psycopg.errors.NoDataFound):
        async with office.house.as_("scheduler") as scheduler:
            await scheduler.execute("select complete_erasure(%s, '{}', now())", (order,))


async def test_order_that_is_set_forward_by_hand_skips_no_step(office: Office) -> None:
    """One of the two who approved may not any more, which is asked before it is begun: somebody says that it was."""
    märta = office.people[0]
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    dismiss(office)
    with office.house.superuser(unguarded=True) as superuser:
        superuser.execute("update vaka.erasure_order set state = 'removed', removed_at = now()")
    for _ in range(2):
        assert await office.round() == 0
        office.clock.turn(RELEASE + 1)
        await office.seal()
    assert office.rows("select 1 from vaka.person where id = %s", märta.id)
    with pytest.raises(psycopg.errors.NoDataFound):
        async with office.house.as_("scheduler") as scheduler:
            await scheduler.execute("select complete_erasure(%s, '{}', now())", (order,))


async def test_hold_that_comes_when_it_was_begun_ends_nothing(office: Office) -> None:
    """Her rows are gone; a press of before and a hold on whoever pressed only make it wait."""
    märta = office.people[0]
    archivist = principal(("archivist", office.authority), realm="authority")
    order = await office.order(märta)
    await office.decide(order)
    await office.seal()
    await office.round()
    office.alarm(märta, device_of(märta))
    async with office.house.as_("portal") as portal:
        await place_hold(portal, archivist, office.authority, märta.id, reason="JO 2026/12", now=office.clock.now())
    office.clock.turn(RELEASE + 1)
    await office.seal()
    await office.round()
    assert [(one.state, one.hindrance) for one in await office.orders()] == [("removed", "legal_hold")]
    with office.house.superuser(unguarded=True) as superuser:
        superuser.execute("delete from vaka.legal_hold")
    await office.seal()
    await office.round()
    assert await office.state() == "erased"
