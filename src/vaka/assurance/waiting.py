# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What waits for an authority: answers, approvals, and what its terms leave to it; as portal or scheduler.

Everything stands in some table already, and is a task because of how it stands there. Nothing here is kept.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from uuid import UUID

from vaka.access.permissions import Permission
from vaka.assurance.evidence import QUERIES, Supervised, read_standings
from vaka.assurance.tasks import AHEAD, Task, list_term_tasks
from vaka.clock import LOCAL
from vaka.database.connections import Connection
from vaka.errors import Sentence
from vaka.removal.rules import list_rules as list_removal_rules
from vaka.tenants.activation import list_rules as list_activation_rules
from vaka.tenants.ending import list_endings
from vaka.tenants.erasure import list_orders


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of what waits."""

    what: Sentence
    why: Sentence
    page: str
    """Below the authority's own address in the portal."""
    needs: Permission
    """Who sees that page, and so is told of the task."""
    ahead: tuple[int, ...] = AHEAD


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "role_request": Kind(
            Sentence("Någon begär en roll hos er", "Somebody asks for a role with you"),
            Sentence("Svara ja eller nej. Utan svar förfaller den.", "Answer yes or no. Without an answer it lapses."),
            "access", Permission.PORTAL_SEE_ACCESS, (7,),
        ),
        "client": Kind(
            Sentence("Ett program slutar gälla", "A program ends"),
            Sentence("Registrera det på nytt om det ska gå vidare.", "Register it anew if it is to go on."),
            "programs", Permission.PORTAL_OWN_CLIENTS,
        ),
        "notice": Kind(
            Sentence("Meddelanden som ingen har sett", "Notices that nobody has seen"),
            Sentence("Läs vad som har ändrats, och säg att ni har sett det.", "Read what changed, and say so."),
            "notices", Permission.PORTAL_SEE_ACCESS,
        ),
        "erasure": Kind(
            Sentence("En radering väntar på beslut", "An erasure waits for a decision"),
            Sentence("En annan än den som beställde beslutar.", "Somebody else than who ordered it decides."),
            "erasure", Permission.PORTAL_ERASE,
        ),
        "ending": Kind(
            Sentence("Avtalets slut väntar på beslut", "The end of the contract waits for a decision"),
            Sentence("En annan än den som beställde beslutar.", "Somebody else than who ordered it decides."),
            "end", Permission.PORTAL_EXPORT_AUTHORITY,
        ),
        "removal": Kind(
            Sentence("Ett förslag om gallring väntar", "A proposal of how long data is kept waits"),
            Sentence("En annan än den som föreslog godkänner.", "Somebody else than who proposed it approves."),
            "removal", Permission.PORTAL_SET_REMOVAL,
        ),
        "activation": Kind(
            Sentence("Ett förslag om koder och lösenord väntar", "A proposal about codes and passwords waits"),
            Sentence("Godkänn det eller dra tillbaka det.", "Approve or withdraw it."),
            "activation", Permission.PORTAL_SET_ACTIVATION,
        ),
        "inquiry": Kind(
            Sentence("Leverantören har svarat på en fråga", "The supplier has answered a question"),
            Sentence("Godta svaret, eller sänd tillbaka frågan.", "Accept the answer, or send the question back."),
            "inquiries", Permission.PORTAL_ASK_SUPPLIER,
        ),
        "plan": Kind(
            Sentence("En plan för en krisövning väntar", "A plan of a crisis exercise waits"),
            Sentence("Säg ja till planen, eller be om en annan.", "Agree to the plan, or ask for another."),
            "exercises", Permission.PORTAL_ASK_EXERCISE, (7,),
        ),
        "attendance": Kind(
            Sentence("En krisövning är över", "A crisis exercise is over"),
            Sentence("Säg hur många från er som var med. Annars räknas inga timmar.",
                     "Say how many of you were there. Otherwise no hours count."),
            "exercises", Permission.PORTAL_ASK_EXERCISE, (7,),
        ),
        "case": Kind(
            Sentence("Ett ärende som ingen hos er har sett", "A case that nobody of yours has seen"),
            Sentence("Läs vad leverantören har skrivit, och kvittera.", "Read what the supplier wrote, and say so."),
            "cases", Permission.PORTAL_HANDLE_CASES, (),
        ),
        "exclusion": Kind(
            Sentence("Leverantören föreslår att ett villkor inte gäller er",
                     "The supplier proposes that a term does not concern you"),
            Sentence("Säg ja till en dag, eller säg nej.", "Agree until a day, or refuse."),
            "exclusions", Permission.PORTAL_EXCLUDE_TERM,
        ),
        "contact": Kind(
            Sentence("Er kontaktperson vid incidenter", "Your contact at incidents"),
            Sentence("Ange någon som leverantören når, och till vilken dag det gäller.",
                     "Name somebody whom the supplier reaches, and until which day it holds."),
            "contacts", Permission.PORTAL_HANDLE_CASES,
        ),
        "access_report": Kind(
            Sentence("Årets redovisning av behörigheter", "The report of a year's roles"),
            Sentence("Läs den och ta ut den, minst en gång om året.", "Read it and take it out, once a year at least."),
            "reports", Permission.PORTAL_SEE_ACCESS,
        ),
        "change_report": Kind(
            Sentence("Årets uppföljning av ändringar", "The report of a year's changes"),
            Sentence("Läs den och ta ut den, minst en gång om året.", "Read it and take it out, once a year at least."),
            "reports", Permission.PORTAL_SEE_TERMS,
        ),
    }
)  # fmt: skip
"""Besides these there are terms, which everybody sees who sees the board."""


def permission_for(kind: str) -> Permission:
    """Return who is told of a task of that kind."""
    known = KINDS.get(kind)
    return Permission.PORTAL_SEE_TERMS if known is None else known.needs


@dataclass(frozen=True, slots=True)
class Doors:
    """Where is looked for what waits for one authority."""

    platform: Connection
    tenant: Connection
    authority: Supervised
    now: datetime


Source = Callable[[Doors], Awaitable[list[Task]]]


async def read_waiting(
    platform: Connection, tenant: Connection, authority: Supervised, now: datetime
) -> Sequence[Task]:
    """Return everything that waits for one authority, what is due first, then what has waited longest."""
    doors = Doors(platform, tenant, authority, now)
    tasks = [task for source in SOURCES for task in await source(doors)]
    said = {task.kind for task in tasks}
    return sorted((one for one in tasks if _SAID_BETTER.get(one.about) not in said), key=_urgency)


async def _terms(doors: Doors) -> list[Task]:
    standings = await read_standings(doors.platform, doors.authority.id)
    tasks = list_term_tasks(standings, doors.authority.contract, doors.now)
    return [one for one in tasks if one.turn == "authority"]


async def _of_platform(statement: str, doors: Doors) -> list[Task]:
    cursor = await doors.platform.execute(QUERIES[statement], {"authority_id": doors.authority.id, "at": doors.now})
    return [_task(kind, identifier, since, due) for kind, identifier, since, due in await cursor.fetchall()]


async def _erasures(doors: Doors) -> list[Task]:
    return [
        _task("erasure", one.id, one.ordered_at) for one in await list_orders(doors.tenant) if one.state == "ordered"
    ]


async def _endings(doors: Doors) -> list[Task]:
    return [
        _task("ending", one.id, one.ordered_at) for one in await list_endings(doors.tenant) if one.state == "ordered"
    ]


async def _proposals(doors: Doors) -> list[Task]:
    removal = [one for one in await list_removal_rules(doors.tenant) if one.is_open]
    activation = [one for one in await list_activation_rules(doors.tenant) if one.is_open]
    return [
        *(_task("removal", one.id, one.proposed_at) for one in removal),
        *(_task("activation", one.id, one.proposed_at) for one in activation),
    ]


SOURCES: tuple[Source, ...] = (
    _terms, partial(_of_platform, "list_waiting"), partial(_of_platform, "list_pending"),
    partial(_of_platform, "list_reports_due"), _erasures, _endings, _proposals,
)  # fmt: skip
"""Where tasks come from: whatever is to become one is one line here, and its words one in :data:`KINDS`."""

_SAID_BETTER: Mapping[str, str] = MappingProxyType(
    {
        "requirement:authority-contact": "contact",
        "requirement:access-report": "access_report",
        "requirement:change-report": "change_report",
    }
)
"""What a term leaves to do, and the kind that says the same with its day and its page: one task is enough."""


def _task(kind: str, identifier: UUID, since: datetime, due: datetime | None = None) -> Task:
    known = KINDS[kind]
    day = None if due is None else due.astimezone(LOCAL).date()
    return Task(
        kind, f"{kind}:{identifier}", "authority", since, day, known.what, known.why, known.page, ahead=known.ahead
    )


def _urgency(task: Task) -> tuple[bool, int, float]:
    return task.due is None, 0 if task.due is None else task.due.toordinal(), task.since.timestamp()
