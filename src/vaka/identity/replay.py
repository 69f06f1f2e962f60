# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The register of accounts once more, out of the log alone (term 12): whatever is different was not told of.

What an account's human is called and which language he reads stand in no entry, and are not compared. A change by hand
is told of but says nothing of what was changed: an account after it is what the register says or it is not, and shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.database.queries import load_queries
from vaka.ledger.events import Event
from vaka.ledger.leaves import Leaf
from vaka.ledger.search import identifier_in

QUERIES = load_queries("vaka.identity")

_STATES = {
    Event.ACCOUNT_DEACTIVATED.value: "deactivated", Event.ACCOUNT_REACTIVATED.value: "active",
    Event.ACCOUNT_REMOVED.value: "removed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """What entries tell of an account, and the register says."""

    id: UUID
    kind: str
    state: str
    created_at: datetime
    ends_at: datetime | None
    last_signed_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the register and the log tell of an account differently."""

    account: UUID
    fact: str
    """``register`` where it is in one of the two only."""
    told: str
    """What the log says; empty where it says nothing."""
    found: str
    """What the register says."""
    by_hand: bool
    """Whether the log tells that somebody changed a row about it by hand."""


async def read_register(connection: psycopg.AsyncConnection[Any]) -> list[Standing]:
    """Return every account as the register has it (as setup)."""
    async with connection.cursor(row_factory=class_row(Standing)) as cursor:
        await cursor.execute(QUERIES["list_standings"])
        return await cursor.fetchall()


def replay(leaves: Iterable[Leaf]) -> tuple[dict[UUID, Standing], set[UUID]]:
    """Return the accounts that these entries, the oldest first, make, and those of which one says "by hand"."""
    made: dict[UUID, Standing] = {}
    by_hand: set[UUID] = set()
    for leaf in leaves:
        is_sign_in = leaf.event == Event.SESSION_STARTED.value
        account = identifier_in(leaf.actor if is_sign_in else leaf.object)
        if account is None or leaf.outcome != "success":
            continue
        if leaf.event == Event.ROW_CHANGED_BY_HAND.value and leaf.object.startswith("account:"):
            by_hand.add(account)
        elif leaf.event == Event.ACCOUNT_CREATED.value:
            made[account] = Standing(account, str(leaf.detail.get("kind", "")), "active", leaf.at, None, None)
        elif account in made:
            made[account] = _change(made[account], leaf)
    return made, by_hand


def _change(account: Standing, leaf: Leaf) -> Standing:
    if leaf.event in _STATES:
        # Whichever way it went, the day on which it would have ended is over.
        return replace(account, state=_STATES[leaf.event], ends_at=None)
    if leaf.event == Event.ACCOUNT_CHANGED.value:
        until = leaf.detail.get("valid_until")
        return replace(account, ends_at=None if until is None else datetime.fromisoformat(str(until)))
    if leaf.event == Event.SESSION_STARTED.value:
        return replace(account, last_signed_in_at=leaf.at)
    return account


def compare(leaves: Iterable[Leaf], register: Iterable[Standing]) -> list[Difference]:
    """Return every difference between what entries tell, the oldest first, and the register."""
    told, by_hand = replay(leaves)
    found = {one.id: one for one in register}
    differences = []
    for account in sorted(told.keys() | found.keys()):
        ours, theirs, hand = told.get(account), found.get(account), account in by_hand
        if ours is None or theirs is None:
            differences.append(
                Difference(account, "register", "" if ours is None else ours.state,
                           "" if theirs is None else theirs.state, hand)
            )  # fmt: skip
            continue
        for fact in ("kind", "state", "created_at", "ends_at", "last_signed_in_at"):
            one, other = _text(getattr(ours, fact)), _text(getattr(theirs, fact))
            if one != other:
                differences.append(Difference(account, fact, one, other, hand))
    return differences


def _text(value: str | datetime | None) -> str:
    """Return a fact as both tell it: days on which accounts end are told of to the second."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    return value or ""
