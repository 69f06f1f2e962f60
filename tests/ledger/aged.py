# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A log that is years old: written by a database whose clock is set back, sealed and cosigned by the same clock."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from tests.ledger.sample import WITNESSES
from tests.ledger.sealed import ORIGIN, LogHouse
from vaka.clock import SystemClock, TurnedClock
from vaka.database.server import SUPERUSER
from vaka.ledger.cosignatures import Policy, WitnessKey
from vaka.ledger.deciding import set_retention
from vaka.ledger.entries import Entry, append_many
from vaka.ledger.events import Event
from vaka.ledger.notes import Note, SignatureLine
from vaka.ledger.pruning import Pruner
from vaka.ledger.sealing import Prove

POLICY = Policy((WitnessKey.parse(WITNESSES[0].key.encode()),), 1)
REASON = "KS 2024/17"


class Cosigner:
    """A witness that signs whatever it is shown, by the clock of the day."""

    def __init__(self, clock: TurnedClock) -> None:
        self._clock = clock
        self.name = WITNESSES[0].name

    async def cosign(self, note: Note, prove: Prove) -> Sequence[SignatureLine]:
        return [WITNESSES[0].cosign(note.text, int(self._clock.now().timestamp()))]


@dataclass
class AgedLog:
    """A log in a real database, and what day it is there."""

    house: LogHouse
    clock: TurnedClock

    @classmethod
    def begun(cls, house: LogHouse, days_ago: int) -> "AgedLog":
        aged = cls(house, TurnedClock(SystemClock().now() - timedelta(days=days_ago)))
        aged._set_back()
        return aged

    def turn(self, *, days: float) -> None:
        """Let time pass for everyone."""
        self.clock.turn(days * 86_400)
        self._set_back()

    async def write(self, count: int) -> None:
        """Write so many entries, in a session of its own."""
        async with self.house.as_("desk") as desk, desk.transaction():
            await append_many(
                desk, [Entry(Event.ALARM_READ, "account:1", self.clock.now(), f"alarm:{n}") for n in range(count)]
            )

    async def decide(self, days: int, reason: str = REASON) -> int:
        """Decide as the authority; returns the entry's number in the inbox."""
        async with self.house.as_("portal") as portal:
            return await set_retention(portal, decision(days, self.clock.now(), reason))

    async def seal(self) -> None:
        """Start a sequencer, seal and sign what waits, and end it."""
        sealing = self.house.sealing(self.clock, Cosigner(self.clock))
        async with self.house.as_("sequencer") as connection:
            await sealing.make_round(connection)
            while self.house.waiting():
                await sealing.make_round(connection)

    async def prune(self) -> int:
        """Start a sequencer that looks for what is old enough; return how many entries it removed."""
        async with self.house.as_("sequencer") as connection:
            return await Pruner(ORIGIN, self.clock).make_round(connection)

    def indexes(self) -> list[int]:
        """Which entries there are."""
        with self.house.superuser() as onlooker:
            return [n for (n,) in onlooker.execute("select index from ledger.log_entry order by index").fetchall()]

    @contextmanager
    def forger(self) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        """As who can do anything, with the triggers off."""
        with self.house.superuser(unguarded=True) as superuser:
            yield superuser

    def forge(self, event: str, detail: str, *, role: str = "sequencer", outcome: str = "success") -> None:
        """Put an entry into the inbox by hand that says it was written by another."""
        name = f"{self.house.authority.database_name}_{role}"
        with self.forger() as superuser:
            superuser.execute(
                "insert into ledger.inbox (happened_at, event, actor, outcome, detail, written_by)"
                " values (now(), %s, 'account:1', %s, %s, %s)",
                (event, outcome, detail, name),
            )

    def _set_back(self) -> None:
        seconds = (SystemClock().now() - self.clock.now()).total_seconds()
        now = f"(clock_timestamp() - interval '{seconds} seconds')"
        with self.house.superuser() as superuser:
            assert superuser.info.user == SUPERUSER
            superuser.execute(f"alter table ledger.inbox alter written_at set default {now}".encode())
            superuser.execute(
                f"""alter table ledger.inbox alter source set default coalesce(
                nullif(current_setting('ledger.source', true), ''),
                set_config('ledger.source', to_hex((extract(epoch from {now}) * 1000000)::bigint) || '-'
                                            || to_hex(pg_backend_pid()), false))""".encode()
            )


def decision(days: int, now: datetime, reason: str = REASON) -> Entry:
    """What a page writes when somebody of the authority decides."""
    return Entry(Event.RETENTION_SET, "account:1", now, "authority:1", detail={"days": days, "reason": reason})
