# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a recorded command or a start changes of what is protected is accepted with it: exactly that, nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from vaka.clock import Clock, read_clock_state
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role, tenant_role
from vaka.protected.drift import PLATFORM, QUERIES, ROLES
from vaka.protected.files import look_at_files
from vaka.settings import Settings
from vaka.settings_reading import load_settings

Connection = psycopg.Connection[Any]


@dataclass(slots=True)
class Accepted:
    """What has been accepted, by name."""

    names: Sequence[str] = field(default_factory=tuple)


@contextmanager
def changes_accepted(
    root: Path, server: Server, clock: Clock, actor: str, *, rights: bool = True
) -> Iterator[Accepted]:
    """Accept, in the end, what changes of the protected meanwhile; all of it where nothing was ever accepted.

    What was otherwise before stays so: nobody hides what he did behind the next upgrade. Without ``rights`` only files
    are looked at, and nothing is accepted for the first time.
    """
    before, accepted = look(root, server, rights=rights), Accepted()
    yield accepted
    after = look(root, server, rights=rights)
    with closing(_connect(server, PLATFORM_DATABASE)) as connection:
        try:
            known = known_state(connection)
        except psycopg.errors.UndefinedTable:  # an upgraded program, and `vaka migrate` is yet to come
            return
        if not known and not rights:
            return
        if not known:
            accepted.names = accept(connection, after, first=True, actor=actor, now=clock.now())
            return
        names = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        # What one changed back to how it was accepted needs nothing.
        wanted = {name: after.get(name) for name in names if after.get(name) != known.get(name)}
        accepted.names = accept(connection, wanted, first=False, actor=actor, now=clock.now())


def is_first(server: Server) -> bool:
    """Whether nothing was ever accepted here: the installation is new. Its databases are there."""
    with closing(_connect(server, PLATFORM_DATABASE)) as connection:
        return not known_state(connection)


def accept_files(root: Path, server: Server, clock: Clock, actor: str, names: Sequence[str]) -> None:
    """Accept protected files (below the data directory) that a recorded command changed while nobody could be told.

    What is not protected needs nothing, nor what was accepted as it is; nothing is accepted for the first time.
    """
    seen = look(root, server, rights=False)
    with closing(_connect(server, PLATFORM_DATABASE)) as connection:
        known = known_state(connection)
        wanted = {name: seen[name] for name in (f"file:{one}" for one in names) if name in seen}
        changed = {name: digest for name, digest in wanted.items() if known.get(name, digest) != digest}
        accept(connection, changed, first=False, actor=actor, now=clock.now())


def look(root: Path, server: Server, *, rights: bool = True) -> dict[str, str]:
    """Return all that is protected, as it is now; what there is not yet is not in it."""
    settings = load_settings(root / "vaka.toml") if (root / "vaka.toml").is_file() else Settings()
    seen = look_at_files(root, settings)
    if not rights:
        return seen
    try:
        with closing(_connect(server, PLATFORM_DATABASE)) as platform:
            seen[PLATFORM], seen[ROLES] = _digest(platform, "read_rights"), _digest(platform, "read_roles")
            platform.execute("set search_path = vaka")
            databases = [row[-1] for row in platform.execute("select database_name from authority").fetchall()]
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege, OSError):
        return seen
    for database in databases:
        try:
            with closing(_connect(server, database)) as tenant:
                seen[f"rights:{database}"] = _digest(tenant, "read_rights")
        except (psycopg.OperationalError, OSError):
            continue
    return seen


def known_state(connection: Connection) -> dict[str, str]:
    """Return what was accepted."""
    return dict(connection.execute(QUERIES["list_accepted"]).fetchall())


def accept(
    connection: Connection, wanted: Mapping[str, str | None], *, first: bool, actor: str, now: datetime
) -> Sequence[str]:
    """Accept how things are, each by its digest, None for what is gone; return their names."""
    names = sorted(wanted)
    values = {
        "names": names, "digests": [wanted[name] for name in names], "first": first, "actor": actor, "now": now,
    }  # fmt: skip
    connection.execute("select set_config('ledger.clock', %s, false)", (read_clock_state(),))
    connection.execute(QUERIES["accept_state"], values)
    return names


def _digest(connection: Connection, query: str) -> str:
    row = connection.execute(QUERIES[query]).fetchone()
    return "" if row is None else str(row[0])


def _connect(server: Server, database: str) -> Connection:
    role = platform_role("setup") if database == PLATFORM_DATABASE else tenant_role(database, "setup")
    connection: Connection = psycopg.connect(
        server.conninfo(role, database, application="vaka-setup"), autocommit=True
    )  # fmt: skip
    connection.execute("set search_path = vaka")
    return connection
