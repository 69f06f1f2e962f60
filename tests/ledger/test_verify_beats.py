# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Heartbeats and receipts: what the log once said of itself is held against what is left of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.ledger.removed import BASIS, BEGUN, DECIDED, END, PRUNED, SIZE, Aged, Change, at, beat, decision, pruning
from tests.ledger.reviewed import EXPECTED, Files, verify
from vaka.ledger.findings import Wrong, WrongError
from vaka.ledger.verify import Expected
from vaka.ledger.verify_receipts import Remembered

LATER = 10
"""Where the authority decided that the log is kept for longer, among entries that are gone by now."""
LONGER = {LATER: decision(LATER, 3650)}


def accused(files: Files, expected: Expected = EXPECTED) -> tuple[Wrong, str]:
    with pytest.raises(WrongError) as found:
        verify(files, expected)
    return found.value.code, found.value.where


def remembering(*places: int, of: Aged) -> Expected:
    leaves = of.leaves()
    return replace(EXPECTED, receipts=tuple(Remembered(place, leaves[place]) for place in places))


# --- decisions that are withheld --------------------------------------------------------------------------------------


def test_a_longer_time_that_is_withheld_with_what_it_forbids_to_remove_is_missed() -> None:
    """The heartbeats that were sealed while it stood there remember it."""
    assert accused(Aged(LONGER).files()) == (Wrong.BEAT, "entry 600 (2)")
    # And shown, it forbids.
    assert accused(Aged(LONGER, kept=(DECIDED, LATER)).files()) == (Wrong.TOO_SOON, f"entry {PRUNED} (400 days)")


def test_without_a_heartbeat_that_says_so_nothing_may_be_missing() -> None:
    silent: Change = {n: {"event": "alarm.taken", "detail": {}} for n in (600, 1500, 2350)}
    assert accused(Aged(silent).files()) == (Wrong.BEAT, f"entry {PRUNED}")


@pytest.mark.parametrize(
    "forged",
    [
        beat(600, 1, written_by="vaka_t_provkommun_desk"),
        beat(600, 1, detail={}),
        beat(600, 1, detail={"decisions": "1", "size": 600}),
        beat(600, 1, event="alarm.taken"),
    ],
    ids=["by a desk", "says nothing", "says no number", "another event"],
)
def test_what_is_no_heartbeat_says_nothing(forged: dict[str, object]) -> None:
    """It neither accuses, nor stands in for one."""
    silent: Change = {n: {"event": "alarm.taken", "detail": {}} for n in (1500, 2350)}
    assert accused(Aged({600: forged, **silent}).files()) == (Wrong.BEAT, f"entry {PRUNED}")
    assert verify(Aged({600: forged}).files()).removed == END - 1


@pytest.mark.parametrize(("decisions", "size"), [(0, 600), (2, 600), (1, 601), (1, 3), (0, 4)])
def test_a_heartbeat_that_miscounts_is_false(decisions: int, size: int) -> None:
    assert accused(Aged({600: beat(600, decisions, size)}).files()) == (Wrong.BEAT, f"entry 600 ({decisions})")


def test_a_heartbeat_counts_up_to_where_the_log_was_when_it_was_written() -> None:
    """It waits its turn: a decision may have been sealed before it that it could not know of."""
    change = {598: decision(598, 400), 600: beat(600, 1, 598), 601: beat(601, 2, 599)}
    assert verify(Aged(change).files()).removed == END - 1


def test_a_heartbeat_that_waited_until_after_the_gap_does_not_vouch_for_it() -> None:
    """A decision that was written later and sealed earlier is none that it could have counted."""
    late = 505
    for size, is_right in ((END - 1, False), (END, True)):
        mute: Change = {n: {"event": "alarm.taken", "detail": {}} for n in (1500, 2350)}
        files = Aged({600: beat(600, 1, size), **mute}).files()
        if is_right:
            assert verify(files).removed == END - 1
        else:
            assert accused(files) == (Wrong.BEAT, f"entry {PRUNED}")
    hidden = Aged({late: decision(late, 3650), 600: beat(600, 1, late), **mute}).files()
    assert accused(hidden) == (Wrong.BEAT, f"entry {PRUNED}")


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_a_receipt_of_a_decision_forbids_though_the_log_withholds_it() -> None:
    """Even where every heartbeat lies: the supplier's software counted wrong from the first day."""
    lying = Aged({**LONGER, **{n: beat(n, 1) for n in (100, 600, 1500, 2350)}})
    assert verify(lying.files()).removed == END - 1
    assert accused(lying.files(), remembering(LATER, of=lying))[0] is Wrong.BEAT
    silent = Aged(LONGER)
    assert accused(silent.files(), remembering(LATER, of=silent)) == (Wrong.TOO_SOON, f"entry {PRUNED} (400 days)")


def test_a_shorter_time_that_one_has_no_receipt_of_lets_nothing_go() -> None:
    """As whoever has the whole database would write it, in the authority's name."""
    forged = 1500
    change: Change = {DECIDED: decision(days=3650), forged: decision(forged), PRUNED: pruning(policy=forged)}
    aged = Aged({**change, 2350: beat(2350, 2)})
    assert verify(aged.files()).decided_by == "account:7"
    said = f"entry {PRUNED} (400 days, 3650 by the receipt of entry {DECIDED})"
    assert accused(aged.files(), remembering(DECIDED, of=aged)) == (Wrong.TOO_SOON, said)
    # Where it was the authority's after all, its receipt says so, in whatever order they are named.
    assert verify(aged.files(), remembering(forged, DECIDED, of=aged)).receipts == 2
    assert verify(aged.files(), remembering(forged, of=aged)).decision == forged


def test_a_receipt_of_a_decision_that_came_afterwards_changes_nothing() -> None:
    aged = Aged({2395: decision(2395, 3650)})
    assert verify(aged.files(), remembering(2395, of=aged)).removed == END - 1


def test_the_same_receipt_twice_counts_once() -> None:
    aged = Aged(LONGER)
    expected = remembering(LATER, LATER, DECIDED, DECIDED, of=aged)
    assert accused(aged.files(), expected) == (Wrong.TOO_SOON, f"entry {PRUNED} (400 days)")
    assert verify(Aged().files(), remembering(DECIDED, DECIDED, of=Aged())).removed == END - 1
    whole = Aged({**LONGER, PRUNED: {}}, gone=())
    assert verify(whole.files(), remembering(LATER, LATER, of=whole)).receipts == 2


@pytest.mark.parametrize("place", [0, DECIDED, 511, 512, BASIS, SIZE - 1])
def test_what_one_has_a_receipt_of_stands_there_whether_it_was_removed_or_not(place: int) -> None:
    assert verify(Aged().files(), remembering(place, of=Aged())).receipts == 1


@pytest.mark.parametrize("place", [0, DECIDED, 700, SIZE - 1])
def test_a_receipt_of_something_else_accuses_the_log(place: int) -> None:
    other = Remembered(place, Aged({place: {"actor": "account:8"}}).leaves()[place])
    assert accused(Aged().files(), replace(EXPECTED, receipts=(other,))) == (Wrong.RECEIPT, f"entry {place}")


def test_a_receipt_from_beyond_the_end_accuses_the_log() -> None:
    beyond = Remembered(SIZE, Aged().leaves()[-1])
    assert accused(Aged().files(), replace(EXPECTED, receipts=(beyond,))) == (Wrong.RECEIPT, f"entry {SIZE}")


# --- silence ----------------------------------------------------------------------------------------------------------


def test_the_longest_silence_is_told_and_not_counted_across_what_is_gone() -> None:
    checked = verify(Aged().files())
    assert (checked.silence, checked.silence_before) == (round((at(1500) - at(600)).total_seconds()), 1500)
    whole = verify(Aged({1500: {"event": "alarm.taken", "detail": {}}}, gone=()).files())
    assert (whole.silence, whole.silence_before) == (round((at(2350) - at(600)).total_seconds()), 2350)


def test_silence_is_accused_only_where_somebody_says_how_long_it_may_be() -> None:
    longest = round((at(1500) - at(600)).total_seconds())
    allowed = replace(EXPECTED, silence=longest)
    assert verify(Aged().files(), allowed).silence == longest
    less = replace(EXPECTED, silence=longest - 1)
    assert accused(Aged().files(), less) == (Wrong.SILENT, f"entry 1500 ({longest} s)")


def test_a_log_whose_sequencer_has_fallen_silent_is_accused_by_when_it_was_seen() -> None:
    since = verify(Aged().files()).since_beat
    assert since is not None
    assert since >= round((BEGUN + timedelta(days=SIZE / 4) - at(2350)).total_seconds())
    change: Change = {n: {"event": "alarm.taken", "detail": {}} for n in (100, 600, 1500, 2350)}
    mute = Aged({**change, PRUNED: {}}, gone=()).files()
    assert verify(mute).since_beat is None
    assert accused(mute, replace(EXPECTED, silence=10**9)) == (Wrong.SILENT, f"entry {SIZE - 1}")


def test_removal_of_a_log_that_never_decided_is_still_undecided() -> None:
    change: Change = {DECIDED: {}, PRUNED: pruning(policy=4)}
    assert accused(Aged(change).files())[0] is Wrong.UNDECIDED
