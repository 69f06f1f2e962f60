# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One run of a privileged command, confirmed by the administrator in whose name it runs (terms 15 and 17).

The command says what it is about to do, and shows a code; he types it in the office, sees exactly that, and touches
his key over it. Command and office each work out the act for themselves: the command goes on only where the log says
that the office confirmed the act as the command knows it, so nothing between the two can put another in its place.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from vaka.identity.command_logins import QUERIES, NoSuchCodeError, hash_code
from vaka.identity.confirming import Act
from vaka.ledger.events import Event

PATIENCE = timedelta(minutes=5)
"""How long a command waits for its touch."""
PATIENCE_FOR_TWO = timedelta(minutes=15)
"""How long one waits that two people confirm: they have to find each other."""


@dataclass(frozen=True, slots=True)
class WaitingRun:
    """A command that waits for the touch of whose it is."""

    id: UUID
    command: str
    """As the log calls it: ``device.import``."""
    arguments: str
    """As the entry of its run says them: what may be secret or name somebody is left out."""
    arguments_sha256: str
    """A keyed digest of them all and of the files they name, 64 hexadecimal digits; the command alone has the key."""
    change: str
    purpose: str
    tool: str
    """SHA-256 of the program's own code, 64 hexadecimal digits."""
    machine: str
    """As the command says it; whoever runs it can say another."""
    uid: int
    """The operating system's number for who runs it."""
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """A run that somebody may confirm."""

    run: WaitingRun
    by_two: bool
    """Whether two people confirm it (term 18): whose it is, and then another."""
    confirmed_by: str | None
    """Who confirmed it already, where the asker would be the second; None where it is his own."""


def confirming_act(run: WaitingRun) -> Act:
    """Return the act that this very run is, as a key confirms it. Its number is in it: no touch is worth two runs."""
    said: dict[str, str | int] = {
        "command": run.command, "arguments": run.arguments, "arguments_sha256": run.arguments_sha256,
        "change": run.change, "purpose": run.purpose, "tool": run.tool, "machine": run.machine, "uid": run.uid,
    }  # fmt: skip
    return Act(Event.COMMAND_CONFIRMED.value, None, f"command_confirmation:{run.id}", said)


async def find_run(
    connection: psycopg.AsyncConnection[tuple[Any, ...]], code: str, account_id: UUID, now: datetime
) -> Found:  # fmt: skip
    """Return the run that waits with a code for this administrator (as office): his own, or another's that waits for a
    second person. Raises NoSuchCodeError.
    """
    values = {"code_hash": hash_code(code), "account_id": account_id, "now": now}
    row = await (await connection.execute(QUERIES["find_command_confirmation"], values)).fetchone()
    if row is None:
        raise NoSuchCodeError
    *run, by_two, confirmed_by = row
    return Found(WaitingRun(*run), by_two, confirmed_by)


async def confirm_run(
    connection: psycopg.AsyncConnection[object], run: WaitingRun, account_id: UUID, now: datetime
) -> None:
    """Say that this administrator confirmed it (as office). Raises NoSuchCodeError, also where the first is he himself
    under another account.

    Who may, and that a key was touched, is asked before.
    """
    values = {"id": run.id, "account_id": account_id, "digest": confirming_act(run).digest, "now": now}
    row = await (await connection.execute(QUERIES["confirm_command"], values)).fetchone()
    if row != (True,):
        raise NoSuchCodeError
