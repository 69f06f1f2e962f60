# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The gates of a release: what each found, as its tool wrote it, and whether all of them passed (term 33).

A tool that ended without a word, wrote something else than findings, or was not run, did not pass: exit codes are not
believed, since tools end well when they skipped everything.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from vaka.errors import ConfigurationError
from vaka.operations.integrity.manifest import Gates

FLAWS: Final = "flaws"
REQUIRED: Final = ("dependencies", FLAWS, "licences", "secrets")
"""What every release goes through: SCA, SAST, licences of what it brings, secrets."""
SARIF_VERSION = "2.1.0"
LARGEST_FINDINGS = 100_000_000
_COUNTED = frozenset({"error", "warning"})


@dataclass(frozen=True, slots=True)
class Passage:
    """How one gate went."""

    name: str
    outcome: str
    """``passed``, ``found`` or ``broken``."""
    findings: int
    examined: int
    """How many things the tool says that it looked at. One that looked at nothing was skipped."""
    sarif: str
    """SHA-256 over what it wrote, which is kept."""


def judge(name: str, findings: Path | None, least: int = 1) -> Passage:
    """Judge a gate by what its tool wrote (SARIF 2.1.0), and not by how it ended."""
    try:
        if findings is None or findings.stat().st_size > LARGEST_FINDINGS:
            raise ValueError(name)
        content = findings.read_bytes()
        said = json.loads(content)
        if said["version"] != SARIF_VERSION or not said["runs"]:
            raise ValueError(name)
        counted, examined = _count(said["runs"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Passage(name, "broken", 0, 0, "")
    digest = sha256(content).hexdigest()
    if examined < least:
        return Passage(name, "broken", counted, examined, digest)
    return Passage(name, "found" if counted else "passed", counted, examined, digest)


def _count(runs: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Return how many findings count, and how many things were looked at. Raises ValueError where a run failed."""
    counted = examined = 0
    for run in runs:
        invocations = run["invocations"]
        if not invocations or not all(one["executionSuccessful"] is True for one in invocations):
            raise ValueError("a run failed")
        examined += len(run["artifacts"])
        counted += sum(
            one.get("level", "warning") in _COUNTED and not one.get("suppressions") for one in run["results"]
        )
    return counted, examined


def as_gates(passages: Sequence[Passage], configuration: str) -> Gates:
    """Return what a manifest says of its gates. `configuration` is the digest of what they were run with."""
    return {"configuration": configuration, "gates": [asdict(one) for one in passages]}


def find_failures(gates: Gates) -> list[str]:
    """Return which gates a release did not pass: also what is required and is not there, or there twice."""
    try:
        outcomes: dict[str, list[str]] = {}
        for one in gates["gates"]:
            passed = (
                one["outcome"] == "passed" and one["findings"] == 0 and one["examined"] > 0 and len(one["sarif"]) == 64
            )
            outcomes.setdefault(str(one["name"]), []).append("passed" if passed else "failed")
        if len(str(gates["configuration"])) != 64:
            return list(REQUIRED)
    except (KeyError, TypeError):
        return list(REQUIRED)
    wanted = {*REQUIRED, *outcomes}
    return sorted(name for name in wanted if outcomes.get(name) != ["passed"])


def require_passed(gates: Gates) -> None:
    """Raise ConfigurationError where a gate did not pass."""
    failed = find_failures(gates)
    if failed:
        raise ConfigurationError(f"Not passed, and so no release: {', '.join(failed)}.")


def read_gates(path: Path) -> Gates:
    """Return what the gates said, from the file that was written beside their findings. Raises ConfigurationError."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(said, dict):
            raise ValueError(said)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path} says nothing of gates. Run them first: docs/releases.md.") from error
    return said
