# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The Merkle tree: roots, inclusion and consistency proofs, and every way to get them wrong."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.sample import entries, is_refused, leaf_hashes, slow_node, slow_root
from vaka.ledger.errors import LedgerFault
from vaka.ledger.tree import (
    EMPTY_ROOT,
    LARGEST_SIZE,
    CompactRange,
    hash_leaf,
    hash_leaves,
    hash_node,
    prove_consistency,
    prove_inclusion,
    read_compact_range,
    require_consistency,
    require_inclusion,
)

MOST = 300
LEAVES = leaf_hashes(MOST)
READ = partial(slow_node, LEAVES)
ROOTS = [slow_root(LEAVES[:size]) for size in range(MOST + 1)]

# The eight leaves that implementations of RFC 6962 have been tested on since the first of them, and the root at each
# number of leaves.
KNOWN_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
KNOWN_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

sizes = st.integers(1, MOST)


@st.composite
def places(draw: st.DrawFn) -> tuple[int, int]:
    """An index and the size of a tree that has it."""
    size = draw(sizes)
    return draw(st.integers(0, size - 1)), size


@st.composite
def growths(draw: st.DrawFn) -> tuple[int, int]:
    """Two sizes of one log, the older first."""
    old, new = sorted((draw(sizes), draw(sizes)))
    return old, new


@pytest.mark.parametrize("size", range(len(KNOWN_ROOTS)))
def test_known_roots(size: int) -> None:
    assert CompactRange().append(hash_leaves(KNOWN_LEAVES[:size])).root().hex() == KNOWN_ROOTS[size]


def test_leaves_and_nodes_are_hashed_apart() -> None:
    """Otherwise an entry could be made that passes for a node."""
    left, right = LEAVES[:2]
    assert hash_node(left, right) != hash_leaf(left + right)
    assert hash_leaves(entries(20)) == [hash_leaf(entry) for entry in entries(20)]


@given(st.lists(st.integers(0, 70), max_size=8))
def test_root_is_the_same_however_the_log_grew(batches: list[int]) -> None:
    grown, size = CompactRange(), 0
    for batch in batches:
        grown = grown.append(LEAVES[size : size + batch])
        size = min(size + batch, MOST)
        assert (grown.size, grown.root()) == (size, ROOTS[size])
    assert read_compact_range(size, READ) == grown


@pytest.mark.parametrize(
    ("size", "hashes"),
    [(-1, ()), (0, (EMPTY_ROOT,)), (3, (EMPTY_ROOT,)), (1, (b"short",)), (LARGEST_SIZE + 1, (EMPTY_ROOT,))],
)
def test_range_must_fit_its_size(size: int, hashes: tuple[bytes, ...]) -> None:
    assert is_refused(LedgerFault.RANGE, CompactRange, size, hashes)


def test_tree_stops_at_the_largest_size() -> None:
    full = CompactRange(LARGEST_SIZE, (LEAVES[0],) * 63)
    assert is_refused(LedgerFault.RANGE, full.append, [LEAVES[0]])


def test_every_small_proof_verifies() -> None:
    for size in range(1, 66):
        for index in range(size):
            require_inclusion(LEAVES[index], index, size, prove_inclusion(index, size, READ), ROOTS[size])
        for old in range(size + 1):
            require_consistency(old, ROOTS[old], size, ROOTS[size], prove_consistency(old, size, READ))
    require_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())


@given(places())
def test_inclusion_of_every_entry_verifies(place: tuple[int, int]) -> None:
    index, size = place
    require_inclusion(LEAVES[index], index, size, prove_inclusion(index, size, READ), ROOTS[size])


@given(growths())
def test_growth_of_every_log_verifies(growth: tuple[int, int]) -> None:
    old, new = growth
    require_consistency(old, ROOTS[old], new, ROOTS[new], prove_consistency(old, new, READ))


def mutations(proof: tuple[bytes, ...], place: int, bit: int) -> list[tuple[bytes, ...]]:
    """Proofs that are almost this one: a bit turned, a hash too few, too many, twice, or out of order."""
    found = [(*proof, EMPTY_ROOT), (EMPTY_ROOT, *proof)]
    if proof:
        at = place % len(proof)
        found += [proof[:at] + proof[at + 1 :], (*proof[:at], proof[at], *proof[at:])]
        found += [
            (*proof[:at], flip(proof[at], bit), *proof[at + 1 :]),
            (*proof[:at], proof[at][:-1], *proof[at + 1 :]),
        ]
        found += [proof[::-1]] if proof != proof[::-1] else []
    return found


def flip(data: bytes, bit: int) -> bytes:
    """`data` with one bit turned."""
    bit %= len(data) * 8
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


@given(places(), st.integers(0, 10), st.integers(0, 255), st.data())
def test_no_mutated_inclusion_verifies(place: tuple[int, int], at: int, bit: int, data: st.DataObject) -> None:
    index, size = place
    leaf, root, proof = LEAVES[index], ROOTS[size], prove_inclusion(index, size, READ)
    for mutated in mutations(proof, at, bit):
        assert is_refused(LedgerFault.INCLUSION, require_inclusion, leaf, index, size, mutated, root)
    other = data.draw(st.integers(-2, size + 2).filter(lambda other: other != index))
    for arguments in (
        (flip(leaf, bit), index, size, proof, root),
        (leaf, index, size, proof, flip(root, bit)),
        (leaf, other, size, proof, root),
        (leaf[:-1], index, size, proof, root),
        (leaf, index, LARGEST_SIZE + 1, proof, root),
    ):
        assert is_refused(LedgerFault.INCLUSION, require_inclusion, *arguments)


@given(growths(), st.integers(0, 10), st.integers(0, 255))
def test_no_mutated_consistency_verifies(growth: tuple[int, int], at: int, bit: int) -> None:
    old, new = growth
    proof = prove_consistency(old, new, READ)
    for mutated in mutations(proof, at, bit):
        assert is_refused(LedgerFault.CONSISTENCY, require_consistency, old, ROOTS[old], new, ROOTS[new], mutated)
    for arguments in (
        (old, flip(ROOTS[old], bit), new, ROOTS[new], proof),
        (old, ROOTS[old], new, flip(ROOTS[new], bit), proof),
        (-old, ROOTS[old], new, ROOTS[new], proof),
        (new + 1, ROOTS[old], new, ROOTS[new], proof),
        (old, ROOTS[old][1:], new, ROOTS[new], proof),
    ):
        assert is_refused(LedgerFault.CONSISTENCY, require_consistency, *arguments)


@given(growths(), st.integers(0, MOST))
def test_log_with_another_past_never_verifies(growth: tuple[int, int], changed: int) -> None:
    """The new log has one entry of the old part replaced; no proof its owner can make hides it."""
    old, new = growth
    rewritten = list(LEAVES[:new])
    rewritten[changed % old] = hash_leaf(b"something else")
    proof = prove_consistency(old, new, partial(slow_node, rewritten))
    assert is_refused(LedgerFault.CONSISTENCY, require_consistency, old, ROOTS[old], new, slow_root(rewritten), proof)


@pytest.mark.parametrize(
    ("old", "old_root", "new", "new_root", "proof"),
    [
        (0, ROOTS[1], 5, ROOTS[5], ()),  # the empty log has one root only
        (0, EMPTY_ROOT, 5, ROOTS[5], (LEAVES[0],)),
        (0, EMPTY_ROOT, 0, ROOTS[1], ()),
        (5, ROOTS[5], 5, ROOTS[4], ()),  # two views of one log
        (5, ROOTS[5], 5, ROOTS[5], (LEAVES[0],)),
        (4, ROOTS[4], 5, ROOTS[5], ()),
        (3, ROOTS[3], 5, ROOTS[5], ()),
        (1, ROOTS[1], 4, ROOTS[2], prove_consistency(1, 2, READ)),  # ends below the top of the tree it claims
        (6, ROOTS[14], 8, ROOTS[16], prove_consistency(14, 16, READ)),  # goes on above it
        (2, ROOTS[2][:31], 4, ROOTS[4], (ROOTS[2][31:] + prove_consistency(2, 4, READ)[0],)),  # moved by one byte
        (5, ROOTS[5], 4, ROOTS[4], ()),
        (5, ROOTS[5], LARGEST_SIZE + 1, ROOTS[4], ()),
    ],
)
def test_odd_consistency_is_refused(
    old: int, old_root: bytes, new: int, new_root: bytes, proof: tuple[bytes, ...]
) -> None:
    assert is_refused(LedgerFault.CONSISTENCY, require_consistency, old, old_root, new, new_root, proof)


@pytest.mark.parametrize(
    ("index", "size", "of_index", "of_size"),
    [
        (0, 4, 0, 2),  # ends below the top of the tree it claims
        (1, 2, 3, 4),  # goes on above it
        (3, 4, 1, 2),
        (0, 2, 0, 4),
    ],
)
def test_inclusion_in_a_tree_of_another_height_is_refused(index: int, size: int, of_index: int, of_size: int) -> None:
    proof = prove_inclusion(of_index, of_size, READ)
    require_inclusion(LEAVES[of_index], of_index, of_size, proof, ROOTS[of_size])
    assert is_refused(LedgerFault.INCLUSION, require_inclusion, LEAVES[of_index], index, size, proof, ROOTS[of_size])


def test_hashes_are_not_cut_anew() -> None:
    """The same bytes under the node hash, with the border between the two moved by one."""
    leaf, proof = LEAVES[0], prove_inclusion(0, 2, READ)
    moved = (leaf[31:] + proof[0],)
    assert hash_node(leaf[:31], moved[0]) == ROOTS[2]
    assert is_refused(LedgerFault.INCLUSION, require_inclusion, leaf[:31], 0, 2, moved, ROOTS[2])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 5), (0, -1), (0, LARGEST_SIZE + 1)])
def test_no_proof_is_made_of_what_is_not_there(index: int, size: int) -> None:
    assert is_refused(LedgerFault.RANGE, prove_inclusion, index, size, READ)


@pytest.mark.parametrize(("old", "new"), [(6, 5), (-1, 5), (0, -1), (0, LARGEST_SIZE + 1)])
def test_no_growth_is_proved_backwards(old: int, new: int) -> None:
    assert is_refused(LedgerFault.RANGE, prove_consistency, old, new, READ)


def test_longest_proof_is_as_long_as_said() -> None:
    """A proof in the largest tree: 63 hashes, none of which has to be computed."""
    proof = prove_inclusion(0, LARGEST_SIZE, lambda level, index: EMPTY_ROOT)
    assert len(proof) == 63
