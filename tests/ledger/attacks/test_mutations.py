# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every byte of an export changed, and what the verifier says to it, by what the byte is for.

Of a small export each byte is flipped, doubled and left out, those of entries one of the three; of one with full tiles
each length field and a part of the rest. What may be changed without being found is
listed, each with the proof that it changes nothing.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import pytest

from tests.ledger.attacks.scene import Scene, log_of, signed
from tests.ledger.reviewed import Files, files_of, reader
from vaka.ledger import cosignatures, note_keys
from vaka.ledger.checkpoints import Checkpoint, sign_checkpoint
from vaka.ledger.findings import Checked, WrongError
from vaka.ledger.notes import Note, parse_note
from vaka.ledger.tiles import ENTRIES, FULL, Tile, decode_bundle
from vaka.ledger.verify import Expected, verify_log

pytestmark = [pytest.mark.anyio, pytest.mark.database]

# What a byte of a checkpoint is for. A line's base64 begins with the key id, of a witness's then comes the time; where
# two share a sign, it counts as the first.
LINES = re.compile(
    rb"(?P<origin>[^\n]+)\n(?P<size>[0-9]+)\n(?P<root>[^\n]+)\n(?P<gap>\n)"
    rb"(?P<dash>\xe2\x80\x94 )(?P<name>[^ ]+) (?P<key_id>.{6})(?P<signature>[^\n]+)\n"
    rb"(?P<dash_1>\xe2\x80\x94 )(?P<name_1>[^ ]+) (?P<key_id_1>.{6})(?P<time_1>.{10})(?P<cosignature_1>[^\n]+)\n"
    rb"(?P<dash_2>\xe2\x80\x94 )(?P<name_2>[^ ]+) (?P<key_id_2>.{6})(?P<time_2>.{10})(?P<cosignature_2>[^\n]+)\n"
)
NOTE = {"checkpoint"}
FOUND_AS = {
    "origin": {"signature", "checkpoint"},
    "size": {"signature", "checkpoint"},
    "root": {"signature", "checkpoint"},
    "gap": {"signature", "checkpoint"},
    "line feed": {"signature", "unsigned", "checkpoint"},
    "dash": NOTE,
    "space": NOTE,
    "name": {"unsigned", "checkpoint"},
    "key_id": {"unsigned", "signature", "checkpoint"},
    "signature": {"signature", "checkpoint"},
    "cosigned name": {"quorum", "checkpoint"},
    "cosigned key_id": {"quorum", "cosignature", "checkpoint"},
    "cosigned time": {"cosignature", "checkpoint"},
    "cosigned cosignature": {"cosignature", "checkpoint"},
    "tile": {"root", "tile", "tile_size"},
    "length": {"bundle", "entry"},
    "entry": {"bundle", "entry"},
}


def purposes(note: bytes) -> list[str]:
    """What each byte of a checkpoint is for."""
    match = LINES.fullmatch(note)
    assert match is not None
    found = [{10: "line feed", 32: "space"}.get(byte, "?") for byte in note]
    for name in LINES.groupindex:
        stem, _, witness = name.partition("_") if name[-2:-1] == "_" else (name, "", "")
        stem = name[:-2] if witness else name
        for place in range(*match.span(name)):
            found[place] = f"cosigned {stem}" if witness and stem != "dash" else stem
    assert "?" not in found
    return found


def bundle_purposes(data: bytes) -> list[str]:
    """What each byte of an entry bundle is for."""
    found: list[str] = []
    while len(found) < len(data):
        length = int.from_bytes(data[len(found) : len(found) + 2])
        found += ["length"] * 2 + ["entry"] * length
    return found


def places(path: str, data: bytes) -> list[str]:
    if path == "checkpoint":
        return purposes(data)
    return bundle_purposes(data) if "entries" in path else ["tile"] * len(data)


def mutants(data: bytes, place: int) -> Iterator[bytes]:
    """A bit flipped (each of the eight by turns), the byte doubled, the byte left out."""
    head, byte, tail = data[:place], data[place], data[place + 1 :]
    yield head + bytes([byte ^ 1 << place % 8]) + tail
    yield head + bytes([byte, byte]) + tail
    yield head + tail


def outcome(scene: Scene, files: Files, expected: Expected) -> str | Checked:
    """What is found; or what holds, where nothing is."""
    checked = Checked()
    try:
        verify_log(reader(files), expected, scene.clock.now(), checked)
    except WrongError as error:
        return error.code.name.lower()
    return checked


async def exported(scene: Scene) -> Files:
    pack = await scene.pack()
    return {str(path.relative_to(pack)): path.read_bytes() for path in pack.rglob("*") if path.is_file()}


@pytest.fixture
def remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same signature of the same bytes is not verified ten thousand times over."""
    verify = cache(note_keys.verify_ed25519)
    monkeypatch.setattr(note_keys, "verify_ed25519", verify)
    monkeypatch.setattr(cosignatures, "verify_ed25519", verify)


@pytest.mark.usefixtures("remembered")
async def test_every_byte_of_a_small_export(scene: Scene) -> None:
    files, expected = await exported(scene), scene.expected()
    assert isinstance(outcome(scene, files, expected), Checked)
    said: dict[str, set[str]] = defaultdict(set)
    for path, data in files.items():
        for place, purpose in enumerate(places(path, data)):
            for changed in mutants(data, place):
                if changed == data:
                    continue  # nothing was changed
                found = outcome(scene, {**files, path: changed}, expected)
                assert isinstance(found, str), f"{path}, byte {place}: {purpose}"
                said[purpose].add(found)
    assert {purpose: found - FOUND_AS[purpose] for purpose, found in said.items()} == {name: set() for name in said}
    assert set(said) == set(FOUND_AS)


async def test_bytes_of_an_export_with_full_tiles(scene: Scene) -> None:
    """Each length field; of the rest every 251st byte, so that all places in a hash and in an entry have their turn."""
    await scene.live(270)
    files, expected = await exported(scene), scene.expected()
    assert {"tile/0/000", "tile/1/000.p/1", "tile/0/001.p/41", "tile/entries/000"} < set(files)
    tried = 0
    for path, data in files.items():
        step = 7 if len(data) < 2000 else 251
        for place, purpose in enumerate(places(path, data)):
            if purpose == "length" or place % step == 0:
                found = outcome(scene, {**files, path: next(mutants(data, place))}, expected)
                assert isinstance(found, str), f"{path}, byte {place}: {purpose}"
                assert found in FOUND_AS[purpose], (path, place)
                tried += 1
    assert tried > 900


# What may be changed and is not found: it changes nothing of what was asked.


def line_of_a_stranger(note: bytes) -> bytes:
    return note + b"\xe2\x80\x94 nobody.example AAAAAAAAAAAA\n"


def lines_exchanged(note: bytes) -> bytes:
    lines = note.splitlines(keepends=True)
    return b"".join([*lines[:4], lines[6], lines[4], lines[5]])


def witness_renamed(note: bytes) -> bytes:
    return note.replace(b"witness.example/2", b"witness.example/3")


def witness_left_out(note: bytes) -> bytes:
    return b"".join(note.splitlines(keepends=True)[:-1])


HARMLESS: dict[str, tuple[Callable[[bytes], bytes], int]] = {
    "a signature of a key that nobody knows": (line_of_a_stranger, 2),
    "signatures in another order": (lines_exchanged, 2),
    "the name of a witness that is not needed": (witness_renamed, 1),
    "the line of a witness that is not needed": (witness_left_out, 1),
}


@pytest.mark.parametrize(("change", "quorum"), HARMLESS.values(), ids=HARMLESS)
async def test_what_changes_nothing_accuses_nobody(scene: Scene, change: Callable[[bytes], bytes], quorum: int) -> None:
    """The same log holds; no more than who has seen it, and when, can differ."""
    files, expected = await exported(scene), replace(scene.expected(), policy=scene.policy(quorum))
    clean = outcome(scene, files, expected)
    changed = {**files, "checkpoint": change(files["checkpoint"])}
    found = outcome(scene, changed, expected)
    assert changed != files
    assert isinstance(found, Checked)
    assert isinstance(clean, Checked)
    assert replace(found, witnesses=clean.witnesses) == clean
    assert len(found.witnesses) >= quorum


async def test_needed_witness_is_not_spoiled_by_a_second_line(scene: Scene) -> None:
    """A false line beside a true one of the same witness is false, not surplus."""
    files = await exported(scene)
    lines = files["checkpoint"].splitlines(keepends=True)
    spoiled = lines[5][:-10] + b"AAAAAAA==\n"
    for order in ([*lines, spoiled], [*lines[:4], spoiled, *lines[4:]]):
        assert outcome(scene, {**files, "checkpoint": b"".join(order)}, scene.expected()) in (
            "cosignature",
            "checkpoint",
        )


async def test_files_that_nobody_asked_for_accuse_nobody(scene: Scene) -> None:
    files = await exported(scene)
    clean = outcome(scene, files, scene.expected())
    more = {**files, "tile/0/000.p/25": b"x", "tile/7/000": b"", "tile/entries/999": b"x", "index.html": b"hello"}
    assert outcome(scene, more, scene.expected()) == clean


# What is signed by all keys there are, and is false all the same.


def cosigned(scene: Scene, note: Note) -> bytes:
    time = int(scene.clock.now().timestamp())
    lines = [files.load_signer().cosign(note.text, time) for files in scene.witnesses]
    return note.with_signatures(lines).encode()


@pytest.mark.parametrize("size", [0, 1, 25, 27, 256, 26 * 256, 2**62])
async def test_size_that_is_signed_and_false(scene: Scene, size: int) -> None:
    files = await exported(scene)
    root = log_of(scene.raw_leaves()).edge.root()
    if size == 0:
        with pytest.raises(Exception, match="checkpoint"):
            Checkpoint(scene.thief().name, 0, root)
        return
    note = sign_checkpoint(Checkpoint(scene.thief().name, size, root), scene.thief())
    found = outcome(scene, {**files, "checkpoint": cosigned(scene, note)}, scene.expected())
    assert found in ("missing", "root", "tile_size")
    width = {f"tile/0/000.p/{size}": files["tile/0/000.p/26"], f"tile/entries/000.p/{size}": b""} if size < FULL else {}
    found = outcome(scene, {**files, **width, "checkpoint": cosigned(scene, note)}, scene.expected())
    assert found in ("missing", "root", "tile_size")


async def test_genuine_log_signed_by_all_keys_accuses_nobody(scene: Scene) -> None:
    """The procedure of the attack above, without the attack."""
    log = log_of(scene.raw_leaves())
    files = {**files_of(log), "checkpoint": cosigned(scene, signed(log, scene.thief()))}
    assert isinstance(outcome(scene, files, scene.expected()), Checked)
    entries = decode_bundle(Tile(ENTRIES, 0, 26), files["tile/entries/000.p/26"])
    assert entries == scene.raw_leaves()
    assert parse_note(files["checkpoint"]).text == parse_note(scene.house.checkpoints()[-1][1]).text
