# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The trust registry: one administrator proposes an issuer, another approves exactly that, either withdraws it.

Whether an issuer is believed is computed anew at every decision: from the row as it is then, and from what the log
says, sealed, that two different accounts said of exactly these bytes. So a row that was put there or changed by a
statement of somebody's own has no effect, and is told of (``row.changed_by_hand``).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.database.queries import load_queries
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.installation import decides_alone, read_installation_mode
from vaka.identity.sessions import Realm
from vaka.identity.trust_content import (
    Content,
    UnusableTrustError,
    digest_of,
    is_of_a_demo,
    read_content,
    require_current,
    require_own_realm,
    write_content,
)
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged

QUERIES = load_queries("vaka.identity")
_STATES = {"approved": "approved", "superseded": "superseded"}
"""What the log says of a row that says it is approved; anything else is no approval."""
Connection = psycopg.AsyncConnection[Any]


class NotAnAdministratorError(VakaError):
    """Who proposes, approves or withdraws is an active account of the administrators' class; this one is not."""

    def __init__(self) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Det kontot är inget aktivt administratörskonto. Inget har ändrats.",
                en="That account is no active administrator's. Nothing was changed.",
            ),
        )


class NameTakenError(VakaError):
    """The name is another tenant's issuer's."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Namnet används redan för en utfärdare som hör till någon annan. Välj ett annat. Inget har ändrats.",
                en="The name is that of an issuer of somebody else's already. Choose another. Nothing was changed.",
            ),
        )


class CannotApproveError(VakaError):
    """It does not wait, is another than was read, or the asker proposed it himself."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Förslaget kan inte godkännas: det väntar inte längre, det är inte det som du har läst, eller så "
                "har du lagt det själv. Inget har ändrats.",
                en="The proposal cannot be approved: it does not wait any more, it is not the one that you have read, "
                "or you made it yourself. Nothing was changed.",
            ),
        )


class DecidedInOfficeError(VakaError):
    """The installation is founded: what setup's login says of an issuer is believed by nobody."""

    def __init__(self) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Installationen är grundad: utfärdare föreslås och godkänns på kontoret, under Utfärdare, av två "
                "administratörer. Inget har ändrats.",
                en="The installation is founded: issuers are proposed and approved in the office, under Issuers, by "
                "two administrators. Nothing was changed.",
            ),
        )


class NothingToWithdrawError(VakaError):
    """There is no such issuer, or it was withdrawn before."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Där finns inget att dra tillbaka. Inget har ändrats.",
                en="There is nothing to withdraw. Nothing was changed.",
            ),
        )


@dataclass(frozen=True, slots=True)
class TrustRow:
    """A row as it stands in the registry. Nothing of it is believed before it was judged."""

    id: UUID
    authority_id: UUID | None
    name: str
    text: str
    proposed_by: UUID
    proposed_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    withdrawn_by: UUID | None
    withdrawn_at: datetime | None

    @property
    def digest(self) -> str:
        """What an approval of this row as it is now is bound to."""
        return digest_of(self.id, self.authority_id, self.name, self.text)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the registry and the log together say of a row."""

    row: TrustRow
    state: str
    """``proposed``, ``approved``, ``superseded`` by another of its name that was approved later, ``withdrawn``,
    ``of_a_demo`` where this is none, or ``altered``: the row says more than the log knows of."""
    content: Content | None
    """None where the text is no content."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """An issuer that is believed now."""

    id: UUID
    authority_id: UUID | None
    name: str
    content: Content
    levels: dict[str, int] = field(default_factory=dict)
    """By URI, what is accepted today; a level whose evidence has expired is not here."""

    @property
    def realms(self) -> tuple[Realm, ...]:
        """Where it lets people in: an authority's issuer to the authority's rooms, whatever its row says besides."""
        said = self.content.realms
        return tuple(realm for realm in said if self.authority_id is None or realm == "authority")


async def require_alone(connection: Connection) -> None:
    """Return where commands decide about issuers: while an installation is being founded, and in a demo (as setup).

    Afterwards nobody believes what setup wrote (`judge`). Raises DecidedInOfficeError.
    """
    if not await decides_alone(connection):
        raise DecidedInOfficeError


async def propose(
    connection: Connection, authority_id: UUID | None, name: str, content: Content, *, by: UUID, demo: bool,
    now: datetime, identifier: UUID | None = None,
) -> TrustRow:  # fmt: skip
    """Put an issuer forward (as setup or office); it is believed by nobody yet.

    Whoever says beforehand which row it will be gives ``identifier``: a touch is of exactly that.

    Raises UnusableTrustError, NotAnAdministratorError, NameTakenError, LedgerStandsStillError.
    """
    require_current(content, now, demo=demo)
    require_own_realm(content, of_authority=authority_id is not None)
    text = write_content(content)
    row = TrustRow(identifier or new_identifier(now), authority_id, name, text, by, now, None, None, None, None)
    async with connection.transaction():
        known = await list_rows(connection)
        if any(one.name == name and one.authority_id != authority_id for one in known):
            raise NameTakenError
        done = await connection.execute(
            QUERIES["propose_trust"],
            {"id": row.id, "authority_id": authority_id, "name": name, "content": text, "by": by, "now": now},
        )
        if done.rowcount == 0:
            raise NotAnAdministratorError
        await append_privileged(connection, [_entry(Event.TRUST_PROPOSED, row, by, now)])
    return row


async def approve(connection: Connection, identifier: UUID, digest: str, *, by: UUID, now: datetime) -> TrustRow:
    """Approve what has this digest, and nothing else (as setup or office). ``by`` is not who proposed it.

    Raises CannotApproveError, NotAnAdministratorError, LedgerStandsStillError.
    """
    async with connection.transaction():
        row = await _find(connection, identifier)
        if row is None or row.digest != digest or row.proposed_by == by:
            raise CannotApproveError
        try:
            async with connection.transaction():
                done = await connection.execute(
                    QUERIES["approve_trust"], {"id": identifier, "content": row.text, "by": by, "now": now}
                )
        except psycopg.errors.ObjectNotInPrerequisiteState:  # a custodian of the emergency in which it was proposed
            raise CannotApproveError from None
        if done.rowcount == 0:
            raise CannotApproveError if await _is_administrator(connection, by) else NotAnAdministratorError
        await append_privileged(connection, [_entry(Event.TRUST_APPROVED, row, by, now)])
    return row


async def withdraw(connection: Connection, identifier: UUID, *, by: UUID, now: datetime) -> TrustRow:
    """Believe an issuer no longer, or take a proposal back (as setup or office). One person is enough to close a door.

    Raises NothingToWithdrawError, NotAnAdministratorError.
    """
    async with connection.transaction():
        row = await _find(connection, identifier)
        done = await connection.execute(QUERIES["withdraw_trust"], {"id": identifier, "by": by, "now": now})
        if row is None or done.rowcount == 0:
            raise NothingToWithdrawError if await _is_administrator(connection, by) else NotAnAdministratorError
        # What keeps somebody out never waits for the ledger to be sealed.
        await append(connection, _entry(Event.TRUST_WITHDRAWN, row, by, now))
    return row


async def list_rows(connection: Connection) -> list[TrustRow]:
    """Return every row there is or was, as it stands (as setup, office or signin)."""
    async with connection.cursor(row_factory=class_row(TrustRow)) as cursor:
        await cursor.execute(QUERIES["list_trust"])
        return await cursor.fetchall()


async def judge(connection: Connection, row: TrustRow) -> Standing:
    """Say what a row is worth now (as setup, office or signin)."""
    try:
        content = read_content(row.text)
    except UnusableTrustError:
        return Standing(row, "altered", None)
    if row.withdrawn_at is not None:
        return Standing(row, "withdrawn", content)
    if write_content(content) != row.text:
        return Standing(row, "altered", content)
    if row.approved_by is None:
        return Standing(row, "proposed", content)
    # Whatever two people decided and whatever the settings say: what this installation is stands in its database.
    if is_of_a_demo(content) and await read_installation_mode(connection) != "demo":
        return Standing(row, "of_a_demo", content)
    cursor = await connection.execute(
        QUERIES["trust_state"],
        {
            "id": row.id, "name": row.name, "digest": row.digest, "proposed_by": row.proposed_by,
            "approved_by": row.approved_by,
        },
    )  # fmt: skip
    said = await cursor.fetchone()
    return Standing(row, _STATES.get(said[0], "altered") if said else "altered", content)


async def list_trusted(connection: Connection, now: datetime) -> list[Trusted]:
    """Return the issuers that are believed now, by name; of several that were approved by one name, the last.

    One whose evidence has expired for every level is here without levels, so that a refusal can say so.
    """
    return await _believed(connection, await list_rows(connection), now)


async def find_trusted(connection: Connection, name: str, realm: Realm, now: datetime) -> Trusted | None:
    """Return the issuer of this name if it is believed now for this realm."""
    named = [row for row in await list_rows(connection) if row.name == name]
    for trusted in await _believed(connection, named, now):
        if realm in trusted.realms:
            return trusted
    return None


async def find_trusted_row(connection: Connection, identifier: UUID, realm: Realm, now: datetime) -> Trusted | None:
    """Return the issuer of this very row if it is believed now for this realm."""
    rows = [row for row in await list_rows(connection) if row.id == identifier]
    believed = await _believed(connection, rows, now)
    return next((trusted for trusted in believed if realm in trusted.realms), None)


async def find_slug(connection: Connection, trusted: Trusted) -> str | None:
    """Return the short name of the authority whose people sign in by this issuer; None for the supplier's own."""
    if trusted.authority_id is None:
        return None
    cursor = await connection.execute(QUERIES["find_slug"], {"authority_id": trusted.authority_id})
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def _believed(connection: Connection, rows: Iterable[TrustRow], now: datetime) -> list[Trusted]:
    found = []
    for row in rows:
        if row.approved_by is None or row.withdrawn_by is not None:
            continue
        standing = await judge(connection, row)
        if standing.state == "approved" and standing.content is not None:
            found.append(_trusted(row, standing.content, now))
    return sorted(found, key=lambda trusted: trusted.name)


def _trusted(row: TrustRow, content: Content, now: datetime) -> Trusted:
    today = now.astimezone(UTC).date()
    levels: dict[str, int] = {
        uri: accepted.level for uri, accepted in content.levels.items() if accepted.expires >= today
    }
    return Trusted(row.id, row.authority_id, row.name, content, levels)


async def _find(connection: Connection, identifier: UUID) -> TrustRow | None:
    return next((row for row in await list_rows(connection) if row.id == identifier), None)


async def _is_administrator(connection: Connection, account_id: UUID) -> bool:
    cursor = await connection.execute(QUERIES["is_administrator"], {"account_id": account_id})
    return await cursor.fetchone() == (True,)


def _entry(event: Event, row: TrustRow, by: UUID, now: datetime) -> Entry:
    authority = None if row.authority_id is None else str(row.authority_id)
    facts = {"sha256": row.digest, "issuer": row.name, "authority": authority}
    return Entry(event, f"account:{by}", now, f"trust:{row.id}", detail=facts)
