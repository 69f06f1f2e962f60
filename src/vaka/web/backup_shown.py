# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What authority and supplier are shown of backups beside term 24: what was agreed, what was measured, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from vaka.database.connections import Connection
from vaka.operations.backup.standing import read_standing
from vaka.settings_backup import BackupSettings


@dataclass(frozen=True, slots=True)
class BackupShown:
    """How backups stand for one authority. None where nobody knows."""

    agreed_point: timedelta
    agreed_time: timedelta
    point: datetime | None
    """Up to when everything can be restored from the other site."""
    drilled: datetime | None
    """When a backup was last restored and was what it had to be."""
    measured_point: timedelta | None
    """What would have been lost then."""
    measured_time: timedelta | None
    """How long restoring took then."""
    checked: datetime | None
    """When it was last looked whether they are whole, encrypted and beyond reach."""
    is_encrypted: bool
    is_apart: bool
    """Whether the site took nothing back then."""


async def read_backup(connection: Connection, settings: BackupSettings, slug: str, now: datetime) -> BackupShown:
    """Return how backups stand for an authority (as portal or office)."""
    standing = await read_standing(connection, now)
    drill, check = standing.newest("backup.drill"), standing.newest("backup.check")
    is_good = drill is not None and drill.facts.get("good") is True
    agreed_point, agreed_time = settings.agreed_with(slug)
    measured = drill.facts if drill is not None and is_good else {}
    return BackupShown(
        agreed_point, agreed_time, standing.point,
        drill.at if drill is not None and is_good else None,
        _seconds(measured.get("lost_seconds")), _seconds(measured.get("took_seconds")),
        None if check is None else check.at,
        check is not None and check.facts.get("unencrypted") == 0,
        check is not None and check.facts.get("append_only") is True,
    )  # fmt: skip


def _seconds(fact: object) -> timedelta | None:
    return timedelta(seconds=fact) if isinstance(fact, int) else None
