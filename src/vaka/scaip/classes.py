# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a message means: how urgent it is, and what it does to what is already open. The rules are in classes.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from itertools import product
from typing import Any, NamedTuple

from vaka.scaip.body import Mrq
from vaka.scaip.codes import MessageType, Name


class AlarmClass(StrEnum):
    """How urgent a message is, the most urgent first. Each class has its own capacity all the way to the operator."""

    LIFE = "life"
    REQUEST = "request"
    TECHNICAL = "technical"
    TEST = "test"
    SIGNAL = "signal"  # kept in the history, never queued
    HEARTBEAT = "heartbeat"

    @property
    def rank(self) -> int:
        """0 for life, rising as urgency falls."""
        return _RANKS[self]


_RANKS = {alarm_class: rank for rank, alarm_class in enumerate(AlarmClass)}


class Effect(StrEnum):
    """What a message does to the events of its device."""

    RAISE = "raise"
    WITHDRAW = "withdraw"  # the open alarm; it stays in sight until someone has read that
    RESTORE = "restore"  # the technical event of the same pair
    NONE = "none"


_USUAL_EFFECT = {AlarmClass.SIGNAL: Effect.NONE, AlarmClass.HEARTBEAT: Effect.NONE}


class Verdict(NamedTuple):
    """The meaning of one message. `kind` is a slug for display; `pair` joins a fault with its end, within one device
    and trigger (`did`)."""

    alarm_class: AlarmClass
    effect: Effect
    kind: str
    pair: str | None

    def restores(self, pair: str) -> bool:
        """Whether this message ends the fault raised with that pair."""
        if self.effect is not Effect.RESTORE or self.pair is None:
            return False
        return pair == self.pair or pair.startswith(f"{self.pair}.")


# What no rule knows may be someone on the floor.
LAST_RESORT = Verdict(AlarmClass.LIFE, Effect.RAISE, "unknown", None)

# "There is an alarm" and nothing more: taken out of life for one device type at most, never for all.
_PLAIN_ALARMS = (None, 9, 10, 110)


@dataclass(frozen=True, slots=True)
class Rule:
    """For which messages it holds, and what it says of them. Without a class it only gives a name (`kind`)."""

    mty: str = MessageType.EVENT
    dty: int | None = None
    stc: int | None = None
    alarm_class: AlarmClass | None = None
    effect: Effect | None = None  # None: the usual one of the class
    pair: str | None = None
    kind: str | None = None


_Key = tuple[str, int | None, int | None]
_Outcome = tuple[AlarmClass, Effect, str | None]


class RuleTable:
    """All rules by what they hold for. Of rules for the same messages, the last counts."""

    __slots__ = ("_kinds", "_outcomes")

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._outcomes: dict[_Key, _Outcome] = {}
        self._kinds: dict[_Key, str] = {}
        self._add(rules)

    def with_overrides(self, overrides: Iterable[Rule]) -> RuleTable:
        """A table in which an authority's own rules stand above these.

        Raises ValueError for a rule that would take plain alarms (status 9, 10, 110, or none named) out of the class
        life without naming a device type, and for one that would call anything but `PI` a heartbeat: that is answered
        and never stored. What shall disturb nobody is a signal.
        """
        overrides = list(overrides)
        for rule in overrides:
            if rule.alarm_class is AlarmClass.HEARTBEAT and rule.mty != MessageType.HEARTBEAT:
                raise ValueError("Only a message of type PI can be a heartbeat.")
            demotes = rule.alarm_class not in (None, AlarmClass.LIFE) or rule.effect not in (None, Effect.RAISE)
            if demotes and rule.mty == MessageType.EVENT and rule.dty is None and rule.stc in _PLAIN_ALARMS:
                raise ValueError("A rule that makes alarms less than life alarms must name a device type.")
        table = RuleTable(())
        table._outcomes.update(self._outcomes)
        table._kinds.update(self._kinds)
        table._add(overrides)
        return table

    def verdict(self, mty: str, dty: int | None, stc: int | None) -> Verdict:
        """Judge by mty first, then dty and stc > stc > dty > neither. Class and kind are looked up separately."""
        if stc is None and mty == MessageType.EVENT:
            stc = 10  # the standard's default: a manual alarm
        keys = ((mty, dty, stc), (mty, None, stc), (mty, dty, None), (mty, None, None))
        alarm_class, effect, kind, pair = LAST_RESORT
        for key in keys:
            if (outcome := self._outcomes.get(key)) is not None:
                alarm_class, effect, pair = outcome
                break
        for key in keys:
            if (named := self._kinds.get(key)) is not None:
                kind = named
                break
        return Verdict(alarm_class, effect, kind, pair)

    def _add(self, rules: Iterable[Rule]) -> None:
        for rule in rules:
            key = (rule.mty, rule.dty, rule.stc)
            if rule.alarm_class is not None:
                effect = rule.effect or _USUAL_EFFECT.get(rule.alarm_class, Effect.RAISE)
                self._outcomes[key] = (rule.alarm_class, effect, rule.pair)
            if rule.kind is not None:
                self._kinds[key] = rule.kind


def classify(mrq: Mrq, table: RuleTable) -> Verdict:
    """What this message means under these rules. Never fails: what nobody knows is a life alarm."""
    return table.verdict(mrq.mty, mrq.dty, mrq.stc)


@cache
def default_table() -> RuleTable:
    """The rules that come with the product."""
    data = _data()
    rules = [rule for entry in data["rule"] for rule in _rules(entry)]
    faults = [rule for entry in data["fault"] for rule in _fault_rules(entry)]
    return RuleTable(rules + faults)


@cache
def kind_names() -> Mapping[str, Name]:
    """What each kind is called, in Swedish and English."""
    return {kind: Name(names["sv"], names["en"]) for kind, names in _data()["kind"].items()}


def _data() -> dict[str, Any]:
    return tomllib.loads(files("vaka.scaip").joinpath("classes.toml").read_text("utf-8"))


def _rules(entry: Mapping[str, Any]) -> Iterable[Rule]:
    """One [[rule]] of the file as a Rule for each combination it lists."""
    for mty, dty, stc in product(_listed(entry.get("mty", "ME")), _listed(entry.get("dty")), _listed(entry.get("stc"))):
        yield Rule(
            mty=mty,
            dty=dty,
            stc=stc,
            alarm_class=AlarmClass(entry["class"]) if "class" in entry else None,
            effect=Effect(entry["effect"]) if "effect" in entry else None,
            pair=entry.get("pair"),
            kind=entry.get("kind"),
        )


def _fault_rules(entry: Mapping[str, Any]) -> Iterable[Rule]:
    """One [[fault]] of the file: its events and information raise and restore, and every reset restores."""
    technical = {"class": "technical", "kind": entry["kind"], "pair": entry["pair"]}
    raised, restored = _listed(entry["raised"]), _listed(entry["restored"])
    yield from _rules(technical | {"mty": ["ME", "IN"], "stc": raised})
    yield from _rules(technical | {"mty": ["ME", "IN"], "stc": restored, "effect": "restore"})
    yield from _rules(technical | {"mty": "RE", "stc": [*raised, *restored], "effect": "restore"})


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
