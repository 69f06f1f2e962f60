# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The quick reader of entries knows a part of what the thorough one accepts, and nothing else."""

from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ledger.reviewed import leaf
from vaka.ledger.errors import LedgerError
from vaka.ledger.findings import Wrong, WrongError
from vaka.ledger.leaves import Leaf, parse_leaf
from vaka.ledger.verify_entries import read_quickly, read_slowly

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TIMES = st.datetimes(timezones=st.just(UTC))
LEAVES = st.builds(
    Leaf, id=st.integers(0, 2**62), at=TIMES, event=TEXTS, actor=TEXTS, object=TEXTS, outcome=TEXTS, written_by=TEXTS,
    written_at=TIMES, source=TEXTS, number=st.integers(-(2**62), 2**62),
    detail=st.dictionaries(TEXTS, TEXTS | st.integers(-(2**63), 2**63 - 1), max_size=5), clock=TEXTS,
)  # fmt: skip


def is_consistent(data: bytes) -> None:
    """What is read quickly is a leaf, and says the same."""
    facts = read_quickly(data)
    if facts is not None:
        parse_leaf(data)
        assert read_slowly(data, 0) == facts


@given(LEAVES)
def test_leaf_is_read_alike(leaf: Leaf) -> None:
    data = leaf.encode()
    is_consistent(data)
    written = leaf.written_at.isoformat(timespec="microseconds").replace("+00:00", "Z").encode()
    assert read_slowly(data, 0)[1:] == (leaf.number, written)


PIECES = [b"", b" ", b'"', b",", b":", b"0", b"-", b"\\", b"\0", b"\xff"]


@settings(max_examples=2000)
@given(LEAVES, st.data())
def test_changed_leaf_is_read_alike_or_not_quickly(leaf: Leaf, data: st.DataObject) -> None:
    changed = bytearray(leaf.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(changed)))
        end = place + data.draw(st.integers(0, 4))
        changed[place:end] = data.draw(
            st.sampled_from([b"", b" ", b'"', b",", b":", b"0", b"-", b"\\", b"\0", b"\xff"])
        )
    is_consistent(bytes(changed))


NAMES = st.dictionaries(st.text('ab! "ö\U0001f600\uffff', max_size=3), st.integers(0, 9), max_size=4)


@settings(max_examples=1000)
@given(NAMES, st.data())
def test_names_in_another_order_are_not_read_quickly(names: dict[str, int], data: st.DataObject) -> None:
    """Among them names that differ where one ends, and names whose order in UTF-16 is another."""
    order = data.draw(st.permutations(list(names.items())))
    is_consistent(leaf(1, detail=names))
    inner = ",".join(f'"{name}":{value}' for name, value in order if '"' not in name)
    is_consistent(leaf(1, detail={}).replace(b'"detail":{}', f'"detail":{{{inner}}}'.encode()))


def test_entries_like_ours_are_read_quickly() -> None:
    for detail in ({}, {"a": 1}, {"action": "visited", "count": -3, "reason": "ö"}):
        assert read_quickly(leaf(3, detail=detail)) == (
            (b'"a-0"', b'"t_provkommun_desk"'),
            2,
            b"2026-03-12T22:12:23.000000Z",
        )


@pytest.mark.parametrize(
    "entry",
    [b"", b"{}", b"[]", leaf(1) + b"\n", b" " + leaf(1), leaf(1)[:-1], leaf(1).replace(b'"id":2', b'"id":02'),
     leaf(1).replace(b'"id":2', b'"id":-0'), leaf(1).replace(b"T22", b"T25"), leaf(1).replace(b"T22", b"t22")],
)  # fmt: skip
def test_what_is_no_leaf_is_refused(entry: bytes) -> None:
    assert read_quickly(entry) is None
    with pytest.raises(LedgerError):
        parse_leaf(entry)
    with pytest.raises(WrongError) as refused:
        read_slowly(entry, 7)
    assert (refused.value.code, refused.value.where) == (Wrong.LEAF, "entry 7")


def test_long_texts_are_left_to_the_thorough_reader() -> None:
    data = leaf(1, actor="x" * 1001)
    assert b"sha256:" in data
    long = data.replace(b"sha256:", b"y" * 1001)
    assert read_quickly(long) is None
    with pytest.raises(LedgerError):
        parse_leaf(long)
