# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Nobody breaks the numbers of another login role; a gap that is known is told, forgiven, and hides nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.ledger.removed import Aged
from tests.ledger.reviewed import BEGUN, EXPECTED, NOW, files_of, leaf, leaves, log_of, publish, verify
from tests.ledger.sample import log_key
from vaka.commands.main import main
from vaka.ledger.findings import Wrong, WrongError

LEAVES = leaves(700)
OTHER = "t_provkommun_portal"


def judge(entries: Sequence[bytes], *known: int) -> list[str]:
    """Verify a log of these entries; return which known gaps were found."""
    return verify(files_of(log_of(entries)), replace(EXPECTED, known_gaps=frozenset(known))).known_gaps


def accused(entries: Sequence[bytes], *known: int) -> tuple[Wrong, str]:
    with pytest.raises(WrongError) as found:
        judge(entries, *known)
    return found.value.code, found.value.where


@pytest.mark.parametrize("detail", [{}, {"text": 'what is not read "quickly"'}])
def test_session_of_another_role_is_another_writer(detail: dict[str, str]) -> None:
    """It took the name of a session out of an entry that it may read: the numbers of that one stand as they were."""
    taken = [
        leaf(at, source="a-2", written_by=OTHER, number=number, detail=detail) for number, at in ((1, 50), (2, 300))
    ]
    entries = [*LEAVES[:51], taken[0], *LEAVES[51:301], taken[1], *LEAVES[301:]]
    assert verify(files_of(log_of(entries))).sources == 4


@pytest.mark.parametrize("number", [0, 2, 17, 18, 19])
@pytest.mark.parametrize("detail", [{}, {"text": 'what is not read "quickly"'}])
def test_who_counts_on_in_the_name_of_another_is_accused_himself(number: int, detail: dict[str, str]) -> None:
    put_in = leaf(50, source="a-2", written_by=OTHER, number=number, detail=detail)
    code, where = accused([*LEAVES[:51], put_in, *LEAVES[51:]])
    assert (code, where) == (Wrong.GAP, f"entry 51 ('a-2' of '{OTHER}', {number} after 0)")
    assert judge([*LEAVES[:51], put_in, *LEAVES[51:]], 51) == [where]


def counted_anew(index: int, number: int = 1) -> list[bytes]:
    """Entries whose first writer has set his number to another from entry `index` on."""
    return [
        leaf(place, number=number + (place - index) // 3) if place >= index and place % 3 == index % 3 else each
        for place, each in enumerate(LEAVES)
    ]


def test_known_gap_is_told_and_counted_on_from() -> None:
    entries = counted_anew(60)
    where = "entry 60 ('a-0' of 't_provkommun_desk', 1 after 20)"
    assert accused(entries) == (Wrong.GAP, where)
    assert judge(entries, 60) == judge(entries, 7, 60, 699) == [where]
    for wrong in (59, 61, 63):
        assert accused(entries, wrong) == (Wrong.GAP, where)


def test_known_gap_that_is_not_there_is_not_told() -> None:
    assert judge(LEAVES, 0, 60, 10_000) == []


@pytest.mark.parametrize("removed", [400, 401, 63])
def test_gap_behind_a_known_one_is_found(removed: int) -> None:
    entries = counted_anew(60)
    del entries[removed]
    code, where = accused(entries, 60)
    assert code is Wrong.GAP
    assert where.startswith(f"entry {removed + 2} ")


AT_THE_GAP = {
    "back": (leaf(60, number=1, written_at=BEGUN - timedelta(hours=1)), Wrong.TIME),
    "ahead": (leaf(60, number=1, written_at=NOW + timedelta(days=1)), Wrong.FUTURE),
    "spelling": (leaf(60, number=1).replace(b'":', b'": ', 1), Wrong.LEAF),
}


@pytest.mark.parametrize(("entry", "code"), AT_THE_GAP.values(), ids=AT_THE_GAP)
def test_nothing_else_at_a_known_gap_is_forgiven(entry: bytes, code: Wrong) -> None:
    entries = counted_anew(60)
    entries[60] = entry
    assert accused(entries, *range(800))[0] is code


@pytest.mark.parametrize(
    "change", [{1000: {"number": 400}}, {601: {"number": 1}}, {601: {"source": "b-0", "number": 9}}]
)
def test_known_gap_after_removal(change: dict[int, dict[str, object]]) -> None:
    """What was missing is believed as before: the leap that is known takes nothing from what others may leap."""
    [index] = change
    files = Aged(change).files()
    with pytest.raises(WrongError) as found:
        verify(files)
    assert found.value.code is Wrong.GAP
    checked = verify(files, replace(EXPECTED, known_gaps=frozenset({index, *_followers(change)})))
    assert checked.known_gaps[0] == found.value.where
    assert checked.removed == 511


def _followers(change: dict[int, dict[str, object]]) -> list[int]:
    # Of the writer whose one entry says another number, the next says the right one again, and breaks as well.
    return [index + 3 for index in change]


def test_reviewer_is_told_in_both_languages(tmp_path: Path) -> None:
    place = publish(files_of(log_of(counted_anew(60))), tmp_path / "log")
    plain = ["verify", str(place), "--log", log_key().encode()]
    assert CliRunner().invoke(main, plain).exit_code == 1
    shown = CliRunner().invoke(main, [*plain, "--known-gap", "60"])
    assert shown.exit_code == 0, shown.output
    where = "entry 60 ('a-0' of 't_provkommun_desk', 1 after 20)"
    assert f"KNOWN GAP: {where}: {Wrong.GAP.value.en}" in shown.output.splitlines()
    assert "3 sources without any other gap; " in shown.output
    assert shown.output.splitlines()[-1] == "VERIFIED"
    shown = CliRunner().invoke(main, [*plain, "--known-gap", "60", "--language", "sv"])
    assert f"KÄND LUCKA: {where}: {Wrong.GAP.value.sv}" in shown.output.splitlines()
    shown = CliRunner().invoke(main, [*plain, "--known-gap", "60", "--json"])
    assert (shown.exit_code, where in shown.output) == (0, True)
