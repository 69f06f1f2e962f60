# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who decides how long a log is kept, when a decision begins to count, and what the database makes of both."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.aged import AgedLog, decision
from tests.ledger.sealed import LogHouse
from vaka.clock import TurnedClock
from vaka.database.provision import TENANT_COMPONENTS
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role, tenant_role
from vaka.ledger.deciding import UnusableRetentionError, set_retention
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.leaves import Leaf
from vaka.ledger.retention import (
    LONGEST_DAYS,
    NOTICE,
    SHORTEST_DAYS,
    SUGGESTED_DAYS,
    Decision,
    find_in_force,
    read_decision,
    read_pruning,
)
from vaka.tenants.authorities import Authority

DAY = datetime(2026, 3, 14, tzinfo=UTC)
SET = "select ledger.set_retention(now(), 'account:1', 'authority:1', %s, %s)"


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    return LogHouse(server, authority, tmp_path)


def decided(*steps: tuple[int, int]) -> list[Decision]:
    """(after so many days, so many days kept) …"""
    return [
        Decision(place, DAY + timedelta(days=after), days, "account:1") for place, (after, days) in enumerate(steps)
    ]


@pytest.mark.parametrize(
    ("steps", "after", "days"),
    [
        ([], 1000, None),  # nobody has decided: everything is kept
        ([(0, 730)], 29.9, None),  # the first decision waits like any other
        ([(0, 730)], 30, 730),
        ([(0, 730), (100, 400)], 129.9, 730),  # shorter: announced for thirty days
        ([(0, 730), (100, 400)], 130, 400),
        ([(0, 730), (100, 1000)], 100, 1000),  # longer: at once
        ([(0, 730), (100, 1000)], 99.9, 730),
        ([(0, 730), (100, 400), (110, 730)], 500, 730),  # taken back before it counted
        ([(0, 730), (100, 400), (110, 730)], 129, 730),
        ([(0, 730), (100, 400), (120, 500)], 140, 500),  # between the two
        ([(0, 730), (100, 2000), (101, 730)], 110, 2000),  # what held for a day holds for thirty
        ([(0, 730), (100, 2000), (101, 730)], 131, 730),
    ],
)
def test_decision_in_force(steps: list[tuple[int, int]], after: float, days: int | None) -> None:
    so_far = [step for step in steps if step[0] <= after]
    found = find_in_force(decided(*so_far), DAY + timedelta(days=after), len(steps))
    assert (found.days if found else None) == days


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(400, 3000)), max_size=8), st.integers(0, 300))
def test_nothing_shorter_than_what_held_in_the_last_thirty_days_is_ever_in_force(
    steps: list[tuple[int, int]], after: int
) -> None:
    decisions = [each for each in decided(*sorted(steps)) if each.at <= DAY + timedelta(days=after)]
    at = DAY + timedelta(days=after)
    found = find_in_force(decisions, at, 100)
    held = [[each.days for each in decisions if each.at <= at - NOTICE * part / 10][-1:] for part in range(11)]
    if [] in held:
        assert found is None
    else:
        assert found is not None
        assert all(days <= found.days for each in held for days in each)
        assert found.days in [each.days for each in decisions]


def leaf(**other: object) -> Leaf:
    fields: dict[str, object] = {
        "id": 1, "at": DAY, "event": "retention.set", "actor": "account:1", "object": "", "outcome": "success",
        "written_by": "vaka_t_x_portal", "written_at": DAY, "source": "a-1", "number": 1, "detail": {"days": 400},
        **other,
    }  # fmt: skip
    return Leaf(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        {"event": "policy.changed"},
        {"outcome": "failure"},
        {"written_by": "vaka_t_x_setup"},
        {"written_by": "vaka_t_x_portal "},
        {"written_by": "_portal"},
        {"detail": {}},
        {"detail": {"days": "400"}},
        {"detail": {"days": 399}},
        {"detail": {"days": 36_501}},
    ],
)
def test_what_is_no_decision_of_the_authoritys(other: dict[str, object]) -> None:
    assert read_decision(5, leaf()) == Decision(5, DAY, 400, "account:1")
    assert read_decision(5, leaf(**other)) is None


PRUNED = {"event": "ledger.pruned", "written_by": "vaka_t_x_sequencer"}


@pytest.mark.parametrize(
    "other",
    [
        {"event": "retention.set"},
        {"outcome": "failure"},
        {"written_by": "vaka_t_x_portal"},
        {"detail": {"last": 511, "days": 400, "policy": 1}},
        {"detail": {"last": "511", "days": 400, "policy": 1, "checkpoint": 700}},
        {"detail": {"last": 600, "days": 400, "policy": 1, "checkpoint": 700}},  # what comes after itself
        {"detail": {"last": -1, "days": 400, "policy": 1, "checkpoint": 700}},
    ],
)
def test_what_says_of_no_removal(other: dict[str, object]) -> None:
    right = {**PRUNED, "detail": {"last": 511, "days": 400, "policy": 1, "checkpoint": 700}}
    said = read_pruning(600, leaf(**right))
    assert said is not None
    assert (said.end, said.days, said.policy, said.checkpoint) == (512, 400, 1, 700)
    assert read_pruning(600, leaf(**{**right, **other})) is None


def test_what_a_page_proposes_can_be_chosen() -> None:
    assert SHORTEST_DAYS <= SUGGESTED_DAYS <= LONGEST_DAYS
    assert timedelta(days=SHORTEST_DAYS) > NOTICE  # what a decision in force rests on is never among what goes


# --- in the database --------------------------------------------------------------------------------------------------


@pytest.mark.database
@pytest.mark.parametrize("component", sorted(TENANT_COMPONENTS))
def test_only_the_authoritys_component_decides(server: Server, authority: Authority, component: str) -> None:
    role = tenant_role(authority.database_name, component)
    with closing(psycopg.connect(server.conninfo(role, authority.database_name), autocommit=True)) as connection:
        if component == "portal":
            assert connection.execute(SET, (730, "KS 2026/1")).fetchone() is not None
            return
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(SET, (730, "KS 2026/1"))


@pytest.mark.database
def test_nobody_decides_for_the_platforms_own_log(server: Server) -> None:
    conninfo = server.conninfo(platform_role("portal"), PLATFORM_DATABASE)
    with (
        closing(psycopg.connect(conninfo, autocommit=True)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(SET, (730, "KS 2026/1"))


@pytest.mark.database
@pytest.mark.parametrize("event", ["retention.set", "ledger.pruned"])
@pytest.mark.parametrize("component", sorted(TENANT_COMPONENTS))
def test_no_component_writes_these_entries_in_any_other_way(
    server: Server, authority: Authority, component: str, event: str
) -> None:
    role = tenant_role(authority.database_name, component)
    conninfo = server.conninfo(role, authority.database_name)
    # Whoever sends trials writes no entry whatever.
    refused = psycopg.errors.InsufficientPrivilege if component == "trial" else psycopg.errors.NotNullViolation
    with closing(psycopg.connect(conninfo, autocommit=True)) as connection, pytest.raises(refused):
        connection.execute("select ledger.append(now(), %s, 'account:1', '', 'success', '{\"days\": 400}')", (event,))


@pytest.mark.database
@pytest.mark.parametrize("event", ["retention.set", "ledger.pruned"])
def test_not_even_the_superuser_writes_them_under_his_own_name(house: LogHouse, event: str) -> None:
    with house.superuser(unguarded=True) as superuser, pytest.raises(psycopg.errors.CheckViolation):
        superuser.execute("insert into ledger.inbox (happened_at, event, actor) values (now(), %s, 'x')", (event,))


@pytest.mark.database
@pytest.mark.parametrize(
    ("days", "reason"), [(399, "a"), (36_501, "a"), (-1, "a"), (None, "a"), (400, ""), (400, "\t\n"), (400, "x" * 201)]
)
def test_database_refuses_what_no_authority_can_decide(
    server: Server, authority: Authority, days: int | None, reason: str
) -> None:
    role = tenant_role(authority.database_name, "portal")
    conninfo = server.conninfo(role, authority.database_name)
    with (
        closing(psycopg.connect(conninfo, autocommit=True)) as connection,
        pytest.raises(psycopg.errors.CheckViolation),
    ):
        connection.execute(SET, (days, reason))


@pytest.mark.anyio
@pytest.mark.database
async def test_a_decision_is_an_entry_with_days_actor_and_reason(house: LogHouse, clock: TurnedClock) -> None:
    async with house.as_("portal") as portal, house.as_("sequencer") as sequencer:
        for days in (SHORTEST_DAYS, LONGEST_DAYS):
            assert await set_retention(portal, decision(days, clock.now())) > 0
        for days, reason in ((399, "x"), (36_501, "x"), (730, " "), (730, "x" * 201)):
            with pytest.raises(UnusableRetentionError):
                await set_retention(portal, decision(days, clock.now(), reason))
        with pytest.raises(TypeError):
            await set_retention(portal, Entry(Event.POLICY_CHANGED, "account:1", clock.now(), detail={"days": 400}))
        await house.sealing(clock).make_round(sequencer)
    found = [leaf for leaf in house.leaves() if leaf.event == "retention.set"]
    assert [(leaf.actor, leaf.object, dict(leaf.detail)) for leaf in found] == [
        ("account:1", "authority:1", {"days": days, "reason": "KS 2024/17"}) for days in (SHORTEST_DAYS, LONGEST_DAYS)
    ]
    assert all(read_decision(0, leaf) for leaf in found)


@pytest.mark.anyio
@pytest.mark.database
@pytest.mark.parametrize(
    "steps", [[(0, 730)], [(0, 730), (100, 400)], [(0, 730), (100, 2000), (101, 730)], [(0, 500), (10, 400), (50, 600)]]
)
async def test_database_and_verifier_have_the_same_rule(house: LogHouse, steps: list[tuple[int, int]]) -> None:
    aged = AgedLog.begun(house, 500)
    begun = aged.clock.now()
    passed = 0
    for after, days in steps:
        aged.turn(days=after - passed)
        passed = after
        await aged.decide(days)
        await aged.seal()
    decisions = [found for index, each in enumerate(house.leaves()) if (found := read_decision(index, each))]
    assert len(decisions) == len(steps)
    for later in (0, 15, 29, 31, 60, 99, 101, 115, 129.9, 130.1, 131.1, 200):
        at = begun + timedelta(days=later)
        before = sum(each.written_at <= at for each in house.leaves())
        with house.superuser() as onlooker:
            row = onlooker.execute("select policy, days from ledger.retention_at(%s, %s)", (at, before)).fetchone()
        found = find_in_force(decisions, at, before)
        assert row == (None if found is None else (found.index, found.days)), later
    aged.turn(days=0)
