# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What devices of a crisis exercise send, the whole way: marked while it is held, real before and after (term 36)."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.alarms.house import connect_superuser
from tests.commands.test_simulate import COMMAND
from tests.exercise_devices import make_devices
from tests.identities import blinded
from tests.receiver.conftest import Locked, Register, Rows, Running, TurnableClock
from tests.receiver.devices import HOST, Credentials, UdpDevice, authorization, message, mrq
from tests.registers.exercising import HOUR, Sides, new_sides
from tests.waiting import wait_until
from vaka.alarms.escalation import escalate_due
from vaka.alarms.reading import read_numbers, read_queue
from vaka.clock import LOCAL, SystemClock
from vaka.database.server import PLATFORM_DATABASE, Server
from vaka.receiver.directory import EXERCISES_BELIEVED_SECONDS, Directory
from vaka.tenants.authorities import Authority
from vaka.tenants.exercise_devices import ExerciseNotHeldError
from vaka.tenants.gateway import Gateway

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MARKS = "select sender, exercise_id, state, escalate_at is not null, messages from alarm order by received_at, id"


@dataclass
class Drill:
    """An exercise that is held, one of its devices, and the receiver that knows it."""

    sides: Sides
    exercise: UUID
    device: Credentials
    running: Running
    socket: UdpDevice
    began: datetime

    @property
    def sender(self) -> str:
        """What stands for its number."""
        return blinded(self.device.sender)

    async def press(self, credentials: Credentials | None = None, **fields: str) -> int:
        """Let the exercise's device alarm, or another that proves itself by digest; return the answer's status."""
        who = credentials or self.device
        body = mrq(who.sender, **fields)
        challenged = await self.socket.ask(message(who.sender, body))
        return (await self.socket.ask(message(who.sender, body, headers=(authorization(challenged, who),)))).status

    def is_known(self) -> bool:
        """Whether the receiver takes what the device sends for the exercise's."""
        directory = self.running.receiver.directory
        entry = directory.find(blinded(self.device.sender))
        now, seconds = SystemClock().now(), SystemClock().monotonic()
        return entry is not None and directory.exercise_of(entry, now, seconds) == self.exercise


@pytest.fixture
async def drill(server: Server, authority: Authority, running: Running, udp_device: UdpDevice) -> AsyncIterator[Drill]:
    began = SystemClock().now()
    sides = await new_sides(server, authority.id)
    exercise = await sides.hold(starts=began, year=began.astimezone(LOCAL).year, attended=False)
    [made] = await make_devices(server, authority, exercise, now=began)
    device = Credentials(made.number, made.number, made.password)
    held = Drill(sides, exercise, device, running, udp_device, began)
    await wait_until(held.is_known)
    yield held
    await sides.say("office", "end_exercise", at=SystemClock().now(), id=exercise)


def entries(rows: Rows, authority: Authority, exercise: UUID) -> list[tuple[Any, ...]]:
    """What the authority's log says of the exercise's alarms."""
    return rows(authority, f"select event, actor from inbox where object = 'exercise:{exercise}' order by id")


def places(server: Server, database: str, marker: str) -> set[str]:
    """In which tables of a database something stands."""
    with closing(connect_superuser(server, database)) as onlooker:
        tables = onlooker.execute(
            "select format('%I.%I', schemaname, tablename) as name from pg_tables"
            " where schemaname in ('vaka', 'ledger')"
        ).fetchall()
        assert len(tables) > 20
        found = {
            table["name"]: onlooker.execute(
                f"select count(*) as hits from {table['name']} t where position(%s in t::text) > 0", (marker,)
            ).fetchone()
            for table in tables
        }
    return {name for name, row in found.items() if row is not None and row["hits"]}


async def test_term_36_3_an_exercises_alarm_reaches_nobody_on_duty_and_is_marked(
    drill: Drill, server: Server, authority: Authority, register: Register, rows: Rows
) -> None:
    assert await drill.press() == 200
    real = register.digest_device(authority)
    await drill.running.knows(real.sender)
    assert await drill.press(real) == 200
    assert rows(authority, MARKS) == [
        (drill.sender, drill.exercise, "received", False, 1),
        (blinded(real.sender), None, "received", True, 1),
    ]
    desk, scheduler = Gateway(server, "desk", [authority]), Gateway(server, "scheduler", [authority])
    try:
        later = SystemClock().now() + timedelta(minutes=10)
        async with desk.transaction(authority.id) as connection:
            queue, numbers = await read_queue(connection, later), await read_numbers(connection, later)
        assert [row.is_exercise for row in queue] == [False, True], "older, and below what is real"
        assert sorted(queue, key=lambda row: row.order) == queue
        assert (numbers.open, numbers.waiting, numbers.life_waiting) == (1, 1, 1)
        for _ in range(3):
            await escalate_due(scheduler, authority.id, later)
        assert rows(authority, "select exercise_id is null, escalation from alarm order by 1") == [
            (False, 0),
            (True, 2),
        ]
    finally:
        await desk.close()
        await scheduler.close()
    # A statement that would call somebody, wherever it comes from, calls nobody.
    rows(authority, "update alarm set escalation = 2, escalate_at = now() where exercise_id is not null")
    assert rows(authority, "select escalation, escalate_at from alarm where exercise_id is not null") == [(0, None)]
    assert entries(rows, authority, drill.exercise) == [("exercise_alarm.raised", "receiver:receiver-1")]
    assert b"vaka_receiver_answer_seconds_count 1.0\n" in drill.running.receiver.metrics(), "the real one's alone"
    # The probe: nothing outside the authority's own database has heard of the alarm. No notice, no hook, no telephone.
    [(alarm,)] = rows(authority, "select id::text from alarm where exercise_id is not null")
    assert places(server, authority.database_name, alarm) == {"vaka.alarm", "vaka.message", "ledger.inbox"}
    assert places(server, PLATFORM_DATABASE, alarm) == set()
    assert places(server, PLATFORM_DATABASE, drill.sender) == {"vaka.device_entry", "vaka.exercise_device"}


async def test_the_simulator_plays_its_devices(drill: Drill, authority: Authority, rows: Rows, tmp_path: Path) -> None:
    device = {"cid": drill.device.sender, "password": drill.device.password, "authentication": "digest"}
    told = {"receiver": {"host": HOST, "udp_port": drill.running.udp}, "devices": [device]}
    (tmp_path / "devices.json").write_text(json.dumps(told))
    command = [*COMMAND, "alarm", "--devices", str(tmp_path / "devices.json"), "--report", "fall"]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert rows(authority, "select kind, exercise_id from alarm") == [("fall", drill.exercise)]


async def test_after_the_exercise_its_device_raises_a_real_alarm_and_the_open_one_becomes_one(
    drill: Drill, authority: Authority, rows: Rows
) -> None:
    assert await drill.press() == 200
    assert await drill.press() == 200
    assert rows(authority, MARKS) == [(drill.sender, drill.exercise, "received", False, 2)]
    assert await drill.sides.say("portal", "end_exercise", at=SystemClock().now(), id=drill.exercise) == "done"
    await wait_until(lambda: not drill.is_known())
    assert await drill.press() == 200
    assert rows(authority, MARKS) == [(drill.sender, None, "received", True, 3)], "it is real, and calls who is on duty"
    assert [event for event, _ in entries(rows, authority, drill.exercise)][-1] == "exercise_alarm.real"
    rows(authority, "update alarm set state = 'closed', closed_at = now()")
    assert await drill.press() == 200
    assert rows(authority, "select exercise_id from alarm where state = 'received'") == [(None,)]


async def test_the_same_words_after_the_exercise_are_no_repeat_of_those_within_it(
    drill: Drill, authority: Authority, rows: Rows
) -> None:
    """Some devices use one reference for everything: who presses again when it is over, is heard."""
    for _ in range(2):
        assert await drill.press(ref="1") == 200
    assert rows(authority, MARKS) == [(drill.sender, drill.exercise, "received", False, 1)], "within it, a repeat"
    assert await drill.sides.say("portal", "end_exercise", at=SystemClock().now(), id=drill.exercise) == "done"
    await wait_until(lambda: not drill.is_known())
    for _ in range(2):
        assert await drill.press(ref="1") == 200
    assert rows(authority, MARKS) == [(drill.sender, None, "received", True, 2)], "real, and a repeat of that the last"
    assert [event for event, _ in entries(rows, authority, drill.exercise)][-1] == "exercise_alarm.real"


async def test_when_the_hour_is_over_it_is_real_though_nobody_says_so(
    drill: Drill, authority: Authority, rows: Rows, turnable: TurnableClock
) -> None:
    turnable.ahead = 5 * HOUR
    assert await drill.press() == 200
    assert rows(authority, MARKS) == [(drill.sender, None, "received", True, 1)]


async def test_a_receiver_without_news_calls_nothing_an_exercise(
    drill: Drill, authority: Authority, rows: Rows, turnable: TurnableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its wall clock says, which may be set at any time: how long it was without news, that does not tell."""
    monkeypatch.setattr(Directory, "set_held", lambda *_: None)
    turnable.ahead = timedelta(minutes=10)
    assert await drill.press() == 200
    assert rows(authority, MARKS) == [(drill.sender, drill.exercise, "received", False, 1)]
    turnable.ahead_seconds = EXERCISES_BELIEVED_SECONDS
    assert await drill.press() == 200
    assert rows(authority, MARKS) == [(drill.sender, None, "received", True, 2)]


async def test_an_alarm_that_cannot_be_stored_as_an_exercises_is_stored_as_real(
    drill: Drill, authority: Authority, rows: Rows
) -> None:
    rows(authority, "alter function accept_exercises rename to mislaid")
    try:
        assert await drill.press() == 200
    finally:
        rows(authority, "alter function mislaid rename to accept_exercises")
    assert rows(authority, MARKS) == [(drill.sender, None, "received", True, 1)]


async def test_when_the_marking_hangs_what_comes_then_is_stored_as_real(
    drill: Drill, authority: Authority, rows: Rows, locked: Locked
) -> None:
    """Each attempt is ended as the server ends a statement that takes too long; the device goes on pressing."""

    hangs = (
        "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'"
        " and application_name = 'vaka-receiver-other' and datname = current_database()"
    )

    async def end_what_hangs() -> None:
        while True:
            rows(authority, hangs)
            await asyncio.sleep(0.05)

    with locked(authority, "exercise_device"):
        ending = asyncio.create_task(end_what_hangs())
        answers = [await drill.press()]
        while answers[-1] != 200 and len(answers) < 10:
            answers.append(await drill.press())
        ending.cancel()
    assert answers[-1] == 200
    assert [mark[:4] for mark in rows(authority, MARKS)] == [(drill.sender, None, "received", True)]


async def test_who_claims_an_exercise_for_a_real_device_gets_a_real_alarm(
    drill: Drill, authority: Authority, register: Register, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver that lies, of a person's device and of one that belongs to nobody."""
    real, nobodys = register.digest_device(authority), register.device(authority)
    register.execute(
        "update vaka.device_entry set person_id = null, address = null where sender = %s", blinded(nobodys)
    )
    await drill.running.knows(real.sender, nobodys)
    directory = drill.running.receiver.directory
    monkeypatch.setattr(type(directory), "exercise_of", lambda *_: drill.exercise)
    assert await drill.press(real) == 200
    assert (await drill.socket.ask(message(nobodys, mrq(nobodys)))).status == 200
    assert rows(authority, "select exercise_id, escalate_at is not null from alarm") == [(None, True)] * 2


async def test_devices_are_made_only_while_it_is_held(server: Server, authority: Authority) -> None:
    now = SystemClock().now()
    sides = await new_sides(server, authority.id)
    asked = await sides.ask(year=now.astimezone(LOCAL).year, at=now - HOUR)
    with pytest.raises(ExerciseNotHeldError):
        await make_devices(server, authority, asked, now=now)
    assert await sides.plan(asked, now, at=now - HOUR) == "done"
    assert await sides.agree(asked, at=now - HOUR) == "done"
    with pytest.raises(ExerciseNotHeldError):
        await make_devices(server, authority, asked, now=now)
    assert await sides.begin(asked, at=now) == "done"
    assert len(await make_devices(server, authority, asked, 2, now=now)) == 2
    with pytest.raises(ExerciseNotHeldError):
        await make_devices(server, authority, asked, now=now + 4 * HOUR)
    assert await sides.say("office", "end_exercise", at=now + HOUR / 2, id=asked) == "done"
    with pytest.raises(ExerciseNotHeldError):
        await make_devices(server, authority, asked, now=now + HOUR)
