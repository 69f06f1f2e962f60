# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The platform database as the tests use it: as each component, and as an onlooker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg

from vaka.access.principal import Principal
from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.identifiers import new_identifier
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event


@asynccontextmanager
async def platform_as(server: Server, component: str) -> AsyncIterator[Connection]:
    """Open the platform database as one component."""
    connection = await open_connection(server, platform_role(component), PLATFORM_DATABASE, application="test")
    try:
        yield connection
    finally:
        await connection.close()


def one_human(server: Server, user: Principal, administrator: Principal) -> None:
    """Let two accounts be of one human, which no process can; they are made where they are missing."""
    human = uuid4()
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        for who, kind in ((user, "user"), (administrator, "administrator")):
            superuser.execute(
                "insert into vaka.account (id, human, display_name, kind, created_at) values (%s, %s, 'Gun', %s, now())"
                " on conflict (id) do update set human = excluded.human, kind = excluded.kind",
                (who.account_id, human, kind),
            )


def newest(onlooker: psycopg.Connection[dict[str, Any]]) -> int:
    """Return the number of the newest ledger entry."""
    row = onlooker.execute("select coalesce(max(id), 0) as last from ledger.inbox").fetchone()
    assert row is not None
    return int(row["last"])


def entries(onlooker: psycopg.Connection[dict[str, Any]], after: int) -> list[dict[str, Any]]:
    """Return the ledger's entries after the one numbered ``after``."""
    return onlooker.execute(
        "select event, actor, object, detail from ledger.inbox where id > %s order by id", (after,)
    ).fetchall()


async def make_account(
    server: Server, name: str = "Vera Vilsen", *, kind: str = "user", human: UUID | None = None, actor: str = "setup",
    now: datetime,
) -> UUID:  # fmt: skip
    """Make an account as if it had been asked for and approved, with its entry; where that is not what is tested."""
    account = new_identifier(now)
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            "insert into vaka.account (id, human, display_name, kind, created_at) values (%s, %s, %s, %s, %s)",
            (account, human or uuid4(), name, kind, now),
        )
    async with platform_as(server, "setup") as setup, setup.transaction():
        entry = Entry(Event.ACCOUNT_CREATED, actor, now, f"account:{account}", detail={"kind": kind})
        await append(setup, entry)
    return account
