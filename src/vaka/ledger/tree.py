# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The Merkle tree of RFC 6962: hashes, the root of a growing tree, and the two proofs, made and verified.

A node is named (level, index): the root of the full subtree over the leaves from ``index << level`` to
``index + 1 << level``. Whatever can answer for full nodes, tiles above all, can serve proofs through `ReadNode`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from struct import iter_unpack

from vaka.ledger.errors import LedgerError, LedgerFault

HASH_BYTES = 32
LARGEST_SIZE = 2**63 - 1  # leaves; other implementations count in signed 64-bit numbers
LONGEST_PROOF = 63  # hashes, for a tree of LARGEST_SIZE
EMPTY_ROOT = sha256(b"").digest()

ReadNode = Callable[[int, int], bytes]


def hash_leaf(entry: bytes) -> bytes:
    """Hash an entry as a leaf (RFC 6962 section 2.1)."""
    return sha256(b"\x00" + entry).digest()


def hash_leaves(entries: Iterable[bytes]) -> list[bytes]:
    """Hash many entries as leaves, in order."""
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def hash_node(left: bytes, right: bytes) -> bytes:
    """Hash two neighbours into the node above them (RFC 6962 section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def hash_pairs(hashes: Sequence[bytes]) -> list[bytes]:
    """Hash a row of an even number of nodes into the row above it."""
    neighbours = iter(hashes)
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(neighbours, neighbours, strict=True)]


def hash_full_row(row: bytes) -> bytes:
    """Hash a row of 1, 2, 4, 8 … nodes, one after the other in `row`, into the one node above them all."""
    while len(row) > HASH_BYTES:
        row = b"".join([sha256(b"\x01" + pair).digest() for (pair,) in iter_unpack("64s", row)])
    return row


@dataclass(frozen=True, slots=True)
class CompactRange:
    """The fewest hashes that fix a tree: the roots of the full subtrees it splits into, the largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        require_size(self.size)
        if len(self.hashes) != self.size.bit_count() or any(len(each) != HASH_BYTES for each in self.hashes):
            raise LedgerError(LedgerFault.RANGE)

    def append(self, leaf_hashes: Sequence[bytes]) -> "CompactRange":
        """Return the range of the tree that has `leaf_hashes` after these leaves. About one hash a leaf."""
        older = list(self.hashes)
        left_over: list[bytes] = []
        row = list(leaf_hashes)
        nodes = self.size  # how many full nodes the older tree has on this level
        while row or nodes:
            if nodes & 1:
                row.insert(0, older.pop())
            if len(row) & 1:
                left_over.append(row.pop())
            row = hash_pairs(row)
            nodes >>= 1
        return CompactRange(self.size + len(leaf_hashes), tuple(reversed(left_over)))

    def root(self) -> bytes:
        """Return the root hash; of the empty tree, `EMPTY_ROOT`."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = hash_node(left, root)
        return root


def read_compact_range(size: int, read: ReadNode) -> CompactRange:
    """Read the compact range of the first `size` leaves."""
    require_size(size)
    return CompactRange(size, tuple(read(level, index) for level, index in _full_nodes(0, size)))


def prove_inclusion(index: int, size: int, read: ReadNode) -> tuple[bytes, ...]:
    """Prove that leaf `index` is in the tree of `size` leaves: hashes from the leaf upwards (RFC 6962 2.1.1)."""
    require_size(size)
    if not 0 <= index < size:
        raise LedgerError(LedgerFault.RANGE)
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = _middle(start, end)
        if index < middle:
            proof.append(_read_range(middle, end, read))
            end = middle
        else:
            proof.append(_read_range(start, middle, read))
            start = middle
    return tuple(reversed(proof))


def prove_consistency(old_size: int, new_size: int, read: ReadNode) -> tuple[bytes, ...]:
    """Prove that the tree of `new_size` begins with that of `old_size` (RFC 6962 2.1.2); empty from 0 or to itself."""
    require_size(new_size)
    if not 0 <= old_size <= new_size:
        raise LedgerError(LedgerFault.RANGE)
    if old_size == 0:
        return ()
    proof = []
    start, end = 0, new_size
    while old_size != end:
        middle = _middle(start, end)
        if old_size <= middle:
            proof.append(_read_range(middle, end, read))
            end = middle
        else:
            proof.append(_read_range(start, middle, read))
            start = middle
    if start:  # otherwise this node is the old root, which the verifier has
        proof.append(_read_range(start, end, read))
    return tuple(reversed(proof))


def require_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Refuse unless `proof` binds the leaf at `index` to `root` (RFC 9162 section 2.1.3.2).

    A proof does not fix the size by itself: some neighbouring sizes take the same path. Take `size` and `root` from
    one signed checkpoint. Raises LedgerError INCLUSION.
    """
    if not 0 <= index < size <= LARGEST_SIZE or not _are_hashes(leaf_hash, root, *proof):
        raise LedgerError(LedgerFault.INCLUSION)
    node, last, computed = index, size - 1, leaf_hash
    for each in proof:
        if last == 0:
            raise LedgerError(LedgerFault.INCLUSION)
        if node & 1 or node == last:
            computed = hash_node(each, computed)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            computed = hash_node(computed, each)
        node, last = node >> 1, last >> 1
    if last or computed != root:
        raise LedgerError(LedgerFault.INCLUSION)


def require_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Refuse unless `proof` shows that the new tree begins with the old one (RFC 9162 section 2.1.4.2).

    From the empty tree, and between equal sizes, the proof is empty and the roots speak for themselves. Raises
    LedgerError CONSISTENCY.
    """
    if not 0 <= old_size <= new_size <= LARGEST_SIZE or not _are_hashes(old_root, new_root, *proof):
        raise LedgerError(LedgerFault.CONSISTENCY)
    if old_size in (0, new_size):
        begun_with = EMPTY_ROOT if old_size == 0 else new_root
        if proof or old_root != begun_with or (new_size == 0 and new_root != EMPTY_ROOT):
            raise LedgerError(LedgerFault.CONSISTENCY)
        return
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    path = list(proof) if node else [old_root, *proof]  # a power of two: the old root itself begins the path
    if not path:
        raise LedgerError(LedgerFault.CONSISTENCY)
    old = new = path[0]
    for each in path[1:]:
        if last == 0:
            raise LedgerError(LedgerFault.CONSISTENCY)
        if node & 1 or node == last:
            old, new = hash_node(each, old), hash_node(each, new)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            new = hash_node(new, each)
        node, last = node >> 1, last >> 1
    if last or old != old_root or new != new_root:
        raise LedgerError(LedgerFault.CONSISTENCY)


def require_size(size: int) -> None:
    """Refuse a number of leaves that no tree has."""
    if not 0 <= size <= LARGEST_SIZE:
        raise LedgerError(LedgerFault.RANGE)


def _middle(start: int, end: int) -> int:
    """Where RFC 6962 splits the leaves from `start` to `end`: after the largest power of two less than their number."""
    return start + (1 << (end - start - 1).bit_length() - 1)


def _full_nodes(start: int, end: int) -> list[tuple[int, int]]:
    """The full nodes over the leaves from `start` to `end`, the largest first; `start` must be where a split fell."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def _read_range(start: int, end: int, read: ReadNode) -> bytes:
    """The hash over the leaves from `start` to `end`, which need not be a full subtree on the right edge."""
    *lefts, root = (read(level, index) for level, index in _full_nodes(start, end))
    for left in reversed(lefts):
        root = hash_node(left, root)
    return root


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
