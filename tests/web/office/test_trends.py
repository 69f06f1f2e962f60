# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether reception works, as an authority reads it, and a week's trends on both sides."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from tests.platform import platform_as
from tests.web.furniture import Installation
from tests.web.office.conftest import enter
from tests.web.portal.conftest import Logs
from tests.web.portal.conftest import enter as enter_portal
from vaka.clock import LOCAL, SystemClock
from vaka.operations.capacity.figures import Figures
from vaka.operations.capacity.trends import list_capacity_hours, report_capacity
from vaka.operations.trials.standing import Trial, TrialOutcome, list_trial_hours, list_trials, report_trial
from vaka.web.office.office import Office
from vaka.web.portal.portal import Portal
from vaka.web.trends import HOUR, SHOWN, Chart, read_trends

pytestmark = [pytest.mark.anyio, pytest.mark.database]

AGE = "update vaka.authority set created_at = created_at %s interval '1 day'"
FORGET = "truncate vaka.trial_state, vaka.trial_hour, vaka.capacity_hour"
WELL = Trial(TrialOutcome.WELL, 41, 57)


@pytest.fixture(autouse=True)
def nothing_told(installation: Installation, logs: Logs) -> Iterator[None]:
    for statement in (FORGET, AGE % "-"):  # of a new one less is missed
        logs.execute("platform", statement, unguarded=True)
    yield
    for statement in (FORGET, AGE % "+"):
        logs.execute("platform", statement, unguarded=True)


async def read(portal: Portal, installation: Installation, page: str) -> str:
    """What an officer of an authority reads, without a script."""
    agneta = await enter_portal(portal, installation, "agneta")
    answer = await agneta.get(f"/log/ekbacka/{page}")
    assert answer.status == 200
    led = await agneta.get(f"/{page}")
    assert (led.status, led.header("location")) == (303, f"/log/ekbacka/{page}")
    return unescape(answer.text)


async def test_an_authority_reads_whether_its_alarms_are_received(
    office: Office, portal: Portal, installation: Installation, logs: Logs
) -> None:
    """Nobody has tried; it works; it does not, and since when; and nobody has tried for long."""
    own, other = installation.authorities["ekbacka"], installation.authorities["norrvik"]
    assert (office.trial_machines, portal.trial_machines) == (["larm-1"], ["larm-1"]), "as the settings say"
    portal = replace(portal, trial_machines=())
    text = await read(portal, installation, "status")
    assert "Ingen vet" in text
    assert "Inget systemprov har gjorts för er än." in text
    async with platform_as(installation.server, "trial") as trial:
        for outcome, said in ((TrialOutcome.SETTLING, "registrerades nyss"), (TrialOutcome.UNPREPARED, "ingen enhet")):
            await report_trial(trial, "larm-1", own.id, Trial(outcome))
            text = await read(portal, installation, "status")
            assert all(one in text for one in ("Ingen vet", "Inget systemprov har gjorts för er än.", said))
            assert "Mottagningen är störd" not in text
        await report_trial(trial, "larm-1", own.id, WELL)
        await report_trial(trial, "larm-1", other.id, Trial(TrialOutcome.UNSEEN, 4711))
        text = await read(portal, installation, "status")
        assert all(said in text for said in ("Mottagningen fungerar", "41 ms", "57 ms", "CE"))
        assert "Mottagningen är störd" not in text
        assert "4711" not in text
        assert other.name not in text
        await report_trial(trial, "larm-1", own.id, Trial(TrialOutcome.BUSY))
    text = await read(portal, installation, "status")
    assert "Mottagningen är störd" in text
    assert "Larmmottagaren svarade att den inte kunde spara systemprovet." in text
    assert "Mottagningen fungerar" not in text
    async with platform_as(installation.server, "trial") as trial:
        await report_trial(trial, "larm-1", own.id, WELL)
        assert "Mottagningen fungerar" in await read(portal, installation, "status")
        await report_trial(trial, "larm-2", own.id, Trial(TrialOutcome.BUSY))
        assert "Mottagningen är störd" in await read(portal, installation, "status"), "one machine's is enough"
        await report_trial(trial, "larm-2", own.id, WELL)
        assert "Mottagningen fungerar" in await read(portal, installation, "status")
    logs.execute("platform", "update vaka.trial_state set tried_at = tried_at - interval '121 seconds'"
                 " where machine = 'larm-2'", unguarded=True)  # fmt: skip
    text = await read(portal, installation, "status")
    silent = "Av flera maskiner som ska skicka systemprov har minst en inte skickat något på två minuter."
    assert silent in text
    assert "Mottagningen är störd" in text
    logs.execute("platform", "update vaka.trial_state set tried_at = tried_at - interval '25 hours'"
                 " where machine = 'larm-2'", unguarded=True)  # fmt: skip
    assert "Mottagningen fungerar" in await read(portal, installation, "status"), "one that is not named, for a day"
    for name in ("larm-2", "larm-3"):  # silent for long, and one that never told
        named = ["larm-1", name]
        text = await read(replace(portal, trial_machines=named), installation, "status")
        assert "Mottagningen är störd" in text
        assert silent in text
        adam = await enter(replace(office, trial_machines=named), installation, "adam")
        assert silent in unescape((await adam.get("/trends")).text)
    logs.execute("platform", "update vaka.trial_state set tried_at = tried_at - interval '121 seconds'", unguarded=True)
    text = await read(portal, installation, "status")
    assert "Inget systemprov har gjorts på mer än två minuter." in text
    assert "Mottagningen är störd" not in text


async def test_trends_stand_on_both_sides_and_tell_an_authority_nothing_of_others(
    office: Office, portal: Portal, installation: Installation
) -> None:
    adam = await enter(office, installation, "adam")
    assert "Ingenting har mätts än" in unescape((await adam.get("/trends")).text)
    assert "Ingenting har mätts än" in await read(portal, installation, "trends")
    own, other = installation.authorities["ekbacka"], installation.authorities["norrvik"]
    figures = Figures(SystemClock().now(), 420, 1000, 30, 100, 4, 1, 0, 200, 3)
    async with platform_as(installation.server, "scheduler") as scheduler:
        await report_capacity(scheduler, figures)
        await report_capacity(scheduler, Figures(SystemClock().now(), 800, 1000, 10, 100, 0, 1, 0, 0, 0))
    async with platform_as(installation.server, "trial") as trial:
        await report_trial(trial, "larm-1", own.id, WELL)
        await report_trial(trial, "larm-1", other.id, Trial(TrialOutcome.WELL, 800, 900))
        await report_trial(trial, "larm-1", other.id, Trial(TrialOutcome.REFUSED))
    async with platform_as(installation.server, "office") as connection:
        [hour] = await list_capacity_hours(connection, SystemClock().now() - HOUR)
        assert [one.machine for one in await list_trials(connection)] == ["larm-1", "larm-1"]
    assert (hour.measured, hour.disk_free, hour.connections, hour.waiting) == (2, 420, 300, 4)
    async with platform_as(installation.server, "portal") as connection:
        [hour] = await list_capacity_hours(connection, SystemClock().now() - HOUR)
        assert (hour.disk_free, hour.waiting) == (420, None), "what waits is of all authorities"
        assert await list_trials(connection) == []
        assert await list_trial_hours(connection, SystemClock().now() - HOUR) == []
    ours, theirs = unescape((await adam.get("/trends")).text), await read(portal, installation, "trends")
    for text in (ours, theirs):
        assert text.count('<svg viewBox="0 -4') == 5 + (text is ours)
        assert all(said in text for said in ("42.0 %", "30.0 %", "1.5 %"))
    assert "57 ms" in theirs
    assert "900 ms" not in theirs
    assert "Skarpa larm som ingen har tagit" not in theirs
    assert "900 ms" in ours
    assert other.name in ours
    assert "Larmmottagaren avvisade systemprovet." in ours
    assert own.name not in ours.split("Larmmottagaren avvisade systemprovet.")[0].split("badge-failing")[-1]


async def test_a_week_is_as_long_when_the_clock_is_set_forward(installation: Installation) -> None:
    async with platform_as(installation.server, "office") as connection:
        shown = await read_trends(connection, datetime(2026, 3, 31, 10, 30, tzinfo=UTC), None)
    assert shown["since"].astimezone(UTC) == datetime(2026, 3, 24, 11, tzinfo=UTC)


async def test_an_hour_that_is_not_known_breaks_the_line() -> None:
    since = SystemClock().now().astimezone(LOCAL) - SHOWN
    at = [since + HOUR * number for number in range(4)]
    whole = Chart("a", "", "ms", {at[0]: 1.0, at[1]: 2.0, at[2]: 4.0}, since)
    broken = Chart("a", "", "ms", {at[0]: 1.0, at[2]: 4.0}, since, limit=4)
    assert (whole.path.count("M"), broken.path.count("M")) == (1, 2)
    assert (whole.worst, whole.newest, whole.is_beyond) == (4.0, 4.0, False)
    assert broken.is_beyond
    assert Chart("a", "", "%", {at[0]: 9.0}, since, limit=10, least=True).is_beyond
    assert not Chart("a", "", "%", {at[0]: 10.0}, since, limit=10, least=True).is_beyond
    assert Chart("a", "", "%", {}, since, limit=10).worst is None
    assert timedelta(days=7) == SHOWN
