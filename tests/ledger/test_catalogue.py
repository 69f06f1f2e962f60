# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is said of each event is said of all of them, and is what the code writes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import vaka
from vaka.ledger.catalogue import CATALOGUE
from vaka.ledger.events import Event

SOURCE = Path(vaka.__file__).parent
PERSONAL = re.compile(r"^(names?|phone|number|text|body|sender|ip|host|personal_.*|street|city|mail)$")
MAKES_ENTRIES = {"Entry", "LedgerEntry", "_entry"}


def test_every_event_is_told_of() -> None:
    assert CATALOGUE.keys() == set(Event)
    for event, about in CATALOGUE.items():
        assert about.by, event
        assert about.object, event


def test_no_entry_has_a_place_for_personal_data() -> None:
    for event, about in CATALOGUE.items():
        assert [name for name in about.beside if PERSONAL.match(name) and (event, name) != SETTINGS_NAMES] == [], event


SETTINGS_NAMES = (Event.SETTINGS_CHANGED, "names")
"""Names of settings."""


def written() -> Iterator[tuple[str, Event, set[str]]]:
    """Every entry that is written out where it is made: file, event, and the keys of its detail."""
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in MAKES_ENTRIES or not node.args:
                continue
            named = node.args[0]
            if isinstance(named, ast.Attribute) and getattr(named.value, "id", "") == "Event":
                details = [word.value for word in node.keywords if word.arg == "detail"] + node.args[5:]
                keys = {
                    str(key.value) for detail in details if isinstance(detail, ast.Dict) for key in detail.keys
                    if isinstance(key, ast.Constant)
                }  # fmt: skip
                yield path.name, Event[named.attr], keys


def test_what_the_code_writes_beside_is_in_the_catalogue() -> None:
    found = list(written())
    assert len(found) > 20, "the search finds where entries are made"
    assert sum(bool(keys) for _, _, keys in found) > 5, "and what they say"
    assert [(file, event.value, keys - set(CATALOGUE[event].beside)) for file, event, keys in found
            if keys - set(CATALOGUE[event].beside)] == []  # fmt: skip


def test_a_clean_entry_holds_nothing_that_the_catalogue_does_not_name() -> None:
    """The database writes some entries itself; what they say is spelled there."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("schema/**/*.sql"))
    for event, statement in re.findall(r"'([a-z_]+\.[a-z_]+)'[^;]*?jsonb_build_object\((.*?)\)[,;\n]", text, re.DOTALL):
        keys = set(re.findall(r"'([a-z_]+)',", statement))
        if event in {known.value for known in Event}:
            assert keys <= set(CATALOGUE[Event(event)].beside) | {"retention"}, event
