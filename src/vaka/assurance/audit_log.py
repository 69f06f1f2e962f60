# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Populations that an auditor freezes out of the authority's own log (term 37): every entry of an event in the
time that is looked at. An item is the event and the entry's place; what it is, the hash by which the tree holds it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from vaka.access.decide import require
from vaka.access.principal import Principal
from vaka.assurance.audit_acts import AUDITING, MOST_DRAWN, AuditError
from vaka.assurance.audit_samples import OWN_LOG, Drawn, Population
from vaka.assurance.audits import Audit
from vaka.assurance.evidence import QUERIES
from vaka.database.connections import Connection
from vaka.identifiers import new_identifier
from vaka.ledger.events import Event
from vaka.ledger.reading import read_entry, read_state
from vaka.ledger.search import Place, Wanted, find_entries
from vaka.ledger.standing import require_standing
from vaka.ledger.tree import hash_leaf

MOST_ITEMS = 20_000
_AT_ONCE = 2_000
EVENTS = tuple(sorted(event.value for event in Event))
"""What can be frozen: one event at a time."""


async def freeze_log(
    platform: Connection, tenant: Connection, principal: Principal, one: Audit, event: str, wanted: int,
    *, now: datetime,
) -> UUID:  # fmt: skip
    """Freeze the entries of an event, as portal; return the population.

    Raises NotAllowedError, NothingHereError, AuditError, LedgerStandsStillError.
    """
    require(principal, AUDITING, one.authority_id)
    if event not in EVENTS or not 1 <= wanted <= MOST_DRAWN:
        raise AuditError("text")
    size = (await read_state(tenant)).size
    items = await _read_items(tenant, one, event, size)
    population = new_identifier(now)
    values = {
        "population": population, "id": one.id, "event": event, "items": list(items), "hashes": list(items.values()),
        "size": size, "wanted": wanted, "by": principal.account_id, "now": now,
    }  # fmt: skip
    async with platform.transaction():
        row = await (await platform.execute(QUERIES["freeze_audit_log"], values)).fetchone()
        said = "gone" if row is None else str(row[0])
        if said != "done":
            raise AuditError(said)
        await require_standing(platform, now)
    return population


async def _read_items(tenant: Connection, one: Audit, event: str, size: int) -> Mapping[str, str]:
    """Return what there is, item by item. Raises AuditError where there is too much, or one was changed."""
    wanted, before = Wanted(one.looks_from, one.looks_until, [event]), None
    items: dict[str, str] = {}
    while hits := await find_entries(tenant, wanted, size=size, most=_AT_ONCE, before=before):
        for hit in hits:
            if hit.data is None or not hit.agrees:
                raise AuditError("altered")
            items[f"{event}/{hit.index}"] = hash_leaf(hit.data).hex()
        if len(items) > MOST_ITEMS:
            raise AuditError("large")
        before = Place(hits[-1].happened_at, hits[-1].index)
    return items


async def compare_with_log(
    tenant: Connection, populations: Sequence[Population], drawn: Mapping[UUID, Sequence[Drawn]]
) -> dict[UUID, list[Drawn]]:
    """Return what was drawn, with what the entries of the authority's log among it are now."""
    of_log = {one.id for one in populations if one.source == OWN_LOG}
    compared = {}
    for population, items in drawn.items():
        compared[population] = [
            replace(one, now_sha256=await _hash_now(tenant, one.item)) if population in of_log else one for one in items
        ]
    return compared


async def _hash_now(tenant: Connection, item: str) -> str | None:
    entry = await read_entry(tenant, int(item.rpartition("/")[2]))
    return None if entry is None else entry.hash.hex()
