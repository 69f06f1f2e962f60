# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is verified again and again in catalogues, logs, keys and processes: 11, 12, 14–16, 18, 19, 25, 30, 31."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

from vaka.access.published_roles import list_decided, read_published
from vaka.assurance.acts import count_untouched, find_overdue_secrets, list_touches
from vaka.assurance.asking_databases import Collector, Place, ask_everywhere, ask_platform, find_in_platform
from vaka.assurance.endpoints import count_strange_offers, list_endpoints
from vaka.assurance.evidence import Found, Look
from vaka.assurance.flow_evidence import find_expired, find_ports
from vaka.assurance.machine import NotLookedAtError, count_open_processes, count_plain_secrets, count_secrets_in
from vaka.assurance.own_evidence import find_by_statement
from vaka.assurance.rights import find_reach, find_rights
from vaka.assurance.running_parts import count_strange_parts
from vaka.crypto.policy import load_policy
from vaka.database.connections import Connection, transaction
from vaka.errors import VakaError

ROTATED_WITHIN = timedelta(days=1)
"""An authority's key is replaced within the hour when it is due; the root key by hand."""
REPLACED_KINDS = ("root", "authority")
"""Kinds of keys that are replaced when they are due. People's keys and those of lookups are wrapped anew under the new
one then and stay what they are, until somebody is erased: their age says nothing.
"""


async def _find_untouched(place: Place, now: datetime) -> Look:
    """Whether whoever did a privileged act touched a key for it, and everybody has to (term 15)."""
    async with transaction(place.platform) as connection:
        everywhere = await list_touches(connection, now)

    async def ask(connection: Connection, authority_id: UUID, now: datetime) -> Found:
        touches = [*everywhere, *await list_touches(connection, now)]
        async with transaction(place.platform) as platform:
            untouched = await count_untouched(platform, touches, now)
        if untouched:
            return Found(authority_id, "untouched", untouched)
        weakened = place.settings.access.step_up != "required"
        return Found(authority_id, "weakened", 1) if weakened else Found(authority_id)

    return await ask_everywhere(ask, place, now)


async def find_sources(place: Place, now: datetime) -> Look:
    """Whether what happens leaves its entries, and receivers are heard (term 25)."""
    machines = {"machines": place.settings.receiver.machines}
    everywhere = await find_in_platform("find_silent_sources", place, now, machines)

    async def ask(connection: Connection, authority_id: UUID, now: datetime) -> Found:
        own = await find_by_statement("find_untold_alarms", {}, connection, authority_id, now)
        return next((Found(authority_id, reason, things) for _, reason, things in everywhere), own)

    return await ask_everywhere(ask, place, now)


async def find_secrets_in_use(place: Place, now: datetime) -> Look:
    """Whether secrets of devices that were flagged are changed in time (term 16)."""

    async def ask(connection: Connection, authority_id: UUID, now: datetime) -> Found:
        async with transaction(place.platform) as platform:
            return await find_overdue_secrets(platform, connection, authority_id, now)

    return await ask_everywhere(ask, place, now)


async def _find_rights(place: Place, _now: datetime) -> Look:
    """Whether the databases' rights are those that are published (term 14)."""
    return await find_rights(place.platform, place.gateway, place.authorities)


async def _find_reach(place: Place, now: datetime) -> Look:
    """Whether each authority's database and log are reached by roles of its own only (term 31)."""
    return await find_reach(place.platform, place.gateway, place.authorities, place.settings.ledger.log_name, now)


async def find_unhoused(place: Place, now: datetime) -> Look:
    """Whether each machine stands in a hall of the register, and backups in another (term 19)."""
    database = place.settings.database
    elsewhere = [] if database.embedded else [one for one in database.host.split(",") if not one.startswith("/")]
    return await ask_platform("find_unhoused", place, now, machines=[place.machine, *elsewhere])


async def _find_late_keys(place: Place, now: datetime) -> Look:
    """Whether each key that others are wrapped under was replaced by its day (term 18).

    An authority of which the keyholder has no key is unseen.
    """
    if place.keys is None:
        return Look([], place.authorities)
    try:
        keys = [one for one in (await place.keys.register()).keys if one.state != "destroyed"]
    except VakaError:
        return Look([], place.authorities)
    replaced = [one for one in keys if one.kind in REPLACED_KINDS]
    late = [one.owner for one in replaced if one.rotate_by is None or one.rotate_by + ROTATED_WITHIN < now]
    owners = {str(authority_id) for authority_id in place.authorities}
    of_all = sum(owner not in owners for owner in late)
    found = []
    for authority_id in place.authorities:
        if any((one.kind, one.owner) == ("authority", str(authority_id)) for one in keys):
            things = of_all + late.count(str(authority_id))
            found.append(Found(authority_id, "late", things) if things else Found(authority_id))
    return Look(found, set(place.authorities) - {one.authority_id for one in found})


def _of_machine(reason: str, count: Callable[[Place, Path, datetime], int | None]) -> Collector:
    """Return what counts something on this machine, of the installation in its data directory, which concerns every
    authority alike, at a moment. What cannot be looked at is unseen.
    """

    async def ask(place: Place, now: datetime) -> Look:
        try:
            things = None if place.root is None else await asyncio.to_thread(count, place, place.root, now)
        except (OSError, ValueError, NotLookedAtError):
            things = None
        if things is None:
            return Look([], place.authorities)
        # Of each by itself: of what concerns all alike, none can be said to be unseen.
        return Look([Found(one, reason, things) if things else Found(one) for one in place.authorities])

    return ask


def _count_other_rights(place: Place, _root: Path, _now: datetime) -> int:
    return len(read_published(place.program) ^ list_decided())


def _count_strange_offers(place: Place, _root: Path, _now: datetime) -> int:
    return count_strange_offers(list_endpoints(place.settings), load_policy().tls)


MACHINE_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "plain-secrets": _of_machine("plain", lambda place, root, _now: count_plain_secrets(root, place.proc)),
        "secret-scan": _of_machine("found", lambda place, _root, _now: count_secrets_in(place.program)),
        "unit-hardening": _of_machine("open", lambda place, root, _now: count_open_processes(root, place.proc)),
        "running-parts": _of_machine("strange", lambda place, root, _now: count_strange_parts(root, place.proc)),
        "role-matrix": _of_machine("differ", _count_other_rights),
        "keys-due": _find_late_keys,
        "endpoint-scan": _of_machine("offers", _count_strange_offers),
        "certificate-days": find_expired,
        "listening-ports": find_ports,
    }
)
"""What asks the machine, its endpoints and the keyholder."""

RIGHTS_COLLECTORS: Mapping[str, Collector] = MappingProxyType(
    {
        "database-rights": _find_rights,
        "database-separation": _find_reach,
        "step-up": _find_untouched,
    }
)
"""What compares the databases' catalogues, and their logs, with what is to be so."""
