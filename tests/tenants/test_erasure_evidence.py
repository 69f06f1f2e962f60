# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What term 6 makes of the orders of a real office: late, readable, of a whole authority, and who came back."""

from datetime import datetime, timedelta

import pytest

from tests.assurance.test_collectors import status_of
from tests.tenants.leaving import Leaving
from tests.tenants.office import Office, device_of
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Status
from vaka.assurance.own_evidence import ERASED_WITHIN

pytestmark = [pytest.mark.anyio, pytest.mark.database]

ORDERS, RETURNED = "erasure-orders", "erasures-returned"
MET, LATE = (Status.MET, "none"), (Status.FAILING, "late")
SECOND = timedelta(seconds=1)


async def stands(office: Office, name: str, after: timedelta = timedelta(0)) -> tuple[Status, str]:
    """Look as the scheduler does, so long after what the office's clock says."""
    place = Place(office.doors.platform, office.doors.gateway, [office.authority])
    return await status_of(name, place, office.house.server, office.clock.now() + after)


@pytest.mark.turns_red(ORDERS)
async def test_order_that_is_not_certified_in_time_turns_it_red(office: Office) -> None:
    """From the approval on, wherever it stops; and not once there is a certificate."""
    märta = office.people[0]
    order = await office.order(märta)
    assert await stands(office, ORDERS, 3 * ERASED_WITHIN) == MET, "nobody has decided it"
    await office.decide(order)
    decided = office.clock.now()
    assert await stands(office, ORDERS, ERASED_WITHIN - SECOND) == MET
    assert await stands(office, ORDERS, ERASED_WITHIN) == LATE
    await office.seal()
    await office.round()
    assert await office.state() == "removed"
    assert await stands(office, ORDERS, decided + ERASED_WITHIN - office.clock.now()) == LATE
    office.clock.turn(ERASED_WITHIN.total_seconds())
    await office.seal()
    await office.round()
    assert await office.state() == "erased"
    assert await stands(office, ORDERS) == LATE
    await office.certify()
    assert await office.state() == "certified"
    assert await stands(office, ORDERS) == MET


@pytest.mark.turns_red(ORDERS)
async def test_what_can_be_read_afterwards_turns_it_red_at_once(office: Office) -> None:
    """Before it is late, and before anything that is late."""
    first, second = office.people[:2]
    for person in (first, second):
        await office.decide(await office.order(person))
    with office.house.superuser(unguarded=True) as superuser:
        superuser.execute(
            "update vaka.erasure_order set state = 'erased', removed_at = decided_at, erased_at = decided_at,"
            " entry = 1, hindrance = 'readable' where person_id = %s", (first.id,)
        )  # fmt: skip
    assert await stands(office, ORDERS) == (Status.FAILING, "readable")
    assert await stands(office, ORDERS, ERASED_WITHIN) == (Status.FAILING, "readable")


@pytest.mark.turns_red(ORDERS)
@pytest.mark.parametrize(
    "forged",
    [
        "delete from vaka.erasure_order",
        "update vaka.erasure_order set state = 'declined'",
        "update vaka.erasure_order set state = 'certified', removed_at = decided_at, erased_at = decided_at, entry = 1,"
        " certificate = '{}', signature = decode(repeat('00', 64), 'hex'), public_key = 'x'",
    ],
)
async def test_order_whose_row_was_made_away_with_is_late_by_the_log(office: Office, forged: str) -> None:
    """Whoever owns the database says that nobody wanted it, or that it is done: the log knows of no such thing."""
    await office.decide(await office.order(office.people[0]))
    await office.seal()
    with office.house.superuser(unguarded=True) as superuser:
        superuser.execute(forged.encode())
    assert await stands(office, ORDERS, ERASED_WITHIN - timedelta(minutes=5)) == MET
    assert await stands(office, ORDERS, ERASED_WITHIN + timedelta(minutes=5)) == LATE


async def test_order_that_was_cancelled_is_not_waited_for(office: Office) -> None:
    """By one of the two, before it began; or by a hold."""
    order = await office.order(office.people[0])
    await office.decide(order)
    await office.decide(order, "cancelled")
    held = await office.order(office.people[1])
    await office.decide(held)
    await office.seal()
    with office.house.superuser(unguarded=True) as superuser:
        hold = "insert into vaka.legal_hold values (%s, now(), 'account:x', 'tvist 12/26')"
        superuser.execute(hold, (office.people[1].id,))
    await office.round()
    assert {one.state for one in await office.orders()} == {"cancelled"}
    assert await stands(office, ORDERS, 2 * ERASED_WITHIN) == MET


@pytest.mark.turns_red(ORDERS)
async def test_end_of_a_contract_is_late_after_its_waiting_time(leaving: Leaving) -> None:
    """By what the log says of when it was approved, and for how many days it waits."""
    office = leaving.office
    await leaving.approve(days_ago=0)
    [ending] = await leaving.orders()
    assert ending.due is not None
    until = ending.due - office.clock.now() + ERASED_WITHIN
    assert await stands(office, ORDERS, until - SECOND) == MET
    assert await stands(office, ORDERS, until) == LATE


@pytest.mark.turns_red(RETURNED)
async def test_person_who_is_here_again_turns_it_red_until_she_is_gone(office: Office) -> None:
    """A restored backup brought her back: by the order, and by what hinders her going where the order is gone too."""
    märta = office.people[0]
    assert await stands(office, RETURNED) == MET
    with office.house.superuser() as superuser:
        kept = superuser.execute("select p::text from vaka.person p where id = %s", (märta.id,)).fetchone()
    await office.erase(märta)
    assert await stands(office, RETURNED) == MET
    with office.house.superuser(unguarded=True) as superuser:
        superuser.execute("insert into vaka.person select (%s::vaka.person).*", kept)
    assert await stands(office, RETURNED) == (Status.FAILING, "returned")
    await gone_again(office, office.clock.now())
    assert await stands(office, RETURNED) == MET


@pytest.mark.turns_red(RETURNED)
async def test_whom_an_alarm_keeps_here_turns_it_red_without_an_order_too(office: Office) -> None:
    """The backup is older than the order; the keyholder knew her, and the scheduler wrote down why she stays."""
    märta = office.people[0]
    await office.erase(märta)
    alarm = office.alarm(märta, device_of(märta), closed=False)
    assert await office.erasing.remove_returned(office.authority, office.clock.now()) == 0
    office.clock.turn(61)
    assert await office.erasing.remove_returned(office.authority, office.clock.now()) == 0
    with office.house.superuser(unguarded=True) as superuser:
        superuser.execute("delete from vaka.erasure_order")
    assert await stands(office, RETURNED) == (Status.FAILING, "returned")
    with office.house.superuser() as superuser:
        superuser.execute(
            "update vaka.alarm set state = 'closed', closed_at = now(), closed_by = 'account:x' where id = %s", (alarm,)
        )
    await gone_again(office, office.clock.now())
    assert await stands(office, RETURNED) == MET


async def gone_again(office: Office, now: datetime) -> None:
    """Let the rounds delete whoever is here again, once receivers can know."""
    await office.erasing.remove_returned(office.authority, now)
    office.clock.turn(61)
    await office.erasing.remove_returned(office.authority, now)
    assert await office.returned() == []
