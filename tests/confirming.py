# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Privileged acts as the portal does them for somebody who touched a key for exactly that: for tests of the rest."""

from datetime import datetime
from typing import Any
from uuid import UUID

from vaka.access import designation, ending, erasure, exporting, holds, requests
from vaka.access.principal import Principal
from vaka.access.requests import RequestVerdict
from vaka.database.connections import Connection
from vaka.identity.confirming import Act, Confirmation
from vaka.notices import ways
from vaka.notices.places import Place
from vaka.tenants.authorities import Authority
from vaka.tenants.erasure import Verdict


def touched(act: Act) -> Confirmation:
    """That a key was touched for this act."""
    return Confirmation(act.digest, touched=True)


async def place_hold(
    connection: Connection, who: Principal, authority: UUID, person: UUID, *, reason: str, now: datetime
) -> int:
    confirmation = touched(holds.placing_act(authority, person, reason))
    return await holds.place_hold(
        connection, who, authority, person, reason=reason, now=now, confirmation=confirmation
    )  # fmt: skip


async def lift_hold(
    connection: Connection, who: Principal, authority: UUID, person: UUID, *, reason: str, now: datetime
) -> int:
    confirmation = touched(holds.lifting_act(authority, person, reason))
    return await holds.lift_hold(connection, who, authority, person, reason=reason, now=now, confirmation=confirmation)


async def order_erasure(
    connection: Connection, who: Principal, authority: UUID, person: UUID, decision: str, *, now: datetime
) -> int:
    confirmation = touched(erasure.ordering_act(authority, person, decision))
    return await erasure.order_erasure(
        connection, who, authority, person, decision, now=now, confirmation=confirmation
    )  # fmt: skip


async def decide_erasure(
    connection: Connection, who: Principal, authority: UUID, order: UUID, verdict: Verdict, *, platform: Connection,
    now: datetime,
) -> int:  # fmt: skip
    confirmation = touched(erasure.deciding_act(authority, order, verdict))
    return await erasure.decide_erasure(
        connection, who, authority, order, verdict, platform=platform, now=now, confirmation=confirmation
    )


async def order_ending(
    connection: Connection, who: Principal, authority: UUID, decision: str, *, digest: str = "", no_export: str = "",
    now: datetime,
) -> int:  # fmt: skip
    confirmation = touched(ending.ordering_act(authority, decision, digest=digest, no_export=no_export))
    return await ending.order_ending(
        connection, who, authority, decision, digest=digest, no_export=no_export, now=now, confirmation=confirmation
    )


async def decide_ending(
    connection: Connection, who: Principal, authority: Authority, order: UUID, verdict: Verdict, *, wait_days: int,
    **more: Any,
) -> int:  # fmt: skip
    confirmation = touched(ending.deciding_act(authority.id, order, verdict, wait_days))
    return await ending.decide_ending(
        connection, who, authority, order, verdict, wait_days=wait_days, confirmation=confirmation, **more
    )


async def begin_export(
    connection: Connection, who: Principal, authority: UUID, export: UUID, reason: str, *, now: datetime
) -> int:
    confirmation = touched(exporting.export_act(authority, reason))
    return await exporting.begin_export(
        connection, who, authority, export, reason, now=now, confirmation=confirmation
    )  # fmt: skip


async def designate_role(
    connection: Connection, who: Principal, authority: UUID, role: str, holders: bytes, *, reason: str, now: datetime
) -> None:
    confirmation = touched(designation.designating_act(authority, role, holders, reason))
    await designation.designate_role(
        connection, who, authority, role, holders, reason=reason, now=now, confirmation=confirmation
    )


async def release_role(
    connection: Connection, who: Principal, authority: UUID, role: str, *, reason: str, now: datetime
) -> None:
    confirmation = touched(designation.releasing_act(authority, role, reason))
    await designation.release_role(
        connection, who, authority, role, reason=reason, now=now, confirmation=confirmation
    )  # fmt: skip


async def decide_request(
    connection: Connection, who: Principal, authority: UUID, request: UUID, digest: bytes, verdict: RequestVerdict, *,
    reason: str, now: datetime,
) -> None:  # fmt: skip
    confirmation = touched(requests.deciding_act(authority, request, digest, verdict, reason))
    await requests.decide_request(
        connection, who, authority, request, digest, verdict, reason=reason, now=now, confirmation=confirmation
    )


async def set_way(connection: Connection, who: Principal, authority: UUID, place: Place, *, now: datetime) -> UUID:
    confirmation = touched(ways.setting_act(authority, place))
    return await ways.set_way(connection, who, authority, place, now=now, confirmation=confirmation)


async def end_way(connection: Connection, who: Principal, authority: UUID, way: UUID, *, now: datetime) -> None:
    confirmation = touched(ways.ending_act(authority, way))
    await ways.end_way(connection, who, authority, way, now=now, confirmation=confirmation)


async def set_minutes(connection: Connection, who: Principal, authority: UUID, minutes: int, *, now: datetime) -> None:
    confirmation = touched(ways.minutes_act(authority, minutes))
    await ways.set_minutes(connection, who, authority, minutes, now=now, confirmation=confirmation)
