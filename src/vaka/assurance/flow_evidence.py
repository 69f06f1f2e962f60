# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether each socket that others can reach stands in the register of flows, and which certificates end (term 30)."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from vaka.assurance.asking_databases import Place
from vaka.assurance.endpoints import list_endpoints, list_shown
from vaka.assurance.evidence import Found, Look
from vaka.assurance.machine import NotLookedAtError
from vaka.database.connections import transaction
from vaka.operations.flows.certificates import read_certificates
from vaka.operations.flows.register import WRONG, judge, list_flows
from vaka.operations.flows.reporting import (
    MachineFlows,
    ToldCertificate,
    list_machine_flows,
    report_certificates,
    report_flows,
)
from vaka.operations.flows.sockets import NotListedError, list_reachable

TOLD_OF_FOR = timedelta(days=1)
"""How long what a machine told counts that nobody has named, when it tells no more: it may have been taken away."""


async def find_ports(place: Place, now: datetime) -> Look:
    """Look at this machine's sockets, tell of them, and count what is wrong on every machine that tells or has to."""
    try:
        listening = await asyncio.to_thread(list_reachable, place.proc)
    except (OSError, ValueError, IndexError, NotListedError):
        return Look([], place.authorities)
    flows = list_flows(place.settings)
    findings = judge(listening, flows, now)
    opened: set[tuple[str, int]] = {(one.transport, one.port) for one in listening}
    async with transaction(place.platform) as connection:
        await report_flows(connection, place.machine, flows, opened, findings)
        told = {one.machine: one for one in await list_machine_flows(connection)}
    expected = {place.machine, *place.settings.clock.machines}
    silent = {one for one in expected - {place.machine} if one not in told or told[one].is_silent(now)}
    # One that nobody has named has sockets all the same (that nobody has named it, its clock tells).
    counted = [one for one in told.values() if one.machine in expected or _told_lately(one, now)]
    reasons = [str(two["reason"]) for one in counted for two in one.wrong]
    if reasons:
        worst = next(one for one in WRONG if one in reasons)
        return Look([Found(one, worst, len(reasons)) for one in place.authorities])
    if silent:
        return Look([Found(one, "silent", len(silent)) for one in place.authorities])
    return Look([Found(one) for one in place.authorities])


async def find_expired(place: Place, now: datetime) -> Look:
    """Look at the certificates that endpoints show and that lie in the data directory, tell of them, count those over;
    and of those that other machines have told of.

    One that ends soon is told of in the log of the process and on the pages: nothing is wrong yet.
    """
    try:
        if place.root is None:
            raise NotLookedAtError
        told = await asyncio.to_thread(_list_certificates, place, place.root)
    except (OSError, ValueError, NotLookedAtError):
        return Look([], place.authorities)
    async with transaction(place.platform) as connection:
        await report_certificates(connection, place.machine, told)
        others = [one for one in await list_machine_flows(connection) if one.machine in place.settings.clock.machines]
    told += [two for one in others if one.machine != place.machine for two in one.certificates]
    standings = [one.standing(now) for one in told]
    if "soon" in standings:
        structlog.get_logger().warning("certificates end soon", count=standings.count("soon"))
    expired = standings.count("expired")
    return Look([Found(one, "expired", expired) if expired else Found(one) for one in place.authorities])


def _told_lately(one: MachineFlows, now: datetime) -> bool:
    return one.looked_at is not None and abs(now - one.looked_at) <= TOLD_OF_FOR


def _list_certificates(place: Place, root: Path) -> list[ToldCertificate]:
    """Raises OSError, and NotLookedAtError where no endpoint is to be asked, or one does not answer."""
    found = [
        ToldCertificate(f"{one.host}:{one.port}", shown.not_valid_before_utc, shown.not_valid_after_utc)
        for one, shown in list_shown(list_endpoints(place.settings))
    ]
    return [*found, *read_certificates(root)]
