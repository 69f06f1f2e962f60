# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A case as it is written: never changed, taken step by step, and gone on where nobody acknowledges (term 34)."""

from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.cases.house import House
from tests.platform import platform_as
from vaka.access.decide import NotAllowedError, NothingHereError
from vaka.cases.model import QUERIES, Case
from vaka.cases.rounds import Cases
from vaka.cases.writing import UnusableCaseError
from vaka.clock import TurnedClock
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, platform_role

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def test_term_34_2_what_nobody_acknowledges_goes_to_the_next_level_and_again(house: House) -> None:
    case = await house.open(house.one)
    clock = TurnedClock(house.one.now)
    pool = make_pool(house.one.server, platform_role("scheduler"), PLATFORM_DATABASE, application="vaka-test")
    await pool.open()
    try:
        rounds = Cases(pool, clock)
        for minutes, level in ((14, 0), (1, 1), (0, 1), (15, 2), (15, 3), (600, 3)):
            clock.turn(minutes * 60)
            await rounds.let_time_pass()
            assert (await house.case(case)).level == level, minutes
    finally:
        await pool.close()
    gone_on = [one for one in await house.entries(case) if one.kind == "escalated" and one.authority_id is None]
    assert [one.facts["level"] for one in gone_on] == [1, 2, 3]
    assert {one.side for one in gone_on} == {"product"}
    # It is shown to whom it touches, and told: of what the supplier did not do, too.
    assert [one.number for one in await house.entries(case, house.one) if one in gone_on] == [
        one.number for one in gone_on
    ]
    assert await house.noticed(house.one, case) >= 4


async def test_term_34_2_what_somebody_acknowledged_stays(house: House) -> None:
    case = await house.open()
    house.pass_time(minutes=14)
    await house.write(case, "moved", step="acknowledged")
    house.pass_time(minutes=100)
    await house.escalate()
    assert (await house.case(case)).level == 0


async def test_term_34_3_nothing_is_closed_without_cause_impact_and_whether_it_was_reported(house: House) -> None:
    case = await house.open(house.one)
    ends: dict[str, Any] = {"cause": "Svagt lösenord", "impact": "Ingen data lämnade", "report": "not_required"}
    with pytest.raises(UnusableCaseError):  # not before somebody has judged it
        await house.write(case, "moved", step="closed", **ends)
    await house.write(case, "moved", step="triaged")
    for missing in ends:
        with pytest.raises(UnusableCaseError, match="cause and the impact"):
            await house.write(case, "moved", step="closed", **{**ends, missing: ""})
    assert (await house.case(case)).state == "triaged"
    await house.write(case, "moved", step="closed", **ends)
    closed = await house.case(case)
    assert (closed.state, closed.fixed_at) == ("closed", house.one.now)
    with pytest.raises(UnusableCaseError):
        await house.write(case, "moved", step="fixed")
    # A statement that leaves one out is refused by the table itself.
    with closing(connect_superuser(house.one.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("set session_replication_role = replica")
        with pytest.raises(psycopg.errors.CheckViolation):
            superuser.execute(
                "insert into vaka.case_entry (case_id, number, kind, side, tlp, text, facts, made_by, made_at, digest)"
                " values (%s, 99, 'moved', 'supplier', 'AMBER', '', '{\"step\": \"closed\", \"cause\": \"x\"}', %s,"
                " now(), %s)", (case, uuid4(), bytes(32)),
            )  # fmt: skip


async def test_what_the_law_wants_reported_stays_red_until_it_is_closed_or_not(house: House) -> None:
    """Nobody says of such a case that it need not be reported, and closing it ends no report that is owed."""
    case = await house.open(house.one, regulated=True)
    ends: dict[str, Any] = {"step": "closed", "cause": "Svagt lösenord", "impact": "Ingen data lämnade"}
    await house.write(case, "moved", step="triaged")
    house.pass_time(hours=25)

    async def late() -> list[str]:
        async with platform_as(house.one.server, "scheduler") as scheduler:
            rows = await scheduler.execute("select * from vaka.find_late_cases(%s)", (house.one.now,))
            return [reason for where, reason, _ in await rows.fetchall() if where == house.one.authority.id]

    assert await late() == ["unreported"]
    with pytest.raises(UnusableCaseError, match="the law wants reported"):
        await house.write(case, "moved", report="not_required", **ends)
    await house.write(case, "moved", report="reported", **ends)
    assert await late() == ["unreported"], "that it was reported takes the reports"
    await house.write(case, "reported", report="24h")
    assert await late() == []
    house.pass_time(hours=48)
    assert await late() == ["unreported"], "the next one is owed by a closed case, too"
    await house.write(case, "reported", report="72h")
    assert await late() == []
    house.pass_time(days=30)
    assert await late() == ["unreported"]
    await house.write(case, "reported", report="month")
    assert await late() == []


async def test_term_34_5_what_was_written_is_corrected_by_another_entry_alone(house: House) -> None:
    case = await house.open(house.one)
    await house.write(case, "noted", "Tre konton berörs", to=house.one)
    await house.see(case, house.one)
    before = await house.entries(case)
    wrong = before[-1].number
    for statement in (
        "update vaka.case_entry set text = 'Inget konto berörs'", "delete from vaka.case_entry",
        "truncate vaka.case_entry cascade", "update vaka.security_case set severity = 'low'",
        "delete from vaka.case_receipt", "update vaka.security_case set known_at = now()",
    ):  # fmt: skip
        with closing(connect_superuser(house.one.server, PLATFORM_DATABASE)) as superuser:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"):
                superuser.execute(statement.encode())
            superuser.execute("set role vaka_owner")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"):
                superuser.execute(statement.encode())
        async with platform_as(house.one.server, "office") as office:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await office.execute(statement.encode())
    await house.write(case, "corrected", "Två konton berörs", to=house.one, corrects=wrong)
    after = await house.entries(case)
    assert after[: len(before)] == before
    assert (after[-1].kind, after[-1].facts["corrects"]) == ("corrected", wrong)
    assert after[-1].authority_id == house.one.authority.id, "what corrects reaches who saw the mistake"


async def test_three_clocks_and_what_the_law_asks_for_follow_from_the_entries(house: House) -> None:
    known = house.one.now - timedelta(hours=1)
    case_id = await house.open(severity="critical", known_at=known, regulated=True)
    case: Case = await house.case(case_id)
    assert (case.tell_by - known, case.fix_by - known) == (timedelta(hours=1), timedelta(hours=24))
    assert [due - known for due in case.reports_due.values()][:2] == [timedelta(hours=24), timedelta(hours=72)]
    await house.write(case_id, "reported", report="24h")
    with pytest.raises(Exception, match="decided already"):
        await house.write(case_id, "reported", report="24h")
    await house.write(case_id, "moved", step="fixed")
    case = await house.case(case_id)
    assert (case.reports, case.fixed_at) == (["24h"], house.one.now)
    with pytest.raises(UnusableCaseError, match="still to come"):
        await house.open(known_at=house.one.now + timedelta(minutes=1))
    with pytest.raises(UnusableCaseError, match="telephone numbers"):
        await house.open(text="Ring 070-174 06 05")


async def test_nobody_but_an_administrator_opens_or_writes(house: House) -> None:
    case, officer = await house.open(house.one), house.officers[house.one.authority.id]
    house.admin, admin = officer, house.admin
    with pytest.raises((NotAllowedError, NothingHereError)):
        await house.open()
    with pytest.raises((NotAllowedError, NothingHereError)):
        await house.write(case, "noted", "Hej")
    house.admin = admin
    facts = {"case_id": case, "number": 1, "authority_id": None, "account_id": officer.account_id, "now": house.one.now}
    async with platform_as(house.one.server, "portal") as portal:
        # Nor does the portal's own connection speak for the supplier, or for who is nobody of the authority.
        assert await (await portal.execute(QUERIES["see_case"], facts)).fetchone() == ("stranger",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await portal.execute("select * from vaka.case_entry")
