# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Two databases that nobody works in, while one is put in the place of the other; and what would be lost with that.

A file of the machine says whether a supervisor runs here. Only the database server knows of units, of receivers on
other machines, and of whoever connects in a moment: a receiver closes a connection that nothing comes by on.
"""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from vaka.database.server import Server
from vaka.errors import Category, Sentence, VakaError
from vaka.operations.backup.authority import connected, name_beside

_STANDING = "select oid, datconnlimit from pg_database where datname = any(%s) order by datname = %s desc"
_CONNECTED = """
    select application_name, coalesce(host(client_addr), 'local'), count(*) from pg_stat_activity
    where datname = %s and backend_type <> 'autovacuum worker'
    group by 1, 2 order by 1, 2"""
_OPEN = """
    select id, class = 'life', exercise_id is not null from vaka.alarm where state not in ('merged', 'closed')"""
_UNBOUNDED = -1
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class OthersConnectedError(VakaError):
    """Somebody works in a database that is to be exchanged."""

    def __init__(self, who: str) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv=f"Databasen används fortfarande: {who}. Stoppa Vaka överallt först, enheterna (systemctl stop "
                "vaka 'vaka@*') och mottagare på andra maskiner också, och kör det sedan igen. Inget har ändrats.",
                en=f"The database is still in use: {who}. Stop Vaka everywhere first, its units (systemctl stop "
                "vaka 'vaka@*') and receivers on other machines too, then run this again. Nothing was changed.",
            ),
        )


class OpenAlarmsError(VakaError):
    """Other open alarms would be gone from the desk than whoever swaps has said he knows of."""

    def __init__(self, found: "Dropped") -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Inget öppet larm skulle försvinna: utelämna --drop-open-alarms. Inget har ändrats."
                if not found.alarms
                else f"{found.alarms} öppna larm, varav {found.life} skarpa, är inte öppna i den återställda "
                "databasen och skulle försvinna från larmborden. Starta Vaka, låt operatörerna avsluta dem och kör det "
                "sedan igen. Går det inte: lämna över dem för hand och ange --drop-open-alarms "
                f"{found.alarms}. Inget har ändrats.",
                en="No open alarm would be gone: leave --drop-open-alarms out. Nothing was changed."
                if not found.alarms
                else f"{found.alarms} open alarms, {found.life} of them life alarms, are not open in the restored "
                "database and would be gone from the desks. Start Vaka, let the operators end them, then run this "
                "again. Where that cannot be: hand them over by other means and say --drop-open-alarms "
                f"{found.alarms}. Nothing was changed.",
            ),
        )


@dataclass(frozen=True, slots=True)
class Dropped:
    """Alarms that are open in an authority's database and not in the one that is to take its place."""

    alarms: int
    life: int
    """Life alarms among them."""


def find_dropped(live: Server, database: str) -> Dropped:
    """Return how many open alarms would be gone. Nobody waits behind an exercise's."""
    with connected(live, database) as here, connected(live, name_beside(database)) as beside:
        held = {row[0] for row in beside.execute(_OPEN)}
        gone = [bool(life) for one, life, exercise in here.execute(_OPEN) if one not in held and not exercise]
    return Dropped(len(gone), sum(gone))


def require_stated(dropped: Dropped, stated: int) -> None:
    """Raise OpenAlarmsError where it was not said exactly how many open alarms are to be gone."""
    if dropped.alarms != stated:
        raise OpenAlarmsError(dropped)


@contextmanager
def kept_apart(live: Server, database: str) -> Iterator[None]:
    """Keep everybody but the superuser out of an authority's database and the one beside it, and see that nobody is in.

    However it ends, a terminal that closes included, both then let in as many as the authority's own did. Where this
    very process is killed (SIGKILL) they stay shut; whoever runs it again opens them. Raises OthersConnectedError.
    """
    both = (database, name_beside(database))
    with _ended_in_order(), connected(live, "postgres") as server:
        standing = server.execute(_STANDING, (list(both), database)).fetchall()
        # One that lets nobody in was left so by a swap that was killed.
        limit = int(str(standing[0][1])) or _UNBOUNDED
        try:
            for one in both:
                _limit(server, one, 0)
            for one in both:
                _require_nobody(server, one)
            yield
        except psycopg.errors.ObjectInUse as error:
            raise OthersConnectedError(_list_connected(server, both)) from error
        finally:
            for number, _ in standing:  # by now they may be called otherwise
                named = server.execute("select datname from pg_database where oid = %s", (number,)).fetchone()
                if named is not None:
                    _limit(server, str(named[0]), limit)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let a signal that would end this process at once end it as Ctrl-C does, by way of whatever has to be undone."""

    def end(number: int, _: FrameType | None) -> None:
        for one in _ENDING:  # a terminal that closes says so twice, and the second must not break off the undoing
            signal.signal(one, signal.SIG_IGN)
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _list_connected(server: psycopg.Connection[tuple[object, ...]], databases: Sequence[str]) -> str:
    """Return who is connected, as programs call themselves, and from which machine."""
    rows = [row for one in databases for row in server.execute(_CONNECTED, (one,)).fetchall()]
    return ", ".join(f"{name or 'without a name'} ({place}): {count}" for name, place, count in rows) or "?"


def _require_nobody(server: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    """Raise ObjectInUse where anybody is connected.

    The server is asked for another name, and then not held to it: it waits for whoever was being let in when the limit
    came, who is on no list yet, and some seconds for whoever is leaving.
    """
    with server.transaction(force_rollback=True):
        names = Identifier(database), Identifier(f"{database}_apart")
        server.execute(SQL("alter database {} rename to {}").format(*names))


def _limit(server: psycopg.Connection[tuple[object, ...]], database: str, limit: int) -> None:
    server.execute(SQL("alter database {} connection limit {}").format(Identifier(database), Literal(limit)))
