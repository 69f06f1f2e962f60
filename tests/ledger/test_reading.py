# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading a log: how it stands, and proofs that a verifier of somebody else's would accept."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import START
from tests.ledger.sample import WITNESSES
from tests.ledger.sealed import LogHouse
from tests.ledger.test_sealing import Recorder
from vaka.clock import TurnedClock
from vaka.database.server import Server
from vaka.ledger.cosignatures import Policy, WitnessKey
from vaka.ledger.proofs import parse_proof, verify_proof
from vaka.ledger.reading import OLDEST_CHECKPOINT, LogState, prove_entry, read_entry, read_state
from vaka.ledger.sequencer import sequence
from vaka.ledger.tree import hash_leaf
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SEEN_AT = datetime.fromtimestamp(1_773_453_540, UTC)


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    return LogHouse(server, authority, tmp_path)


async def seal(house: LogHouse, clock: TurnedClock, *witnesses: Recorder) -> None:
    async with house.as_("sequencer") as connection:
        await house.sealing(clock, *witnesses).make_round(connection)


async def test_a_new_log_says_that_nothing_is_sealed(house: LogHouse, clock: TurnedClock) -> None:
    async with house.as_("portal") as portal:
        state = await read_state(portal)
    assert (state.size, state.signed_size, state.note, state.signed_at, state.waiting) == (0, None, None, None, 0)
    assert state.is_old(clock.now())
    assert state.seen == ()
    assert not state.seals(0)


async def test_what_is_sealed_and_what_waits_is_told(house: LogHouse, clock: TurnedClock) -> None:
    await house.write(clock, *(f"alarm:{number}" for number in range(5)))
    await seal(house, clock, Recorder(0), Recorder(1))
    await house.write(clock, "alarm:6", "alarm:7")
    async with house.as_("portal") as portal:
        state = await read_state(portal)
    assert state.size == state.signed_size == 6  # five, and the log's own sign of life
    assert state.signed_at == clock.now()
    assert state.waiting == 2
    assert {one.witness for one in state.seen} == {WITNESSES[0].name, WITNESSES[1].name}
    assert {one.at for one in state.seen} == {SEEN_AT}
    assert [state.seals(index) for index in (0, 5, 6)] == [True, True, False]


@pytest.mark.parametrize(
    ("signed_ago", "waits_since", "old"),
    [
        (timedelta(0), None, False),
        (OLDEST_CHECKPOINT, None, False),
        (OLDEST_CHECKPOINT + timedelta(seconds=1), None, True),
        (None, None, True),
        (timedelta(0), OLDEST_CHECKPOINT, False),
        (timedelta(0), OLDEST_CHECKPOINT + timedelta(seconds=1), True),
    ],
)
def test_when_a_log_is_called_old(signed_ago: timedelta | None, waits_since: timedelta | None, old: bool) -> None:
    state = LogState(
        1, START, 1, b"", None if signed_ago is None else START - signed_ago, 0,
        None if waits_since is None else START - waits_since,
    )  # fmt: skip
    assert state.is_old(START) is old


async def test_every_sealed_entry_has_a_proof_that_verifies_offline(house: LogHouse, clock: TurnedClock) -> None:
    await house.write(clock, *(f"alarm:{number}" for number in range(299)))
    await seal(house, clock, Recorder(0), Recorder(1))
    policy = Policy(tuple(WitnessKey.parse(witness.key.encode()) for witness in WITNESSES[:2]), 2)
    async with house.as_("portal") as portal:
        state = await read_state(portal)
        for index in (0, 1, 255, 256, 299):
            entry = await read_entry(portal, index)
            assert entry is not None
            assert entry.leaf is not None
            proof = await prove_entry(portal, state, entry)
            assert proof is not None
            read = parse_proof(proof.encode())
            assert read.extra == entry.data
            proven = verify_proof(read, hash_leaf(read.extra), house.key, policy)
            assert proven.checkpoint.size == 300
            assert len(proven.cosignatures) == 2


async def test_no_proof_is_given_that_no_verifier_would_accept(house: LogHouse, clock: TurnedClock) -> None:
    await house.write(clock, *(f"alarm:{number}" for number in range(9)))
    await seal(house, clock)
    async with house.as_("portal") as portal:
        state, entry = await read_state(portal), await read_entry(portal, 3)
        assert entry is not None
        assert await read_entry(portal, 10) is None
        assert await prove_entry(portal, state, entry) is not None
        with house.superuser(unguarded=True) as attacker:
            attacker.execute("update ledger.log_entry set leaf = overlay(leaf placing 'x' from 20) where index = 3")
        changed = await read_entry(portal, 3)
        assert changed is not None
        assert changed.leaf is None
        assert await prove_entry(portal, state, changed) is None
        with house.superuser(unguarded=True) as attacker:
            attacker.execute("update ledger.tile set data = overlay(data placing sha256('x') from 33)")
        assert await prove_entry(portal, state, entry) is None
        with house.superuser(unguarded=True) as attacker:
            attacker.execute("delete from ledger.tile")
        assert await prove_entry(portal, state, entry) is None


async def test_what_is_not_signed_yet_has_no_proof(house: LogHouse, clock: TurnedClock) -> None:
    await house.write(clock, "alarm:1")
    async with house.as_("sequencer") as connection:
        await sequence(connection)
    async with house.as_("portal") as portal:
        state, entry = await read_state(portal), await read_entry(portal, 0)
        assert entry is not None
        assert await prove_entry(portal, state, entry) is None
