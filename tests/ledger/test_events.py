# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The names of events: one each, of one shape, and known to the database that writes some itself."""

import re
from collections import Counter
from importlib.resources import files

from vaka.database.migrate import migrations_for
from vaka.ledger.events import Event

SHAPE = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")


def test_every_name_is_used_once() -> None:
    counted = Counter(event.value for event in Event.__members__.values())
    assert [name for name, times in counted.items() if times > 1] == []
    assert len(Event.__members__) == len(list(Event)), "an alias is a second name for one event"


def test_every_name_has_the_shape_the_database_demands() -> None:
    assert [event.value for event in Event if not SHAPE.fullmatch(event.value)] == []
    inbox = files("vaka.database").joinpath("schema", "every", "0001_ledger_inbox.sql").read_text(encoding="utf-8")
    assert f"event ~ '^{SHAPE.pattern}$'" in inbox


def test_member_is_called_as_its_value() -> None:
    assert [event for event in Event if event.name.lower() != event.value.replace(".", "_")] == []


def test_database_writes_only_events_of_the_enum() -> None:
    """Some entries are written by functions in the database; their names are spelled there."""
    text = "\n".join(migration.text for migration in migrations_for("tenant") + migrations_for("platform"))
    code = "\n".join(line.split("--", 1)[0] for line in text.splitlines())
    prefixes = "|".join(sorted({event.value.split(".")[0] for event in Event}))
    # Settings of a session and commands that were run are no events.
    code = re.sub(r"(?:(?:current_setting|set_config|ledger\.last_run(?:_said)?)\(\s*|\bcommand = )'[^']+'", "", code)
    spelled = set(re.findall(rf"'((?:{prefixes})\.[a-z_]+)'", code))
    assert spelled, "accept_messages spells the events of arriving messages"
    assert spelled <= {event.value for event in Event}
