# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The sequencer's rounds under a witness: ours and another's take each other's place, and nobody sees a difference."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.attacks.scene import put_back_tables, save_tables
from tests.ledger.sealed import LogHouse
from tests.ledger.watched import another_running, new_witness, running, witness_key
from vaka.clock import SystemClock
from vaka.database.server import Server
from vaka.ledger.checkpoints import Checkpoint, parse_checkpoint
from vaka.ledger.cosignatures import Policy
from vaka.ledger.findings import Checked
from vaka.ledger.notes import parse_note
from vaka.ledger.published import open_published
from vaka.ledger.signer import LedgerHaltedError
from vaka.ledger.verify import Expected, verify_log
from vaka.ledger.witness_client import WitnessClient
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

CLOCK = SystemClock()


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    house = LogHouse(server, authority, tmp_path)
    house.signer()
    return house


@pytest.fixture(params=["ours", "another's"])
def url(request: pytest.FixtureRequest, house: LogHouse, tmp_path: Path) -> Iterator[str]:
    """A witness of this log, with the same key whoever's program it is."""
    if request.param == "ours":
        new_witness(tmp_path / "witness", house.key)
        with running(tmp_path / "witness") as witness:
            yield witness.url
    else:
        with another_running(tmp_path / "witness", house.key) as address:
            yield address


async def live(house: LogHouse, url: str, *names: str) -> None:
    """A sequencer that has just started seals what is written, with a client that knows nothing yet."""
    await house.write(CLOCK, *names)
    sequencer = house.sealing(CLOCK, WitnessClient(url, witness_key(), CLOCK))
    async with house.as_("sequencer") as connection:
        for _ in range(2):  # the second round has no new client: it knows the size
            await sequencer.make_round(connection)
            await house.write(CLOCK, f"{names[0]}-again")
        await sequencer.make_round(connection)


async def verified(house: LogHouse, directory: Path, since: Checkpoint | None = None) -> Checked:
    checked = Checked()
    expected = Expected(house.key, Policy((witness_key(),), 1), since, oldest=300)
    with open_published(str(await house.export(directory))) as read:
        verify_log(read, expected, CLOCK.now(), checked)
    return checked


async def test_witnessed_log_verifies_and_an_older_copy_is_halted(house: LogHouse, url: str, tmp_path: Path) -> None:
    await live(house, url, *(f"alarm:{number}" for number in range(300)))
    first = await verified(house, tmp_path / "first")
    assert first.entries == house.size() == 303
    kept = parse_checkpoint(parse_note(house.checkpoints()[-1][1]).text)
    save_tables(house, "backup")
    memory = house.files.memory.read_bytes()
    await live(house, url, "alarm:300")
    second = await verified(house, tmp_path / "second", kept)
    assert (second.continues, second.witnesses) == (303, [witness_key().name])

    newest = house.files.memory.read_bytes()
    save_tables(house, "newest")
    put_back_tables(house, "backup")
    house.files.memory.write_bytes(memory)
    before = house.checkpoints()
    for names, reason in ((("alarm:x",), "older"), ([f"alarm:y-{number}" for number in range(9)], "different")):
        put_back_tables(house, "backup")
        house.files.memory.write_bytes(memory)
        with pytest.raises(LedgerHaltedError) as halted:
            await live(house, url, *names)
        assert halted.value.reason == reason
        assert house.checkpoints() == before

    put_back_tables(house, "newest")
    house.files.memory.write_bytes(newest)
    await live(house, url, "alarm:301")
    assert (await verified(house, tmp_path / "third", kept)).entries == house.size()
