# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The tree of files: licensed throughout, without real people's numbers, without traces of a machine."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
THIS = Path(__file__).name

# Telephone numbers that the Swedish Post and Telecom Authority sets aside for books and films, as +46 numbers.
FICTITIOUS_NUMBERS = (
    range(46_70_1740605, 46_70_1740699 + 1),
    range(46_8_46500400, 46_8_46500499 + 1),
    range(46_31_3900600, 46_31_3900699 + 1),
    range(46_40_6280400, 46_40_6280499 + 1),
    range(46_980_319200, 46_980_319299 + 1),
)
TELEPHONE = re.compile(
    r"(?<![\w.+/=-])(?:\+46|0046)[ \-]?\(?0?\)?[1-9][\d \-]{6,12}\d(?![\w])"
    r"|(?<![\w.+/=:-])0(?:7[02369]|8|10|[1-9]\d{1,2})-\d[\d ]{4,9}\d(?![\w-])"
    r"|(?<![\w.+/=-])07[02369]\d{7}(?!\w)"
)
PERSONAL_NUMBER = re.compile(
    r"(?<![\w-])((?:19|20)?\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))[-+](\d{3})\d(?![\w-])"
)

MACHINE = re.compile(
    r"(?<![\w.>}])/(?:root|home|Users)/[a-z]|[a-z]:\\\\users\\\\|-index[-_]url=?\s+\S+:|find[-_]links\s*=?\s+[/.a-z]+/"
    r"|https?://[^\s\"'>]*/simple/",
    re.IGNORECASE,
)


def files() -> Iterator[Path]:
    """Every file of the project: what is tracked, and what is new and not ignored."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, done.stdout.split("\0")):
        path = ROOT / name
        if path.is_file():
            yield path


def texts() -> Iterator[tuple[str, str]]:
    """Every text file's name and content; locks of other people's packages are no prose of ours."""
    for path in files():
        if path.suffix in {".png", ".woff2", ".ico", ".webp", ".bin"} or path.parent.name == "LICENSES":
            continue
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("requirements/") and name.endswith(".txt"):
            continue
        try:
            yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            yield name, path.read_bytes().decode("latin-1")


def test_every_file_says_its_licence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reuse", "--root", ROOT, "lint"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_telephone_numbers_are_nobodys() -> None:
    found = []
    for name, text in texts():
        if name.endswith(THIS):
            continue
        for match in TELEPHONE.finditer(text):
            digits = re.sub(r"\D", "", match.group())
            number = int(re.sub(r"^(?:00460?|460?|0)", "46", digits))
            if len(digits) >= 9 and not any(number in numbers for numbers in FICTITIOUS_NUMBERS):
                found.append(f"{name}: {match.group()}")
    assert found == []


def test_personal_numbers_are_nobodys() -> None:
    """Birth numbers 980 to 999 are given to nobody; 000 is impossible."""
    found: list[str] = []
    for name, text in texts():
        if name.endswith(THIS):
            continue
        found.extend(
            f"{name}: {match.group()}"
            for match in PERSONAL_NUMBER.finditer(text)
            if _is_date(match.group(1)) and not 980 <= int(match.group(2)) <= 999
        )
    assert found == []


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("ring 070-123 45 67", True), ("ring 0701234567", True), ("ring +46 70 123 45 67", True),
        ("ring 08-123 456 78", True), ("2026-03-14", False), ("0123456789abcdef", False), ("cid 10149471", False),
    ],
)  # fmt: skip
def test_scan_for_telephone_numbers_can_fail(text: str, caught: bool) -> None:
    assert bool(TELEPHONE.search(text)) is caught


@pytest.mark.parametrize(
    ("text", "caught"),
    [("19450312-1239", True), ("450312-1239", True), ("2026-03-14", False), ("99999999-1239", False)],
)
def test_scan_for_personal_numbers_can_fail(text: str, caught: bool) -> None:
    match = PERSONAL_NUMBER.search(text)
    assert bool(match and _is_date(match.group(1))) is caught


def test_no_trace_of_a_machine_or_an_index() -> None:
    found = [f"{name}: {match.group()}" for name, text in texts() if not name.endswith(THIS)
             for match in MACHINE.finditer(text)]  # fmt: skip
    assert found == []


@pytest.mark.parametrize("name", ["runtime", "token", "test", "peers", "embedded", "fuzz"])
def test_requirements_are_pinned_with_hashes_and_name_no_index(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert not MACHINE.search(text)
    requirements = re.findall(r"^(\S[^\n]*?)\s*\\?\n((?:[ \t]+[^\n]*\n)*)", text + "\n", re.MULTILINE)
    pinned = [(line, rest) for line, rest in requirements if not line.startswith("#")]
    assert pinned
    for line, rest in pinned:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+", line), line
        assert "--hash=sha256:" in rest, line


def test_every_wanted_requirement_is_locked() -> None:
    for name in ("runtime", "token", "test", "embedded", "fuzz"):
        wanted = (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8")
        locked = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").lower()
        for line in wanted.splitlines():
            package = re.match(r"[A-Za-z0-9._-]+", line)
            if package and not line.startswith("-"):
                assert re.search(rf"^{re.escape(package.group().lower())}(\[[a-z,]+\])?==", locked, re.MULTILINE), line


def _is_date(digits: str) -> bool:
    year, month, day = int(digits[:-4] or 0), int(digits[-4:-2]), int(digits[-2:])
    try:
        date(year if year > 99 else 1900 + year, month, day)
    except ValueError:
        return False
    return True
