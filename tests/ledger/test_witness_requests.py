# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a log sends to a witness and is answered: the bytes of the format, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.sample import LOG, sample_log
from tests.ledger.watched import asked, signed
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.note_keys import encode_base64
from vaka.ledger.notes import SignatureLine
from vaka.ledger.witness_requests import (
    LARGEST_REQUEST,
    AddCheckpoint,
    Answer,
    answer_signatures,
    answer_size,
    parse_add_checkpoint,
    parse_size,
    refuse,
)

LOG_OF_9 = sample_log(9)
NOTE = signed(LOG_OF_9, LOG)
NOTE_BYTES = NOTE.encode()
HASH = encode_base64(bytes(32)).encode()


def test_request_is_written_as_the_format_says() -> None:
    body = AddCheckpoint(3, (bytes(32), b"\1" * 32), NOTE).encode()
    line = encode_base64(b"\1" * 32).encode()
    assert body == b"old 3\n" + HASH + b"\n" + line + b"\n\n" + NOTE_BYTES
    assert AddCheckpoint(0, (), NOTE).encode() == b"old 0\n\n" + NOTE_BYTES


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
)
def test_what_is_written_is_read(old_size: int, proof: tuple[bytes, ...]) -> None:
    request = AddCheckpoint(old_size, proof, NOTE)
    assert parse_add_checkpoint(request.encode()) == request


MALFORMED = {
    "nothing": b"",
    "no blank line": b"old 0\n" + NOTE_BYTES.replace(b"\n\n", b"\n"),
    "no old size": b"\n" + NOTE_BYTES,
    "no checkpoint": b"old 0\n\n",
    "old in capitals": b"OLD 0\n\n" + NOTE_BYTES,
    "no number": b"old \n\n" + NOTE_BYTES,
    "a leading zero": b"old 00\n\n" + NOTE_BYTES,
    "a sign": b"old +1\n\n" + NOTE_BYTES,
    "below zero": b"old -1\n\n" + NOTE_BYTES,
    "other digits": "old ٣\n\n".encode() + NOTE_BYTES,
    "a space behind": b"old 0 \n\n" + NOTE_BYTES,
    "too large a number": b"old 9223372036854775808\n\n" + NOTE_BYTES,
    "a carriage return": b"old 0\r\n\r\n" + NOTE_BYTES,
    "a short hash": b"old 1\n" + encode_base64(bytes(31)).encode() + b"\n\n" + NOTE_BYTES,
    "no base64": b"old 1\n!\n\n" + NOTE_BYTES,
    "base64 without padding": b"old 1\n" + HASH.rstrip(b"=") + b"\n\n" + NOTE_BYTES,
    "spare bits set": b"old 1\n" + HASH[:-2] + b"B=\n\n" + NOTE_BYTES,
    "too many hashes": b"old 1\n" + (HASH + b"\n") * 64 + b"\n" + NOTE_BYTES,
    "no UTF-8": b"old \xff\n\n" + NOTE_BYTES,
    "no signature": b"old 0\n\n" + NOTE_BYTES.partition(b"\n\n")[0] + b"\n\n",
    "more than a witness reads": b"old 0\n\n" + NOTE_BYTES + b"x" * LARGEST_REQUEST,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed_request_is_refused(body: bytes) -> None:
    with pytest.raises(LedgerError):
        parse_add_checkpoint(body)


@given(st.data())
def test_any_change_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever is sent: a request that is written the same way, or the one exception."""
    body = bytearray(asked(LOG_OF_9, 4, NOTE))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        request = parse_add_checkpoint(bytes(body))
    except LedgerError:
        return
    assert request.encode() == bytes(body)


def test_request_that_no_witness_need_read_is_not_sent() -> None:
    lines = [SignatureLine("a.example", bytes(4), bytes(40_000 + n)) for n in range(2)]
    with pytest.raises(LedgerError) as refused:
        AddCheckpoint(0, (), NOTE.with_signatures(lines)).encode()
    assert refused.value.code is LedgerFault.NOTE_TOO_LARGE


def test_answers_are_those_of_the_format() -> None:
    assert answer_size(20) == Answer(409, b"20\n", "text/x.tlog.size")
    assert answer_signatures(["— a b\n", "— c d\n"]).body == "— a b\n— c d\n".encode()
    assert refuse(404, "no") == Answer(404, b"no\n", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("body", "content_type", "size"),
    [
        (b"20\n", "text/x.tlog.size", 20),
        (b"0\n", "Text/X.Tlog.Size; charset=utf-8", 0),
        (b"20\n", "text/plain", None),
        (b"20\n", "", None),
    ],
)
def test_size_is_read_where_there_is_one(body: bytes, content_type: str, size: int | None) -> None:
    assert parse_size(Answer(409, body, content_type)) == size


@pytest.mark.parametrize(
    "body", [b"", b"20", b"020\n", b"-1\n", b"20\n\n", b"x\n", b"\xff\n", b"9223372036854775808\n"]
)
def test_size_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(LedgerError) as refused:
        parse_size(Answer(409, body, "text/x.tlog.size"))
    assert refused.value.code is LedgerFault.WITNESS_ANSWER
