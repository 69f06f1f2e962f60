# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority that has decided what codes and passwords have to be: through the portal's own functions and roles."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from vaka.access.activation import ACTIVATION
from vaka.access.principal import Grant, Principal
from vaka.clock import SystemClock
from vaka.crypto.activation import FLOORS, Rules
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role, tenant_role
from vaka.identity.confirming import Confirmation
from vaka.identity.sessions import Session
from vaka.tenants.activation import list_rules
from vaka.tenants.authorities import Authority


def officer(authority: Authority) -> Principal:
    """A contract officer of an authority, who is nobody else."""
    now = SystemClock().now()
    session = Session(uuid4(), uuid4(), "authority", now, now + timedelta(hours=8), "Agneta", "user", "sv")
    return Principal(session, (Grant("contract_officer", authority.id, None),))


def device_rules(**changes: int | None) -> Rules:
    """The floor, but for what is asked of devices' passwords."""
    return {**FLOORS, "device_secret": replace(FLOORS["device_secret"], **changes)}  # type: ignore[arg-type]


def decide(server: Server, authority: Authority, rules: Rules) -> None:
    """Put rules in force: one officer proposes them, another approves."""
    asyncio.run(decide_now(server, authority, rules))


async def decide_now(server: Server, authority: Authority, rules: Rules) -> None:
    """The same, where a loop runs already."""
    now = SystemClock().now()
    role = tenant_role(authority.database_name, "portal")
    tenant = await open_connection(server, role, authority.database_name, application="test")
    platform = await open_connection(server, platform_role("portal"), PLATFORM_DATABASE, application="test")
    async with tenant, platform:
        proposal = await ACTIVATION.propose(
            tenant, officer(authority), authority.id, rules, reason="KS 2026/11", now=now
        )
        digest = next(one.digest for one in await list_rules(tenant) if one.id == proposal)
        touched = Confirmation(ACTIVATION.approval(authority.id, proposal, digest).digest, touched=True)
        await ACTIVATION.approve(
            tenant, officer(authority), authority.id, proposal, digest, platform=platform, now=now,
            confirmation=touched,
        )  # fmt: skip
