# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Entries made to look as if they had been removed for their age: forged decisions, forged excuses, real deletions.

Who finds it: the database, which asks for the authority's decision itself and refuses; and where it was gone round, the
verifier. What the authority did decide accuses nobody (tests/ledger/test_pruning.py, where more is forged).
"""

from dataclasses import replace
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb

from tests.ledger.aged import POLICY, AgedLog
from tests.ledger.attacks.scene import Scene, forged
from tests.ledger.sealed import LogHouse
from vaka.clock import SystemClock
from vaka.database.server import Server
from vaka.ledger.findings import Checked, Wrong, WrongError
from vaka.ledger.published import open_published
from vaka.ledger.signer import LedgerHaltedError
from vaka.ledger.verify import Expected, verify_log
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.mark.parametrize("event", ["retention.set", "ledger.pruned"])
async def test_decision_hidden_in_another_entrys_detail_lets_nothing_go(
    server: Server, authority: Authority, tmp_path: Path, event: str
) -> None:
    """As any component, whose details are its own: the same words, in another place of the leaf."""
    house = LogHouse(server, authority, tmp_path)
    aged = AgedLog.begun(house, 600)
    detail = {"event": event, "days": 400, "last": 255, "policy": 0, "checkpoint": 600, "reason": "x"}
    async with house.as_("desk") as desk, desk.transaction():
        for _ in range(600):
            await desk.execute(
                "select ledger.append(now(), 'alarm.read', 'account:1', '', 'success', %s)", (Jsonb(detail),)
            )
    await aged.seal()
    aged.turn(days=550)
    await aged.write(1)
    for _ in range(3):
        assert await aged.prune() == 0
        await aged.seal()
    assert aged.indexes() == list(range(house.size()))
    assert [leaf for leaf in house.leaves() if leaf.event == "ledger.pruned"] == []


@pytest.mark.parametrize(("longer", "is_deleted"), [(3650, True), (400, False)])
async def test_longer_time_deleted_and_the_rest_removed_by_the_book(
    server: Server, authority: Authority, tmp_path: Path, longer: int, is_deleted: bool
) -> None:
    """By the superuser, who then lets the sequencer do the rest: the heartbeats of before counted what is deleted.

    The sequencer halts, so he must have its machine as well, where its memory lies.
    """
    house = LogHouse(server, authority, tmp_path)
    aged = AgedLog.begun(house, 500)
    await aged.decide(400)
    await aged.decide(longer)
    await aged.seal()
    for days, count in ((20, 600), (1, 1), (430, 200)):
        aged.turn(days=days)
        await aged.write(count)
        await aged.seal()
    aged.turn(days=49 - 1e-3)
    assert await aged.prune() == 0
    assert [leaf for leaf in house.leaves() if leaf.event == "ledger.pruned"] == []
    if is_deleted:
        with aged.forger() as superuser:
            superuser.execute(
                "delete from ledger.log_entry where position('\"days\":3650' in convert_from(leaf, 'utf8')) > 0"
            )
        with pytest.raises(LedgerHaltedError):
            await aged.seal()
        house.files.memory.write_text(house.files.memory.read_text().replace("decisions 2\n", "decisions 1\n"))
    for _ in range(3):
        await aged.prune()
        await aged.seal()
    await house.export(tmp_path / "pack")
    checked = Checked()
    with open_published(str(tmp_path / "pack")) as read:
        if is_deleted:
            with pytest.raises(WrongError) as found:
                verify_log(read, Expected(house.key, POLICY), SystemClock().now(), checked)
            assert found.value.code is Wrong.BEAT
        else:
            verify_log(read, Expected(house.key, POLICY), SystemClock().now(), checked)
            assert checked.removed == 510


@pytest.mark.parametrize("is_known", [True, False])
async def test_longer_time_deleted_at_once(
    server: Server, authority: Authority, tmp_path: Path, *, is_known: bool
) -> None:
    """By the superuser, as soon as it is sealed, so that no heartbeat has counted it: the signer's memory has.

    Nothing more is signed, so nothing is let go. A memory of an earlier version takes what it finds, once.
    """
    house = LogHouse(server, authority, tmp_path)
    aged = AgedLog.begun(house, 500)
    await aged.decide(400)
    await aged.decide(3650)
    await aged.seal()
    assert house.files.memory.read_text().endswith("decisions 2\n")
    before = house.checkpoints()
    with aged.forger() as superuser:
        deleted = superuser.execute(
            "delete from ledger.log_entry where position('\"days\":3650' in convert_from(leaf, 'utf8')) > 0"
        )
        assert deleted.rowcount == 1
    if is_known:
        for _ in range(2):
            with pytest.raises(LedgerHaltedError) as halted:
                await aged.seal()
            assert halted.value.reason == "decisions"
        assert house.checkpoints() == before
    else:
        house.files.memory.write_text(house.files.memory.read_text().replace("decisions 2\n", ""))
        await aged.seal()
        assert house.files.memory.read_text().endswith("decisions 1\n")


async def test_longer_time_deleted_while_the_sequencer_works(
    server: Server, authority: Authority, tmp_path: Path
) -> None:
    """It is looked for with every heartbeat, and whenever something is signed."""
    house = LogHouse(server, authority, tmp_path)
    aged = AgedLog.begun(house, 500)
    await aged.decide(3650)
    sealing = house.sealing(aged.clock)
    async with house.as_("sequencer") as connection:
        await sealing.make_round(connection)
        await sealing.make_round(connection)
        with aged.forger() as superuser:
            superuser.execute("delete from ledger.log_entry where position('retention.set'::bytea in leaf) > 0")
        await aged.write(1)
        with pytest.raises(LedgerHaltedError, match="decisions"):
            await sealing.make_round(connection)


def say(scene: Scene, event: str, component: str, detail: dict[str, object], *, ago: str = "0 days") -> None:
    """Put an entry into the inbox with the triggers off, in the name of a component and dated so long ago."""
    with scene.house.superuser(unguarded=True) as superuser:
        superuser.execute(
            "insert into ledger.inbox (happened_at, event, actor, detail, written_by, written_at)"
            " values (now(), %s, 'account:1', %s, %s, clock_timestamp() - %s::interval)",
            (event, Jsonb(detail), f"{scene.house.authority.database_name}_{component}", ago),
        )


async def excuse(scene: Scene, *, decided: str | None, last: int = 255) -> None:
    """Say in the log that the first bundle was let go; where `decided`, by a decision so long ago."""
    policy = scene.house.size()
    if decided is not None:
        say(scene, "retention.set", "portal", {"days": 400, "reason": "x"}, ago=decided)
    await scene.seal()
    detail = {"first": 0, "last": last, "count": last + 1, "days": 400, "policy": policy, "checkpoint": 300}
    say(scene, "ledger.pruned", "sequencer", {**detail, "reason": "retention"})
    await scene.seal()


@pytest.mark.parametrize(
    ("decided", "last", "code"),
    [
        (None, 255, Wrong.UNDECIDED),
        ("0 days", 255, Wrong.UNDECIDED),  # a decision waits for thirty days
        ("31 days", 255, Wrong.TIME),  # and cannot be dated back behind what is there
        ("0 days", 127, Wrong.BUNDLE),
        ("0 days", -1, Wrong.BUNDLE),
    ],
)
async def test_deleted_with_a_forged_excuse(scene: Scene, decided: str | None, last: int, code: Wrong) -> None:
    """By the superuser, in the names of those who may."""
    await scene.live(300)
    await excuse(scene, decided=decided, last=last)
    scene.forge("delete from ledger.log_entry where index < 256")
    assert (await scene.found())[0] is code
    assert (await scene.found(replace(scene.expected(), policy=None)))[0] is code
    assert (await scene.found(replace(scene.expected(), least_days=400)))[0] is code


async def test_words_alone_accuse_nobody(scene: Scene) -> None:
    """The procedure of the attack, without the deletion."""
    await scene.live(300)
    await excuse(scene, decided="0 days")
    assert (await scene.require_clean()).removed == 0


async def test_deleted_with_no_excuse_at_all(scene: Scene) -> None:
    """A bundle that is left out of the pack, or comes short in it, and nothing in the log that says why."""
    await scene.live(300)
    pack = await scene.pack()
    (pack / "tile/entries/000").unlink()
    assert scene.accused(pack) == (Wrong.MISSING, "tile/entries/000")
    scene.forge("delete from ledger.log_entry where index < 256")
    assert await scene.found() == (Wrong.BUNDLE, "tile/entries/000")


async def test_old_entry_turned_into_a_decision(scene: Scene) -> None:
    """The one way to a decision of long ago is through the hash of what stands there."""
    await scene.live(300)
    leaf = forged(
        scene.raw_leaves()[300], event="retention.set", detail={"days": 400, "reason": "x"},
        written_by=f"{scene.house.authority.database_name}_portal",
    )  # fmt: skip
    with scene.house.superuser(unguarded=True) as superuser:
        superuser.execute("update ledger.log_entry set leaf = %s where index = 300", (leaf,))
    assert (await scene.found())[0] is Wrong.ENTRY
