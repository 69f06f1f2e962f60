# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether a ledger stands: privileged acts ask before they are done, alarms never do.

That an entry could be appended is not enough. Appended and not sealed, it can still be taken away without a trace by
whoever has the database; so nobody changes accounts, roles, registers or rules, and nobody takes data out, while the
log is not being sealed. What is appended meanwhile about alarms waits in the inbox, and is sealed when the log goes on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row

from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.entries import Entry, append_many
from vaka.ledger.stored import QUERIES, Connection

LONGEST_SILENCE = timedelta(minutes=2)
"""A log that works is signed anew at least every minute, also when nothing happens."""
LONGEST_BEGINNING = timedelta(hours=1)
"""How long an installation may be furnished before its sequencer seals anything for the first time."""


class LedgerStandsStillError(VakaError):
    """The log is not being sealed: its sequencer is stopped, its signer has halted, or its database is an old copy."""

    def __init__(self) -> None:
        super().__init__(
            Category.UNAVAILABLE,
            Sentence(
                sv="Liggaren förseglas inte just nu, och så länge går det inte att göra det här. Inget har ändrats. "
                "Larm tas emot, visas och avslutas som vanligt. Be driften se över liggaren och försök sedan igen.",
                en="The ledger is not being sealed at the moment, and until it is, this cannot be done. Nothing was "
                "changed. Alarms are received, shown and closed as usual. Have operations look at the ledger, then try "
                "again.",
            ),
        )


@dataclass(frozen=True, slots=True)
class LedgerNews:
    """What a database knows of its log."""

    sealed_at: datetime | None
    """When it was last signed; where it was sealed and not signed yet, when it was sealed."""
    waiting_since: datetime | None
    """Since when the oldest entry waits that is not sealed."""

    def stands(self, now: datetime) -> bool:
        """Whether the log is being sealed, as far as can be told at `now`.

        A checkpoint of the future says that two clocks disagree, and nothing of what it would say otherwise. A log that
        is signed again and again and takes in nothing of what waits does not stand.
        """
        longest = LONGEST_BEGINNING if self.sealed_at is None else LONGEST_SILENCE
        if self.waiting_since is not None and now - self.waiting_since > longest:
            return False
        return self.sealed_at is None or abs(now - self.sealed_at) <= LONGEST_SILENCE


async def read_news(connection: Connection) -> LedgerNews:
    """Read when the log of this database was last sealed (as whoever may execute ledger.standing)."""
    async with connection.cursor(row_factory=class_row(LedgerNews)) as cursor:
        await cursor.execute(QUERIES["standing"])
        news = await cursor.fetchone()
    if news is None:
        raise LookupError("ledger.standing gives one row")
    return news


async def require_standing(connection: Connection, now: datetime) -> None:
    """Raise LedgerStandsStillError where the log of this database is not being sealed.

    Ask inside the transaction of a privileged act, after its change and before its entry: what changes nothing needs
    no leave, and what is refused is rolled back.
    """
    if not (await read_news(connection)).stands(now):
        raise LedgerStandsStillError


async def append_privileged(connection: Connection, entries: Sequence[Entry]) -> None:
    """Append the entries of privileged acts, in the transaction of their changes; none where nothing was changed.

    Raises LedgerStandsStillError where the log is not being sealed: then nothing of the transaction may be kept.
    """
    if entries:
        await require_standing(connection, entries[0].happened_at)
        await append_many(connection, entries)
