# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How a term stands, computed from its evidence and the evidence's age: a pure function that nothing can overrule.

No data is never green. A failure stands until newer evidence says otherwise: it does not heal by growing old.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vaka.assurance.terms import Requirement, Term


class Status(StrEnum):
    """How a term or a requirement stands."""

    MET = "met"
    """Uppfyllt."""
    FAILING = "failing"
    """Brister: evidence says that a goal is missed."""
    OUTDATED = "outdated"
    """Inaktuellt: the newest evidence that somebody supplied is too old."""
    UNTESTED = "untested"
    """Ej prövat: there is no evidence, or what collects it is down."""
    NOT_ASKED = "not_asked"
    """Ej begärt: it waits for the authority's request."""
    NOT_APPLICABLE = "not_applicable"
    """Ej tillämpligt: the authority has agreed that the term does not concern it."""

    @property
    def red(self) -> bool:
        """Whether somebody has to do something. What is neither met nor red waits for the authority."""
        return self in _WORST_FIRST[:3]


_NOT_FAILING = {"missing": Status.UNTESTED, "overdue": Status.OUTDATED, "not_yet": Status.UNTESTED}
"""What a look at a register can find that says nothing of how it is: nothing is there, it is too old, or its time is
not over."""
NOTHING = "nothing"
"""The reason of what is not wrong because there is nothing yet that it could be wrong with: that is not green."""
_WORST_FIRST = (Status.FAILING, Status.UNTESTED, Status.OUTDATED, Status.MET, Status.NOT_ASKED, Status.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the newest evidence of a requirement says, for one authority."""

    met: bool
    reason: str
    """A code: what was found (``none`` where nothing is wrong)."""
    since: datetime
    """Since when every look has said the same, without a gap longer than evidence may be old."""
    seen: datetime
    """When it was last looked, or the evidence last supplied."""
    count: int = 0
    """How many things are wrong."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How one requirement, or a whole term, stands."""

    status: Status
    since: datetime
    """Since when what it rests on has been so."""
    reason: str
    """A code: of the evidence (``missing`` and ``overdue`` among them), or ``no_evidence``, ``collector_down``,
    ``too_old``, ``not_asked``, ``agreed``."""
    requirement: str = ""
    """What decided it; empty where a whole term is met or left out."""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Contract:
    """What an authority has said about the terms."""

    since: datetime
    """When it came to the installation: before that nothing was owed."""
    asked: Mapping[str, datetime]
    """When it asked for what is owed on request, by requirement."""
    left_out: Mapping[int, datetime]
    """Since when it has agreed that a term does not concern it, by number."""


def judge(requirement: Requirement, standing: Standing | None, contract: Contract, now: datetime) -> Judgement:
    """Return how one requirement stands at `now`."""
    asked = contract.asked.get(requirement.id)
    if requirement.asked and asked is None:
        return Judgement(Status.NOT_ASKED, contract.since, "not_asked", requirement.id)
    if standing is None:
        return Judgement(Status.UNTESTED, asked or contract.since, "no_evidence", requirement.id)
    if not standing.met:
        status = _NOT_FAILING.get(standing.reason, Status.FAILING)
        return Judgement(status, standing.since, standing.reason, requirement.id, standing.count)
    longest = requirement.looked_within
    too_old = standing.seen + longest
    # Evidence of the future says that two clocks disagree, and nothing else.
    if now > too_old or standing.seen > now + longest:
        stopped = requirement.source == "automatic" or requirement.looked is not None
        status = Status.UNTESTED if stopped else Status.OUTDATED
        return Judgement(status, min(too_old, now), "collector_down" if stopped else "too_old", requirement.id)
    if standing.reason == NOTHING:
        return Judgement(Status.NOT_ASKED, standing.since, "not_asked", requirement.id)
    return Judgement(Status.MET, standing.since, standing.reason, requirement.id)


def assess(term: Term, standings: Mapping[str, Standing], contract: Contract, now: datetime) -> Judgement:
    """Return how a term stands at `now`: as its worst requirement does, since its oldest cause.

    A term is met when everything that is owed is met, since the last of it became so. What nobody has asked for is not
    owed; where nothing is owed, the term waits for the authority.
    """
    if term.number in contract.left_out:
        return Judgement(Status.NOT_APPLICABLE, contract.left_out[term.number], "agreed")
    return worst([judge(one, standings.get(one.id), contract, now) for one in term.requirements])


def worst(judged: Sequence[Judgement]) -> Judgement:
    """Return the worst of several judgements; of those alike the oldest, and of those that are met the newest."""
    status = min((judgement.status for judgement in judged), key=_WORST_FIRST.index)
    alike = [judgement for judgement in judged if judgement.status is status]
    if status is Status.MET:
        return Judgement(status, max(judgement.since for judgement in alike), "none")
    return min(alike, key=lambda judgement: (judgement.since, judgement.requirement))


def assess_all(
    terms: Sequence[Term], standings: Mapping[str, Standing], contract: Contract, now: datetime
) -> list[tuple[Term, Judgement]]:
    """Return every term with how it stands, in their order."""
    return [(term, assess(term, standings, contract, now)) for term in terms]
