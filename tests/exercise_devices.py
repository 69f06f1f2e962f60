# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Devices of a crisis exercise, as the command makes them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tests.identities import IDENTITIES
from tests.platform import platform_as
from tests.receiver.devices import REALM
from vaka.database.server import Server
from vaka.tenants.authorities import Authority
from vaka.tenants.device_secrets import SecretDesk
from vaka.tenants.exercise_devices import ExerciseDevice, find_held_exercise, register_exercise_devices
from vaka.tenants.gateway import Gateway

ACTOR = "setup:uid-0"


async def make_devices(
    server: Server, authority: Authority, exercise: UUID, count: int = 1, *, now: datetime
) -> Sequence[ExerciseDevice]:
    """Make devices for an exercise that is held. Raises what that raises."""
    gateway = Gateway(server, "setup", [authority])
    tenant = await gateway.open_own_connection(authority.id, "test")
    try:
        async with platform_as(server, "setup") as platform:
            held = await find_held_exercise(platform, exercise, now)
            secrets = SecretDesk(authority.id, IDENTITIES, REALM, now)
            return await register_exercise_devices(tenant, platform, secrets, exercise, held, count, actor=ACTOR)
    finally:
        await tenant.close()
        await gateway.close()
