# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Removing what is old enough in one authority: page by page, each batch a short transaction with its entries.

A batch names what it means; the database looks again whether a rule in force lets each go, and passes over what is
open, held, or being worked with. Nothing is remembered between batches but how far one has come, so a crash costs
nothing: the next night begins at the oldest again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row, dict_row

from vaka.clock import Clock
from vaka.keys.client import KeysUnavailableError
from vaka.keys.keyring import Keyring
from vaka.ledger.standing import require_standing
from vaka.removal.birth_days import QUERIES, Birth, judge_all, read_births
from vaka.removal.rules import InForce
from vaka.tenants.gateway import Gateway

MOST_AT_ONCE = 500
"""Things in one transaction; the database takes at most 1,000."""
REST_SECONDS = 0.1
"""Between two transactions at least; otherwise as long as the last one took, so that half of the time is others'."""


@dataclass(frozen=True, slots=True)
class _Thing:
    thing: UUID
    at: datetime
    people: Sequence[UUID]
    held: bool


@dataclass(slots=True)
class Tally:
    """What became of one kind in a night."""

    removed: int = 0
    alarms: int = 0
    messages: int = 0
    notes: int = 0
    exempt: int = 0
    unreadable: int = 0
    held: int = 0
    busy: int = 0
    """Left for another night, because somebody worked with it."""


@dataclass(slots=True)
class Night:
    """What a night did."""

    kinds: dict[str, Tally] = field(default_factory=dict)
    complete: bool = True
    """Whether everything was looked at; otherwise the next attempt goes on."""
    keys_missing: bool = False
    """Whether birth days could not be read because nobody hands out keys."""

    def total(self, what: str) -> int:
        """Return the sum of one count over all kinds."""
        return sum(int(getattr(tally, what)) for tally in self.kinds.values())

    def as_json(self) -> dict[str, dict[str, int]]:
        """Return the counts as the database keeps them."""
        return {kind: asdict(tally) for kind, tally in self.kinds.items()}


class Removing:
    """Removes, in any authority, what its rules in force let go."""

    def __init__(self, gateway: Gateway, keyring: Keyring, clock: Clock, is_over: Callable[[], bool]) -> None:
        self._gateway = gateway
        self._keyring = keyring
        self._clock = clock
        self._is_over = is_over
        """Asked between two batches: whether the night, or the process, ends."""

    async def work(self, authority: UUID, rules: Mapping[str, InForce]) -> Night:
        """Go through every kind that has a rule. Raises LedgerStandsStillError, DatabaseUnavailableError."""
        night = Night({kind: Tally() for kind in sorted(rules)})
        for kind, tally in night.kinds.items():
            try:
                finished = await self._remove_kind(authority, rules[kind], tally)
            except KeysUnavailableError:
                night.keys_missing, finished = True, False
            night.complete = night.complete and finished
        return night

    async def _remove_kind(self, authority: UUID, rule: InForce, tally: Tally) -> bool:
        after: _Thing | None = None
        while not self._is_over():
            begun = self._clock.monotonic()
            page = await self._list(authority, rule.kind, after)
            free = await self._judge(authority, rule, page, tally)
            if free:
                await self._remove(authority, rule.kind, free, tally)
            if len(page) < MOST_AT_ONCE:
                return True
            after = page[-1]
            await asyncio.sleep(max(REST_SECONDS, self._clock.monotonic() - begun))
        return False

    async def _list(self, authority: UUID, kind: str, after: _Thing | None) -> list[_Thing]:
        values = {
            "kind": kind, "after": after and after.at, "after_id": after and after.thing, "most": MOST_AT_ONCE
        }  # fmt: skip
        async with (
            self._gateway.transaction(authority) as tenant,
            tenant.cursor(row_factory=class_row(_Thing)) as cursor,
        ):
            await cursor.execute(QUERIES["list_removable"], values)
            return await cursor.fetchall()

    async def _judge(self, authority: UUID, rule: InForce, page: Sequence[_Thing], tally: Tally) -> list[UUID]:
        free = [thing for thing in page if not thing.held]
        births: Mapping[UUID, Birth] = {}
        if rule.exempt and free:
            asked = {person for thing in free for person in thing.people}
            births = await read_births(self._gateway, self._keyring.of(authority), authority, asked)
        tally.held += len(page) - len(free)
        if not rule.exempt:
            return [thing.thing for thing in free]
        found = {thing.thing: judge_all(births, thing.people) for thing in free}
        tally.exempt += sum(birth is Birth.KEPT for birth in found.values())
        tally.unreadable += sum(birth is Birth.UNREADABLE for birth in found.values())
        return [thing for thing, birth in found.items() if birth is Birth.OTHER]

    async def _remove(self, authority: UUID, kind: str, things: Sequence[UUID], tally: Tally) -> None:
        async with self._gateway.transaction(authority) as tenant, tenant.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(QUERIES["remove_data"], {"kind": kind, "things": list(things)})
            done: dict[str, Any] | None = await cursor.fetchone()
            # What is removed while nobody seals could be removed without a trace of it.
            await require_standing(tenant, self._clock.now())
        if done is None:
            raise LookupError("remove_data gives one row")
        tally.removed += done["things"]
        tally.alarms += done["alarms"]
        tally.messages += done["messages"]
        tally.notes += done["notes"]
        tally.busy += len(things) - done["things"]
