# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The work that the terms leave to do: what is missing, too old or failing, whose turn it is, where it is done. Pure.

The board says how things stand and nobody sets it; this only says who can change what it rests on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from vaka.assurance.assessment import Status
from vaka.assurance.evidence import Supervised
from vaka.assurance.terms import Requirement, Term
from vaka.errors import Sentence
from vaka.registers.declarations import load_registers
from vaka.web.terms_board import Board, Evidence

Turn = Literal["supplier", "operations", "authority"]
TURNS: tuple[Turn, ...] = ("supplier", "operations", "authority")

_ACCOUNTS = ("/", Sentence("Konton", "Accounts"))
_ISSUERS = ("/issuers", Sentence("Utfärdare", "Issuers"))
_ROOMS: Mapping[str, tuple[str, Sentence]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("conflicting-roles", "duty-exceptions", "accounts-of-humans", "identities-reused", "designated-roles",
             "emergency-grants", "left-open", "ended-accounts"),
            _ACCOUNTS,
        ),
        "authority-policies": ("/rules", Sentence("Myndigheters regler", "Authorities' rules")),
        "session-levels": _ISSUERS,
        "trust-registry": _ISSUERS,
    }
)  # fmt: skip
"""Where administrators mend what the platform found by itself."""
_NOTHING_YET = ("missing", "no_evidence")
_URGENCY = (Status.FAILING, Status.UNTESTED, Status.OUTDATED)


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the office where it is done."""

    address: str
    title: Sentence


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


def turn_of(evidence: Evidence) -> Turn:
    """Return whose turn it is.

    What the platform looks for by itself is for whoever runs it, unless it has found what administrators can mend.
    """
    by = evidence.requirement.by
    if by != "product":
        return by
    return "supplier" if evidence.judgement.status is Status.FAILING and _rooms(evidence.requirement) else "operations"


def places_of(evidence: Evidence) -> list[Place]:
    """Return the pages of the office where it is done; none where it is done elsewhere."""
    found = [Place(address, title) for address, title in _rooms(evidence.requirement)]
    for register in load_registers().values():
        if evidence.requirement.id in register.answers:
            begin = evidence.judgement.reason in _NOTHING_YET
            where = f"/registers/{register.name}" + ("/new" if begin else "")
            found.append(Place(where, register.title))
    return found


def _rooms(requirement: Requirement) -> list[tuple[str, Sentence]]:
    return [_ROOMS[requirement.id]] if requirement.id in _ROOMS else []


def _urgency(evidence: Evidence) -> tuple[int, float]:
    return _URGENCY.index(evidence.judgement.status), evidence.judgement.since.timestamp()
