# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Letters: written without a secret, read by the addressee alone."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.keys.test_envelope import NEIGHBOUR, OURS, PERSON, THEIRS, key
from vaka.crypto.aead import UnopenableError
from vaka.keys.envelope import DataKey, Place
from vaka.keys.letters import Addressee, Reader, Writer, read_letter

PLACE = Place(OURS, "alarm", str(UUID(int=21)), "written")
OWNER = key()


def letter(writer: Writer | None = None, text: bytes = b"Satt p\xc3\xa5 golvet.") -> bytes:
    return (writer or Writer()).write(OWNER.address, PERSON, PLACE, text)


@given(st.binary(max_size=500))
def test_a_letter_is_read_by_whom_it_is_addressed_to(text: bytes) -> None:
    assert read_letter([key(secret=b"t" * 32), OWNER], PLACE, letter(text=text)) == text


def test_two_letters_of_the_same_words_have_nothing_in_common_but_their_heads() -> None:
    writer = Writer()
    first, second = letter(writer), letter(writer)
    assert first[:37] == second[:37]
    assert first[37:] != second[37:]
    assert letter(Writer())[5:37] != first[5:37]


@pytest.mark.parametrize(
    "reader",
    [key(secret=b"t" * 32), key(subject=NEIGHBOUR), replace(key(secret=b"t" * 32), address=OWNER.address)],
    ids=["another key", "another person", "a key with somebody else's address"],
)
def test_nobody_else_reads_it(reader: DataKey) -> None:
    with pytest.raises(UnopenableError):
        read_letter([reader], PLACE, letter())


@pytest.mark.parametrize(
    "elsewhere",
    [replace(PLACE, authority=THEIRS), replace(PLACE, row=str(UUID(int=22))), replace(PLACE, column="body")],
)
def test_a_letter_that_was_moved_is_not_read(elsewhere: Place) -> None:
    with pytest.raises(UnopenableError):
        read_letter([OWNER], elsewhere, letter())


def test_no_bit_of_a_letter_can_be_flipped() -> None:
    written = letter()
    for place in range(len(written)):
        flipped = bytearray(written)
        flipped[place] ^= 4
        with pytest.raises(UnopenableError):
            read_letter([OWNER], PLACE, bytes(flipped))


@given(st.binary(max_size=200))
def test_anything_else_is_refused(anything: bytes) -> None:
    with pytest.raises(UnopenableError):
        read_letter([OWNER], PLACE, anything)


@pytest.mark.parametrize("address", [b"", b"short", bytes(32), b"\x01" + bytes(31)])
def test_what_is_no_address_is_refused(address: bytes) -> None:
    with pytest.raises(UnopenableError):
        Writer().write(address, PERSON, PLACE, b"x")


TOLD = {"texts": ["Sovrum", "Knapp", "", "192.0.2.7:5060"], "body": b"<mrq/>"}
MESSAGE = str(UUID(int=31))
TO = Addressee(PERSON, OWNER.address)


def test_a_row_is_written_as_it_is_declared() -> None:
    row = Writer().write_row(OURS, TO, "message", MESSAGE, TOLD)
    assert row.keys() == TOLD.keys()
    assert read_letter([OWNER], Place(OURS, "message", MESSAGE, "body"), row["body"]) == b"<mrq/>"
    assert b"Sovrum" in read_letter([OWNER], Place(OURS, "message", MESSAGE, "texts"), row["texts"])
    with pytest.raises(UnopenableError):
        read_letter([OWNER], Place(OURS, "message", MESSAGE, "texts"), row["body"])


@pytest.mark.parametrize(("table", "column"), [("person", "given_name"), ("message", "ref"), ("message", "nothing")])
def test_what_is_declared_as_no_letter_is_not_written(table: str, column: str) -> None:
    with pytest.raises(KeyError):
        Writer().write_row(OURS, TO, table, MESSAGE, {column: "Änna"})


def test_a_value_of_another_form_is_not_written() -> None:
    with pytest.raises(TypeError):
        Writer().write_row(OURS, TO, "message", MESSAGE, {"body": "text"})


def test_what_a_reader_remembers_is_bounded_and_can_be_forgotten() -> None:
    reader, letters = Reader(most_remembered=2), [letter() for _ in range(4)]
    for one in (*letters, letters[0]):
        assert reader.read([OWNER], PLACE, one) == b"Satt p\xc3\xa5 golvet."
    assert len(reader._keys) <= 2
    reader.forget()
    assert not reader._keys
    # What it remembers is of one key: another person's opens nothing by it.
    reader.read([OWNER], PLACE, letters[0])
    with pytest.raises(UnopenableError):
        reader.read([replace(key(secret=b"t" * 32), address=OWNER.address)], PLACE, letters[0])


def test_a_writer_remembers_only_so_many_addresses() -> None:
    writer = Writer(most_remembered=2)
    for secret in (b"a" * 32, b"b" * 32, b"c" * 32, b"a" * 32):
        owner = key(secret=secret)
        assert read_letter([owner], PLACE, writer.write(owner.address, PERSON, PLACE, b"x")) == b"x"
