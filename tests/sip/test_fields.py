# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""CSeq, Via and addresses, as many stacks write them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vaka.sip.errors import SipError
from vaka.sip.fields import (
    Address,
    CSeq,
    Via,
    _read_any_address,
    read_address,
    read_cseq,
    read_number,
    read_via,
    require_via,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<sip:1@a>", Address("", "sip:1@a", "1", "a", None)),
        ("sip:1@a;tag=x", Address("", "sip:1@a", "1", "a", "x")),
        ("<sip:1@a;transport=tcp>;tag=x", Address("", "sip:1@a;transport=tcp", "1", "a", "x")),
        ("<sip:1@a>; Tag = x ;q=1", Address("", "sip:1@a", "1", "a", "x")),
        ('"Anna" <sip:1@a>', Address("Anna", "sip:1@a", "1", "a", None)),
        ('"A \\"b\\" <c>;tag=no" <sip:1@a>;tag=x', Address('A "b" <c>;tag=no', "sip:1@a", "1", "a", "x")),
        ("Anna Ek <sip:1@a>", Address("Anna Ek", "sip:1@a", "1", "a", None)),
        ("<sip:1:secret@a:5062>", Address("", "sip:1:secret@a:5062", "1", "a", None)),
        ("<sips:a>", Address("", "sips:a", None, "a", None)),
        ("<sip:1@[2001:db8::5]:5060>", Address("", "sip:1@[2001:db8::5]:5060", "1", "[2001:db8::5]", None)),
        ("<tel:+46701740605>;tag=x", Address("", "tel:+46701740605", "+46701740605", None, "x")),
        ("1@a", Address("", "1@a", "1", "a", None)),
        ("<sip:%34711@a>", Address("", "sip:%34711@a", "4711", "a", None)),
        ("<sip:a%20b%C3%A5@a>", Address("", "sip:a%20b%C3%A5@a", "a bå", "a", None)),
        ("<sip:1%zz%@a>", Address("", "sip:1%zz%@a", "1%zz%", "a", None)),
        ("<sip:+46701740605;phone-context=x@a;user=phone>",
         Address("", "sip:+46701740605;phone-context=x@a;user=phone", "+46701740605", "a", None)),
        ("<sip:1%3B2;x@a>", Address("", "sip:1%3B2;x@a", "1;2", "a", None)),
        ("<sip:;x@a>", Address("", "sip:;x@a", None, "a", None)),
        ("*", Address("", "*", None, "*", None)),
        ("<sip:1@a", Address("", "sip:1@a", "1", "a", None)),
        ("", Address("", "", None, None, None)),
        ('"open', Address("", '"open', None, '"open', None)),
    ],
)  # fmt: skip
def test_address(value: str, expected: Address) -> None:
    assert read_address(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("SIP/2.0/UDP a", Via("UDP", "a", None, None, None, None)),
        ("SIP/2.0/UDP a:5060;branch=b", Via("UDP", "a", 5060, "b", None, None)),
        ("sip/2.0/tls a;rport;branch=b", Via("TLS", "a", None, "b", 0, None)),
        ("SIP/2.0/TCP a;RPORT=7;Received=192.0.2.9", Via("TCP", "a", None, None, 7, "192.0.2.9")),
        ("SIP / 2.0 / UDP  a : 5062 ; branch = b ; x", Via("UDP", "a", 5062, "b", None, None)),
        ("SIP/2.0/UDP a;branch=b, SIP/2.0/UDP c;branch=d", Via("UDP", "a", None, "b", None, None)),
        ("SIP/2.0/UDP [2001:db8::5]:5061;branch=b", Via("UDP", "[2001:db8::5]", 5061, "b", None, None)),
        ("SIP/2.0/UDP a;branch=;rport=x", Via("UDP", "a", None, "", 0, None)),
    ],
)
def test_via(value: str, expected: Via) -> None:
    assert read_via(value) == expected
    require_via(value)


@pytest.mark.parametrize("value", ["", "a", "SIP/2.0/UDP", "SIP/1.0/UDP a", "SIP/2.0/UDP a:port", "SIP/2.0/UDP a b"])
def test_via_refused(value: str) -> None:
    with pytest.raises(SipError):
        read_via(value)
    with pytest.raises(SipError):
        require_via(value)


def test_cseq() -> None:
    assert read_cseq("4294967295 \t MESSAGE") == CSeq(4294967295, "MESSAGE")


@pytest.mark.parametrize("value", ["", "1", "MESSAGE", "-1 MESSAGE", "1 MESS AGE", "12345678901 MESSAGE", "１ MESSAGE"])
def test_cseq_refused(value: str) -> None:
    with pytest.raises(SipError):
        read_cseq(value)


@pytest.mark.parametrize("text", ["", "+1", "-1", "1_0", " 1", "１", "²", "1.0", "0x1", "12345678901"])
def test_only_plain_digits_are_a_number(text: str) -> None:
    assert read_number(text) is None


@given(st.text())
def test_reading_an_address_never_fails(value: str) -> None:
    read_address(value)


_usual_words = st.text(st.sampled_from("aZ09.-%;@:> "), max_size=6)


@given(_usual_words, _usual_words, st.none() | _usual_words)
@example("26317", "192.0.2.1", "8c1d")
@example("26317", "alarm-1.example", None)
def test_the_short_way_of_reading_an_address_leads_where_the_long_one_does(
    user: str, host: str, tag: str | None
) -> None:
    value = f"<sip:{user}@{host}>" + (f";tag={tag}" if tag is not None else "")
    assert read_address(value) == _read_any_address(value)
