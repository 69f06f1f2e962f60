# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka terms`: the board of 37, and a look at what evidence can be had."""

import json
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest

from tests.commands.test_key import last_entry, vaka
from tests.commands.test_maintenance import entries
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


def contract_file(where: Path, last: int = 37) -> Path:
    """An annex as contracts have it: headings first, numbers where lines begin, and numbers that are none."""
    parts = ["Bilaga 9 – Prov", "", "Villkor", ""]
    for number in range(1, last + 1):
        parts += [
            f"{number} " if number == 6 else f"{number} Åtagande {number} gäller",
            "  minst",
            "5 år i följd. ",
            "",
        ]
    parts.insert(8, "Ett stycke till.")
    path = where / "annex.txt"
    path.write_text("\n".join(parts), encoding="utf-8")
    return path


def test_the_contracts_own_text_is_taken_in_with_its_hash(made: DataDirectory, tmp_path: Path) -> None:
    """Shown first, taken in with a change and a reason, once, with an entry that has the file's digest."""
    file = contract_file(tmp_path)
    command = ("terms", "import", "--data", made.root, "--source", "Bilaga 9, 2026-01-02", file)
    shown = vaka(*command)
    assert shown.exit_code == 0, shown.output + shown.stderr
    assert " 6  minst 5 år i följd." in shown.output
    assert " 1  Åtagande 1 gäller minst 5 år i följd. Ett stycke till." in shown.output
    assert "Nothing was taken in." in shown.output
    assert vaka(*command, "--apply").exit_code != 0, "for no change, and without a reason"
    approved = ("--apply", "--change", "CHG-1", "--reason", "avtalet")
    done = vaka(*command, *approved)
    assert done.exit_code == 0, done.output + done.stderr
    digest = sha256(file.read_bytes()).hexdigest()
    assert digest in done.output
    assert "It was this by now" in vaka(*command, *approved).output
    told = [one for one in entries(made) if one["event"] == "contract.imported"]
    assert [one["detail"]["sha256"] for one in told] == [digest]
    assert [len(one["detail"]["digest"]) for one in told] == [64], "of what is shown"


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"1 a\n2 b\n", "Term 3 is not found"), (b"", "Term 1 is not found"), (b"1 \xff", "not plain text in UTF-8"),
     (b"1 a\n2\n3 c\n" + b"".join(b"%d x\n" % n for n in range(4, 38)), "0 characters"),
     (b"".join(b"%d x\x00\n" % n for n in range(1, 38)), "no text"), (b"1 " + b"x" * 1_000_000, "larger than")],
    ids=["two", "empty", "latin", "nothing under 2", "zeros", "large"],
)  # fmt: skip
def test_what_is_no_contract_is_not_taken_in(made: DataDirectory, tmp_path: Path, content: bytes, said: str) -> None:
    """And it is said what is wrong with the file."""
    (tmp_path / "x.txt").write_bytes(content)
    refused = vaka("terms", "import", "--data", made.root, "--source", "Bilaga 9", tmp_path / "x.txt")
    assert refused.exit_code == 1
    assert said in refused.output + refused.stderr


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [((), 2, "Say with --data"), (("--authority", "nowhere"), 1, "There is no authority 'nowhere'")],
)
def test_what_is_not_there_is_said(made: DataDirectory, options: tuple[str, ...], code: int, said: str) -> None:
    """An authority that is not there, and an installation that was not named."""
    where = ("--data", made.root) if options else ()
    shown = vaka("terms", *where, *options)
    assert (shown.exit_code, said in shown.stderr) == (code, True), shown.stderr
