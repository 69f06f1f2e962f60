# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The table of faults: what may go wrong, and which tests make it go wrong. Read from docs/faults.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
COLUMNS = {
    "goes_on": "alarms, or what else there is, go on",
    "kept": "nothing acknowledged is lost",
    "red": "a term turns red",
    "said": "it is said where somebody looks",
    "recovers": "it recovers",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One row."""

    name: str
    runbook: str
    """The heading of its section there."""
    tests: Mapping[str, Sequence[str]]
    """By column; as ``tests.proofs.listing`` names them."""
    because: str
    """Why a column has none."""


def list_faults() -> Sequence[Fault]:
    """Return every row, in order."""
    said = tomllib.loads((DOCS / "faults.toml").read_text(encoding="utf-8"))["fault"]
    return [
        Fault(one["name"], one["runbook"], {column: one[column] for column in COLUMNS}, one.get("because", ""))
        for one in said
    ]
