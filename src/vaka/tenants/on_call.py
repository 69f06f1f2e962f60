# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom the desk calls where nobody answers a life alarm: the authority's on-call telephone."""

from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged
from vaka.tenants.authorities import QUERIES


async def register_on_call(
    tenant: psycopg.AsyncConnection[Any], authority_id: UUID, phone: str, *, actor: str, now: datetime
) -> bool:
    """Register the number where there is none yet, and return whether that was so; ``tenant`` is a setup connection.

    The number itself is not written in the ledger.
    """
    async with tenant.transaction():
        done = await tenant.execute(QUERIES["keep_on_call_phone"], {"phone": phone})
        if done.rowcount == 0:
            return False
        entry = Entry(Event.POLICY_CHANGED, actor, now, f"authority:{authority_id}", detail={"on_call_phone": True})
        await append_privileged(tenant, [entry])
    return True
