# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Streams to messages: one table, read whole, byte by byte and cut anywhere; then limits and faults."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sip.samples import BODY, message
from vaka.sip.errors import SipError, SipFault
from vaka.sip.framing import Framer, KeepAlive
from vaka.sip.message import Request, Response
from vaka.sip.parse import MAX_HEAD, parse

Item = Request | Response | KeepAlive

ONE = message()
OTHER = message({"Call-ID": "other"}, body=b"\r\n\r\n<mrq/>\n\n", line_end="\n")
EMPTY = message({"Content-Type": None, "Content-Length": None}, start="OPTIONS sip:192.0.2.1 SIP/2.0", body=b"")
ANSWER = message({"Content-Type": None}, start="SIP/2.0 200 OK", body=b"")
CUT = message({"Content-Length": "40"})
ODD = message(more=("no colon",))
PING = KeepAlive.PING.value

STREAMS: list[tuple[str, bytes, list[Item]]] = [
    ("nothing", b"", []),
    ("one message", ONE, [parse(ONE)]),
    ("two messages in one segment", ONE + OTHER, [parse(ONE), parse(OTHER)]),
    ("lf line ends", OTHER + OTHER, [parse(OTHER), parse(OTHER)]),
    ("no length and no body", EMPTY + ONE, [parse(EMPTY), parse(ONE)]),
    ("an answer", ANSWER + ONE, [parse(ANSWER), parse(ONE)]),
    ("one ping", PING, [KeepAlive.PING]),
    ("a single line end is no ping", b"\r\n", []),
    ("a single line end before a message", b"\r\n" + ONE + b"\r\n", [parse(ONE)]),
    ("line ends around a message do not add up", b"\r\n" + ONE + b"\r\n" + ONE, [parse(ONE), parse(ONE)]),
    (
        "pings between",
        PING + ONE + PING + PING + OTHER,
        [KeepAlive.PING, parse(ONE), *[KeepAlive.PING] * 2, parse(OTHER)],
    ),
    ("ping of bare line feeds", b"\n\n" + ONE, [KeepAlive.PING, parse(ONE)]),
    ("unfinished body", ONE + OTHER[:-1], [parse(ONE)]),
    ("unfinished head", ONE + ONE[:100], [parse(ONE)]),
    ("a line that is no header", ODD + ONE, [parse(ODD), parse(ONE)]),
]
FAULTY: list[tuple[str, bytes, list[Item], SipFault]] = [
    ("nonsense", b"\x16\x03\x01\r\n\r\n", [], SipFault.START_LINE),
    ("nonsense after a message", ONE + b"nonsense\n\n", [parse(ONE)], SipFault.START_LINE),
    ("length too short", CUT + ONE, [parse(CUT)], SipFault.START_LINE),
    ("body of unknown length", message({"Content-Length": None}), [], SipFault.LENGTH_REQUIRED),
    ("length not a number", message({"Content-Length": "many"}), [], SipFault.CONTENT_LENGTH),
    ("length beyond the limit", message({"Content-Length": "65536"}), [], SipFault.TOO_LARGE),
    ("head without end", ONE + b"a" * MAX_HEAD, [parse(ONE)], SipFault.HEAD_TOO_LARGE),
    ("mandatory header missing", message({"To": None}), [], SipFault.HEADER_MISSING),
]


def follow(pieces: Iterable[bytes], framer: Framer | None = None) -> tuple[list[Item], SipFault | None]:
    """Everything a stream in these pieces gives, and the fault it ends in."""
    framer = framer or Framer()
    items: list[Item] = []
    try:
        for piece in pieces:
            items += framer.feed(piece)
            assert framer.pending <= framer.max_message
        framer.feed(b"")
    except SipError as error:
        return items, error.code
    return items, None


@pytest.mark.parametrize(("name", "data", "expected"), STREAMS)
def test_whole(name: str, data: bytes, expected: list[Item]) -> None:
    assert follow([data]) == (expected, None)


@pytest.mark.parametrize(("name", "data", "expected"), STREAMS)
def test_byte_by_byte(name: str, data: bytes, expected: list[Item]) -> None:
    assert follow(data[i : i + 1] for i in range(len(data))) == (expected, None)


@pytest.mark.parametrize(("name", "data", "expected"), [row for row in STREAMS if not row[0].startswith("unfinished")])
def test_with_trailing_bytes(name: str, data: bytes, expected: list[Item]) -> None:
    framer = Framer()
    assert follow([data + b"MESSAGE sip:"], framer) == (expected, None)
    assert framer.pending == len(b"MESSAGE sip:")


@pytest.mark.parametrize(("name", "data", "expected", "code"), FAULTY)
def test_faults_whole(name: str, data: bytes, expected: list[Item], code: SipFault) -> None:
    assert follow([data]) == (expected, code)


@pytest.mark.parametrize(("name", "data", "expected", "code"), FAULTY)
def test_faults_byte_by_byte(name: str, data: bytes, expected: list[Item], code: SipFault) -> None:
    assert follow(data[i : i + 1] for i in range(len(data))) == (expected, code)


@given(st.data())
def test_any_cutting_gives_the_same(data: st.DataObject) -> None:
    parts = [ONE, OTHER, EMPTY, ANSWER, PING, b"\r\n", b"\n", b"\r", b"x", b"nonsense\r\n\r\n", ONE[:50], BODY]
    stream = b"".join(data.draw(st.lists(st.sampled_from(parts), max_size=6)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    pieces = [stream[i:j] for i, j in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert follow(pieces) == follow([stream])


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_any_bytes_give_messages_or_the_one_exception(pieces: list[bytes]) -> None:
    assert follow(pieces) == follow([b"".join(pieces)])


def test_a_fault_is_for_good() -> None:
    framer = Framer()
    assert framer.feed(ONE + b"nonsense\r\n\r\n") == [parse(ONE)]
    assert framer.fault is not None
    assert framer.pending == 0
    for _ in range(2):
        with pytest.raises(SipError):
            framer.feed(ONE)


def test_who_sent_too_much_can_be_told() -> None:
    with pytest.raises(SipError) as caught:
        Framer(max_message=1000).feed(message({"Content-Length": "1000"}))
    assert caught.value.status == 413
    assert caught.value.partial is not None
    assert caught.value.partial.call_id == "7d0e1a@192.168.1.20"


def test_a_head_has_the_limit_of_the_message() -> None:
    with pytest.raises(SipError) as caught:
        Framer(max_message=300).feed(b"a" * 300)
    assert caught.value.code is SipFault.HEAD_TOO_LARGE


def test_a_head_just_within_the_limit_whatever_the_cutting() -> None:
    filling = MAX_HEAD - len(message({"X": "", "Y": ""}, body=b""))
    for extra in (-1, 0, 1):
        data = message({"X": "a" * 8000, "Y": "a" * (filling - 8000 + extra)}, body=b"")
        assert follow([data]) == follow([data[:-1], data[-1:]])


def test_slow_senders_cost_no_more_than_fast_ones() -> None:
    # A search that began again with each byte would look at 130 million of them.
    assert follow(b"a" for _ in range(MAX_HEAD - 1)) == ([], None)


def test_a_head_whose_body_is_awaited_is_pending_too() -> None:
    framer = Framer()
    head = ONE[: ONE.index(b"\r\n\r\n") + 4]
    assert framer.feed(head) == []
    assert framer.pending == len(head)
    framer.feed(ONE[len(head) : len(head) + 7])
    assert framer.pending == len(head) + 7
    assert framer.feed(ONE[len(head) + 7 :]) == [parse(ONE)]
    assert framer.pending == 0


@pytest.mark.parametrize(("name", "data", "expected"), STREAMS)
def test_taken_one_at_a_time(name: str, data: bytes, expected: list[Item]) -> None:
    framer = Framer()
    framer.add(memoryview(data))
    taken: list[Item] = []
    while (item := framer.take()) is not None:
        taken.append(item)
    assert taken == expected


def test_what_is_let_go_is_gone() -> None:
    framer = Framer()
    framer.add(ONE + OTHER[:-1])
    framer.take()
    framer.clear()
    assert framer.pending == 0
    assert framer.take() is None


def test_who_takes_after_a_fault_is_told_again() -> None:
    framer = Framer()
    framer.add(ONE + b"nonsense\r\n\r\n")
    assert framer.take() == parse(ONE)
    for _ in range(2):
        with pytest.raises(SipError):
            framer.take()
        framer.add(ONE)
        assert framer.pending == 0
