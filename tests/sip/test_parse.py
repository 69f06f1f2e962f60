# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Datagrams to messages: the ways devices write them, the limits, and what is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sip.samples import BODY, message, request
from vaka.sip.errors import SipDeviation, SipError, SipFault
from vaka.sip.message import Address, CSeq, Request, Response, Via
from vaka.sip.parse import MAX_DATAGRAM, MAX_HEAD, MAX_HEADERS, parse


def test_a_plain_message() -> None:
    found = request(message())
    assert (found.method, found.uri, found.body) == ("MESSAGE", "sip:larm@192.0.2.1:5060", BODY)
    assert found.call_id == "7d0e1a@192.168.1.20"
    assert found.cseq == CSeq(1, "MESSAGE")
    assert found.from_ == Address("", "sip:26317@192.0.2.1", "26317", "192.0.2.1", "8c1d")
    assert found.to == Address("", "sip:larm@192.0.2.1", "larm", "192.0.2.1", None)
    assert found.top_via == Via("UDP", "192.168.1.20", 5060, "z9hG4bK-5f3c", 0, None)
    assert found.contact is None
    assert found.expires is None
    assert found.content_type == "application/scaip+xml"


def test_an_answer() -> None:
    found = parse(message({"Content-Type": None}, start="SIP/2.0 200 OK, stored", body=b""))
    assert isinstance(found, Response)
    assert (found.status, found.reason, found.body) == (200, "OK, stored", b"")


def test_from_without_tag() -> None:
    assert request(message({"From": "<sip:26317@192.0.2.1>"})).from_.tag is None


def test_content_length_with_blanks() -> None:
    assert request(message({"Content-Length": f"   {len(BODY)} "})).body == BODY


def test_folded_headers() -> None:
    found = request(message({"Via": "SIP/2.0/UDP 10.0.0.2\r\n ;branch=z9hG4bK-1\r\n\t;rport", "Subject": "a\r\n  b"}))
    assert found.top_via.branch == "z9hG4bK-1"
    assert found.headers.first("Subject") == "a b"


def test_compact_headers() -> None:
    data = message()
    for name, compact in (("Via", "v"), ("From", "f"), ("To", "t"), ("Call-ID", "I"), ("Content-Length", "l")):
        data = data.replace(f"\r\n{name}:".encode(), f"\r\n{compact}:".encode())
    found = request(data.replace(b"Content-Type", b"c"))
    assert found == request(data.replace(b"Content-Type", b"c"))
    assert (found.call_id, found.from_.user, found.content_type, found.body) == (
        "7d0e1a@192.168.1.20",
        "26317",
        "application/scaip+xml",
        BODY,
    )


def test_headers_in_any_order() -> None:
    head, _, body = message().partition(b"\r\n\r\n")
    start, *headers = head.split(b"\r\n")
    turned = b"\r\n".join([start, *reversed(headers)]) + b"\r\n\r\n" + body
    assert (request(turned).call_id, request(turned).body) == ("7d0e1a@192.168.1.20", BODY)


def test_names_in_any_case() -> None:
    assert request(message().replace(b"Call-ID", b"cALL-id").replace(b"CSeq", b"CSEQ")).cseq.number == 1


def test_lf_line_ends() -> None:
    assert request(message(line_end="\n")).body == BODY


@pytest.mark.parametrize("blank_line", [b"\r\n\r\n", b"\n\n", b"\r\n\n", b"\n\r\n"])
def test_each_line_may_end_in_its_own_way(blank_line: bytes) -> None:
    # A blank line of the other kind in the body must not be taken for the end of the head.
    body = b"<mrq>\n\n\r\n\r\n</mrq>"
    head = message(body=body).partition(b"\r\n\r\n")[0]
    assert request(head + blank_line + body).body == body


def test_body_that_begins_with_a_blank_line_after_lf_head() -> None:
    body = b"\r\n\r\n<mrq/>"
    assert request(message(body=body, line_end="\n")).body == body


def test_line_ends_before_the_message_are_skipped() -> None:
    assert request(b"\r\n\n\r\n" + message()).body == BODY


def test_bytes_after_content_length_are_dropped() -> None:
    assert request(message() + b"\0\0more").body == BODY


def test_without_content_length_the_body_is_the_rest() -> None:
    assert request(message({"Content-Length": None})).body == BODY


def test_memoryview() -> None:
    assert parse(memoryview(message())) == parse(message())


def test_control_characters_in_a_head_become_blanks() -> None:
    found = request(message({"Call-ID": "one\rVia: two\0\x07three"}))
    assert found.call_id == "one Via: two  three"


def test_latin_1_head() -> None:
    data = message({"From": '"Värme" <sip:26317@192.0.2.1>'}).replace("ä".encode(), b"\xe4")
    assert request(data).from_.display == "Värme"


@pytest.mark.parametrize(
    ("data", "code", "answerable"),
    [
        (b"", SipFault.EMPTY, False),
        (b"\r\n\r\n", SipFault.EMPTY, False),
        (b"x" * (MAX_DATAGRAM + 1), SipFault.TOO_LARGE, False),
        (b"x" * MAX_HEAD, SipFault.HEAD_TOO_LARGE, False),
        (message()[: -len(BODY) - 2], SipFault.HEAD_UNFINISHED, True),
        (message()[:60], SipFault.HEAD_UNFINISHED, False),
        (message(more=("X: y",) * MAX_HEADERS), SipFault.TOO_MANY_HEADERS, False),
        (message({"X": "y" * 8192}), SipFault.HEADER_TOO_LONG, False),
        (b"GET / HTTP/1.1\r\n\r\n", SipFault.START_LINE, False),
        (bytes(range(256)) + b"\r\n\r\n", SipFault.START_LINE, False),
        (message(start="MESSAGE sip:larm@192.0.2.1 SIP/3.0"), SipFault.VERSION, True),
        (message({"Via": None}), SipFault.HEADER_MISSING, False),
        (message({"From": None}), SipFault.HEADER_MISSING, False),
        (message({"To": None}), SipFault.HEADER_MISSING, False),
        (message({"Call-ID": None}), SipFault.HEADER_MISSING, False),
        (message({"CSeq": None}), SipFault.HEADER_MISSING, False),
        (message({"CSeq": "one MESSAGE"}), SipFault.CSEQ, True),
        (message({"Via": "192.168.1.20"}), SipFault.VIA, True),
        (message({"Content-Length": "-1"}), SipFault.CONTENT_LENGTH, True),
        (message({"Content-Length": "+12"}), SipFault.CONTENT_LENGTH, True),
        (message({"Content-Length": "１２"}), SipFault.CONTENT_LENGTH, True),
        (message({"Content-Length": "9" * 5000}), SipFault.CONTENT_LENGTH, True),
        (message(more=("Content-Length: 3",)), SipFault.CONTENT_LENGTH, True),
        (message()[:-1], SipFault.BODY_UNFINISHED, True),
        (message(start="SIP/2.0 200 OK")[:-1], SipFault.BODY_UNFINISHED, False),
    ],
    ids=lambda value: value.value if isinstance(value, SipFault) else "",
)
def test_what_is_refused(data: bytes, code: SipFault, answerable: bool) -> None:
    with pytest.raises(SipError) as caught:
        parse(data)
    assert caught.value.code is code
    assert (caught.value.partial is not None) is answerable
    assert str(caught.value) == code.value  # nothing of the input


@pytest.mark.parametrize("line", ["no colon", ": no name", ":", "Content-Length 3"])
def test_a_line_that_is_no_header_is_skipped_and_noted(line: str) -> None:
    first = message().replace(b"\r\n", f"\r\n{line}\r\n".encode(), 1)
    for data in (message(more=(line,)), first):
        found = request(data)
        assert (found.call_id, found.body) == ("7d0e1a@192.168.1.20", BODY)
        assert found.deviations == (SipDeviation.HEADER_LINE,)
    assert request(message()).deviations == ()


def test_a_body_that_is_shorter_than_stated_is_handed_on_with_the_refusal() -> None:
    with pytest.raises(SipError) as caught:
        parse(message({"Content-Length": "9999"}))
    assert caught.value.partial is not None
    assert caught.value.partial.body == BODY


@pytest.mark.parametrize("version", ["sip/2.0", "Sip/2.0"])
def test_the_version_in_any_case(version: str) -> None:
    assert request(message(start=f"MESSAGE sip:larm@192.0.2.1 {version}")).body == BODY
    answer = parse(message({"Content-Type": None}, start=f"{version} 200 OK", body=b""))
    assert isinstance(answer, Response)


def test_two_equal_content_lengths_are_one() -> None:
    assert request(message(more=(f"l: 0{len(BODY)}",))).body == BODY


def test_statuses_of_refusals() -> None:
    assert SipError(SipFault.VERSION).status == 505
    assert SipError(SipFault.TOO_LARGE).status == 413
    assert {SipError(code).status for code in SipFault} == {400, 413, 505}


def read_everything(message: Request | Response) -> None:
    """No property of a parsed message raises."""
    for name in ("call_id", "cseq", "from_", "to", "top_via", "contact", "expires", "content_type"):
        getattr(message, name)


SIGNS = [b"\r\n", b"\n", b" ", b"\t", b":", b";", b",", b"<", b">", b'"', b"\\", b"=", b"@", b"\0", b"\xe4", b"["]
WORDS = [b"SIP/2.0", b"Via", b"From", b"CSeq", b"Contact: ", b"Expires: ", b"1 MESSAGE", b"l: 7", b"sip:", b"tag="]
PIECES = st.sampled_from(SIGNS + WORDS)


@given(st.one_of(st.binary(max_size=600), st.lists(PIECES, max_size=60).map(b"".join)))
def test_any_bytes_give_a_message_or_the_one_exception(data: bytes) -> None:
    with suppress(SipError):
        read_everything(parse(data))


@given(st.lists(st.tuples(st.integers(0, len(message())), st.one_of(PIECES, st.binary(max_size=4))), max_size=6))
def test_any_damage_gives_a_message_or_the_one_exception(damage: list[tuple[int, bytes]]) -> None:
    data = message()
    for place, piece in damage:
        data = data[:place] + piece + data[place + len(piece) // 2 :]
    with suppress(SipError):
        read_everything(parse(data))


@pytest.mark.parametrize(
    "value", ["<" * 8000, '"' * 8001, '"\\' * 4000, " ; " * 2600, ";tag" * 2000, "a " * 4000, ":" * 8000]
)
@pytest.mark.parametrize("name", ["From", "Via", "CSeq", "Contact"])
def test_hostile_values_are_read_in_one_pass(name: str, value: str) -> None:
    # A pattern that backtracks would need minutes here, and the test run would show it.
    with suppress(SipError):
        read_everything(parse(message({name: value})))
