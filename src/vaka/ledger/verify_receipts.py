# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Receipts as a memory: what whoever verifies has had proven before must still be so, whatever has been removed."""

from collections.abc import Sequence
from dataclasses import dataclass

from vaka.ledger.errors import LedgerError
from vaka.ledger.findings import Checked, Wrong, WrongError
from vaka.ledger.leaves import parse_leaf
from vaka.ledger.retention import Decision, read_decision
from vaka.ledger.tiles import FULL
from vaka.ledger.tree import HASH_BYTES, hash_leaf


@dataclass(frozen=True, slots=True)
class Remembered:
    """An entry that was proven to stand at a place of the log."""

    index: int
    entry: bytes

    @property
    def decision(self) -> Decision | None:
        """The decision about how long the log is kept that it is; None where it is something else."""
        try:
            return read_decision(self.index, parse_leaf(self.entry))
        except LedgerError:
            return None


def require_within(remembered: Sequence[Remembered], size: int) -> None:
    """Require that the log reaches as far as each of them. Raises WrongError RECEIPT."""
    for each in remembered:
        if each.index >= size:
            raise WrongError(Wrong.RECEIPT, f"entry {each.index}")


def require_hashes(remembered: Sequence[Remembered], bundle: int, hashes: bytes, checked: Checked) -> None:
    """Require that those of this bundle are what its hashes are of, whether they are still there or not.

    Raises WrongError RECEIPT.
    """
    for each in remembered:
        if each.index // FULL != bundle:
            continue
        place = each.index % FULL * HASH_BYTES
        if hash_leaf(each.entry) != hashes[place : place + HASH_BYTES]:
            raise WrongError(Wrong.RECEIPT, f"entry {each.index}")
        checked.receipts += 1
