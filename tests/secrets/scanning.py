# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Looking for secrets in files: ``python -m tests.secrets.scanning [DIRECTORY]`` (term 11).

Kingfisher looks, with its own rules and those of rules.yml. It works offline: nothing found is tried out anywhere. What
is found is named by place and rule, never quoted. known.toml says which findings are no secrets, and why.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from kingfisher_sdk import Finding, Rules, ScanInput, Scanner, git_history

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class NothingScannedError(Exception):
    """There was no file to look into, so nothing can be said."""


@dataclass(frozen=True, slots=True)
class Found:
    """What looks like a secret, and where."""

    place: str
    """The file's name below the directory that was scanned."""
    line: int
    rule: str
    text: str = field(repr=False)
    """The line it begins on."""

    def __str__(self) -> str:
        return f"{self.place}:{self.line}: {self.rule}"


@dataclass(slots=True)
class Known:
    """Findings that are no secrets."""

    files: str
    """A pattern of file names, as ``fnmatch`` has them."""
    rules: Sequence[str]
    line: str
    """A regular expression that must match in the line."""
    why: str
    met: int = 0

    def covers(self, found: Found) -> bool:
        """Whether this finding is one of these."""
        return (
            fnmatchcase(found.place, self.files)
            and found.rule in self.rules
            and re.search(self.line, found.text) is not None
        )


@cache
def scanner() -> Scanner:
    """Return the scanner. It takes some seconds to build; nothing of it is kept on disk."""
    return Scanner(Rules([HERE / "rules.yml"], confidence="low", cache=False))


def read_known(path: Path = HERE / "known.toml") -> list[Known]:
    """Return what is known to be no secret."""
    return [Known(**one) for one in tomllib.loads(path.read_text(encoding="utf-8"))["known"]]


def scan_tree(root: Path) -> list[Found]:
    """Look into every file of a repository: what is tracked, and what is new and not ignored.

    Raises NothingScannedError where there is none, CalledProcessError where ``root`` is no repository.
    """
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    names = [name.decode() for name in done.stdout.split(b"\0") if name]
    return scan((name, (root / name).read_bytes()) for name in names if (root / name).is_file())


def scan_history(root: Path) -> list[Found]:
    """Look into every version of every file that the present commit descends from. Raises NothingScannedError."""
    return scan(
        (source.path.partition(" @ ")[0], source.data) for source in git_history(root) if source.data is not None
    )


def scan(files: Iterable[tuple[str, bytes]]) -> list[Found]:
    """Look into files, each given as name and content. Raises NothingScannedError where there is none."""
    found, seen = [], 0
    for name, content in files:
        seen += 1
        lines = content.split(b"\n")
        findings = scanner().scan_input(ScanInput(path=name, data=content))
        found += [_found(name, lines, finding) for finding in findings if finding.visible]
    if seen == 0:
        raise NothingScannedError
    return found


def unknown(found: Iterable[Found], known: Sequence[Known]) -> Iterator[Found]:
    """Yield what is not known to be no secret, and count for each of ``known`` how often it was met."""
    for one in found:
        covering = [entry for entry in known if entry.covers(one)]
        for entry in covering:
            entry.met += 1
        if not covering:
            yield one


def _found(name: str, lines: Sequence[bytes], finding: Finding) -> Found:
    number = finding.location["line"]
    # What was found inside decoded text has its place there, not in the file.
    text = lines[number - 1].decode("utf-8", "replace") if number <= len(lines) else ""
    return Found(name, number, finding.rule_id, text)


def main(arguments: Sequence[str]) -> int:
    """Scan one repository and say what looks like a secret; return 1 where something does."""
    left = sorted(set(map(str, unknown(scan_tree(Path(*arguments) if arguments else ROOT), read_known()))))
    print("\n".join(left) or "No secret was found.")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
