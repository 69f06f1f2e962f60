# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Entries taken out of the inbox, put in or moved before they are sealed; and clocks that are moved.

Who finds it: the verifier, by the numbers each database session gives its entries, and by the order of times. What
leaves no trace stands here too, as it stands in the guide.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.ledger.attacks.scene import Scene, log_of, open_scene, witness_key, witnessing
from tests.ledger.sealed import LogHouse
from tests.ledger.watched import proves
from vaka.clock import TurnedClock
from vaka.database.connections import Connection
from vaka.ledger.cosignatures import WitnessSigner
from vaka.ledger.findings import Wrong
from vaka.ledger.notes import parse_note
from vaka.ledger.witness import WitnessFiles
from vaka.ledger.witness_client import WitnessClient, WitnessError, WitnessFault

pytestmark = [pytest.mark.anyio, pytest.mark.database]

NTH = "(select id from ledger.inbox where written_by like '%desk' order by id offset {} limit 1)"


async def write(scene: Scene, desk: Connection, acts: int = 5) -> None:
    """Write some entries that then wait in the inbox."""
    for _ in range(acts):
        await scene.write(desk)


REMOVED = {
    "the first": f"delete from ledger.inbox where id = {NTH.format(0)}",
    "one between": f"delete from ledger.inbox where id = {NTH.format(2)}",
    "all but the last": f"delete from ledger.inbox where id < {NTH.format(4)}",
    "put in twice": "insert into ledger.inbox (happened_at, event, actor, written_by, source, number)"
    " select happened_at, event, actor, written_by, source, number from ledger.inbox order by id limit 1",
    "put in between": "insert into ledger.inbox (happened_at, event, actor, source, number)"
    " select happened_at, event, 'account:2', source, 99 from ledger.inbox order by id limit 1",
    "exchanged": "update ledger.inbox i set number = 5 - i.number where number in (2, 3)",
}


@pytest.mark.parametrize("statement", REMOVED.values(), ids=REMOVED)
async def test_inbox_changed_with_the_triggers_off(scene: Scene, statement: str) -> None:
    """By the superuser, who else. Found as soon as the rest is sealed, in one transaction or in several."""
    async with scene.house.as_("desk") as desk:
        await write(scene, desk, 2)
        async with desk.transaction():
            await write(scene, desk, 3)
        scene.forge(statement)
    await scene.seal()
    assert (await scene.found())[0] is Wrong.GAP


async def test_inbox_left_as_it_is_accuses_nobody(scene: Scene) -> None:
    """Triggers off and everything written anew; and a rollback, which takes its number back."""
    async with scene.house.as_("desk") as desk:
        await write(scene, desk)
        async with desk.transaction(force_rollback=True):
            await scene.write(desk)
        await write(scene, desk)
        scene.forge("update ledger.inbox set actor = actor")
    await scene.seal()
    assert (await scene.require_clean()).entries == 26 + 11


async def test_drained_as_the_sequencer_and_thrown_away(scene: Scene) -> None:
    """The one login that may take entries out; it need not be a superuser."""
    async with scene.house.as_("desk") as desk, scene.house.as_("sequencer") as thief:
        await write(scene, desk)
        taken = await (await thief.execute("select number from ledger.drain(2)")).fetchall()
        assert [number for (number,) in taken] == [1, 2]
        await scene.seal()
        assert (await scene.found())[0] is Wrong.GAP


async def test_last_entries_of_a_session_leave_no_trace(scene: Scene) -> None:
    """Not found, and the guide says so: until that session writes again, and then it is."""
    async with scene.house.as_("desk") as desk:
        await write(scene, desk)
        scene.forge(f"delete from ledger.inbox where id >= {NTH.format(3)}")
        await scene.seal()
        await scene.require_clean()
        await scene.write(desk)
        await scene.seal()
        assert (await scene.found())[0] is Wrong.GAP


async def test_session_that_counts_from_the_beginning_again(scene: Scene) -> None:
    """Whoever holds a process's login can set his session's number; what he gains is to be accused."""
    async with scene.house.as_("desk") as desk:
        await write(scene, desk)
        await desk.execute("select set_config('ledger.number', '0', false)")
        await scene.write(desk)
    await scene.seal()
    assert (await scene.found())[0] is Wrong.GAP


async def test_session_that_takes_the_name_of_another_logins(scene: Scene) -> None:
    """The portal's login reads sources in the log. Using one accuses the portal's login, and not whose it was."""
    async with scene.house.as_("desk") as desk, scene.house.as_("portal") as portal:
        await write(scene, desk)
        await scene.seal()
        source = scene.house.leaves()[-1].source
        await portal.execute("select set_config('ledger.source', %s, false)", (source,))
        await portal.execute("select set_config('ledger.number', '99', false)")
        await scene.write(portal)
        await write(scene, desk)
    await scene.seal()
    code, where = await scene.found()
    assert code is Wrong.GAP
    assert f"'{source}' of '{scene.house.authority.database_name}_portal', 100 after 0" in where
    known = replace(scene.expected(), known_gaps=frozenset({int(where.split()[1])}))
    assert scene.judge(await scene.pack(), known).known_gaps == [where]


# The machine's clock gives written_at; a default that is off by as much is the same to everything that follows.
SHIFT = "alter table ledger.inbox alter column written_at set default clock_timestamp() {}"


def set_clock(scene: Scene, shift: str) -> None:
    with scene.house.superuser() as superuser:
        superuser.execute(SHIFT.format(shift).encode())


@pytest.mark.parametrize(
    ("shift", "code"),
    [
        ("- interval '1 day'", Wrong.TIME),
        ("- interval '11 minutes'", Wrong.TIME),
        ("+ interval '1 day'", Wrong.FUTURE),
        ("+ interval '11 minutes'", Wrong.FUTURE),
    ],
)
async def test_database_clock_moved(scene: Scene, shift: str, code: Wrong) -> None:
    """Back: times run backwards. Forward: dated after the witnesses saw it, whose clocks are their own.

    When the clock is right again nothing after it is accused, but what was written meanwhile stays where it is.
    """
    try:
        set_clock(scene, shift)
        async with scene.house.as_("desk") as desk:
            await scene.write(desk)
        await scene.seal()
    finally:
        set_clock(scene, "")
    assert (await scene.found())[0] is code
    await scene.live()
    assert (await scene.found())[0] is code


@pytest.mark.parametrize("shift", ["- interval '3 minutes'", "+ interval '3 minutes'", ""])
async def test_clock_moved_by_what_is_forgiven(scene: Scene, shift: str) -> None:
    try:
        set_clock(scene, shift)
        async with scene.house.as_("desk") as desk:
            await scene.write(desk)
        await scene.seal()
    finally:
        set_clock(scene, "")
    await scene.require_clean()


async def test_clock_that_was_always_behind_is_not_found(scene: Scene) -> None:
    """A limit that the guide names: who compares the last entry's time with the witnesses' sees it."""
    root = scene.root / "behind"
    root.mkdir()
    try:
        set_clock(scene, "- interval '1 day'")
        async with open_scene(LogHouse(scene.house.server, scene.house.authority, root), root) as behind:
            checked = await behind.require_clean()
    finally:
        set_clock(scene, "")
    assert checked.seen_at is not None
    assert checked.seen_at - datetime.fromisoformat(checked.last_at).timestamp() > 86_000


async def test_words_changed_before_sealing_are_not_found(scene: Scene) -> None:
    """Another limit: with the triggers off, or as the sequencer, in the second before an entry is sealed."""
    async with scene.house.as_("desk") as desk:
        await scene.write(desk)
    scene.forge("update ledger.inbox set actor = 'account:2'")
    await scene.seal()
    assert (await scene.require_clean()).entries == 28
    assert [leaf.actor for leaf in scene.house.leaves() if leaf.event == "alarm.read"][-1] == "account:2"


async def test_witness_clock_moved(scene: Scene) -> None:
    """Back: it signs nothing. Forward: the sequencer does not use what it signs, and the verifier does not count it."""
    pack = await scene.pack()
    genuine = parse_note((pack / "checkpoint").read_bytes())
    ahead = int(scene.clock.now().timestamp()) + 3600
    lines = [files.load_signer().cosign(genuine.text, ahead) for files in scene.witnesses]
    (pack / "checkpoint").write_bytes(genuine.with_signatures(lines).encode())
    assert scene.accused(pack) == (Wrong.QUORUM, "checkpoint (0 of 2)")
    scene.judge(pack, replace(scene.expected(), ahead_seconds=3700))

    turned = TurnedClock(scene.clock.now() + timedelta(hours=1))
    others = WitnessFiles(scene.root / "another")
    others.create(WitnessSigner.of("witness.example/3", Ed25519PrivateKey.generate()))
    others.add_log(scene.house.key)
    log = log_of(scene.raw_leaves())
    async with witnessing(others, turned) as client:
        ours = WitnessClient(client.url, witness_key(others), scene.clock)
        with pytest.raises(WitnessError) as refused:
            await ours.cosign(genuine, proves(log))
        assert refused.value.code is WitnessFault.CLOCK
    async with witnessing(others, scene.clock) as client:  # put right, and so behind what it signed
        with pytest.raises(WitnessError) as refused:
            await client.cosign(genuine, proves(log))
        assert (refused.value.code, refused.value.status) == (WitnessFault.REFUSED, 503)
