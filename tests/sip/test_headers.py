# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Header lines are found whatever their case or form, and keep their order."""

import pytest

from tests.sip.samples import message, request
from vaka.sip.errors import SipError
from vaka.sip.headers import Headers
from vaka.sip.message import Request

LINES = [("v", "one"), ("X-Other", "x"), ("VIA", "two"), ("Via", "three")]


def test_all_lines_of_a_name_in_order() -> None:
    assert Headers(LINES).all("via") == ["one", "two", "three"]
    assert Headers(LINES).all("V") == ["one", "two", "three"]
    assert Headers(LINES).first("Via") == "one"


def test_absent() -> None:
    assert Headers(LINES).first("From") is None
    assert Headers(LINES).all("From") == []
    assert "f" not in Headers(LINES)
    assert 3 not in Headers(LINES)


def test_order_and_spelling_are_kept() -> None:
    assert list(Headers(LINES)) == LINES
    assert len(Headers(LINES)) == 4


def test_equality() -> None:
    assert Headers(LINES) == Headers(LINES)
    assert Headers(LINES) != Headers(LINES[1:])
    assert Headers(LINES) != LINES


def test_a_returned_list_is_the_callers_own() -> None:
    headers = Headers(LINES)
    headers.all("via").clear()
    assert len(headers.all("via")) == 3


@pytest.mark.parametrize(
    ("lines", "expires"),
    [
        (("Contact: <sip:1@a>;expires=60", "Expires: 3600"), 60),
        (("Contact: <sip:1@a>", "Expires: 3600"), 3600),
        (("Expires: soon",), None),
        (("m: *", "Expires: 0"), 0),
        ((), None),
    ],
)
def test_expires(lines: tuple[str, ...], expires: int | None) -> None:
    assert request(message(more=lines)).expires == expires


def test_contact() -> None:
    contact = request(message(more=("m: <sip:26317@10.0.0.2:5060>",))).contact
    assert contact is not None
    assert contact.uri == "sip:26317@10.0.0.2:5060"


def test_a_message_made_by_hand_says_what_it_lacks() -> None:
    bare = Request("OPTIONS", "sip:a", Headers())
    assert bare.from_.user is None
    for name in ("call_id", "cseq", "top_via"):
        with pytest.raises(SipError):
            getattr(bare, name)
