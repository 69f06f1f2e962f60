# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How backups stand, as the log tells it: what the commands themselves entered when they ran."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vaka.database.connections import Connection
from vaka.database.queries import load_queries

QUERIES = load_queries("vaka.operations.backup")


@dataclass(frozen=True, slots=True)
class Ran:
    """The newest run of a command that ended so."""

    at: datetime
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BackupStanding:
    """The newest runs, by command and whether they succeeded."""

    runs: Mapping[tuple[str, bool], Ran]

    def newest(self, command: str) -> Ran | None:
        """Return the newest run of a command that succeeded."""
        return self.runs.get((command, True))

    def has_failed_since(self, command: str) -> bool:
        """Whether the newest run of all was one that failed."""
        failed, done = self.runs.get((command, False)), self.runs.get((command, True))
        return failed is not None and (done is None or done.at < failed.at)

    @property
    def point(self) -> datetime | None:
        """Everything that was committed before can be restored from the site; None: nobody knows of anything."""
        made = self.newest("backup.now")
        if made is None:
            return None
        try:
            said = datetime.fromisoformat(str(made.facts["point"]))
        except (KeyError, ValueError):
            return None
        # What it says of itself is worth no more than the entry, which the database dated.
        return min(said, made.at) if said.tzinfo is not None else None


async def read_standing(connection: Connection, now: datetime) -> BackupStanding:
    """Read what the log says of backups (as scheduler, setup, portal or office)."""
    cursor = await connection.execute(QUERIES["read_backup_runs"], {"at": now})
    return BackupStanding(
        {
            (command, outcome == "success"): Ran(happened_at, {name: _plain(fact) for name, fact in detail.items()})
            for command, happened_at, outcome, detail in await cursor.fetchall()
        }
    )


def _plain(fact: object) -> object:
    """Return a fact as the command stated it: a sealed entry writes yes and no as words."""
    return {"true": True, "false": False}.get(fact, fact) if isinstance(fact, str) else fact
