# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Erasures, carried out again in a restored copy (terms 6 and 24): nobody who was erased since can be read in it, and
whoever came back with it is deleted as the scheduler would delete him."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.sql import SQL, Identifier

from vaka.database.server import SUPERUSER, Server, tenant_role
from vaka.keys.client import KeyClient
from vaka.tenants.attempting import Outcome, Question, try_reading
from vaka.tenants.authorities import QUERIES, Authority


@dataclass(frozen=True, slots=True)
class Replayed:
    """How it went, of all authorities."""

    returned: int = 0
    """People who were erased and were in the copy."""
    opened: int = 0
    """How much of them could be read: nothing, or the erasure was none."""
    removed: int = 0
    """Of how many everything was deleted from the copy again."""
    waiting: int = 0
    """Who stays for the while: somebody helps him, or a legal hold keeps him."""


async def replay_erasures(
    copy: Server,
    authorities: Sequence[Authority],
    client: KeyClient,
    now: datetime,
    *,
    place: Callable[[str], str] = str,
) -> Replayed:
    """Try to read everybody who was erased, then delete them again; `place` says in which database an authority's is.

    Raises psycopg.Error, and what KeyClient raises.
    """
    returned = opened = removed = 0
    for authority in authorities:
        database = place(authority.database_name)
        if await client.ended(authority.id) is not None:
            question = Question(component="setup", authority=authority.id, database=database, person=None)
            opened += _count_opened(await try_reading(copy, question, client))
            continue
        gone = await client.erased(authority.id)
        with psycopg.connect(copy.conninfo(SUPERUSER, database, application="vaka-backup"), autocommit=True) as tenant:
            tenant.execute("set default_transaction_read_only = off")
            tenant.execute("set search_path = vaka")
            there = [row[0] for row in tenant.execute(QUERIES["find_returned"], {"ids": list(gone)}).fetchall()]
            returned += len(there)
            for person in there:
                question = Question(component="setup", authority=authority.id, database=database, person=person)
                opened += _count_opened(await try_reading(copy, question, client))
            # The entry of it may be the scheduler's alone.
            role = Identifier(tenant_role(authority.database_name, "scheduler"))
            tenant.execute(SQL("set session authorization {}").format(role))
            for person in there:
                about = {"person": person, "order": gone[person], "now": now}
                row = tenant.execute(QUERIES["remove_erased_again"], about).fetchone()
                removed += bool(row and row[0])
    return Replayed(returned, opened, removed, returned - removed)


def _count_opened(counts: Mapping[str, int]) -> int:
    return Outcome.model_validate({"backup": "tried", **counts}).opened
