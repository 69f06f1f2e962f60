# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Term 27 against real chronyd processes: what one says of itself, and what the rule makes of it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    TERM_OF,
    authority,
    by_hand,
    judged,
    own_server,
    place,
    server,
)
from tests.certificates import Issuer
from tests.operations.chronies import TimeService, following, serving_time, wait_until_followed
from tests.platform import platform_as
from tests.waiting import wait_for
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.clock_evidence import find_clocks
from vaka.assurance.looking import look
from vaka.assurance.wording import explain
from vaka.clock import ClockState
from vaka.database.server import Server
from vaka.operations.timesync.chrony import NoReportError, read_report
from vaka.operations.timesync.reporting import list_clocks, read_facts, report_clock
from vaka.operations.timesync.rule import REASONS, largest_differences
from vaka.operations.timesync.wording import WRONG
from vaka.settings import Settings
from vaka.settings_operations import ClockSettings, ClockSourceSettings

pytestmark = [pytest.mark.anyio, pytest.mark.database]

CLOCKS = "clock-state"
MET = (Status.MET, "none")
LOOPBACK = ClockSourceSettings(name="localhost", nts=False, networks=["127.0.0.0/8"])
PROVEN = ClockSourceSettings(name="localhost")


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return Issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="module")
def source(issuer: Issuer) -> Iterator[TimeService]:
    """A source of stratum 1 that proves its name to whoever asks for it."""
    with serving_time(issuer) as service:
        yield service


@pytest.fixture(scope="module")
def machine(source: TimeService, issuer: Issuer) -> Iterator[TimeService]:
    """The time service of a machine that follows it, by NTS."""
    with following(source, trusts=issuer.certificate) as service:
        wait_until_followed(service)
        yield service


def clock_settings(report: Path, *allowed: ClockSourceSettings, **more: object) -> Settings:
    settings = ClockSettings.model_validate(
        {"report": report, "sources": list(allowed or (PROVEN,)), "machines": [], **more}
    )
    return Settings(clock=settings)


async def status_of(
    where: Place, server: Server, service: TimeService | None, *allowed: ClockSourceSettings, **more: object  # noqa: F811
) -> tuple[Status, str]:  # fmt: skip
    """Have the service write down how it stands, look, and judge, all of it at this very moment."""
    report = Path("/nowhere/report") if service is None else service.report()
    settings = clock_settings(report, *allowed, **more)
    now = datetime.now(UTC)
    await look(REQUIREMENTS[CLOCKS], find_clocks, replace(where, settings=settings), now)
    return await judged(CLOCKS, where, server, now)


@pytest.mark.turns_red(CLOCKS)
@pytest.mark.parametrize("state", ["unsynchronised", "unknown"])
async def test_term_27_1_clock_that_the_kernel_calls_unsynchronised_turns_it_red(
    place: Place, server: Server, machine: TimeService, state: ClockState  # noqa: F811
) -> None:  # fmt: skip
    """Also where it does not say, and whatever the time service says meanwhile."""
    assert await status_of(place, server, machine) == MET
    wrong = replace(place, read_clock=lambda: state)
    assert await status_of(wrong, server, machine) == (Status.FAILING, state)
    assert await status_of(wrong, server, None) == (Status.FAILING, state)


@pytest.mark.turns_red(CLOCKS)
async def test_term_27_2_source_that_is_not_on_the_list_turns_it_red(
    place: Place, server: Server, machine: TimeService, source: TimeService  # noqa: F811
) -> None:  # fmt: skip
    """By its proven name, or by its address where it proves nothing; a name without a proof is nobody's."""
    netnod = ClockSettings().allowed
    assert await status_of(place, server, machine, *netnod) == (Status.FAILING, "unlisted")
    elsewhere = ClockSourceSettings(name="localhost", nts=False, networks=["194.58.200.0/21"])
    assert await status_of(place, server, machine, elsewhere) == (Status.FAILING, "unlisted")
    assert await status_of(place, server, machine) == MET
    with following(source) as plain:
        wait_until_followed(plain)
        assert await status_of(place, server, plain, LOOPBACK) == MET
        assert await status_of(place, server, plain) == (Status.FAILING, "unproven")


@pytest.mark.turns_red(CLOCKS)
async def test_term_27_3_source_of_an_untrusted_issuer_is_not_followed(
    place: Place, server: Server, source: TimeService, issuer: Issuer, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """It answers all the while; nobody believes that it is who it says, and its cookies are not asked for."""
    stranger = Issuer(tmp_path, "Främmande utgivare")
    with following(source, trusts=stranger.certificate) as service:
        wait_for(lambda: int(service.asks("-c", "authdata").split(",")[6]) > 0)
        assert "*" not in service.asks("-c", "sources")
        assert service.asks("-c", "authdata").split(",")[8] == "0"
        assert await status_of(place, server, service) == (Status.FAILING, "leap")
        facts = read_facts(Path("/"), clock_settings(service.report()).clock, "synchronised", datetime.now(UTC))
        assert "sourceless" in facts.reasons


@pytest.mark.turns_red(CLOCKS)
async def test_term_27_4_source_that_has_gone_turns_it_red(
    place: Place, server: Server, issuer: Issuer  # noqa: F811
) -> None:  # fmt: skip
    """The daemon goes on saying Normal. First the source does not answer; then none is followed, and that grows old."""
    with serving_time(issuer) as dying, following(dying, trusts=issuer.certificate) as service:
        wait_until_followed(service)
        assert await status_of(place, server, service, longest_reference_seconds=2) == MET
        dying.stop()
        seen: set[tuple[Status, str]] = set()

        def facts_of(**more: object) -> set[str]:
            settings = clock_settings(service.report(), **more).clock
            return set(read_facts(Path("/"), settings, "synchronised", datetime.now(UTC)).reasons)

        wait_for(lambda: "unreached" in facts_of())
        wait_for(lambda: "*" not in service.asks("-c", "sources"))
        assert service.asks("tracking").rstrip().endswith("Normal")
        seen.add(await status_of(place, server, service))
        assert seen == {(Status.FAILING, "sourceless")}
        wait_for(lambda: "aged" in facts_of(longest_reference_seconds=2))
        # What may be wrong by now grows as long as nobody corrects it.
        reported = service.report()
        text = reported.read_text().splitlines()
        tracking = next(line for line in text if line.startswith("tracking,")).split(",")
        assert float(tracking[12]) > 0
        assert "error" not in facts_of()


@pytest.mark.turns_red(CLOCKS)
async def test_clock_that_may_be_off_by_too_much_turns_it_red(
    place: Place, server: Server, source: TimeService, issuer: Issuer  # noqa: F811
) -> None:  # fmt: skip
    """Three tenths of a second from its source; and behind a source that is itself far from stratum 1."""
    with following(source, trusts=issuer.certificate, more="offset 0.3") as off:
        wait_until_followed(off)
        assert await status_of(place, server, off) == (Status.FAILING, "error")
        assert await status_of(place, server, off, largest_error_milliseconds=500) == MET
    with serving_time(issuer, stratum=5) as far, following(far, trusts=issuer.certificate) as service:
        wait_until_followed(service)
        assert await status_of(place, server, service) == (Status.FAILING, "stratum")


@pytest.mark.turns_red(CLOCKS)
async def test_term_27_5_machines_that_differ_turn_it_red(
    place: Place, server: Server, machine: TimeService, source: TimeService, issuer: Issuer  # noqa: F811
) -> None:  # fmt: skip
    """Each is sound by itself. Who of two is wrong nobody knows: both are told of."""
    alone = replace(place, machine="larm-1")
    allowed: dict[str, Any] = {"machines": ["larm-2"], "largest_error_milliseconds": 900}
    with following(source, trusts=issuer.certificate, more="offset 0.3") as other:
        wait_until_followed(other)
        assert await status_of(alone, server, machine, **allowed) == (Status.FAILING, "silent")
        await tell(server, "larm-2", machine, **allowed)
        assert await status_of(alone, server, machine, **allowed) == MET
        await tell(server, "larm-2", other, **allowed)
        assert await status_of(alone, server, machine, **allowed) == (Status.FAILING, "differ")
        assert await status_of(alone, server, machine, **allowed, largest_difference_milliseconds=400) == MET
        # One that nobody expects is no machine of ours.
        assert await status_of(
            alone, server, machine, largest_error_milliseconds=900, largest_difference_milliseconds=400
        ) == (Status.FAILING, "stranger")


@pytest.mark.turns_red(CLOCKS)
async def test_machines_that_are_each_content_with_a_source_of_their_own_differ(
    place: Place, server: Server, machine: TimeService, issuer: Issuer  # noqa: F811
) -> None:  # fmt: skip
    """Two sources, and each daemon is where its own is. One machine's time is not the other's, and that is seen."""
    here, named = replace(place, machine="larm-1"), ["larm-2"]
    with serving_time(issuer) as another, following(another, trusts=issuer.certificate) as other:
        wait_until_followed(other)
        await tell(server, "larm-2", other, ahead=timedelta(seconds=0.1))
        assert await status_of(here, server, machine, machines=named) == MET
        for ahead in (0.6, -0.6):
            await tell(server, "larm-2", other, ahead=timedelta(seconds=ahead))
            assert await status_of(here, server, machine, machines=named) == (Status.FAILING, "differ")
        allowed = {"machines": named, "largest_difference_milliseconds": 600}
        assert await status_of(here, server, machine, **allowed) == MET
    async with platform_as(server, "office") as office:
        of_services, of_time = largest_differences(await list_clocks(office), datetime.now(UTC)) or (9, 9)
    assert (of_services < 0.1, 0.4 < of_time < 0.8) == (True, True)


async def tell(
    server: Server, name: str, service: TimeService, ahead: timedelta = timedelta(0), **more: object  # noqa: F811
) -> None:  # fmt: skip
    """Tell of another machine's clock, as the command on that machine does; it may be ahead of this one's."""
    now = datetime.now(UTC)
    facts = read_facts(Path("/"), clock_settings(service.report(), **more).clock, "synchronised", now)
    async with platform_as(server, "setup") as setup:
        await report_clock(setup, name, facts, datetime.now(UTC) + ahead)


async def test_time_of_a_machine_is_held_against_the_database_servers(
    place: Place, server: Server, machine: TimeService  # noqa: F811
) -> None:  # fmt: skip
    """A machine whose service says that all is well, and whose clock is two seconds off all the same."""
    other, now = replace(place, machine="larm-1"), datetime.now(UTC)
    settings = clock_settings(machine.report(), machines=["larm-2"])
    facts = read_facts(Path("/"), settings.clock, "synchronised", now)
    async with platform_as(server, "setup") as setup:
        await report_clock(setup, "larm-2", facts, datetime.now(UTC) + timedelta(seconds=2))
    assert await status_of(other, server, machine, machines=["larm-2"]) == (Status.FAILING, "skewed")


@pytest.mark.turns_red(CLOCKS)
async def test_term_27_6_daemon_that_is_down_turns_it_red(
    place: Place, server: Server, source: TimeService, issuer: Issuer  # noqa: F811
) -> None:  # fmt: skip
    """What its timer writes down says so; and where the timer has stopped, what it wrote grows old."""
    with following(source, trusts=issuer.certificate) as service:
        wait_until_followed(service)
        assert await status_of(place, server, service) == MET
        written = service.report().read_text()
        service.stop()
        assert await status_of(place, server, service) == (Status.FAILING, "down")
        (service.root / "report").write_text(written)
        settings = clock_settings(service.root / "report")
        later = datetime.now(UTC) + timedelta(minutes=6)
        assert "old" in read_facts(Path("/"), settings.clock, "synchronised", later).reasons


@pytest.mark.turns_red(CLOCKS, stopped=True)
async def test_a_collector_that_is_stopped_turns_it_red(
    place: Place, server: Server, machine: TimeService  # noqa: F811
) -> None:  # fmt: skip
    """And what was never told is not tested."""
    assert await status_of(place, server, None) == (Status.UNTESTED, "missing")
    settings, now = clock_settings(machine.report()), datetime.now(UTC)
    await look(REQUIREMENTS[CLOCKS], find_clocks, replace(place, settings=settings), now)
    every = REQUIREMENTS[CLOCKS].every
    assert await judged(CLOCKS, place, server, now + every) == MET
    assert await judged(CLOCKS, place, server, now + every + timedelta(seconds=1)) == (
        Status.UNTESTED, "collector_down",
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "end\n", "at,1\nend\n", "at,x\nsilent\nend\n", "tracking,1\nend\n", "at,1\ntracking,1,2\nend\n",
     "at,1\nsilent\n", "at,1e99\nsilent\nend\n", "at,nan\nsilent\nend\n", "\0\xff\nend\n",
     f"at,1\n{'x' * 99_999}\nend\n"],
)  # fmt: skip
def test_report_that_cannot_be_read_is_none(text: str, tmp_path: Path) -> None:
    """Of it nothing is kept, as of one that is not there."""
    (tmp_path / "report").write_text(text)
    with pytest.raises(NoReportError):
        read_report(tmp_path / "report")


async def test_what_each_machine_told_is_to_be_seen(
    place: Place, server: Server, machine: TimeService, by_hand: Callable[..., None]  # noqa: F811
) -> None:  # fmt: skip
    """By office and portal; and what told nothing for a month is gone with the next word of another."""
    await tell(server, "larm-1", machine)
    async with platform_as(server, "office") as office:
        [one] = await list_clocks(office)
    assert (one.machine, one.facts.source, one.facts.proven, one.facts.stratum) == ("larm-1", "localhost", True, 2)
    assert abs(one.facts.offset) < 0.1
    assert abs(one.skew) < 1
    by_hand("update machine_clock set received_at = received_at - interval '31 days'")
    await tell(server, "larm-2", machine)
    async with platform_as(server, "portal") as portal:
        assert [one.machine for one in await list_clocks(portal)] == ["larm-2"]


def test_everything_that_can_be_wrong_is_said_in_words() -> None:
    assert set(WRONG) == set(REASONS)
    for reason in REASONS:
        said = explain(TERM_OF[CLOCKS], Judgement(Status.FAILING, datetime.now(UTC), reason, CLOCKS, 4711))
        assert "4711" in said.sv
        assert "4711" in said.en
