# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What waits for an authority: answers, approvals, and what its terms leave to it; as portal or scheduler.

Everything stands in some table already, and is a task because of how it stands there. Nothing here is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
    }
)  # fmt: skip
"""Besides these there are terms, which everybody sees who sees the board."""


def permission_for(kind: str) -> Permission:
    """Return who is told of a task of that kind."""
    known = KINDS.get(kind)
    return Permission.PORTAL_SEE_TERMS if known is None else known.needs


async def read_waiting(
    platform: Connection, tenant: Connection, authority: Supervised, now: datetime
) -> Sequence[Task]:
    """Return everything that waits for one authority, what is due first, then what has waited longest."""
    standings = await read_standings(platform, authority.id)
    tasks = [one for one in list_term_tasks(standings, authority.contract, now) if one.turn == "authority"]
    cursor = await platform.execute(QUERIES["list_waiting"], {"authority_id": authority.id, "at": now})
    tasks += [_task(kind, identifier, since, due) for kind, identifier, since, due, _ in await cursor.fetchall()]
    tasks += [_task("erasure", one.id, one.ordered_at) for one in await list_orders(tenant) if one.state == "ordered"]
    tasks += [_task("ending", one.id, one.ordered_at) for one in await list_endings(tenant) if one.state == "ordered"]
    tasks += [_task("removal", one.id, one.proposed_at) for one in await list_removal_rules(tenant) if one.is_open]
    tasks += [
        _task("activation", one.id, one.proposed_at) for one in await list_activation_rules(tenant) if one.is_open
    ]
    return sorted(tasks, key=_urgency)


def _task(kind: str, identifier: UUID, since: datetime, due: datetime | None = None) -> Task:
    known = KINDS[kind]
    day = None if due is None else due.astimezone(LOCAL).date()
    return Task(
        kind, f"{kind}:{identifier}", "authority", since, day, known.what, known.why, known.page, ahead=known.ahead
    )


def _urgency(task: Task) -> tuple[bool, int, float]:
    return task.due is None, 0 if task.due is None else task.due.toordinal(), task.since.timestamp()
