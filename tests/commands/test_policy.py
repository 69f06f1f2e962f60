# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka policy`: shows what is so, changes it when told to, and says what is wrong with what it was told."""

from pathlib import Path

import pytest

from tests.commands.test_maintenance import APPLY, vaka
from vaka.commands.data_directory import DataDirectory


@pytest.mark.database
def test_limits_and_codes_are_shown_and_changed(made: DataDirectory) -> None:
    about = ("--data", made.root, "--authority", "ekbacka")
    shown = vaka("policy", "show", *about)
    assert shown.exit_code == 0, shown.output
    assert "ring_all_after_seconds      60  (5–3600)" in shown.output
    assert "Codes mean what they mean to everybody." in shown.output
    tried = vaka("policy", "set", *about, "ring_all_after_seconds=45")
    assert "Nothing was changed. Do it with --apply." in tried.output
    assert "ring_all_after_seconds      60" in tried.output
    assert "ring_all_after_seconds: 60 would become 45" in tried.output
    assert "Nothing would change." in vaka("policy", "set", *about, "ring_all_after_seconds=60").output
    done = vaka("policy", "set", *about, *APPLY, "ring_all_after_seconds=45")
    assert "ring_all_after_seconds      45" in done.output, done.output
    decided = vaka(
        "policy", "classify", *about, *APPLY, "--message-type", "ME", "--device-type", "2", "--reason", "Prov", "test"
    )
    assert "type ME, device type 2: test (Prov)" in decided.output, decided.output
    kind = ("--message-type", "ME", "--device-type", "2")
    taken_back = vaka("policy", "classify", *about, *kind, "--reason", "Åter", "standard")
    assert taken_back.exit_code == 0, taken_back.output
    assert "Nothing was changed. Do it with --apply." in taken_back.output
    assert "type ME, device type 2: test (Prov)" in taken_back.output
    other = vaka("policy", "classify", *about, *kind, "--status-code", "10", "--reason", "Åter", "standard")
    assert "There is no such decision." in other.stderr, "of exactly this kind"


@pytest.mark.database
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("set", "ring_all_after_seconds=180"), "ring_all_after_seconds is less than on_call_after_seconds."),
        (("set", "colour=1"), "There is no limit colour."),
        (("set", "ring_all_after_seconds"), "is not NAME=NUMBER"),
        (("set", "ring_all_after_seconds=1e3"), "is not NAME=NUMBER"),
        (("classify", "--reason", "Prov", "standard"), "There is no such decision."),
        (("classify", "--reason", " ", "life"), "Say why, in 3–200 characters"),
        (("classify", "--reason", "för 19320212-9809", "life"), "without numbers of people."),
    ],
)
def test_what_cannot_be_is_told(made: DataDirectory, arguments: tuple[str, ...], sentence: str) -> None:
    command, *rest = arguments
    tried = vaka("policy", command, "--data", made.root, "--authority", "ekbacka", *rest)
    assert tried.exit_code in (1, 2)
    assert sentence in tried.stderr, "it is told before anything is to be done"
    told = vaka("policy", command, "--data", made.root, "--authority", "ekbacka", *APPLY, *rest)
    assert told.exit_code in (1, 2)
    assert sentence in told.stderr


def test_an_authority_that_is_none_is_told(tmp_path: Path) -> None:
    told = vaka("policy", "show", "--data", tmp_path, "--authority", "x")
    assert told.exit_code == 1
    assert "cannot be read" in told.stderr
