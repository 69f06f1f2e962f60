# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority's room of a case: told with a receipt, and nobody else; RED in no file; each message in the log (35)."""

import json
from contextlib import closing
from datetime import timedelta
from uuid import UUID

import pytest

from tests.alarms.house import connect_superuser
from tests.cases.house import House
from tests.confirming import touched
from tests.notices.desk import notices_of, tell_at
from tests.platform import entries, newest, platform_as
from vaka.access.requests import NotDecidableError
from vaka.cases.contacts import Named, set_contact, setting_act
from vaka.cases.model import CaseEntry, Tlp
from vaka.cases.reading import list_cases, list_receipts, write_file
from vaka.database.server import PLATFORM_DATABASE
from vaka.notices.board import list_deliveries
from vaka.notices.outbox import take_due, tell_delivered

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SECRET = "KODORD ALVIK"


async def name_contacts(house: House, how_many: int) -> None:
    """Let the first authority name so many."""
    who, register = house.officers[house.one.authority.id], house.one
    async with platform_as(register.server, "portal") as portal:
        for place in range(1, how_many + 1):
            until = (register.now + timedelta(days=90)).date().isoformat()
            named = Named(place, f"Jour {place}", "", "08-46500400", "", until)
            await set_contact(
                portal, who, register.authority.id, named, now=register.now,
                confirmation=touched(setting_act(register.authority.id, named)),
            )  # fmt: skip


async def test_term_35_1_whom_an_incident_touches_is_told_with_a_receipt_and_nobody_else(house: House) -> None:
    way = await tell_at(
        house.one, house.officers[house.one.authority.id], "mail", "jour@a.example", server="mx.a.example:25"
    )
    case = await house.open(house.one)
    [notice] = [one for one in await notices_of(house.one) if one.object == f"case:{case}"]
    assert (notice.kind, notice.event) == ("cases", "case.written")
    assert await house.noticed(house.other, case) == 0
    async with platform_as(house.one.server, "notifier") as notifier:
        [due] = [one for one in await take_due(notifier, house.one.now, 100) if one.notice_id == notice.id]
        assert all(word not in str(due) for word in ("Intrång", "Okänd"))
        await tell_delivered(notifier, due, "250 abc", house.one.now)
    async with platform_as(house.one.server, "portal") as portal:
        [delivery] = (await list_deliveries(portal, [notice]))[notice.id]
        assert (delivery.way_id, delivery.receipt) == (way, "250 abc")
    await house.see(case, house.one)
    async with platform_as(house.one.server, "portal") as portal:
        receipts = await list_receipts(portal, case, house.one.authority.id)
        assert {one.account_id for one in receipts} == {house.officers[house.one.authority.id].account_id}
        # Of the other there is nothing: no case, no entry, no receipt, and no way to write.
        assert await list_cases(portal, house.other.authority.id) == []
        assert await list_receipts(portal, case, house.other.authority.id) == []
    assert await house.entries(case, house.other) == []
    for attempt in (house.see(case, house.other), house.answer(case, house.other, "Hej")):
        with pytest.raises(NotDecidableError):
            await attempt


async def test_what_is_between_one_authority_and_the_supplier_no_other_sees(house: House) -> None:
    case = await house.open(house.one, house.other)
    await house.write(case, "noted", SECRET, to=house.one, tlp="GREEN")
    await house.answer(case, house.one, f"Svar om {SECRET}")
    assert SECRET in str(await house.entries(case, house.one))
    assert SECRET not in str(await house.entries(case, house.other))
    shown: dict[Tlp, bool] = {"RED": False, "AMBER+STRICT": False, "AMBER": True, "CLEAR": True}
    for tlp, seen in shown.items():
        await house.write(case, "noted", f"Allmänt {tlp}.", tlp=tlp)
        for who in (house.one, house.other):
            assert (f"Allmänt {tlp}." in str(await house.entries(case, who))) is seen, tlp


async def test_term_35_3_what_is_for_named_people_alone_is_in_nobody_elses_file(house: House) -> None:
    case_id = await house.open(house.one, house.other)
    with closing(connect_superuser(house.one.server, PLATFORM_DATABASE)) as onlooker:
        before = newest(onlooker)
        await house.write(case_id, "noted", SECRET, to=house.one, tlp="RED")
        # The log, which packs and CSV files are made of, has its fingerprint and never its words.
        told = entries(onlooker, before)
    assert SECRET in str(await house.entries(case_id, house.one)), "it is shown to whom it is for"
    case = await house.case(case_id)
    for who in (house.one, house.other):
        file = write_file(case, await house.entries(case_id, who))
        assert SECRET.encode() not in file
        assert json.loads(file)["left_out"] == {"TLP:RED": 1 if who is house.one else 0}
    assert [one["detail"]["tlp"] for one in told if one["object"] == f"case:{case_id}"] == ["RED"]
    assert SECRET not in str(told)


async def test_term_35_4_without_a_receipt_in_time_the_next_contact_is_to_be_called(house: House) -> None:
    await name_contacts(house, 2)
    case = await house.open(house.one)
    await house.write(case, "moved", step="acknowledged")
    steps = []
    for minutes in (29, 1, 30, 30):
        house.pass_time(minutes=minutes)
        await house.escalate()
        steps.append([one.facts.get("place") for one in await calls(house, case)])
    assert steps == [[], [1], [1, 2], [1, 2, None]]
    assert await house.noticed(house.one, case) >= 4, "each is told of by the authority's own ways"
    await house.see(case, house.one)
    house.pass_time(hours=5)
    await house.escalate()
    assert len(await calls(house, case)) == 3, "a receipt ends it"


async def calls(house: House, case: UUID) -> list[CaseEntry]:
    """Which contacts were to be called."""
    return [one for one in await house.entries(case) if one.kind == "escalated" and one.authority_id is not None]


async def test_term_35_5_each_message_is_in_the_log_of_who_sees_it(house: House) -> None:
    case = await house.open(house.one, house.other)
    with closing(connect_superuser(house.one.server, PLATFORM_DATABASE)) as onlooker:
        before = newest(onlooker)
        await house.write(case, "noted", "Till en", to=house.one)
        await house.write(case, "noted", "Till alla")
        await house.answer(case, house.other, "Från den andra")
        told = [one for one in entries(onlooker, before) if one["object"] == f"case:{case}"]
    one, other = str(house.one.authority.id), str(house.other.authority.id)
    written = {each.text: each for each in await house.entries(case) if each.text}
    found = {
        (each["detail"]["digest"], each["detail"]["authority"]) for each in told if each["event"] == "case.written"
    }
    assert found == {
        (written["Till en"].digest.hex(), one),
        *((written["Till alla"].digest.hex(), who) for who in (one, other)),
        (written["Från den andra"].digest.hex(), other),
    }
    assert all(text not in str(told) for text in written)
