# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Movers (terms 2, 8 and 9): one administrator asks that an account gets or loses roles, another human approves that.

A request is decided as a whole: every line of it is done in one transaction, or none. Whoever asked, or whose roles
they are, never approves it, with whichever of his accounts. What an authority has designated is asked of it when the
request is approved here, and is worth something once the authority has approved it too (``vaka.access.requests``).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from vaka.access.accounts import Verdict
from vaka.access.decide import require
from vaka.access.duties import conflict_told_by
from vaka.access.grants import CLASS_CONSTRAINT, LAST_APPROVER, QUERIES, list_roles_of
from vaka.access.holds import UnusableReasonError, require_reason
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.role_change_refusals import RoleChangeError
from vaka.access.role_lines import RoleLine, WantedRoles, read_lines, require_known
from vaka.access.roles import ROLES
from vaka.access.time_boxes import time_box_told_by
from vaka.database.connections import Connection
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.installation import decides_alone
from vaka.identity.leaving import LastApproverError
from vaka.identity.sessions import end_sessions_of
from vaka.identity.undertaking import undertaking_told_by
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing

ANSWER_WITHIN = timedelta(days=14)
"""A request that nobody has answered by then lapses."""


@dataclass(frozen=True, slots=True)
class RoleChange:
    """What was asked for, and what became of it."""

    id: UUID
    account_id: UUID
    human: UUID
    wanted: list[dict[str, str | None]]
    reason: str
    requested_by: UUID
    requester: UUID
    """The human who asked."""
    digest: bytes
    requested_at: datetime
    answer_by: datetime
    state: str
    """``waiting`` → ``approved`` | ``refused`` | ``withdrawn`` | ``lapsed``."""
    decided_by: UUID | None
    decided_at: datetime | None
    decision: str

    @property
    def lines(self) -> tuple[RoleLine, ...]:
        """What ends, and what is given."""
        return read_lines(self.wanted)

    @property
    def object(self) -> str:
        """How entries name whom it is about."""
        return f"account:{self.account_id}"


def require_usable(wanted: WantedRoles) -> WantedRoles:
    """Return what may be asked for, its words tidied.

    Raises UnknownRoleError, UnusableReasonError, RoleChangeError (nothing is asked for, or too much).
    """
    reason = require_reason(wanted.reason)
    if not reason.isprintable():
        raise UnusableReasonError
    return WantedRoles(wanted.id, wanted.account_id, wanted.human, wanted.by, require_known(wanted.lines), reason)


def request_act(wanted: WantedRoles) -> Act:
    """Return the act that asking for it is, as a key confirms it. Its digest is over whose, which, where, when."""
    said = {"digest": wanted.digest.hex(), "reason": wanted.reason}
    return Act(Event.ROLE_PROPOSED.value, None, wanted.object, said)


def decision_act(change: RoleChange, verdict: Verdict, reason: str) -> Act:
    """Return the act that deciding it is."""
    event = Event.ROLE_AGREED if verdict == "approved" else Event.ROLE_DECLINED
    said = {"request": str(change.id), "digest": change.digest.hex(), "verdict": verdict}
    return Act(event.value, None, change.object, {**said, "reason": reason.strip()} if reason.strip() else said)


async def ask_for_roles(
    connection: Connection, principal: Principal, wanted: WantedRoles, *, now: datetime, confirmation: Confirmation
) -> None:
    """Ask for it, on the office's connection. Nothing holds before it is approved.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, and what `file_role_change` does.
    """
    require(principal, Permission.OFFICE_ASK_ACCOUNT, None)
    sound = require_usable(wanted)
    confirmation.require(request_act(sound))
    await file_role_change(connection, sound, actor=principal.actor, step_up=confirmation.step_up, now=now)


async def file_role_change(
    connection: Connection, wanted: WantedRoles, *, actor: str, step_up: str | None, now: datetime
) -> None:
    """Put a request where somebody approves it (as office; as setup for a named administrator).

    What could not be done now is refused now. Raises UnknownRoleError, UnusableReasonError, RoleChangeError,
    ConflictingDutiesError, EndNeededError, UndertakingMissingError, LastApproverError, LedgerStandsStillError.
    """
    sound = require_usable(wanted)
    facts = {**_facts(sound, actor, now), "by": sound.by, "step_up": step_up, "answer_by": now + ANSWER_WITHIN}
    async with connection.transaction():
        await _done(connection, "request_role_change", facts, sound.lines)
        await require_standing(connection, now)


async def require_possible(
    connection: Connection, change: WantedRoles | RoleChange, *, actor: str, now: datetime
) -> None:
    """Return where it could be done now, on the office's connection: it is done there and taken back.

    Raises RoleChangeError, ConflictingDutiesError, EndNeededError, UndertakingMissingError, LastApproverError.
    """
    await _done(connection, "try_role_change", _facts(change, actor, now), change.lines)


async def decide_role_change(
    connection: Connection, principal: Principal, change: RoleChange, verdict: Verdict, *, reason: str, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Approve or refuse exactly what was shown, or take back what one asked for; what is approved is done, all of it.

    Sessions of a realm in which the account has no role left end, as wherever a role ends; those of one who works on go
    on, for an alarm may be in his hands. Raises NotAllowedError, NothingHereError, NotConfirmedError,
    UnusableReasonError (a refusal without a reason), RoleChangeError, ConflictingDutiesError, EndNeededError,
    UndertakingMissingError, LastApproverError, LedgerStandsStillError.
    """
    require(principal, Permission.OFFICE_DECIDE_ACCOUNT, None)
    confirmation.require(decision_act(change, verdict, reason))
    why = require_reason(reason) if verdict == "refused" or reason.strip() else ""
    facts = {
        "request": change.id, "digest": change.digest, "verdict": verdict, "by": principal.account_id, "reason": why,
        "step_up": confirmation.step_up, "now": now,
    }  # fmt: skip
    async with connection.transaction():
        await _done(connection, "decide_role_change", facts, change.lines)
        if verdict == "approved":
            await _end_sessions(connection, change, principal.actor, now)
        await require_standing(connection, now)


async def list_role_changes(connection: Connection, account_id: UUID | None = None) -> list[RoleChange]:
    """Return what was asked for, of one account or of all; what waits first, then the newest (as office)."""
    async with connection.cursor(row_factory=class_row(RoleChange)) as cursor:
        await cursor.execute(QUERIES["list_role_changes"], {"account_id": account_id})
        return await cursor.fetchall()


async def require_alone(connection: Connection) -> None:
    """Return where a role may be given by one alone, as setup: while an installation is being founded, and in a demo.

    The database holds to the same by itself, whoever uses setup's login (trigger ``by_two``).
    Raises RoleChangeError.
    """
    if not await decides_alone(connection):
        raise RoleChangeError.of("alone")


async def _end_sessions(connection: Connection, change: RoleChange, actor: str, now: datetime) -> None:
    left = {ROLES[one.role].realm for one in await list_roles_of(connection, change.account_id, now)
            if one.role in ROLES}  # fmt: skip
    ended = {ROLES[line.role].realm for line in change.lines if line.kind == "end" and line.role in ROLES}
    for realm in sorted(ended - left):
        await end_sessions_of(connection, change.account_id, actor=actor, now=now, reason="role_revoked", realm=realm)


def _facts(change: WantedRoles | RoleChange, actor: str, now: datetime) -> dict[str, Any]:
    wanted = Jsonb([line.as_kept for line in change.lines])
    return {
        "request": change.id, "account_id": change.account_id, "wanted": wanted, "reason": change.reason,
        "actor": actor, "now": now,
    }  # fmt: skip


async def _done(connection: Connection, statement: str, facts: dict[str, Any], lines: Iterable[RoleLine]) -> None:
    """Call a function of the database that says ``done``, or raise what it says or refuses."""
    try:
        async with connection.transaction():
            row = await (await connection.execute(QUERIES[statement], facts)).fetchone()
            said = "gone" if row is None else str(row[0])
    except psycopg.errors.CheckViolation as error:
        if error.diag.constraint_name == CLASS_CONSTRAINT:
            raise RoleChangeError.of("class") from None
        known = undertaking_told_by(error) or time_box_told_by(error)
        raise known or _conflict(error, lines) or error from None
    except psycopg.errors.RestrictViolation as error:
        if error.diag.constraint_name == LAST_APPROVER:
            raise LastApproverError from None
        raise
    except psycopg.errors.UniqueViolation:
        raise RoleChangeError.of("waiting") from None
    except psycopg.errors.ObjectNotInPrerequisiteState as error:
        said = error.diag.message_detail or "gone"
    if said != "done":
        raise RoleChangeError.of(said)


def _conflict(error: psycopg.Error, lines: Iterable[RoleLine]) -> Exception | None:
    """Return what separated duties refused: which of the roles asked for, the database's message does not say alone."""
    message = error.diag.message_primary or ""
    role = next((line.role for line in lines if line.kind == "give" and message.endswith(f" and {line.role}")), "")
    return conflict_told_by(error, role)
