# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Each entry says whether the clock that gave its time was in step, from the writer's machine to the sealed leaf."""

from pathlib import Path

import pytest

from tests.ledger.sealed import LogHouse
from vaka.clock import SystemClock, read_clock_state
from vaka.database.connections import make_pool, tell_clock_state, transaction
from vaka.database.server import Server, tenant_role
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.leaves import UNKNOWN_CLOCK
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    return LogHouse(server, authority, tmp_path)


async def write(house: LogHouse, state: str | None, thing: str) -> None:
    """Write an entry from a session whose process says so much of its clock."""
    async with house.as_("desk") as connection:
        if state is None:
            await connection.execute("reset ledger.clock")
        else:
            await connection.execute("select set_config('ledger.clock', %s, false)", (state,))
        async with connection.transaction():
            await append(connection, Entry(Event.ALARM_READ, "account:1", SystemClock().now(), thing))


def states(house: LogHouse) -> dict[str, str]:
    """What waits in the inbox, by object."""
    with house.superuser() as superuser:
        rows = superuser.execute("select object, clock from ledger.inbox").fetchall()
    return {str(thing): str(clock) for thing, clock in rows}


async def test_what_the_session_says_stands_in_the_entry(house: LogHouse) -> None:
    said = {"synchronised": "alarm:1", "unsynchronised": "alarm:2", "unknown": "alarm:3"}
    for state, thing in said.items():
        await write(house, state, thing)
    # A word that is none, and no word at all, are no promise; neither holds an entry up.
    await write(house, "perfect", "alarm:4")
    await write(house, None, "alarm:5")
    expected = {thing: state for state, thing in said.items()} | {"alarm:4": UNKNOWN_CLOCK, "alarm:5": UNKNOWN_CLOCK}
    assert states(house) == expected


async def test_it_is_sealed_as_it_was_said(house: LogHouse) -> None:
    await write(house, "synchronised", "alarm:1")
    await write(house, "unsynchronised", "alarm:2")
    async with house.as_("sequencer") as connection:
        await house.sealing(SystemClock()).make_round(connection)
    sealed = {leaf.object: leaf.clock for leaf in house.leaves()}
    assert (sealed["alarm:1"], sealed["alarm:2"]) == ("synchronised", "unsynchronised")


async def test_every_connection_says_what_the_kernel_says(house: LogHouse) -> None:
    database = house.authority.database_name
    entry = Entry(Event.ALARM_READ, "account:1", SystemClock().now(), "alarm:1")
    async with house.as_("desk") as connection, connection.transaction():
        await append(connection, entry)
    assert states(house)["alarm:1"] == read_clock_state()

    # One from a pool says it anew each time it is lent.
    pool = make_pool(house.server, tenant_role(database, "desk"), database, application="test", largest=1)
    await pool.open()
    try:
        async with pool.connection() as connection:
            await connection.execute("set ledger.clock = 'made_up_meanwhile'")
        async with transaction(pool) as connection:
            await append(connection, Entry(Event.ALARM_READ, "account:1", SystemClock().now(), "alarm:2"))
        assert states(house)["alarm:2"] == read_clock_state()
        async with pool.connection() as connection:
            await tell_clock_state(connection)
    finally:
        await pool.close()
