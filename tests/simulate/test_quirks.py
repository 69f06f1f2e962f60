# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Each peculiarity is really there, and none changes what the message says."""

import random

import pytest

from vaka.scaip.body import parse_mrq
from vaka.simulate.device_file import DeviceRecord
from vaka.simulate.quirks import Quirk
from vaka.simulate.reports import Report
from vaka.simulate.writing import Writer
from vaka.sip.digest import challenge_headers
from vaka.sip.message import Headers, Request, Response
from vaka.sip.parse import parse

# What stands in the bytes of a device with the quirk, and what no longer does.
SIGNS = {
    Quirk.CONSTANT_IDENTIFIERS: (b"branch=z9hG4bK-0001", b"CSeq: 2 "),
    Quirk.NO_FROM_TAG: (b"From: <sip:4711@192.0.2.1>\r\n", b";tag="),
    Quirk.CONSTANT_FROM_TAG: (b";tag=1\r\n", None),
    Quirk.SPACED_LENGTH: (b"Content-Length:    ", None),
    Quirk.FOLDED_HEADERS: (b"\r\n ;tag=", None),
    Quirk.COMPACT_HEADERS: (b"\r\nv: SIP/2.0/UDP ", b"Via:"),
    Quirk.REVERSED_HEADERS: (b"SIP/2.0\r\nContent-Length:", None),
    Quirk.LF_LINE_ENDS: (b"SIP/2.0\nVia:", b"\r"),
    Quirk.XML_DECLARATION: (b'\r\n\r\n<?xml version="1.0" encoding="UTF-8"?>', None),
    Quirk.BYTE_ORDER_MARK: (b"\r\n\r\n\xef\xbb\xbf<mrq>", None),
    Quirk.TRAILING_LINE_END: (b"</mrq>\r\n", None),
    Quirk.PLAIN_TEXT: (b"Content-Type: text/plain\r\n", b"scaip"),
    Quirk.PADDED_VALUES: (b"<stc> 0010</stc>", b"<stc>"),
    Quirk.OTHER_DIGEST_URI: (b'uri="sip:alarm"', b'uri="sip:alarm@'),
    Quirk.DIGEST_WITHOUT_QOP: (b"algorithm=MD5\r\n", b"qop="),
    Quirk.PRIVATE_VIA: (b"192.168.1.10", b"UDP 127.0.0.1"),
}


def second_message(*quirks: Quirk) -> bytes:
    """The second message of a device, so that what counts on has done so; with credentials, as it was asked for."""
    record = DeviceRecord(cid="4711", password="secret", quirks=quirks)
    writer = Writer(record, "192.0.2.1", random.Random(3))
    writer.message(b"", "first", ("127.0.0.1", 5062))
    assert writer.heed(Response(401, "", Headers(challenge_headers("test", "abc", ("MD5",)))))
    return writer.message(writer.body(Report.BUTTON, "00000007"), "second", ("127.0.0.1", 5062))


def test_every_peculiarity_has_its_signs() -> None:
    assert set(SIGNS) == set(Quirk)


@pytest.mark.parametrize("quirk", Quirk)
def test_a_peculiarity_shows_and_hides_nothing(quirk: Quirk) -> None:
    plain, odd = second_message(), second_message(quirk)
    sign, absent = SIGNS[quirk]
    assert sign in odd
    assert sign not in plain
    if absent is not None and quirk is not Quirk.PADDED_VALUES:
        assert absent not in odd
        assert absent in plain
    found, expected = parse(odd), parse(plain)
    assert isinstance(found, Request)
    assert (found.method, found.call_id, found.from_.user) == ("MESSAGE", "second", "4711")
    said, meant = parse_mrq(found.body), parse_mrq(expected.body)
    assert (said.ref, said.cid, said.dty, said.stc, said.mty) == ("00000007", "4711", 3, 10, meant.mty)
    assert said.lco in (11, 12, 21, 42, 43)


def test_all_peculiarities_together_can_be_read() -> None:
    found = parse(second_message(*Quirk))
    assert parse_mrq(found.body).cid == "4711"


def test_a_device_without_any_counts_on() -> None:
    first, second = (parse(second_message()), parse(second_message()))
    assert second.cseq.number == 2
    assert first.top_via.branch == second.top_via.branch, "chance comes from outside: the same seed, the same message"
