# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Looking, as scheduler, whether what is protected is as it was accepted, and who is connected that is none of ours."""

from contextlib import suppress
from pathlib import Path

import psycopg
import structlog
from psycopg.types.json import Jsonb

from vaka.clock import Clock
from vaka.database.connections import Connection, DatabaseUnavailableError, Pool, transaction
from vaka.database.queries import load_queries
from vaka.database.server import SUPERUSER
from vaka.errors import ConfigurationError
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.logs import describe_error
from vaka.protected.files import look_at_files
from vaka.settings import Settings
from vaka.settings_reading import load_settings
from vaka.tenants.gateway import Gateway

QUERIES = load_queries("vaka.protected")
ROLES, PLATFORM = "roles:server", "rights:vaka"
MOST_REMEMBERED = 1000
"""Connections of strangers that have been told of."""


class Protection:
    """The look at files, rights and connections. What fails is logged once and looked at again the next time."""

    def __init__(self, gateway: Gateway, platform: Pool, root: Path, settings: Settings, clock: Clock) -> None:
        self._gateway, self._platform, self._root, self._clock = gateway, platform, root, clock
        self._settings = settings
        self._told: dict[tuple[int, str], None] = {}
        self._wrong = ""

    async def look(self) -> int:
        """Compare everything with what was accepted; return how much is otherwise."""
        try:
            drifted = await self._compare()
            await self._look_for_visitors()
        except (DatabaseUnavailableError, psycopg.Error, OSError) as error:
            if self._wrong != type(error).__name__:
                self._wrong = type(error).__name__
                structlog.get_logger().warning("protection not looked at", **describe_error(error))
            return 0
        self._wrong = ""
        return drifted

    async def _compare(self) -> int:
        seen, unseen = look_at_files(self._root, self._read_settings()), list[str]()
        for authority in self._gateway.authorities:
            name = f"rights:{authority.database_name}"
            try:
                async with self._gateway.transaction(authority.id) as tenant:
                    seen[name] = await read_digest(tenant, "read_rights")
            except DatabaseUnavailableError:
                unseen.append(name)
        async with transaction(self._platform) as platform:
            seen[PLATFORM] = await read_digest(platform, "read_rights")
            seen[ROLES] = await read_digest(platform, "read_roles")
            values = {"seen": Jsonb(seen), "unseen": unseen, "now": self._clock.now()}
            row = await (await platform.execute(QUERIES["tell_drift"], values)).fetchone()
        return 0 if row is None else int(row[0])

    async def _look_for_visitors(self) -> None:
        async with transaction(self._platform) as platform:
            rows = await (await platform.execute(QUERIES["list_visitors"])).fetchall()
            found = {(pid, str(database)): str(role) for pid, role, database in rows}
            for (pid, database), role in found.items():
                if (pid, database) not in self._told:
                    await self._tell_visitor(platform, role, database)
        self._told = dict.fromkeys(list(found)[:MOST_REMEMBERED])

    def _read_settings(self) -> Settings:
        """Return what the file says now: which files it names. One that cannot be read names those of before."""
        with suppress(ConfigurationError):
            self._settings = load_settings(self._root / "vaka.toml")
        return self._settings

    async def _tell_visitor(self, platform: Connection, role: str, database: str) -> None:
        # A role that somebody made may be called as he is: it is said whether it is the superuser we know, or another.
        facts: dict[str, str | int | bool | None] = {"as": "superuser" if role == SUPERUSER else "other"}
        for authority in self._gateway.authorities:
            if authority.database_name == database:
                facts["authority"] = str(authority.id)
        entry = Entry(Event.DATABASE_VISITED, "scheduler", self._clock.now(), f"database:{database}", detail=facts)
        await append(platform, entry)


async def read_digest(connection: Connection, query: str) -> str:
    """Return the digest of rights or roles, as the catalogue says them."""
    row = await (await connection.execute(QUERIES[query])).fetchone()
    return "" if row is None else str(row[0])
