# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The rules there are: Sigma files beside this one, each with what it looks at, and what is enough for an alert."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import yaml

from vaka.ledger.events import Event
from vaka.operations.detection.matching import Fields, Test, UnusableRuleError, read_detection

Level = Literal["critical", "high", "medium", "low"]
LOGS = ("platform", "authority")
"""Whose log a rule looks at, as ``logsource.service`` says; without that, both."""
LONGEST_SPAN = timedelta(minutes=15)
"""How far back a rule may look."""
LARGEST_FILE = 20_000
_SPAN = re.compile(r"([1-9][0-9]{0,3})([smh])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_NAME = re.compile(r"[a-z]+(-[a-z]+)*")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule."""

    name: str
    title: Mapping[str, str]
    """In Swedish (sv) and English (en)."""
    level: Level
    logs: Sequence[str]
    events: frozenset[str]
    """Only entries of these events can be meant."""
    means: Test
    about: Sequence[str]
    """The fields that say who or what it is about: what these have in common is one alert."""
    span: timedelta = timedelta(0)
    """Within how long; no time where each entry is enough."""
    at_least: int = 1
    less_than: int = 0
    """Where it is not 0: fewer within that time are an alert."""
    added: str = ""
    """The field whose numbers are added; empty where entries are counted."""

    def weigh(self, entry: Fields) -> int:
        """Return for how many happenings an entry stands."""
        value = entry.get(self.added, 1) if self.added else 1
        return value if isinstance(value, int) else 1


@cache
def load_rules() -> tuple[Rule, ...]:
    """Return the rules of this version, by name. Raises UnusableRuleError, which is our bug."""
    folder = files("vaka.operations.detection").joinpath("rules")
    texts = {one.name: one.read_text(encoding="utf-8") for one in folder.iterdir() if one.name.endswith(".yml")}
    return tuple(read_rule(texts[name]) for name in sorted(texts))


def read_rule(text: str) -> Rule:
    """Read a file: one rule, or one and the correlation that counts it. Raises UnusableRuleError."""
    if len(text) > LARGEST_FILE:
        raise UnusableRuleError("a file of rules is small")
    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise UnusableRuleError("no YAML") from error
    if not 1 <= len(documents) <= 2 or not all(isinstance(one, dict) for one in documents):
        raise UnusableRuleError("a file has one rule, and a correlation at most")
    base = documents[0]
    about = _ours(base).get("about", "object")
    facts: dict[str, Any] = {"about": (about,), **_read_head(documents[-1])}
    if len(documents) > 1:
        facts |= _read_correlation(documents[1].get("correlation"), str(base.get("name")))
    return Rule(
        logs=_read_logs(base.get("logsource")), means=read_detection(base.get("detection")), events=_read_events(base),
        **facts,
    )  # fmt: skip


def _read_head(document: Mapping[str, Any]) -> dict[str, Any]:
    name, level, swedish = document.get("name"), document.get("level"), _ours(document).get("title")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or level not in get_args(Level):
        raise UnusableRuleError("a rule has a name and a level")
    title = {"sv": swedish, "en": document.get("title")}
    if not all(isinstance(one, str) and 0 < len(one) <= 50 for one in title.values()):
        raise UnusableRuleError("a rule has a short title in both languages")
    return {"name": name, "level": level, "title": title}


def _ours(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """What Sigma has no word for: the title in Swedish, and who or what a rule without a correlation is about."""
    said = document.get("vaka", {})
    if not isinstance(said, dict) or set(said) - {"title", "about"}:
        raise UnusableRuleError("what is ours has a title, and says about whom it is")
    return said


def _read_logs(source: object) -> Sequence[str]:
    if not isinstance(source, dict) or source.get("product") != "vaka" or source.get("service", LOGS[0]) not in LOGS:
        raise UnusableRuleError("our rules look at our logs")
    return (source["service"],) if "service" in source else LOGS


def _read_events(base: Mapping[str, Any]) -> frozenset[str]:
    """Return the events that selections name; each one that does not begin with ``filter`` names some."""
    known, found = {one.value for one in Event}, set[str]()
    for name, selection in base["detection"].items():
        if name != "condition" and not str(name).startswith("filter"):
            for one in selection if isinstance(selection, list) else [selection]:
                named = one.get("event", [])
                found.update(named if isinstance(named, list) else [named])
                if not named:
                    raise UnusableRuleError(f"{name} names no event")
    if not found <= known:
        raise UnusableRuleError("nothing writes such an event")
    return frozenset(found)


def _read_correlation(said: object, counted: str) -> dict[str, Any]:
    if not isinstance(said, dict) or said.get("rules") != [counted]:
        raise UnusableRuleError("a correlation counts the rule before it")
    kind, condition, span = said.get("type"), said.get("condition"), _SPAN.fullmatch(str(said.get("timespan")))
    if kind not in ("event_count", "value_sum") or not isinstance(condition, dict) or span is None:
        raise UnusableRuleError("a correlation counts entries, or adds what they say, within a time")
    facts: dict[str, Any] = {
        "span": timedelta(**{_UNITS[span[2]]: int(span[1])}), "about": _read_names(said.get("group-by", [])),
    }  # fmt: skip
    if kind == "value_sum":
        facts["added"] = str(condition.get("field"))
    numbers = {name: value for name, value in condition.items() if name != "field"}
    match numbers:
        case {"gte": int(least)} if len(numbers) == 1 and least > 0:
            facts["at_least"] = least
        case {"lt": int(fewest)} if len(numbers) == 1 and fewest > 0 and not facts["about"]:
            facts["less_than"] = fewest
        case _:
            raise UnusableRuleError("a correlation asks for so many, or for fewer of all")
    if facts["span"] > LONGEST_SPAN:
        raise UnusableRuleError("a correlation looks back a short time")
    return facts


def _read_names(said: object) -> tuple[str, ...]:
    if not isinstance(said, list) or len(said) > 3 or not all(isinstance(one, str) for one in said):
        raise UnusableRuleError("what is grouped by are few fields")
    return tuple(said)


def list_events(rules: Iterable[Rule]) -> list[str]:
    """Return the events that rules look at."""
    return sorted({event for rule in rules for event in rule.events})
