# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Receipts: waited for and not waited for in vain, found later, and believed by people who never saw our code."""

import asyncio
import importlib
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.ledger import golang
from tests.ledger.aged import POLICY, AgedLog, Cosigner, decision
from tests.ledger.sealed import ORIGIN, LogHouse
from tests.peers import require_module
from vaka.clock import SystemClock, TurnedClock
from vaka.commands.main import main
from vaka.database.server import Server
from vaka.errors import Category, ConfigurationError
from vaka.ledger.checkpoints import parse_checkpoint
from vaka.ledger.cosignatures import WitnessSigner
from vaka.ledger.deciding import set_retention
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.leaves import parse_leaf
from vaka.ledger.receipts import (
    EntryGoneError,
    NoSuchNumberError,
    NotSealedYetError,
    Receipt,
    Whereabouts,
    find_receipt,
    policy_of,
    require_there,
    wait_for_receipt,
)
from vaka.ledger.tree import hash_leaf
from vaka.settings import LedgerSettings
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    return LogHouse(server, authority, tmp_path)


@pytest.fixture
def clock() -> TurnedClock:
    """The real time, standing still: receipts are verified by programs that look at the clock."""
    return TurnedClock(SystemClock().now())


async def seal(house: LogHouse, clock: TurnedClock, *, cosigned: bool = True) -> None:
    witnesses = [Cosigner(clock)] if cosigned else []
    async with house.as_("sequencer") as connection:
        await house.sealing(clock, *witnesses).make_round(connection)


async def decided(house: LogHouse, clock: TurnedClock) -> Receipt:
    """The receipt of an authority's decision among other entries."""
    await house.write(clock, *(f"alarm:{n}" for n in range(300)))
    async with house.as_("portal") as portal:
        number = await set_retention(portal, decision(730, clock.now()))
        await seal(house, clock)
        await house.write(clock, *(f"alarm:{n}" for n in range(300)))
        clock.turn(1)
        await seal(house, clock)
        return await wait_for_receipt(portal, number, policy=POLICY)


async def test_act_waits_until_the_witnesses_have_seen_its_entry(house: LogHouse, clock: TurnedClock) -> None:
    async with house.as_("portal") as portal:
        number = await set_retention(portal, decision(730, clock.now()))
        waiting = asyncio.create_task(wait_for_receipt(portal, number, seconds=60, policy=POLICY))
        await seal(house, clock, cosigned=False)
        await asyncio.sleep(0.5)
        assert not waiting.done()  # sealed and signed, and no witness has seen it
        clock.turn(61)
        await seal(house, clock)
        receipt = await waiting
    leaf = parse_leaf(receipt.entry)
    assert (leaf.id, leaf.event, leaf.detail["days"], receipt.id) == (number, "retention.set", 730, number)
    assert receipt.proof.extra == receipt.entry
    assert parse_checkpoint(receipt.proof.checkpoint.text).origin == ORIGIN


@pytest.mark.parametrize("cosigned", [None, False])
async def test_what_is_not_sealed_in_time_stands_and_is_fetched_later(
    house: LogHouse, clock: TurnedClock, cosigned: bool | None
) -> None:
    async with house.as_("portal") as portal:
        number = await set_retention(portal, decision(730, clock.now()))
        if cosigned is not None:
            await seal(house, clock, cosigned=cosigned)
        with pytest.raises(NotSealedYetError) as late:
            await wait_for_receipt(portal, number, seconds=0.3, policy=POLICY)
        assert (late.value.id, late.value.category) == (number, Category.UNAVAILABLE)
        assert all(str(number) in text for text in (late.value.sentence.sv, late.value.sentence.en))
        clock.turn(61)
        await seal(house, clock)
        found = await find_receipt(portal, number, POLICY)
        assert found is not None
        assert parse_leaf(found.entry).id == number


async def test_every_witness_of_the_settings_must_have_seen_it(house: LogHouse, clock: TurnedClock) -> None:
    """The one that cosigns here, and another that has never answered."""
    (key,) = (witness.encode() for witness in POLICY.witnesses)
    other = WitnessSigner.of("witness.example/silent", Ed25519PrivateKey.generate()).key.encode()

    def settings(*keys: str, log: str = "authority/provkommun") -> LedgerSettings:
        shown = [{"url": "http://127.0.0.1:1", "key": each, "logs": [log]} for each in keys]
        return LedgerSettings.model_validate({"origin": "vaka.example", "witnesses": shown})

    assert policy_of(settings(), ORIGIN) is None
    assert policy_of(settings(other, log="platform"), ORIGIN) is None
    receipt = await decided(house, clock)
    async with house.as_("portal") as portal:
        assert await find_receipt(portal, receipt.id, policy_of(settings(key), ORIGIN)) is not None
        assert await find_receipt(portal, receipt.id, policy_of(settings(key, other), ORIGIN)) is None
    with pytest.raises(ConfigurationError, match=r"ledger\.witnesses cannot be used"):
        policy_of(settings(key, key), ORIGIN)


async def test_nobody_waits_inside_the_transaction_of_the_act(house: LogHouse, clock: TurnedClock) -> None:
    async with house.as_("portal") as portal, portal.transaction():
        number = await append(portal, Entry(Event.LOG_READ, "account:1", clock.now()))
        with pytest.raises(RuntimeError):
            await wait_for_receipt(portal, number)


async def test_there_is_no_receipt_for_what_is_not_there(house: LogHouse, clock: TurnedClock) -> None:
    async with house.as_("portal") as portal:
        assert await find_receipt(portal, 1) is None  # nothing was published yet
        await seal(house, clock)
        assert await find_receipt(portal, 2) is None
        with pytest.raises(NoSuchNumberError):
            await require_there(portal, 10**15)


async def test_nobody_waits_for_an_entry_that_was_taken_away(house: LogHouse, clock: TurnedClock) -> None:
    async with house.as_("portal") as portal:
        number = await set_retention(portal, decision(850, clock.now()))
        assert await require_there(portal, number) is Whereabouts.WAITS
        with house.superuser(unguarded=True) as thief:
            assert thief.execute("delete from ledger.inbox where id = %s", (number,)).rowcount == 1
        for _ in range(2):
            with pytest.raises(EntryGoneError) as gone:
                await wait_for_receipt(portal, number, seconds=60, policy=POLICY)
            clock.turn(61)
            await seal(house, clock)
        assert all(str(number) in text for text in (gone.value.sentence.sv, gone.value.sentence.en))
        other = await set_retention(portal, decision(860, clock.now()))
        await seal(house, clock)
        assert await require_there(portal, other) is Whereabouts.STANDS


@pytest.mark.parametrize(
    "attack",
    [
        "update ledger.log_entry set leaf = leaf || ' '",
        "update ledger.tile set data = sha256('x') || substr(data, 33)",
        "delete from ledger.tile where level = 1",
        "update ledger.checkpoint set note = 'x'",
        "update ledger.log_entry set id = 1",
    ],
)
async def test_what_was_changed_gives_no_receipt_that_proves_nothing(
    house: LogHouse, clock: TurnedClock, attack: str
) -> None:
    receipt = await decided(house, clock)
    with house.superuser(unguarded=True) as superuser:
        assert superuser.execute(attack.encode()).rowcount > 0
    async with house.as_("portal") as portal:
        assert await find_receipt(portal, receipt.id) is None


async def test_removed_entry_gives_none_and_the_old_receipt_still_proves(house: LogHouse, tmp_path: Path) -> None:
    aged = AgedLog.begun(house, 500)
    await aged.decide(400)
    async with house.as_("desk") as desk, desk.transaction():
        number = await append(desk, Entry(Event.ALARM_READ, "account:1", aged.clock.now(), "alarm:1"))
    await aged.write(600)
    await aged.seal()
    async with house.as_("sequencer") as connection:
        receipt = await find_receipt(connection, number)
        assert receipt is not None
        aged.turn(days=500 - 1e-3)
        await aged.prune()
        await aged.seal()
        assert await aged.prune() > 0
        assert await find_receipt(connection, number) is None
        with pytest.raises(NoSuchNumberError):
            await wait_for_receipt(connection, number)
    assert verified(receipt, house, tmp_path)


def verified(receipt: Receipt, house: LogHouse, directory: Path, *options: str) -> bool:
    (directory / "a.tlog-proof").write_bytes(receipt.proof.encode())
    (directory / "a.json").write_bytes(receipt.entry)
    key = POLICY.witnesses[0].encode()
    command = ["verify", "--proof", str(directory / "a.tlog-proof"), "--log", house.key.encode(), "--witness", key]
    told = [CliRunner().invoke(main, [*command, *more, *options]) for more in ([], ["--entry", f"{directory}/a.json"])]
    assert told[0].exit_code == told[1].exit_code, [each.output for each in told]
    return told[0].exit_code == 0


async def test_our_verifier_takes_it_with_and_without_the_entry_beside_it(
    house: LogHouse, clock: TurnedClock, tmp_path: Path
) -> None:
    receipt = await decided(house, clock)
    assert verified(receipt, house, tmp_path)
    other = Receipt(receipt.id, receipt.entry + b" ", receipt.proof)
    (tmp_path / "b.json").write_bytes(other.entry)
    command = ["verify", "--proof", f"{tmp_path}/a.tlog-proof", "--log", house.key.encode()]
    assert CliRunner().invoke(main, [*command, "--entry", f"{tmp_path}/b.json"]).exit_code == 1


async def test_aics_takes_it(house: LogHouse, clock: TurnedClock) -> None:
    require_module("aics_tlog")
    aics = importlib.import_module("aics_tlog")
    receipt = await decided(house, clock)
    verdict = aics.verify_checkpoint(
        aics.parse_note(receipt.proof.checkpoint.encode()),
        aics.parse_vkey(house.key.encode()),
        policy=aics.WitnessPolicy(1, (aics.parse_vkey(POLICY.witnesses[0].encode()),), max_age_seconds=3600),
        expected_origin=ORIGIN,
        now=int(clock.now().timestamp()),
    )
    assert verdict.ok, verdict.error
    index, hashes = receipt.proof.index, receipt.proof.hashes
    assert aics.verify_leaf_inclusion(receipt.entry, index, verdict.size, hashes, verdict.root)
    assert not aics.verify_leaf_inclusion(receipt.entry + b" ", index, verdict.size, hashes, verdict.root)


async def test_proofbundle_takes_the_file(house: LogHouse, clock: TurnedClock) -> None:
    require_module("proofbundle")
    theirs = importlib.import_module("proofbundle.tlogproof")
    receipt = await decided(house, clock)
    text, witness = receipt.proof.encode().decode(), [POLICY.witnesses[0].encode()]
    facts = {"threshold": 1, "expected_origin": ORIGIN}
    told = theirs.verify_tlog_proof(text, receipt.entry, house.key.encode(), witness, **facts)
    assert told["ok"], told
    assert not theirs.verify_tlog_proof(text, receipt.entry + b" ", house.key.encode(), witness, **facts)["ok"]


async def test_go_takes_it(house: LogHouse, clock: TurnedClock) -> None:
    golang.require_go()
    receipt = await decided(house, clock)
    note = receipt.proof.checkpoint
    checkpoint = parse_checkpoint(note.text)
    told = golang.ask("open", note=note.encode().decode(), keys=[house.key.encode()])
    assert told["verified"] == [ORIGIN]
    leaf_hash = hash_leaf(receipt.entry)
    record = golang.record(receipt.proof.index, checkpoint.size, leaf_hash, checkpoint.root, receipt.proof.hashes)
    assert golang.ask("check", records=[record])["accepted"] == [True]
