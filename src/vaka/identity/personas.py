# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Named personas: how one signs in to a demo, over real session rows and the real permissions.

Three locks hold them inside a demo: the settings file, the installation's own row, which is written once and never
changed, and a trigger that refuses an account with a persona anywhere else.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.database.queries import load_queries
from vaka.errors import Category, ConfigurationError, Sentence, VakaError
from vaka.identifiers import RandomBytes
from vaka.identity.sessions import CannotSignInError, Realm, open_session
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event

QUERIES = load_queries("vaka.identity")


@dataclass(frozen=True, slots=True)
class Persona:
    """A demo figure one can sign in as, and what it may do where (names of roles and of authorities)."""

    account_id: UUID
    persona: str
    display_name: str
    kind: str
    language: str
    roles: list[str]
    authorities: list[str]


class NotADemoError(VakaError):
    """Personas are not for this installation."""

    def __init__(self) -> None:
        super().__init__(Category.MISSING, Sentence(sv="Det finns ingen sådan sida.", en="There is no such page."))


async def decide_installation(connection: psycopg.AsyncConnection[Any], mode: str, now: datetime) -> None:
    """Write down, once and for all, what this installation is (as setup).

    Raises ConfigurationError where it was decided otherwise before.
    """
    async with connection.transaction():
        done = await connection.execute(QUERIES["decide_installation"], {"mode": mode, "now": now})
        if done.rowcount:
            await append(connection, Entry(Event.INSTALLATION_DECIDED, "setup", now, f"installation:{mode}"))
    decided = await read_installation_mode(connection)
    if decided != mode:
        raise ConfigurationError(
            f"This installation is a {decided} one and stays so. Use another data directory for a {mode} one."
        )


async def read_installation_mode(connection: psycopg.AsyncConnection[Any]) -> str | None:
    """Return ``demo`` or ``production``, or None where it has not been decided."""
    cursor = await connection.execute(QUERIES["read_installation_mode"])
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def require_demo(connection: psycopg.AsyncConnection[Any], mode: str) -> None:
    """Return if both the settings (``mode``) and the installation's row say demo, otherwise raise NotADemoError."""
    if mode != "demo" or await read_installation_mode(connection) != "demo":
        raise NotADemoError


async def list_personas(connection: psycopg.AsyncConnection[Any], mode: str, now: datetime) -> list[Persona]:
    """Return the personas one can sign in as (as signin). Raises NotADemoError."""
    await require_demo(connection, mode)
    async with connection.cursor(row_factory=class_row(Persona)) as cursor:
        await cursor.execute(QUERIES["list_personas"], {"now": now})
        return await cursor.fetchall()


async def sign_in_as(
    connection: psycopg.AsyncConnection[Any],
    persona: str,
    mode: str,
    now: datetime,
    random_bytes: RandomBytes = os.urandom,
    *,
    realm: Realm = "operator",
    browser: str = "",
) -> str:
    """Open a session for a persona and return its token. Raises NotADemoError or CannotSignInError.

    ``realm`` is where people work; an administrator's session is always the administrators'.
    """
    for known in await list_personas(connection, mode, now):
        if known.persona == persona:
            entered: Realm = "administrator" if known.kind == "administrator" else realm
            return await open_session(
                connection, known.account_id, entered, "persona", now, random_bytes, browser=browser
            )
    raise CannotSignInError
