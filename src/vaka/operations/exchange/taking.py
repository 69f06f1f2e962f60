# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Taking in what a partner sends, once; and keeping that something was refused, and why, without what stood in it.

As registry. A message is used up before it is carried out: what breaks in between has no effect, and is sent anew with
another nonce.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.decide import NothingHereError
from vaka.access.keeping import ChangedMeanwhileError, open_person
from vaka.database.connections import Connection
from vaka.database.queries import load_queries
from vaka.identifiers import new_identifier
from vaka.keys.keyring import AuthorityKeys
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.operations.exchange.guard import Agreement, Arrived, MessageRefusedError, Reason, judge
from vaka.tenants.kept_people import read_kept
from vaka.tenants.people import Contact
from vaka.tenants.person_changes import change_people

QUERIES = load_queries("vaka.operations.exchange")


async def find_agreement(platform: Connection, authority_id: UUID, partner: UUID) -> Agreement | None:
    """Return what is agreed with a partner, where an agreement is in force with this authority."""
    async with platform.cursor(row_factory=class_row(Agreement)) as cursor:
        await cursor.execute(QUERIES["find_partner"], {"partner": partner, "authority_id": authority_id})
        return await cursor.fetchone()


async def use_up(platform: Connection, authority_id: UUID, partner: UUID, message: Arrived, now: datetime) -> None:
    """Judge a message, and remember it so that it is never taken in again. Raises MessageRefusedError."""
    nonce = judge(message, await find_agreement(platform, authority_id, partner), now)
    values = {
        "partner": partner, "authority_id": authority_id, "now": now, "id": new_identifier(now), "nonce": nonce,
        "sha256": hashlib.sha256(message.body).digest(), "size": len(message.body),
    }  # fmt: skip
    row = await (await platform.execute(QUERIES["take_exchange"], values)).fetchone()
    if row is None or not row[0]:
        raise MessageRefusedError(Reason.REPEATED)


async def keep_refusal(
    platform: Connection, authority_id: UUID, partner: UUID, reason: Reason, body: bytes, now: datetime
) -> Entry | None:
    """Keep that a message was refused; return the entry that belongs in the authority's own log.

    What names no partner in force is counted by the day; its first has an entry.
    """
    digest = hashlib.sha256(body).digest()
    values = {
        "id": new_identifier(now), "authority_id": authority_id, "partner": partner, "reason": reason.value,
        "sha256": digest, "size": len(body), "now": now,
    }  # fmt: skip
    row = await (await platform.execute(QUERIES["refuse_exchange"], values)).fetchone()
    if row is None or not row[0]:
        return None
    facts: dict[str, str | int | bool | None] = {"reason": reason.value, "sha256": digest.hex(), "octets": len(body)}
    return Entry(Event.EXCHANGE_REFUSED, "registry", now, f"partner:{partner}", succeeded=False, detail=facts)


async def change_contacts(
    tenant: Connection, keys: AuthorityKeys, partner: UUID, person: UUID, contacts: Sequence[Contact], now: datetime
) -> bool:
    """Make whom to ring about a person what a partner says; return whether anything changed. All else stays as it is.

    On the registry's connection, in no transaction. Raises MessageRefusedError where there is no such person,
    ChangedMeanwhileError, LedgerStandsStillError, KeysUnavailableError, and what the keyholder refuses.
    """
    try:
        before, version = await open_person(tenant, keys, person)
    except NothingHereError:
        raise MessageRefusedError(Reason.CONTENT) from None

    async def require_unchanged() -> None:
        if [one.version for one in await read_kept(tenant, [person], lock=True)] != [version]:
            raise ChangedMeanwhileError

    anew = replace(before, contacts=tuple(contacts))
    actor = f"partner:{partner}"
    return await change_people(tenant, keys, [anew], actor=actor, now=now, before_writing=require_unchanged) == 1
