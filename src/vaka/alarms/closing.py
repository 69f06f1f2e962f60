# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Ending an alarm, with the authority's own codes, and opening it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.alarms.changes import QUERIES, Author, Change, Connection, change_alarm, read_alarm, write_changes
from vaka.alarms.conflicts import NewerAlarmOpenError, TooOldToReopenError, UnusableActError
from vaka.alarms.letters import write_notes
from vaka.alarms.model import REOPEN_WITHIN, Act, Alarm, State
from vaka.alarms.reading import read_closing_codes
from vaka.alarms.writing import clean_text
from vaka.errors import Sentence
from vaka.identifiers import new_identifier
from vaka.ledger.events import Event
from vaka.tenants.adoption import SHORTEST_REASON
from vaka.tenants.gateway import Gateway

CLOSE = Change(Act.CLOSE, "close_alarm", Event.ALARM_CLOSED, "closed")
ACKNOWLEDGE = Change(Act.ACKNOWLEDGE, "acknowledge_alarm", Event.ALARM_CLOSED, "acknowledged")
REOPEN = Change(Act.REOPEN, "reopen_alarm", Event.ALARM_REOPENED, "reopened")

LARGEST_BULK = 1000
_LISTS = {
    "reason": Sentence("orsak", "reason"),
    "action": Sentence("åtgärd", "action"),
    "result": Sentence("resultat", "result"),
}


@dataclass(frozen=True, slots=True)
class Closing:
    """How an alarm ended: three codes of the authority's lists, and a short text that may be empty."""

    reason: str
    action: str
    result: str
    text: str = ""


async def close(
    gateway: Gateway,
    operator: Principal,
    authority_id: UUID,
    alarm_id: UUID,
    closing: Closing,
    *,
    now: datetime,
    seen_version: int | None = None,
) -> Alarm:
    """Close one's alarm. Raises UnusableActError for codes that are not on the authority's lists, and
    ChangedMeanwhileError where something has come since ``seen_version``.
    """
    require(operator, Permission.DESK_HANDLE_ALARM, authority_id)
    text = clean_text(closing.text, may_be_empty=True)
    note = new_identifier(now) if text else None
    facts = {**_codes(closing), "note": note}
    async with gateway.transaction(authority_id) as connection:
        await _require_codes(connection, closing)
        alarm = await change_alarm(
            connection, CLOSE, Author(operator.actor, operator.account_id, now), alarm_id, facts,
            seen_version=seen_version, detail=_codes(closing),
        )  # fmt: skip
        if note is not None:
            await write_notes(
                connection, gateway.authority(authority_id), {alarm_id: note}, text, account=operator.account_id,
                now=now,
            )  # fmt: skip
        return alarm


async def acknowledge_withdrawn(
    gateway: Gateway,
    operator: Principal,
    authority_id: UUID,
    alarm_id: UUID,
    *,
    now: datetime,
    seen_version: int | None = None,
) -> Alarm:
    """Close an alarm that the device took back, having read it.

    Raises ChangedMeanwhileError where it is not the one of ``seen_version``: raised and taken back once more, say.
    """
    require(operator, Permission.DESK_HANDLE_ALARM, authority_id)
    async with gateway.transaction(authority_id) as connection:
        return await change_alarm(
            connection, ACKNOWLEDGE, Author(operator.actor, operator.account_id, now), alarm_id,
            seen_version=seen_version, detail={"action": "none", "result": "cancelled_by_user"},
        )  # fmt: skip


async def reopen(gateway: Gateway, operator: Principal, authority_id: UUID, alarm_id: UUID, *, now: datetime) -> Alarm:
    """Take up a closed alarm again, within REOPEN_WITHIN; the operator holds it then.

    What was written at its closing stays as a note. Raises NewerAlarmOpenError where the person or device has an
    open alarm already, TooOldToReopenError, or ActConflictError.
    """
    require(operator, Permission.DESK_HANDLE_ALARM, authority_id)
    author = Author(operator.actor, operator.account_id, now)
    try:
        async with gateway.transaction(authority_id) as connection:
            before = await read_alarm(connection, alarm_id)
            closed_after = now - REOPEN_WITHIN
            if before.state is State.CLOSED and before.closed_at is not None and before.closed_at <= closed_after:
                raise TooOldToReopenError
            return await change_alarm(connection, REOPEN, author, alarm_id, {"closed_after": closed_after})
    except psycopg.errors.UniqueViolation:
        raise NewerAlarmOpenError from None


async def close_many(
    gateway: Gateway,
    operator: Principal,
    authority_id: UUID,
    ids: Sequence[UUID],
    closing: Closing,
    *,
    now: datetime,
    seen_arrivals: Mapping[UUID, int] | None = None,
) -> list[UUID]:
    """Close waiting technical and test alarms of a mass event; return those that were closed.

    An alarm somebody has taken meanwhile stays, and so does one to which something has come since it was read:
    ``seen_arrivals`` says how many messages and parts each had then.

    Raises UnusableActError where one of them is a life alarm or a request; then nothing is closed. In the reception of
    unknown senders those can be closed as well, since anybody can send them by the hundred; why, has to be written
    (SHORTEST_REASON).
    """
    require(operator, Permission.DESK_BULK_CLOSE, authority_id)
    wanted = list(dict.fromkeys(ids))
    if not 0 < len(wanted) <= LARGEST_BULK:
        raise UnusableActError(
            sv=f"Välj mellan 1 och {LARGEST_BULK} larm.", en=f"Choose between 1 and {LARGEST_BULK} alarms."
        )
    authority, text = gateway.authority(authority_id), clean_text(closing.text, may_be_empty=True)
    strangers = authority.is_intake
    notes = {alarm: new_identifier(now) for alarm in wanted} if text else {}
    arrivals = [(seen_arrivals or {}).get(alarm, 0) for alarm in wanted]
    facts = {
        **_codes(closing), "ids": wanted, "notes": [notes.get(alarm) for alarm in wanted], "arrivals": arrivals,
        "now": now, "actor": operator.actor, "strangers": strangers,
    }  # fmt: skip
    async with gateway.transaction(authority_id) as connection:
        await _require_codes(connection, closing)
        cursor = await connection.execute(QUERIES["find_urgent"], {"ids": wanted})
        urgent = await cursor.fetchone()
        if urgent is not None and strangers and urgent[0] and len(text) < SHORTEST_REASON:
            raise UnusableActError(
                sv=f"Skriv varför ingen av avsändarna behöver hjälp (minst {SHORTEST_REASON} tecken).",
                en=f"Write why none of the senders needs help (at least {SHORTEST_REASON} characters).",
            )
        if urgent is not None and not (strangers and urgent[0]):
            raise UnusableActError(
                sv="Bara tekniska larm och provlarm kan avslutas flera på en gång. Inget har ändrats.",
                en="Only technical and test alarms can be closed several at a time. Nothing was changed.",
            )
        cursor = await connection.execute(QUERIES["close_alarms"], facts)
        closed: list[UUID] = [row[0] for row in await cursor.fetchall()]
        written = {alarm: notes[alarm] for alarm in closed if alarm in notes}
        await write_notes(connection, authority, written, text, account=operator.account_id, now=now)
        await write_changes(
            connection, Event.ALARM_CLOSED, "closed", operator.actor, now, closed,
            detail=_codes(closing) | {"in_bulk": True},
        )  # fmt: skip
    return closed


def _codes(closing: Closing) -> dict[str, str | int | bool | None]:
    return {"reason": closing.reason, "action": closing.action, "result": closing.result}


async def _require_codes(connection: Connection, closing: Closing) -> None:
    known = {(code.list, code.code) for code in await read_closing_codes(connection)}
    wrong = [name for name, code in _codes(closing).items() if (name, code) not in known]
    if wrong:
        raise UnusableActError(
            sv=f"Välj {', '.join(_LISTS[name].sv for name in wrong)} ur kommunens lista.",
            en=f"Choose {', '.join(_LISTS[name].en for name in wrong)} from the authority's list.",
        )
