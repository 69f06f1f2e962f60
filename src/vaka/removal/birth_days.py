# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whose records are kept for research: people born on the 5th, 15th or 25th of a month, where the authority says so.

The birth day is sealed under the person's key. Of whom it cannot be read nothing is removed: nobody knows whether it
would have had to be kept.
"""

from collections.abc import Collection, Mapping
from datetime import date
from enum import Enum
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from vaka.crypto.aead import UnopenableError
from vaka.database.queries import load_queries
from vaka.keys.calls import MOST_SUBJECTS
from vaka.keys.keyring import AuthorityKeys
from vaka.tenants.gateway import Gateway

QUERIES = load_queries("vaka.removal")

KEPT_DAYS = frozenset({5, 15, 25})
_DATE_DIGITS = (10, 12)
"""Digits of a personal number: YYMMDDNNNN or YYYYMMDDNNNN."""
_COORDINATION = 60
"""What is added to the day in a coordination number (samordningsnummer)."""


class Birth(Enum):
    """What is known of somebody's birth day."""

    KEPT = "kept"
    OTHER = "other"
    UNREADABLE = "unreadable"
    """The key is not there, or neither date nor number is."""


def judge(born_on: date | None, personal_number: str) -> Birth:
    """Say whether somebody's records are kept. Where date and number disagree, one that keeps them is enough. Pure."""
    digits = "".join(sign for sign in personal_number if sign.isascii() and sign.isdigit())
    days = set() if born_on is None else {born_on.day}
    if len(digits) in _DATE_DIGITS:
        day = int(digits[-6:-4])
        days.add(day - _COORDINATION if day > _COORDINATION else day)
    if not days:
        return Birth.UNREADABLE
    return Birth.KEPT if days & KEPT_DAYS else Birth.OTHER


async def read_births(
    gateway: Gateway, keys: AuthorityKeys, authority: UUID, people: Collection[UUID]
) -> Mapping[UUID, Birth]:
    """Return what is known of each (as portal or scheduler). Who is not in the register is UNREADABLE.

    Rows are read first and opened when the connection is given back. Raises KeysUnavailableError,
    DatabaseUnavailableError.
    """
    found = dict.fromkeys(people, Birth.UNREADABLE)
    ids = sorted(found)
    for first in range(0, len(ids), MOST_SUBJECTS):
        page = ids[first : first + MOST_SUBJECTS]
        async with gateway.transaction(authority) as tenant, tenant.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(QUERIES["read_births"], {"ids": page})
            rows = await cursor.fetchall()
        if not rows:
            continue
        await keys.hold([row["id"] for row in rows])
        for row in rows:
            found[row["id"]] = _judge_row(keys, row)
    return found


def judge_all(births: Mapping[UUID, Birth], people: Collection[UUID]) -> Birth:
    """Say it of everybody that one thing is about. Pure."""
    each = {births.get(person, Birth.UNREADABLE) for person in people}
    for worst in (Birth.KEPT, Birth.UNREADABLE):
        if worst in each:
            return worst
    return Birth.OTHER


def _judge_row(keys: AuthorityKeys, row: Mapping[str, Any]) -> Birth:
    try:
        opened = keys.open_row("person", str(row["id"]), row["id"], row)
    except UnopenableError:
        return Birth.UNREADABLE
    return judge(opened["born_on"], opened["personal_number"] or "")
