# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Opening a case, writing in it, answering, and saying that one has seen it (terms 34 and 35).

Whatever finds an incident opens it by :func:`open_case`: a person in the office today.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.access.requests import require_done
from vaka.cases.model import (
    LONGEST_FINDING,
    LONGEST_TEXT,
    LONGEST_TITLE,
    MOST_ANSWERS,
    QUERIES,
    SEVERITIES,
    Kind,
    Severity,
    Tlp,
)
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.files.keeping import keep_file
from vaka.files.model import Sent
from vaka.identifiers import new_identifier
from vaka.ledger.standing import require_standing
from vaka.ledger.wording import seems_personal
from vaka.settings import CasesSettings


class UnusableCaseError(VakaError):
    """A case cannot be opened, or written in, like this; says why."""

    def __init__(self, sv: str, en: str) -> None:
        super().__init__(Category.INVALID, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))


_REFUSALS = {
    "future": (
        "Tiden då ni fick veta det har inte varit än.",
        "The time when you came to know of it is still to come.",
    ),
    "untouched": ("Ärendet berör inte den myndigheten.", "The case does not touch that authority."),
    "addressee": (
        "En rättelse går till samma mottagare som det den rättar. Skriv ett nytt meddelande till någon annan.",
        "A correction goes to whom the entry that it corrects went. Write a new message to somebody else.",
    ),
    "wider": (
        "En rättelse får inte ha en vidare märkning än det den rättar.",
        "A correction may not have a wider marking than what it corrects.",
    ),
    "many": (
        f"Ni har skrivit {MOST_ANSWERS} meddelanden i ärendet, och fler ryms inte. Ring leverantören.",
        f"You have written {MOST_ANSWERS} messages in the case, and there is no room for more. Call the supplier.",
    ),
    "order": (
        "Det steget är redan taget, eller så är ärendet inte bedömt än.",
        "That step was taken already, or the case is not triaged yet.",
    ),
    "running": (
        "Den version som har sårbarheten körs fortfarande. Ärendet går vidare av sig självt när den inte gör det.",
        "The version that has the vulnerability still runs. The case goes on by itself when it does not.",
    ),
    "regulated": (
        "Det som lagen kräver rapporterat kan inte stängas som något som inte behöver rapporteras.",
        "What the law wants reported cannot be closed as something that need not be.",
    ),
    "unfinished": (
        "Skriv orsak och påverkan, och välj om det har rapporterats, innan ärendet stängs.",
        "Write the cause and the impact, and choose whether it was reported, before the case is closed.",
    ),
    "red": (
        "En fil som är märkt RED når ingen myndighet och skickas av ingen. Välj en annan märkning, eller skriv det som "
        "är RED utan fil.",
        "A file that is marked RED reaches no authority, and none sends one. Choose another marking, or write what is "
        "RED without a file.",
    ),
    "full": (
        "Där ryms inte fler filer från er i ärendet, eller så är de 2 GiB fulla som finns för myndighetens filer i "
        "alla ärenden och frågor. Skriv utan fil, och säg var den finns.",
        "The case holds no more files of yours there, or the 2 GiB for the authority's files in all cases and "
        "questions are full. Write without a file, and say where it is.",
    ),
    "name": (
        "Filens namn ser ut att ha ett personnummer, telefonnummer eller en e-postadress i sig. Ge den ett annat namn: "
        "det står kvar.",
        "The file's name seems to have a personal number, a telephone number or a mail address in it. Give it another "
        "name: it stays.",
    ),
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A case as somebody opens it."""

    kind: Kind
    severity: Severity
    title: str
    text: str
    """What is known."""
    tlp: Tlp
    known_at: datetime
    regulated: bool
    touches: Sequence[UUID]


async def open_case(
    connection: Connection, principal: Principal, opened: Opened, agreed: CasesSettings, *, now: datetime
) -> UUID:
    """Open a case and tell whom it touches (as office); return its identifier.

    Raises NotAllowedError, UnusableCaseError, NotDecidableError, LedgerStandsStillError.
    """
    require(principal, Permission.OFFICE_HANDLE_CASES, None)
    identifier, place = new_identifier(now), SEVERITIES.index(opened.severity)
    facts = {
        "id": identifier, "kind": opened.kind, "severity": opened.severity, "regulated": opened.regulated,
        "known_at": opened.known_at, "tlp": opened.tlp, "text": require_text(opened.text),
        "title": require_text(opened.title, LONGEST_TITLE), "touches": list(dict.fromkeys(opened.touches)),
        "minutes": [
            agreed.acknowledge_minutes, agreed.receipt_minutes, agreed.tell_minutes[place], agreed.fix_hours[place],
        ],
        "account_id": principal.account_id, "now": now,
    }  # fmt: skip
    await _do(connection, "open_case", facts, now)
    return identifier


async def write(
    connection: Connection, principal: Principal, case_id: UUID, kind: str, *, tlp: Tlp, text: str = "",
    authority_id: UUID | None = None, facts: Mapping[str, str | int] | None = None, sent: Sent | None = None,
    now: datetime,
) -> None:  # fmt: skip
    """Write in a case (as office): ``noted``, ``corrected``, ``touched``, ``moved`` or ``reported``; the first two with
    a file, where one is sent.

    Raises as :func:`open_case` does.
    """
    require(principal, Permission.OFFICE_HANDLE_CASES, None)
    said: dict[str, object] = {name: value for name, value in (facts or {}).items() if value != ""}
    for name in ("cause", "impact"):
        if name in said:
            said[name] = require_text(str(said[name]), LONGEST_FINDING)
    if kind in ("noted", "corrected") or text:
        text = require_text(text)
    if sent is not None:
        said["file"] = _facts_of(sent, tlp, addressed=authority_id is not None)
    values = {
        "case_id": case_id, "kind": kind, "tlp": tlp, "authority_id": authority_id, "text": text,
        "facts": Jsonb(said), "account_id": principal.account_id, "now": now,
    }  # fmt: skip
    await _do(connection, "write_case", values, now, sent)


async def answer(
    connection: Connection, principal: Principal, case_id: UUID, authority_id: UUID, *, tlp: Tlp, text: str,
    sent: Sent | None = None, now: datetime,
) -> None:  # fmt: skip
    """Answer in an authority's room of a case (as portal), with a file where one is sent.

    Raises as :func:`open_case` does, and NothingHereError.
    """
    require(principal, Permission.PORTAL_HANDLE_CASES, authority_id)
    values = {
        "case_id": case_id, "authority_id": authority_id, "tlp": tlp, "text": require_text(text),
        "file": None if sent is None else Jsonb(_facts_of(sent, tlp, addressed=True)),
        "account_id": principal.account_id, "now": now,
    }  # fmt: skip
    await _do(connection, "answer_case", values, now, sent)


async def see(
    connection: Connection, principal: Principal, case_id: UUID, number: int, authority_id: UUID | None, *,
    now: datetime,
) -> None:  # fmt: skip
    """Say that one has seen a case up to an entry (as portal for an authority, as office without one).

    Raises as :func:`open_case` does, and NothingHereError.
    """
    if authority_id is None:
        require(principal, Permission.OFFICE_HANDLE_CASES, None)
    else:
        require(principal, Permission.PORTAL_HANDLE_CASES, authority_id)
    values = {
        "case_id": case_id, "number": number, "authority_id": authority_id, "account_id": principal.account_id,
        "now": now,
    }  # fmt: skip
    await _do(connection, "see_case", values, now)


def require_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return what somebody wrote, fit for a case. Raises UnusableCaseError."""
    text = text.strip().replace("\r\n", "\n")
    if not text or len(text) > longest or seems_personal(text):
        raise UnusableCaseError(
            f"Skriv 1–{longest} tecken, utan personnummer, telefonnummer och e-postadresser: det står kvar.",
            f"Write 1–{longest} signs, without personal numbers, telephone numbers and mail addresses: it stays.",
        )
    return text


def _facts_of(sent: Sent, tlp: Tlp, *, addressed: bool) -> Mapping[str, object]:
    """Return what an entry says of its file. Raises UnusableCaseError where that may not come with it."""
    if tlp == "RED" and addressed:
        raise UnusableCaseError(*_REFUSALS["red"])
    if seems_personal(sent.file.name):
        raise UnusableCaseError(*_REFUSALS["name"])
    return sent.facts


async def _do(
    connection: Connection, query: str, values: Mapping[str, Any], now: datetime, sent: Sent | None = None
) -> None:
    async with connection.transaction():
        row = await (await connection.execute(QUERIES[query], dict(values))).fetchone()
        said = "gone" if row is None else str(row[0])
        if said == "done" and sent is not None:
            said = await keep_file(connection, sent, values["account_id"], now, case_id=values["case_id"])
        if said in _REFUSALS:
            raise UnusableCaseError(*_REFUSALS[said])
        require_done(said)
        await require_standing(connection, now)
