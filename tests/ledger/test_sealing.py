# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From inbox to published checkpoint, in a real database: each entry once, in order, whatever breaks on the way."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from tests.ledger import golang
from tests.ledger.sample import WITNESSES
from tests.ledger.sealed import ORIGIN, LogHouse
from vaka.clock import TurnedClock
from vaka.database.server import Server
from vaka.ledger import sealing, sequencer, signer
from vaka.ledger.checkpoints import Checkpoint, parse_checkpoint, verify_checkpoint
from vaka.ledger.cosignatures import Policy, WitnessKey, require_quorum
from vaka.ledger.entries import Entry, append, append_many
from vaka.ledger.events import Event
from vaka.ledger.leaves import Leaf
from vaka.ledger.notes import Note, SignatureLine, parse_note
from vaka.ledger.sealing import Prove, Sealing
from vaka.ledger.sequencer import sequence
from vaka.ledger.signer import LedgerHaltedError
from vaka.ledger.stored import QUERIES
from vaka.ledger.tree import require_consistency
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
def house(server: Server, authority: Authority, tmp_path: Path) -> LogHouse:
    return LogHouse(server, authority, tmp_path)


class Recorder:
    """A witness that cosigns, and keeps what it was shown: it holds us to one history."""

    def __init__(self, number: int = 0, does: Callable[[], None] = lambda: None) -> None:
        self._secret = WITNESSES[number]
        self._does = does
        self.shown: list[Checkpoint] = []

    @property
    def name(self) -> str:
        return self._secret.name

    async def cosign(self, note: Note, prove: Prove) -> Sequence[SignatureLine]:
        checkpoint = parse_checkpoint(note.text)
        if self.shown:
            last = self.shown[-1]
            proof = await prove(last.size)
            require_consistency(last.size, last.root, checkpoint.size, checkpoint.root, proof)
        self.shown.append(checkpoint)
        self._does()
        return [self._secret.cosign(note.text, 1_773_453_540)]


async def rounds(house: LogHouse, clock: TurnedClock, *witnesses: Recorder) -> None:
    """Start a sequencer and let it make rounds until nothing waits."""
    keeper = house.sealing(clock, *witnesses)
    async with house.as_("sequencer") as connection:
        while True:
            await keeper.make_round(connection)
            if not house.waiting():
                return


def judged(directory: Path, house: LogHouse) -> int:
    """What Go's own tools find in an exported log; its size."""
    told = golang.ask("log", directory=str(directory), keys=[house.key.encode()], indexes=[0], sizes=[1])
    assert told.get("error") is None, told["error"]
    assert told["verified"] == [ORIGIN]
    return int(told["entries"])


def of_the_test(leaves: list[Leaf]) -> list[Leaf]:
    return [leaf for leaf in leaves if leaf.event != "ledger.heartbeat"]


async def test_entries_of_many_sessions_are_sealed_once_and_in_order(
    house: LogHouse, clock: TurnedClock, tmp_path: Path
) -> None:
    """Sessions that write at the same time, commit, roll back and end; the sequencer at work all the while."""
    golang.require_go()
    kept: list[str] = []

    async def work(session: int, chance: random.Random) -> None:
        async with house.as_("desk") as desk:
            for act in range(40):
                names = [f"alarm:{session}-{act}-{number}" for number in range(chance.randint(1, 16))]
                entries = [Entry(Event.ALARM_READ, f"account:{session}", clock.now(), name) for name in names]
                undone = chance.random() < 0.25
                async with desk.transaction(force_rollback=undone):
                    await append_many(desk, entries)
                    async with desk.transaction(force_rollback=True):  # a savepoint that is taken back
                        await append(desk, entries[0])
                if not undone:
                    kept.extend(names)

    keeper, writing = house.sealing(clock), asyncio.Event()

    async def seal() -> None:
        async with house.as_("sequencer") as connection:
            while not writing.is_set():
                await keeper.make_round(connection)

    sealer = asyncio.create_task(seal())
    await asyncio.gather(*(work(number, random.Random(number)) for number in range(8)))
    writing.set()
    await sealer
    await rounds(house, clock)

    leaves = of_the_test(house.leaves())
    assert len(leaves) > 1900
    assert sorted(leaf.object for leaf in leaves) == sorted(kept)
    by_source: dict[str, list[Leaf]] = defaultdict(list)
    for leaf in leaves:
        by_source[leaf.source].append(leaf)
    assert len(by_source) == 8
    for written in by_source.values():
        assert [leaf.number for leaf in written] == list(range(1, len(written) + 1))
        assert len({leaf.actor for leaf in written}) == 1
        order = [[int(part) for part in leaf.object.split(":")[1].split("-")] for leaf in written]
        assert order == sorted(order)
    assert leaves[0].written_by == f"{house.authority.database_name}_desk"
    assert judged(await house.export(tmp_path / "pack"), house) == house.size() == len(house.leaves())


async def test_large_log_fills_tiles_of_two_levels(house: LogHouse, clock: TurnedClock, tmp_path: Path) -> None:
    golang.require_go()
    written = [Entry(Event.ALARM_READ, "a", clock.now(), f"alarm:{n}") for n in range(66_000)]
    async with house.as_("desk") as desk, desk.transaction():
        for first in range(0, len(written), 6_000):  # no statement of the desk's may take long
            await append_many(desk, written[first : first + 6_000])
    await rounds(house, clock)
    assert house.size() == 66_000 + 1
    assert judged(await house.export(tmp_path / "pack"), house) == house.size()


async def test_who_commits_later_comes_later_and_nobody_waits(house: LogHouse, clock: TurnedClock) -> None:
    async with house.as_("desk") as slow:
        async with slow.transaction():
            await append(slow, Entry(Event.ALARM_READ, "slow", clock.now(), "alarm:first-written"))
            await house.write(clock, "alarm:second-written")
            await rounds(house, clock)
            assert [leaf.object for leaf in of_the_test(house.leaves())] == ["alarm:second-written"]
        await rounds(house, clock)
    first, second = of_the_test(house.leaves())
    assert (first.object, second.object) == ("alarm:second-written", "alarm:first-written")
    assert first.id > second.id


async def test_numbers_of_a_session_have_no_gap_after_a_failed_statement(house: LogHouse, clock: TurnedClock) -> None:
    async with house.as_("receiver") as receiver:
        for attempt in range(3):
            await receiver.execute("select ledger.append(now(), 'alarm.read', 'a', '', 'success', '{}')")
            with pytest.raises(Exception, match="check"):
                await receiver.execute("select ledger.append(now(), 'alarm.read', 'a', '', 'wrong', '{}')")
            with pytest.raises(Exception, match="check"):
                await receiver.execute("select ledger.append('infinity', 'alarm.read', 'a', '', 'success', '{}')")
            assert attempt < 3
    await rounds(house, clock)
    assert [leaf.number for leaf in of_the_test(house.leaves())] == [1, 2, 3]


async def test_an_entry_of_any_content_finds_its_place(house: LogHouse, clock: TurnedClock, tmp_path: Path) -> None:
    """Who may append may append nonsense; it must not hold up what comes after it."""
    golang.require_go()
    async with house.as_("desk") as desk:
        for detail in (
            "[]",
            "null",
            '{"x": 1e9999}',
            "[" * 3000 + "]" * 3000,
            '{"a": {"b": [1.5]}}',
            '{"x": "%s"}' % ("y" * 200_000),
        ):
            await desk.execute(
                "select ledger.append('9998-12-31', 'a.b', %s, %s, 'failure', %s::jsonb)", ("å" * 99_999, "\1", detail)
            )
    await house.write(clock, "alarm:after")
    await rounds(house, clock)
    assert [leaf.object for leaf in of_the_test(house.leaves())][-1] == "alarm:after"
    assert len(of_the_test(house.leaves())) == 7
    assert judged(await house.export(tmp_path / "pack"), house) == house.size() == 8


# Where the process may end. Each is a name that is called on the way and now raises, before or after its work.
SEAMS = [
    (sequencer, "_grow_tiles", "before"),  # entries are drained and added, nothing is committed
    (sealing, "prove_growth", "before"),  # committed, nothing signed
    (signer, "replace_file", "before"),  # not in the memory
    (signer, "replace_file", "after"),  # in the memory, not signed
    (signer, "sign_checkpoint", "after"),  # signed, shown to nobody
    (Sealing, "publish", "before"),
    (Sealing, "publish", "after"),  # cosigned, not stored
]


@pytest.mark.parametrize(("place", "name", "when"), SEAMS)
async def test_after_a_crash_at_any_step_there_is_one_history(
    house: LogHouse, clock: TurnedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: object, name: str,
    when: str,
) -> None:  # fmt: skip
    golang.require_go()
    witness = Recorder()
    await house.write(clock, "alarm:1", "alarm:2")
    await rounds(house, clock, witness)
    genuine = getattr(place, name)

    class Crash(BaseException):
        """Ends the process, as far as this one can tell."""

    def crashing(*arguments: object) -> object:
        if when == "before":
            raise Crash
        result = genuine(*arguments)
        if asyncio.iscoroutine(result):

            async def late() -> object:
                await result
                raise Crash

            return late()
        raise Crash

    for number in (3, 4):
        await house.write(clock, f"alarm:{number}")
        with monkeypatch.context() as patch:
            patch.setattr(place, name, crashing)
            with pytest.raises(Crash):
                await rounds(house, clock, witness)
    await house.write(clock, "alarm:5")
    await rounds(house, clock, witness)

    assert [leaf.object for leaf in of_the_test(house.leaves())] == [f"alarm:{number}" for number in range(1, 6)]
    assert [checkpoint.size for checkpoint in witness.shown] == sorted(checkpoint.size for checkpoint in witness.shown)
    assert house.checkpoints()[-1][0] == witness.shown[-1].size == house.size()
    assert judged(await house.export(tmp_path / "pack"), house) == house.size()


TABLES = ("inbox", "entry_index", "log_entry", "tile", "head", "checkpoint")


def back_up(house: LogHouse) -> None:
    with house.superuser() as superuser:
        superuser.execute("create schema backup")
        for table in TABLES:
            superuser.execute(f"create table backup.{table} as table ledger.{table}")


def restore(house: LogHouse) -> None:
    with house.superuser(unguarded=True) as superuser:
        for table in TABLES:
            superuser.execute(f"delete from ledger.{table}")
            overriding = "overriding system value" if table == "inbox" else ""
            superuser.execute(f"insert into ledger.{table} {overriding} table backup.{table}")


@pytest.mark.parametrize("restarted", [True, False])
async def test_an_older_copy_of_the_database_halts_the_log(
    house: LogHouse, clock: TurnedClock, restarted: bool
) -> None:
    await house.write(clock, "alarm:1")
    await rounds(house, clock)
    back_up(house)
    await house.write(clock, "alarm:2")
    running = house.sealing(clock)
    async with house.as_("sequencer") as connection:
        await running.make_round(connection)
        restore(house)
        before = house.leaves(), house.checkpoints()
        await house.write(clock, "alarm:kept")  # alarms go on
        keeper = house.sealing(clock) if restarted else running
        for _ in range(3):
            with pytest.raises(LedgerHaltedError) as raised:
                await keeper.make_round(connection)
            assert raised.value.reason == "older"
    assert (house.leaves(), house.checkpoints()) == before
    assert house.waiting() == 1


async def test_an_older_copy_that_has_grown_again_halts_the_log(house: LogHouse, clock: TurnedClock) -> None:
    """It is larger than what was signed, and another history: as if the sequencer had worked without its signer."""
    await house.write(clock, "alarm:1")
    await rounds(house, clock)
    back_up(house)
    await house.write(clock, "alarm:2")
    await rounds(house, clock)
    grown = house.size()
    restore(house)
    await house.write(clock, *(f"alarm:other-{number}" for number in range(10)))
    async with house.as_("sequencer") as connection:
        assert (sealed := await sequence(connection)) is not None
        assert sealed.size > grown
        await house.write(clock, "alarm:kept")
        before = house.checkpoints()
        with pytest.raises(LedgerHaltedError) as raised:
            await house.sealing(clock).make_round(connection)
    assert raised.value.reason == "different"
    assert house.checkpoints() == before
    assert house.waiting() == 1


async def test_a_forged_log_that_says_it_is_published_halts_too(house: LogHouse, clock: TurnedClock) -> None:
    await house.write(clock, "alarm:1")
    await rounds(house, clock)
    with house.superuser(unguarded=True) as superuser:
        superuser.execute("update ledger.head set size = size + 1, root = sha256('forged')")
        superuser.execute("insert into ledger.checkpoint select size, 'forged', now() from ledger.head")
    async with house.as_("sequencer") as connection:
        with pytest.raises(LedgerHaltedError):
            await house.sealing(clock).make_round(connection)


@pytest.mark.parametrize(
    "forgery",
    [
        "update ledger.log_entry set leaf ="
        " convert_to(replace(convert_from(leaf, 'UTF8'), 'alarm:5', 'alarm:6'), 'UTF8')"
        " where convert_from(leaf, 'UTF8') like '%alarm:5%'",
        "delete from ledger.log_entry where index = 5",
        "update ledger.log_entry e set leaf ="
        " (select o.leaf from ledger.log_entry o where o.index = 13 - e.index)"
        " where index in (6, 7)",
        "update ledger.tile set data = sha256('x') || substr(data, 33)",
        "delete from ledger.tile where level = 0",
        "delete from ledger.log_entry where index >= 290",
    ],
)  # fmt: skip
async def test_what_is_changed_with_the_triggers_off_is_found(
    house: LogHouse, clock: TurnedClock, tmp_path: Path, forgery: str
) -> None:
    golang.require_go()
    await house.write(clock, *(f"alarm:{number}" for number in range(300)))
    await rounds(house, clock)
    assert judged(await house.export(tmp_path / "clean"), house) == house.size()
    with house.superuser(unguarded=True) as superuser:
        assert superuser.execute(forgery.encode()).rowcount > 0
    pack = await house.export(tmp_path / "forged")
    told = golang.ask("log", directory=str(pack), keys=[house.key.encode()], indexes=[0], sizes=[1])
    assert told.get("error")


async def test_a_changed_tree_halts_before_anything_is_added(house: LogHouse, clock: TurnedClock) -> None:
    await house.write(clock, *(f"alarm:{number}" for number in range(5)))
    await rounds(house, clock)
    with house.superuser(unguarded=True) as superuser:
        superuser.execute("update ledger.tile set data = sha256('x') || substr(data, 33)")
    await house.write(clock, "alarm:kept")
    async with house.as_("sequencer") as connection:
        with pytest.raises(LedgerHaltedError) as raised:
            await sequence(connection)
    assert raised.value.reason == "tiles"
    assert house.waiting() == 1


async def test_of_two_sequencers_one_works(house: LogHouse, clock: TurnedClock) -> None:
    await house.write(clock, *(f"alarm:{number}" for number in range(200)))
    async with house.as_("sequencer") as one, house.as_("sequencer") as other:
        async with one.transaction():
            await one.execute(QUERIES["claim"])
            assert await sequence(other) is None
        done = await asyncio.gather(*(sequence(each, 7) for each in (one, other) for _ in range(1)))
        assert any(done)
        while house.waiting():
            await asyncio.gather(sequence(one, 7), sequence(other, 7))
    assert [leaf.object for leaf in house.leaves()] == [f"alarm:{number}" for number in range(200)]


async def test_a_quiet_log_beats_and_is_signed_again(house: LogHouse, clock: TurnedClock) -> None:
    witness = Recorder()
    keeper = house.sealing(clock, witness)
    async with house.as_("sequencer") as connection:
        for _ in range(5 * 60):
            await keeper.make_round(connection)
            clock.turn(1)
    leaves = house.leaves()
    assert [leaf.event for leaf in leaves] == ["ledger.heartbeat"] * 5
    assert {(leaf.actor, leaf.object) for leaf in leaves} == {("sequencer", f"log:{ORIGIN}")}
    assert [checkpoint.size for checkpoint in witness.shown] == [1, 2, 3, 4, 5]


async def test_of_each_minute_the_first_checkpoint_stays_and_no_other_of_a_minute_that_is_over(
    house: LogHouse, clock: TurnedClock
) -> None:
    """Whoever saw one that something is drawn by cannot have another take its place; the newest is there besides."""
    keeper, firsts, minutes = house.sealing(clock), list[int](), set[datetime]()
    async with house.as_("sequencer") as connection:
        for number in range(24):
            await house.write(clock, f"alarm:{number}")
            await keeper.make_round(connection)
            minute = clock.now().replace(second=0, microsecond=0)
            if minute not in minutes:
                firsts.append(house.size())
            minutes.add(minute)
            clock.turn(10)
    assert len(minutes) in (4, 5)
    stored = house.checkpoints()
    assert [size for size, _ in stored] == sorted({*firsts, house.size()})
    assert house.size() not in firsts
    for size, note in stored:
        assert verify_checkpoint(parse_note(note), house.key).size == size


async def test_witnesses_are_asked_before_publishing_and_none_is_waited_for(
    house: LogHouse, clock: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "WITNESS_SECONDS", 0.05)

    class Silent(Recorder):
        async def cosign(self, note: Note, prove: Prove) -> Sequence[SignatureLine]:
            await asyncio.sleep(3600)
            return ()

    def fail() -> None:
        raise RuntimeError

    good, also_good = Recorder(0), Recorder(1)
    keeper = house.sealing(clock, good, Silent(2), Recorder(2, fail), also_good)
    # One round: who is shown a log for the first time needs no proof, answers at once and is never cut off.
    async with house.as_("sequencer") as connection:
        await keeper.make_round(connection)
    note = parse_note(house.checkpoints()[-1][1])
    policy = Policy(tuple(WitnessKey.parse(each.key.encode()) for each in WITNESSES), 2)
    assert [each.witness for each in require_quorum(note, policy, house.key)] == [good.name, also_good.name]


async def test_a_witness_that_has_seen_more_halts_the_log(house: LogHouse, clock: TurnedClock) -> None:
    def halt() -> None:
        raise LedgerHaltedError("older")

    await house.write(clock, "alarm:1")
    async with house.as_("sequencer") as connection:
        with pytest.raises(LedgerHaltedError):
            await house.sealing(clock, Recorder(0, halt)).make_round(connection)
    assert house.checkpoints() == []
