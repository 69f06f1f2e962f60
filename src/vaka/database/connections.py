# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Connections and pools, always as a named role with its own credential."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

from vaka.clock import read_clock_state
from vaka.database.server import Server
from vaka.errors import Category, Sentence, VakaError

Connection = psycopg.AsyncConnection[Any]
Pool = AsyncConnectionPool[psycopg.AsyncConnection[TupleRow]]

STATEMENT_TIMEOUT_MILLISECONDS = 10_000

# A commit is an answer to a device or a person. A server, database or role of somebody else's may be set to answer
# before the commit is on disk; a setting that waits for standby servers too is the server's own and stays.
_DURABLE = """\
select set_config('synchronous_commit', 'on', false)
where current_setting('synchronous_commit') in ('off', 'local')"""


class DatabaseUnavailableError(VakaError):
    """The database did not answer; the caller may try again."""

    def __init__(self) -> None:
        super().__init__(
            Category.UNAVAILABLE,
            Sentence(
                sv="Databasen svarar inte just nu. Inget har ändrats. Försök igen om en stund.",
                en="The database does not answer at the moment. Nothing was changed. Try again shortly.",
            ),
        )


async def open_connection(server: Server, role: str, database: str, *, application: str) -> Connection:
    """Open one connection in autocommit mode (use ``connection.transaction()``), with a bounded statement time.

    Raises DatabaseUnavailableError where the server does not answer or refuses.
    """
    try:
        connection = await psycopg.AsyncConnection.connect(
            server.conninfo(role, database, application=application), autocommit=True
        )
    except (psycopg.OperationalError, OSError) as error:
        raise DatabaseUnavailableError from error
    try:
        await _configure(connection)
    except BaseException as error:
        await connection.close()
        if isinstance(error, psycopg.OperationalError | OSError):
            raise DatabaseUnavailableError from error
        raise
    return connection


def make_pool(server: Server, role: str, database: str, *, application: str, largest: int = 4) -> Pool:
    """Return an unopened pool (``await pool.open()``); idle connections are closed, one is kept warm."""
    return AsyncConnectionPool(
        server.conninfo(role, database, application=application),
        min_size=1,
        max_size=largest,
        timeout=5,
        kwargs={"autocommit": True},
        configure=_configure,
        check=tell_clock_state,
        open=False,
    )


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Borrow a connection for one transaction: commit at the end, roll back on any error.

    Raises DatabaseUnavailableError where the database is gone; then nothing was committed, or (if the connection
    broke during commit) the caller must read back before it says anything.
    """
    try:
        async with pool.connection() as connection, connection.transaction():
            yield connection
    except (psycopg.OperationalError, psycopg.errors.AdminShutdown, OSError) as error:
        raise DatabaseUnavailableError from error


@asynccontextmanager
async def borrowed(pool: Pool) -> AsyncIterator[Connection]:
    """Borrow a connection in no transaction, for what is kept in steps. Raises DatabaseUnavailableError."""
    try:
        async with pool.connection() as connection:
            yield connection
    except (psycopg.OperationalError, psycopg.errors.AdminShutdown, OSError) as error:
        raise DatabaseUnavailableError from error


async def tell_clock_state(connection: psycopg.AsyncConnection[Any]) -> None:
    """Tell the database how well this machine's clock keeps time: ledger entries of the session say so.

    A pool does this each time it lends a connection, in place of a question that only shows whether it is alive.
    """
    await connection.execute(sql.SQL("set ledger.clock = {}").format(sql.Literal(read_clock_state())))


async def _configure(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute(f"set statement_timeout = {STATEMENT_TIMEOUT_MILLISECONDS}")
    await connection.execute("set idle_in_transaction_session_timeout = 15000")
    await connection.execute("set search_path = vaka")
    await connection.execute(_DURABLE)
    await tell_clock_state(connection)
