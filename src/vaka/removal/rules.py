# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sets of rules: what stands in one, what an approval is bound to, and what is in force.

What is in force is worked out in the database (``removal_in_force``), from what the log says was approved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row, kwargs_row

from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.proposals import Proposal
from vaka.removal.birth_days import QUERIES
from vaka.removal.kinds import KINDS, LONGEST_MONTHS

Connection = psycopg.AsyncConnection[Any]

NOTICE = timedelta(days=30)
"""So long a shorter time is announced before it lets anything go; the first decision is one."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How long one kind is kept."""

    months: int
    exempt: bool = False
    """Whether records of people born on the 5th, 15th or 25th stay."""


Rules = Mapping[str, Rule]
"""By kind; what is not named is kept for ever."""


@dataclass(frozen=True, slots=True)
class InForce:
    """The rule that holds for a kind at a moment."""

    kind: str
    months: int
    exempt: bool
    rules_id: UUID
    digest: str


RuleSet = Proposal[Rules]
"""What was proposed, or what became of it."""


class UnusableRulesError(VakaError):
    """A kind is kept too short or too long, or exempts whom it cannot."""

    def __init__(self) -> None:
        super().__init__(
            Category.INVALID,
            Sentence(
                sv=f"Ange hela månader för varje slag, minst så många som står vid slaget och högst {LONGEST_MONTHS}; "
                "lämna tomt det som ska sparas för alltid. Inget har ändrats.",
                en=f"Give whole months for each kind, at least as many as stand at the kind and at most "
                f"{LONGEST_MONTHS}; leave empty what is to be kept for ever. Nothing was changed.",
            ),
        )


def require_sound(rules: Rules) -> Rules:
    """Return the rules. Raises UnusableRulesError. Pure."""
    for name, rule in rules.items():
        kind = KINDS.get(name)
        if kind is None or not kind.shortest <= rule.months <= LONGEST_MONTHS or (rule.exempt and not kind.may_exempt):
            raise UnusableRulesError
    return rules


def write_rules(rules: Rules) -> dict[str, dict[str, int | bool]]:
    """Return the rules as the database keeps them."""
    return {name: {"months": rule.months, "exempt": rule.exempt} for name, rule in rules.items()}


async def list_rules(connection: Connection) -> Sequence[RuleSet]:
    """Return every set there ever was, newest first (as portal or scheduler)."""
    async with connection.cursor(row_factory=kwargs_row(_make_set)) as cursor:
        await cursor.execute(QUERIES["list_rules"])
        return await cursor.fetchall()


async def read_in_force(connection: Connection, at: datetime) -> Mapping[str, InForce]:
    """Return by kind what is in force at a moment (as portal or scheduler)."""
    async with connection.cursor(row_factory=class_row(InForce)) as cursor:
        await cursor.execute(QUERIES["read_in_force"], {"at": at})
        return {rule.kind: rule for rule in await cursor.fetchall()}


def _make_set(**columns: Any) -> RuleSet:
    rules = {name: Rule(rule["months"], rule["exempt"]) for name, rule in columns.pop("rules").items()}
    return Proposal(rules=rules, **columns)
