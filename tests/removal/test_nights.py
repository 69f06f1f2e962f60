# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""When it is night, that each authority has one a night, and what is told of it."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.removal.conftest import OTHERS
from tests.removal.scene import Scene
from tests.removal.test_deciding import FORGE
from vaka.clock import ClockState, SystemClock, TurnedClock
from vaka.keys.client import KeysUnavailableError
from vaka.ledger.standing import LedgerStandsStillError
from vaka.removal.nights import LOCAL, Nights, find_night, find_tonight
from vaka.removal.rules import Rule

pytestmark = [pytest.mark.anyio, pytest.mark.database]

KARIN, RUNE, UNKNOWN = (OTHERS[name].id for name in ("karin", "rune", "nobody_knows"))
Lines = list[Mapping[str, Any]]


@pytest.mark.parametrize(
    ("hour", "at", "begun"),
    [
        (1, "2026-11-29T00:59", None), (1, "2026-11-29T01:00", "2026-11-29T01:00"),
        (1, "2026-11-29T04:59", "2026-11-29T01:00"), (1, "2026-11-29T05:00", None), (1, "2026-11-29T13:00", None),
        (23, "2026-11-29T02:59", "2026-11-28T23:00"), (23, "2026-11-29T03:00", None),
        # The clocks are put back at three, and forward at two: four hours are four hours.
        (1, "2026-10-25T03:59", "2026-10-25T01:00"), (1, "2026-10-25T04:00", None),
        (1, "2026-03-29T05:59", "2026-03-29T01:00"), (1, "2026-03-29T06:00", None),
    ],
)  # fmt: skip
def test_a_night_has_four_hours(hour: int, at: str, begun: str | None) -> None:
    expected = None if begun is None else datetime.fromisoformat(begun).replace(tzinfo=LOCAL)
    found = find_night(datetime.fromisoformat(at).replace(tzinfo=LOCAL).astimezone(UTC), hour)
    assert found == expected


@pytest.mark.parametrize(
    ("hour", "at", "next_time"),
    [
        (1, "2026-11-29T02:30", "2026-11-29T02:30"), (1, "2026-11-29T00:30", "2026-11-29T01:00"),
        (1, "2026-11-29T13:00", "2026-11-30T01:00"), (23, "2026-11-29T22:00", "2026-11-29T23:00"),
        (1, "2026-10-24T12:00", "2026-10-25T01:00"), (3, "2026-10-24T12:00", "2026-10-25T03:00"),
    ],
)  # fmt: skip
def test_tonight_is_now_or_when_the_next_night_begins(hour: int, at: str, next_time: str) -> None:
    found = find_tonight(datetime.fromisoformat(at).replace(tzinfo=LOCAL).astimezone(UTC), hour)
    assert found.astimezone(UTC) == datetime.fromisoformat(next_time).replace(tzinfo=LOCAL).astimezone(UTC)


def in_step() -> ClockState:
    """What a kernel says whose clock somebody corrects; that of a machine for tests may not."""
    return "synchronised"


def nights(scene: Scene, hour: int | None = None) -> Nights:
    """It is always night: one began within this hour, or at the one that is given."""
    begins = SystemClock().now().astimezone(LOCAL).hour if hour is None else hour
    return Nights(scene.gateway, scene.keyring, SystemClock(), begins, lambda: False, in_step)


async def visit(scene: Scene, work: Nights) -> tuple[int, Lines]:
    with capture_logs() as lines:
        done = await work.visit(scene.house.authority.id, SystemClock().now())
    return done, lines  # type: ignore[return-value]


async def test_once_a_night_with_an_entry_that_counts(scene: Scene) -> None:
    await scene.decide({"alarms": Rule(60, exempt=True)})
    await scene.wait()
    for person in (KARIN, RUNE, UNKNOWN):
        scene.alarm(person)
    hour = SystemClock().now().astimezone(LOCAL).hour  # one for all: the next hour's night would be another
    work = nights(scene, hour)
    done, lines = await visit(scene, work)
    assert done == 1
    assert [(line["event"], line.get("count")) for line in lines] == [
        ("birth days cannot be read; these stay", 1), ("removed by night", 1),
    ]  # fmt: skip
    [entry] = scene.entries("removal.run")
    assert (entry["actor"], entry["object"]) == ("scheduler", f"authority:{scene.house.authority.id}")
    assert entry["detail"] == {
        "complete": True, "alarms": 1, "messages": 1, "notes": 0, "exempt": 1, "unreadable": 1, "held": 0, "busy": 0,
        "unproven": 0,
    }  # fmt: skip
    scene.alarm(KARIN)
    assert (await visit(scene, work))[0] == 0, "tonight is done"
    assert (await visit(scene, nights(scene, hour)))[0] == 0, "also for a scheduler that was started again"
    assert len(scene.entries("removal.run")) == 1
    scene.ask("update removal_state set finished_at = finished_at - interval '1 day'")
    assert (await visit(scene, work))[0] == 1, "tomorrow is another night"
    told = work.measures.text().decode()
    assert 'vaka_removal_removed_total{kind="alarms"} 2.0' in told
    assert 'vaka_removal_stayed_total{reason="unreadable"} 2.0' in told
    assert 'vaka_removal_runs_total{outcome="complete"} 2.0' in told
    [last] = re.findall(r"^vaka_removal_last_run_timestamp_seconds (\S+)$", told, re.MULTILINE)
    assert work.measures.last_run == float(last) > scene.now.timestamp() - 60
    assert str(KARIN) not in told


async def test_by_day_and_without_rules_nothing_is_done(scene: Scene) -> None:
    scene.alarm(KARIN)
    assert await visit(scene, nights(scene)) == (0, [])
    await scene.decide({"alarms": Rule(60)})
    await scene.wait()
    hour = (SystemClock().now().astimezone(LOCAL) - timedelta(hours=6)).hour
    by_day = Nights(scene.gateway, scene.keyring, SystemClock(), hour, lambda: False, in_step)
    assert await visit(scene, by_day) == (0, [])
    assert len(scene.left()) == 1
    assert scene.entries("removal.run") == []


async def test_by_a_clock_that_is_out_of_step_nothing_is_removed_and_it_is_told_once(scene: Scene) -> None:
    await scene.decide({"alarms": Rule(60)})
    await scene.wait()
    scene.alarm(KARIN)
    hour = SystemClock().now().astimezone(LOCAL).hour
    states: list[ClockState] = ["unsynchronised", "unknown", "synchronised"]
    work = Nights(scene.gateway, scene.keyring, SystemClock(), hour, lambda: False, lambda: states[0])
    done, lines = await visit(scene, work)
    assert (done, [line["log_level"] for line in lines]) == (0, ["error"])
    assert "the clock is not in step" in lines[0]["event"]
    del states[0]
    assert await visit(scene, work) == (0, [])
    assert len(scene.left()) == 1
    assert scene.entries("removal.run") == []
    assert 'vaka_removal_runs_total{outcome="failed"} 2.0' in work.measures.text().decode()
    # Ages are reckoned by the database's clock, which may be another machine's.
    ahead = TurnedClock(SystemClock().now() + timedelta(minutes=2))
    apart = Nights(scene.gateway, scene.keyring, ahead, hour, lambda: False, in_step)
    done, lines = await visit(scene, apart)
    assert (done, [line["log_level"] for line in lines]) == (0, ["error"])
    del states[0]
    assert (await visit(scene, work))[0] == 1
    # Where nobody asks, a machine without a time service removes as well.
    scene.ask("update removal_state set finished_at = finished_at - interval '1 day'")
    scene.alarm(KARIN)
    unasked = Nights(scene.gateway, scene.keyring, SystemClock(), hour, lambda: False, None)
    assert (await visit(scene, unasked))[0] == 1


async def test_a_night_in_which_the_clock_is_lost_is_broken_off(scene: Scene) -> None:
    await scene.decide({"alarms": Rule(60)})
    await scene.wait()
    scene.alarm(KARIN)
    hour = SystemClock().now().astimezone(LOCAL).hour
    states: Iterator[ClockState] = iter(("synchronised", "unsynchronised"))
    losing = Nights(scene.gateway, scene.keyring, SystemClock(), hour, lambda: False, lambda: next(states))
    assert (await visit(scene, losing))[0] == 0
    assert len(scene.left()) == 1
    assert scene.entries("removal.run")[0]["detail"]["complete"] is False


async def test_what_was_broken_off_goes_on(scene: Scene) -> None:
    await scene.decide({"alarms": Rule(60)})
    await scene.wait()
    scene.alarm(KARIN)
    hour = SystemClock().now().astimezone(LOCAL).hour
    ending = Nights(scene.gateway, scene.keyring, SystemClock(), hour, lambda: True, in_step)
    done, lines = await visit(scene, ending)
    assert (done, lines[-1]["state"]) == (0, "broken off")
    assert scene.entries("removal.run")[0]["detail"]["complete"] is False
    assert (await visit(scene, nights(scene)))[0] == 1


async def test_without_keys_those_who_may_be_exempt_stay_and_it_is_tried_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.decide({"alarms": Rule(60, exempt=True), "technical": Rule(6)})
    await scene.wait()
    person, technical = scene.alarm(KARIN), scene.alarm(KARIN, alarm_class="technical")

    async def away(*_: object, **__: object) -> bool:
        raise KeysUnavailableError

    work = nights(scene)
    with monkeypatch.context() as without:
        without.setattr(type(scene.keyring), "hold", away)
        done, lines = await visit(scene, work)
    assert done == 1
    assert technical not in scene.left()
    assert scene.left() == {person}
    assert any("nobody hands out keys" in line["event"] for line in lines)
    assert (await visit(scene, work))[0] == 1
    assert scene.left() == set()


async def test_rules_by_hand_are_told_of_each_night(scene: Scene) -> None:
    scene.ask(FORGE, unguarded=True)
    await scene.wait()
    scene.alarm(KARIN)
    done, lines = await visit(scene, nights(scene))
    assert done == 0
    assert [line["event"] for line in lines if line["log_level"] == "error"] == [
        "rules of removal are in the database that the log does not know; they remove nothing"
    ]
    assert scene.entries("removal.run")[0]["detail"]["unproven"] == 1


async def test_a_night_that_fails_is_counted_and_raised(scene: Scene) -> None:
    await scene.decide({"alarms": Rule(60)})
    await scene.wait()
    scene.alarm(KARIN)
    scene.ask("update ledger.checkpoint set signed_at = signed_at - interval '1 hour'", unguarded=True)
    work = nights(scene)
    with pytest.raises(LedgerStandsStillError):
        await visit(scene, work)
    assert 'vaka_removal_runs_total{outcome="failed"} 1.0' in work.measures.text().decode()
    assert len(scene.left()) == 1


def test_a_turned_clock_can_stand_in_the_night() -> None:
    clock = TurnedClock(datetime(2026, 11, 29, 0, 30, tzinfo=UTC))
    assert find_night(clock.now(), 1) == datetime(2026, 11, 29, 1, tzinfo=LOCAL)
