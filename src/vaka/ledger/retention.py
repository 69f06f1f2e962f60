# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How long a log's entries are kept (term 25): the authority decides, in the log itself, and nothing goes before that.

The database holds to the same rules by itself (ledger.retention_at, announce_pruning, prune). Here they are what the
verifier judges by, which trusts neither.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vaka.ledger.events import Event
from vaka.ledger.leaves import Leaf

SHORTEST_DAYS = 400
"""A year can be gone through when it has passed: yearly reports are compared with the log they were made of."""
SUGGESTED_DAYS = 730
"""What a page proposes. Until an authority decides, everything is kept."""
LONGEST_DAYS = 36_500
NOTICE = timedelta(days=30)
"""So long a shorter time is announced before it lets anything go."""
DECIDED_BY = re.compile(r"\w+_portal")
"""The login role of the component that serves an authority's own people; no other may write the decision."""
REMOVED_BY = re.compile(r"\w+_sequencer")


@dataclass(frozen=True, slots=True)
class Decision:
    """The authority's word, as it stands in the log."""

    index: int
    at: datetime
    days: int
    actor: str


@dataclass(frozen=True, slots=True)
class Pruning:
    """What an entry says was removed: everything before `end` that no later verification needs."""

    index: int
    at: datetime
    end: int
    days: int
    policy: int
    """The place of the decision that it rests on."""
    checkpoint: int
    """The size of the checkpoint by whose signatures what was removed was old enough."""


def read_decision(index: int, leaf: Leaf) -> Decision | None:
    """Return the decision that an entry is; None where it is none, or not the authority's."""
    days = leaf.detail.get("days")
    if not _is(leaf, Event.RETENTION_SET, DECIDED_BY) or not isinstance(days, int):
        return None
    return Decision(index, leaf.written_at, days, leaf.actor) if SHORTEST_DAYS <= days <= LONGEST_DAYS else None


def read_pruning(index: int, leaf: Leaf) -> Pruning | None:
    """Return what an entry says was removed; None where it says nothing of the kind, or is not the sequencer's."""
    if not _is(leaf, Event.LEDGER_PRUNED, REMOVED_BY):
        return None
    numbers = [leaf.detail.get(name) for name in ("last", "days", "policy", "checkpoint")]
    last, days, policy, checkpoint = (number if isinstance(number, int) else -1 for number in numbers)
    if min(last, days, policy, checkpoint) < 0 or last >= index:
        return None
    return Pruning(index, leaf.written_at, last + 1, days, policy, checkpoint)


def find_in_force(decisions: Sequence[Decision], at: datetime, before: int) -> Decision | None:
    """Return what an entry at place `before`, written at `at`, must rest on; None where nothing may be removed.

    It is the longest of all that was in force at any moment of the NOTICE before. So a shorter time is announced, a
    longer one holds at once, and a decision can be taken back before anything has happened. `decisions` are in the
    order of the log.
    """
    earlier = [decision for decision in decisions if decision.index < before]
    settled = [decision.index for decision in earlier if decision.at <= at - NOTICE]
    if not settled:
        return None
    return max((each for each in earlier if each.index >= settled[-1]), key=lambda each: (each.days, -each.index))


def _is(leaf: Leaf, event: Event, writer: re.Pattern[str]) -> bool:
    return leaf.event == event.value and leaf.outcome == "success" and writer.fullmatch(leaf.written_by) is not None
