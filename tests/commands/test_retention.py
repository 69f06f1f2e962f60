# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka retention preview`: what the next night will remove, in counts, and that it was looked at."""

from datetime import UTC, datetime

import pytest

from tests.commands.test_key import last_entry, vaka
from vaka.commands.data_directory import DataDirectory
from vaka.commands.retention import _print
from vaka.database.server import PLATFORM_DATABASE
from vaka.removal.preview import Count

pytestmark = pytest.mark.database

PREVIEW = ("retention", "preview", "--data")


def test_authority_without_rules_keeps_everything_and_the_look_is_entered(made: DataDirectory) -> None:
    shown = vaka(*PREVIEW, made.root)
    assert shown.exit_code == 0, shown.output + shown.stderr
    assert "ekbacka: no rule is in force; everything is kept." in shown.output
    made.cluster.start()
    try:
        entry = last_entry(made, PLATFORM_DATABASE)
    finally:
        made.cluster.stop()
    assert (entry["event"], entry["object"]) == ("command.run", "command:retention.preview")


def test_authority_that_is_not_there(made: DataDirectory) -> None:
    shown = vaka(*PREVIEW, made.root, "--authority", "nowhere")
    assert (shown.exit_code, "There is no authority 'nowhere'" in shown.stderr) == (1, True)


def test_counts_stand_below_what_they_count(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {"ekbacka": {"alarms": Count(3, 4, 5, exempt=6, unreadable=7, held=8)}, "norrvik": {}}
    _print(counts, datetime(2026, 10, 24, 23, 0, tzinfo=UTC))
    when, head, row, kept = capsys.readouterr().out.splitlines()
    assert when == "As the rules will be in force on 2026-10-25 01:00 CEST:"
    assert row.split() == ["ekbacka", "alarms", "3", "4", "5", "6", "7", "8"]
    assert head.index("messages") == row.index("5 ")
    assert kept == "norrvik: no rule is in force; everything is kept."
