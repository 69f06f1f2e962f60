# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Entries that are gone, and the one excuse there is for it: the authority let them go, in the log, and they were old.

What is missing comes before what the log says of it, so nothing is judged until everything has been read.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from vaka.ledger.errors import LedgerError
from vaka.ledger.events import Event
from vaka.ledger.findings import Checked, Wrong, WrongError
from vaka.ledger.leaves import parse_leaf
from vaka.ledger.retention import Decision, Pruning, find_in_force, read_decision, read_pruning

EVENTS = (Event.RETENTION_SET, Event.LEDGER_PRUNED)
"""What is looked for among the entries."""
_MARKS = tuple(b'},"event":"%b","id":' % event.value.encode() for event in EVENTS)

Vouch = Callable[[Pruning], None]
"""Raises WrongError where the witnesses did not see early enough what an entry says was removed."""


class Removals:
    """What is missing of one log, and what its entries say of that."""

    def __init__(self, least_days: int | None, known: Sequence[Decision] = ()) -> None:
        """`least_days` is what whoever verifies knows to have been decided, whatever the log says; of the decisions
        that are `known` he has receipts. These count until a later one of them, whatever the log says in between.
        """
        self._least_days = least_days
        self._known = sorted(known, key=lambda each: each.index)
        self._count = 0
        self._last = -1
        self._first_path = ""
        self._last_path = ""
        self._decisions: list[Decision] = []
        self._prunings: list[Pruning] = []

    def miss(self, first: int, count: int, path: str) -> None:
        """Note that `count` entries from number `first` on are not in the file at `path`, or it is not there."""
        self._first_path = self._first_path or path
        self._last_path = path
        self._count += count
        self._last = first + count - 1

    def look(self, first: int, entries: Sequence[bytes | None]) -> None:
        """Pick out the entries that speak of removal."""
        for index, entry in enumerate(entries, first):
            if entry is None or not any(mark in entry for mark in _MARKS):
                continue
            try:
                leaf = parse_leaf(entry)
            except LedgerError:
                raise WrongError(Wrong.LEAF, f"entry {index}") from None
            decision, pruning = read_decision(index, leaf), read_pruning(index, leaf)
            if decision is not None:
                self._decisions.append(decision)
            if pruning is not None:
                self._prunings.append(pruning)

    def judge(self, resumed_at: bytes, beat: int | None, vouch: Vouch, checked: Checked) -> None:
        """Require that all that is missing was let go. `resumed_at` is when the first entry after it was written, and
        `beat` the place of the first heartbeat after it: that says whether all decisions are there.

        The newest entry that covers it decides; where that one is wrong, an earlier one may be right.
        """
        if not self._count:
            return
        # What is said to be removed begins with the first entry of all: the last that is missing is not said to be.
        wrong = WrongError(Wrong.MISSING, self._last_path if self._prunings else self._first_path)
        there = {each.index for each in self._decisions}
        self._decisions += [each for each in self._known if each.index not in there]
        self._decisions.sort(key=lambda each: each.index)
        for pruning in self._prunings:
            if pruning.end > self._last:
                try:
                    decision = self._require_decision(pruning, datetime.fromisoformat(resumed_at.decode()))
                    if beat is None or beat > pruning.index:
                        raise WrongError(Wrong.BEAT, f"entry {pruning.index}")
                    vouch(pruning)
                except WrongError as error:
                    wrong = error
                else:
                    checked.removed, checked.kept_days = self._count, pruning.days
                    checked.decision, checked.decided_by = decision.index, decision.actor
                    checked.decided_at = decision.at.isoformat(timespec="seconds").replace("+00:00", "Z")
                    return
        raise wrong

    def _require_decision(self, pruning: Pruning, resumed_at: datetime) -> Decision:
        where = f"entry {pruning.index}"
        in_force = find_in_force(self._decisions, pruning.at, pruning.index)
        decision = next((each for each in self._decisions if each.index == pruning.policy), None)
        if in_force is None or decision is None or decision.days != pruning.days:
            raise WrongError(Wrong.UNDECIDED, where)
        if pruning.days < max(in_force.days, self._least_days or 0):
            raise WrongError(Wrong.TOO_SOON, f"{where} ({pruning.days} days)")
        proven = find_in_force(self._known, pruning.at, pruning.index)
        if proven is not None and pruning.days < proven.days:
            words = f"{pruning.days} days, {proven.days} by the receipt of entry {proven.index}"
            raise WrongError(Wrong.TOO_SOON, f"{where} ({words})")
        if resumed_at > pruning.at - timedelta(days=pruning.days):
            raise WrongError(Wrong.TOO_SOON, f"{where} ({resumed_at.isoformat()})")
        return decision
