# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One log of a hundred thousand entries, as files, before four judges who share no code with us or with each other.

Go's sumdb/note and sumdb/tlog; aics-tlog; pymerkle, which knows trees only; and @sigstore/verify. And before our own
verifier, which must not find anything that they do not, nor miss what they find.
"""

import importlib
import random
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ledger import golang, node
from tests.ledger.reviewed import EXPECTED, NOW, leaves, log_of
from tests.ledger.sample import ORIGIN, SEEN_AT, WITNESSES, SampleLog, log_key, private_key, witness_keys
from tests.peers import require_module
from vaka.ledger.findings import Checked, WrongError
from vaka.ledger.note_keys import LogSigner
from vaka.ledger.published import open_published
from vaka.ledger.tree import prove_inclusion
from vaka.ledger.verify import verify_log

SIZE = 100_000
KEYS = [key.encode() for key in (log_key(), *witness_keys())]


@dataclass(frozen=True)
class Published:
    """The log, and where its files lie."""

    log: SampleLog
    entries: list[bytes]
    directory: Path


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Entries as we write them, three witnesses, three levels of tiles."""
    directory = tmp_path_factory.mktemp("log")
    entries = leaves(SIZE)
    log = log_of(entries)
    log.publish(directory)
    return Published(log, entries, directory)


def ours(published: Published) -> bool:
    checked = Checked()
    try:
        with open_published(str(published.directory)) as read:
            verify_log(read, EXPECTED, NOW, checked)
    except WrongError:
        return False
    assert (checked.size, checked.entries) == (SIZE, SIZE)
    return True


def by_go(published: Published) -> bool:
    """The note with all its cosignatures, every entry and every tile."""
    told = golang.ask("log", directory=str(published.directory), keys=KEYS, indexes=[0, SIZE - 1], sizes=[1, 65_536])
    if told.get("error"):
        return False
    assert told["verified"] == [ORIGIN, *(witness.name for witness in WITNESSES)]
    assert (told["size"], told["entries"]) == (SIZE, SIZE)
    return True


def by_aics(published: Published) -> bool:
    """The note with its quorum, every tile and every bundle."""
    require_module("aics_tlog")
    aics = importlib.import_module("aics_tlog")
    note = aics.parse_note((published.directory / "checkpoint").read_bytes())
    witnesses = tuple(aics.parse_vkey(key.encode()) for key in witness_keys())
    verdict = aics.verify_checkpoint(
        note, aics.parse_vkey(log_key().encode()), policy=aics.WitnessPolicy(3, witnesses), expected_origin=ORIGIN,
        now=SEEN_AT + 30,
    )  # fmt: skip
    if not verdict.ok:
        return False
    try:
        report = aics.audit_tiles(aics.FileSystemTileReader(published.directory), verdict.size, verdict.root)
    except aics.TileVerificationError:
        return False
    assert (report.size, report.bundles) == (SIZE, 391)
    return True


def by_node(published: Published) -> bool:
    """The note, and each of the hundred thousand entries by a proof of its own."""
    told = node.ask("log", directory=str(published.directory), key=KEYS[0])
    if told.get("error"):
        return False
    assert (told["origin"], told["size"], told["entries"]) == (ORIGIN, SIZE, SIZE)
    assert told["root"] == b64encode(published.log.edge.root()).decode()
    return True


JUDGES = [by_go, by_aics, by_node, ours]


@pytest.mark.parametrize("judge", JUDGES)
def test_large_log_is_true_to_everyone(published: Published, judge: Callable[[Published], bool]) -> None:
    assert judge(published)


def test_pymerkle_has_the_same_root(published: Published) -> None:
    require_module("pymerkle")
    theirs = importlib.import_module("pymerkle").InmemoryTree(algorithm="sha256")
    for entry in published.entries:
        theirs.append_entry(entry)
    assert theirs.get_root() == published.log.edge.root()


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/017", "tile/entries/200"])
@pytest.mark.parametrize("judge", JUDGES)
def test_one_bit_changed_is_found_by_everyone(
    published: Published, judge: Callable[[Published], bool], path: str
) -> None:
    file = published.directory / path
    data = file.read_bytes()
    place = data.index(b"\n" + str(SIZE).encode()) + 1 if path == "checkpoint" else 70
    try:
        file.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert not judge(published)
    finally:
        file.write_bytes(data)


def test_proofs_are_judged_alike(published: Published) -> None:
    """Ours, and ours with another's entry, place or path: what the package accepts are the true ones, all of them."""
    chance, nodes, records, true = random.Random(4), published.log.nodes(), [], []
    for number in range(300):
        index = chance.choice((0, 1, 255, 256, 65_535, 65_536, SIZE - 1, chance.randrange(SIZE)))
        hashes = list(prove_inclusion(index, SIZE, nodes))
        claimed, entry = index, published.entries[index]
        match number % 5:
            case 0:
                hashes[chance.randrange(len(hashes))] = chance.randbytes(32)
            case 1:
                hashes = chance.choice((hashes[:-1], [*hashes, hashes[-1]], hashes[::-1]))
            case 2:
                claimed = (index + chance.randint(1, SIZE - 1)) % SIZE
            case 3:
                entry = published.entries[index] + b" "
        records.append(
            {"body": b64encode(entry).decode(), "index": claimed, "size": SIZE, "hashes": golang.encoded(hashes)}
        )
        true.append(number % 5 == 4)
    note = published.log.checkpoint().encode().decode()
    assert node.ask("check", note=note, key=KEYS[0], records=records)["accepted"] == true
    assert sum(true) == 60


def test_note_of_another_key_is_refused(published: Published) -> None:
    stranger = LogSigner.of(ORIGIN, private_key("a stranger's")).key.encode()
    told = node.ask("log", directory=str(published.directory), key=stranger)
    assert told["error"].endswith("invalid checkpoint signature")
