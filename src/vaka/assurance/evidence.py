# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Evidence as it is kept: looks that are added and never changed, and what the newest of them says."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.types.json import Jsonb

from vaka.assurance.assessment import Contract, Standing
from vaka.assurance.terms import Requirement, load_terms
from vaka.clock import read_clock_state
from vaka.database.connections import Connection
from vaka.database.queries import load_queries

QUERIES = load_queries("vaka.assurance")

FINE = "none"
"""The reason of what is met."""


ON_REQUEST = ("exercise-requests", "exercise-hours")
"""What is owed once an authority has asked for a crisis exercise."""
ONCE_RULED = "authority-policies"
"""What is owed once an authority has published rules of its own."""
RULES_GRACE = timedelta(days=30)
"""How long somebody has to acknowledge an authority's rule, from when it holds or he began to work there."""


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


async def list_served(connection: Connection) -> list[UUID]:
    """Return the authorities with a contract, whatever they have asked for (as office, portal, scheduler or setup)."""
    return [row[0] for row in await (await connection.execute(QUERIES["list_contracts"])).fetchall()]


async def list_supervised(connection: Connection, now: datetime) -> list[Supervised]:
    """Return the authorities with a contract, by short name, with what each had asked for by a moment.

    As office, portal, scheduler or setup.
    """
    asked, left_out = await _read_asked(connection, now), await _read_left_out(connection, now)
    cursor = await connection.execute(QUERIES["list_contracts"])
    return [
        Supervised(one, slug, name, Contract(created_at, asked.get(one, {}), left_out.get(one, {})))
        for one, slug, name, created_at in await cursor.fetchall()
    ]


async def _read_left_out(connection: Connection, now: datetime) -> dict[UUID, dict[int, datetime]]:
    """Return which terms do not concern which authority at a moment, and since when it has agreed to that."""
    left_out: dict[UUID, dict[int, datetime]] = {}
    cursor = await connection.execute(QUERIES["list_left_out"], {"at": now})
    for authority_id, term, since in await cursor.fetchall():
        left_out.setdefault(authority_id, {})[term] = since
    return left_out


async def _read_asked(connection: Connection, now: datetime) -> dict[UUID, dict[str, datetime]]:
    """Return since when which authority asks, at a moment, for what is owed on request, by requirement.

    Of term 36 an authority asks by asking for an exercise, and that its rules are read by publishing them; of the
    others in a question to the supplier.
    """
    asked: dict[UUID, dict[str, datetime]] = {}
    cursor = await connection.execute(QUERIES["list_asked"], {"at": now})
    for authority_id, number, since in await cursor.fetchall():
        on_request = (one for term in load_terms() if term.number == number for one in term.requirements if one.asked)
        otherwise = (*ON_REQUEST, ONCE_RULED)
        asked.setdefault(authority_id, {}).update((one.id, since) for one in on_request if one.id not in otherwise)
    cursor = await connection.execute(QUERIES["list_ruled"], {"at": now})
    for authority_id, since in await cursor.fetchall():
        asked.setdefault(authority_id, {})[ONCE_RULED] = since
    cursor = await connection.execute(QUERIES["list_asked_exercises"], {"at": now})
    for authority_id, since in await cursor.fetchall():
        asked.setdefault(authority_id, {}).update(dict.fromkeys(ON_REQUEST, since))
    return asked
