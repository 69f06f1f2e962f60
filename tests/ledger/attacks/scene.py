# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where attacks take place: a real database, its sequencer, two witnesses over HTTP, and a reviewer who kept something.

The reviewer knows the log's key, the keys of the two witnesses, and one earlier checkpoint. All else he is handed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.ledger.sample import SampleLog
from tests.ledger.sealed import ORIGIN, LogHouse
from vaka.clock import TurnedClock
from vaka.ledger.checkpoints import Checkpoint, parse_checkpoint, sign_checkpoint
from vaka.ledger.cosignatures import Policy, WitnessKey, WitnessSigner
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.findings import Checked, Wrong, WrongError
from vaka.ledger.leaves import parse_leaf
from vaka.ledger.note_keys import LogSigner
from vaka.ledger.notes import Note, parse_note
from vaka.ledger.published import open_published
from vaka.ledger.sealing import Sealing
from vaka.ledger.signer import LedgerHaltedError
from vaka.ledger.verify import Expected, verify_log
from vaka.ledger.witness import Witness, WitnessFiles
from vaka.ledger.witness_client import WitnessClient
from vaka.ledger.witness_server import WitnessServer
from vaka.ledger.witnesses import require_none_ahead

TABLES = "select tablename from pg_tables where schemaname = 'ledger'"
COUNTED = (
    "select table_name from information_schema.columns where table_schema = 'ledger' and column_name = 'index'"
    " and table_name <> 'tile'"
)


@dataclass
class Scene:
    """One log and everybody who has to do with it."""

    house: LogHouse
    clock: TurnedClock
    root: Path
    witnesses: tuple[WitnessFiles, ...]
    clients: tuple[WitnessClient, ...]

    def __post_init__(self) -> None:
        self._packs = count(1)
        self._acts = count(1)

    # The supplier

    def start(self, *clients: WitnessClient) -> Sealing:
        """A sequencer that has just started; it asks both witnesses where none is named."""
        return self.house.sealing(self.clock, *(clients or self.clients))

    async def seal(self, sequencer: Sealing | None = None) -> None:
        """Let a sequencer work until nothing waits; where none is given, a new one starts as the process does.

        Raises LedgerHaltedError.
        """
        async with self.house.as_("sequencer") as connection:
            if sequencer is None:
                signer = self.house.signer(is_new=not self.house.checkpoints())
                await require_none_ahead(self.clients, signer, self.house.size())
                sequencer = Sealing(signer, self.clock, self.clients)
            await sequencer.make_round(connection)
            while self.house.waiting():
                await sequencer.make_round(connection)

    async def live(self, acts: int = 12) -> None:
        """A minute of the log's life: three processes write by turns, and what they wrote is sealed and cosigned."""
        async with AsyncExitStack() as stack:
            writers = [await stack.enter_async_context(self.house.as_(name)) for name in ("desk", "receiver", "desk")]
            for act in range(acts):
                await self.write(writers[act % 3])
        await self.seal()
        self.clock.turn(61)

    async def write(self, writer: object, event: Event = Event.ALARM_READ) -> None:
        """Write one entry through an open connection."""
        async with writer.transaction():  # type: ignore[attr-defined]
            entry = Entry(event, "account:1", datetime.now(UTC), f"alarm:{next(self._acts)}")
            await append(writer, entry)  # type: ignore[arg-type]

    async def halts(self, sequencer: Sealing | None = None) -> str:
        """Why the sequencer stands still; that it does, and publishes nothing, is the test."""
        before = self.house.checkpoints()
        try:
            await self.seal(sequencer)
        except LedgerHaltedError as error:
            assert self.house.checkpoints() == before
            return error.reason
        raise AssertionError("the sequencer went on")

    def thief(self) -> LogSigner:
        """The log's own key, out of its file, in another's hands: it has no memory and refuses nothing."""
        return LogSigner.parse(self.house.files.secret.read_text().removesuffix("\n"))

    # The reviewer

    def keep(self) -> Checkpoint:
        """Copy the newest checkpoint aside, as a reviewer does now and then."""
        return parse_checkpoint(parse_note(self.house.checkpoints()[-1][1]).text)

    def expected(self) -> Expected:
        """What the reviewer knows: both witnesses must have signed."""
        return Expected(self.house.key, self.policy())

    def policy(self, quorum: int = 2) -> Policy:
        """So many of the two witnesses."""
        return Policy(tuple(witness_key(files) for files in self.witnesses), quorum)

    async def pack(self) -> Path:
        """What the supplier hands over."""
        return await self.house.export(self.root / f"pack-{next(self._packs)}")

    def judge(self, pack: Path, expected: Expected | None = None) -> Checked:
        """Verify a pack as the reviewer does. Raises WrongError."""
        checked = Checked()
        with open_published(str(pack)) as read:
            verify_log(read, expected or self.expected(), self.clock.now(), checked)
        return checked

    def accused(self, pack: Path, expected: Expected | None = None) -> tuple[Wrong, str]:
        """What is found in a pack, and where; that something is, is the test."""
        try:
            self.judge(pack, expected)
        except WrongError as error:
            return error.code, error.where
        raise AssertionError("nothing was found")

    async def found(self, expected: Expected | None = None) -> tuple[Wrong, str]:
        """What is found in a pack that is handed over now."""
        return self.accused(await self.pack(), expected)

    async def require_clean(self) -> Checked:
        """Require that a pack that is handed over now accuses nobody."""
        return self.judge(await self.pack())

    # Whoever holds the database's superuser

    def save(self) -> None:
        """Copy all of the log's tables aside: for putting back afterwards, or as a backup to abuse."""
        save_tables(self.house, "backup")

    def put_back(self) -> None:
        """Make the log's tables what they were when they were saved."""
        put_back_tables(self.house, "backup")

    def forge(self, statement: str) -> None:
        """Change something with the triggers off."""
        with self.house.superuser(unguarded=True) as superuser:
            assert superuser.execute(statement.encode()).rowcount > 0, "the attack did nothing"

    def lay(self, leaves: Sequence[bytes]) -> SampleLog:
        """Rewrite log, tiles and head as if these had been all entries ever; checkpoints stay as they are."""
        log = log_of(leaves)
        with self.house.superuser(unguarded=True) as superuser:
            superuser.execute("delete from ledger.log_entry")
            superuser.execute("delete from ledger.tile")
            for (table,) in superuser.execute(COUNTED).fetchall():  # what is kept beside entries that are no more
                superuser.execute(f"delete from ledger.{table} where index >= {len(leaves)}")
            with superuser.cursor() as cursor:
                rows = list(enumerate(leaves))
                cursor.executemany("insert into ledger.log_entry values (%s, %s)", rows)
                newest = {(tile.level, tile.index): (tile.width, data) for tile, data in sorted(log.tiles.items())}
                tiles = [(*place, *tile) for place, tile in newest.items()]
                cursor.executemany("insert into ledger.tile values (%s, %s, %s, %s)", tiles)
            superuser.execute("update ledger.head set size = %s, root = %s", (log.edge.size, log.edge.root()))
        return log

    def raw_leaves(self) -> list[bytes]:
        """The log's entries, byte for byte."""
        with self.house.superuser() as onlooker:
            return [
                bytes(row[0]) for row in onlooker.execute("select leaf from ledger.log_entry order by index").fetchall()
            ]

    def store(self, note: Note) -> None:
        """Put a checkpoint in the place of all that were published."""
        with self.house.superuser(unguarded=True) as superuser:
            superuser.execute("delete from ledger.checkpoint")
            size = parse_checkpoint(note.text).size
            superuser.execute("insert into ledger.checkpoint values (%s, %s, now())", (size, note.encode()))


def save_tables(house: LogHouse, name: str) -> None:
    """Copy every table of the ledger into a schema of its own."""
    with house.superuser() as superuser:
        superuser.execute(f"drop schema if exists {name} cascade")
        superuser.execute(f"create schema {name}")
        for (table,) in superuser.execute(TABLES).fetchall():
            superuser.execute(f"create table {name}.{table} as table ledger.{table}")


def put_back_tables(house: LogHouse, name: str) -> None:
    """Make every table of the ledger what its copy is."""
    with house.superuser(unguarded=True) as superuser, superuser.transaction():
        for (table,) in superuser.execute(TABLES).fetchall():
            superuser.execute(f"delete from ledger.{table}")
            superuser.execute(f"insert into ledger.{table} overriding system value table {name}.{table}")


def log_of(leaves: Sequence[bytes]) -> SampleLog:
    """A log of these entries, in memory."""
    log = SampleLog()
    log.append(leaves)
    return log


def signed(log: SampleLog, signer: LogSigner) -> Note:
    """A checkpoint of `log` by whoever has the key, cosigned by nobody."""
    return sign_checkpoint(Checkpoint(ORIGIN, log.edge.size, log.edge.root()), signer)


def changed(leaves: Sequence[bytes], index: int, old: bytes = b"success", new: bytes = b"failure") -> list[bytes]:
    """The same entries with one said otherwise."""
    assert old in leaves[index]
    return [*leaves[:index], leaves[index].replace(old, new), *leaves[index + 1 :]]


def forged(leaf: bytes, **other: object) -> bytes:
    """An entry as a forger writes it who knows the format: in its one spelling."""
    return replace(parse_leaf(leaf), **other).encode()  # type: ignore[arg-type]


def witness_key(files: WitnessFiles) -> WitnessKey:
    """A witness's public key."""
    return WitnessKey.parse(files.load_signer().key.encode())


def with_since(scene: Scene, since: Checkpoint) -> Expected:
    """What the reviewer knows who kept a checkpoint."""
    return replace(scene.expected(), since=since)


class AskedWitness(WitnessClient):
    """A client that can say where its witness is."""

    def __init__(self, url: str, key: WitnessKey, clock: TurnedClock) -> None:
        super().__init__(url, key, clock)
        self.url = url


@asynccontextmanager
async def witnessing(files: WitnessFiles, clock: TurnedClock) -> AsyncIterator["AskedWitness"]:
    """Let a witness listen, and return how the supplier asks it."""
    with files.held("running"):
        respond: Callable[[bytes], object] = Witness(files, clock).answer
        server = await asyncio.start_server(
            WitnessServer(respond).serve_connection, "127.0.0.1", 0  # type: ignore[arg-type]
        )  # fmt: skip
        try:
            yield AskedWitness(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", witness_key(files), clock)
        finally:
            server.close()


@asynccontextmanager
async def open_scene(house: LogHouse, root: Path) -> AsyncIterator[Scene]:
    """A log that has lived for two minutes, clean, in a database that held another one before."""
    put_back_tables(house, "fresh")
    clock = TurnedClock(datetime.now(UTC))
    house.signer()
    async with AsyncExitStack() as stack:
        witnesses, clients = [], []
        for number in (1, 2):
            files = WitnessFiles(root / f"witness-{number}")
            files.create(WitnessSigner.of(f"witness.example/{number}", Ed25519PrivateKey.generate()))
            files.add_log(house.key)
            witnesses.append(files)
            clients.append(await stack.enter_async_context(witnessing(files, clock)))
        scene = Scene(house, clock, root, tuple(witnesses), tuple(clients))
        await scene.live()
        await scene.live()
        await scene.require_clean()
        yield scene
