# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is due, how long it is kept, and how what was measured stands to what was agreed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from vaka.settings_backup import BackupSettings

Kind = Literal["full", "diff", "incr"]
KINDS: tuple[Kind, ...] = ("full", "diff", "incr")
_GRACE = timedelta(minutes=2)
"""A timer that is a little early does not wait a whole round."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup of the databases in the repository."""

    label: str
    kind: Kind
    began: datetime
    ended: datetime
    whole: bool
    """Whether pgBackRest saw no wrong page while it was copied."""
    segment: str = ""
    """The first segment of the log that it needs."""


def find_due(backups: Sequence[Backup], settings: BackupSettings, now: datetime) -> Kind | None:
    """Return which kind of backup is due, what is largest first; None: the archive alone is enough."""
    every = {
        "full": timedelta(days=settings.full_days),
        "diff": timedelta(hours=settings.differential_hours),
        "incr": timedelta(hours=settings.incremental_hours),
    }
    for position, kind in enumerate(KINDS):
        # A larger one does for a smaller one.
        made = [one.ended for one in backups if one.kind in KINDS[: position + 1]]
        if not made or now - max(made) >= every[kind] - _GRACE:
            return kind
    return None


def count_days_kept(backups_kept_days: int, settings: BackupSettings) -> int:
    """Return for how many days the repository keeps backups, so that nothing is anywhere for longer than is said.

    A full backup goes when another is as old as this; until then a further one is made, and the site keeps what it was
    given for some days after that.
    """
    return max(1, backups_kept_days - settings.full_days - settings.site_days - 1)
