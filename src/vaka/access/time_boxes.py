# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Roles that are given for a time alone (term 37): an auditor comes, reads, and is gone when the audit is over.

The database judges that, wherever such a role is given or asked for (its trigger ``time_boxed``). Here its
refusal becomes a sentence.
"""

from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from vaka.access.principal import Principal
from vaka.access.roles import ROLES
from vaka.errors import Category, Sentence, VakaError

CONSTRAINT = "time_boxed"
LONGEST = timedelta(days=366)
"""How far off the end may be when the role is given: a whole year, whichever."""
YEAR = timedelta(days=365)
TIME_BOXED: tuple[str, ...] = tuple(role.name for role in ROLES.values() if role.time_boxed)


class EndNeededError(VakaError):
    """The role is to be given without an end, or with one too far off."""

    def __init__(self, role: str) -> None:
        title = ROLES[role].title if role in ROLES else Sentence(role, role)
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv=f"Rollen {title.sv.lower()} ges bara på tid: den behöver ett slut, högst {LONGEST.days} dagar bort. "
                "Inget har ändrats. Ange den första dag då den inte längre gäller; behövs den längre ges den på nytt.",
                en=f"The role {title.en.lower()} is given for a time alone: it needs an end, {LONGEST.days} days off "
                "at most. Nothing was changed. State the first day on which it holds no more; if it is needed for "
                "longer it is given anew.",
            ),
        )


def time_box_told_by(error: psycopg.Error) -> EndNeededError | None:
    """Return what the database refused, or None where it refused something else."""
    return EndNeededError(error.diag.message_detail or "") if error.diag.constraint_name == CONSTRAINT else None


def is_here_for_a_time(principal: Principal, authority_id: UUID) -> bool:
    """Whether somebody holds such a role with an authority, whatever else he holds there."""
    return any(one.role in TIME_BOXED and one.authority_id == authority_id for one in principal.grants)


def find_scope(principal: Principal, authority_id: UUID) -> frozenset[int] | None:
    """Return the terms that somebody with nothing but such roles audits with an authority; None for everybody else."""
    held = [one for one in principal.grants if one.authority_id == authority_id]
    if not held or any(one.role not in TIME_BOXED for one in held):
        return None
    return frozenset(term for one in held for term in one.terms or ())


def usual_end(role: str | None, now: datetime) -> datetime | None:
    """Return when a role ends that is given now and of which nobody knows better: in a demo, a year off."""
    return now + YEAR if role in TIME_BOXED else None
