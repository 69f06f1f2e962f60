# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Evidence as it is kept: looks that are added and never changed, and what the newest of them says."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from vaka.assurance.assessment import Contract, Standing
from vaka.assurance.terms import Requirement
from vaka.clock import read_clock_state
from vaka.database.connections import Connection
from vaka.database.queries import load_queries

QUERIES = load_queries("vaka.assurance")

FINE = "none"
"""The reason of what is met."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a look found of one authority, or of all alike."""

    authority_id: UUID | None
    reason: str = FINE
    """A code of what is wrong."""
    things: int = 0
    """How many things are wrong; what is met has none."""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything one look at a requirement found."""

    found: Sequence[Found]
    unseen: Collection[UUID] = ()
    """The authorities whose part could not be looked at: their evidence grows old, and then is red."""


@dataclass(frozen=True, slots=True)
class Supervised:
    """An authority whose terms are looked after."""

    id: UUID
    slug: str
    name: str
    contract: Contract


async def enter_look(connection: Connection, requirement: Requirement, look: Look, now: datetime) -> int:
    """Keep one look (as scheduler or setup), and tell the ledger of what is otherwise; return how much that is."""
    found = [
        {"authority": one.authority_id and str(one.authority_id), "reason": one.reason, "things": one.things}
        for one in look.found
    ]
    cursor = await connection.execute(
        QUERIES["enter_look"],
        {
            "requirement": requirement.id, "at": now, "clock": read_clock_state(),
            "every": requirement.looked_within,
            "found": Jsonb(found), "unseen": list(look.unseen),
        },
    )  # fmt: skip
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def read_standings(connection: Connection, authority_id: UUID) -> dict[str, Standing]:
    """Return what the newest evidence says of one authority, by requirement (as office, portal or setup)."""
    cursor = await connection.execute(QUERIES["list_evidence"], {"authority_id": authority_id})
    return {
        requirement: Standing(met, reason, since, seen, things)
        for requirement, met, reason, things, since, seen in await cursor.fetchall()
    }


async def list_supervised(connection: Connection) -> list[Supervised]:
    """Return the authorities with a contract, by short name (as office, portal, scheduler or setup).

    Of what is owed on request one thing is kept: the rules of its own, which an authority asks to be read by publishing
    them. What it agrees does not concern it is kept nowhere yet.
    """
    cursor = await connection.execute(QUERIES["list_contracts"])
    return [
        Supervised(
            identifier, slug, name, Contract(created_at, {} if ruled is None else {"authority-policies": ruled}, {})
        )
        for identifier, slug, name, created_at, ruled in await cursor.fetchall()
    ]
