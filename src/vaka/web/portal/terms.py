# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The board of the 37 terms, as it stands this second: the same for the authority as for the supplier, red included."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from vaka.access.decide import NothingHereError
from vaka.access.permissions import Permission
from vaka.assurance.assessment import Contract, Judgement, Standing, Status, assess, judge
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.evidence import list_supervised, read_standings
from vaka.assurance.terms import Goal, Group, Requirement, Term, load_terms
from vaka.assurance.wording import STATUSES, explain
from vaka.database.connections import transaction
from vaka.ledger.reading import read_state
from vaka.web.asker import Asker
from vaka.web.portal.portal import Portal, require_authority
from vaka.web.texts import mark

MAY_SEE = Permission.PORTAL_SEE_TERMS

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

    @property
    def is_collected(self) -> bool:
        """Whether this version looks for it; what somebody supplies has no collector."""
        return self.requirement.id in COLLECTORS


@dataclass(frozen=True, slots=True)
class Tile:
    """One term on the board."""

    term: Term
    judgement: Judgement
    evidence: Sequence[Evidence]


async def show_own(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /terms: the board of one's own authority; of several, the first by name."""
    return portal.lead_to_own(asker, MAY_SEE, "terms")


async def show_board(portal: Portal, request: Request, asker: Asker) -> Response:
    """GET /log/{authority}/terms: the 37 terms in a reviewer's groups, what is red first, each with its evidence."""
    authority = await require_authority(portal, request, asker, MAY_SEE)
    now, language = portal.clock.now(), asker.preferences.language
    async with portal.gateway.transaction(authority.id) as tenant:
        state = await read_state(tenant)
    async with transaction(portal.platform) as platform:
        supervised = {one.id: one for one in await list_supervised(platform)}
        standings = await read_standings(platform, authority.id)
    if authority.id not in supervised:
        raise NothingHereError  # the reception of unknown senders has no contract
    tiles = [_tile(term, standings, supervised[authority.id].contract, now) for term in load_terms()]
    red = [tile for tile in tiles if tile.judgement.status.red]
    return portal.page(
        asker, "portal_terms.html", authority, f"/log/{authority.slug}/terms",
        page="terms", path=f"/log/{authority.slug}", state=state, red=red, tiles=tiles,
        groups=[(group, title, _red_first(tiles, group)) for group, title in GROUPS.items()],
        oldest=min((tile.judgement.since for tile in red), default=None),
        status_word=lambda status: STATUSES[status].in_language(language),
        why=lambda tile: explain(tile.term, tile.judgement).in_language(language),
        said=lambda sentence: sentence.in_language(language),
    )  # fmt: skip


def _tile(term: Term, standings: Mapping[str, Standing], contract: Contract, now: datetime) -> Tile:
    evidence = [
        Evidence(one, goal, judge(one, standings.get(one.id), contract, now), standings.get(one.id))
        for goal in term.goals
        for one in goal.requirements
    ]
    return Tile(term, assess(term, standings, contract, now), evidence)


def _red_first(tiles: Sequence[Tile], group: Group) -> list[Tile]:
    own = [tile for tile in tiles if tile.term.group == group]
    return sorted(own, key=lambda tile: (_RED_FIRST.get(tile.judgement.status, 5), tile.term.number))
