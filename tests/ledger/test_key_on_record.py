# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""That a log has a new key is the log's first entry, whatever crashed between making the key and writing that."""

from pathlib import Path

import pytest

from tests.ledger.sealed import ORIGIN, LogHouse
from vaka.clock import TurnedClock
from vaka.database.server import Server, tenant_role
from vaka.ledger.rounds import LogPlace, open_signer_on_record
from vaka.ledger.sequencer import sequence
from vaka.ledger.signer import open_signer
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    return LogHouse(server, authority, tmp_path)


async def opened(house: LogHouse, clock: TurnedClock) -> list[str]:
    """Open the signer as the sequencer does when it starts, and return the events of the log."""
    database = house.authority.database_name
    place = LogPlace(database, tenant_role(database, "sequencer"), ORIGIN, house.files)
    async with house.as_("sequencer") as connection:
        await open_signer_on_record(connection, place, clock, is_new=not house.files.memory.exists())
        await sequence(connection)
    return [leaf.event for leaf in house.leaves()]


async def test_the_first_entry_names_the_key_once(house: LogHouse, clock: TurnedClock) -> None:
    assert await opened(house, clock) == ["key.created"]
    assert await opened(house, clock) == ["key.created"]


async def test_a_key_that_was_made_and_never_entered_is_entered_at_the_next_start(
    house: LogHouse, clock: TurnedClock
) -> None:
    open_signer(house.files, ORIGIN, is_new=True)  # and a kill -9
    assert await opened(house, clock) == ["key.created"]
    assert await opened(house, clock) == ["key.created"]
