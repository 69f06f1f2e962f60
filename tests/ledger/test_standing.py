# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether a log stands follows from what the sequencer does: it works, rests, halts, or a witness refuses it."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import START
from tests.ledger.sealed import LogHouse
from vaka.clock import TurnedClock
from vaka.database.server import Server
from vaka.ledger.notes import Note, SignatureLine
from vaka.ledger.sealing import Prove, Sealing
from vaka.ledger.signer import LedgerHaltedError
from vaka.ledger.standing import LONGEST_SILENCE, LedgerStandsStillError, require_standing
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

LATER = LONGEST_SILENCE.total_seconds() + 1


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    return LogHouse(server, authority, tmp_path)


class Away:
    """A witness that cannot be reached."""

    name = "witness.example/away"

    async def cosign(self, note: Note, prove: Prove) -> Sequence[SignatureLine]:
        raise ConnectionRefusedError


class Warned:
    """A witness that has seen more of this log than there is: the database is an older copy."""

    name = "witness.example/warned"

    async def cosign(self, note: Note, prove: Prove) -> Sequence[SignatureLine]:
        raise LedgerHaltedError("older")


async def stands(house: LogHouse, clock: TurnedClock) -> bool:
    async with house.as_("setup") as connection:
        try:
            await require_standing(connection, clock.now())
        except LedgerStandsStillError:
            return False
        return True


async def make_round(house: LogHouse, sealing: Sealing) -> None:
    async with house.as_("sequencer") as connection:
        await sealing.make_round(connection)


async def test_it_stands_while_rounds_are_made_though_nothing_happens(house: LogHouse, clock: TurnedClock) -> None:
    sealing = house.sealing(clock)
    for _ in range(20):
        await make_round(house, sealing)
        assert await stands(house, clock)
        clock.turn(30)
    clock.turn(LATER)
    assert not await stands(house, clock)
    await make_round(house, sealing)
    assert await stands(house, clock)


async def test_a_witness_that_is_away_stops_nobody(house: LogHouse, clock: TurnedClock) -> None:
    """What is sealed without it is shown to it when it is back: it finds what was changed meanwhile."""
    sealing = house.sealing(clock, Away())
    await make_round(house, sealing)
    assert await stands(house, clock)


async def test_a_witness_that_has_seen_more_stops_privileged_acts(house: LogHouse, clock: TurnedClock) -> None:
    await make_round(house, house.sealing(clock))
    clock.turn(LATER)
    halted = Sealing(house.signer(is_new=False), clock, [Warned()])
    await house.write(clock, "alarm:1")
    with pytest.raises(LedgerHaltedError):
        await make_round(house, halted)
    assert not await stands(house, clock)
    # What was appended is there, and is sealed when the log goes on.
    await make_round(house, Sealing(house.signer(is_new=False), clock))
    assert await stands(house, clock)
    assert "alarm:1" in [leaf.object for leaf in house.leaves()]


async def test_a_clock_that_was_put_back_stops_privileged_acts(house: LogHouse, clock: TurnedClock) -> None:
    await make_round(house, house.sealing(clock))
    earlier = TurnedClock(START - LONGEST_SILENCE - timedelta(seconds=1))
    assert not await stands(house, earlier)


async def test_what_is_sealed_and_cannot_be_signed_stands_for_as_long_as_it_is_fresh(
    house: LogHouse, clock: TurnedClock
) -> None:
    """Between commit and signature there is a moment in every round; a signer that never comes makes it long."""
    await house.write(clock, "alarm:1")
    await make_round(house, house.sealing(clock))
    with house.superuser() as superuser:
        superuser.execute("delete from ledger.checkpoint")
        for age, expected in ((timedelta(), True), (timedelta(minutes=3), False)):
            superuser.execute("set session_replication_role = replica")
            superuser.execute("update ledger.head set sequenced_at = %s", (clock.now() - age,))
            assert await stands(house, clock) is expected
