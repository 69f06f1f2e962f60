# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sealed values open in their own place alone."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaka.crypto.aead import UnopenableError
from vaka.crypto.agreement import public_of
from vaka.keys.envelope import GRAIN_BYTES, HEADER_BYTES, DataKey, Place, empty, fill, seal, seed_of, unseal

OURS, THEIRS = UUID(int=1), UUID(int=2)
PERSON, NEIGHBOUR = UUID(int=11), UUID(int=12)
PLACE = Place(OURS, "person", str(PERSON), "identity")


def key(subject: UUID = PERSON, version: int = 1, secret: bytes = b"s" * 32) -> DataKey:
    return DataKey(subject, version, secret, public_of(seed_of(secret)))


@given(st.binary(max_size=500))
def test_what_is_sealed_opens_again(plaintext: bytes) -> None:
    assert unseal({1: key()}, PLACE, seal(key(), PLACE, plaintext)) == plaintext


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, authority=THEIRS),
        replace(PLACE, table="contact"),
        replace(PLACE, row=str(NEIGHBOUR)),
        replace(PLACE, column="care"),
        # No two places run together into the same words.
        replace(PLACE, table="person" + str(PERSON)[:1], row=str(PERSON)[1:]),
    ],
)
def test_what_was_moved_does_not_open(elsewhere: Place) -> None:
    sealed = seal(key(), PLACE, b"Karin Holmgren")
    with pytest.raises(UnopenableError):
        unseal({1: key()}, elsewhere, sealed)


@pytest.mark.parametrize(
    "other",
    [key(subject=NEIGHBOUR), key(secret=b"t" * 32)],
    ids=["another person", "another key"],
)
def test_another_key_does_not_open(other: DataKey) -> None:
    with pytest.raises(UnopenableError):
        unseal({1: other, 2: other}, PLACE, seal(key(), PLACE, b"Karin Holmgren"))


def test_a_key_that_is_not_held_does_not_open() -> None:
    with pytest.raises(UnopenableError):
        unseal({2: key(version=2)}, PLACE, seal(key(), PLACE, b"Karin Holmgren"))


def test_no_bit_can_be_flipped() -> None:
    sealed = seal(key(), PLACE, b"Karin Holmgren")
    for place in range(len(sealed)):
        for bit in (1, 128):
            flipped = bytearray(sealed)
            flipped[place] ^= bit
            with pytest.raises(UnopenableError):
                unseal({1: key(), 2: key(version=2)}, PLACE, bytes(flipped))


@given(st.binary(max_size=200))
def test_anything_else_is_refused_and_nothing_else_raised(sealed: bytes) -> None:
    with pytest.raises(UnopenableError):
        unseal({1: key()}, PLACE, sealed)


def test_the_length_of_a_name_does_not_show() -> None:
    lengths = {len(seal(key(), PLACE, b"x" * length)) for length in range(1, GRAIN_BYTES - 4)}
    assert len(lengths) == 1
    assert (lengths.pop() - HEADER_BYTES - 28) % GRAIN_BYTES == 0


@pytest.mark.parametrize("filled", [b"", b"\x00", b"\x00\x00\x00\x05abcd", b"\xff\xff\xff\xffabcd"])
def test_what_was_never_filled_is_not_emptied(filled: bytes) -> None:
    with pytest.raises(UnopenableError):
        empty(filled)


@given(st.binary(max_size=300))
def test_filling_is_undone(plaintext: bytes) -> None:
    assert empty(fill(plaintext)) == plaintext


def test_a_key_does_not_print_itself() -> None:
    assert "sss" not in repr(key())
    assert key().content.hex() not in repr(key())
