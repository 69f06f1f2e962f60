# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who stands behind a maintenance command (term 17), in the shape of the device authorization grant (RFC 8628).

A command shows a short code and keeps a secret; an administrator types the code in the office, sees which machine asks,
and touches his key over exactly that. The command then takes a session of an hour for its secret, once.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.crypto.policy import require_allowed
from vaka.database.queries import load_queries
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import RandomBytes
from vaka.identity.confirming import Act
from vaka.ledger.events import Event

require_allowed("SHA-256", "digest")

QUERIES = load_queries("vaka.identity")
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Of a code: no vowels, so that it spells nothing (RFC 8628 section 6.1)."""
CODE_LENGTH = 8
"""Letters; 34 bits, for ten minutes, typed by somebody who is signed in."""
SECRET_BYTES = 32
LIFETIME = timedelta(hours=1)
WAIT = timedelta(minutes=10)


class NoSuchCodeError(VakaError):
    """No command waits with that code, or no longer."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Inget kommando väntar med den koden, eller så är det någon annans. Koden från vaka login gäller i "
                "tio minuter, den från ett annat kommando i fem. Kör kommandot igen och skriv av den nya koden.",
                en="No command waits with that code, or it is somebody else's. The code of vaka login holds for ten "
                "minutes, that of another command for five. Run the command again and copy the new code.",
            ),
        )


@dataclass(frozen=True, slots=True)
class CommandLogin:
    """A command that waits for an administrator."""

    id: UUID
    machine: str
    """As the command says it; whoever runs it can say another."""
    uid: int
    """The operating system's number for who runs it."""
    username: str
    asked_at: datetime


def new_code(random_bytes: RandomBytes = os.urandom) -> str:
    """Return a code that nobody else has, each letter as likely as another."""
    letters = ""
    while len(letters) < CODE_LENGTH:
        [byte] = random_bytes(1)
        if byte < 256 - 256 % len(LETTERS):
            letters += LETTERS[byte % len(LETTERS)]
    return letters


def write_code(code: str) -> str:
    """Return a code as it is shown."""
    return f"{code[:4]}-{code[4:]}"


def hash_code(typed: str) -> bytes:
    """Return the hash of a code as somebody typed it. What is none has a hash that is nobody's."""
    return sha256("".join(typed.upper().replace("-", " ").split())[:64].encode()).digest()


def hash_secret(secret: bytes) -> bytes:
    """Return what is kept of a secret of 256 bits."""
    return sha256(secret).digest()


def approving_act(login: CommandLogin) -> Act:
    """Return the act that standing behind a command is, as a key confirms it."""
    said: dict[str, str | int] = {"machine": login.machine, "uid": login.uid}
    return Act(Event.COMMAND_APPROVED.value, None, f"command_login:{login.id}", said)


async def find_login(connection: psycopg.AsyncConnection[object], code: str, now: datetime) -> CommandLogin:
    """Return the command that waits with a code (as office). Raises NoSuchCodeError."""
    async with connection.cursor(row_factory=class_row(CommandLogin)) as cursor:
        await cursor.execute(QUERIES["find_command_login"], {"code_hash": hash_code(code), "now": now})
        found = await cursor.fetchone()
    if found is None:
        raise NoSuchCodeError
    return found


async def approve_login(
    connection: psycopg.AsyncConnection[object], login: CommandLogin, account_id: UUID, now: datetime
) -> None:
    """Say that this administrator stands behind it (as office). Raises NoSuchCodeError.

    Who may, and that a key was touched, is asked before.
    """
    values = {"id": login.id, "account_id": account_id, "now": now}
    row = await (await connection.execute(QUERIES["approve_command_login"], values)).fetchone()
    if row != (True,):
        raise NoSuchCodeError
