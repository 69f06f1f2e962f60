# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Removed entries: those that the authority let go accuse nobody, and no excuse that is made up is believed."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.removed import BASIS, DAY, DECIDED, END, PRUNED, SIZE, Aged, Change, at, decision, pruning
from tests.ledger.reviewed import EXPECTED, Files, log_of, verify
from tests.ledger.sample import ORIGIN, log_key, private_key
from vaka.ledger.checkpoints import Checkpoint
from vaka.ledger.findings import Wrong, WrongError
from vaka.ledger.note_keys import LogSigner
from vaka.ledger.tiles import FULL
from vaka.ledger.verify import Expected

CLEAN = Aged().files()


def accused(files: Files, expected: Expected = EXPECTED) -> tuple[Wrong, str]:
    with pytest.raises(WrongError) as found:
        verify(files, expected)
    return found.value.code, found.value.where


# --- what was let go --------------------------------------------------------------------------------------------------


def test_what_the_authority_let_go_accuses_nobody() -> None:
    checked = verify(CLEAN)
    assert (checked.size, checked.entries, checked.removed) == (SIZE, SIZE - END + 1, END - 1)
    assert (checked.kept_days, checked.decision, checked.decided_by) == (400, DECIDED, "account:7")
    assert checked.decided_at == at(DECIDED).isoformat(timespec="seconds").replace("+00:00", "Z")
    assert checked.sources == 7


@pytest.mark.parametrize("gone", [(), (0,), (1,), (0, 1)])
def test_removal_that_was_cut_short_accuses_nobody(gone: tuple[int, ...]) -> None:
    """Between the entry and the end of it anything may still be there: the process was killed, or is at work."""
    checked = verify(Aged(gone=gone).files())
    assert checked.removed == sum(FULL - (index == 0) for index in gone)


@given(st.sets(st.integers(0, END - 1), max_size=20))
@settings(max_examples=25)
def test_what_is_still_there_of_a_removed_bundle_is_verified_and_accuses_nobody(kept: set[int]) -> None:
    places = {DECIDED, *kept}
    assert verify(Aged(kept=tuple(places)).files()).removed == END - len(places)


def test_without_witnesses_the_log_alone_says_how_old_it_was() -> None:
    files = {path: data for path, data in CLEAN.items() if path != f"kept/checkpoint.{BASIS}"}
    assert verify(files, Expected(log_key())).removed == END - 1


def test_of_several_entries_about_removal_the_one_that_was_carried_out_counts() -> None:
    """A later one, which the authority's new decision forbids, removed nothing and excuses nothing."""
    later = {2391: decision(2391, 5000), 2395: pruning(2395, last=767)}
    assert verify(Aged(later).files()).removed == END - 1


def test_longer_time_than_was_decided_is_nobodys_loss() -> None:
    change = {5: decision(5, 420), PRUNED: pruning(days=420, policy=5)}
    assert verify(Aged(change, kept=(DECIDED, 5)).files()).kept_days == 420


def test_shorter_time_that_was_announced_for_thirty_days_counts() -> None:
    for days_before, is_right in ((31, True), (29, False)):
        place = PRUNED - days_before * DAY
        change = {DECIDED: decision(days=1000), place: decision(place), PRUNED: pruning(policy=place)}
        files = Aged(change).files()
        if is_right:
            assert verify(files).decision == place
        else:
            assert accused(files)[0] is Wrong.TOO_SOON


def test_since_an_earlier_checkpoint_of_what_is_gone() -> None:
    for size in (1, 300, 512, 700, SIZE):
        earlier = Checkpoint(ORIGIN, size, log_of(Aged().leaves()[:size]).edge.root())
        assert verify(CLEAN, replace(EXPECTED, since=earlier)).continues == size


# --- excuses that are made up -----------------------------------------------------------------------------------------

BACKDATED: Change = {n: {"written_at": at(SIZE - 1), "at": at(SIZE - 1)} for n in range(SIZE)}
WHERE = f"entry {PRUNED}"
FORGED: dict[str, tuple[Aged, Wrong, str]] = {
    "no entry about it": (Aged({PRUNED: {}}), Wrong.MISSING, "tile/entries/000"),
    "more gone than it says": (Aged(gone=(0, 1, 2)), Wrong.MISSING, "tile/entries/002"),
    "less said than is gone": (Aged({PRUNED: pruning(last=255)}), Wrong.MISSING, "tile/entries/001"),
    "entry by a desk": (
        Aged({PRUNED: pruning(written_by="vaka_t_provkommun_desk")}), Wrong.MISSING, "tile/entries/000",
    ),
    "entry that failed": (Aged({PRUNED: pruning(outcome="failure")}), Wrong.MISSING, "tile/entries/000"),
    "nobody decided": (Aged({DECIDED: {}}), Wrong.UNDECIDED, WHERE),
    "decision gone": (Aged(kept=()), Wrong.BEAT, "entry 600"),
    "decision by setup": (Aged({DECIDED: decision(written_by="vaka_t_provkommun_setup")}), Wrong.UNDECIDED, WHERE),
    "decision by a name alike": (
        Aged({DECIDED: decision(written_by="vaka_t_provkommun_portal_setup")}), Wrong.UNDECIDED, WHERE,
    ),
    "decision in another entry's detail": (
        Aged({DECIDED: {"detail": {"days": 400, "event": "retention.set", "id": 4}}}), Wrong.UNDECIDED, WHERE,
    ),
    "decision that failed": (Aged({DECIDED: decision(outcome="failure")}), Wrong.UNDECIDED, WHERE),
    "decision below what there is": (
        Aged({DECIDED: decision(days=300), PRUNED: pruning(days=300)}), Wrong.UNDECIDED, WHERE,
    ),
    "decision afterwards": (
        Aged({DECIDED: {}, 2391: decision(2391), PRUNED: pruning(policy=2391)}), Wrong.UNDECIDED, WHERE,
    ),
    "decision of last week": (
        Aged({DECIDED: {}, 2362: decision(2362), PRUNED: pruning(policy=2362)}), Wrong.UNDECIDED, WHERE,
    ),
    "rests on no decision": (Aged({PRUNED: pruning(policy=4)}), Wrong.UNDECIDED, WHERE),
    "other days than decided": (Aged({PRUNED: pruning(days=401)}), Wrong.UNDECIDED, WHERE),
    "longer meanwhile": (Aged({1000: decision(1000, 2000)}), Wrong.TOO_SOON, f"{WHERE} (400 days)"),
    "too young": (Aged({PRUNED: pruning(), 2389: {}, 2388: {}}, seen_at=at(791)), Wrong.AGE, "kept/checkpoint.700"),
    "too young by its own times": (
        Aged({DECIDED: decision(days=500), PRUNED: pruning(days=500)}),
        Wrong.TOO_SOON, f"{WHERE} ({at(512).isoformat()})",
    ),
    "seen by two": (Aged(cosigned=2), Wrong.AGE, "kept/checkpoint.700"),
    "seen by nobody": (Aged(cosigned=0), Wrong.AGE, "kept/checkpoint.700"),
    "of another key": (
        Aged(signer=LogSigner.of(ORIGIN, private_key("a thief's"))), Wrong.AGE, "kept/checkpoint.700",
    ),
    "of another history": (Aged(other_root=True), Wrong.DIFFERENT, "kept/checkpoint.700"),
    "checkpoint of another size": (Aged(basis=701), Wrong.MISSING, "kept/checkpoint.700"),
    "checkpoint before what is gone": (
        Aged({PRUNED: pruning(basis=511)}, basis=511), Wrong.AGE, "kept/checkpoint.511",
    ),
    "checkpoint after the removal": (
        Aged({PRUNED: pruning(basis=2395)}, basis=2395), Wrong.AGE, "kept/checkpoint.2395",
    ),
    "a young log with old dates where it shows": (
        Aged({**BACKDATED, DECIDED: decision(), END: {"written_at": at(END)},
              PRUNED: pruning(written_at=at(SIZE - 1))}, seen_at=at(SIZE - 1)),
        Wrong.AGE, "kept/checkpoint.700",
    ),
    "numbers that leap afterwards": (Aged({1000: {"number": 400}}), Wrong.GAP, "entry 1000 "),
    "a writer's first entry again": (Aged({601: {"number": 1}}), Wrong.GAP, "entry 601 "),
    "numbers beyond what is gone": (Aged({600: {"source": "b-0", "number": 9}}), Wrong.GAP, "entry 600 "),
    "a writer who began later, without his beginning": (
        Aged({600: {"source": f"{int(at(600).timestamp() * 1_000_000):x}-1f", "number": 2}}), Wrong.GAP, "entry 600 ",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("aged", "code", "where"), FORGED.values(), ids=FORGED)
def test_excuse_that_is_made_up_is_not_believed(aged: Aged, code: Wrong, where: str) -> None:
    found, place = accused(aged.files())
    assert (found, place[: len(where)]) == (code, where)


def test_what_whoever_verifies_knows_goes_before_what_the_log_says() -> None:
    assert verify(CLEAN, replace(EXPECTED, least_days=400)).removed
    assert accused(CLEAN, replace(EXPECTED, least_days=401)) == (Wrong.TOO_SOON, f"{WHERE} (400 days)")


def test_writer_whose_beginning_is_gone_goes_on() -> None:
    """As a long session does: its name tells that it began before."""
    source = f"{int(at(400).timestamp() * 1_000_000):x}-1f"
    change: Change = {n: {"source": source} for n in (*range(401, 440), 601, 602)}
    assert verify(Aged(change).files()).sources == 8


def test_all_leaps_together_are_no_longer_than_what_is_gone() -> None:
    """Four writers' numbers leap over 511 entries; a fifth leaps by what is left, and not by one more."""
    left = 511 - (170 + 170 + 170 + 1)
    for leap, is_right in ((left, True), (left + 1, False)):
        files = Aged({2399: {"source": "b-0", "number": leap + 1}}).files()
        if is_right:
            assert verify(files).sources == 8
        else:
            assert accused(files)[0] is Wrong.GAP


# --- changed files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["kept/000", f"kept/checkpoint.{BASIS}", "tile/0/000", "tile/0/002"])
def test_every_changed_byte_is_found(path: str) -> None:
    data = CLEAN[path]
    for place in range(0, len(data), 1 if path.startswith("kept") else 97):
        accused({**CLEAN, path: data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]})


EMPTY = b"\0\0"
KEPT: dict[str, tuple[Callable[[bytes], bytes], Wrong]] = {
    "cut short": (lambda data: data[:-2], Wrong.BUNDLE),
    "one more": (lambda data: data + EMPTY, Wrong.BUNDLE),
    "in another place": (lambda data: EMPTY + data[:-2], Wrong.ENTRY),
    "nothing": (lambda _: b"", Wrong.BUNDLE),
    "all empty": (lambda _: EMPTY * FULL, Wrong.BEAT),
    "another's decision": (
        lambda data: data.replace(b'"days":400', b'"days":401'), Wrong.ENTRY,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "code"), KEPT.values(), ids=KEPT)
def test_what_is_kept_is_held_to_its_hash(change: Callable[[bytes], bytes], code: Wrong) -> None:
    assert accused({**CLEAN, "kept/000": change(CLEAN["kept/000"])})[0] is code


def test_newest_entries_are_never_gone() -> None:
    """The bundle that still grows is no place for an excuse."""
    path = f"tile/entries/009.p/{SIZE % FULL}"
    files = {name: data for name, data in CLEAN.items() if name != path}
    assert accused({**files, "kept/009": EMPTY * (SIZE % FULL)}) == (Wrong.MISSING, path)
