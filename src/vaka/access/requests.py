# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Asking an authority for a role (terms 2 and 9), as setup; and what its approver decides, as portal.

A role is asked for where the authority has designated it, or where it may not be held beside another: then the request
is for an exception, with what is done instead of separating the two, and an end. What is approved is bound to a digest
over human, account, role, authority and time, and is worth something for exactly that.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from vaka.access.decide import require
from vaka.access.duties import conflict_told_by
from vaka.access.grants import QUERIES, UnknownRoleError
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.roles import WITH_AUTHORITIES
from vaka.access.step_up import confirmed
from vaka.access.time_boxes import time_box_told_by
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.undertaking import undertaking_told_by
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing

ANSWER_WITHIN = timedelta(days=30)
"""A request that nobody has answered by then lapses."""
LONGEST_EXCEPTION = timedelta(days=180)
LONGEST_EMERGENCY = timedelta(hours=24)

Kind = Literal["approval", "emergency", "exception"]
RequestVerdict = Literal["approved", "refused"]


@dataclass(frozen=True, slots=True)
class RoleRequest:
    """What was asked for, and what became of it."""

    id: UUID
    kind: str
    """``approval``, ``emergency``, ``exception``; ``standing`` was held when the role was designated."""
    account_id: UUID
    role: str
    valid_from: datetime
    valid_until: datetime | None
    digest: bytes
    reason: str
    beside: str | None
    control: str | None
    requested_by: str
    answer_by: datetime | None
    state: str
    """``waiting`` → ``approved`` | ``refused`` | ``lapsed``; ``approved`` → ``ended``."""
    decided_by: UUID | None
    decided_at: datetime | None
    decision: str | None


class NotRequestableError(VakaError):
    """It cannot be asked for; says why."""


class NotDecidableError(VakaError):
    """It cannot be decided like this; says why."""


def _not_requestable(sv: str, en: str) -> NotRequestableError:
    return NotRequestableError(Category.CONFLICT, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))


def _refusal(category: Category, sv: str, en: str) -> tuple[Category, Sentence]:
    return category, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed.")


_REFUSALS = {
    "gone": _refusal(
        Category.CONFLICT, "Det är redan avgjort, eller tiden för att svara har gått ut.",
        "It has been decided already, or the time to answer is over.",
    ),
    "changed": _refusal(
        Category.CONFLICT, "Det är inte det som du har sett. Läs sidan en gång till.",
        "It is not what you have seen. Read the page once more.",
    ),
    "own": _refusal(
        Category.FORBIDDEN, "Ingen godkänner något åt sig själv, eller det som man själv har begärt. Be en kollega.",
        "Nobody approves for himself, or what he himself has asked for. Ask a colleague.",
    ),
    "supplier": _refusal(
        Category.FORBIDDEN, "Leverantörens personal godkänner inget åt myndigheten.",
        "The supplier's people approve nothing for an authority.",
    ),
    "stranger": _refusal(
        Category.FORBIDDEN, "Din behörighet räcker inte för det här.", "Your access does not cover this."
    ),
}  # fmt: skip


def require_done(said: str | None) -> None:
    """Return where a deciding function of the database says that it is done. Raises NotDecidableError."""
    if said != "done":
        raise NotDecidableError(*_REFUSALS[said or "gone"])


async def request_role(
    connection: Connection,
    account_id: UUID,
    role: str,
    authority_id: UUID,
    *,
    kind: Kind = "approval",
    reason: str,
    control: str | None = None,
    valid_until: datetime | None = None,
    hours: int | None = None,
    actor: str,
    now: datetime,
) -> UUID:
    """Ask for a role (as setup); return the request's identifier. Nothing holds before it is approved.

    An ``emergency`` holds at once, for ``hours``; it ends then unless it is approved. An ``exception`` says in
    ``control`` what is done instead of separating the two roles, and has an end.

    Raises UnknownRoleError, UnusableReasonError, NotRequestableError, ConflictingDutiesError, EndNeededError,
    LedgerStandsStillError.
    """
    if role not in WITH_AUTHORITIES:
        raise UnknownRoleError
    why, instead = require_reason(reason), require_reason(control) if kind == "exception" and control else None
    request, answer_by = new_identifier(now), now + ANSWER_WITHIN
    if valid_until is not None and valid_until <= now:
        raise _not_requestable("Slutet har redan varit.", "The end has been already.")
    if kind == "exception" and (instead is None or valid_until is None or valid_until > now + LONGEST_EXCEPTION):
        raise _not_requestable(
            f"Ett undantag behöver en kompenserande åtgärd och ett slut inom {LONGEST_EXCEPTION.days} dagar.",
            f"An exception needs a compensating control and an end within {LONGEST_EXCEPTION.days} days.",
        )
    if kind == "emergency":
        if hours is None or not timedelta() < timedelta(hours=hours) <= LONGEST_EMERGENCY:
            raise _not_requestable("En nödbehörighet gäller i 1–24 timmar.", "An emergency holds for 1–24 hours.")
        answer_by = now + timedelta(hours=hours)
    facts = {
        "request": request, "kind": kind, "account_id": account_id, "role": role, "authority_id": authority_id,
        "valid_until": valid_until, "reason": why, "control": instead, "answer_by": answer_by, "actor": actor,
        "now": now,
    }  # fmt: skip
    try:
        async with connection.transaction():
            row = await (await connection.execute(QUERIES["request_role"], facts)).fetchone()
            await require_standing(connection, now)
    except psycopg.errors.CheckViolation as error:
        raise _told_by(error, role) or error from None
    except psycopg.errors.NoDataFound:
        raise _not_requestable("Det finns inget sådant aktivt konto.", "There is no such active account.") from None
    except psycopg.errors.ObjectNotInPrerequisiteState:
        raise _not_requestable(
            "Det behöver inget godkännande: ge rollen direkt, eller innehas redan.",
            "Nobody has to approve that: give the role, or it is held already.",
        ) from None
    if row is None or row[0] is None:
        raise _not_requestable(
            "En nödbehörighet av samma slag gavs nyligen och godkändes aldrig. Begär rollen i stället.",
            "An emergency of the same kind was given lately and never approved. Request the role instead.",
        )
    return request


async def list_requests(connection: Connection, authority_id: UUID) -> list[RoleRequest]:
    """Return an authority's requests, newest first (as portal or setup)."""
    async with connection.cursor(row_factory=class_row(RoleRequest)) as cursor:
        await cursor.execute(QUERIES["list_requests"], {"authority_id": authority_id})
        return await cursor.fetchall()


_DECIDED: dict[RequestVerdict, Event] = {"approved": Event.ROLE_APPROVED, "refused": Event.ROLE_REFUSED}


def deciding_act(authority_id: UUID, request: UUID, digest: bytes, verdict: RequestVerdict, reason: str) -> Act:
    """Return the act that a decision is, as a key confirms it. The digest is over who gets what, where and how long.

    Raises UnusableReasonError (a refusal without a reason).
    """
    why = _why(verdict, reason)
    said = {"request": str(request), "digest": digest.hex(), **({"reason": why} if why else {})}
    return Act(_DECIDED[verdict].value, authority_id, f"role_request:{request}", said)


def _why(verdict: RequestVerdict, reason: str) -> str:
    return require_reason(reason) if verdict == "refused" or reason.strip() else ""


async def decide_request(
    connection: Connection,
    principal: Principal,
    authority_id: UUID,
    request: UUID,
    digest: bytes,
    verdict: RequestVerdict,
    *,
    reason: str,
    now: datetime,
    confirmation: Confirmation,
) -> None:
    """Approve or refuse exactly what was shown, by its digest (as portal, in the platform's database).

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UnusableReasonError (a refusal without a reason),
    NotDecidableError, ConflictingDutiesError, UndertakingMissingError, EndNeededError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_APPROVE_ACCESS, authority_id)
    act = deciding_act(authority_id, request, digest, verdict, reason)
    facts = {
        "request": request, "digest": digest, "verdict": verdict, "account_id": principal.account_id,
        "reason": _why(verdict, reason), "authority_id": authority_id, "now": now,
    }  # fmt: skip
    try:
        async with confirmed(connection, confirmation, act):
            row = await (await connection.execute(QUERIES["decide_role_request"], facts)).fetchone()
            require_done(None if row is None else row[0])
            await require_standing(connection, now)
    except psycopg.errors.CheckViolation as error:
        raise _told_by(error) or error from None


def _told_by(error: psycopg.Error, role: str = "") -> VakaError | None:
    return undertaking_told_by(error) or time_box_told_by(error) or conflict_told_by(error, role)
