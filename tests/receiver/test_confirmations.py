# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The `<mrs>`: to where the alarm came from, repeated until answered, given up in the end, never more than told."""

from typing import Any

import pytest

from tests.receiver.conftest import Register, Rows, Running, SaidIn, Start
from tests.receiver.devices import UdpDevice, message, mrq
from tests.sip.samples import request
from vaka.clock import TurnedClock
from vaka.receiver.confirmations import Confirmations
from vaka.receiver.counters import Confirmation, Counters
from vaka.receiver.exchange import Exchange
from vaka.receiver.limits import Limits
from vaka.receiver.surroundings import Surroundings
from vaka.scaip.body import Mrs, build_mrs, parse_mrs
from vaka.sip.build import respond
from vaka.sip.message import Request, Response
from vaka.sip.parse import parse
from vaka.tenants.authorities import Authority


class Wire:
    """A flow that keeps what is sent."""

    source = ("198.51.100.7", 6060)
    fingerprint = None

    def __init__(self, transport: Any = "udp") -> None:
        self.transport = transport
        self.sent: list[bytes] = []

    def send(self, data: bytes) -> None:
        """Keep it."""
        self.sent.append(data)

    def settle(self, answer: bytes | None) -> None:
        """Nothing to do."""


@pytest.fixture
def counters() -> Counters:
    """Fresh ones."""
    return Counters()


@pytest.fixture
def confirmations(clock: TurnedClock, counters: Counters) -> Confirmations:
    """At most two at a time."""
    around = Surroundings(clock, Limits(confirmations=2), counters)
    return Confirmations("receiver.example", {"udp": 5060, "tcp": 5060, "tls": 5061}, around)


def confirm(confirmations: Confirmations, counters: Counters, wire: Wire, **changed: Any) -> None:
    """Confirm an alarm that came over ``wire``."""
    asked = request(message("26317", mrq("26317"), **changed))
    confirmations.send(Exchange(asked, wire, counters, "t"), build_mrs(Mrs(ref="1", snu=0)))


def pass_time(confirmations: Confirmations, clock: TurnedClock, seconds: float) -> None:
    """Let time pass as the receiver does: in small steps, sweeping."""
    for _ in range(round(seconds / 0.05)):
        clock.turn(0.05)
        confirmations.sweep(clock.monotonic())


def answer(data: bytes, status: int = 200) -> bytes:
    """What a device answers."""
    sent = parse(data)
    assert isinstance(sent, Request)
    return respond(sent, status, source=None, to_tag="d")


def test_it_is_a_message_of_its_own_to_where_the_alarm_came_from(
    confirmations: Confirmations, counters: Counters
) -> None:
    wire = Wire()
    confirm(confirmations, counters, wire)
    sent = parse(wire.sent[0])
    assert isinstance(sent, Request)
    assert (sent.method, sent.content_type, parse_mrs(sent.body).ref) == ("MESSAGE", "application/scaip+xml", "1")
    assert sent.top_via[:3] == ("UDP", "receiver.example", 5060)
    assert sent.to.user == "26317"


def test_it_is_repeated_until_it_is_answered(
    confirmations: Confirmations, counters: Counters, clock: TurnedClock
) -> None:
    wire = Wire()
    confirm(confirmations, counters, wire)
    pass_time(confirmations, clock, 1.6)  # 0.5, then 1.0 more
    assert len(wire.sent) == 3
    assert len(set(wire.sent)) == 1
    confirmations.take_datagram(answer(wire.sent[0]))
    pass_time(confirmations, clock, 60)
    assert len(wire.sent) == 3
    assert len(confirmations) == 0
    assert counters.confirmations.nonzero() == {"sent": 1, "resent": 2, "answered": 1}


def test_it_is_given_up_after_eleven(confirmations: Confirmations, counters: Counters, clock: TurnedClock) -> None:
    wire = Wire()
    confirm(confirmations, counters, wire)
    pass_time(confirmations, clock, 60)
    assert len(wire.sent) == 11
    assert len(confirmations) == 0
    assert counters.confirmations[Confirmation.GIVEN_UP] == 1


def test_over_a_connection_it_is_sent_once(
    confirmations: Confirmations, counters: Counters, clock: TurnedClock
) -> None:
    wire = Wire("tcp")
    confirm(confirmations, counters, wire)
    pass_time(confirmations, clock, 31)
    assert (len(wire.sent), len(confirmations)) == (1, 1)
    pass_time(confirmations, clock, 2)
    assert (len(wire.sent), len(confirmations)) == (1, 0)
    assert counters.confirmations[Confirmation.GIVEN_UP] == 1


@pytest.mark.parametrize(
    ("status", "fate", "left"),
    [(100, "sent", 1), (200, "answered", 0), (202, "answered", 0), (404, "refused", 0), (603, "refused", 0)],
)
def test_every_final_answer_ends_it(
    confirmations: Confirmations, counters: Counters, status: int, fate: str, left: int
) -> None:
    wire = Wire()
    confirm(confirmations, counters, wire)
    confirmations.take_datagram(answer(wire.sent[0], status))
    assert (len(confirmations), counters.confirmations[fate]) == (left, 1)


def test_an_answer_to_nothing_changes_nothing(confirmations: Confirmations, counters: Counters) -> None:
    wire = Wire()
    confirm(confirmations, counters, wire)
    strangers = answer(wire.sent[0]).replace(b"z9hG4bKmrs", b"z9hG4bKmrx")
    for data in (strangers, b"SIP/2.0 200 OK\r\n\r\n", b"SIP/2.0 "):
        confirmations.take_datagram(data)
    response = parse(strangers)
    assert isinstance(response, Response)
    confirmations.take_response(response)
    assert len(confirmations) == 1
    assert counters.confirmations[Confirmation.UNMATCHED] == 4


def test_no_more_are_followed_than_there_is_room_for(
    confirmations: Confirmations, counters: Counters, clock: TurnedClock
) -> None:
    wires = [Wire() for _ in range(4)]
    for wire in wires:
        confirm(confirmations, counters, wire)
    pass_time(confirmations, clock, 60)
    assert [len(wire.sent) for wire in wires] == [11, 11, 1, 1]
    assert counters.confirmations[Confirmation.NOT_FOLLOWED] == 2


@pytest.mark.parametrize("uri", ['sip:a"b@x', "sip:a b@x", "", "*", "sip:\x01@x"])
def test_a_device_with_an_impossible_address_is_confirmed_all_the_same(
    confirmations: Confirmations, counters: Counters, uri: str
) -> None:
    wire = Wire()
    asked = request(message("26317", mrq("26317")))
    lines = [(name, f"<{uri}>;tag=1" if name in ("From", "Contact") else value) for name, value in asked.headers]
    strange = Request(asked.method, asked.uri, type(asked.headers)(lines), asked.body)
    confirmations.send(Exchange(strange, wire, counters, "t"), b"<mrs/>")
    sent = parse(wire.sent[0])
    assert isinstance(sent, Request)
    assert "\r\n" not in sent.uri


@pytest.mark.anyio
@pytest.mark.database
async def test_behind_address_translation_everything_goes_to_the_real_source(
    running: Running, register: Register, authority: Authority, said: SaidIn, udp_device: UdpDevice
) -> None:
    sender = register.device(authority)
    await running.knows(sender)
    response = await udp_device.ask(message(sender, mrq(sender), via_host="10.0.0.5"))
    host, port = udp_device.source
    assert (response.top_via.host, response.top_via.received, response.top_via.rport) == ("10.0.0.5", host, port)
    assert (await udp_device.mrs()).snu == 0
    await running.until(lambda: len(running.receiver.confirmations) == 0)
    assert [texts[3] for texts, _ in said(authority)] == [f"{host}:{port}"]


@pytest.mark.anyio
@pytest.mark.database
async def test_an_unanswered_confirmation_undoes_nothing(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    sender = register.device(authority)
    await running.knows(sender)
    udp_device.answers_requests = False
    assert (await udp_device.ask(message(sender, mrq(sender)))).status == 200
    first = await udp_device.mrs()
    assert await udp_device.mrs() == first  # half a second later
    assert rows(authority, "select state, messages from alarm") == [("received", 1)]


@pytest.mark.anyio
@pytest.mark.database
@pytest.mark.parametrize(
    ("public_host", "written"),
    [("2001:db8::7", "[2001:db8::7]"), ("[2001:db8::7]", "[2001:db8::7]"), ("larm.example.org", "larm.example.org")],
)
async def test_it_names_the_address_devices_know_us_by(
    start: Start, register: Register, authority: Authority, public_host: str, written: str
) -> None:
    sender = register.device(authority)
    device = UdpDevice((await start(public_host=public_host)).udp)
    assert (await device.ask(message(sender, mrq(sender)))).status == 200
    await device.hear()
    sent = device.requests.popleft()
    assert sent.from_.uri == f"sip:vaka@{written}"
    assert sent.top_via.host == written
    assert sent.call_id.endswith(f"@{written}")
    await device.close()
