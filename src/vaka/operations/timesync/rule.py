# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The rule by which a clock is sound, and when machines agree. Each thing that is wrong has a name of its own.

A daemon that lost every source goes on saying ``Normal``, and that it is synchronised: so it is never believed by its
word alone, but by how long ago a source answered, and how far off it may be since.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from types import MappingProxyType

from vaka.clock import ClockState
from vaka.operations.timesync.chrony import Report, Source
from vaka.settings_operations import ClockSettings, ClockSourceSettings

REPORTED_WITHIN = timedelta(minutes=5)
"""How old what a machine reported may be, and what its time service wrote down."""
LARGEST_SKEW = 1.0
"""Seconds by which a machine's time and the database server's may differ; the way between them is in it."""
ALLOWED_ON_THE_WAY = 0.25
"""Seconds that what machines tell of their own time may differ by besides: what is told has a way to the server."""
_SOUND_LEAPS = ("Normal", "Insert second", "Delete second")
_LATELY = 0b111
"""The last three times that a source was asked."""

REASONS = (
    "silent", "stranger", "down", "old", "unsynchronised", "unknown", "leap", "sourceless", "unlisted", "unproven",
    "unreached", "stratum", "aged", "error", "skewed", "differ",
)  # fmt: skip
"""What can be wrong, what says most first."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a machine tells of its clock."""

    kernel: ClockState
    reasons: Sequence[str]
    """What is wrong with it by the rule."""
    source: str = ""
    proven: bool = False
    stratum: int = 0
    offset: float = 0
    error: float = 0
    referred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MachineClock:
    """What is known of a machine's clock."""

    machine: str
    received_at: datetime
    """When it was reported, by the database server's clock."""
    skew: float
    """Seconds that the machine's time was ahead of the database server's."""
    facts: Facts
    by_scheduler: bool = False
    """Whether the scheduler told, of the machine it runs on."""


def state_facts(report: Report | None, kernel: ClockState, settings: ClockSettings, now: datetime) -> Facts:
    """Return what a machine tells of its clock, by what its time service wrote down (None: it did not answer)."""
    wrong = [] if kernel == "synchronised" else [str(kernel)]
    if report is None:
        return Facts(kernel, _sorted([*wrong, "down"]))
    wrong += _judge(report, settings, now)
    source = report.source
    return Facts(
        kernel, _sorted(wrong), source.name if source else "", bool(source and source.proven), report.stratum,
        report.offset, report.error, report.referred_at,
    )  # fmt: skip


def _judge(report: Report, settings: ClockSettings, now: datetime) -> Iterable[str]:
    largest = settings.largest_error_milliseconds / 1000
    longest = timedelta(seconds=settings.longest_reference_seconds)
    holds: Mapping[str, bool] = {
        # A report from the future is as little of now as an old one.
        "old": abs(now - report.at) <= REPORTED_WITHIN,
        "leap": report.leap in _SOUND_LEAPS,
        "sourceless": report.source is not None,
        "stratum": 2 <= report.stratum <= settings.largest_stratum,
        "aged": abs(report.at - report.referred_at) <= longest,
        "error": report.error + abs(report.offset) <= largest,
    }
    yield from (reason for reason, sound in holds.items() if not sound)
    if report.source is not None:
        if not report.source.reach & _LATELY:
            yield "unreached"
        yield from _judge_source(report.source, settings.allowed)


def _judge_source(source: Source, allowed: Sequence[ClockSourceSettings]) -> Iterable[str]:
    """What proves its name is known by it; what does not, by its address alone."""
    for one in allowed:
        if one.nts and one.name == source.name:
            if not source.proven:
                yield "unproven"
            return
        if not one.nts and _is_within(source.address, one.networks):
            return
    yield "unlisted"


def _is_within(address: str, networks: Sequence[str]) -> bool:
    try:
        return any(ip_address(address) in ip_network(network) for network in networks)
    except ValueError:
        return False


def judge_fleet(
    clocks: Sequence[MachineClock], expected: Iterable[str], settings: ClockSettings, now: datetime
) -> Mapping[str, Sequence[str]]:
    """Return what is wrong with which machine; one that is well has nothing. Those that are expected have to report.

    Who differs is not to be seen from two: then it is wrong with both, and with all that were compared.
    """
    heard = {one.machine: one for one in list_heard(clocks, now)}
    named = set(expected)
    wrong: dict[str, list[str]] = {machine: [] for machine in named | set(heard)}
    for machine, reasons in wrong.items():
        if machine not in heard:
            reasons.append("silent")
            continue
        reasons += heard[machine].facts.reasons
        if machine not in named:
            reasons.append("stranger")
        if abs(heard[machine].skew) > LARGEST_SKEW:
            reasons.append("skewed")
    largest = settings.largest_difference_milliseconds / 1000
    if _spread(_offsets(heard.values())) > largest:
        for machine in _offsets(heard.values()):
            wrong[machine].append("differ")
    # Each daemon may be content with a source of its own, and sources may be wrong: one clock is held against all.
    if _spread(_skews(heard.values())) > largest + ALLOWED_ON_THE_WAY:
        for machine in heard:
            wrong[machine].append("differ")
    return MappingProxyType({machine: _sorted(reasons) for machine, reasons in wrong.items()})


def list_heard(clocks: Iterable[MachineClock], now: datetime) -> Sequence[MachineClock]:
    """Return those that told lately."""
    return [one for one in clocks if abs(now - one.received_at) <= REPORTED_WITHIN]


def largest_differences(clocks: Iterable[MachineClock], now: datetime) -> tuple[float, float] | None:
    """Return by how many seconds two machines differ at most: by what their time services say, and by the database
    server's clock. None where fewer than two told lately.
    """
    heard = list_heard(clocks, now)
    return None if len(heard) < 2 else (_spread(_offsets(heard)), _spread(_skews(heard)))


def _offsets(heard: Iterable[MachineClock]) -> Mapping[str, float]:
    # Of a clock that nothing is known of there is nothing to compare.
    return {one.machine: one.facts.offset for one in heard if one.facts.referred_at is not None}


def _skews(heard: Iterable[MachineClock]) -> Mapping[str, float]:
    return {one.machine: one.skew for one in heard}


def _spread(told: Mapping[str, float]) -> float:
    return max(told.values()) - min(told.values()) if told else 0.0


def worst(wrong: Mapping[str, Sequence[str]]) -> str | None:
    """Return what says most of all that is wrong anywhere, or None."""
    found = [reason for reasons in wrong.values() for reason in reasons]
    return min(found, key=REASONS.index, default=None)


def _sorted(reasons: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(reasons), key=REASONS.index))
