# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The verifier: a clean log is never accused, and nothing that was changed gets past."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.reviewed import BEGUN, EXPECTED, NOW, Files, files_of, leaf, leaves, log_of, reader, verify
from tests.ledger.sample import LOG, ORIGIN, SEEN_AT, WITNESSES, SampleLog, log_key, policy, private_key, sample_log
from vaka.ledger import verify_entries
from vaka.ledger.checkpoints import Checkpoint, sign_checkpoint
from vaka.ledger.findings import Checked, Wrong, WrongError
from vaka.ledger.note_keys import LogSigner
from vaka.ledger.tiles import ENTRIES, FULL, Tile, decode_bundle, encode_entries
from vaka.ledger.tree import HASH_BYTES, hash_leaf
from vaka.ledger.verify import Expected, UnreadableError, verify_log
from vaka.ledger.verify_entries import TooManySourcesError

SIZE = 66_000  # three levels of tiles, the uppermost on the edge
LEAVES = leaves(1100)
"""The first of them, as many as most tests need."""
SMALL_LEAVES = LEAVES[:700]
SMALL = files_of(log_of(SMALL_LEAVES))


@cache
def all_leaves() -> list[bytes]:
    """The entries of the large log. Made when first asked for: every process that collects tests reads this module."""
    return leaves(SIZE)


@cache
def large() -> Files:
    """The large log."""
    return files_of(log_of(all_leaves()))


def checkpoint_of(entries: Sequence[bytes]) -> Checkpoint:
    log = log_of(entries)
    return Checkpoint(ORIGIN, log.edge.size, log.edge.root())


def accused(files: Files, expected: Expected = EXPECTED) -> tuple[Wrong, str]:
    """What is found; that something is, is the test."""
    with pytest.raises(WrongError) as found:
        verify(files, expected)
    return found.value.code, found.value.where


# --- a clean log ------------------------------------------------------------------------------------------------------


def test_large_log_is_verified_whole() -> None:
    checked = verify(large(), replace(EXPECTED, since=checkpoint_of(all_leaves()[:65_800])))
    assert checked == Checked(
        origin=ORIGIN, size=SIZE, root=log_of(all_leaves()).edge.root().hex(), is_signed=True,
        witnesses=[each.name for each in WITNESSES], seen_at=SEEN_AT + 2, continues=65_800, tiles=258 + 2 + 1,
        entries=SIZE, sources=3, first_at="2026-03-12T22:12:20.000000Z", last_at="2026-03-13T16:32:19.000000Z",
    )  # fmt: skip


@settings(max_examples=60)
@given(st.data())
def test_clean_log_is_never_accused(data: st.DataObject) -> None:
    size = data.draw(st.one_of(st.integers(0, 1100), st.sampled_from([255, 256, 257, 511, 512, 513])))
    since = data.draw(st.one_of(st.none(), st.integers(0, size), st.just(size)))
    earlier = None if since is None else checkpoint_of(LEAVES[:since])
    files = files_of(log_of(LEAVES[:size], batch=data.draw(st.integers(1, 600))))
    checked = verify(files, replace(EXPECTED, since=earlier))
    assert (checked.size, checked.entries, checked.continues) == (size, size, since)


def test_times_may_be_out_of_order_within_bounds() -> None:
    """An entry gets its time when it is written and its place when its transaction ends."""
    late = [*SMALL_LEAVES[:5], leaf(5, written_at=BEGUN + timedelta(seconds=4 - 601)), *SMALL_LEAVES[6:]]
    assert accused(files_of(log_of(late)))[0] is Wrong.TIME
    assert verify(files_of(log_of(late)), replace(EXPECTED, back_seconds=601)).entries == 700


def test_partial_tiles_that_were_cleared_away_are_read_out_of_the_full_ones() -> None:
    """A log that has grown since this checkpoint may have removed them."""
    files = files_of(log_of(LEAVES[:1024]))
    older = files_of(log_of(SMALL_LEAVES))
    assert (
        verify({**files, "tile/1/000.p/2": older["tile/1/000.p/2"], "checkpoint": older["checkpoint"]}).entries == 700
    )


def test_log_of_which_no_witness_is_asked() -> None:
    checked = verify(SMALL, Expected(log_key()))
    assert (checked.witnesses, checked.seen_at, checked.entries) == ([], None, 700)


# --- changed files ----------------------------------------------------------------------------------------------------


def flip(data: bytes, draw: st.DataObject) -> bytes:
    place = draw.draw(st.integers(0, len(data) - 1))
    return data[:place] + bytes([data[place] ^ 1 << draw.draw(st.integers(0, 7))]) + data[place + 1 :]


def remove(data: bytes, draw: st.DataObject) -> bytes:
    place = draw.draw(st.integers(0, len(data) - 1))
    return data[:place] + data[place + draw.draw(st.integers(1, 40)) :]


def insert(data: bytes, draw: st.DataObject) -> bytes:
    place = draw.draw(st.integers(0, len(data)))
    return data[:place] + draw.draw(st.binary(min_size=1, max_size=40)) + data[place:]


def repeat(data: bytes, draw: st.DataObject) -> bytes:
    place = draw.draw(st.integers(0, len(data) - 1))
    return data[:place] + data[place : place + 40] + data[place:]


MUTATIONS: list[Callable[[bytes, st.DataObject], bytes]] = [flip, remove, insert, repeat]
EDGE = ("tile/0/002.p/188", "tile/1/000.p/2", "tile/entries/002.p/188")
NEEDED = sorted(path for path in SMALL if ".p/" not in path or path in EDGE)


@settings(max_examples=600)
@given(st.data())
def test_every_changed_byte_is_found(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(NEEDED))
    changed = data.draw(st.sampled_from(MUTATIONS))(SMALL[path], data)
    if changed != SMALL[path]:
        _, where = accused({**SMALL, path: changed})
        assert path in where or path.startswith("tile/1") or ".p/" in path


@pytest.mark.parametrize("path", NEEDED)
def test_every_file_that_is_gone_or_empty_is_found(path: str) -> None:
    without = {name: data for name, data in SMALL.items() if name != path}
    assert accused(without) == (Wrong.MISSING, path)
    accused({**SMALL, path: b""})


@pytest.mark.parametrize("bit", range(8))
def test_every_bit_of_the_checkpoint_counts(bit: int) -> None:
    """Its signature, its size, its root, each witness's signature and time, and every sign of their base64."""
    note = SMALL["checkpoint"]
    for place in range(len(note)):
        accused({**SMALL, "checkpoint": note[:place] + bytes([note[place] ^ 1 << bit]) + note[place + 1 :]})


def swapped(data: bytes, width: int, first: int, second: int) -> bytes:
    rows = [data[start : start + width] for start in range(0, len(data), width)]
    rows[first], rows[second] = rows[second], rows[first]
    return b"".join(rows)


@given(st.sampled_from([path for path in NEEDED if path.startswith("tile/")]), st.integers(0, 1), st.integers(2, 187))
def test_hashes_and_entries_in_another_order_are_found(path: str, first: int, second: int) -> None:
    if path.startswith("tile/entries"):
        index, width = (2, 188) if ".p/" in path else (int(path[-3:]), FULL)
        entries = decode_bundle(Tile(ENTRIES, index, width), SMALL[path])
        entries[first], entries[second] = entries[second], entries[first]
        assert accused({**SMALL, path: encode_entries(entries)}) == (
            Wrong.ENTRY,
            f"{path}, entry {index * 256 + first}",
        )
        return
    second = 1 - first if path.startswith("tile/1") else second
    accused({**SMALL, path: swapped(SMALL[path], HASH_BYTES, first, second)})


@pytest.mark.parametrize("level", ["0", "entries"])
def test_files_in_another_order_are_found(level: str) -> None:
    one, two = f"tile/{level}/000", f"tile/{level}/001"
    assert accused({**SMALL, one: SMALL[two], two: SMALL[one]})[1].startswith(one)


def test_edited_entry_is_named() -> None:
    path = "tile/entries/100"
    entries = decode_bundle(Tile(ENTRIES, 100), large()[path])
    entries[17] = leaf(25_617, outcome="failure")
    files = {**large(), path: encode_entries(entries)}
    assert accused(files) == (Wrong.ENTRY, "tile/entries/100, entry 25617")
    hashes = large()["tile/0/100"]
    new = hashes[: 17 * 32] + hash_leaf(entries[17]) + hashes[18 * 32 :]
    assert accused({**files, "tile/0/100": new}) == (Wrong.TILE, "tile/0/100")


def test_log_and_tiles_rewritten_below_the_same_checkpoint() -> None:
    changed = files_of(log_of([leaf(0, outcome="failure"), *all_leaves()[1:]]))
    assert accused({**changed, "checkpoint": large()["checkpoint"]}) == (Wrong.ROOT, "tile/2/000.p/1")


@pytest.mark.parametrize("path", ["tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1", "tile/0/000", "tile/0/257.p/208"])
def test_tile_of_every_level_is_held_to_the_root(path: str) -> None:
    assert path in large()
    code, _ = accused({**large(), path: large()[path][:-1] + bytes([large()[path][-1] ^ 1])})
    assert code in (Wrong.TILE, Wrong.ROOT)


def test_answers_that_change_are_no_use() -> None:
    """Whoever answers twice differently: nothing is read twice."""
    asked: list[str] = []
    read = reader(SMALL)

    def count(path: str, most: int) -> bytes:
        asked.append(path)
        return read(path, most)

    verify_log(count, replace(EXPECTED, since=checkpoint_of(LEAVES[:300])), NOW, Checked())
    assert sorted(asked) == sorted(set(asked))


# --- a log whose key is in the wrong hands ----------------------------------------------------------------------------


def edit(index: int, **other: object) -> Callable[[list[bytes]], list[bytes]]:
    return lambda entries: [*entries[:index], leaf(index, **other), *entries[index + 1 :]]


def spelled(index: int, old: bytes, new: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda entries: [*entries[:index], entries[index].replace(old, new), *entries[index + 1 :]]


FUTURE = NOW + timedelta(days=1)
SIGNED: dict[str, tuple[Callable[[list[bytes]], list[bytes]], Wrong, str]] = {
    "taken from the inbox": (lambda each: each[:50] + each[51:], Wrong.GAP, "entry 52 "),
    "the first of a writer": (lambda each: each[1:], Wrong.GAP, "entry 2 "),
    "twice": (lambda each: [*each[:51], each[50], *each[51:]], Wrong.GAP, "entry 51 "),
    "in another order": (lambda each: [*each[:50], each[53], each[51], *each[52:]], Wrong.GAP, "entry 50 "),
    "put in": (edit(50, number=99), Wrong.GAP, "entry 50 "),
    "dated back": (edit(699, written_at=BEGUN), Wrong.TIME, "entry 699 "),
    "dated ahead": (edit(50, written_at=FUTURE), Wrong.FUTURE, "entry 50 "),
    "spaced": (spelled(50, b'":', b'": '), Wrong.LEAF, "entry 50"),
    "a fraction": (spelled(51, b'"count":51', b'"count":51.0'), Wrong.LEAF, "entry 51"),
    "keys in another order": (
        spelled(51, b'"count":51,"reason":"fall"', b'"reason":"fall","count":51'), Wrong.LEAF, "entry 51",
    ),
    "a key twice": (spelled(51, b'"count":51', b'"count":51,"count":51'), Wrong.LEAF, "entry 51"),
    "escaped without need": (spelled(50, b"alarm.taken", b"\\u0061larm.taken"), Wrong.LEAF, "entry 50"),
    "no UTF-8": (spelled(50, "ö".encode(), b"\xf6"), Wrong.LEAF, "entry 50"),
    "a day that is none": (spelled(50, b"2026-03-12", b"2026-02-30"), Wrong.LEAF, "entry 50"),
    "of another version": (spelled(50, b'"v":1', b'"v":2'), Wrong.LEAF, "entry 50"),
    "nothing": (spelled(50, leaf(50), b""), Wrong.LEAF, "entry 50"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "code", "where"), SIGNED.values(), ids=SIGNED)
def test_what_was_signed_and_cosigned_is_still_judged(
    change: Callable[[list[bytes]], list[bytes]], code: Wrong, where: str
) -> None:
    entries = change(list(SMALL_LEAVES))
    assert entries != SMALL_LEAVES
    found, place = accused(files_of(log_of(entries)))
    assert (found, place[: len(where)]) == (code, where)


@pytest.mark.parametrize("since", [1, 300, 512, 700])
def test_history_that_was_rewritten_and_signed_anew_is_found_by_whoever_kept_a_checkpoint(since: int) -> None:
    files = files_of(log_of([leaf(0, outcome="failure"), *SMALL_LEAVES[1:]]))
    assert verify(files).entries == 700
    expected = replace(EXPECTED, since=checkpoint_of(SMALL_LEAVES[:since]))
    assert accused(files, expected) == (Wrong.DIFFERENT, f"checkpoint (of {since} entries)")


def test_tail_that_was_cut_off_and_signed_anew_is_found() -> None:
    expected = replace(EXPECTED, since=checkpoint_of(LEAVES[:701]))
    assert accused(SMALL, expected) == (Wrong.OLDER, "checkpoint (700 after 701)")


def signed_by(signer: LogSigner, log: SampleLog, *, count: int = 3, seen_at: int = SEEN_AT) -> bytes:
    note = sign_checkpoint(Checkpoint(signer.name, log.edge.size, log.edge.root()), signer)
    return note.with_signatures([each.cosign(note.text, seen_at) for each in WITNESSES[:count]]).encode()


LOG_700 = log_of(SMALL_LEAVES)
THIEF = LogSigner.of(ORIGIN, private_key("a thief's"))
STRANGER = LogSigner.of("vaka.example/log/annan", private_key("log"))
CHECKPOINTS = {
    "another key": (signed_by(THIEF, LOG_700), Wrong.UNSIGNED),
    "another log's": (signed_by(STRANGER, LOG_700), Wrong.UNSIGNED),
    "two witnesses": (signed_by(LOG, LOG_700, count=2), Wrong.QUORUM),
    "no witness": (signed_by(LOG, LOG_700, count=0), Wrong.QUORUM),
    "witnesses of the future": (signed_by(LOG, LOG_700, seen_at=SEEN_AT + 400), Wrong.QUORUM),
    "witnesses of an hour ago": (signed_by(LOG, LOG_700, seen_at=SEEN_AT - 3600), Wrong.QUORUM),
    "nothing": (b"", Wrong.CHECKPOINT),
    "endless": (b"x" * 300_000, Wrong.CHECKPOINT),
    "a page of the web": (b"<!doctype html>\n\n<title>404</title>\n", Wrong.CHECKPOINT),
}


@pytest.mark.parametrize(("note", "code"), CHECKPOINTS.values(), ids=CHECKPOINTS)
def test_checkpoint_that_does_not_count(note: bytes, code: Wrong) -> None:
    assert accused({**SMALL, "checkpoint": note}, replace(EXPECTED, oldest=1800))[0] is code


def test_fresh_checkpoint_counts() -> None:
    assert verify(SMALL, replace(EXPECTED, oldest=1800)).seen_at == SEEN_AT + 2


def test_two_of_three_witnesses_are_enough_where_two_are_asked_for() -> None:
    checked = verify({**SMALL, "checkpoint": signed_by(LOG, LOG_700, count=2)}, replace(EXPECTED, policy=policy(2)))
    assert (checked.witnesses, checked.seen_at) == ([each.name for each in WITNESSES[:2]], SEEN_AT)


def test_what_cannot_be_read_is_no_accusation() -> None:
    def read(path: str, most: int) -> bytes:
        if path == "tile/entries/001":
            raise UnreadableError
        return SMALL[path][: most + 1]

    checked = Checked()
    with pytest.raises(UnreadableError):
        verify_log(read, EXPECTED, NOW, checked)
    assert checked.entries == 256


def test_more_writers_than_can_be_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_entries, "MOST_SOURCES", 2)
    with pytest.raises(TooManySourcesError):
        verify(SMALL)


def test_size_that_no_tile_can_hold() -> None:
    """A log of unbelievable size is looked for at its edge, and not counted through."""
    note = sign_checkpoint(Checkpoint(ORIGIN, 2**62 + 1, bytes(32)), LOG).encode()
    assert accused({**SMALL, "checkpoint": note}, Expected(log_key()))[0] is Wrong.MISSING


def test_sample_logs_entries_are_none_of_ours() -> None:
    assert accused(files_of(sample_log(3))) == (Wrong.LEAF, "entry 0")
