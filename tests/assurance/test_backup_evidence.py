# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the log says of backups turns term 24 red: nothing new enough, nothing restored, nothing apart; and where the
commands have stopped nobody knows. The runs are entries as the commands write them (test_backup.py runs those)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    authority,
    by_hand,
    judged,
    own_server,
    place,
    server,
    status_of,
)
from tests.assurance.test_register_collectors import Shelf
from tests.conftest import START
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Status
from vaka.database.server import Server
from vaka.settings import Settings

pytestmark = [pytest.mark.anyio, pytest.mark.database]

POINT, DRILL, APART = "recovery-point", "restore-drill", "backup-separation"
MET, NOBODY_KNOWS = (Status.MET, "none"), (Status.UNTESTED, "missing")
MINUTE, DAY, SECOND = timedelta(minutes=1), timedelta(days=1), timedelta(seconds=1)
GOOD = {
    "good": True,
    "took_seconds": 600,
    "lost_seconds": 60,
    "different": 0,
    "unsound": 0,
    "logs_wrong": 0,
    "opened": 0,
}
CHECKED = {"damaged": 0, "append_only": True, "unencrypted": 0, "site": "backup.example"}
AGREED = {"mode": "production", "backup": {"agreed": [
    {"authority": "provkommun", "point_minutes": 60, "time_minutes": 20}]}}  # fmt: skip


@pytest.fixture
def ran(by_hand: Callable[..., None]) -> Callable[..., None]:  # noqa: F811
    """Enter a run: ``ran("drill", at, facts, outcome="failure")``."""

    def enter(
        command: str, at: datetime, facts: dict[str, Any], outcome: str = "success", by: str = "vaka_setup"
    ) -> None:
        by_hand(
            "insert into ledger.inbox (happened_at, event, actor, object, outcome, detail, written_by) values (%(at)s,"
            " 'command.run', 'setup:uid-0', %(command)s, %(outcome)s, %(facts)s, %(by)s)",
            at=at, command=f"command:backup.{command}", outcome=outcome, facts=Jsonb(facts), by=by,
        )  # fmt: skip

    return enter


def backed_up(ran: Callable[..., None], at: datetime, point: datetime | None = None) -> None:
    ran("now", at, {"point": (point or at).isoformat(timespec="seconds")})


def hall(by_hand: Callable[..., None], holds: str, address: str, machines: str) -> UUID:  # noqa: F811
    """A hall of the register that is in force."""
    return Shelf(by_hand).put("sites", "in_force", holds=holds, address=address, machines=machines)


@pytest.mark.turns_red(POINT)
async def test_what_is_older_than_agreed_turns_it_red_and_so_do_backups_that_stopped(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    ran: Callable[..., None],
) -> None:
    assert await status_of(POINT, place, server) == NOBODY_KNOWS
    backed_up(ran, START, START - MINUTE)
    assert await status_of(POINT, place, server, START + 14 * MINUTE) == MET
    assert await status_of(POINT, place, server, START + 14 * MINUTE + SECOND) == (Status.FAILING, "late")
    # One that failed brings nothing; one that succeeded does.
    ran("now", START + 15 * MINUTE, {"point": (START + 15 * MINUTE).isoformat()}, "failure")
    assert await status_of(POINT, place, server, START + 16 * MINUTE) == (Status.FAILING, "late")
    backed_up(ran, START + 16 * MINUTE)
    assert await status_of(POINT, place, server, START + 17 * MINUTE) == MET


async def test_point_of_the_future_or_of_another_role_is_none(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    ran: Callable[..., None],
) -> None:
    ran("now", START, {"point": START.isoformat()}, by="vaka_office")
    assert await status_of(POINT, place, server) == NOBODY_KNOWS
    backed_up(ran, START, START + DAY)
    assert await status_of(POINT, place, server, START + 16 * MINUTE) == (Status.FAILING, "late")


async def test_each_authority_has_what_was_agreed_with_it(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    ran: Callable[..., None],
) -> None:
    agreed = replace(place, settings=Settings.model_validate(AGREED))
    backed_up(ran, START)
    ran("drill", START, GOOD | {"took_seconds": 1201})
    assert await status_of(POINT, agreed, server, START + 60 * MINUTE) == MET
    assert await status_of(DRILL, place, server, START + MINUTE) == MET
    assert await status_of(DRILL, agreed, server, START + MINUTE) == (Status.FAILING, "slow")


@pytest.mark.turns_red(DRILL)
async def test_term_24_7_restore_drill_that_is_too_old_is_outdated_however_fresh_the_backups(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    ran: Callable[..., None],
) -> None:
    assert await status_of(DRILL, place, server) == NOBODY_KNOWS
    ran("drill", START, GOOD)
    later = START + 92 * DAY
    backed_up(ran, later)
    assert await status_of(DRILL, place, server, later) == MET
    assert await status_of(DRILL, place, server, later + SECOND) == (Status.OUTDATED, "overdue")
    assert await status_of(POINT, place, server, later + SECOND) == MET
    ran("drill", later + MINUTE, GOOD)
    assert await status_of(DRILL, place, server, later + 2 * MINUTE) == MET


@pytest.mark.turns_red(DRILL)
@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (GOOD | {"good": False, "different": 2}, "different"),
        (GOOD | {"took_seconds": 4 * 3600 + 1}, "slow"),
        (GOOD | {"lost_seconds": 15 * 60 + 1}, "lost"),
        ({}, "different"),
    ],
)
async def test_drill_that_found_something_turns_it_red(
    facts: dict[str, Any],
    reason: str,
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    ran: Callable[..., None],
) -> None:
    ran("drill", START, GOOD)
    ran("drill", START + MINUTE, facts)
    assert await status_of(DRILL, place, server, START + 2 * MINUTE) == (Status.FAILING, reason)


@pytest.mark.parametrize(
    "facts", [{**GOOD, "lost_seconds": None}, {k: v for k, v in GOOD.items() if k != "lost_seconds"}]
)
async def test_drill_that_measured_no_point_says_nothing_of_one(
    facts: dict[str, Any],
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    ran: Callable[..., None],
) -> None:
    ran("drill", START, facts)
    assert await status_of(DRILL, place, server, START + MINUTE) == NOBODY_KNOWS
    ran("drill", START + MINUTE, GOOD)
    assert await status_of(DRILL, place, server, START + 2 * MINUTE) == MET


@pytest.mark.turns_red(DRILL)
async def test_drill_that_was_not_carried_out_turns_it_red_until_one_was(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    ran: Callable[..., None],
) -> None:
    ran("drill", START, GOOD)
    ran("drill", START + MINUTE, {}, "failure")
    assert await status_of(DRILL, place, server, START + 2 * MINUTE) == (Status.FAILING, "failed")
    ran("drill", START + 3 * MINUTE, GOOD)
    assert await status_of(DRILL, place, server, START + 4 * MINUTE) == MET


@pytest.mark.turns_red(APART)
@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (CHECKED | {"damaged": 1}, "damaged"),
        (CHECKED | {"append_only": False}, "erasable"),
        (CHECKED | {"unencrypted": 3}, "plain"),
        (CHECKED | {"site": "elsewhere.example"}, "together"),
    ],
)
async def test_backups_within_reach_turn_it_red_and_so_does_a_check_that_stopped(
    facts: dict[str, Any],
    reason: str,
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
    ran: Callable[..., None],
) -> None:
    hall(by_hand, "operations", "Bergvägen 1", "vaka-1")
    hall(by_hand, "backups", "Hamngatan 9", "backup.example, other.example")
    assert await status_of(APART, place, server) == NOBODY_KNOWS
    ran("check", START, CHECKED)
    assert await status_of(APART, place, server, START + 26 * timedelta(hours=1)) == MET
    assert await status_of(APART, place, server, START + 26 * timedelta(hours=1) + SECOND) == NOBODY_KNOWS
    ran("check", START + 2 * DAY, facts)
    assert await status_of(APART, place, server, START + 2 * DAY + MINUTE) == (Status.FAILING, reason)
    ran("check", START + 2 * DAY + MINUTE, CHECKED)
    assert await status_of(APART, place, server, START + 2 * DAY + 2 * MINUTE) == MET
    ran("check", START + 2 * DAY + 3 * MINUTE, {}, "failure")
    assert await status_of(APART, place, server, START + 2 * DAY + 4 * MINUTE) == (Status.FAILING, "unreadable")


@pytest.mark.turns_red(APART)
async def test_term_19_4_backups_at_the_address_of_operations_turn_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
    ran: Callable[..., None],
) -> None:
    ran("check", START, CHECKED)
    assert await status_of(APART, place, server) == (Status.FAILING, "together")
    hall(by_hand, "backups", "Hamngatan 9", "BACKUP.example")
    assert await status_of(APART, place, server) == (Status.FAILING, "together"), "apart from what, nobody has entered"
    hall(by_hand, "operations", "Bergvägen 1", "vaka-1")
    assert await status_of(APART, place, server) == MET
    together = hall(by_hand, "backups", "bergvägen  1", "backup.example")
    assert await status_of(APART, place, server) == (Status.FAILING, "together"), "one of two entries is not elsewhere"
    Shelf(by_hand).put("sites", "withdrawn", entry=together, number=2)
    assert await status_of(APART, place, server) == MET
    hall(by_hand, "operations", "Sjövägen 3", "vaka-2, backup.example")
    assert await status_of(APART, place, server) == (Status.FAILING, "together"), "it works in a hall of operations too"


@pytest.mark.turns_red(POINT, DRILL, APART, stopped=True)
async def test_backups_that_are_looked_at_no_more_turn_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
    ran: Callable[..., None],
) -> None:
    """All is well, and then the collector stands still: as long as evidence may be old, and a second more."""
    hall(by_hand, "operations", "Bergvägen 1", "vaka-1")
    hall(by_hand, "backups", "Hamngatan 9", "backup.example")
    backed_up(ran, START)
    ran("drill", START, GOOD)
    ran("check", START, CHECKED)
    for name in (POINT, DRILL, APART):
        within = REQUIREMENTS[name].looked_within
        assert await status_of(name, place, server) == MET, name
        assert await judged(name, place, server, START + within) == MET, name
        assert await judged(name, place, server, START + within + SECOND) == (Status.UNTESTED, "collector_down"), name
