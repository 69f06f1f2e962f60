# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How severe a vulnerability is: by CVSS 4.0 or 3, else by what Debian says, else high. Pure."""

from collections.abc import Iterable, Mapping
from typing import Literal

from cvss import CVSS3, CVSS4, CVSSError

Severity = Literal["critical", "high", "medium", "low"]
ORDER: tuple[Severity, ...] = ("critical", "high", "medium", "low")
UNKNOWN: tuple[Severity, str] = ("high", "unscored")
"""What nobody scored has the time limits of what is severe."""
_READERS = {"CVSS_V4": CVSS4, "CVSS_V3": CVSS3}
_BOUNDS: tuple[tuple[float, Severity], ...] = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.0, "low"))
_URGENCIES: Mapping[str, Severity] = {"high": "high", "medium": "medium", "low": "low"}


def score(kind: str, vector: str) -> float | None:
    """Return the base score of a vector; None where it is no vector of that kind."""
    reader = _READERS.get(kind)
    try:
        return None if reader is None else float(reader(vector).base_score)
    except (CVSSError, ValueError, KeyError):
        return None


def rate_vectors(said: Iterable[Mapping[str, str]]) -> tuple[Severity, str] | None:
    """Return the severity by the newest CVSS that was given, the worst of several, and its vector."""
    said = list(said)
    for kind in _READERS:
        scored = [(found, one["score"]) for one in said if one["type"] == kind
                  if (found := score(kind, one["score"])) is not None]  # fmt: skip
        if scored:
            worst, vector = max(scored)
            return next(name for bound, name in _BOUNDS if worst >= bound), vector
    return None


def rate_release(release: Mapping[str, str]) -> tuple[Severity, str] | None:
    """Return the severity by what Debian's tracker says of a release; None where it says nothing yet."""
    urgency = release.get("urgency", "").rstrip("*")
    if urgency in _URGENCIES:
        return _URGENCIES[urgency], f"Debian: {urgency}"
    # No advisory of Debian's own: its security team finds that it can wait for the next point release.
    return ("low", "Debian: no DSA") if release.get("nodsa") else None


def worst(rated: Iterable[tuple[Severity, str] | None]) -> tuple[Severity, str]:
    """Return the most severe of what several say; high where nobody says anything."""
    found = [one for one in rated if one is not None]
    return min(found, key=lambda one: ORDER.index(one[0])) if found else UNKNOWN
