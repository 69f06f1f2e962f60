# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the supplier has to do by a day: what its registers say, and what waits for it; and of the registers' days those
that an authority is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID

from vaka.access.roles import AUTHORITY_ROLES
from vaka.assurance.evidence import QUERIES, RULES_GRACE
from vaka.assurance.tasks import EntryDays, Task, list_register_tasks
from vaka.clock import LOCAL
from vaka.database.connections import Connection
from vaka.errors import Sentence
from vaka.registers.model import State


@dataclass(frozen=True, slots=True)
class Owed:
    """One kind of what waits for the supplier."""

    what: Sentence
    why: Sentence
    page: str
    """In the office."""


KINDS: Mapping[str, Owed] = MappingProxyType(
    {
        "inquiry": Owed(
            Sentence("En myndighet har frågat", "An authority has asked"),
            Sentence("Svara, med det som visar det.", "Answer, with what shows it."), "/inquiries",
        ),
        "plan": Owed(
            Sentence("En myndighet har begärt en krisövning", "An authority has asked for a crisis exercise"),
            Sentence("Svara med en plan.", "Answer with a plan."), "/exercises",
        ),
        "attendance": Owed(
            Sentence("En krisövning är över", "A crisis exercise is over"),
            Sentence("Säg hur många från er som var med.", "Say how many of you were there."), "/exercises",
        ),
        "closing": Owed(
            Sentence("En krisövning är över", "A crisis exercise is over"),
            Sentence("Gör något av varje lärdom, och avsluta den.", "Make something of each lesson, and close it."),
            "/exercises",
        ),
        "case": Owed(
            Sentence("Ett ärende som ingen har tagit sig an", "A case that nobody has taken on"),
            Sentence("Säg att ni har tagit emot det.", "Say that you have it."), "/cases/{id}",
        ),
        "remedy": Owed(
            Sentence("Ett ärende är inte åtgärdat", "A case is not mended"),
            Sentence("Åtgärda det, och skriv det i ärendet.", "Mend it, and write so in the case."), "/cases/{id}",
        ),
        "outcome": Owed(
            Sentence("Ett ärende är åtgärdat men inte avslutat", "A case is mended but not closed"),
            Sentence("Skriv orsak och följd, och avsluta det.", "Write cause and impact, and close it."), "/cases/{id}",
        ),
        "notification": Owed(
            Sentence("En rapport enligt cybersäkerhetslagen", "A report by the law on cybersecurity"),
            Sentence("Rapportera, och skriv det i ärendet.", "Report, and write so in the case."), "/cases/{id}",
        ),
        "word": Owed(
            Sentence("En myndighet har skrivit i ett ärende", "An authority has written in a case"),
            Sentence("Läs det, och kvittera.", "Read it, and say so."), "/cases/{id}",
        ),
        "account": Owed(
            Sentence("En begäran om ett konto väntar", "A request about an account waits"),
            Sentence("En annan än den som begärde beslutar.", "Somebody else than who asked decides."), "/requests",
        ),
        "rule": Owed(
            Sentence("En regel hos en myndighet är inte läst av alla", "Not everybody has read an authority's rule"),
            Sentence("Alla som arbetar för myndigheten läser den och säger det.",
                     "Everybody who works for the authority reads it, and says so."), "/rules",
        ),
    }
)  # fmt: skip


async def read_deadlines(connection: Connection, now: datetime) -> list[Task]:
    """Return everything there is to do by a day, the nearest first (as office or scheduler)."""
    cursor = await connection.execute(QUERIES["list_register_days"])
    tasks = list_register_tasks(map(_read, await cursor.fetchall()))
    values = {"roles": AUTHORITY_ROLES, "grace": RULES_GRACE, "at": now}
    cursor = await connection.execute(QUERIES["list_owed"], values)
    tasks += [_owed(kind, identifier, since, due) for kind, identifier, since, due in await cursor.fetchall()]
    return sorted(tasks, key=lambda one: (one.due or date.max, one.about))


async def read_shown_deadlines(connection: Connection, authority_id: UUID) -> list[Task]:
    """Return those of the registers that an authority is shown entry by entry (as portal or scheduler).

    Each leads to the page where its portal shows them: the entries' own are the supplier's.
    """
    cursor = await connection.execute(QUERIES["list_shown_days"], {"authority_id": authority_id})
    return [replace(task, page="registers") for task in list_register_tasks(map(_read, await cursor.fetchall()))]


def _owed(kind: str, identifier: UUID, since: datetime, due: datetime | None) -> Task:
    known = KINDS[kind]
    day = None if due is None else due.astimezone(LOCAL).date()
    page = known.page.format(id=identifier)
    return Task(kind, f"{kind}:{identifier}", "supplier", since, day, known.what, known.why, page)


def _read(row: tuple[object, ...]) -> EntryDays:
    entry, register, state, concerned, made_at, days = row
    return EntryDays(entry, register, State(state), concerned, made_at, days)  # type: ignore[arg-type]
