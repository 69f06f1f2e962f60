# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What databases say of who may do what, against what is published (term 14), and of who reaches whose (term 31).

The catalogue of a running server is one side, the page of grants (``grants.sql``) and the names of login roles are the
other. Whoever gives a right by hand changes the first and not the second. The key database lets nobody in who looks:
that it is the keyholder's alone is seen from who may connect to it, and its own grants are not looked at.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from vaka.assurance.evidence import QUERIES, Found, Look
from vaka.database.connections import Connection, Pool, transaction
from vaka.database.migrate import COMPONENTS, KEYHOLDER, Kind
from vaka.database.provision import tenant_logins
from vaka.database.published import Right, published_rights
from vaka.database.server import (
    KEY_DATABASE,
    KEYHOLDER_ROLE,
    PLATFORM_DATABASE,
    SUPERUSER,
    platform_role,
)
from vaka.errors import VakaError
from vaka.ledger.checkpoints import parse_checkpoint
from vaka.ledger.errors import LedgerError
from vaka.ledger.notes import parse_note
from vaka.tenants.gateway import Gateway

MOST_RIGHTS = 20_000
"""Rights read of a database: it has some hundreds. With more it is not what is published, whatever the rest be."""
MOST_PAIRS = 10_000
"""Memberships, and pairs of a role and a database that it may connect to."""
_MOST_CHECKPOINTS = 100


async def find_rights(platform: Pool, gateway: Gateway, authorities: Iterable[UUID]) -> Look:
    """Compare the rights in the platform's and in every authority's database with those that are published (term 14).

    What is wrong with a role, or in the platform's database, is wrong for every authority.
    """
    async with transaction(platform) as connection:
        everywhere = await _compare(connection, "platform")
        powers = await _count_powers(connection)
    found, unseen = [], []
    for authority_id in authorities:
        try:
            async with gateway.transaction(authority_id) as connection:
                own = await _compare(connection, "tenant")
        except VakaError:
            unseen.append(authority_id)
            continue
        more, fewer = (here + there for here, there in zip(everywhere, own, strict=True))
        reason, things = next(
            ((reason, things) for reason, things in (("powers", powers), ("more", more), ("fewer", fewer)) if things),
            ("none", 0),
        )
        found.append(Found(authority_id, reason, things))
    return Look(found, unseen)


async def _compare(connection: Connection, kind: Kind) -> tuple[int, int]:
    """Return how many rights there are beyond those published, and how many of those published are not there."""
    cursor = await connection.execute(QUERIES["list_rights"], {"most": MOST_RIGHTS})
    there, published = {Right(*row) for row in await cursor.fetchall()}, published_rights(kind)
    return len(there - published), len(published - there)


async def _count_powers(connection: Connection) -> int:
    """Count roles that can do more than their rights say, and memberships that are not a process's in its own group."""
    row = await (await connection.execute(QUERIES["count_powerful"], {"superuser": SUPERUSER})).fetchone()
    logins = [{component: platform_role(component) for component in COMPONENTS}]
    logins += [tenant_logins(database) for database in (await _databases(connection)).values()]
    ours = {(role, f"g_{component}", False) for one in logins for component, role in one.items()}
    ours.add((KEYHOLDER_ROLE, f"g_{KEYHOLDER}", False))
    cursor = await connection.execute(QUERIES["list_memberships"], {"most": MOST_PAIRS})
    memberships = {(member, group, passes_on) for member, group, passes_on in await cursor.fetchall()}
    return (0 if row is None else int(row[0])) + len(memberships - ours)


async def find_reach(
    platform: Pool, gateway: Gateway, authorities: Iterable[UUID], log_name: Callable[[str], str], now: datetime
) -> Look:
    """Find who may connect to an authority's database and is none of its roles, which of its roles may connect to
    another, and whether the log in it is its own (term 31).
    """
    async with transaction(platform) as connection:
        databases = await _databases(connection)
        shared = [*databases.values(), PLATFORM_DATABASE, KEY_DATABASE]
        cursor = await connection.execute(QUERIES["list_reach"], {"databases": shared, "most": MOST_PAIRS})
        reach = await cursor.fetchall()
    found, unseen = [], []
    for authority_id in authorities:
        try:
            database = databases[authority_id]
            origin = log_name(gateway.authority(authority_id).slug)
            async with gateway.transaction(authority_id) as connection:
                strange = await _count_strange_notes(connection, origin, now)
        except (VakaError, KeyError):
            unseen.append(authority_id)
            continue
        crossed = _count_crossed(reach, database, tenant_logins(database).values())
        reason = "reached" if crossed else "log" if strange else "none"
        found.append(Found(authority_id, reason, crossed or strange))
    return Look(found, unseen)


def _count_crossed(reach: Iterable[tuple[str, str]], database: str, own: Collection[str]) -> int:
    """Count pairs of a role and a database where only one of the two is the authority's."""
    return sum((role in own) != (where == database) for where, role in reach)


async def _count_strange_notes(connection: Connection, origin: str, now: datetime) -> int:
    """Count the newest checkpoints in an authority's database that are of another log than its own, or of none."""
    recent = {"since": now - timedelta(days=1), "most": _MOST_CHECKPOINTS}
    cursor = await connection.execute(QUERIES["list_recent_checkpoints"], recent)
    return sum(not _is_of(bytes(note), origin) for (note,) in await cursor.fetchall())


def _is_of(note: bytes, origin: str) -> bool:
    try:
        return parse_checkpoint(parse_note(note).text).origin == origin
    except LedgerError:
        return False


async def _databases(connection: Connection) -> dict[UUID, str]:
    """Return the database of every authority that has one, also of those that have ended."""
    return dict(await (await connection.execute(QUERIES["list_databases"])).fetchall())
