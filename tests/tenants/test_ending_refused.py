# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who cannot have a whole authority erased: one alone, another, in a hurry, by what was made up (terms 2, 6, 31)."""

from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import psycopg
import pytest

from tests.access.test_decide import principal
from tests.confirming import place_hold
from tests.tenants.leaving import EVERYTHING, REASON, WAIT, Leaving
from tests.tenants.office import RELEASE, ROLE, device_of
from tests.tenants.test_erasing_refused import dismiss, employ_again
from vaka.access.decide import NotAllowedError, NothingHereError
from vaka.ledger.standing import LedgerStandsStillError
from vaka.tenants.ending import NotEndableError

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def stands(leaving: Leaving) -> bool:
    """Whether everything is as it was: people, devices in the directory, keys."""
    office = leaving.office
    keys = office.keyring.of(office.authority)
    await keys.hold([one.id for one in office.people])
    return (
        leaving.counts()["person"] == 3
        and len(leaving.directory("select 1 from vaka.device_entry where authority_id = %(authority)s")) == 3
        and all(keys.opens(one.id) for one in office.people)
    )


async def test_term_06_order_needs_an_export_lately_taken_out_or_a_reason_why_none(leaving: Leaving) -> None:
    archive = await leaving.take_out()
    digest = sha256(archive).hexdigest()
    for wrong in ("", "0" * 64, "nonsense", digest[:-1], sha256(archive[:-1]).hexdigest()):
        with pytest.raises(NotEndableError):
            await leaving.order(wrong)
    with pytest.raises(NotEndableError):  # one of the two
        await leaving.order(digest, no_export="KS 2026/9: inget att flytta")
    with leaving.office.house.superuser(unguarded=True) as superuser:
        superuser.execute("update vaka.authority_export set completed_at = now() - interval '31 days'")
    with pytest.raises(NotEndableError):
        await leaving.order(digest)
    order = await leaving.order(no_export="KS 2026/9: inget att flytta")
    with pytest.raises(NotEndableError):  # one at a time
        await leaving.order(no_export=REASON)
    await leaving.decide(order, "withdrawn", who=leaving.office.first)
    # Broken off, it was not taken out; whole, it is, however its fingerprint is written.
    await leaving.take_out(4)
    with leaving.office.house.superuser(unguarded=True) as superuser:
        superuser.execute("update vaka.authority_export set completed_at = now() where completed_at is not null")
    await leaving.order(f" {digest.upper()} ")
    assert [one.export_digest for one in await leaving.orders() if one.state == "ordered"] == [digest]


async def test_term_06_one_officer_no_right_or_another_name_is_refused(leaving: Leaving) -> None:
    office = leaving.office
    for who in (
        principal(("contract_officer", office.authority), realm="authority"),
        principal((ROLE, office.authority), realm="operator"),
        principal((ROLE, uuid4()), realm="authority"),
    ):
        with pytest.raises((NotAllowedError, NothingHereError)):
            await leaving.order(no_export=REASON, who=who)
    order = await leaving.order(no_export=REASON)
    for name in ("", "Ekbacka", f"{office.house.authority.name}s"):
        with pytest.raises(NotEndableError):
            await leaving.decide(order, name=name)
    with pytest.raises(NotEndableError):
        await leaving.decide(order, who=office.first)
    with pytest.raises(psycopg.errors.CheckViolation):  # nor around what asks
        async with office.house.as_("portal") as portal:
            await portal.execute(
                "select decide_ending(%s, 'approved', %s, 7, now())", (order, office.first.account_id)
            )  # fmt: skip
    with pytest.raises(psycopg.errors.CheckViolation):  # nor without waiting a day at least
        async with office.house.as_("portal") as portal:
            await portal.execute(
                "select decide_ending(%s, 'approved', %s, 0, now())", (order, office.second.account_id)
            )  # fmt: skip
    await office.seal()
    assert (await leaving.round(), await leaving.state()) == (0, ("ordered", ""))
    office.clock.turn(600)
    with pytest.raises(LedgerStandsStillError):
        await leaving.decide(order)
    assert await stands(leaving)
    for component in ("desk", "setup", "receiver", "sequencer", "scheduler"):
        async with office.house.as_(component) as connection:
            for statement in (
                "select vaka.order_ending(gen_random_uuid(), 'x1', null, 'x', gen_random_uuid(), now())",
                "select vaka.decide_ending(gen_random_uuid(), 'approved', gen_random_uuid(), 7, now())",
                "select vaka.delete_of_everybody(10)",
                "update vaka.authority_ending set state = 'approved'",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    await connection.execute(statement)


async def test_term_06_open_alarm_or_legal_hold_forbids_it_at_every_step(leaving: Leaving) -> None:
    office, (märta, bo, _) = leaving.office, leaving.office.people
    archivist = principal(("archivist", office.authority), realm="authority")
    alarm = office.alarm(märta, device_of(märta), closed=False)
    with pytest.raises(NotEndableError):
        await leaving.order(no_export=REASON)
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s", (alarm,)
        )
    order = await leaving.order(no_export=REASON)
    async with office.house.as_("portal") as portal:
        await place_hold(portal, archivist, office.authority, bo.id, reason="JO 2026/12", now=office.clock.now())
    with pytest.raises(NotEndableError):
        await leaving.decide(order)
    with office.house.superuser(unguarded=True) as superuser:
        superuser.execute("delete from vaka.legal_hold")
    await leaving.decide(order)
    leaving.was_written(WAIT + 1)
    async with office.house.as_("portal") as portal:  # placed while it waits, it stops it
        await place_hold(portal, archivist, office.authority, bo.id, reason="JO 2026/12", now=office.clock.now())
    await office.seal()
    await leaving.round()
    assert await leaving.state() == ("cancelled", "legal_hold")
    assert await stands(leaving)


async def test_term_06_it_waits_whatever_clock_somebody_turns_and_either_officer_stops_it(leaving: Leaving) -> None:
    office = leaving.office
    order = await leaving.approve(days_ago=0)
    [approved] = await leaving.orders()
    assert approved.due is not None
    assert (
        timedelta(days=WAIT) - timedelta(minutes=5) < approved.due - office.clock.now() <= timedelta(days=WAIT, hours=1)
    )
    office.clock.turn((WAIT + 1) * 86_400)  # the scheduler's; the database has its own
    await office.seal()
    await leaving.round()
    assert await leaving.state() == ("approved", "")
    await leaving.decide(order, "cancelled", who=office.first)
    assert await leaving.round() == 0
    assert await leaving.state() == ("cancelled", "")
    assert await stands(leaving)


async def test_order_that_somebody_puts_into_the_database_erases_nothing_and_is_told_of(leaving: Leaving) -> None:
    """As the supplier's own administrator, who writes any row, but no entry as two of their people."""
    office, order = leaving.office, uuid4()
    for state, more in (
        ("approved", {}), ("released", {"released_at"}), ("removed", {"released_at", "removed_at"})
    ):  # fmt: skip
        with office.house.superuser() as superuser:
            superuser.execute(
                "insert into vaka.authority_ending (id, decision, no_export, ordered_by, ordered_at, state, decided_by,"
                " decided_at, wait_days, released_at, removed_at) values"
                " (%s, 'SN 1', 'x', %s, now() - interval '9 days', %s, %s, now() - interval '9 days', 1, %s, %s)",
                (
                    order, office.first.account_id, state, office.second.account_id,
                    *(office.clock.now() if name in more else None for name in ("released_at", "removed_at")),
                ),
            )  # fmt: skip
        await office.seal()
        assert await leaving.round() == 0, state
        assert await leaving.state() == (state, "")
        async with office.house.as_("scheduler") as connection:  # nor does the database, whoever asks it
            for question in ("begin_ending(%s, now())", "remove_of_ending(%s, 10, now())"):
                row = await (await connection.execute(f"select {question}::text".encode(), (order,))).fetchone()
                assert row is not None
                assert "undecided" in row[0]
        assert await stands(leaving), state
        with office.house.superuser(unguarded=True) as superuser:
            superuser.execute("delete from vaka.authority_ending")
    for component in ("setup", "desk", "scheduler"):
        async with office.house.as_(component) as connection:
            with pytest.raises(psycopg.errors.CheckViolation):
                await connection.execute(
                    "select ledger.append(now(), 'ending.ordered', %s, %s, 'success', '{}')",
                    (office.first.actor, f"ending:{order}"),
                )
    told = [one.object for one in office.house.leaves() if one.event == "row.changed_by_hand"]
    assert told.count(f"authority_ending:{order}") == 3


async def test_officers_that_nobody_has_employed_end_nothing(leaving: Leaving) -> None:
    """Whoever has the portal's login can name any two accounts; they must be there, and may do it, at that moment."""
    office, order = leaving.office, uuid4()
    async with office.house.as_("portal") as portal:
        await portal.execute("select order_ending(%s, 'SN 1', null, 'x', %s, now())", (order, uuid4()))
        await portal.execute("select decide_ending(%s, 'approved', %s, 1, now())", (order, uuid4()))
    leaving.was_written(2)
    await office.seal()
    for _ in range(2):  # said, and entered, once
        assert await leaving.round() == 0
        assert await leaving.state() == ("approved", "officers")
    said = "select event from ledger.inbox where detail->>'hindrance' = 'officers'"
    assert office.rows(said) == [("ending.begun",)]
    # Not when somebody who may do anything in the database sets it forward either.
    for column in ("released", "removed"):
        with office.house.superuser() as superuser:
            superuser.execute(f"update vaka.authority_ending set state = '{column}', {column}_at = now()".encode())
        assert await leaving.round() == 0
    assert await stands(leaving)


async def test_officer_who_loses_the_role_holds_it_up_until_it_is_given_back(leaving: Leaving) -> None:
    office = leaving.office
    await leaving.approve()
    dismiss(office)
    assert await leaving.round() == 0
    assert await leaving.state() == ("approved", "officers")
    employ_again(office)
    assert await leaving.round() == 1
    assert await leaving.state() == ("released", "")
    dismiss(office)  # and when it has begun
    office.clock.turn(RELEASE + 1)
    await office.seal()
    for _ in range(2):
        assert await leaving.round() == 0
        assert await leaving.state() == ("released", "officers")
    said = "select event from ledger.inbox where detail->>'hindrance' = 'officers' and event = 'ending.removed'"
    assert len(office.rows(said)) == 1
    assert leaving.counts()["person"] == 3
    employ_again(office)
    assert await leaving.round() == 1
    await leaving.certify()
    assert await leaving.state() == ("certified", "")


async def test_order_that_is_changed_by_hand_after_the_approval_ends_nothing(leaving: Leaving) -> None:
    office = leaving.office
    await leaving.approve()
    for name, value in (
        ("decision", "SN 1999/1"),
        ("export_digest", "0" * 64),
        ("wait_days", 1),
        ("ordered_by", uuid4()),
    ):
        [(before,)] = office.rows(f"select {name} from vaka.authority_ending")
        with office.house.superuser() as superuser:
            superuser.execute(f"update vaka.authority_ending set {name} = %s".encode(), (value,))
        assert await leaving.round() == 0, name
        assert await leaving.state() == ("approved", ""), name
        with office.house.superuser() as superuser:
            superuser.execute(f"update vaka.authority_ending set {name} = %s".encode(), (before,))
    assert await stands(leaving)
    assert set(EVERYTHING) >= {"person", "device"}
    # As it was decided, it is carried out: the test could fail.
    assert await leaving.round() == 1
    assert await leaving.state() == ("released", "")


async def test_term_06_order_that_a_hold_stopped_is_not_revived_by_hand(leaving: Leaving) -> None:
    """When the hold is lifted somebody has to order it anew, whatever an administrator writes into the row."""
    office, bo = leaving.office, leaving.office.people[1]
    archivist = principal(("archivist", office.authority), realm="authority")
    order = await leaving.approve()
    async with office.house.as_("portal") as portal:
        await place_hold(portal, archivist, office.authority, bo.id, reason="JO 2026/12", now=office.clock.now())
    await leaving.round()
    assert await leaving.state() == ("cancelled", "legal_hold")
    for sealed in (False, True):
        if sealed:
            await office.seal()
        for state, more in (
            ("approved", ""), ("released", ", released_at = now()"),
            ("removed", ", released_at = now(), removed_at = now()"),
        ):  # fmt: skip
            with office.house.superuser(unguarded=True) as superuser:
                superuser.execute("delete from vaka.legal_hold")
                superuser.execute(f"update vaka.authority_ending set state = '{state}', hindrance = ''{more}".encode())
            assert await leaving.round() == 0, state
            assert await leaving.state() == (state, ""), (state, sealed)
            assert await stands(leaving), state
            with office.house.superuser(unguarded=True) as superuser:
                superuser.execute(
                    "update vaka.authority_ending set state = 'cancelled', released_at = null, removed_at = null"
                )
    async with office.house.as_("scheduler") as scheduler:
        with pytest.raises(psycopg.errors.NoDataFound):
            await scheduler.execute("select complete_ending(%s, '{}', now())", (order,))


@pytest.mark.parametrize("state", ["released", "removed"])
async def test_order_that_is_set_forward_by_hand_skips_no_step(leaving: Leaving, state: str) -> None:
    """Approved and due as it is: nobody is let go of, nothing is deleted and no key is destroyed before its turn."""
    office = leaving.office
    order = await leaving.approve()
    alarm = office.alarm(office.people[0], device_of(office.people[0]), closed=False)
    columns = "released_at = now()" + (", removed_at = now()" if state == "removed" else "")
    with office.house.superuser() as superuser:
        superuser.execute(f"update vaka.authority_ending set state = '{state}', {columns}".encode())
    await leaving.round()
    keys = office.keyring.of(office.authority)
    await keys.hold([one.id for one in office.people])
    assert all(keys.opens(one.id) for one in office.people)
    assert leaving.counts()["person"] == 3
    assert len(leaving.directory("select 1 from vaka.device_entry where authority_id = %(authority)s")) == 3
    async with office.house.as_("scheduler") as scheduler:
        with pytest.raises(psycopg.errors.NoDataFound):
            await scheduler.execute("select complete_ending(%s, '{}', now())", (order,))
    # As it was decided, and with nobody to help, it is carried out: the test could fail.
    with office.house.superuser() as superuser:
        superuser.execute("update vaka.authority_ending set state = 'approved', released_at = null, removed_at = null")
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s", (alarm,)
        )
    await office.seal()
    await leaving.round()
    office.clock.turn(RELEASE + 1)
    await office.seal()
    await leaving.round()
    assert (await leaving.state())[0] == "erased"


async def test_term_06_what_was_begun_and_set_forward_is_deleted_all_the_same(leaving: Leaving) -> None:
    office = leaving.office
    await leaving.approve()
    await leaving.round()
    assert await leaving.state() == ("released", "")
    late = office.alarm(office.people[0], device_of(office.people[0]), closed=False)
    office.clock.turn(RELEASE + 1)
    await office.seal()
    with office.house.superuser() as superuser:
        superuser.execute("update vaka.authority_ending set state = 'removed', removed_at = now()")
    await leaving.round()
    assert await leaving.state() == ("removed", "open_alarm")
    assert leaving.counts()["person"] == 3
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s", (late,)
        )
    await leaving.round()
    assert (await leaving.state())[0] == "erased"
    assert leaving.counts() == dict.fromkeys(EVERYTHING, 0)
