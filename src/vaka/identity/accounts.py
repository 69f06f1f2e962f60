# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Accounts: random identifiers, never reused. No account appears by itself; setup founds the first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row

from vaka.database.queries import load_queries
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged

QUERIES = load_queries("vaka.identity")
KINDS = ("user", "administrator")
LANGUAGES = ("sv", "en")
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in. ``persona`` names a demo figure and is None everywhere else."""

    id: UUID
    human: UUID
    """Whose it is: an administrator's account and a user's of the same human say the same."""
    display_name: str
    kind: str
    language: str
    state: str
    persona: str | None
    created_at: datetime
    last_signed_in_at: datetime | None


class UnusableAccountError(VakaError):
    """The facts given for a new account make no account."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"Ett konto behöver ett namn på 1–{LONGEST_NAME} tecken, slaget user eller administrator och "
                "språket sv eller en.",
                en=f"An account needs a name of 1–{LONGEST_NAME} characters, the kind user or administrator and the "
                "language sv or en.",
            ),
        )


class UnrequestedAccountError(VakaError):
    """Nobody has asked for the account, and approved it (term 8)."""

    def __init__(self) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Ett konto skapas först när en administratör har begärt det och en annan människa har godkänt det "
                "på kontoret. Bara de två första administratörerna skapas utan. Inget har ändrats.",
                en="An account is made once an administrator has asked for it and another human has approved it in "
                "the office. Only the first two administrators are made without. Nothing was changed.",
            ),
        )


class HumanHasAccountError(VakaError):
    """The human has an account of that class already."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Människan har redan ett konto av det slaget. Ett av varje slag är det mesta som någon kan ha.",
                en="That human has an account of this kind already. Nobody has more than one of each.",
            ),
        )


async def list_accounts(connection: psycopg.AsyncConnection[Any]) -> list[Account]:
    """Return every account, by name (as setup or signin)."""
    async with connection.cursor(row_factory=class_row(Account)) as cursor:
        await cursor.execute(QUERIES["list_accounts"])
        return await cursor.fetchall()


async def name_accounts(connection: psycopg.AsyncConnection[Any], ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the display names of these accounts (as desk): who holds which alarm."""
    wanted = list(ids)
    if not wanted:
        return {}
    cursor = await connection.execute(QUERIES["name_accounts"], {"ids": wanted})
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def create_account(
    connection: psycopg.AsyncConnection[Any],
    display_name: str,
    *,
    kind: str = "user",
    language: str = "sv",
    persona: str | None = None,
    human: UUID | None = None,
    actor: str,
    now: datetime,
) -> Account:
    """Create an account that nobody asked for (as setup): a demo's persona, or one of the first two administrators.

    One with a persona that is there already is returned as it is. With `human`, that of another account, it is the
    second account of somebody who has one of the other kind. Every other account is asked for and approved
    (``vaka.access.accounts``).

    Raises UnusableAccountError, UnrequestedAccountError, HumanHasAccountError, or LedgerStandsStillError; the database
    refuses a persona in an installation that is no demo.
    """
    if kind not in KINDS or language not in LANGUAGES or not 1 <= len(display_name) <= LONGEST_NAME:
        raise UnusableAccountError
    account = Account(new_identifier(now), human or uuid4(), display_name, kind, language, "active", persona, now, None)
    async with connection.transaction():
        facts = {
            "id": account.id, "human": account.human, "display_name": display_name, "kind": kind, "language": language,
            "persona": persona, "now": now,
        }  # fmt: skip
        said = await (await connection.execute(QUERIES["found_account"], facts)).fetchone()
        if said == ("unrequested",):
            raise UnrequestedAccountError
        if said != ("done",):
            if persona is None:
                raise HumanHasAccountError
            async with connection.cursor(row_factory=class_row(Account)) as cursor:
                await cursor.execute(QUERIES["find_persona"], {"persona": persona})
                known = await cursor.fetchone()
            if known is None:
                raise HumanHasAccountError
            return known
        detail: dict[str, str | int | bool | None] = {"kind": kind, "founding": persona is None or None}
        entry = Entry(Event.ACCOUNT_CREATED, actor, now, f"account:{account.id}", detail=detail)
        await append_privileged(connection, [entry])
    return account
