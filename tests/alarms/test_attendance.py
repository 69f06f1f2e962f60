# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whoever is gone holds nothing, a second press is answered or rings for all, and only some may take over."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.alarms.house import CLOSING, House, Sender, connect_superuser, operator
from tests.conftest import START
from vaka.access.decide import NotAllowedError
from vaka.access.grants import Colleague
from vaka.access.principal import Principal
from vaka.alarms.answering import hear, may_be_taken_over, take_over
from vaka.alarms.attendance import Attendance, SignedIn, attend, has_desk, lapse_held, note_desks
from vaka.alarms.closing import close, reopen
from vaka.alarms.conflicts import AlarmConflictError, ChangedMeanwhileError, HeldByAnotherError, HolderAtDeskError
from vaka.alarms.escalation import escalate_due
from vaka.alarms.model import State
from vaka.alarms.noting import add_note
from vaka.alarms.taking import hand_over, resume, suspend, take
from vaka.alarms.watch import Watch
from vaka.clock import TurnedClock
from vaka.database.connections import Pool, make_pool, transaction
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def me(quiet: House) -> Principal:
    return operator(quiet.authority)


@pytest.fixture
def colleague(quiet: House) -> Principal:
    return operator(quiet.authority)


@dataclass
class Reception:
    """Signs people in and out, and opens their desks, in the platform's database."""

    platform: psycopg.Connection[dict[str, Any]]
    desk: Pool

    def sign_in(self, who: Principal, at: datetime = START) -> None:
        """Give the account its roles, and a session."""
        self.platform.execute(
            "insert into vaka.account (id, display_name, kind, created_at) values (%s, 'Kim', 'user', %s)"
            " on conflict do nothing",
            (who.account_id, at),
        )
        for grant in who.grants:
            self.platform.execute(
                "insert into vaka.role_grant (account_id, role, authority_id, granted_at) values (%s, %s, %s, %s)"
                " on conflict do nothing",
                (who.account_id, grant.role, grant.authority_id, at),
            )
        self.platform.execute(
            "insert into vaka.session (token_hash, id, account_id, realm, method, created_at, expires_at)"
            " values (sha256(%s::text::bytea), %s, %s, 'operator', 'test', %s, %s)",
            (uuid4(), uuid4(), who.account_id, at, at + timedelta(hours=12)),
        )

    def change_grants(self, who: Principal, change: LiteralString, *values: object) -> None:
        """Do something to every role of an account, as ``set valid_until = …``."""
        self.platform.execute(f"update vaka.role_grant {change} where account_id = %s", (*values, who.account_id))

    def sign_out(self, who: Principal, at: datetime) -> None:
        self.platform.execute("update vaka.session set ended_at = %s where account_id = %s", (at, who.account_id))

    async def at_desk(self, who: Principal, at: datetime) -> None:
        async with transaction(self.desk) as connection:
            await note_desks(connection, [who.account_id], at)


@pytest.fixture
def platform(server: Server) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        yield connection
        connection.execute("delete from vaka.desk_presence")
        connection.execute("delete from vaka.session where method = 'test'")
        connection.execute("delete from vaka.role_grant where account_id in (select id from vaka.account"
                           " where display_name = 'Kim')")  # fmt: skip


@pytest.fixture
def second(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
async def reception(server: Server, platform: psycopg.Connection[dict[str, Any]]) -> AsyncIterator[Reception]:
    pool = make_pool(server, platform_role("desk"), PLATFORM_DATABASE, application="test")
    await pool.open()
    yield Reception(platform, pool)
    await pool.close()


@pytest.fixture
async def watch(
    server: Server, quiet: House, platform: psycopg.Connection[dict[str, Any]], clock: TurnedClock
) -> AsyncIterator[Watch]:
    """A scheduler's watch over this authority alone."""
    others = platform.execute(
        "update vaka.authority set state = 'closed' where state = 'active' and id <> %s returning id", (quiet.id,)
    ).fetchall()
    pool = make_pool(server, platform_role("scheduler"), PLATFORM_DATABASE, application="test")
    await pool.open()
    watch = Watch(quiet.scheduler, pool, clock, supervision_seconds=10)
    await watch.look_for_authorities()
    yield watch
    await pool.close()
    platform.execute("update vaka.authority set state = 'active' where id = any(%s)", ([row["id"] for row in others],))


async def look(watch: Watch, clock: TurnedClock, seconds: float) -> None:
    """Let the scheduler look every five seconds for a while."""
    for _ in range(int(seconds // 5)):
        clock.turn(5)
        await watch.look_after_held()


async def test_who_signs_out_holds_nothing(
    watch: Watch, reception: Reception, quiet: House, clock: TurnedClock, me: Principal, colleague: Principal
) -> None:
    reception.sign_in(me)
    reception.sign_in(colleague)
    await reception.at_desk(colleague, clock.now())
    alarm_id, other_id = quiet.raise_alarm(), quiet.raise_alarm()
    await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    await take(quiet.desk, colleague, quiet.id, other_id, now=clock.now())
    await look(watch, clock, 5)
    assert quiet.alarm(alarm_id)["holder"] == me.account_id
    reception.sign_out(me, clock.now())
    before = quiet.last_entry()
    await look(watch, clock, 5)
    row = quiet.alarm(alarm_id)
    assert (row["state"], row["holder"], row["escalation"]) == ("received", None, 0)
    assert row["escalate_at"] == clock.now() + timedelta(seconds=60)
    assert quiet.steps(alarm_id) == ["taken", "lapsed"]
    [entry] = quiet.entries(after=before)
    assert (entry["event"], entry["actor"], entry["detail"]["reason"]) == ("alarm.released", "scheduler", "holder_gone")
    assert quiet.alarm(other_id)["holder"] == colleague.account_id


@pytest.mark.parametrize("limit", [120, 300])
async def test_who_has_no_desk_open_holds_nothing_after_the_limit(
    watch: Watch, reception: Reception, quiet: House, clock: TurnedClock, me: Principal, limit: int
) -> None:
    quiet.superuser.execute("update vaka.policy set away_after_seconds = %s", (limit,))
    reception.sign_in(me)
    alarm_id = quiet.raise_alarm()
    await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    for _ in range(10):
        await reception.at_desk(me, clock.now())
        await look(watch, clock, 60)
    assert quiet.alarm(alarm_id)["state"] == "taken"
    await look(watch, clock, limit - 65)
    assert quiet.alarm(alarm_id)["state"] == "taken"
    await look(watch, clock, 10)
    assert quiet.alarm(alarm_id)["state"] == "received"


async def test_whoever_acts_is_there(
    watch: Watch, reception: Reception, quiet: House, clock: TurnedClock, me: Principal
) -> None:
    """A browser without scripts has no stream."""
    reception.sign_in(me)
    clock.turn(50_000 - 10_000)
    alarm_id = quiet.raise_alarm(clock.now())
    await watch.look_after_held()
    await look(watch, clock, 200)
    await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    await look(watch, clock, 100)
    await add_note(quiet.desk, me, quiet.id, alarm_id, "Ringer dottern.", now=clock.now())
    await look(watch, clock, 100)
    assert quiet.alarm(alarm_id)["state"] == "taken"
    await look(watch, clock, 25)
    assert quiet.alarm(alarm_id)["state"] == "received"


async def test_an_expired_session_is_one_that_has_ended(
    watch: Watch, reception: Reception, quiet: House, clock: TurnedClock, me: Principal
) -> None:
    reception.sign_in(me, START - timedelta(hours=11, minutes=59, seconds=50))
    alarm_id = quiet.raise_alarm()
    await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    await reception.at_desk(me, clock.now())
    await look(watch, clock, 5)
    assert quiet.alarm(alarm_id)["state"] == "taken"
    await look(watch, clock, 10)
    assert quiet.alarm(alarm_id)["state"] == "received"


async def test_whose_right_ends_holds_nothing_although_he_sits_at_his_desk(
    watch: Watch, reception: Reception, quiet: House, clock: TurnedClock, me: Principal, colleague: Principal
) -> None:
    for who in (me, colleague):
        reception.sign_in(who)
        await reception.at_desk(who, clock.now())
    reception.change_grants(me, "set valid_until = %s", START + timedelta(seconds=20))
    alarm_id, other_id = quiet.raise_alarm(), quiet.raise_alarm()
    await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    await take(quiet.desk, colleague, quiet.id, other_id, now=clock.now())
    await look(watch, clock, 15)
    assert quiet.alarm(alarm_id)["holder"] == me.account_id
    before = quiet.last_entry()
    await look(watch, clock, 5)
    row = quiet.alarm(alarm_id)
    assert (row["state"], row["holder"], row["escalation"]) == ("received", None, 0)
    assert row["escalate_at"] == clock.now() + timedelta(seconds=60)
    [entry] = quiet.entries(after=before)
    assert (entry["event"], entry["actor"], entry["detail"]["reason"]) == ("alarm.released", "scheduler", "holder_gone")
    assert quiet.alarm(other_id)["holder"] == colleague.account_id


@pytest.mark.parametrize(
    "change",
    [
        "set role = 'device_technician'",
        "set role = 'quality_reviewer'",
        "set role = 'no_such_role'",
        "set authority_id = null",
        "set authority_id = (select id from vaka.authority a where a.id <> authority_id limit 1)",
    ],
    ids=["technician", "reviewer", "unknown", "supplier", "elsewhere"],
)
async def test_another_role_or_one_elsewhere_does_not_keep_an_alarm(
    watch: Watch, reception: Reception, quiet: House, second: Authority, clock: TurnedClock, me: Principal,
    change: LiteralString,
) -> None:  # fmt: skip
    reception.sign_in(me)
    await reception.at_desk(me, clock.now())
    alarm_id = quiet.raise_alarm()
    await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    await look(watch, clock, 5)
    assert quiet.alarm(alarm_id)["state"] == "taken"
    reception.change_grants(me, change)
    await look(watch, clock, 5)
    assert quiet.alarm(alarm_id)["state"] == "received"


async def test_a_shift_leader_keeps_what_he_has_when_he_is_an_operator_again(
    watch: Watch, reception: Reception, quiet: House, clock: TurnedClock
) -> None:
    leader = operator(quiet.authority, role="shift_leader")
    reception.sign_in(leader)
    await reception.at_desk(leader, clock.now())
    alarm_id = quiet.raise_alarm()
    await take(quiet.desk, leader, quiet.id, alarm_id, now=clock.now())
    await look(watch, clock, 5)
    reception.change_grants(leader, "set role = 'operator', valid_until = %s", START + timedelta(hours=1))
    await look(watch, clock, 60)
    assert quiet.alarm(alarm_id)["holder"] == leader.account_id


async def test_what_was_laid_aside_stays_so(
    watch: Watch, reception: Reception, quiet: House, clock: TurnedClock, me: Principal
) -> None:
    alarm_id = quiet.raise_alarm()
    await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    await suspend(quiet.desk, me, quiet.id, alarm_id, clock.now() + timedelta(minutes=10), now=clock.now())
    await look(watch, clock, 300)
    assert quiet.alarm(alarm_id)["state"] == "suspended"


async def test_without_news_of_the_desks_nobody_is_gone(
    watch: Watch, reception: Reception, quiet: House, clock: TurnedClock, me: Principal
) -> None:
    reception.sign_in(me)
    alarm_id = quiet.raise_alarm()
    await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    await look(watch, clock, 5)
    reception.platform.execute("alter table vaka.desk_presence rename to desk_presence_gone")
    try:
        await look(watch, clock, 300)
        assert quiet.alarm(alarm_id)["state"] == "taken"
    finally:
        reception.platform.execute("alter table vaka.desk_presence_gone rename to desk_presence")
    # Nor at once when they are heard of again: the desk could not tell either.
    await look(watch, clock, 100)
    assert quiet.alarm(alarm_id)["state"] == "taken"
    await look(watch, clock, 30)
    assert quiet.alarm(alarm_id)["state"] == "received"


async def test_one_that_changed_hands_while_it_was_looked_for_stays(quiet: House, me: Principal) -> None:
    """The hold of an absent one and a colleague's take-over meet: whichever is first, the other finds nothing."""
    leader = operator(quiet.authority, role="shift_leader")
    alarm_id = quiet.raise_alarm()
    await take(quiet.desk, me, quiet.id, alarm_id, now=START)
    nobody = Attendance(START, START, {}, {})
    async with quiet.desk.transaction(quiet.id) as connection:
        await connection.execute("select 1 from alarm where id = %s for update", (alarm_id,))
        assert await lapse_held(quiet.scheduler, quiet.id, nobody, START) == 0
    no_platform: Any = None
    await take_over(
        quiet.desk, no_platform, leader, quiet.id, alarm_id, me.account_id, now=START + timedelta(seconds=1)
    )
    assert await lapse_held(quiet.scheduler, quiet.id, nobody, START + timedelta(seconds=1)) == 0
    assert quiet.alarm(alarm_id)["holder"] == leader.account_id


def test_absence_before_it_could_be_seen_counts_for_nothing() -> None:
    account = uuid4()
    here = uuid4()
    long_ago = SignedIn(account, START - timedelta(hours=9), [here])
    first = attend([long_ago], START + timedelta(seconds=5), START, None)
    assert first.seen == {account: START}
    second = attend([long_ago], START + timedelta(seconds=60), START, first)
    assert second.seen == {account: START}
    after_pause = attend([SignedIn(account, None, [here])], START + timedelta(seconds=200), START, second)
    assert after_pause.seen == {account: START + timedelta(seconds=200)}
    seen = attend(
        [SignedIn(account, START + timedelta(seconds=210), [])], START + timedelta(seconds=211), START, after_pause
    )
    assert seen.seen == {account: START + timedelta(seconds=210)}
    assert (after_pause.among(here), seen.among(here)) == ({account: START + timedelta(seconds=200)}, {})


def test_a_desk_that_was_open_by_a_clock_that_was_ahead_is_not_open_now() -> None:
    account, ahead = uuid4(), START + timedelta(hours=20)
    open_then = [SignedIn(account, ahead, [])]
    before = attend(open_then, ahead, ahead, None)
    right = attend(open_then, START, ahead, before)
    assert right.seen == {account: START}, "and has the whole limit to come back"
    later = attend(open_then, START + timedelta(seconds=50), ahead, right)
    assert later.seen == {account: START}


@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(seconds=150)], ids=str)
async def test_a_desk_whose_clock_is_ahead_keeps_its_operator_for_as_long_as_it_goes_on_noting(
    watch: Watch, reception: Reception, quiet: House, clock: TurnedClock, me: Principal, ahead: timedelta
) -> None:
    """The scheduler's clock is right, and the operator does nothing but sit there."""
    reception.sign_in(me)
    await look(watch, clock, 200)
    alarm_id = quiet.raise_alarm(clock.now())
    await reception.at_desk(me, clock.now() + ahead)
    await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now() + ahead)
    for _ in range(10):
        await look(watch, clock, 15)
        assert quiet.alarm(alarm_id)["holder"] == me.account_id
        await reception.at_desk(me, clock.now() + ahead)
    await look(watch, clock, 120)
    assert quiet.alarm(alarm_id)["state"] == "taken"
    await look(watch, clock, 10)
    assert quiet.alarm(alarm_id)["state"] == "received"


async def test_who_acted_while_the_clock_was_ahead_and_went_holds_nothing(
    reception: Reception, quiet: House, clock: TurnedClock, me: Principal, colleague: Principal
) -> None:
    ahead = clock.now() + timedelta(hours=20)
    reception.sign_in(me)
    await reception.at_desk(me, ahead)
    alarm_id = quiet.raise_alarm()
    await take(quiet.desk, me, quiet.id, alarm_id, now=ahead)
    async with transaction(reception.desk) as connection:
        assert not await has_desk(connection, me.account_id, quiet.id, clock.now())
    await reception.at_desk(me, clock.now())
    async with transaction(reception.desk) as connection:
        assert await has_desk(connection, me.account_id, quiet.id, clock.now()), "it is noted in its own time again"
    clock.turn(200)
    gone = Attendance(clock.now(), START, {me.account_id: START}, {me.account_id: [quiet.id]})
    assert await lapse_held(quiet.scheduler, quiet.id, gone, clock.now()) == 1
    assert quiet.alarm(alarm_id)["state"] == "received"


# ── A new press ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def pressed_again(house: House, me: Principal, clock: TurnedClock) -> UUID:
    """An alarm the operator took, and into which the person pressed again 300 s later."""
    sender = Sender()
    alarm_id = house.raise_alarm(sender=sender)
    await take(house.desk, me, house.id, alarm_id, now=clock.now())
    clock.turn(300)
    assert house.accept(sender.message(clock.now())) == [("joined", alarm_id)]
    return alarm_id


async def test_a_new_press_nobody_answers_rings_for_all_and_then_calls(
    quiet: House, clock: TurnedClock, me: Principal
) -> None:
    alarm_id = await pressed_again(quiet, me, clock)
    before = quiet.last_entry()
    levels = []
    for _ in range(20):
        clock.turn(10)
        await escalate_due(quiet.scheduler, quiet.id, clock.now())
        levels.append(quiet.alarm(alarm_id)["escalation"])
    assert levels == [0] * 5 + [1] * 12 + [2] * 3
    row = quiet.alarm(alarm_id)
    assert (row["state"], row["holder"]) == ("taken", me.account_id)
    assert [entry["event"] for entry in quiet.entries(after=before)] == ["alarm.escalated"] * 2


@pytest.mark.parametrize("alarm_class", ["request", "technical", "test"])
async def test_only_a_life_alarm_is_pressed_again(
    quiet: House, clock: TurnedClock, me: Principal, alarm_class: str
) -> None:
    sender = Sender()
    alarm_id = quiet.raise_alarm(sender=sender, alarm_class=alarm_class)
    await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    quiet.accept(sender.message(clock.now(), alarm_class=alarm_class))
    assert quiet.alarm(alarm_id)["escalate_at"] is None


async def do_nothing_but(act: str, house: House, me: Principal, alarm_id: UUID, now: datetime) -> None:
    match act:
        case "hear":
            await hear(house.desk, me, house.id, alarm_id, now=now)
        case "note":
            await add_note(house.desk, me, house.id, alarm_id, "Talar med henne.", now=now)
        case "suspend":
            await suspend(house.desk, me, house.id, alarm_id, now + timedelta(hours=2), now=now)
            await resume(house.desk, me, house.id, alarm_id, now=now)
        case "hand_over":
            await hand_over(house.desk, me, house.id, alarm_id, Colleague(uuid4(), "Kim"), now=now)
            await resume(house.desk, me, house.id, alarm_id, now=now)
        case "close":
            await close(house.desk, me, house.id, alarm_id, CLOSING, now=now)
            await reopen(house.desk, me, house.id, alarm_id, now=now)


@pytest.mark.parametrize("escalated", [False, True])
@pytest.mark.parametrize("act", ["hear", "note", "suspend", "hand_over", "close"])
async def test_whatever_the_holder_does_answers_it(
    quiet: House, clock: TurnedClock, me: Principal, act: str, escalated: bool
) -> None:
    alarm_id = await pressed_again(quiet, me, clock)
    if escalated:
        clock.turn(61)
        assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 1
    await do_nothing_but(act, quiet, me, alarm_id, clock.now())
    row = quiet.alarm(alarm_id)
    assert (row["state"], row["holder"], row["escalation"], row["escalate_at"]) == ("taken", me.account_id, 0, None)
    clock.turn(1000)
    assert await escalate_due(quiet.scheduler, quiet.id, clock.now()) == 0


async def test_a_colleagues_note_is_no_answer(
    quiet: House, clock: TurnedClock, me: Principal, colleague: Principal
) -> None:
    alarm_id = await pressed_again(quiet, me, clock)
    await add_note(quiet.desk, colleague, quiet.id, alarm_id, "Dottern ringde.", now=clock.now())
    assert quiet.alarm(alarm_id)["escalate_at"] is not None


async def test_answering_is_the_holders_and_is_written_down_once(
    quiet: House, clock: TurnedClock, me: Principal, colleague: Principal
) -> None:
    alarm_id = await pressed_again(quiet, me, clock)
    with pytest.raises(HeldByAnotherError):
        await hear(quiet.desk, colleague, quiet.id, alarm_id, now=clock.now())
    before = quiet.last_entry()
    for _ in range(2):
        await hear(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    assert [entry["event"] for entry in quiet.entries(after=before)] == ["alarm.heard"]
    assert quiet.steps(alarm_id) == ["taken", "joined", "heard"]


@pytest.mark.parametrize("act", ["hear", "suspend", "hand_over"])
async def test_a_press_nobody_has_seen_is_not_answered_with_the_others(
    quiet: House, clock: TurnedClock, me: Principal, act: str
) -> None:
    alarm_id = await pressed_again(quiet, me, clock)
    seen = int(str(quiet.alarm(alarm_id)["version"]))

    async def do(version: int) -> None:
        house, now = (quiet.desk, me, quiet.id, alarm_id), clock.now()
        if act == "hear":
            await hear(*house, now=now, seen_version=version)
        elif act == "suspend":
            await suspend(*house, now + timedelta(minutes=5), now=now, seen_version=version)
        else:
            await hand_over(*house, Colleague(uuid4(), "Kim"), now=now, seen_version=version)

    with pytest.raises(ChangedMeanwhileError):
        await do(seen - 1)
    assert quiet.steps(alarm_id) == ["taken", "joined"]
    await do(seen)
    assert len(quiet.steps(alarm_id)) == 3


async def test_a_note_is_kept_but_does_not_answer_a_press_that_came_meanwhile(
    quiet: House, clock: TurnedClock, me: Principal
) -> None:
    alarm_id = await pressed_again(quiet, me, clock)
    seen = int(str(quiet.alarm(alarm_id)["version"]))
    await add_note(quiet.desk, me, quiet.id, alarm_id, "Ropar.", now=clock.now(), seen_version=seen - 1)
    assert quiet.alarm(alarm_id)["escalate_at"] is not None
    await add_note(quiet.desk, me, quiet.id, alarm_id, "Hör bra.", now=clock.now(), seen_version=seen)
    assert quiet.alarm(alarm_id)["escalate_at"] is None


# ── Taking over ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_may_take_over(
    reception: Reception, quiet: House, clock: TurnedClock, me: Principal, colleague: Principal
) -> None:
    reception.sign_in(me)
    await reception.at_desk(me, clock.now())
    alarm_id = quiet.raise_alarm()
    held = await take(quiet.desk, me, quiet.id, alarm_id, now=clock.now())
    leader = operator(quiet.authority, role="shift_leader")
    technician = operator(quiet.authority, role="device_technician")

    async def may(who: Principal) -> bool:
        return await may_be_taken_over(reception.desk, who, quiet.id, held, now=clock.now())

    assert [await may(who) for who in (me, colleague, leader, technician)] == [False, False, True, False]
    with pytest.raises(HolderAtDeskError):
        await take_over(quiet.desk, reception.desk, colleague, quiet.id, alarm_id, me.account_id, now=clock.now())
    with pytest.raises(NotAllowedError):
        await take_over(quiet.desk, reception.desk, technician, quiet.id, alarm_id, me.account_id, now=clock.now())
    assert quiet.alarm(alarm_id)["holder"] == me.account_id
    clock.turn(46)
    assert await may(colleague)
    before = quiet.last_entry()
    taken = await take_over(quiet.desk, reception.desk, colleague, quiet.id, alarm_id, me.account_id, now=clock.now())
    assert (taken.state, taken.holder, taken.taken_at) == (State.TAKEN, colleague.account_id, START)
    [entry] = quiet.entries(after=before)
    assert (entry["event"], entry["actor"]) == ("alarm.taken_over", colleague.actor)
    assert entry["detail"]["about"] == me.actor
    with pytest.raises(HeldByAnotherError):
        await add_to(quiet, me, alarm_id)


async def add_to(house: House, me: Principal, alarm_id: UUID) -> None:
    await suspend(house.desk, me, house.id, alarm_id, START + timedelta(hours=1), now=START)


async def test_who_signed_out_or_may_not_any_more_is_at_no_desk(
    reception: Reception, quiet: House, clock: TurnedClock, me: Principal
) -> None:
    reception.sign_in(me)
    await reception.at_desk(me, clock.now())
    async with transaction(reception.desk) as connection:
        assert await has_desk(connection, me.account_id, quiet.id, clock.now())
        assert not await has_desk(connection, me.account_id, uuid4(), clock.now())
    reception.change_grants(me, "set valid_until = %s", clock.now())
    async with transaction(reception.desk) as connection:
        assert not await has_desk(connection, me.account_id, quiet.id, clock.now())
    reception.change_grants(me, "set valid_until = null")
    reception.sign_out(me, clock.now())
    async with transaction(reception.desk) as connection:
        assert not await has_desk(connection, me.account_id, quiet.id, clock.now())


async def test_a_press_the_holder_leaves_unanswered_may_be_taken_over_by_all(
    reception: Reception, quiet: House, clock: TurnedClock, me: Principal, colleague: Principal
) -> None:
    reception.sign_in(me)
    alarm_id = await pressed_again(quiet, me, clock)
    clock.turn(61)
    await escalate_due(quiet.scheduler, quiet.id, clock.now())
    await reception.at_desk(me, clock.now())
    alarm = await take_over(quiet.desk, reception.desk, colleague, quiet.id, alarm_id, me.account_id, now=clock.now())
    assert (alarm.holder, alarm.escalation, alarm.escalate_at) == (colleague.account_id, 0, None)


async def test_nobody_is_taken_over_from_who_does_not_hold_it(
    reception: Reception, quiet: House, me: Principal, colleague: Principal
) -> None:
    leader = operator(quiet.authority, role="shift_leader")
    alarm_id = quiet.raise_alarm()
    before = quiet.alarm(alarm_id)
    for holder in (me.account_id, uuid4()):
        with pytest.raises(AlarmConflictError):
            await take_over(quiet.desk, reception.desk, leader, quiet.id, alarm_id, holder, now=START)
    assert quiet.alarm(alarm_id) == before
    await take(quiet.desk, colleague, quiet.id, alarm_id, now=START)
    with pytest.raises(HeldByAnotherError):
        await take_over(quiet.desk, reception.desk, leader, quiet.id, alarm_id, me.account_id, now=START)
    again = await take_over(quiet.desk, reception.desk, leader, quiet.id, alarm_id, colleague.account_id, now=START)
    assert again.holder == leader.account_id
    assert await take_over(
        quiet.desk, reception.desk, leader, quiet.id, alarm_id, colleague.account_id, now=START
    ) == again  # fmt: skip
