# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The scheduler's rounds: all authorities, whatever happens in one; trouble told once."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from structlog.testing import capture_logs

from tests.alarms.conftest import open_house
from tests.alarms.house import House, connect_superuser
from tests.conftest import START
from tests.identities import blinded
from vaka.alarms.watch import Watch
from vaka.clock import TurnedClock
from vaka.database.connections import Pool, make_pool
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway

pytestmark = [pytest.mark.anyio, pytest.mark.database]

Onlooker = psycopg.Connection[dict[str, Any]]


class MovedClock(TurnedClock):
    """A clock that somebody sets, forward and back."""

    def __init__(self) -> None:
        super().__init__(START)
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Return what it says since it was set."""
        return super().now() + self.ahead


@pytest.fixture(scope="module")
def neighbour(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
async def next_door(server: Server, neighbour: Authority) -> AsyncIterator[House]:
    async for opened in open_house(server, neighbour):
        opened.superuser.execute("delete from vaka.alarm_step")
        opened.superuser.execute("delete from vaka.alarm")
        yield opened


@pytest.fixture
def platform(server: Server) -> Iterator[Onlooker]:
    """The platform database, where every other authority of the test run is closed meanwhile."""
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        connection.execute("delete from vaka.receiver_presence")
        yield connection
        connection.execute("delete from vaka.receiver_presence")


@pytest.fixture
async def pool(server: Server) -> AsyncIterator[Pool]:
    pool = make_pool(server, platform_role("scheduler"), PLATFORM_DATABASE, application="test")
    await pool.open()
    yield pool
    await pool.close()


@pytest.fixture
async def gateway(server: Server) -> AsyncIterator[Gateway]:
    gateway = Gateway(server, "scheduler", [], pool_size=2)
    yield gateway
    await gateway.close()


@pytest.fixture
async def watch(
    gateway: Gateway, pool: Pool, clock: TurnedClock, quiet: House, next_door: House, platform: Onlooker
) -> AsyncIterator[Watch]:
    """A watch that serves two authorities."""
    others = [quiet.id, next_door.id]
    closed = platform.execute(
        "update vaka.authority set state = 'closed' where state = 'active' and id <> all(%s) returning id", (others,)
    ).fetchall()
    watch = Watch(gateway, pool, clock, supervision_seconds=10)
    assert await watch.look_for_authorities() == 2
    yield watch
    platform.execute(
        "update vaka.authority set state = 'active' where id = any(%s)", ([line["id"] for line in closed],)
    )


def beat(platform: Onlooker, clock: TurnedClock, *, started: float = -9999) -> None:
    """Let a receiver say that it is up."""
    platform.execute(
        """insert into vaka.receiver_presence values ('west-1', %s::timestamptz + make_interval(secs => %s), %s)
           on conflict (instance) do update set started_at = excluded.started_at, beat_at = excluded.beat_at""",
        (START, started, clock.now()),
    )


async def test_every_authority_has_its_turn(watch: Watch, quiet: House, next_door: House, clock: TurnedClock) -> None:
    alarms = [(house, house.raise_alarm()) for house in (quiet, next_door)]
    clock.turn(61)
    assert await watch.escalate() == 2
    assert [house.alarm(alarm_id)["escalation"] for house, alarm_id in alarms] == [1, 1]
    assert await watch.forget() == 0


async def test_a_new_authority_is_taken_in(
    watch: Watch, gateway: Gateway, new_authority: Callable[..., Authority], platform: Onlooker
) -> None:
    later = new_authority()
    assert await watch.look_for_authorities() == 3
    assert gateway.authority(later.id) == later
    platform.execute("update vaka.authority set state = 'closed' where id = %s", (later.id,))
    assert await watch.look_for_authorities() == 2


async def test_trouble_in_one_authority_is_told_once_and_stops_nobody_else(
    watch: Watch, quiet: House, next_door: House, clock: TurnedClock
) -> None:
    quiet.raise_alarm()
    alarm_id = next_door.raise_alarm()
    clock.turn(61)
    quiet.superuser.execute("alter table vaka.alarm rename to alarm_gone")
    try:
        with capture_logs() as lines:
            assert await watch.escalate() == 1
            await watch.escalate()
    finally:
        quiet.superuser.execute("alter table vaka.alarm_gone rename to alarm")
    assert next_door.alarm(alarm_id)["escalation"] == 1
    [line] = [line for line in lines if line["log_level"] == "error"]
    assert (line["authority"], line["error_type"]) == (str(quiet.id), "UndefinedTable")
    with capture_logs() as lines:
        assert await watch.escalate() == 1
        await watch.escalate()
    assert [line["event"] for line in lines] == ["round works again"]


async def test_a_database_that_is_gone_is_told_once(
    watch: Watch, gateway: Gateway, quiet: House, next_door: House, clock: TurnedClock
) -> None:
    alarm_id = next_door.raise_alarm()
    await watch.escalate()
    clock.turn(61)
    await gateway._pools[quiet.id].close()
    with capture_logs() as lines:
        assert await watch.escalate() == 1
        await watch.escalate()
    assert [(line["event"], line["state"]) for line in lines] == [("round failed", "unavailable")]
    assert next_door.alarm(alarm_id)["escalation"] == 1
    del gateway._pools[quiet.id]
    with capture_logs() as lines:
        await watch.escalate()
    assert [line["event"] for line in lines] == ["round works again"]


async def test_without_news_of_the_receivers_nothing_is_judged(
    watch: Watch, quiet: House, platform: Onlooker, pool: Pool, clock: TurnedClock
) -> None:
    beat(platform, clock)
    install(quiet)
    await pool.close()
    clock.turn(900)
    with capture_logs() as lines:
        assert await watch.supervise() == 0
        assert await watch.supervise() == 0
    assert [line["event"] for line in lines] == ["round failed"]
    assert condition(quiet) == "online"
    assert quiet.superuser.execute("select 1 from vaka.alarm").fetchall() == []


def install(house: House) -> None:
    device = uuid4()
    house.superuser.execute("insert into vaka.device (id, sender) values (%s, %s)", (device, blinded(str(device))))
    house.superuser.execute("insert into vaka.device_state values (%s, %s, 'online', %s)", (device, START, START))


def condition(house: House) -> str:
    row = house.superuser.execute("select condition from vaka.device_state").fetchone()
    assert row is not None
    return str(row["condition"])


async def test_the_silence_of_a_device_is_noticed(
    watch: Watch, quiet: House, platform: Onlooker, clock: TurnedClock
) -> None:
    install(quiet)
    seen = []
    for _ in range(66):
        clock.turn(10)
        beat(platform, clock)
        await watch.supervise()
        seen.append(condition(quiet))
    assert [seen.count(name) for name in ("online", "late", "lost")] == [45, 18, 3]
    assert [row["kind"] for row in quiet.superuser.execute("select kind from vaka.alarm")] == ["offline"]


async def test_the_silence_of_the_receivers_is_ours(
    watch: Watch, quiet: House, next_door: House, platform: Onlooker, clock: TurnedClock
) -> None:
    install(quiet)
    beat(platform, clock)
    await watch.supervise()
    for _ in range(90):
        clock.turn(10)
        await watch.supervise()
    assert condition(quiet) == "online"
    for house in (quiet, next_door):
        rows = house.superuser.execute("select kind, state from vaka.alarm").fetchall()
        assert rows == [{"kind": "receiver_silent", "state": "received"}]
    beat(platform, clock, started=895)
    await watch.supervise()
    for house in (quiet, next_door):
        rows = house.superuser.execute("select kind, state from vaka.alarm").fetchall()
        assert rows == [{"kind": "receiver_silent", "state": "closed"}]
    # Nobody listened for a quarter of an hour: the device gets an interval from now.
    clock.turn(440)
    beat(platform, clock)
    await watch.supervise()
    assert condition(quiet) == "online"


@pytest.mark.parametrize("hours", [20, -3])
async def test_a_clock_that_jumps_is_nobodys_silence_and_silence_is_noticed_after_it(
    gateway: Gateway, pool: Pool, watch: Watch, quiet: House, platform: Onlooker, hours: int
) -> None:
    """Receivers beat a little later than the scheduler looks. One that ended at the jump is missed in its time."""
    clock = MovedClock()
    jumping = Watch(gateway, pool, clock, supervision_seconds=10)
    await jumping.look_for_authorities()
    install(quiet)

    async def go(seconds: int, *, beating: bool = True) -> None:
        for _ in range(seconds // 10):
            clock.turn(10)
            await jumping.supervise()
            if beating:
                beat(platform, clock)

    def told() -> list[str]:
        rows = quiet.superuser.execute("select kind from vaka.alarm order by received_at, kind").fetchall()
        return [row["kind"] for row in rows]

    beat(platform, clock)
    for jump in (timedelta(hours=hours), timedelta(hours=-hours)):
        await go(60)
        clock.ahead += jump
        await go(60)
        assert (condition(quiet), told()) == ("online", [])
    await go(700)
    assert (condition(quiet), told()) == ("lost", ["offline"])
    clock.ahead += timedelta(hours=hours)
    beat(platform, clock)
    await go(10)
    clock.ahead -= timedelta(hours=hours)
    await go(80, beating=False)
    assert told().count("receiver_silent") == 1


def raised(house: House) -> list[tuple[str, str]]:
    rows = house.superuser.execute("select kind, state from vaka.alarm order by received_at").fetchall()
    return [(row["kind"], row["state"]) for row in rows]


async def test_receivers_that_are_silent_before_a_pause_are_so_after_it(
    watch: Watch, quiet: House, platform: Onlooker, clock: TurnedClock
) -> None:
    """The database was away meanwhile: the alarm is not called off, and not raised a second time."""
    beat(platform, clock)
    await watch.supervise()
    for _ in range(7):
        clock.turn(10)
        await watch.supervise()
    assert raised(quiet) == [("receiver_silent", "received")]
    clock.turn(70)
    for _ in range(8):
        await watch.supervise()
        assert raised(quiet) == [("receiver_silent", "received")]
        clock.turn(10)


async def test_silence_of_the_receivers_is_noticed_where_every_round_is_slow(
    watch: Watch, quiet: House, platform: Onlooker, clock: TurnedClock
) -> None:
    beat(platform, clock)
    await watch.supervise()
    clock.turn(70)
    await watch.supervise()
    clock.turn(70)
    await watch.supervise()
    assert raised(quiet) == [("receiver_silent", "received")]


async def test_a_pause_of_the_whole_machine_is_nobodys_silence(
    watch: Watch, quiet: House, platform: Onlooker, clock: TurnedClock
) -> None:
    install(quiet)
    beat(platform, clock)
    await watch.supervise()
    clock.turn(3600)
    beat(platform, clock)
    await watch.supervise()
    assert condition(quiet) == "online"
    assert quiet.superuser.execute("select 1 from vaka.alarm").fetchall() == []
