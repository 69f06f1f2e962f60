# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom an authority named: taken off as it was shown, over when the Swedish day is, told of when all of them end."""

from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.cases.house import House
from tests.cases.test_rooms import calls, name_contacts
from tests.confirming import touched
from tests.platform import entries, newest, platform_as
from vaka.access.requests import NotDecidableError
from vaka.cases.contacts import Contact, Named, contact_day, end_contact, ending_act, list_contacts
from vaka.database.server import PLATFORM_DATABASE
from vaka.identity.confirming import NotConfirmedError
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.tenants.authorities import QUERIES

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def held(house: House) -> list[Contact]:
    """Whom the first authority has named."""
    async with platform_as(house.one.server, "portal") as portal:
        return await list_contacts(portal, house.one.authority.id)


async def end(house: House, shown: Named, confirmed: Named) -> None:
    """Take a contact off, as the first authority's officer does who touched his key for one."""
    authority = house.one.authority.id
    async with platform_as(house.one.server, "portal") as portal:
        await end_contact(
            portal, house.officers[authority], authority, shown, now=house.one.now,
            confirmation=touched(ending_act(authority, confirmed)),
        )  # fmt: skip


async def test_who_was_shown_is_taken_off_and_not_who_has_come_there_since(house: House) -> None:
    await name_contacts(house, 1)
    shown = (await held(house))[0].named
    with closing(connect_superuser(house.one.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            "update vaka.case_contact set phone = '08-46500499' where authority_id = %s", (house.one.authority.id,)
        )
    now_there = (await held(house))[0].named
    with pytest.raises(NotDecidableError, match="not what you have seen"):
        await end(house, shown, shown)
    with pytest.raises(NotConfirmedError):
        await end(house, now_there, shown)
    assert [one.named for one in await held(house)] == [now_there]
    await end(house, now_there, now_there)
    assert await held(house) == []
    with pytest.raises(NotDecidableError, match="decided already"):
        await end(house, now_there, now_there)


@pytest.mark.parametrize(("by", "actor"), [("scheduler", "scheduler"), ("hand", "database:vaka_superuser")])
async def test_each_contact_that_ends_with_the_contract_is_in_the_log(house: House, by: str, actor: str) -> None:
    await name_contacts(house, 2)
    authority = house.one.authority.id
    with closing(connect_superuser(house.one.server, PLATFORM_DATABASE)) as superuser:
        mark = newest(superuser)
        if by == "hand":
            superuser.execute("update vaka.authority set state = 'closed' where id = %s", (authority,))
        else:
            async with platform_as(house.one.server, "scheduler") as scheduler:
                about = {"authority": authority, "order": uuid4(), "now": house.one.now}
                await scheduler.execute(QUERIES["close_authority"], about)
        told = [one for one in entries(superuser, mark) if one["event"] == "contact.ended"]
    assert await held(house) == []
    expected: list[dict[str, Any]] = [
        {"actor": actor, "object": f"authority:{authority}", "detail": {"authority": str(authority), "place": place}}
        for place in (1, 2)
    ]
    assert [{key: one[key] for key in ("actor", "object", "detail")} for one in told] == expected


async def test_the_supplier_cannot_enter_that_a_contact_ended(house: House) -> None:
    entry = Entry(Event.CONTACT_ENDED, "scheduler", house.one.now, f"authority:{house.one.authority.id}",
                  detail={"authority": str(house.one.authority.id), "place": 1})  # fmt: skip
    async with platform_as(house.one.server, "office") as office:
        with pytest.raises(psycopg.errors.CheckViolation):
            async with office.transaction():
                await append(office, entry)


def test_a_contacts_day_is_the_swedish_one() -> None:
    assert contact_day(datetime(2026, 7, 1, 22, 1, tzinfo=UTC)) == date(2026, 7, 2)
    assert contact_day(datetime(2026, 1, 1, 22, 59, tzinfo=UTC)) == date(2026, 1, 1)


async def test_who_is_called_holds_on_the_swedish_day(house: House) -> None:
    await name_contacts(house, 1)
    last = (await held(house))[0].valid_until
    called = []
    for at in (datetime(last.year, last.month, last.day, 21, 30, tzinfo=UTC),
               datetime(last.year, last.month, last.day, 23, 30, tzinfo=UTC)):  # fmt: skip
        house.pass_time(seconds=(at - house.one.now).total_seconds() - 1800)
        case = await house.open(house.one)
        await house.write(case, "moved", step="acknowledged")
        house.pass_time(minutes=30)
        await house.escalate()
        called.append([one.facts.get("place") for one in await calls(house, case)])
    assert called == [[1], [None]]
