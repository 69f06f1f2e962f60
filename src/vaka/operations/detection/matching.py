# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the selections and the condition of a Sigma rule mean: the part of the language that our rules use.

What is not part of it is refused when the rule is read, so that no rule means less here than elsewhere. As Sigma says,
texts are compared without regard to case; a field that is not there equals nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase

Fields = Mapping[str, str | int]
"""An entry of a log: ``event``, ``actor``, ``object``, ``outcome``, ``written_by``, and ``detail.…``."""
Test = Callable[[Fields], bool]
LONGEST_CONDITION = 400
MOST_PARTS = 40
"""Words of a condition, values of a field, fields of a selection."""
_WORD = re.compile(r"\s*(\(|\)|[A-Za-z0-9_*]+)")
_COMPARED: Mapping[str, Callable[[str, str], bool]] = {
    "": lambda value, wanted: value == wanted,
    "contains": lambda value, wanted: wanted in value,
    "startswith": lambda value, wanted: value.startswith(wanted),
    "endswith": lambda value, wanted: value.endswith(wanted),
}
_ORDERED: Mapping[str, Callable[[int, int], bool]] = {
    "gte": lambda value, wanted: value >= wanted,
    "gt": lambda value, wanted: value > wanted,
    "lte": lambda value, wanted: value <= wanted,
    "lt": lambda value, wanted: value < wanted,
}


class UnusableRuleError(Exception):
    """A rule says something that is not understood here."""


def read_detection(detection: object) -> Test:
    """Return what a rule's detection asks of an entry. Raises UnusableRuleError."""
    if not isinstance(detection, dict) or not 2 <= len(detection) <= MOST_PARTS:
        raise UnusableRuleError("a detection has selections and a condition")
    condition = detection.get("condition")
    if not isinstance(condition, str) or len(condition) > LONGEST_CONDITION:
        raise UnusableRuleError("a condition is a short text")
    selections = {str(name): _read_selection(asked) for name, asked in detection.items() if name != "condition"}
    words = list(_split(condition))
    if len(words) > MOST_PARTS:
        raise UnusableRuleError("a condition has few words")
    test = _read_any(words, selections)
    if words:
        raise UnusableRuleError(f"nothing is expected at {words[0]}")
    return test


def _read_selection(asked: object) -> Test:
    if isinstance(asked, list) and 0 < len(asked) <= MOST_PARTS:
        return _any([_read_selection(one) for one in asked])
    if not isinstance(asked, dict) or not 0 < len(asked) <= MOST_PARTS:
        raise UnusableRuleError("a selection has fields")
    return _all([_read_field(str(name), wanted) for name, wanted in asked.items()])


def _read_field(name: str, wanted: object) -> Test:
    field, *modifiers = name.split("|")
    every = modifiers[-1:] == ["all"]
    how = "|".join(modifiers[:-1] if every else modifiers)
    values = wanted if isinstance(wanted, list) else [wanted]
    if not 0 < len(values) <= MOST_PARTS:
        raise UnusableRuleError(f"{field} has no values, or very many")
    if how == "exists" and len(values) == 1 and isinstance(values[0], bool):
        return _exists(field, there=values[0])
    return (_all if every else _any)([_read_value(field, how, value) for value in values])


def _read_value(field: str, how: str, wanted: object) -> Test:
    if how in _ORDERED and isinstance(wanted, int) and not isinstance(wanted, bool):
        return _ordered(field, _ORDERED[how], wanted)
    if how not in _COMPARED or isinstance(wanted, bool) or not isinstance(wanted, str | int):
        raise UnusableRuleError(f"{field}|{how} is not understood here")
    if set(str(wanted)) & set("*?\\"):
        raise UnusableRuleError("wildcards are not understood here")
    return _compared(field, _COMPARED[how], str(wanted).lower())


def _exists(field: str, *, there: bool) -> Test:
    return lambda entry: (field in entry) is there


def _compared(field: str, compare: Callable[[str, str], bool], wanted: str) -> Test:
    return lambda entry: field in entry and compare(str(entry[field]).lower(), wanted)


def _ordered(field: str, compare: Callable[[int, int], bool], wanted: int) -> Test:
    def test(entry: Fields) -> bool:
        value = entry.get(field)
        return isinstance(value, int) and compare(value, wanted)

    return test


def _any(tests: list[Test]) -> Test:
    return lambda entry: any(test(entry) for test in tests)


def _all(tests: list[Test]) -> Test:
    return lambda entry: all(test(entry) for test in tests)


def _not(test: Test) -> Test:
    return lambda entry: not test(entry)


def _split(condition: str) -> Iterator[str]:
    place = 0
    while condition[place:].strip():
        found = _WORD.match(condition, place)
        if found is None:
            raise UnusableRuleError("a condition has words and parentheses")
        yield found[1]
        place = found.end()


def _read_any(words: list[str], selections: Mapping[str, Test]) -> Test:
    """Read ``a and b or c``: *and* binds more closely. Takes from `words` what it has read."""
    tests = [_read_all(words, selections)]
    while words[:1] == ["or"]:
        del words[0]
        tests.append(_read_all(words, selections))
    return _any(tests)


def _read_all(words: list[str], selections: Mapping[str, Test]) -> Test:
    tests = [_read_one(words, selections)]
    while words[:1] == ["and"]:
        del words[0]
        tests.append(_read_one(words, selections))
    return _all(tests)


def _read_one(words: list[str], selections: Mapping[str, Test]) -> Test:
    word = words.pop(0) if words else ""
    if word == "not":
        return _not(_read_one(words, selections))
    if word == "(":
        inner = _read_any(words, selections)
        if words[:1] != [")"]:
            raise UnusableRuleError("a parenthesis is open")
        del words[0]
        return inner
    if word in ("1", "all") and words[:1] == ["of"] and len(words) > 1:
        pattern = words[1]
        del words[:2]
        named = [test for name, test in selections.items() if pattern == "them" or fnmatchcase(name, pattern)]
        if not named:
            raise UnusableRuleError(f"nothing is called {pattern}")
        return (_any if word == "1" else _all)(named)
    if word not in selections:
        raise UnusableRuleError(f"nothing is called {word}")
    return selections[word]
