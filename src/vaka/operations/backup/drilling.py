# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The restore drill: a backup fetched from the site, restored where nothing is, measured, compared, and removed again.

The recovery point is what would have been lost had everything here burnt when the drill began; the recovery time runs
from then until a server on the restored data lets somebody in.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from vaka.clock import Clock
from vaka.keys.client import KeyClient
from vaka.operations.backup.comparing import Compared, compare, count_unsound, digest_tables, list_databases
from vaka.operations.backup.copying import restored_copy
from vaka.operations.backup.erasures import Replayed, replay_erasures
from vaka.operations.backup.logs import is_log_whole
from vaka.operations.backup.making import Installation, make_backup
from vaka.tenants.authorities import Authority


@dataclass(frozen=True, slots=True)
class Drilled:
    """What a drill found."""

    lost_seconds: int | None
    """The recovery point, measured; None where nothing was at the site before."""
    took_seconds: int
    """The recovery time, measured."""
    compared: Compared
    unsound: int
    """Whether an index or a table is not what it has to be."""
    logs: int
    """Logs that were verified."""
    logs_wrong: int
    replayed: Replayed

    @property
    def is_good(self) -> bool:
        """Whether what was restored is what it had to be."""
        wrong = self.compared.different + self.unsound + self.logs_wrong + self.replayed.opened
        return wrong == 0 and self.compared.tables > 0

    @property
    def facts(self) -> dict[str, str | int | bool | None]:
        """What the entry says of it."""
        return {
            "good": self.is_good, "lost_seconds": self.lost_seconds, "took_seconds": self.took_seconds,
            "unsound": self.unsound, "logs": self.logs, "logs_wrong": self.logs_wrong,
            **asdict(self.compared), **asdict(self.replayed),
        }  # fmt: skip


async def drill(
    installation: Installation, authorities: Sequence[Authority], client: KeyClient, clock: Clock,
    known: datetime | None, *, after_failure: bool = False,
) -> Drilled:  # fmt: skip
    """Restore the newest from the site, and look. `known` is up to when the site held everything before.

    Raises BackupFailedError, SiteSilentError, ConfigurationError, and what the keyholder answers.
    """
    began, live = clock.now(), installation.server
    before = digest_tables(live)
    # What is compared has to be of one moment; what is measured was at the site already.
    made = make_backup(installation, clock, after_failure=after_failure)
    after = digest_tables(live)
    start = clock.now()
    with restored_copy(installation, clock, snapshot=made.snapshot) as (copy, opened):
        compared = compare(before, after, digest_tables(copy.server))
        records = installation.root / "ledger"
        looked = [
            await is_log_whole(copy.server, live, database, records, clock.now())
            for database in list_databases(copy.server) if database.startswith("vaka_") and database != "vaka_keys"
        ]  # fmt: skip
        replayed = await replay_erasures(copy.server, authorities, client, clock.now())
        unsound = count_unsound(copy)
    return Drilled(
        None if known is None else max(0, round((began - known).total_seconds())),
        round((opened - start).total_seconds()), compared, unsound,
        sum(one is not None for one in looked), sum(one is False for one in looked), replayed,
    )  # fmt: skip
