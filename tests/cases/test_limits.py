# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What nobody can do with a case: show more by a correction, stop the others, read from gaps, tell of nothing."""

from contextlib import closing
from hashlib import sha256
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.alarms.house import connect_superuser
from tests.cases.house import House
from tests.platform import entries, newest, platform_as
from vaka.cases.model import MOST_ANSWERS, Tlp
from vaka.cases.reading import find_case, list_receipts, list_titles, write_file
from vaka.cases.rounds import Cases
from vaka.cases.writing import UnusableCaseError
from vaka.clock import TurnedClock
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SECRET = "KODORD ALVIK"


def by_hand(house: House, statement: str, **values: object) -> list[dict[str, Any]]:
    """Do what nobody may, past the rules that refuse it."""
    with closing(connect_superuser(house.one.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("set session_replication_role = replica")
        found = superuser.execute(statement.encode(), values)
        return found.fetchall() if found.description else []


@pytest.mark.parametrize("tlp", ["RED", "AMBER+STRICT"])
async def test_a_correction_is_not_shown_to_more_than_what_it_corrects(house: House, tlp: Tlp) -> None:
    case = await house.open(house.one, house.other)
    await house.write(case, "noted", SECRET, tlp=tlp)
    wrong = (await house.entries(case))[-1].number
    with pytest.raises(UnusableCaseError, match="wider marking"):
        await house.write(case, "corrected", f"Ej {SECRET}", tlp="AMBER", corrects=wrong)
    await house.write(case, "corrected", f"Ej {SECRET}", tlp="RED", corrects=wrong)
    for who in (house.one, house.other):
        assert SECRET not in str(await house.entries(case, who))


async def test_a_correction_goes_to_whom_it_was_said_to_go_or_nowhere(house: House) -> None:
    case = await house.open(house.one, house.other)
    await house.write(case, "noted", "Till alla")
    of_all = (await house.entries(case))[-1].number
    await house.write(case, "noted", "Till en", to=house.one)
    of_one = (await house.entries(case))[-1].number
    for corrects, to in ((of_all, house.one), (of_one, None), (of_one, house.other)):
        with pytest.raises(UnusableCaseError, match="goes to whom"):
            await house.write(case, "corrected", SECRET, to=to, corrects=corrects)
    assert SECRET not in str(await house.entries(case))


async def test_an_authority_that_writes_without_end_is_stopped_and_nobody_else(house: House) -> None:
    case = await house.open(house.one, house.other)
    by_hand(
        house,
        "insert into vaka.case_entry (case_id, number, kind, side, tlp, authority_id, text, facts, made_by, made_at,"
        " digest) select %(case)s, 100 + n, 'noted', 'authority', 'AMBER', %(where)s, 'Hej', '{}', %(who)s, %(at)s,"
        " %(digest)s from generate_series(2, %(many)s) n",
        case=case, where=house.one.authority.id, who=house.officers[house.one.authority.id].account_id,
        at=house.one.now, digest=bytes(32), many=MOST_ANSWERS,
    )  # fmt: skip
    await house.answer(case, house.one, "Det sista")
    with pytest.raises(UnusableCaseError, match=f"{MOST_ANSWERS} messages"):
        await house.answer(case, house.one, "Ett till")
    await house.answer(case, house.other, "Från den andra")
    await house.write(case, "noted", "Från leverantören")
    assert len(await house.entries(case, house.one)) == MOST_ANSWERS + 3


async def test_a_case_that_cannot_go_on_does_not_stop_the_others(house: House) -> None:
    stuck, other = await house.open(house.one), await house.open(house.one)
    # No further entry has a number there.
    by_hand(
        house,
        "insert into vaka.case_entry (case_id, number, kind, side, tlp, text, facts, made_by, made_at, digest)"
        " values (%(case)s, 999999, 'noted', 'supplier', 'RED', 'Hej', '{}', %(who)s, %(at)s, %(digest)s)",
        case=stuck, who=house.admin.account_id, at=house.one.now, digest=bytes(32),
    )  # fmt: skip
    clock = TurnedClock(house.one.now)
    clock.turn(15 * 60)
    pool = make_pool(house.one.server, platform_role("scheduler"), PLATFORM_DATABASE, application="vaka-test")
    await pool.open()
    try:
        with capture_logs() as said:
            assert await Cases(pool, clock).let_time_pass() >= 1
    finally:
        await pool.close()
        by_hand(house, "delete from vaka.case_entry where case_id = %(case)s and number = 999999", case=stuck)
    assert [(one["event"], one["reason"], one["count"]) for one in said] == [("round failed", "cases", 1)]
    assert ((await house.case(stuck)).level, (await house.case(other)).level) == (0, 1)


async def test_an_authority_that_is_told_later_has_its_whole_time(house: House) -> None:
    case = await house.open(house.one)
    await house.write(case, "moved", step="acknowledged")
    house.pass_time(hours=5)
    await house.write(case, "touched", to=house.other)

    async def called() -> int:
        await house.escalate()
        return sum(one.kind == "escalated" and one.authority_id == house.other.authority.id for one in
                   await house.entries(case))  # fmt: skip

    for minutes, times in ((0, 0), (29, 0), (1, 1), (29, 1), (1, 2)):
        house.pass_time(minutes=minutes)
        assert await called() == times, minutes


async def test_the_fingerprint_of_an_entry_tells_every_fact_of_it(house: House) -> None:
    case = await house.open(house.one)
    await house.write(case, "noted", "Rad ett\nRad två", to=house.one)
    made = (await house.entries(case))[-1]
    [row] = by_hand(
        house,
        "select jsonb_build_array('vaka case entry v1', %(case)s::uuid, number, kind, side, tlp, authority_id, text,"
        " facts, made_by, to_char(made_at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'))::text as said,"
        " array(select encode(vaka.case_entry_digest(jsonb_populate_record(e, other)), 'hex') from (values"
        " ('{\"made_at\": \"2020-01-01T00:00:00Z\"}'::jsonb), ('{\"text\": \"x\"}'), ('{\"authority_id\": null}'),"
        " ('{\"facts\": {\"a\": \"b\"}}')) o (other)) as others"
        " from vaka.case_entry e where case_id = %(case)s and number = %(number)s",
        case=case, number=made.number,
    )  # fmt: skip
    assert made.digest == sha256(row["said"].encode()).digest()
    assert len({made.digest.hex(), *row["others"]}) == 5
    assert f'"{made.made_at:%Y-%m-%dT%H:%M:%S.%f}Z"' in row["said"]


async def test_an_entry_of_the_log_that_no_row_bears_out_is_told_to_nobody(house: House) -> None:
    case = await house.open(house.one)
    await house.write(case, "noted", "Till en", to=house.one)
    made, before = (await house.entries(case))[-1], await house.noticed(house.one, case)
    true = {"authority": str(house.one.authority.id), "entry": made.number, "kind": "noted", "tlp": "AMBER",
            "digest": made.digest.hex()}  # fmt: skip
    forged: list[tuple[Event, dict[str, Any]]] = [
        (Event.CASE_WRITTEN, {**true, "digest": "0" * 64}),
        (Event.CASE_WRITTEN, {**true, "authority": str(house.other.authority.id)}),
        (Event.CASE_ESCALATED, true),
    ]
    for event, detail in forged:
        async with platform_as(house.one.server, "office") as office, office.transaction():
            await append(office, Entry(event, f"account:{house.admin.account_id}", house.one.now, f"case:{case}",
                                       detail=detail))  # fmt: skip
    assert await house.noticed(house.one, case) == before
    assert await house.noticed(house.other, case) == 0


async def test_no_gap_tells_an_authority_how_much_is_said_to_others(house: House) -> None:
    case = await house.open(house.one, house.other, tlp="RED", title="Hemlig rubrik")
    for text in ("Ett", "Två", "Tre"):
        await house.write(case, "noted", text, to=house.other)
    with closing(connect_superuser(house.one.server, PLATFORM_DATABASE)) as onlooker:
        mark = newest(onlooker)
        await house.write(case, "noted", "Fel", to=house.one)
        wrong = (await house.entries(case))[-1].number
        await house.write(case, "corrected", "Rätt", to=house.one, corrects=wrong)
        told = [one["detail"]["entry"] for one in entries(onlooker, mark) if one["object"] == f"case:{case}"]
    seen = await house.entries(case, house.one)
    assert [one.number for one in seen] == [1, 2, 3]
    assert told == [2, 3], "and none in its log"
    assert seen[-1].facts["corrects"] == 2
    assert b'"number": 3' in write_file(await house.case(case), seen)
    # A receipt is for what has the number for the reader, and is shown by it.
    await house.see(case, house.one, 2)
    async with platform_as(house.one.server, "portal") as portal:
        assert [one.number for one in await list_receipts(portal, case, house.one.authority.id)] == [1, 2]
        assert case not in await list_titles(portal, house.one.authority.id)
        assert (await find_case(portal, case, house.one.authority.id)) is not None
    held = by_hand(house, "select number from vaka.case_receipt where case_id = %(case)s order by number", case=case)
    assert [one["number"] for one in held] == [2, wrong]


async def test_whom_cases_touch_and_which_still_run_is_found_by_an_index(house: House) -> None:
    with closing(connect_superuser(house.one.server, PLATFORM_DATABASE)) as superuser:
        superuser.execute("set enable_seqscan = off")
        for index, question in (
            ("case_entry_touched", "select told_at from vaka.case_touch where authority_id = %s"),
            ("case_entry_closed", "select id from vaka.case_running where id = %s"),
        ):
            plan = superuser.execute(f"explain {question}".encode(), (house.one.authority.id,)).fetchall()
            assert index in str(plan), question
