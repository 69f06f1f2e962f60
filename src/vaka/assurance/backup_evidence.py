# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the log and the register say of backups (term 24): how old the newest is, whether one was restored, whether the
site is apart. Judged by what was agreed with each authority."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from vaka.assurance.asking_databases import Collector, Place
from vaka.assurance.evidence import Found, Look
from vaka.assurance.terms import find_requirements, load_terms
from vaka.database.connections import transaction
from vaka.operations.backup.standing import QUERIES, BackupStanding, read_standing

CHECKED_WITHIN = timedelta(hours=26)
"""How old a check of repository and site may be: it is made each night, perhaps later than the night before."""
DRILL = "restore-drill"


async def find_late_points(place: Place, now: datetime) -> Look:
    """Whether the newest that can be restored is as new as was agreed with each authority."""
    point = (await _read(place, now)).point
    if point is None:
        return Look([Found(one, "missing", 1) for one in place.authorities])
    found = []
    for one in place.authorities:
        longest, _ = place.settings.backup.agreed_with(place.gateway.authority(one).slug)
        found.append(Found(one, "late", _minutes(now - point)) if now - point > longest else Found(one))
    return Look(found)


async def find_undrilled(place: Place, now: datetime) -> Look:
    """Whether a backup was restored not too long ago, was what it had to be, and in time for each authority."""
    standing, every = await _read(place, now), find_requirements(load_terms())[DRILL].every
    done = standing.newest("backup.drill")
    if standing.has_failed_since("backup.drill"):
        return Look([Found(one, "failed", 1) for one in place.authorities])
    if done is None:
        return Look([Found(one, "missing", 1) for one in place.authorities])
    wrong = sum(int(done.facts.get(one) or 0) for one in ("different", "unsound", "logs_wrong", "opened"))
    found = []
    for one in place.authorities:
        point, time = place.settings.backup.agreed_with(place.gateway.authority(one).slug)
        took, lost = (_seconds(done.facts.get(name)) for name in ("took_seconds", "lost_seconds"))
        if done.facts.get("good") is not True:
            found.append(Found(one, "different", max(wrong, 1)))
        elif took is None or lost is None:  # nothing was at the site before: what would be lost was not measured
            found.append(Found(one, "missing", 1))
        elif took > time:
            found.append(Found(one, "slow", _minutes(took)))
        elif lost > point:
            found.append(Found(one, "lost", _minutes(lost)))
        else:
            found.append(Found(one, "overdue", 1) if now - done.at > every else Found(one))
    return Look(found)


async def find_reachable_backups(place: Place, now: datetime) -> Look:
    """Whether the backups are whole, encrypted, beyond the reach of production, and in another hall."""
    standing = await _read(place, now)
    done = standing.newest("backup.check")
    if standing.has_failed_since("backup.check"):
        return Look([Found(None, "unreadable", 1)])
    if done is None or now - done.at > CHECKED_WITHIN:
        return Look([Found(None, "missing", 1)])
    for name, reason in (("damaged", "damaged"), ("unencrypted", "plain")):
        if things := int(done.facts.get(name) or 0):
            return Look([Found(None, reason, things)])
    if done.facts.get("append_only") is not True:
        return Look([Found(None, "erasable", 1)])
    async with transaction(place.platform) as connection:
        cursor = await connection.execute(QUERIES["is_backup_apart"], {"machine": str(done.facts.get("site") or "")})
        apart = await cursor.fetchone()
    return Look([Found(None) if apart == (True,) else Found(None, "together", 1)])


async def _read(place: Place, now: datetime) -> BackupStanding:
    async with transaction(place.platform) as connection:
        return await read_standing(connection, now)


def _seconds(fact: object) -> timedelta | None:
    return timedelta(seconds=int(str(fact))) if str(fact).isdecimal() else None


def _minutes(span: timedelta) -> int:
    return max(1, int(span.total_seconds() // 60))


BACKUP_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "recovery-point": find_late_points,
        DRILL: find_undrilled,
        "backup-separation": find_reachable_backups,
    }
)
"""What asks the log of what backups did."""
