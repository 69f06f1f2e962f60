# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""That an authority has verified its own log (term 26): its log reviewer reports what came of it, and that is evidence.

That all is well is confirmed with a key. That something is wrong is not: whoever has found it shall not look for a key.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.rows import class_row

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.step_up import confirmed
from vaka.assurance.evidence import QUERIES
from vaka.assurance.log_claims import Claim, Means, UnusableCheckError, is_of_log, require_recent
from vaka.database.connections import Connection
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Act, Confirmation
from vaka.ledger.events import Event
from vaka.ledger.reading import read_state
from vaka.ledger.standing import require_standing
from vaka.ledger.wording import seems_personal

MAY_REPORT = Permission.PORTAL_VERIFY_LOG
LONGEST_WORDS = 1500
MOST_LISTED = 100
"""Reports on a page: the newest."""
Result = Literal["verified", "wrong"]


@dataclass(frozen=True, slots=True)
class LogCheck:
    """What was reported of one verification. It is never changed."""

    id: UUID
    authority_id: UUID
    result: Result
    size: int | None
    """Entries under the checkpoint; None where there was none to be had."""
    root: str | None
    """In hexadecimal."""
    agrees: bool
    """Whether the log's own tree had that root when it was reported."""
    means: Means
    witnesses: int
    """How many of the log's witnesses had signed it."""
    words: str
    """What is wrong."""
    checked_at: datetime
    digest: str
    """SHA-256 over all of it, as the entry in the log has it."""
    made_by: UUID
    made_at: datetime


async def list_log_checks(connection: Connection, authority_id: UUID | None = None) -> list[LogCheck]:
    """Return what was reported of one authority's log (as portal), without one of all (as office); the newest first."""
    async with connection.cursor(row_factory=class_row(LogCheck)) as cursor:
        await cursor.execute(QUERIES["list_log_checks"], {"authority_id": authority_id, "most": MOST_LISTED})
        return await cursor.fetchall()


async def require_verified(tenant: Connection, claim: Claim | None, checked_at: datetime) -> Claim:
    """Return the claim if it can be reported as verified: the authority's log has signed just that, and not
    long before. Raises UnusableCheckError.
    """
    if claim is None or claim.means == "none":
        raise UnusableCheckError("said_wrong" if claim is not None else "nothing")
    if claim.is_well is False:
        raise UnusableCheckError("said_wrong")
    if not await is_of_log(tenant, await read_state(tenant), claim):
        raise UnusableCheckError("unsigned")
    await require_recent(tenant, claim, checked_at)
    return claim


def verified_act(authority_id: UUID, claim: Claim, checked_at: datetime) -> Act:
    """Return the act that reporting this is, as a key confirms it."""
    said: dict[str, str | int | bool] = {
        "size": claim.size, "root": claim.root.hex(), "checked_at": checked_at.isoformat(),
    }  # fmt: skip
    return Act(Event.LOG_VERIFIED.value, authority_id, f"authority:{authority_id}", said)


async def report_verified(
    platform: Connection, principal: Principal, authority_id: UUID, claim: Claim, checked_at: datetime,
    *, now: datetime, confirmation: Confirmation,
) -> None:  # fmt: skip
    """Report that a log was verified, as portal. What ``require_verified`` returned is reported.

    Raises NotAllowedError, NothingHereError, NotConfirmedError, UnusableCheckError, LedgerStandsStillError.
    """
    require(principal, MAY_REPORT, authority_id)
    async with confirmed(platform, confirmation, verified_act(authority_id, claim, checked_at)):
        await _report(platform, principal, authority_id, "verified", claim, True, "", checked_at, now)
        await require_standing(platform, now)


async def report_wrong(
    platform: Connection, tenant: Connection, principal: Principal, authority_id: UUID, claim: Claim | None, words: str,
    checked_at: datetime, *, now: datetime,
) -> None:  # fmt: skip
    """Report that something is wrong, as portal. That waits for nothing, not for the log that is doubted either.

    A checkpoint that the log's database does not know is kept where it was pasted whole: that there are two histories
    is what a verification is for. Two numbers that it does not know are refused. Raises NotAllowedError,
    NothingHereError, UnusableCheckError.
    """
    require(principal, MAY_REPORT, authority_id)
    words = words.strip()
    if not 0 < len(words) <= LONGEST_WORDS or seems_personal(words):
        raise UnusableCheckError("words")
    if claim is not None and claim.is_well:
        raise UnusableCheckError("said_well")
    agrees = claim is not None and await is_of_log(tenant, await read_state(tenant), claim)
    if claim is not None and claim.means == "numbers" and not agrees:
        raise UnusableCheckError("unsigned")
    async with platform.transaction():
        await _report(platform, principal, authority_id, "wrong", claim, agrees, words, checked_at, now)


async def _report(
    platform: Connection, principal: Principal, authority_id: UUID, result: Result, claim: Claim | None, agrees: bool,
    words: str, checked_at: datetime, now: datetime,
) -> None:  # fmt: skip
    known = claim if claim is not None and claim.means != "none" else None
    said = f"{words} ({claim.said})" if claim is not None and claim.said else words
    values = {
        "id": new_identifier(now), "authority_id": authority_id, "result": result,
        "size": known and known.size, "root": known and known.root.hex(), "agrees": agrees,
        "means": "none" if known is None else known.means, "witnesses": 0 if known is None else known.witnesses,
        "words": said, "checked_at": checked_at, "by": principal.account_id, "now": now,
    }  # fmt: skip
    row = await (await platform.execute(QUERIES["report_log_check"], values)).fetchone()
    answer = "stranger" if row is None else str(row[0])
    if answer != "done":
        raise UnusableCheckError(answer)
