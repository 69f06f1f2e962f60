# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What we send: answers that find their way back, requests that read as they were meant, and no line too many."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.sip.samples import message, request
from vaka.sip.build import RequestForm, build_request, respond
from vaka.sip.errors import SipError, SipFault
from vaka.sip.message import Response
from vaka.sip.parse import parse

SOURCE = ("203.0.113.7", 40111)


def answer(data: bytes, **arguments: Any) -> Response:
    found = parse(respond(request(data), 200, **{"source": SOURCE, "to_tag": "ours", **arguments}))
    assert isinstance(found, Response)
    return found


def test_an_answer_copies_what_identifies_the_request() -> None:
    found = answer(message())
    assert (found.status, found.reason, found.body) == (200, "OK", b"")
    assert found.headers.first("From") == "<sip:26317@192.0.2.1>;tag=8c1d"
    assert found.headers.first("To") == "<sip:larm@192.0.2.1>;tag=ours"
    assert (found.call_id, found.cseq) == ("7d0e1a@192.168.1.20", (1, "MESSAGE"))
    assert found.headers.first("Content-Length") == "0"


def test_device_behind_nat_is_answered_at_its_real_source() -> None:
    via = answer(message()).top_via
    assert (via.host, via.port) == ("192.168.1.20", 5060)
    assert (via.received, via.rport, via.branch) == ("203.0.113.7", 40111, "z9hG4bK-5f3c")


def test_without_rport_only_the_address_is_added() -> None:
    via = answer(message({"Via": "SIP/2.0/UDP 10.0.0.2;branch=b"})).top_via
    assert (via.received, via.rport) == ("203.0.113.7", None)


def test_what_the_sender_claimed_to_be_received_from_is_replaced() -> None:
    via = answer(message({"Via": "SIP/2.0/UDP 10.0.0.2;received=192.0.2.66;rport=1;branch=b"})).headers.first("Via")
    assert via == "SIP/2.0/UDP 10.0.0.2;branch=b;rport=40111;received=203.0.113.7"


def test_all_vias_are_copied_and_only_the_topmost_is_stamped() -> None:
    found = answer(message({"Via": "SIP/2.0/UDP a;branch=1, SIP/2.0/UDP b;branch=2"}, more=("v: SIP/2.0/TCP c;rport",)))
    assert found.headers.all("Via") == [
        "SIP/2.0/UDP a;branch=1;received=203.0.113.7, SIP/2.0/UDP b;branch=2",
        "SIP/2.0/TCP c;rport",
    ]


@pytest.mark.parametrize(
    ("host", "received"),
    [("2001:db8::5", "2001:db8::5"), ("fe80::1%eth0", "fe80::1"), ("::ffff:192.0.2.7", "192.0.2.7")],
)
def test_addresses_as_sockets_give_them(host: str, received: str) -> None:
    assert answer(message(), source=(host, 1)).top_via.received == received


def test_without_a_source_the_via_stays() -> None:
    assert answer(message(), source=None).headers.first("Via") == request(message()).headers.first("Via")


def test_a_to_tag_that_is_there_stays() -> None:
    assert answer(message({"To": "<sip:larm@192.0.2.1>;tag=theirs"})).to.tag == "theirs"


def test_further_headers() -> None:
    assert answer(message(), headers=[("Retry-After", "5")]).headers.first("retry-after") == "5"


def test_a_request_that_could_not_be_read_is_answered() -> None:
    with pytest.raises(SipError) as caught:
        parse(message({"Via": "nonsense;rport", "CSeq": "x"}))
    assert caught.value.partial is not None
    data = respond(caught.value.partial, caught.value.status, source=SOURCE, to_tag="ours")
    assert data.startswith(b"SIP/2.0 400 Bad Request\r\nVia: nonsense;rport=40111;received=203.0.113.7\r\n")
    assert b"\r\nCSeq: x\r\n" in data


ARGUMENTS: dict[str, Any] = {
    "method": "MESSAGE",
    "uri": "sip:26317@10.0.0.2:5060",
    "via_transport": "TCP",
    "via_host": "192.0.2.1",
    "via_port": 5060,
    "branch": "z9hG4bK-9",
    "from_uri": "sip:larm@192.0.2.1",
    "from_tag": "f1",
    "to_uri": "sip:26317@192.0.2.1",
    "to_tag": "t1",
    "call_id": "c1@192.0.2.1",
    "cseq": 7,
    "contact": "sip:larm@192.0.2.1:5060",
    "body": b"<mrs><ref>1</ref><snu>0</snu></mrs>",
    "content_type": "application/scaip+xml",
    "headers": [("User-Agent", "vaka")],
}


def test_a_request_reads_as_it_was_meant() -> None:
    found = request(build_request(**ARGUMENTS))
    assert (found.method, found.uri, found.body) == ("MESSAGE", ARGUMENTS["uri"], ARGUMENTS["body"])
    assert found.top_via == ("TCP", "192.0.2.1", 5060, "z9hG4bK-9", 0, None)
    assert (found.from_.uri, found.from_.tag) == ("sip:larm@192.0.2.1", "f1")
    assert (found.to.uri, found.to.tag) == ("sip:26317@192.0.2.1", "t1")
    assert (found.call_id, found.cseq) == ("c1@192.0.2.1", (7, "MESSAGE"))
    assert found.contact is not None
    assert found.contact.uri == "sip:larm@192.0.2.1:5060"
    assert (found.content_type, found.headers.first("user-agent")) == ("application/scaip+xml", "vaka")


def test_the_smallest_request() -> None:
    absent = {"to_tag": None, "contact": None, "body": b"", "content_type": None, "headers": ()}
    found = request(build_request(**ARGUMENTS | absent))
    assert (found.to.tag, found.contact, found.content_type, found.body) == (None, None, None, b"")
    assert found.headers.first("Content-Length") == "0"


def test_ipv6_host() -> None:
    assert request(build_request(**ARGUMENTS | {"via_host": "2001:db8::5"})).top_via.host == "[2001:db8::5]"


TEXTS = [name for name, value in ARGUMENTS.items() if isinstance(value, str)]


@pytest.mark.parametrize("evil", ["a\r\nVia: x", "a\nb", "a\rb", "a\0b", "\ud800"])
@pytest.mark.parametrize("name", TEXTS)
def test_no_argument_adds_a_line(name: str, evil: str) -> None:
    with pytest.raises(SipError) as caught:
        build_request(**ARGUMENTS | {name: evil})
    assert caught.value.code is SipFault.UNSAFE_TEXT


@pytest.mark.parametrize("name", ["uri", "from_uri", "to_uri", "contact"])
def test_no_uri_leaves_its_brackets(name: str) -> None:
    with pytest.raises(SipError):
        build_request(**ARGUMENTS | {name: "sip:1@a>;tag=stolen"})


@pytest.mark.parametrize("name", ["branch", "from_tag", "to_tag", "method"])
def test_no_token_brings_a_parameter(name: str) -> None:
    with pytest.raises(SipError):
        build_request(**ARGUMENTS | {name: "a;received=192.0.2.66"})


FORM: dict[str, Any] = {
    "method": "MESSAGE",
    "via_transport": "UDP",
    "via_host": "2001:db8::5",
    "via_port": 5060,
    "branch_mark": "z9hG4bK",
    "from_uri": "sip:larm@192.0.2.1",
    "content_type": "application/scaip+xml",
}
FILLED: dict[str, Any] = {"uri": "sip:26317@192.0.2.7", "to_uri": "sip:26317@192.0.2.1", "token": "0123456789abcdef"}


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize("body", [b"", b"<mrs><ref>1</ref><snu>0</snu></mrs>"])
def test_a_form_is_filled_to_the_request_that_would_have_been_built(body: bytes, same: bool) -> None:
    filled = FILLED | ({"to_uri": FILLED["uri"]} if same else {})
    common = {name: value for name, value in FORM.items() if name != "branch_mark"}
    host = "[2001:db8::5]"
    assert RequestForm(**FORM).fill(**filled, body=body) == build_request(
        **common,
        uri=filled["uri"],
        to_uri=filled["to_uri"],
        branch="z9hG4bK0123456789abcdef",
        from_tag="0123456789ab",
        call_id=f"0123456789abcdef@{host}",
        cseq=1,
        body=body,
    )


@pytest.mark.parametrize("evil", ["", "a b", "a\r\nVia: x", "a\nb", "a\rb", "a\0b", "a>;tag=stolen"])
@pytest.mark.parametrize("name", [name for name, value in (FORM | FILLED).items() if isinstance(value, str)])
def test_nothing_leaves_its_place_in_a_form(name: str, evil: str) -> None:
    with pytest.raises(SipError) as caught:
        RequestForm(**FORM | ({name: evil} if name in FORM else {})).fill(
            **FILLED | ({name: evil} if name in FILLED else {}), body=b""
        )
    assert caught.value.code is SipFault.UNSAFE_TEXT


@pytest.mark.parametrize("name", FILLED)
def test_half_a_surrogate_pair_is_no_text_for_a_form(name: str) -> None:
    with pytest.raises(SipError):
        RequestForm(**FORM).fill(**FILLED | {name: "\ud800"}, body=b"")


@pytest.mark.parametrize("header", [("X", "a\r\nb"), ("X\r\nY", "a"), ("X", "a\nb")])
def test_no_header_adds_a_line(header: tuple[str, str]) -> None:
    with pytest.raises(SipError):
        respond(request(message()), 200, source=SOURCE, to_tag="t", headers=[header])
    with pytest.raises(SipError):
        build_request(**ARGUMENTS | {"headers": [header]})


def test_no_tag_adds_a_line() -> None:
    with pytest.raises(SipError):
        respond(request(message()), 200, source=SOURCE, to_tag="t\r\nX: y")


@given(st.fixed_dictionaries({name: st.text(max_size=12) for name in TEXTS}))
@example(dict.fromkeys(TEXTS, "0"))
def test_any_texts_give_the_same_request_or_the_one_exception(texts: dict[str, str]) -> None:
    try:
        data = build_request(**ARGUMENTS | texts)
    except SipError:
        return
    head, _, body = data.partition(b"\r\n\r\n")
    usual, _, usual_body = build_request(**ARGUMENTS).partition(b"\r\n\r\n")
    assert (head.count(b"\n"), body) == (usual.count(b"\n"), usual_body)
