# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The board of the 37 terms of one authority, computed in one place: the portal and the office show this, and no other.

What differs is what each may do about it, and that the supplier sees the boards of all.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from vaka.assurance.assessment import Contract, Judgement, Standing, Status, assess, judge
from vaka.assurance.evidence import Supervised, read_standings
from vaka.assurance.tasks import Turn, turn_of
from vaka.assurance.terms import Goal, Group, Requirement, Term, load_terms
from vaka.assurance.wording import explain, explain_one
from vaka.assurance.wording_statuses import MEANINGS, STATUSES
from vaka.database.connections import Connection
from vaka.web.texts import Language, mark

GROUPS: Mapping[Group, str] = MappingProxyType(
    {
        "governance": mark("How security is governed"),
        "people": mark("Who works with it"),
        "access": mark("Who gets in, and who may do what"),
        "operations": mark("How it is run and protected"),
        "logging": mark("What is logged, and whether the log can be trusted"),
        "development": mark("How it is developed and tested"),
        "incidents": mark("What happens when something goes wrong"),
        "audit": mark("How it can be audited"),
    }
)
"""A reviewer's questions, in the order they are asked."""

_RED_FIRST = {Status.FAILING: 0, Status.UNTESTED: 1, Status.OUTDATED: 2, Status.NOT_ASKED: 3, Status.MET: 4}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One requirement as a row: how it stands, and what is known of it."""

    requirement: Requirement
    goal: Goal
    judgement: Judgement
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Tile:
    """One term on the board."""

    term: Term
    judgement: Judgement
    evidence: Sequence[Evidence]

    @property
    def turns(self) -> list[Turn]:
        """Whose turn it is, of what the term lacks; nobody's where it lacks nothing."""
        return list(dict.fromkeys(turn_of(one) for one in self.evidence if one.judgement.status.red))


@dataclass(frozen=True, slots=True)
class Board:
    """How the terms of one authority stand, at one second."""

    authority: Supervised
    tiles: Sequence[Tile]

    @property
    def red(self) -> list[Tile]:
        """The terms that need somebody."""
        return [tile for tile in self.tiles if tile.judgement.status.red]

    @property
    def failing(self) -> list[Tile]:
        """Those of them where something was found that is not as it must be; the rest is not known, or no longer."""
        return [tile for tile in self.tiles if tile.judgement.status is Status.FAILING]

    @property
    def counts(self) -> list[tuple[Status, int]]:
        """How many terms stand how, what is red first."""
        counted = Counter(tile.judgement.status for tile in self.tiles)
        return [(status, counted[status]) for status in sorted(counted, key=lambda one: _RED_FIRST.get(one, 5))]

    @property
    def oldest(self) -> datetime | None:
        """Since when the longest of them has stood so; None where none is red."""
        return min((tile.judgement.since for tile in self.red), default=None)

    @property
    def groups(self) -> list[tuple[Group, str, list[Tile]]]:
        """The terms by a reviewer's questions, in each what is red first."""
        return [
            (group, title, red_first(tile for tile in self.tiles if tile.term.group == group))
            for group, title in GROUPS.items()
        ]


def make_tile(term: Term, standings: Mapping[str, Standing], contract: Contract, now: datetime) -> Tile:
    """Return one term as the board shows it, with every requirement it rests on. Pure."""
    evidence = [
        Evidence(one, goal, judge(one, standings.get(one.id), contract, now), standings.get(one.id))
        for goal in term.goals
        for one in goal.requirements
    ]
    return Tile(term, assess(term, standings, contract, now), evidence)


async def read_board(connection: Connection, authority: Supervised, now: datetime) -> Board:
    """Return how the terms of one authority stand at `now` (as portal, office or setup)."""
    standings = await read_standings(connection, authority.id)
    return Board(authority, [make_tile(term, standings, authority.contract, now) for term in load_terms()])


def red_first(tiles: Iterable[Tile]) -> list[Tile]:
    """Return terms with those first that need somebody: what fails, what nobody has looked at, what is too old."""
    return sorted(tiles, key=lambda tile: (_RED_FIRST.get(tile.judgement.status, 5), tile.term.number))


def board_words(language: Language) -> dict[str, Callable[..., Any]]:
    """Return what templates call to say how something stands, and why."""
    return {
        "meanings": lambda: [(status, said.in_language(language)) for status, said in MEANINGS.items()],
        "status_word": lambda status: STATUSES[status].in_language(language),
        "why": lambda tile: explain(tile.term, tile.judgement).in_language(language),
        "cause": lambda judgement: explain_one(judgement).in_language(language),
        "said": lambda sentence: sentence.in_language(language),
    }
