# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which messages are read first: whatever is a life alarm or a request to anybody waits for nothing."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.identities import IDENTITIES
from tests.receiver.devices import message, mrq
from vaka.receiver.directory import Directory
from vaka.receiver.precedence import Turn
from vaka.receiver.udp import plain_body
from vaka.scaip.classes import AlarmClass
from vaka.scaip.codes import DEVICE_TYPES, STATUSES, MessageType
from vaka.sip.errors import SipError, SipFault
from vaka.sip.parse import parse
from vaka.tenants.directory import ClassOverride

AUTHORITY, ANOTHER = UUID(int=1), UUID(int=2)
AT_ONCE, LATER, LAST = Turn.AT_ONCE, Turn.LATER, Turn.LAST
URGENT = (AlarmClass.LIFE, AlarmClass.REQUEST)


def body(mty: str | None, dty: int | None, stc: int | None) -> bytes:
    fields = {"mty": mty, "dty": dty, "stc": stc}
    return mrq("4711", **{tag: "" if value is None else str(value) for tag, value in fields.items()})


def directory(*overrides: ClassOverride) -> Directory:
    made = Directory(IDENTITIES)
    made.set_overrides(overrides)
    return made


@pytest.mark.parametrize(
    ("kind", "turn"),
    [
        (("ME", 2, 10), AT_ONCE), (("ME", 2, None), AT_ONCE), ((None, None, None), AT_ONCE), (("ME", 5, 9), AT_ONCE),
        (("IN", 2, 110), AT_ONCE), (("RE", 2, 93), AT_ONCE), (("ME", 2, 19), AT_ONCE), (("ME", 11, 81), AT_ONCE),
        (("ME", 2, 7777), AT_ONCE), (("RE", 2, 7777), AT_ONCE),
        (("ME", 2, 85), LATER), (("IN", 2, 86), LATER), (("RE", 3, 16), LATER), (("ME", 23, 14), LATER),
        (("ME", 2, 125), LATER), (("ME", 2, 91), LATER),
        (("PI", 2, None), LAST), (("PI", 2, 10), LAST), (("ME", 2, 102), LAST), (("RE", 2, 103), LAST),
        (("IN", 2, 83), LAST), (("ME", 2, 87), LAST), (("IN", 2, None), LAST),
    ],
)  # fmt: skip
def test_what_is_plainly_no_alarm_waits(kind: tuple[str | None, int | None, int | None], turn: Turn) -> None:
    assert directory().precedence.turn(body(*kind)) is turn


def test_what_any_authority_calls_urgent_waits_for_nobody() -> None:
    made = directory(
        ClassOverride(AUTHORITY, None, None, 125, "life"), ClassOverride(ANOTHER, "PI", 26, None, "request")
    )
    assert made.precedence.turn(body("ME", 2, 125)) is AT_ONCE
    assert made.precedence.turn(body("IN", 2, 125)) is AT_ONCE
    assert made.precedence.turn(body("PI", 26, None)) is AT_ONCE
    assert made.precedence.turn(body("PI", 2, None)) is LAST
    assert made.precedence.turn(body("ME", 2, 85)) is LATER
    made.set_overrides([])
    assert made.precedence.turn(body("ME", 2, 125)) is LATER, "until it does so no longer"


def test_what_one_authority_calls_less_urgent_is_read_at_once_for_the_others() -> None:
    made = directory(
        ClassOverride(AUTHORITY, None, 46, None, "technical"), ClassOverride(AUTHORITY, None, 81, 81, "test")
    )
    assert made.precedence.turn(body("ME", 46, 9)) is AT_ONCE
    assert made.precedence.turn(body("ME", 81, 81)) is AT_ONCE


def test_a_rule_on_a_device_type_leaves_its_faults_where_they_are() -> None:
    """The status outweighs the type, for the authority too: its battery is still a fault."""
    made = directory(ClassOverride(AUTHORITY, None, 2, None, "life"))
    assert made.precedence.turn(body("ME", 2, 16)) is LATER


@pytest.mark.parametrize("urgent", [23, 112, 91])
def test_a_fault_and_its_end_keep_their_order(urgent: int) -> None:
    """Where one of them is urgent to somebody: else a fault that is over would stand, or one that stands be closed."""
    made = directory(ClassOverride(AUTHORITY, "ME", 2, urgent, "request"))
    for mty in ("ME", "IN", "RE"):
        for stc in (23, 112, 24, 113, 91):
            assert made.precedence.turn(body(mty, 2, stc)) is AT_ONCE
            assert made.precedence.turn(body(mty, 46, stc)) is LATER, "of these devices only"
    assert made.precedence.turn(body("ME", 2, 85)) is LATER


_overrides = st.lists(
    st.builds(
        ClassOverride,
        st.sampled_from([AUTHORITY, ANOTHER]),
        st.none() | st.sampled_from([*MessageType]),
        st.none() | st.sampled_from([2, 46]),
        st.none() | st.sampled_from([10, 14, 15, 85, 91, 102, 83]),
        st.sampled_from([*AlarmClass]),
    ),
    max_size=6,
)


@given(_overrides)
def test_nothing_that_waits_is_urgent_to_anybody(overrides: list[ClassOverride]) -> None:
    made = directory(*overrides)
    for mty in MessageType:
        for dty in (None, 2, 3, 46):
            for stc in (None, 10, 14, 15, 85, 86, 91, 102, 83, 7777):
                if made.precedence.turn(body(mty, dty, stc)) is not AT_ONCE:
                    for authority in (AUTHORITY, ANOTHER):
                        assert made.table(authority).verdict(mty, dty, stc).alarm_class not in URGENT


def test_every_code_of_the_standard_table_has_the_turn_of_its_class() -> None:
    made = directory()
    for mty in MessageType:
        for dty in DEVICE_TYPES:
            for stc in (None, *STATUSES):
                urgent = made.table(AUTHORITY).verdict(mty, dty, stc).alarm_class in URGENT
                assert (made.precedence.turn(body(mty, dty, stc)) is AT_ONCE) == urgent


FAULT = mrq("4711", stc="85")
PLAIN = message("4711", FAULT)
LENGTH = b"Content-Length: %d" % len(FAULT)


@pytest.mark.parametrize(
    "datagram",
    [
        PLAIN,
        PLAIN.replace(b"\r\n", b"\n"),
        PLAIN.replace(LENGTH, b"l: %d" % len(FAULT)),
        PLAIN.replace(LENGTH, b"Content-Length:   %d" % len(FAULT)),
    ],
)
def test_a_body_is_found_where_the_head_says_how_long_it_is(datagram: bytes) -> None:
    assert plain_body(datagram) == FAULT == parse(datagram).body


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\r\n\r\n",
        b"\r\n" + PLAIN,
        b"SIP/2.0 200 OK\r\n\r\n",
        FAULT,
        PLAIN + b"more",
        PLAIN[:-1],
        PLAIN.replace(LENGTH, b"Content-Length: 40"),  # cut: the status is gone, and so it is a press of a button
        PLAIN.replace(LENGTH, b"X-Length: 40"),
        PLAIN.replace(LENGTH, b"Content-Length:"),
        PLAIN.replace(LENGTH, b"X-Folded: here\r\n " + LENGTH),
        PLAIN.replace(b"Max-Forwards", b"X-Filling: " + 8192 * b"x" + b"\r\nMax-Forwards"),
    ],
)
def test_without_that_a_datagram_is_read_at_once(datagram: bytes) -> None:
    assert plain_body(datagram) == b""
    assert directory().precedence.turn(b"") is AT_ONCE


_LINES = [b"Content-Length: ", b"content-length:", b"l: ", b"40", b"%d" % len(FAULT), b"0", b"\r\n", b"\n", b" ", b"X:"]


def body_that_is_read(datagram: bytes) -> bytes | None:
    """None where the message is refused, and so no alarm."""
    try:
        return parse(datagram).body
    except SipError as error:
        return error.partial.body if error.partial is not None and error.code is SipFault.BODY_UNFINISHED else None


@given(st.lists(st.sampled_from([*_LINES, b"\r\n\r\n", FAULT, b"x"]), max_size=8), st.booleans())
def test_a_body_that_is_found_is_the_one_that_will_be_read(pieces: list[bytes], has_rest: bool) -> None:
    start, name, rest = PLAIN.partition(b"Content-Length")
    datagram = start + b"".join(pieces) + (name + rest if has_rest else b"")
    read = body_that_is_read(datagram)
    if read is not None:
        assert plain_body(datagram) in (b"", read)
