# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How long a log is kept is the authority's to decide: with a permission, an entry and a receipt, or not at all."""

from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.access.test_decide import principal
from tests.ledger.aged import POLICY, Cosigner
from tests.ledger.sealed import LogHouse
from vaka.access.decide import NotAllowedError, NothingHereError
from vaka.access.principal import Principal
from vaka.access.retention import decide_retention, retention_act
from vaka.access.roles import ROLES
from vaka.clock import SystemClock, TurnedClock
from vaka.database.server import Server
from vaka.identity.confirming import Act, Confirmation, NotConfirmedError
from vaka.ledger.deciding import UnusableRetentionError
from vaka.ledger.leaves import parse_leaf
from vaka.ledger.receipts import wait_for_receipt
from vaka.ledger.standing import LedgerStandsStillError
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

REASON = " KS 2026/12 "


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    return LogHouse(server, authority, tmp_path)


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock(SystemClock().now())


def confirmed(house: LogHouse, days: int = 730, reason: str = REASON, *, touched: bool = True) -> Confirmation:
    return Confirmation(retention_act(house.authority.id, days, reason).digest, touched)


async def seal(house: LogHouse, clock: TurnedClock) -> None:
    async with house.as_("sequencer") as connection:
        await house.sealing(clock, Cosigner(clock)).make_round(connection)


async def test_contract_officer_decides_and_gets_a_receipt(house: LogHouse, clock: TurnedClock) -> None:
    who = principal(("contract_officer", house.authority.id), realm="authority")
    async with house.as_("portal") as portal:
        number = await decide_retention(
            portal, who, house.authority.id, days=730, reason=REASON, now=clock.now(), confirmation=confirmed(house)
        )  # fmt: skip
        await seal(house, clock)
        receipt = await wait_for_receipt(portal, number, policy=POLICY)
    leaf = parse_leaf(receipt.entry)
    assert (leaf.event, leaf.actor, leaf.object) == ("retention.set", who.actor, f"authority:{house.authority.id}")
    # Whoever holds the entry can compute what was confirmed.
    act = Act(leaf.event, house.authority.id, leaf.object, {"days": 730, "reason": "KS 2026/12"})
    assert dict(leaf.detail) == {"days": 730, "reason": "KS 2026/12", "step_up": act.digest}


async def test_a_decision_without_a_touch_claims_none(house: LogHouse, clock: TurnedClock) -> None:
    who = principal(("contract_officer", house.authority.id), realm="authority")
    async with house.as_("portal") as portal:
        await decide_retention(portal, who, house.authority.id, days=730, reason=REASON, now=clock.now(),
                               confirmation=confirmed(house, touched=False))  # fmt: skip
    assert house.waiting() == 1


@pytest.mark.parametrize(("days", "reason"), [(731, REASON), (730, "KS 2026/13")])
async def test_term_15_5_what_was_confirmed_is_done_and_nothing_else(
    house: LogHouse, clock: TurnedClock, days: int, reason: str
) -> None:
    who = principal(("contract_officer", house.authority.id), realm="authority")
    async with house.as_("portal") as portal:
        with pytest.raises(NotConfirmedError):
            await decide_retention(portal, who, house.authority.id, days=days, reason=reason, now=clock.now(),
                                   confirmation=confirmed(house))  # fmt: skip
    assert house.waiting() == 0


@pytest.mark.parametrize("role", sorted({*ROLES} - {"contract_officer"}))
async def test_no_other_role_decides(house: LogHouse, clock: TurnedClock, role: str) -> None:
    here = house.authority.id
    for who in (
        principal((role, here), realm=ROLES[role].realm),
        principal((role, here), realm="authority"),
        principal(("contract_officer", here), realm="operator"),  # a role of the authority's, in a supplier's session
        principal(("contract_officer", here), kind="administrator", realm="authority"),
    ):
        await _require_refused(house, clock, who)


async def test_neither_does_another_authoritys_officer(house: LogHouse, clock: TurnedClock) -> None:
    await _require_refused(house, clock, principal(("contract_officer", uuid4()), realm="authority"))
    await _require_refused(house, clock, principal(("contract_officer", None), realm="authority"))


async def _require_refused(house: LogHouse, clock: TurnedClock, who: Principal) -> None:
    async with house.as_("portal") as portal:
        with pytest.raises((NotAllowedError, NothingHereError)):
            await decide_retention(portal, who, house.authority.id, days=730, reason=REASON, now=clock.now(),
                                   confirmation=confirmed(house))  # fmt: skip
    assert house.waiting() == 0


@pytest.mark.parametrize("component", ["desk", "setup", "scheduler", "sequencer", "receiver"])
async def test_no_other_component_can_whoever_asks(house: LogHouse, clock: TurnedClock, component: str) -> None:
    who = principal(("contract_officer", house.authority.id), realm="authority")
    async with house.as_(component) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await decide_retention(connection, who, house.authority.id, days=730, reason=REASON, now=clock.now(),
                                   confirmation=confirmed(house))  # fmt: skip
    assert house.waiting() == 0


async def test_nothing_is_decided_while_the_ledger_stands_still(house: LogHouse, clock: TurnedClock) -> None:
    who = principal(("contract_officer", house.authority.id), realm="authority")
    await seal(house, clock)
    clock.turn(600)
    async with house.as_("portal") as portal:
        with pytest.raises(LedgerStandsStillError):
            await decide_retention(portal, who, house.authority.id, days=730, reason=REASON, now=clock.now(),
                                   confirmation=confirmed(house))  # fmt: skip
    assert house.waiting() == 0


@pytest.mark.parametrize(("days", "reason"), [(399, "x"), (40_000, "x"), (730, "  "), (730, "x" * 201)])
async def test_what_cannot_be_decided_leaves_nothing(
    house: LogHouse, clock: TurnedClock, days: int, reason: str
) -> None:
    who = principal(("contract_officer", house.authority.id), realm="authority")
    async with house.as_("portal") as portal:
        with pytest.raises(UnusableRetentionError):
            await decide_retention(portal, who, house.authority.id, days=days, reason=reason, now=clock.now(),
                                   confirmation=confirmed(house, days, reason))  # fmt: skip
    assert house.waiting() == 0
