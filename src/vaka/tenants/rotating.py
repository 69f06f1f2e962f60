# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Replacing keys whose time has come (term 18): an authority's key, by the date in the register of keys.

Nobody has to stop working: what is sealed stays as it is, and the keys of people are wrapped anew. The root key is
replaced by hand (`vaka key rotate-root`), because whoever keeps the one copy of it elsewhere must be there.
"""

from datetime import datetime
from uuid import UUID

from vaka.keys.client import KeyClient
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged, require_standing
from vaka.tenants.gateway import Gateway

ROTATION_SECONDS = 3600.0
"""How often it is looked whether a key is due to be replaced."""


async def rotate_due(gateway: Gateway, client: KeyClient, authority: UUID, now: datetime) -> int:
    """Replace the authority's key where it is due; return whether it was, as a number.

    The log is asked first and told afterwards: the key lies in no database that has one. Raises LedgerStandsStillError,
    DatabaseUnavailableError and what KeyClient raises; then it is tried again at the next round.
    """
    mine = [one for one in (await client.register()).keys if (one.kind, one.owner) == ("authority", str(authority))]
    if not any(one.state == "due" for one in mine):
        return 0
    async with gateway.transaction(authority) as tenant:
        await require_standing(tenant, now)
    done = await client.rotate(authority)
    facts = {"destroyed": done.key_destroyed, "generation": done.generation, "rewrapped": done.rewrapped}
    entry = Entry(Event.KEY_ROTATED, "scheduler", now, f"key:authority:{done.key_new}", detail=facts)
    async with gateway.transaction(authority) as tenant:
        await append_privileged(tenant, [entry])
    return 1
