# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is found of all covers nothing that is found of each for good, nothing is green for want of things, and nobody
reads how much of it is others'.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

import pytest

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    authority,
    by_hand,
    judged,
    own_server,
    place,
    server,
    status_of,
)
from tests.conftest import START
from tests.platform import platform_as
from vaka.assurance import exchange_evidence
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Contract, Judgement, Status, assess
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.evidence import Found, Look, enter_look, read_standings
from vaka.assurance.looking import look
from vaka.assurance.terms import load_terms
from vaka.assurance.wording import explain
from vaka.database.server import Server
from vaka.operations.capacity.rounds import Capacity
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MINUTE = timedelta(minutes=1)
TERM_OF = {one.id: term for term in load_terms() for one in term.requirements}


async def test_what_is_found_of_all_and_of_each_in_turns_ends(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
) -> None:
    """Whatever form a look has: one that says of all that something is wrong is over with the next."""
    name = "clock-state"

    async def see(*found: Found, after: int) -> tuple[Status, str]:
        async with platform_as(server, "scheduler") as scheduler:
            await enter_look(scheduler, REQUIREMENTS[name], Look(found), START + after * MINUTE)
        return await judged(name, place, server, START + after * MINUTE)

    fine, wrong = (Status.MET, "none"), (Status.FAILING, "wrong")
    assert await see(Found(authority.id), after=0) == fine
    assert await see(Found(None, "wrong", 1), after=1) == wrong
    assert await see(Found(authority.id), after=2) == fine
    assert await see(Found(authority.id, "wrong", 1), after=3) == wrong
    assert await see(Found(None), after=4) == fine
    assert await see(Found(None), after=5) == fine


async def test_a_guard_that_overlooked_something_once_is_red_until_it_does_not(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And says so of each authority, as it says of each what was taken in."""
    name = "exchange-refusals"
    assert await status_of(name, place, server) == (Status.MET, "none")
    with monkeypatch.context() as patched:
        patched.setattr(exchange_evidence, "count_overlooked", lambda now: 2)
        assert await status_of(name, place, server, START + MINUTE) == (Status.FAILING, "overlooked")
        found = (await COLLECTORS[name](place, START)).found
        assert [one.authority_id for one in found] == list(place.authorities)
    assert await status_of(name, place, server, START + 2 * MINUTE) == (Status.MET, "none")


async def test_the_right_to_audit_is_not_met_where_nobody_audits(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
) -> None:
    """Nothing that could be wrong is nothing that is right: the term waits for the authority."""
    [term] = [term for term in load_terms() if term.number == 37]
    for requirement in term.requirements:
        await look(requirement, COLLECTORS[requirement.id], place, START)
    async with platform_as(server, "setup") as setup:
        standings = await read_standings(setup, place.authorities[0])
    assert {one.id for one in term.requirements} == set(standings)
    assert assess(term, standings, Contract(START, {}, {}), START).status is Status.NOT_ASKED
    # What is asked for and answered is met, whoever has not frozen anything yet.
    assert assess(term, standings, Contract(START, {"audit-requests": START}, {}), START).status is Status.MET


@dataclass
class Measured:
    """What was measured just now."""

    found: tuple[str, int]

    def is_known(self, now: object) -> bool:
        """Whether it was."""
        return True

    def excess(self) -> tuple[str, int]:
        """What is above its threshold."""
        return self.found


@pytest.mark.parametrize("reason", ["waiting", "unreachable", "slow"])
async def test_nobody_reads_how_many_of_others_wait(reason: str, place: Place) -> None:  # noqa: F811
    """What is measured of the whole platform is said to each, and how much of it is whose is not."""
    measured = cast("Capacity", Measured((reason, 41)))
    [found] = (await COLLECTORS["capacity"](replace(place, capacity=measured), START)).found
    assert (found.reason, found.things) == (reason, 1)
    said = explain(TERM_OF["capacity"], Judgement(Status.FAILING, START, reason, "capacity", 1))
    assert not any(sign.isdigit() for sign in said.sv + said.en)
