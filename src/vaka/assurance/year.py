# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How the terms of one authority stood during a year: judged anew for the end of each day, by the evidence of that day.

Nothing is kept of it, and so nothing can be improved afterwards: evidence is added and never changed (decision 41).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from vaka.assurance.assessment import Contract, Judgement, Standing, Status, assess
from vaka.assurance.evidence import QUERIES
from vaka.assurance.exclusions import Exclusion
from vaka.assurance.terms import Term, find_requirements, load_terms
from vaka.clock import LOCAL
from vaka.database.connections import Connection

Standings = Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class Move:
    """A term that stood otherwise at the end of a day than at the end of the day before."""

    day: date
    term: int
    before: Status
    after: Status


@dataclass(frozen=True, slots=True)
class TermYear:
    """One term during a year."""

    term: Term
    last: Judgement
    """How it stood when the year ended, or stands now."""
    days: Mapping[Status, int]
    """At the end of how many days it stood how."""
    moves: Sequence[Move]


def end_of_days(first: datetime, last: datetime) -> list[datetime]:
    """Return the last moment of each day, by the clock on the wall, and `last` for the day that is not over."""
    day, moments = first.astimezone(LOCAL).date(), []
    while (end := _midnight(day + timedelta(days=1))) <= last:
        moments.append(end - timedelta(microseconds=1))
        day += timedelta(days=1)
    return moments if moments and last - moments[-1] <= timedelta(microseconds=1) else [*moments, last]


async def read_standings_at(
    connection: Connection, authority_id: UUID, moments: Sequence[datetime]
) -> dict[datetime, dict[str, Standing]]:
    """Return what the newest evidence said at each moment, by requirement (as portal)."""
    found: dict[datetime, dict[str, Standing]] = {one: {} for one in moments}
    values = {
        "authority_id": authority_id, "requirements": list(find_requirements(load_terms())), "moments": list(moments)
    }  # fmt: skip
    cursor = await connection.execute(QUERIES["list_standings"], values)
    for at, requirement, met, reason, things, since, seen in await cursor.fetchall():
        found[at][requirement] = Standing(met, reason, since, seen, things)
    return found


def follow(
    standings: Mapping[datetime, Standings], contract: Contract, exclusions: Iterable[Exclusion]
) -> list[TermYear]:
    """Return each term with how it stood at the moments, which are in their order. Pure."""
    agreed = list(exclusions)
    contracts = {at: _contract_at(at, contract, agreed) for at in standings}
    return [_follow_one(term, standings, contracts) for term in load_terms()]


def _follow_one(
    term: Term, standings: Mapping[datetime, Standings], contracts: Mapping[datetime, Contract]
) -> TermYear:
    judged = [(at, assess(term, found, contracts[at], at)) for at, found in standings.items()]
    moves = [
        Move(at.astimezone(LOCAL).date(), term.number, earlier.status, later.status)
        for (_, earlier), (at, later) in pairwise(judged)
        if earlier.status is not later.status
    ]
    return TermYear(term, judged[-1][1], Counter(one.status for _, one in judged), moves)


def _contract_at(at: datetime, contract: Contract, exclusions: Sequence[Exclusion]) -> Contract:
    """Return what the authority had asked for by then, and which terms it had left out."""
    asked = {name: since for name, since in contract.asked.items() if since <= at}
    left_out = {
        one.term: one.approved_at for one in exclusions
        if one.approved_at is not None and one.until is not None
        and one.approved_at <= at < min(one.until, one.ended_at or one.until)
        # What the log does not say was agreed never held; of what has been ended it is not asked any more.
        and (one.holds_until is not None or one.ended_at is not None)
    }  # fmt: skip
    return Contract(contract.since, asked, left_out)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL)
