# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka terms`: the board of 37, and a look at what evidence can be had."""

import json
from datetime import datetime

import pytest

from tests.commands.test_key import last_entry, vaka
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.terms import load_terms
from vaka.commands.data_directory import DataDirectory
from vaka.database.server import PLATFORM_DATABASE

pytestmark = pytest.mark.database


def board(made: DataDirectory, *options: str) -> dict[int, dict[str, object]]:
    """Return the board as it is printed for programs, by number."""
    shown = vaka("terms", "--data", made.root, "--json", *options)
    assert shown.exit_code == 0, shown.output + shown.stderr
    rows = json.loads(shown.output)
    assert [row["term"] for row in rows] == list(range(1, 38))
    return {row["term"]: row for row in rows}


def test_nothing_is_green_before_anybody_has_looked(made: DataDirectory) -> None:
    """Every term says in both languages why it stands as it does, and since when."""
    for number, row in board(made).items():
        assert row["status"] in ("untested", "not_asked"), number
        assert datetime.fromisoformat(str(row["since"])).utcoffset() is not None
        assert {"label", "reason"} <= set(row)
        assert row["label"] == load_terms()[number - 1].label.sv


def test_a_look_finds_what_there_is_and_is_entered(made: DataDirectory) -> None:
    """The identities of this installation are in order; what has no collector yet is as untested as before."""
    looked = vaka("terms", "check", "--data", made.root)
    assert looked.exit_code == 0, looked.output + looked.stderr
    assert f"{len(COLLECTORS)} collectors looked" in looked.output
    made.cluster.start()
    try:
        entry = last_entry(made, PLATFORM_DATABASE)
    finally:
        made.cluster.stop()
    assert (entry["event"], entry["object"]) == ("command.run", "command:terms.check")
    rows = board(made, "--authority", "ekbacka")
    # Of term 8 what can be looked at is met; that its process is documented nobody has shown.
    assert (rows[8]["status"], rows[8]["evidence"]) == ("untested", "identity-process")
    assert rows[13]["status"] == "met"
    assert rows[26]["evidence"] != "log-sealed"


def test_the_board_is_read_by_people_too(made: DataDirectory) -> None:
    """A line and a sentence for each, and at the end how many need somebody."""
    shown = vaka("terms", "--data", made.root)
    assert shown.exit_code == 0, shown.output + shown.stderr
    lines = shown.output.splitlines()
    assert len(lines) == 2 * 37 + 1
    assert lines[-1].endswith("of 37 terms need somebody.")


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [((), 2, "Say with --data"), (("--authority", "nowhere"), 1, "There is no authority 'nowhere'")],
)
def test_what_is_not_there_is_said(made: DataDirectory, options: tuple[str, ...], code: int, said: str) -> None:
    """An authority that is not there, and an installation that was not named."""
    where = ("--data", made.root) if options else ()
    shown = vaka("terms", *where, *options)
    assert (shown.exit_code, said in shown.stderr) == (code, True), shown.stderr
