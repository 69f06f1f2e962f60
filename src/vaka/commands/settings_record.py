# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Settings and shown keys as the ledger knows them: an entry names what changed, and never says to what.

Looked at when an installation is started, and every half a minute while it runs: a file that somebody edits takes
effect when a process starts again, which may be in a month, or tonight after a crash. The entry comes now.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import Any

import psycopg
import structlog
from pydantic_core import to_json

from vaka.clock import Clock
from vaka.commands.data_directory import DataDirectory
from vaka.database.connections import DatabaseUnavailableError, open_connection
from vaka.database.queries import load_queries
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.logs import describe_error
from vaka.settings import Settings

QUERIES = load_queries("vaka.commands")
ACTOR = "supervisor"
LOOK_SECONDS = 30.0
MOST_NAMED = 20
"""Settings that an entry names; beyond, it counts them."""
_KEYS = {"key:receiver.certificate": "certificate", "key:receiver.device_authorities": "device_authorities"}
"""Public files whose content matters as much as their name: what we show, and whom we believe."""

Digests = Mapping[str, str]
Detail = Mapping[str, str | int | bool | None]


def describe(data: DataDirectory, settings: Settings) -> dict[str, str]:
    """Return each effective setting, default or not, and each key file, by name, as the SHA-256 of its value."""
    found = {}
    for name, value in _flatten("", settings.model_dump(mode="json")):
        found[name] = sha256(to_json(value)).hexdigest()
    for name, setting in _KEYS.items():
        path = getattr(settings.receiver, setting)
        if path is not None:
            with suppress(OSError):
                found[name] = sha256((data.root / path).read_bytes()).hexdigest()
    return found


async def record(connection: psycopg.AsyncConnection[Any], wanted: Digests, now: datetime) -> list[str]:
    """Write down what differs from the last time (as setup), one entry for settings and one for each key.

    Returns the names of what differs. Not a privileged act: it has happened already, and an entry is what it needs.
    """
    async with connection.transaction():
        await connection.execute(QUERIES["lock_settings"])
        known = dict(await (await connection.execute(QUERIES["read_settings"])).fetchall())
        names = sorted(name for name in known.keys() | wanted.keys() if known.get(name) != wanted.get(name))
        if not names:
            return []
        kept = {"names": [name for name in names if name in wanted], "now": now}
        kept["digests"] = [wanted[name] for name in names if name in wanted]
        await connection.execute(QUERIES["keep_settings"], kept)
        await connection.execute(QUERIES["drop_settings"], {"names": [name for name in names if name not in wanted]})
        settings = [name for name in names if not name.startswith("key:")]
        if settings:
            facts: Detail = {"names": " ".join(settings[:MOST_NAMED]), "count": len(settings), "first": not known}
            await append(connection, Entry(Event.SETTINGS_CHANGED, ACTOR, now, "settings:vaka.toml", detail=facts))
        for name in (name for name in names if name.startswith("key:")):
            detail: Detail = {"sha256": wanted.get(name), "first": name not in known}
            await append(connection, Entry(Event.KEY_CHANGED, ACTOR, now, name, detail=detail))
    return names


async def record_settings(data: DataDirectory, settings: Settings, server: Server, now: datetime) -> list[str]:
    """Write down what differs from the last time, over a connection of its own. Raises DatabaseUnavailableError."""
    role = platform_role("setup")
    async with await open_connection(server, role, PLATFORM_DATABASE, application="vaka-setup") as connection:
        return await record(connection, describe(data, settings), now)


async def watch_settings(data: DataDirectory, server: Server, clock: Clock, stopped: asyncio.Event) -> None:
    """Look at the settings file again and again until `stopped`; what cannot be read or written is told once."""
    log, told = structlog.get_logger(), ""
    while not stopped.is_set():
        try:
            changed = await record_settings(data, data.load_settings(), server, clock.now())
            told = ""
            if changed:
                log.warning("settings changed", count=len(changed))
        except (ConfigurationError, DatabaseUnavailableError, psycopg.Error, OSError) as error:
            if told != type(error).__name__:
                told = type(error).__name__
                log.warning("settings not recorded", **describe_error(error))
        with suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), LOOK_SECONDS)


def _flatten(prefix: str, values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            flat += _flatten(f"{prefix}{name}.", value)
        else:
            flat.append((f"{prefix}{name}", value))
    return flat
