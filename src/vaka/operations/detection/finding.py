# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a rule finds among the entries of a log. Knows neither databases nor the time."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from vaka.operations.detection.matching import Fields
from vaka.operations.detection.rules import Rule

LONGEST_ABOUT = 200
MOST_GROUPS = 1000
"""Who or what one rule tells apart at a time."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry of a log, as rules see it."""

    at: datetime
    fields: Fields


@dataclass(frozen=True, slots=True)
class Match:
    """What a rule found."""

    rule: Rule
    about: str
    things: int
    since: datetime
    until: datetime


def make_fields(
    event: str, actor: str, thing: str, outcome: str, written_by: str, detail: Mapping[str, object]
) -> Fields:
    """Return an entry as rules name its parts."""
    said = {
        f"detail.{name}": value for name, value in detail.items()
        if isinstance(value, str | int) and not isinstance(value, bool)
    }  # fmt: skip
    flags = {f"detail.{name}": str(value).lower() for name, value in detail.items() if isinstance(value, bool)}
    return {
        **said, **flags, "event": event, "actor": actor, "object": thing, "outcome": outcome, "written_by": written_by
    }  # fmt: skip


def find(rule: Rule, happened: Sequence[Happening], now: datetime) -> list[Match]:
    """Return what a rule finds in entries that are in order of time: of each that it is about, the newest.

    A rule that misses something finds it where too little happened until `now`.
    """
    meant = [one for one in happened if one.fields["event"] in rule.events and rule.means(one.fields)]
    if rule.less_than:
        since = now - rule.span
        there = sum(rule.weigh(one.fields) for one in meant if since < one.at <= now)
        return [Match(rule, "", there, since, now)] if there < rule.less_than else []
    windows: dict[str, deque[tuple[datetime, int]]] = defaultdict(deque)
    weights: dict[str, int] = defaultdict(int)
    found: dict[str, Match] = {}
    for one in meant:
        about = " ".join(str(one.fields.get(name, "")) for name in rule.about)[:LONGEST_ABOUT]
        if about not in windows and len(windows) >= MOST_GROUPS:
            about = ""
        window, weight = windows[about], rule.weigh(one.fields)
        window.append((one.at, weight))
        weights[about] += weight
        while window[0][0] < one.at - rule.span:
            weights[about] -= window.popleft()[1]
        if weights[about] >= rule.at_least:
            found[about] = Match(rule, about, weights[about], window[0][0], one.at)
    return list(found.values())
