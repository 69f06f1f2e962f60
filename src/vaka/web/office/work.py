# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The work that the terms leave to do over all authorities: what is missing, too old or failing, for whom. Pure.

Whose turn it is and where it is done, `vaka.assurance.tasks` says.

The board says how things stand and nobody sets it; this only says who can change what it rests on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vaka.assurance.assessment import Status
from vaka.assurance.evidence import Supervised
from vaka.assurance.tasks import Place, Turn, places_of, turn_of
from vaka.assurance.terms import Term
from vaka.web.terms_board import Board, Evidence

_URGENCY = (Status.FAILING, Status.UNTESTED, Status.OUTDATED)


@dataclass(frozen=True, slots=True)
class Work:
    """One requirement that is red, with some authority at least."""

    term: Term
    evidence: Evidence
    """As it stands where it stands worst, and there for longest."""
    authorities: Sequence[Supervised]
    """For whom it is red."""
    turn: Turn
    places: Sequence[Place]


def list_work(boards: Iterable[Board]) -> list[Work]:
    """Return what is to be done over all these boards, what fails first, and of those alike what has been so longest.

    What the terms of an authority leave out, or what it has not asked for, is no work.
    """
    red: dict[str, list[tuple[Supervised, Term, Evidence]]] = {}
    for board in boards:
        for tile in board.tiles:
            if tile.judgement.status is Status.NOT_APPLICABLE:
                continue
            for one in tile.evidence:
                if one.judgement.status.red:
                    red.setdefault(one.requirement.id, []).append((board.authority, tile.term, one))
    work = []
    for found in red.values():
        _, term, worst = min(found, key=lambda one: _urgency(one[2]))
        concerned = [authority for authority, _, _ in found]
        work.append(Work(term, worst, concerned, turn_of(worst), places_of(worst)))
    return sorted(work, key=lambda one: (*_urgency(one.evidence), one.term.number, one.evidence.requirement.id))


def _urgency(evidence: Evidence) -> tuple[int, float]:
    return _URGENCY.index(evidence.judgement.status), evidence.judgement.since.timestamp()
