# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What chrony says of itself, as ``packaging/chrony/vaka-clock-report`` writes it down: lines of chronyc with commas.

The daemon's command socket lets whoever reaches it set the clock and choose other sources. So its own account asks, and
Vaka's reads what was answered: no process of ours can touch the clock that its log is held against.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

LARGEST_REPORT = 64_000
"""Bytes; a daemon with a hundred sources writes far less."""
_FOLLOWED = "*"
_TRACKING, _SOURCE, _PROOF = 14, 10, 10
"""How many fields chronyc 4 gives: to ``tracking``, to each of ``sources``, to each of ``authdata``."""


class NoReportError(Exception):
    """There is no report, or not one that could be read."""


@dataclass(frozen=True, slots=True)
class Source:
    """The source that the daemon follows."""

    name: str
    """As the daemon's configuration has it."""
    address: str
    reach: int
    """A bit for each of the last eight times it was asked, the newest lowest: whether it answered."""
    proven: bool
    """Whether its answers are proven to be its own by NTS."""


@dataclass(frozen=True, slots=True)
class Report:
    """How the daemon said it stood."""

    at: datetime
    """When it was asked, by the machine's clock."""
    leap: str
    stratum: int
    referred_at: datetime
    """When a source was last followed."""
    offset: float
    """Seconds that the clock differs from what the daemon holds for true."""
    error: float
    """Seconds that what it holds for true may be off: root dispersion, and half of the root delay."""
    source: Source | None
    """None where it follows none."""


def read_report(path: Path) -> Report | None:
    """Return what was written down; None where the daemon did not answer. Raises NoReportError."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_REPORT + 1)
        return parse_report(content.decode("utf-8"))
    except (OSError, ValueError, IndexError, OverflowError) as error:
        raise NoReportError from error


def parse_report(text: str) -> Report | None:
    """Return what a report says; None where the daemon did not answer. Raises ValueError, IndexError or
    OverflowError for any other."""
    if len(text) > LARGEST_REPORT or not text.endswith("\nend\n"):
        raise ValueError("cut off")
    lines: dict[str, list[list[str]]] = {}
    for line in text.splitlines()[:-1]:
        kind, *fields = line.split(",")
        lines.setdefault(kind, []).append(fields)
    at = _moment(lines["at"][0][0]) if "at" in lines else None
    if at is None:
        raise ValueError("of no time")
    if "silent" in lines:
        return None
    [tracking] = lines.get("tracking", [])
    if len(tracking) != _TRACKING:
        raise ValueError("tracking")
    return Report(
        at=at, leap=tracking[13], stratum=int(tracking[2]), referred_at=_moment(tracking[3]),
        offset=float(tracking[4]), error=float(tracking[11]) + abs(float(tracking[10])) / 2, source=_followed(lines),
    )  # fmt: skip


def _followed(lines: Mapping[str, Sequence[Sequence[str]]]) -> Source | None:
    """Return the source that is followed. What is asked three times is of one moment, or the report says nothing."""
    # A clock of the machine's own (#) has no name and proves nothing: no list of sources can have it.
    sources, names = ([one for one in lines.get(kind, []) if one[0] != "#"] for kind in ("source", "name"))
    proofs = lines.get("proof", [])
    if not len(sources) == len(names) == len(proofs):
        raise ValueError("of several moments")
    for source, name, proof in zip(sources, names, proofs, strict=True):
        if len(source) != _SOURCE or len(name) != _SOURCE or len(proof) != _PROOF:
            raise ValueError("sources")
        if source[1] == _FOLLOWED:
            if name[1] != _FOLLOWED or name[2] != proof[0]:
                raise ValueError("of several moments")
            # NTS, with a key that was agreed on and cookies left; a key of another kind proves no name.
            proven = proof[1] == "NTS" and int(proof[4]) > 0 and int(proof[8]) > 0
            return Source(name[2].lower(), source[2], int(source[5], 8), proven)
    return None


def _moment(text: str) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=float(text))
