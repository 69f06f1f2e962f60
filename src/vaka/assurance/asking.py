# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Asking the supplier, and answering an authority (terms 19 and 37): each side adds what it says, and changes nothing.

Which side somebody speaks for, and whether it is its turn, is looked at in the database as well (``say_in_inquiry``).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from vaka.access.decide import require
from vaka.access.permissions import Permission
from vaka.access.principal import Principal
from vaka.assurance.evidence import QUERIES
from vaka.assurance.inquiries import InquiryAct, Kind
from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.files.keeping import keep_file
from vaka.files.model import Sent
from vaka.identifiers import new_identifier
from vaka.ledger.standing import require_standing
from vaka.ledger.wording import seems_personal

LONGEST_WORDS = 4000
LONGEST_REFERENCE = 200
MOST_WAITING = 50
"""Questions of one authority that wait for the supplier at the same time, as the database has it."""


class UnsayableError(VakaError):
    """It cannot be asked or answered like this; `why` is a key of the table below."""

    def __init__(self, why: str) -> None:
        category, sv, en = _WHY[why]
        super().__init__(category, Sentence(f"{sv} Inget har ändrats.", f"{en} Nothing was changed."))
        self.why = why


_WHY: dict[str, tuple[Category, str, str]] = {
    "words": (
        Category.INVALID,
        f"Skriv vad det gäller, i 1–{LONGEST_WORDS} tecken, utan personnummer, telefonnummer och e-postadresser: det "
        "kan inte tas bort.",
        f"Say what it is about, in 1–{LONGEST_WORDS} signs, without personal numbers, telephone numbers and mail "
        "addresses: it cannot be taken away.",
    ),
    "deadline": (
        Category.INVALID, "Välj en dag som inte har varit, högst ett år bort.",
        "Choose a day that has not been, a year off at most.",
    ),
    "changed": (
        Category.CONFLICT, "Det har sagts något mer sedan du läste sidan. Läs den en gång till.",
        "Something more was said since you read the page. Read it once more.",
    ),
    "closed": (
        Category.CONFLICT, "Frågan är redan avslutad. Ställ en ny om det behövs.",
        "The question is settled already. Ask a new one if it is needed.",
    ),
    "unanswered": (
        Category.CONFLICT, "Leverantören har inte svarat än.", "The supplier has not answered yet.",
    ),
    "many": (
        Category.CONFLICT, "Frågan rymmer inte fler svar. Dra tillbaka eller godta den, och ställ en ny.",
        "The question holds no more answers. Withdraw or accept it, and ask a new one.",
    ),
    "crowded": (
        Category.CONFLICT, f"{MOST_WAITING} av era frågor väntar redan på svar. Vänta, eller dra tillbaka någon först.",
        f"{MOST_WAITING} of your questions wait for an answer already. Wait, or withdraw one first.",
    ),
    "full": (
        Category.CONFLICT, "Frågan rymmer inte fler filer från er, eller så är myndighetens 2 GiB för filer i alla "
        "ärenden och frågor fulla. Skriv utan fil, och säg var den finns.",
        "The question holds no more files of yours, or the authority's 2 GiB for files in all cases and questions are "
        "full. Write without a file, and say where it is.",
    ),
    "name": (
        Category.INVALID, "Filens namn ser ut att ha ett personnummer, telefonnummer eller en e-postadress i sig. Ge "
        "den ett annat namn: det kan inte tas bort.",
        "The file's name seems to have a personal number, a telephone number or a mail address in it. Give it another "
        "name: it cannot be taken away.",
    ),
    "other": (
        Category.INVALID, "Du har skrivit en annan fils SHA-256 än den du skickar. Lämna det fältet tomt.",
        "You wrote the SHA-256 of another file than the one you send. Leave that field empty.",
    ),
    "gone": (Category.CONFLICT, "Det finns ingen sådan fråga.", "There is no such question."),
    "stranger": (
        Category.FORBIDDEN, "Du kan inte tala för den sidan just nu.", "You cannot speak for that side at present.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Saying:
    """What somebody wants to say."""

    act: InquiryAct
    words: str
    reference: str = ""
    sha256: str = ""
    wanted_by: datetime | None = None
    sent: Sent | None = None
    """The file that comes with it."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the file that comes with it, or of what an answer points to. Raises UnsayableError."""
        written = self.sha256.lower()
        if self.sent is None:
            return written
        if written not in ("", self.sent.sha256):
            raise UnsayableError("other")
        return self.sent.sha256


async def file_inquiry(
    connection: Connection, principal: Principal, authority_id: UUID, kind: Kind, term: int | None, saying: Saying,
    *, now: datetime,
) -> UUID:  # fmt: skip
    """Ask the supplier, as portal; return the inquiry's identifier.

    Raises NotAllowedError, NothingHereError, UnsayableError, LedgerStandsStillError.
    """
    require(principal, Permission.PORTAL_ASK_SUPPLIER, authority_id)
    identifier = new_identifier(now)
    await _say(connection, principal, authority_id, identifier, 0, saying, now, kind, term)
    return identifier


async def say_in_inquiry(
    connection: Connection, principal: Principal, authority_id: UUID, inquiry: UUID, seen: int, saying: Saying,
    *, now: datetime,
) -> None:  # fmt: skip
    """Answer as office, or accept, send back and withdraw as portal; `seen` is the number of what was read last.

    Raises NotAllowedError, NothingHereError, UnsayableError, LedgerStandsStillError.
    """
    if saying.act == "answered":
        require(principal, Permission.OFFICE_ANSWER_AUTHORITIES, None)
    else:
        require(principal, Permission.PORTAL_ASK_SUPPLIER, authority_id)
    await _say(connection, principal, authority_id, inquiry, seen, saying, now)


async def _say(
    connection: Connection, principal: Principal, authority_id: UUID, inquiry: UUID, seen: int, saying: Saying,
    now: datetime, kind: Kind | None = None, term: int | None = None,
) -> None:  # fmt: skip
    words, reference = saying.words.strip(), saying.reference.strip()
    if not 0 < len(words) <= LONGEST_WORDS or len(reference) > LONGEST_REFERENCE or seems_personal(words + reference):
        raise UnsayableError("words")
    if saying.sent is not None and seems_personal(saying.sent.file.name):
        raise UnsayableError("name")
    values = {
        "id": inquiry, "seen": seen, "act": saying.act, "authority_id": authority_id, "kind": kind, "term": term,
        "words": words, "reference": reference, "sha256": saying.fingerprint,
        "file": None if saying.sent is None else Jsonb(saying.sent.facts), "wanted_by": saying.wanted_by,
        "by": principal.account_id, "now": now,
    }  # fmt: skip
    async with connection.transaction():
        row = await (await connection.execute(QUERIES["say_in_inquiry"], values)).fetchone()
        said = "gone" if row is None else str(row[0])
        if said == "done" and saying.sent is not None:
            said = await keep_file(connection, saying.sent, principal.account_id, now, inquiry=inquiry)
        if said != "done":
            raise UnsayableError(said)
        await require_standing(connection, now)
