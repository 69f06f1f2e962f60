# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Holding what the keyholder remembers of editions against the sealed log (as scheduler).

Whoever writes something anew enters by which edition, in the same transaction. Where he was stopped before he could
settle that, it is settled here. Where the keyholder knows of no such edition, its database was put back, or changed:
then what is old would open again, and it is told of, and mended.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog

from vaka.keys.calls import NEWEST_EDITION
from vaka.keys.client import KeyClient
from vaka.ledger.entries import Entry, append_many
from vaka.ledger.errors import LedgerError
from vaka.ledger.events import Event
from vaka.ledger.leaves import parse_leaf
from vaka.tenants.authorities import QUERIES
from vaka.tenants.gateway import Gateway

CONFIRMING_SECONDS = 60.0
"""How often new entries are read; what was settled by whoever wrote it is long settled then."""
WHOLE_SECONDS = 86_400.0
"""How often the whole log is read, from its beginning: also what was in order once may have been put back."""
_AT_ONCE = 20_000
"""Entries looked through in one statement."""
_WRITERS = ("_setup", "_registry")
"""Whose entries are believed, by the role that wrote them."""


class Written(NamedTuple):
    """The newest edition of an object, as the log says it."""

    named: str
    """The object, as entries name it."""
    number: int


class Confirming:
    """Makes the rounds over authorities' logs."""

    def __init__(self, gateway: Gateway, client: KeyClient) -> None:
        self._gateway = gateway
        self._client = client
        self._read_to: dict[UUID, int] = {}
        self._whole_at: dict[UUID, datetime] = {}
        self._turn = 0
        """Of the newest change the keyholder told of."""
        self._put_back = 0
        """How often its turns went back."""
        self._odd: set[UUID] = set()
        """Authorities whose log holds an entry that names nothing with editions: said once for each."""

    async def confirm(self, authority: UUID, now: datetime) -> int:
        """Settle what the log says was written since the last time; return of how many the keyholder knew nothing.

        Raises DatabaseUnavailableError and what KeyClient raises; then it is tried again at the next round.
        """
        await self._look_at_turn()
        put_back, whole_at = self._put_back, self._whole_at.get(authority)
        is_whole = whole_at is None or (now - whole_at).total_seconds() >= WHOLE_SECONDS
        start, lost = 0 if is_whole else self._read_to[authority], 0
        while True:
            written, end, size = await self._read(authority, start)
            if written:
                lost += await self._settle(authority, written, now)
            start = end
            if end >= size:
                break
        self._read_to[authority] = start
        if is_whole and put_back == self._put_back:
            self._whole_at[authority] = now
        return lost

    async def _look_at_turn(self) -> None:
        """Have every log read wholly where the keyholder's database was put back: what is lost is not known."""
        turn = (await self._client.state()).turn
        if turn < self._turn:
            self._put_back += 1
            self._whole_at.clear()
        self._turn = turn

    async def _read(self, authority: UUID, start: int) -> tuple[Mapping[UUID, Written], int, int]:
        """Return the newest edition of each object in a stretch of the log, its end, and the log's."""
        async with self._gateway.transaction(authority) as tenant:
            head = await (await tenant.execute(QUERIES["read_log_size"])).fetchone()
            size = 0 if head is None else int(head[0])
            end = min(start + _AT_ONCE, size)
            rows = await (await tenant.execute(QUERIES["list_editions"], {"start": start, "end": end})).fetchall()
        written: dict[UUID, Written] = {}
        for (data,) in rows:
            try:
                leaf = parse_leaf(bytes(data))
            except LedgerError:  # edited in place: the verifier finds it
                continue
            edition = leaf.detail.get("edition")
            # Whoever may append entries may write such a one; it tells of what those wrote who write anything anew.
            if edition is None or not leaf.written_by.endswith(_WRITERS):
                continue
            thing = _identify(leaf.object)
            if thing is None or not isinstance(edition, int) or not 0 < edition <= NEWEST_EDITION:
                self._tell_odd(authority)
            elif thing not in written or edition > written[thing].number:
                written[thing] = Written(leaf.object, edition)
        return written, end, size

    def _tell_odd(self, authority: UUID) -> None:
        """Say that an entry is passed over: one that says what cannot be must not end the watch over all others."""
        if authority not in self._odd:
            self._odd.add(authority)
            structlog.get_logger().error("an entry names an edition that cannot be", authority=str(authority))

    async def _settle(self, authority: UUID, written: Mapping[UUID, Written], now: datetime) -> int:
        issued = await self._read_issued(authority)
        lost = {one for one, told in written.items() if told.number > issued.get(one, 0)}
        # Settling mends it, and then nobody could tell any more: whoever is stopped in between must have told of it.
        await self._tell_lost(authority, written, lost, now)
        numbers = {one: told.number for one, told in written.items()}
        late = set(await self._client.settle_editions(authority, numbers)) - lost
        await self._tell_lost(authority, written, late, now)
        return len(lost) + len(late)

    async def _read_issued(self, authority: UUID) -> Mapping[UUID, int]:
        """Return the newest edition of each object that the keyholder has issued.

        It is asked anew each time, since what it once said may have been put back; and after the log was read, whose
        editions were issued before they were entered.
        """
        issued, turn = dict[UUID, int](), 0
        while told := await self._client.editions(turn):
            issued |= {one.object: one.issued for one in told if one.authority == authority}
            turn = told[-1].turn
        return issued

    async def _tell_lost(
        self, authority: UUID, written: Mapping[UUID, Written], lost: Collection[UUID], now: datetime
    ) -> None:
        entries = [
            Entry(Event.EDITION_LOST, "scheduler", now, told.named, succeeded=False, detail={"edition": told.number})
            for one, told in written.items()
            if one in lost
        ]
        if entries:
            async with self._gateway.transaction(authority) as tenant:
                await append_many(tenant, entries)


def _identify(named: str) -> UUID | None:
    """Return the identifier of an object that an entry names; None where it has none."""
    try:
        return UUID(named.partition(":")[2])
    except ValueError:
        return None
