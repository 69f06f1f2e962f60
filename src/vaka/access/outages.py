# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Declaring that an issuer lets nobody in, though it answers: a shift leader at the desk and an administrator in the
office do it together (term 15). One proposes, the other declares exactly that by the touch of a key; either ends it.

Who may, and that they are two humans, is looked at in the database as well (``declare_outage``).
"""

from datetime import datetime
from uuid import UUID

from vaka.access.decide import NotAllowedError, holds_somewhere
from vaka.access.holds import require_reason
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.step_up import confirmed
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.identity.confirming import Act, Confirmation
from vaka.identity.outages import QUERIES, Outage
from vaka.identity.trust import Trusted, list_trusted
from vaka.ledger.events import Event
from vaka.ledger.standing import require_standing


class UndecidableOutageError(VakaError):
    """An outage cannot be proposed, declared or ended like this; `why` is a key of the table below."""

    def __init__(self, why: str) -> None:
        category, sv, en = _WHY[why]
        super().__init__(category, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))
        self.why = why


_WHY: dict[str, tuple[Category, str, str]] = {
    "waits": (
        Category.CONFLICT, "Det väntar redan ett förslag om den utfärdaren. Avgör det först.",
        "A proposal about that issuer waits already. Decide that first.",
    ),
    "gone": (
        Category.CONFLICT, "Det väntar eller gäller inte längre. Läs sidan en gång till.",
        "It does not wait, or does not hold, any more. Read the page once more.",
    ),
    "changed": (
        Category.CONFLICT, "Det är inte det som du har sett. Läs sidan en gång till.",
        "It is not what you have seen. Read the page once more.",
    ),
    "own": (
        Category.FORBIDDEN, "Den som lade förslaget kan inte själv förklara avbrottet, inte ens med ett annat konto.",
        "Whoever proposed it cannot declare it, by another account neither.",
    ),
    "same_side": (
        Category.FORBIDDEN, "Det tar en arbetsledare vid larmbordet och en administratör på kontoret. Den ena har "
        "föreslagit; nu är det den andras tur.",
        "It takes a shift leader at the desk and an administrator in the office. One has proposed; it is the other's "
        "turn now.",
    ),
    "stranger": (
        Category.FORBIDDEN, "Du är varken arbetsledare eller administratör just nu.",
        "You are neither a shift leader nor an administrator at present.",
    ),
    "hours": (
        Category.INVALID, "Så länge kan ett avbrott inte förklaras. Välj färre timmar.",
        "An outage cannot be declared for so long. Choose fewer hours.",
    ),
}  # fmt: skip


async def list_issuers(connection: Connection, now: datetime) -> list[Trusted]:
    """Return the issuers that operators sign in by (as desk or office)."""
    return [one for one in await list_trusted(connection, now) if "operator" in one.realms]


async def propose_outage(
    connection: Connection, principal: Principal, may: Permission, trust_id: UUID, *, hours: int, most_hours: int,
    reason: str, now: datetime,
) -> UUID:  # fmt: skip
    """Say that nobody gets in by an issuer, for so many hours; return the proposal's identifier. It opens nothing yet.

    Raises NotAllowedError, UnusableReasonError, UndecidableOutageError, LedgerStandsStillError.
    """
    _require(principal, may)
    why, identifier = require_reason(reason), new_identifier(now)
    if not 1 <= hours <= most_hours:
        raise UndecidableOutageError("hours")
    if all(one.id != trust_id for one in await list_issuers(connection, now)):
        raise UndecidableOutageError("gone")
    async with connection.transaction():
        values = {
            "id": identifier, "trust_id": trust_id, "hours": hours, "reason": why, "by": principal.account_id,
            "now": now,
        }  # fmt: skip
        await _do(connection, "propose_outage", values)
        await require_standing(connection, now)
    return identifier


def declaring_act(outage: Outage, issuer: str) -> Act:
    """Return the act that declaring exactly this is, as a key confirms it."""
    said: dict[str, str | int | bool] = {
        "sha256": outage.digest, "issuer": issuer, "hours": outage.hours, "reason": outage.reason,
    }  # fmt: skip
    return Act(Event.OUTAGE_DECLARED.value, None, f"outage:{outage.id}", said)


def require_declarable(outage: Outage | None, digest: str, *, most_hours: int, now: datetime) -> Outage:
    """Say before a key is touched what would be said after it. Raises UndecidableOutageError."""
    if outage is None or not outage.is_waiting(now):
        raise UndecidableOutageError("gone")
    if outage.digest != digest:
        raise UndecidableOutageError("changed")
    if outage.hours > most_hours:
        raise UndecidableOutageError("hours")
    return outage


async def declare_outage(
    connection: Connection, principal: Principal, may: Permission, outage: Outage, issuer: str, *, now: datetime,
    confirmation: Confirmation,
) -> None:  # fmt: skip
    """Declare what the other side proposed. Operators get in by their own keys once the log has sealed it.

    Raises NotAllowedError, NotConfirmedError, UndecidableOutageError, LedgerStandsStillError.
    """
    _require(principal, may)
    async with confirmed(connection, confirmation, declaring_act(outage, issuer)):
        values = {"id": outage.id, "digest": outage.digest, "by": principal.account_id, "now": now}
        await _do(connection, "declare_outage", values)
        await require_standing(connection, now)


async def end_outage(
    connection: Connection, principal: Principal, may: Permission, identifier: UUID, *, now: datetime
) -> None:
    """End one, or take a proposal back. What closes a door waits for nobody, and not for the ledger to be sealed.

    Raises NotAllowedError, UndecidableOutageError.
    """
    _require(principal, may)
    async with connection.transaction():
        await _do(connection, "end_outage", {"id": identifier, "by": principal.account_id, "now": now})


def _require(principal: Principal, may: Permission) -> None:
    # An issuer is nobody's more than another's: who leads a shift of any authority sees that nobody gets in.
    if not holds_somewhere(principal, may):
        raise NotAllowedError(may, principal.session)


async def _do(connection: Connection, name: str, values: dict[str, object]) -> None:
    row = await (await connection.execute(QUERIES[name], values)).fetchone()
    said = "gone" if row is None else str(row[0])
    if said != "done":
        raise UndecidableOutageError(said)
