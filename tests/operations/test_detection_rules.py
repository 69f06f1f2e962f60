# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The rules of detection: each fires by what is planted, not by what is nearly that, and is Sigma to others too."""

from collections.abc import Sequence
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationCondition, SigmaCorrelationRule

from tests.conftest import START
from vaka.ledger.catalogue import CATALOGUE
from vaka.ledger.events import Event
from vaka.operations.detection.finding import Happening, Match, find, make_fields
from vaka.operations.detection.matching import UnusableRuleError, read_detection
from vaka.operations.detection.rules import load_rules, read_rule

RULES = {rule.name: rule for rule in load_rules()}
FOLDER = files("vaka.operations.detection").joinpath("rules")
MINUTE = timedelta(minutes=1)
ONE = "account:11111111-1111-4111-8111-111111111111"
OTHER = "account:22222222-2222-4222-8222-222222222222"


def entry(
    event: str, minutes: float = 0, *, actor: str = ONE, thing: str = "", outcome: str = "success", **detail: Any
) -> Happening:
    """An entry of a log."""
    return Happening(START + minutes * MINUTE, make_fields(event, actor, thing, outcome, "vaka_desk", detail))


def refused(minutes: float, count: int = 1, source: str = "192.0.2.0/24") -> Happening:
    """A sign-in that failed."""
    return entry(
        "sign_in.refused", minutes, actor="signin", outcome="failure", reason="token", source=source, count=count,
        seconds=0,
    )  # fmt: skip


def by_hand(thing: str, operation: str = "insert") -> Happening:
    """A row that somebody wrote."""
    return entry("row.changed_by_hand", actor="database:postgres", thing=thing, operation=operation)


def read_protected(minutes: float, actor: str = ONE) -> Happening:
    """A touch let somebody read a record."""
    return entry("alarm.read", minutes, actor=actor, thing="alarm:1", step_up="ab" * 32)


PLANTED: dict[str, list[tuple[list[Happening], int]]] = {
    "sign-in-guessed": [
        ([refused(one / 3) for one in range(10)], 10),
        ([refused(0), refused(1, count=9)], 10),
        ([refused(0, count=500)], 500),
    ],
    "privilege-unapproved": [
        ([entry("role.unauthorised", actor="scheduler", thing=ONE, role="administrator")], 1),
        ([by_hand("role_grant:1")], 1),
        ([by_hand("trusted_issuer:1", "update")], 1),
        ([entry("command.unproved", actor="setup:uid-0", thing="command:vaka.account")], 1),
    ],
    "changed-by-hand": [([by_hand("person:1", "delete")], 1), ([by_hand("alarm:1"), by_hand("device:1")], 2)],
    "exported-in-mass": [
        ([entry("log.exported", one) for one in range(5)], 5),
        ([entry("export.begun"), *(entry("evidence.packed", one) for one in range(4)), entry("log.exported", 15)], 6),
    ],
    "log-gap": [([], 0), ([entry("ledger.heartbeat", -5.1)], 0)],
    "emergency-access": [
        ([entry("break_glass.opened", thing="break_glass:1")], 1),
        ([entry("outage.declared", thing="outage:1")], 1),
    ],
    "protected-in-bulk": [([read_protected(one) for one in range(3)], 3)],
}
"""For each rule: what is planted, and how many things the alert speaks of."""

NEARLY: dict[str, list[list[Happening]]] = {
    "sign-in-guessed": [
        [refused(one / 3) for one in range(9)],
        [refused(one) for one in range(30)],
        [refused(0, source=f"192.0.{one}.0/24") for one in range(30)],
    ],
    "privilege-unapproved": [
        [entry("role.granted", thing=ONE, role="operator"), entry("role.approved", thing=ONE), by_hand("person:1")],
    ],
    "changed-by-hand": [[by_hand("role_grant:1"), entry("person.changed", actor="setup:uid-0", thing="person:1")]],
    "exported-in-mass": [
        [entry("log.exported", one) for one in range(4)],
        [entry("log.exported", 4 * one) for one in range(20)],
        [entry("log.exported", one, actor=who) for one in range(4) for who in (ONE, OTHER)],
        [entry("log.exported", one, outcome="failure") for one in range(10)],
    ],
    "log-gap": [[entry("ledger.heartbeat", -4.9)]],
    "emergency-access": [[entry("break_glass.begun"), entry("break_glass.ended"), entry("outage.proposed")]],
    "protected-in-bulk": [
        [read_protected(one) for one in range(2)],
        [read_protected(8 * one) for one in range(9)],
        [read_protected(one, who) for one in range(2) for who in (ONE, OTHER)],
        [entry("alarm.read", one, thing="alarm:1") for one in range(30)],
    ],
}


def found(name: str, happened: Sequence[Happening]) -> list[Match]:
    """What a rule finds, at the time of the newest."""
    in_order = sorted(happened, key=lambda one: one.at)
    return find(RULES[name], in_order, max((*(one.at for one in in_order), START)))


def test_every_rule_has_what_is_planted_and_what_is_nearly_that() -> None:
    """One that is added without them is missed here; files are as many as rules."""
    assert set(RULES) == set(PLANTED) == set(NEARLY)
    assert {one.name.removesuffix(".yml") for one in FOLDER.iterdir() if one.name.endswith(".yml")} == set(RULES)


@pytest.mark.parametrize(("name", "which"), [(name, at) for name, all_ in PLANTED.items() for at in range(len(all_))])
def test_what_is_planted_is_found(name: str, which: int) -> None:
    happened, things = PLANTED[name][which]
    matches = found(name, happened)
    assert matches, name
    assert max(one.things for one in matches) == things


@pytest.mark.parametrize(("name", "which"), [(name, at) for name, all_ in NEARLY.items() for at in range(len(all_))])
def test_what_is_nearly_that_is_not_found(name: str, which: int) -> None:
    assert found(name, NEARLY[name][which]) == []


def test_no_rule_fires_by_what_another_has_planted_or_by_work() -> None:
    """A day's work: each event there is, once, by somebody who signed in, to something. Three speak of one act each."""
    alone = {"privilege-unapproved", "changed-by-hand", "emergency-access"}
    work = [entry(event.value, thing="thing:1") for event in Event]
    assert {name for name in RULES if found(name, work)} == alone
    for name, rule in RULES.items():
        for other, all_ in PLANTED.items():
            for happened, _ in all_:
                if other != name and not rule.less_than:
                    assert found(name, happened) == [], (name, other)


def test_an_alert_is_about_whom_it_says_alone() -> None:
    """Each network by itself, and what is about is an identifier or a network."""
    [match] = found("sign-in-guessed", [refused(0, 10, "198.51.100.0/24"), refused(0, 9)])
    assert (match.about, match.things) == ("198.51.100.0/24", 10)
    [match] = found("exported-in-mass", [entry("log.exported", one) for one in range(5)])
    assert match.about == ONE


def test_a_rule_looks_at_fields_that_entries_have() -> None:
    """What a selection asks beside the event stands in the catalogue of events, as something that is no person's."""
    asked = {"sign-in-guessed": {"source", "count"}, "protected-in-bulk": {"step_up"}}
    for name, fields in asked.items():
        for event in RULES[name].events:
            assert fields <= set(CATALOGUE[Event(event)].beside), event


@pytest.mark.parametrize("name", sorted(RULES))
def test_somebody_elses_reader_takes_every_rule(name: str) -> None:
    """pySigma reads each file without an error, and sees the same level, times and groups."""
    text = FOLDER.joinpath(f"{name}.yml").read_text(encoding="utf-8")
    theirs = SigmaCollection.from_yaml(text)
    assert theirs.errors == []
    last, ours = theirs.rules[-1], RULES[name]
    assert last.name == name
    assert str(last.level).lower() == ours.level
    assert last.title == ours.title["en"]
    assert last.id is not None
    if isinstance(last, SigmaCorrelationRule):
        assert last.timespan.seconds == ours.span.total_seconds()
        assert tuple(last.group_by or ()) == tuple(ours.about)
        assert isinstance(last.condition, SigmaCorrelationCondition)
        assert last.condition.count == (ours.less_than or ours.at_least)
    else:
        assert last.detection.condition


@pytest.mark.parametrize(
    ("detection", "fields", "expected"),
    [
        ({"a": {"x|contains": "bc"}, "condition": "a"}, {"x": "ABCD"}, True),
        ({"a": {"x|endswith": ["cd", "zz"]}, "condition": "a"}, {"x": "abcd"}, True),
        ({"a": {"x|contains|all": ["ab", "zz"]}, "condition": "a"}, {"x": "abcd"}, False),
        ({"a": {"x": 1, "y": "2"}, "condition": "a"}, {"x": 1, "y": 2}, True),
        ({"a": {"x": 1}, "condition": "not a"}, {"x": 2}, True),
        ({"a": {"x": 1}, "condition": "a"}, {}, False),
        ({"a": {"x|exists": False}, "condition": "a"}, {}, True),
        ({"a": [{"x": 1}, {"y": 1}], "condition": "a"}, {"y": 1}, True),
        ({"a": {"x|gte": 3}, "condition": "a"}, {"x": 3}, True),
        ({"a": {"x|gt": 3}, "condition": "a"}, {"x": 3}, False),
        ({"a": {"x|lt": 3}, "condition": "a"}, {"x": "2"}, False),
        ({"a1": {"x": 1}, "a2": {"y": 1}, "b": {"z": 1}, "condition": "1 of a* and b"}, {"y": 1, "z": 1}, True),
        ({"a1": {"x": 1}, "a2": {"y": 1}, "condition": "all of them"}, {"x": 1}, False),
        ({"a": {"x": 1}, "b": {"y": 1}, "c": {"z": 1}, "condition": "a or b and c"}, {"x": 1}, True),
        ({"a": {"x": 1}, "b": {"y": 1}, "c": {"z": 1}, "condition": "(a or b) and c"}, {"x": 1}, False),
    ],
)
def test_selections_and_conditions_mean_what_sigma_says(
    detection: dict[str, Any], fields: dict[str, Any], *, expected: bool
) -> None:
    assert read_detection(detection)(fields) is expected


@pytest.mark.parametrize(
    "detection",
    [
        None, {}, {"condition": "a"}, {"a": {"x": 1}}, {"a": {}, "condition": "a"}, {"a": {"x": 1}, "condition": "b"},
        {"a": {"x|re": "."}, "condition": "a"}, {"a": {"x": "a*"}, "condition": "a"},
        {"a": {"x": None}, "condition": "a"},
        {"a": {"x": []}, "condition": "a"}, {"a": {"x": list(range(50))}, "condition": "a"},
        {"a": {"x": 1}, "condition": "(a"}, {"a": {"x": 1}, "condition": "a a"}, {"a": {"x": 1}, "condition": "a |"},
        {"a": {"x": 1}, "condition": "1 of b*"}, {"a": {"x": 1}, "condition": " or ".join(["a"] * 30)},
        {"a": {"x": 1}, "condition": "a" * 500},
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(detection: object) -> None:
    """No part of a rule is left out in silence."""
    with pytest.raises(UnusableRuleError):
        read_detection(detection)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("timespan: 5m", "timespan: 5h"), ("timespan: 5m", "timespan: soon"), ("type: value_sum", "type: temporal"),
        ("gte: 10", "gt: 10"), ("gte: 10", "gte: 0"), ("event: sign_in.refused", "event: sign_in.invented"),
        ("event: sign_in.refused", "outcome: success"), ("product: vaka", "product: windows"),
        ("level: high", "level: informational"), ("        - sign-in-refused", "        - other"),
        ("vaka:\n    title:", "vaka:\n    name:"), ("title: Guessing at sign-in", "title: 1"), ("---\n", "---\n---\n"),
        ("title: Refused", "\t: ["),
    ],
)  # fmt: skip
def test_a_file_that_is_no_rule_of_ours_is_refused(before: str, after: str) -> None:
    text = FOLDER.joinpath("sign-in-guessed.yml").read_text(encoding="utf-8")
    assert before in text
    assert read_rule(text).name == "sign-in-guessed"
    with pytest.raises(UnusableRuleError):
        read_rule(text.replace(before, after))
