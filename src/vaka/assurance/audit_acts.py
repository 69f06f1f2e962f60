# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is done about audits and visits (terms 37 and 19): an authority asks, both agree, it is held; auditors freeze
populations and draw samples; what was found becomes actions.

Who may do what, on which side, is the database's to refuse as well. Each act has its entry there, in one transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vaka.access.decide import may, require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.assurance.audits import Audit, AuditKind
from vaka.assurance.evidence import QUERIES
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier
from vaka.ledger.standing import require_standing
from vaka.ledger.wording import seems_personal

ASKING = Permission.PORTAL_ASK_SUPPLIER
ANSWERING = Permission.OFFICE_ANSWER_AUTHORITIES
AUDITING = Permission.PORTAL_AUDIT
LONGEST = {"about": 1000, "words": 1000, "finding": 1000, "motive": 500}
"""Characters of what is written, as the table has it."""
MOST_DRAWN = 200
"""Items of a sample."""


class AuditError(VakaError):
    """It cannot be done like this; `why` is a key of the table below."""

    def __init__(self, why: str) -> None:
        category, sv, en = _WHY[why]
        super().__init__(category, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))
        self.why = why


_WHY: Mapping[str, tuple[Category, str, str]] = {
    "stranger": (
        Category.FORBIDDEN, "Det är någon annan som gör det, eller så pågår revisionen inte nu.",
        "That is for somebody else to do, or the audit does not go on now.",
    ),
    "gone": (
        Category.CONFLICT, "Det går inte med begäran som den står nu. Läs sidan en gång till.",
        "That cannot be done with the request as it stands. Read the page once more.",
    ),
    "changed": (
        Category.CONFLICT, "Det är inte det förslag som du har sett. Läs sidan en gång till.",
        "That is not the proposal that you have seen. Read the page once more.",
    ),
    "times": (
        Category.INVALID, "Börja tidigast i dag och senast om ett år, och sluta efter det och inom ett år från början. "
        "Tiden som granskas slutar efter att den börjar.",
        "Begin today at the earliest and in a year at the latest, and end after that and within a year of the "
        "beginning. The time that is looked at ends after it begins.",
    ),
    "deadline": (
        Category.INVALID, "Välj en dag för svaret som inte har varit, högst ett år bort.",
        "Choose a day for the answer that has not been, a year off at most.",
    ),
    "terms": (
        Category.INVALID, "Välj minst ett villkor som ska granskas.", "Choose at least one term that is looked at.",
    ),
    "auditors": (
        Category.INVALID, "Välj minst en revisor. Den som ska granska behöver först rollen revisor hos er.",
        "Choose at least one auditor. Whoever is to audit needs the role of auditor with you first.",
    ),
    "site": (
        Category.INVALID, "Den hallen står inte i leverantörens register, eller så visas den inte för er.",
        "That hall is not in the supplier's register, or the supplier does not show it to you.",
    ),
    "crowded": (
        Category.CONFLICT, "Ni har redan tjugo öppna begäranden. Dra tillbaka någon först.",
        "You have twenty open requests already. Take one back first.",
    ),
    "many": (
        Category.CONFLICT, "Revisionen rymmer inte fler.", "The audit holds no more.",
    ),
    "either": (
        Category.INVALID, "Välj en åtgärd ur registret, eller skriv varför inget görs. Ett av dem.",
        "Choose an action of the register, or write why nothing is done. One of them.",
    ),
    "finding": (
        Category.INVALID, "Den bristen står inte i registret, gäller inte myndigheten, eller saknar ägare eller dag.",
        "That shortcoming is not in the register, does not concern the authority, or lacks an owner or a day.",
    ),
    "scope": (
        Category.FORBIDDEN, "Det hör inte till de villkor som revisionen gäller.",
        "That does not belong to the terms that the audit is about.",
    ),
    "nothing": (
        Category.CONFLICT, "Det finns inget sådant i den tid som granskas, eller så visas ni inte det registret.",
        "There is nothing of that kind in the time that is looked at, or the supplier does not show you that register.",
    ),
    "large": (
        Category.CONFLICT, "Det är fler än tjugo tusen. Kom överens om en kortare tid att granska.",
        "There are more than twenty thousand. Agree on a shorter time that is looked at.",
    ),
    "altered": (
        Category.CONFLICT, "Poster i loggen är inte som de förseglades. Kontrollera loggen, och säg vad som är fel.",
        "Entries of the log are not as they were sealed. Verify the log, and report what is wrong.",
    ),
    "unsealed": (
        Category.CONFLICT, "Loggen har inte förseglats sedan populationen frystes. Försök igen om ett par minuter.",
        "The log has not been sealed since the population was frozen. Try again in a couple of minutes.",
    ),
    "drawn": (
        Category.CONFLICT, "Urvalet är redan draget, och dras inte om.",
        "The sample is drawn already, and not drawn again.",
    ),
    "text": (
        Category.INVALID, "Fyll i allt, inte längre än fälten rymmer, och utan personnummer, telefonnummer och "
        "e-postadresser.",
        "Fill everything in, no longer than the fields hold, and without personal numbers, telephone numbers and mail "
        "addresses.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """What an authority asks for."""

    kind: AuditKind
    terms: Sequence[int]
    about: str
    looks_from: datetime
    looks_until: datetime
    starts_at: datetime
    ends_at: datetime
    answer_by: datetime
    auditors: Sequence[UUID] = ()
    site: UUID | None = None


async def ask(connection: Connection, principal: Principal, authority_id: UUID, wish: Wish, *, now: datetime) -> UUID:
    """Ask for an audit or a visit (as portal); return its identifier.

    Raises NotAllowedError, NothingHereError, AuditError, LedgerStandsStillError; so do all below.
    """
    require(principal, ASKING, authority_id)
    terms = sorted(set(wish.terms))
    if not terms or not {*range(1, 38)}.issuperset(terms):
        raise AuditError("terms")
    identifier = new_identifier(now)
    await _do(
        connection, principal, "ask_audit", now, id=identifier, authority_id=authority_id, kind=wish.kind, terms=terms,
        site=wish.site, about=_text(wish.about, "about"), looks_from=wish.looks_from, looks_until=wish.looks_until,
        auditors=list(dict.fromkeys(wish.auditors)), starts_at=wish.starts_at, ends_at=wish.ends_at,
        answer_by=wish.answer_by,
    )  # fmt: skip
    return identifier


async def agree(connection: Connection, principal: Principal, one: Audit, digest: str, *, now: datetime) -> None:
    """Agree to exactly what the other side proposed (as office or portal)."""
    _require_side(principal, one)
    await _do(connection, principal, "agree_audit", now, id=one.id, sha256=digest)


async def propose(
    connection: Connection, principal: Principal, one: Audit, starts_at: datetime, ends_at: datetime, words: str,
    *, now: datetime,
) -> None:  # fmt: skip
    """Propose another time, and say why (as office or portal)."""
    _require_side(principal, one)
    await _do(
        connection, principal, "propose_audit", now, id=one.id, starts_at=starts_at, ends_at=ends_at,
        words=_text(words, "words"),
    )  # fmt: skip


async def withdraw(connection: Connection, principal: Principal, one: Audit, *, now: datetime) -> None:
    """Take a request back, before it has begun (as portal)."""
    require(principal, ASKING, one.authority_id)
    await _do(connection, principal, "withdraw_audit", now, id=one.id)


async def end(connection: Connection, principal: Principal, one: Audit, *, now: datetime) -> None:
    """End it before its day (as portal). Waits for no ledger to be sealed: it only makes less of it."""
    require(principal, ASKING, one.authority_id)
    async with connection.transaction():
        await _ask(connection, "end_audit", {"id": one.id, "by": principal.account_id, "now": now})


async def close(connection: Connection, principal: Principal, one: Audit, *, held: bool, now: datetime) -> None:
    """Say whether it was held, once it is over (as portal). What was not is owed anew."""
    require(principal, ASKING, one.authority_id)
    await _do(connection, principal, "close_audit", now, id=one.id, held=held)


async def note_finding(
    connection: Connection, principal: Principal, one: Audit, finding: str, *, now: datetime
) -> None:
    """Write down what was found, which both sides read (as portal)."""
    if not may(principal, ASKING, one.authority_id):
        require(principal, AUDITING, one.authority_id)
    await _do(
        connection, principal, "note_audit_finding", now, finding_id=new_identifier(now), id=one.id,
        finding=_text(finding, "finding"),
    )  # fmt: skip


async def settle_finding(
    connection: Connection, principal: Principal, finding: UUID, *, entry: UUID | None, motive: str, now: datetime
) -> None:
    """Say which shortcoming in the register a finding became, or why none (as office)."""
    require(principal, ANSWERING, None)
    why = _text(motive, "motive") if motive.strip() else None
    await _do(connection, principal, "settle_audit_finding", now, finding_id=finding, entry=entry, motive=why)


async def freeze(
    connection: Connection, principal: Principal, one: Audit, source: str, wanted: int, *, now: datetime
) -> UUID:
    """Freeze what there is of a source, and say how many are to be drawn (as portal); return the population."""
    require(principal, AUDITING, one.authority_id)
    if not 1 <= wanted <= MOST_DRAWN:
        raise AuditError("text")
    population = new_identifier(now)
    await _do(
        connection, principal, "freeze_audit_population", now, population=population, id=one.id, source=source,
        wanted=wanted,
    )  # fmt: skip
    return population


async def draw(
    connection: Connection, principal: Principal, authority_id: UUID, population: UUID, *, now: datetime
) -> None:
    """Draw the sample of a population by the seed that the log gave since (as portal)."""
    require(principal, AUDITING, authority_id)
    await _do(connection, principal, "draw_audit_sample", now, population=population)


def _require_side(principal: Principal, one: Audit) -> None:
    """Both sides may: the supplier for all, an authority for its own."""
    if principal.session.realm == "administrator":
        require(principal, ANSWERING, None)
    else:
        require(principal, ASKING, one.authority_id)


def _text(written: str, which: str) -> str:
    text = written.strip()
    if not text or len(text) > LONGEST[which] or seems_personal(text):
        raise AuditError("text")
    return text


async def _do(connection: Connection, principal: Principal, name: str, now: datetime, **values: object) -> None:
    async with connection.transaction():
        await _ask(connection, name, {**values, "by": principal.account_id, "now": now})
        await require_standing(connection, now)


async def _ask(connection: Connection, name: str, values: Mapping[str, object]) -> None:
    row = await (await connection.execute(QUERIES[name], values)).fetchone()
    said = "gone" if row is None else str(row[0])
    if said != "done":
        raise AuditError(said)
