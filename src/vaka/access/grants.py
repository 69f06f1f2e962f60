# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Grants as rows: reading a principal's, giving and taking roles, and which colleagues can be handed an alarm."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.access.duties import conflict_told_by
from vaka.access.permissions import Permission
from vaka.access.principal import Grant
from vaka.access.roles import ROLES, roles_with
from vaka.access.time_boxes import time_box_told_by
from vaka.database.queries import load_queries
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.leaving import LastApproverError
from vaka.identity.sessions import end_sessions_of
from vaka.identity.undertaking import undertaking_told_by
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged

QUERIES = load_queries("vaka.access")
CLASS_CONSTRAINT = "role_of_its_class"
LAST_APPROVER = "last_approver"


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may handle the alarms of one authority, and so can be handed one."""

    account_id: UUID
    display_name: str


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that an account holds and that is worth something."""

    role: str
    authority_id: UUID | None
    authority: str | None
    """What the authority is called; None for the supplier's own premises."""
    granted_at: datetime
    valid_until: datetime | None


class UnknownRoleError(VakaError):
    """There is no role of that name."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"Det finns ingen sådan roll. Roller: {', '.join(ROLES)}.",
                en=f"There is no such role. Roles: {', '.join(ROLES)}.",
            ),
        )


class ApprovalNeededError(VakaError):
    """The authority has designated the role: nobody gets it without its approval."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Myndigheten har pekat ut den rollen: ingen får den utan att myndigheten har godkänt det. Inget har "
                "ändrats. Begär den i stället.",
                en="The authority has designated that role: nobody gets it without the authority's approval. Nothing "
                "was changed. Request it instead.",
            ),
        )


class RoleOfAnotherClassError(VakaError):
    """An administrators' role is asked for with an authority, or for an account of another class (term 10)."""

    def __init__(self) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv="Administratörsroller hör till administratörskonton, hos leverantören och inte hos någon myndighet. "
                "Inget har ändrats. Begär ett särskilt administratörskonto åt människan.",
                en="Administrators' roles belong to administrators' accounts, at the supplier's and with no authority. "
                "Nothing was changed. Request an administrator's account of its own for that human.",
            ),
        )


class NotAColleagueError(VakaError):
    """That account cannot handle alarms of this authority."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv="Den personen kan inte ta larm från den här kommunen. Välj någon annan.",
                en="That person cannot take alarms of this authority. Choose somebody else.",
            ),
        )


async def read_grants(connection: psycopg.AsyncConnection[Any], account_id: UUID, now: datetime) -> tuple[Grant, ...]:
    """Return the grants of an account that hold at ``now``; none for an account that is not active."""
    cursor = await connection.execute(QUERIES["read_grants"], {"account_id": account_id, "now": now})
    return tuple(
        Grant(role, authority_id, until, None if terms is None else tuple(terms))
        for role, authority_id, until, terms in await cursor.fetchall()
    )


async def list_roles_of(connection: psycopg.AsyncConnection[Any], account_id: UUID, now: datetime) -> list[HeldRole]:
    """Return the roles of an account that are worth something at ``now`` (as office)."""
    async with connection.cursor(row_factory=class_row(HeldRole)) as cursor:
        await cursor.execute(QUERIES["list_roles_of"], {"account_id": account_id, "now": now})
        return await cursor.fetchall()


async def list_colleagues(
    connection: psycopg.AsyncConnection[Any], authority_id: UUID, now: datetime
) -> list[Colleague]:
    """Return the active people who may handle alarms of an authority, by name."""
    facts = {"authority_id": authority_id, "roles": roles_with(Permission.DESK_HANDLE_ALARM), "now": now}
    async with connection.cursor(row_factory=class_row(Colleague)) as cursor:
        await cursor.execute(QUERIES["list_colleagues"], facts)
        return await cursor.fetchall()


async def require_colleague(
    connection: psycopg.AsyncConnection[Any], authority_id: UUID, account_id: UUID, now: datetime
) -> Colleague:
    """Return the colleague with this account, or raise NotAColleagueError."""
    for colleague in await list_colleagues(connection, authority_id, now):
        if colleague.account_id == account_id:
            return colleague
    raise NotAColleagueError


async def grant_role(
    connection: psycopg.AsyncConnection[Any],
    account_id: UUID,
    role: str,
    authority_id: UUID | None,
    *,
    actor: str,
    now: datetime,
    valid_until: datetime | None = None,
) -> bool:
    """Give a role in one authority (as setup). Return whether anything changed.

    Raises UnknownRoleError, ApprovalNeededError, RoleOfAnotherClassError, ConflictingDutiesError,
    UndertakingMissingError, EndNeededError, LastApproverError where it is to end sooner, or LedgerStandsStillError.
    """
    if role not in ROLES:
        raise UnknownRoleError
    facts = {"account_id": account_id, "role": role, "authority_id": authority_id, "valid_until": valid_until}
    async with connection.transaction():
        row = await (await connection.execute(QUERIES["is_designated"], facts)).fetchone()
        if row is not None:
            raise ApprovalNeededError
        try:
            async with connection.transaction():
                done = await connection.execute(QUERIES["grant_role"], {**facts, "now": now})
        except psycopg.errors.RestrictViolation as error:
            raise _last_approver(error) or error from None
        except psycopg.errors.CheckViolation as error:
            if error.diag.constraint_name == CLASS_CONSTRAINT:
                raise RoleOfAnotherClassError from None
            known = undertaking_told_by(error) or time_box_told_by(error) or conflict_told_by(error, role)
            raise known or error from None
        if done.rowcount == 0:
            return False
        entry = _entry(Event.ROLE_GRANTED, account_id, role, authority_id, actor, now)
        if valid_until is not None:
            until = valid_until.astimezone(UTC).isoformat(timespec="seconds")
            entry = replace(entry, detail={**entry.detail, "valid_until": until})
        await append_privileged(connection, [entry])
    return True


async def revoke_role(
    connection: psycopg.AsyncConnection[Any],
    account_id: UUID,
    role: str,
    authority_id: UUID | None,
    *,
    actor: str,
    now: datetime,
) -> bool:
    """Take a role back (as setup). Return whether it was there. Raises LastApproverError, LedgerStandsStillError.

    What is open sees no more of it at once. Sessions of a realm in which the account has no role left end; those of one
    who works on elsewhere go on, for an alarm may be in his hands.
    """
    async with connection.transaction():
        try:
            async with connection.transaction():
                done = await connection.execute(
                    QUERIES["revoke_role"], {"account_id": account_id, "role": role, "authority_id": authority_id}
                )
        except psycopg.errors.RestrictViolation as error:
            raise _last_approver(error) or error from None
        if done.rowcount == 0:
            return False
        await append_privileged(connection, [_entry(Event.ROLE_REVOKED, account_id, role, authority_id, actor, now)])
        realm = ROLES[role].realm if role in ROLES else None
        left = await connection.execute(QUERIES["list_roles"], {"account_id": account_id})
        if realm is not None and not any(
            name in ROLES and ROLES[name].realm == realm for (name,) in await left.fetchall()
        ):
            await end_sessions_of(connection, account_id, actor=actor, now=now, reason="role_revoked", realm=realm)
    return True


def _last_approver(error: psycopg.errors.RestrictViolation) -> LastApproverError | None:
    return LastApproverError() if error.diag.constraint_name == LAST_APPROVER else None


def _entry(event: Event, account_id: UUID, role: str, authority_id: UUID | None, actor: str, now: datetime) -> Entry:
    authority = None if authority_id is None else str(authority_id)
    return Entry(event, actor, now, f"account:{account_id}", detail={"role": role, "authority": authority})
