# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Measuring what there is room for: real sockets, a real database; red above a threshold, and where nobody knows."""

from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tests.alarms.house import connect_superuser
from tests.assurance.test_collectors import REQUIREMENTS, TERM_OF, judged
from tests.conftest import START
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.collectors import CAPACITY_COLLECTORS
from vaka.assurance.looking import look
from vaka.assurance.wording import explain
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role, tenant_database
from vaka.metrics import metrics_text
from vaka.metrics_page import open_metrics_page
from vaka.operations.capacity.figures import ANSWERS_WITHIN, FORECAST, Figures, find_excess, forecast_full, subtract
from vaka.operations.capacity.rounds import CAPACITY_SECONDS, MOST_EARLIER, Capacity
from vaka.receiver.counters import Counters
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway

GIGABYTE = 10**9
MET, SILENT = (Status.MET, "none"), (Status.FAILING, "silent")
FINE = Figures(START, 50, 100, 10, 100, 0, 1, 0, 100, 0)
HOUR = timedelta(hours=1)
HALF = timedelta(seconds=CAPACITY_SECONDS)


def disks(*free: float, every: timedelta = HOUR) -> list[tuple[datetime, int]]:
    """How much was free, one measurement after the other."""
    return [(START + at * every, int(one * GIGABYTE)) for at, one in enumerate(free)]


@pytest.mark.parametrize(
    ("worse", "better", "expected"),
    [
        ({"receivers_silent": 1}, {}, ("silent", 1)),
        ({"receivers": 0}, {}, ("silent", 1)),
        ({"unreachable": 1}, {}, ("unreachable", 1)),
        ({"disk_free": 9}, {"disk_free": 10}, ("disk_low", 9)),
        ({"connections": 80}, {"connections": 79}, ("connections", 80)),
        ({"waiting": 5}, {"waiting": 4}, ("waiting", 5)),
        ({"answers_slow": 2}, {"answers_slow": 1}, ("slow", 2)),
        ({"answers": 20, "answers_slow": 1}, {"answers": 19, "answers_slow": 19}, ("slow", 1)),
    ],
)
def test_each_threshold_is_told_of_above_and_not_below(
    worse: dict[str, int], better: dict[str, int], expected: tuple[str, int]
) -> None:
    assert find_excess(FINE, ()) is None
    assert find_excess(replace(FINE, **better), ()) is None  # type: ignore[arg-type]
    assert find_excess(replace(FINE, **worse), ()) == expected  # type: ignore[arg-type]
    said = explain(TERM_OF["capacity"], Judgement(Status.FAILING, START, expected[0], "capacity", 4711))
    # What is counted over every authority's alarms is no authority's to read the number of.
    for text in (said.sv, said.en):
        assert ("4711" in text) is (expected[0] not in ("unreachable", "waiting", "slow"))


def test_slow_answers_of_five_minutes_are_looked_at_together() -> None:
    """Two in half a minute are a share of nothing, twenty in five minutes are not; what is older counts no more."""
    few = [replace(FINE, at=START + one * HALF, answers=2, answers_slow=int(one == 0)) for one in range(11)]
    assert find_excess(few[8], (), few[:8]) is None, "eighteen"
    assert find_excess(few[9], (), few[:9]) == ("slow", 1)
    assert find_excess(few[10], (), few[:10]) is None, "the slow one was five minutes ago"
    assert ANSWERS_WITHIN.total_seconds() == (MOST_EARLIER + 1) * CAPACITY_SECONDS


def test_term_21_4_a_disk_is_told_of_before_it_is_full() -> None:
    """A gigabyte an hour of sixty is told of while half the disk is free; one that does not fill, or slowly, is not."""
    filling = disks(65, 64, 63, 62, 61, 60)
    assert forecast_full(filling) == timedelta(hours=60)
    assert find_excess(replace(FINE, disk_free=60, disk_size=120), filling) == ("disk_filling", 60)
    slowly = disks(100, 99.5, 99, 98.5)
    assert (forecast_full(slowly) or timedelta()) > FORECAST
    for well in (slowly, disks(60, 60, 60), disks(60, 61, 62), disks(60), [], disks(60, 1, every=timedelta(minutes=1))):
        assert find_excess(FINE, well) is None
    # One file that came and went is no trend.
    assert find_excess(FINE, disks(60, 60, 50, 60, 60)) is None


def test_a_receiver_that_was_started_anew_counts_from_nothing() -> None:
    assert subtract({"count": 110, "soon": 105}, {"count": 100, "soon": 99}) == (10, 4)
    assert subtract({"count": 5, "soon": 4}, {"count": 100, "soon": 99}) == (5, 1)
    assert subtract({"count": 5, "soon": 5}, {}) == (5, 0)
    assert subtract({"count": 100, "soon": 90}, {"count": 100, "soon": 95}) == (100, 10), (
        "as many, and fewer of them soon"
    )
    assert subtract({"count": 110, "soon": 109}, {"count": 100, "soon": 90}) == (110, 1), "more, and fewer of them slow"
    assert subtract({"count": 5, "soon": 7}, {}) == (5, 0)


class Now:
    """A clock that says what a test sets it to."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@pytest.fixture
def clock() -> Now:
    return Now()


@pytest.fixture
async def place(
    server: Server, new_authority: Callable[..., Authority], clock: Now, tmp_path: Path
) -> AsyncIterator[Place]:
    """Where a scheduler looks that measures a data directory."""
    authority = new_authority()
    (tmp_path / "run").mkdir()
    async with make_pool(server, platform_role("scheduler"), PLATFORM_DATABASE, application="test") as platform:
        gateway = Gateway(server, "scheduler", [authority])
        yield Place(
            platform, gateway, [authority.id], root=tmp_path, capacity=Capacity(platform, gateway, tmp_path, clock)
        )
        await gateway.close()


async def measured(place: Place) -> Capacity:
    """Measure, and let there be room on the disk, however full that of this machine is."""
    assert place.capacity is not None
    await place.capacity.measure()
    assert place.capacity.newest is not None
    place.capacity.newest = replace(place.capacity.newest, disk_free=50, disk_size=100)
    return place.capacity


async def status(place: Place, server: Server, at: datetime) -> tuple[Status, str]:
    """Look, and judge, at a moment."""
    await look(REQUIREMENTS["capacity"], CAPACITY_COLLECTORS["capacity"], place, at)
    return await judged("capacity", place, server, at)


@pytest.mark.anyio
@pytest.mark.database
@pytest.mark.turns_red("capacity")
async def test_term_21_3_a_receiver_that_does_not_say_its_figures_is_red(
    place: Place, server: Server, clock: Now, tmp_path: Path
) -> None:
    """None there, one that says them, one that says other things, and one that stopped: no figure is no 'all well'."""
    await measured(place)
    assert await status(place, server, clock.at) == SILENT
    counters, socket = Counters(), tmp_path / "run" / "receiver-1.metrics"
    async with await open_metrics_page(socket, lambda: metrics_text(tuple(counters))):
        capacity = await measured(place)
        assert await status(place, server, clock.at) == MET
        for _ in range(20):
            counters.answer_seconds.add(0.1)
        counters.answer_seconds.add(0.5)
        await measured(place)
        assert capacity.newest is not None
        assert (capacity.newest.answers, capacity.newest.answers_slow) == (21, 1)
        assert await status(place, server, clock.at) == (Status.FAILING, "slow")
        clock.at += ANSWERS_WITHIN
        await measured(place)
        assert await status(place, server, clock.at) == MET
    await measured(place)
    assert await status(place, server, clock.at) == SILENT
    async with await open_metrics_page(socket, lambda: b"something_else 1\n"):
        await measured(place)
        assert await status(place, server, clock.at) == SILENT


@pytest.mark.anyio
@pytest.mark.database
@pytest.mark.turns_red("capacity")
@pytest.mark.turns_red("capacity", stopped=True)
async def test_what_is_not_measured_any_more_is_not_tested(
    place: Place, server: Server, clock: Now, tmp_path: Path
) -> None:
    """What was green is unknown when nobody has measured for as long as evidence may be old."""
    async with await open_metrics_page(
        tmp_path / "run" / "receiver-1.metrics", lambda: metrics_text(tuple(Counters()))
    ):
        await measured(place)
    every = REQUIREMENTS["capacity"].looked_within
    assert await status(place, server, START) == MET
    late = START + timedelta(seconds=2 * CAPACITY_SECONDS + 1)
    assert await status(place, server, late) == MET, "what was seen is not old yet"
    assert await status(place, server, START + every + timedelta(seconds=1)) == (Status.UNTESTED, "collector_down")


@pytest.mark.anyio
@pytest.mark.database
@pytest.mark.turns_red("capacity")
async def test_few_slow_answers_in_each_measurement_are_red_within_five_minutes(
    place: Place, server: Server, clock: Now, tmp_path: Path
) -> None:
    """Two life alarms in half a minute, all slow: red at the tenth measurement, and well five minutes later."""
    counters = Counters()
    async with await open_metrics_page(tmp_path / "run" / "receiver-1.metrics", lambda: metrics_text(tuple(counters))):
        capacity = await measured(place)
        said = []
        for _ in range(10):
            clock.at += HALF
            for _ in range(2):
                counters.answer_seconds.add(0.5)
            await measured(place)
            said.append(capacity.excess())
        assert said == [None] * 9 + [("slow", 20)]
        assert await status(place, server, clock.at) == (Status.FAILING, "slow")
        clock.at += ANSWERS_WITHIN
        await measured(place)
        assert await status(place, server, clock.at) == MET


@pytest.mark.anyio
@pytest.mark.database
@pytest.mark.turns_red("capacity")
async def test_one_database_that_does_not_answer_is_red_and_hides_nothing_of_the_rest(
    place: Place, server: Server, clock: Now, tmp_path: Path
) -> None:
    """The first authority's database is gone: that is told of, and all other figures are there, new."""
    gone = Authority(uuid4(), "borta", "Borta", "authority", tenant_database("borta"), bytes(32))
    async with await open_metrics_page(
        tmp_path / "run" / "receiver-1.metrics", lambda: metrics_text(tuple(Counters()))
    ):
        gateway = Gateway(server, "scheduler", [gone, *place.gateway.authorities])
        try:
            other = replace(place, capacity=Capacity(place.platform, gateway, tmp_path, clock))
            capacity = await measured(other)
        finally:
            await gateway.close()
        assert capacity.newest is not None
        assert (capacity.newest.unreachable, capacity.newest.receivers, capacity.newest.at) == (1, 1, START)
        assert capacity.newest.connections > 0
        assert "vaka_authorities_unreachable 1.0" in metrics_text((capacity,)).decode()
        assert await status(other, server, clock.at) == (Status.FAILING, "unreachable")
        await measured(place)
        assert await status(place, server, clock.at) == MET


@pytest.mark.anyio
@pytest.mark.database
async def test_a_trend_that_cannot_be_kept_ends_no_scheduler(place: Place, server: Server) -> None:
    """Whatever the database says of it: what escalates alarms runs beside it."""
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as platform:
        platform.execute("alter table vaka.capacity_hour add constraint refuses check (measured = 0) not valid")
        try:
            await measured(place)
        finally:
            platform.execute("alter table vaka.capacity_hour drop constraint refuses")


@pytest.mark.anyio
@pytest.mark.database
async def test_what_is_measured_is_given_to_prometheus_without_a_label(place: Place) -> None:
    """Every figure that rules look at, and none that names anybody or anything."""
    capacity = await measured(place)
    text = metrics_text((capacity,)).decode()
    assert "{" not in text
    for name in ("disk_free_bytes 50.0", "database_connections_allowed ", "alarms_waiting_long 0.0", "receivers 0.0"):
        assert f"vaka_{name}" in text
    assert capacity.newest is not None
    assert capacity.newest.connections_allowed > capacity.newest.connections > 0
