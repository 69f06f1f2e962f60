# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A crisis exercise from the request to its end: who does what, whose turn it is, and what nobody can (term 36)."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.platform import entries, make_account, newest, platform_as
from tests.registers.exercising import DAY, HOUR, YEAR, Sides, new_sides
from tests.registers.house import House
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.registers.exercise_acts import MOST_OPEN, ExerciseError, Plan, plan
from vaka.registers.exercises import find_exercise, list_exercises, list_lessons
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SOON = START + DAY


@pytest.fixture
async def sides(server: Server, new_authority: Callable[..., Authority]) -> Sides:
    return await new_sides(server, new_authority().id)


@pytest.fixture
def onlooker(server: Server) -> Iterator[psycopg.Connection[dict[str, object]]]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        yield connection


def enter_finding(
    onlooker: psycopg.Connection[dict[str, object]], author: UUID, *, concerned: UUID | None = None, **fields: str
) -> UUID:  # fmt: skip
    """Let a shortcoming stand in the register."""
    entry = uuid4()
    onlooker.execute("set session_replication_role = replica")
    onlooker.execute(
        "insert into vaka.register_version (entry, number, register, state, fields, concerned, content, digest,"
        " made_by, made_at) values (%s, 1, 'findings', 'open', %s, %s, 1, %s, %s, %s)",
        (entry, Jsonb(fields), None if concerned is None else [concerned], bytes(32), author, START),
    )
    onlooker.execute("set session_replication_role = origin")
    return entry


async def test_it_always_shows_whose_turn_it_is(sides: Sides) -> None:
    one = await sides.ask()
    seen = [(await sides.find(one)).state(START)]
    turns = [(await sides.find(one)).turn(START)]

    async def look(at: timedelta = timedelta()) -> None:
        found = await sides.find(one, START + at)
        seen.append(found.state(START + at))
        turns.append(found.turn(START + at))

    await sides.plan(one, SOON)
    await look()
    await sides.agree(one, refusal="Den dagen går inte")
    await look()
    await sides.plan(one, SOON)
    await look()
    await sides.agree(one)
    await look()
    await sides.begin(one, at=SOON)
    await look(DAY)
    await look(DAY + 4 * HOUR)
    await sides.attend(one, "office", at=SOON + 5 * HOUR)
    await look(DAY + 5 * HOUR)
    await sides.attend(one, "portal", at=SOON + 5 * HOUR)
    await look(DAY + 5 * HOUR)
    assert await sides.say("office", "close_exercise", at=SOON + 5 * HOUR, id=one) == "done"
    await look(DAY + 5 * HOUR)
    assert seen == [
        "asked", "planned", "refused", "planned", "agreed", "running", "held", "held", "held", "closed"
    ]  # fmt: skip
    assert turns == [
        "office", "portal", "office", "portal", "office", "both", "both", "portal", "office", "nobody"
    ]  # fmt: skip


async def test_hours_are_the_logs_and_end_by_themselves(
    sides: Sides, onlooker: psycopg.Connection[dict[str, object]]
) -> None:
    before = newest(onlooker)
    one = await sides.hold(hours=4)
    late = await sides.find(one, SOON + 9 * HOUR)
    assert late.held == 4 * HOUR, "it ended at its hour, though nobody ended it"
    other = await sides.hold(hours=4, attended=False)
    assert await sides.say("portal", "end_exercise", at=SOON + HOUR, id=other) == "done", "anybody who may ends it"
    for side in ("office", "portal"):
        await sides.attend(other, side, at=SOON + 2 * HOUR)
    assert (await sides.find(other, SOON + 9 * HOUR)).held == HOUR
    assert await sides.say("office", "end_exercise", at=SOON + 2 * HOUR, id=other) == "gone"
    until = f"{SOON + 4 * HOUR:%Y-%m-%dT%H:%M:%SZ}"
    told = [
        (entry["event"], entry["detail"]["authority"], entry["detail"].get("until"))
        for entry in entries(onlooker, before)
        if entry["object"] == f"exercise:{one}"
    ]
    assert told == [
        (f"exercise.{what}", str(sides.authority), until if what == "begun" else None)
        for what in ("asked", "planned", "decided", "begun", "attended", "attended")
    ]


async def test_term_36_5_both_sides_confirm_who_was_there(sides: Sides) -> None:
    one = await sides.hold(attended=False)
    over = SOON + 4 * HOUR
    assert await sides.attend(one, "office", at=over - HOUR) == "gone", "not while it goes on"
    assert await sides.attend(one, "office", at=over) == "done"
    assert (await sides.find(one, over)).held == timedelta(0), "one side alone makes no hours"
    assert await sides.attend(one, "office", at=over, present=40) == "gone", "nor says it twice"
    assert await sides.say("office", "close_exercise", at=over, id=one) == "attendance"
    # The supplier's administrator says it for the authority: in his process, in its process, by its officer's account.
    for side, by in (("portal", sides.administrator), ("office", sides.officer)):
        assert await sides.say(side, "attend_exercise", at=over, by=by, id=one, present=3) == "stranger"
    assert (await sides.find(one, over)).portal_present is None
    assert await sides.attend(one, "portal", at=over) == "done"
    assert (await sides.find(one, over)).held == 4 * HOUR
    empty = await sides.hold(attended=False)
    await sides.attend(empty, "office", at=over)
    await sides.attend(empty, "portal", at=over, present=0)
    assert (await sides.find(empty, over)).held == timedelta(0), "the authority says that nobody of its came"


async def test_term_36_4_a_lesson_without_an_action_or_a_reason_keeps_it_open(
    sides: Sides, onlooker: psycopg.Connection[dict[str, object]], new_authority: Callable[..., Authority]
) -> None:
    one, over = await sides.hold(), SOON + 4 * HOUR
    first = await sides.note(one, at=over)
    second = await sides.note(one, at=over + timedelta(minutes=1), side="office")

    async def settle(lesson: UUID, finding: UUID | None = None, motive: str | None = None) -> str:
        return await sides.say(
            "office", "settle_exercise_lesson", at=over, lesson_id=lesson, finding=finding, motive=motive
        )

    async def close() -> str:
        return await sides.say("office", "close_exercise", at=over, id=one)

    assert await close() == "lessons"
    fields: dict[str, Any] = {"title": "Numret saknas", "due": "2027-01-31", "owner": str(sides.administrator)}
    foreign = enter_finding(onlooker, sides.administrator, concerned=new_authority().id, **fields)
    ownerless = enter_finding(onlooker, sides.administrator, **{**fields, "owner": ""})
    for nothing in (uuid4(), foreign, ownerless):
        assert await settle(first, nothing) == "finding"
    assert await settle(first) == "either"
    assert await settle(first, uuid4(), "både och") == "either"
    assert (
        await settle(first, enter_finding(onlooker, sides.administrator, concerned=sides.authority, **fields)) == "done"
    )
    assert await close() == "lessons", "the other is open"
    assert await settle(second, motive="Gäller bara övningen") == "done"
    assert [(each.title, each.due, each.motive) for each in await sides.lessons(one)] == [
        ("Numret saknas", "2027-01-31", None), (None, None, "Gäller bara övningen")
    ]  # fmt: skip
    assert await close() == "done"
    assert await settle(second, motive="Ändrat efteråt") == "gone"
    assert await sides.say(
        "portal", "note_exercise_lesson", at=over, lesson_id=uuid4(), id=one, lesson="För sent"
    ) == "gone"  # fmt: skip


async def test_only_what_both_agreed_to_begins_and_not_before_its_time(sides: Sides) -> None:
    one = await sides.ask()
    assert await sides.begin(one, at=START) == "gone"
    await sides.plan(one, SOON)
    shown = (await sides.find(one)).digest
    assert await sides.begin(one, at=SOON) == "gone", "the authority has not agreed"
    await sides.plan(one, SOON, hours=0.5)
    assert await sides.say("portal", "decide_exercise", at=START, id=one, sha256=shown, refusal=None) == "changed"
    await sides.agree(one)
    assert await sides.begin(one, at=SOON - HOUR) == "early"
    # The supplier makes another plan of the agreed one, and begins that.
    await sides.plan(one, SOON, hours=9)
    assert await sides.begin(one, at=SOON) == "gone"
    await sides.agree(one)
    assert await sides.begin(one, at=SOON + 9 * HOUR) == "gone", "its hour is over"
    assert await sides.begin(one, at=SOON) == "done"
    assert await sides.begin(one, at=SOON) == "gone"
    assert await sides.plan(one, SOON + DAY, at=SOON) == "gone"
    assert await sides.say("portal", "withdraw_exercise", at=SOON, id=one) == "gone"


@pytest.mark.parametrize(
    ("starts", "hours"), [(-HOUR, 4), (DAY, 0), (DAY, -1), (DAY, 121), (timedelta(days=366), 4)], ids=str
)
async def test_a_plan_lies_in_the_year_and_in_the_time_to_come(sides: Sides, starts: timedelta, hours: float) -> None:
    one = await sides.ask()
    assert await sides.plan(one, START + starts, hours=hours) == "times"


async def test_nobody_writes_for_another(sides: Sides, server: Server, new_authority: Callable[..., Authority]) -> None:
    one, stranger = await sides.ask(), await make_account(server, now=START - DAY)
    elsewhere = await new_sides(server, new_authority().id)
    await sides.plan(one, SOON)
    digest = (await sides.find(one)).digest
    asked = {"id": uuid4(), "authority_id": sides.authority, "year": YEAR, "wanted": "x", "wished": "y"}
    for side, by in (("portal", stranger), ("portal", elsewhere.officer), ("portal", sides.administrator)):
        assert await sides.say(side, "ask_exercise", at=START, by=by, **asked) == "stranger"
        assert await sides.say(side, "withdraw_exercise", at=START, by=by, id=one) == "stranger"
        assert await sides.say(
            side, "decide_exercise", at=START, by=by, id=one, sha256=digest, refusal=None
        ) == "stranger"  # fmt: skip
        assert await sides.say(
            side, "set_exercise_days", at=START, by=by, authority_id=sides.authority, days=90
        ) == "stranger"  # fmt: skip
    found = await sides.find(one)
    assert (found.agreed_at, found.withdrawn_at) == (None, None)
    async with platform_as(server, "portal") as portal:
        for name in ("plan_exercise", "begin_exercise", "close_exercise", "settle_exercise_lesson"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await portal.execute(f"select vaka.{name}({ARGUMENTS[name]})")
    async with platform_as(server, "office") as office:
        for name in ("ask_exercise", "decide_exercise", "withdraw_exercise", "set_exercise_days"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await office.execute(f"select vaka.{name}({ARGUMENTS[name]})")


ARGUMENTS = {
    "plan_exercise": "null, null, null, null, null, null, null, null",
    "begin_exercise": "null, null, null, null",
    "close_exercise": "null, null, null",
    "settle_exercise_lesson": "null, null, null, null, null",
    "ask_exercise": "null, null, null, null, null, null, null",
    "decide_exercise": "null, null, null, null, null",
    "withdraw_exercise": "null, null, null",
    "set_exercise_days": "null, null, null, null",
}


async def test_neither_a_superuser_nor_the_owner_writes_it_by_a_statement(
    sides: Sides, onlooker: psycopg.Connection[dict[str, object]]
) -> None:
    """The supplier's rogue administrator has the database: hours that nobody held, a request that never was."""
    one = await sides.hold(attended=False)
    tried = (
        f"update vaka.exercise set portal_present = 9, office_present = 9 where id = '{one}'",
        f"delete from vaka.exercise where id = '{one}'",
        "truncate vaka.exercise cascade",
        "delete from vaka.exercise_lesson",
        f"insert into vaka.exercise_rule values ('{sides.authority}', 90)",
    )
    await sides.note(one, at=SOON + 5 * HOUR)
    for role in ("none", "vaka_owner"):
        onlooker.execute(f"set role {role}")
        for statement in tried:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                onlooker.execute(statement)
        onlooker.execute("reset role")
    assert (await sides.find(one, SOON + 9 * HOUR)).portal_present is None


async def test_what_is_written_names_no_telephone_numbers(sides: Sides, server: Server) -> None:
    one = await sides.ask()
    who = await House(server, lambda: START).administrator()
    proposed = Plan(SOON, SOON + HOUR, "Två", "En", "Ring 070-1740605")
    async with platform_as(server, "office") as office:
        with pytest.raises(ExerciseError, match="telephone numbers"):
            await plan(office, who, one, proposed, now=START)
        await plan(office, who, one, replace(proposed, injects="Ring växeln"), now=START)
    assert (await sides.find(one)).injects == "Ring växeln"


def ask_often(
    onlooker: psycopg.Connection[dict[str, object]], authority: UUID, officer: UUID, often: int = 200
) -> None:
    """Let an authority have asked more often than it can, past every guard: all later than the others."""
    onlooker.execute("set session_replication_role = replica")
    onlooker.execute(
        "insert into vaka.exercise (id, authority_id, year, wanted, wished, asked_by, asked_at, answer_by)"
        " select gen_random_uuid(), %s, %s, 'Mer', 'Nu', %s, %s, %s from generate_series(1, %s)",
        (authority, YEAR, officer, START + DAY, START + 15 * DAY, often),
    )
    onlooker.execute("set session_replication_role = origin")


async def test_what_is_owed_soonest_is_listed_whatever_others_ask(
    sides: Sides, server: Server, new_authority: Callable[..., Authority],
    onlooker: psycopg.Connection[dict[str, object]],
) -> None:  # fmt: skip
    """An authority that asks two hundred times pushes nothing of another's off the office's page, nor its own."""
    one, other = await sides.ask(), new_authority()
    withdrawn = await sides.ask()
    assert await sides.say("portal", "withdraw_exercise", at=START, id=withdrawn) == "done"
    ask_often(onlooker, other.id, sides.officer)
    ask_often(onlooker, sides.authority, sides.officer)
    try:
        async with platform_as(server, "office") as office:
            listed = [each.id for each in await list_exercises(office, None, START)]
            found = await find_exercise(office, None, withdrawn, START)
        async with platform_as(server, "portal") as portal:
            own = [each.id for each in await list_exercises(portal, sides.authority, START)]
    finally:
        onlooker.execute("set session_replication_role = replica")
        onlooker.execute("delete from vaka.exercise where wanted = 'Mer'")
        onlooker.execute("set session_replication_role = origin")
    assert one in listed
    assert own[0] == one
    assert withdrawn not in own
    assert found is not None
    assert found.state(START) == "withdrawn", "and one that is not listed is found"


async def test_an_authority_has_so_many_requests_of_a_year_open(sides: Sides) -> None:
    asked = [await sides.ask() for _ in range(MOST_OPEN)]
    again: dict[str, Any] = {"id": uuid4(), "authority_id": sides.authority, "wanted": "Mer", "wished": "Nu"}
    assert await sides.say("portal", "ask_exercise", at=START, year=YEAR, **again) == "requests"
    assert f"{MOST_OPEN} öppna begäranden" in ExerciseError("requests").sentence.sv
    assert await sides.say("portal", "ask_exercise", at=START, year=YEAR + 1, **again) == "done"
    assert await sides.say("portal", "withdraw_exercise", at=START, id=asked[0]) == "done"
    await sides.ask()


async def test_all_authorities_exercises_are_the_offices_alone(
    sides: Sides, server: Server, onlooker: psycopg.Connection[dict[str, object]]
) -> None:
    """Whoever has the portal's login asks for everybody's, and is given nobody's; nor their lessons."""
    one = await sides.hold()
    await sides.note(one, at=SOON + 4 * HOUR)
    for component, seen in (("portal", False), ("office", True)):
        async with platform_as(server, component) as connection:
            assert (one in [each.id for each in await list_exercises(connection, None, SOON)]) is seen
            known = await find_exercise(connection, sides.authority, one, SOON)
            assert known is not None
            assert (one in await list_lessons(connection, None, [known])) is seen
            assert one in await list_lessons(connection, sides.authority, [known])
