# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What silence means: the pure part of supervision.

A single device that is not heard may be broken. Many at once are not: then it is the network, or we ourselves do not
hear. The rule for one device stands in the database (``judged_condition``), where a quarter of a million are judged in
one statement; what many together mean is decided here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

RECEIVER_SILENT_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Presence:
    """One receiver process: since when it listens, and when it last said so."""

    started_at: datetime
    beat_at: datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether any receiver listens, and since when somebody has listened without a gap."""

    listening: bool
    since: datetime
    """Silence before this is nobody's fault: it could not have been heard."""
    judged_at: datetime


@dataclass(frozen=True, slots=True)
class Census:
    """How an authority's supervised devices are; those never heard yet (being installed) are not counted."""

    heard: int
    late: int
    lost: int
    """Lost now, or since the open site alarm."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When it is the network and not the devices: more than ``percent`` of them, and at least ``minimum``."""

    percent: int
    minimum: int


class Verdict(Enum):
    """What to say about those that are lost."""

    NOTHING = "nothing"
    EACH_DEVICE = "each_device"
    SITE_SILENT = "site_silent"
    SITE_STILL_SILENT = "site_still_silent"
    SITE_RETURNED = "site_returned"


def cover(
    receivers: Sequence[Presence],
    now: datetime,
    watching_since: datetime,
    earlier: Coverage | None,
    longest_pause: timedelta = RECEIVER_SILENT_AFTER,
) -> Coverage:
    """Return whether and since when the receivers listen.

    ``watching_since`` is when the watcher itself began: receivers get RECEIVER_SILENT_AFTER from then to appear.
    ``earlier`` is what was found last time. Beats tell nothing about a pause they bridge, so where nobody looked for
    more than ``longest_pause`` (a suspended machine, a database that was gone, a clock that was set), coverage begins
    anew.

    What a receiver said later than now, it said while a clock was ahead: that tells of nobody who listens. When one
    began whose beginning is yet to come, nobody knows: with ``earlier``, or now.
    """
    begun = earlier.since if earlier is not None and earlier.since <= now else now
    receivers = [
        Presence(receiver.started_at if receiver.started_at <= now else begun, receiver.beat_at)
        for receiver in receivers
        if receiver.beat_at - now <= RECEIVER_SILENT_AFTER
    ]
    alive = [receiver for receiver in receivers if now - receiver.beat_at <= RECEIVER_SILENT_AFTER]
    if not alive:
        latest = max([watching_since, *(receiver.beat_at for receiver in receivers)])
        return Coverage(now - latest <= RECEIVER_SILENT_AFTER, now, now)
    since = min(receiver.started_at for receiver in alive)
    # Walk back over those that have ended: one that still listened when the next began leaves no gap.
    for receiver in sorted(receivers, key=lambda receiver: receiver.beat_at, reverse=True):
        if receiver.beat_at >= since:
            since = min(since, receiver.started_at)
    if earlier is not None:
        interrupted = not earlier.listening or abs(now - earlier.judged_at) > longest_pause
        since = now if interrupted else max(since, earlier.since)
    return Coverage(True, since, now)


def decide(census: Census, newly_lost: int, site_open: bool, limits: Limits) -> Verdict:
    """Return what to say, after the devices were judged and counted.

    Late ones count as silent too: when a network fails, devices become lost one by one over a whole interval, and by
    the time the first is lost most of the others are late. Waiting for all of them would raise thousands of alarms.
    A site alarm ends when less than half of what raised it is silent.
    """
    silent = census.late + census.lost
    if site_open:
        below_share = silent * 200 < limits.percent * census.heard
        below_minimum = silent * 2 < limits.minimum
        return Verdict.SITE_RETURNED if below_share or below_minimum else Verdict.SITE_STILL_SILENT
    if newly_lost == 0:
        return Verdict.NOTHING
    if silent >= limits.minimum and silent * 100 > limits.percent * census.heard:
        return Verdict.SITE_SILENT
    return Verdict.EACH_DEVICE
