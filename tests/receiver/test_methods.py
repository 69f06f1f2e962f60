# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Everything that is not an alarm: OPTIONS, REGISTER, what is not done here, and what is no message at all."""

import pytest

from tests.identities import blinded
from tests.receiver.conftest import Register, Rows, Running, TurnableClock
from tests.receiver.devices import UdpDevice, authorization, message, mrq
from vaka.receiver.counters import Reason
from vaka.sip.errors import SipFault
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def test_options(udp_device: UdpDevice) -> None:
    answer = await udp_device.ask(message("4711", b"", method="OPTIONS"))
    assert answer.status == 200
    assert "MESSAGE" in (answer.headers.first("allow") or "")
    assert "application/scaip+xml" in (answer.headers.first("accept") or "")


@pytest.mark.parametrize(
    ("method", "status"), [("INVITE", 405), ("CANCEL", 405), ("BYE", 405), ("SUBSCRIBE", 405), ("EXPLODE", 501)]
)
async def test_what_is_not_done_here(running: Running, udp_device: UdpDevice, method: str, status: int) -> None:
    answer = await udp_device.ask(message("4711", b"", method=method))
    assert answer.status == status
    assert "MESSAGE" in (answer.headers.first("allow") or "")
    assert running.refusals(Reason.METHOD) == 1


async def test_an_ack_is_never_answered(running: Running, udp_device: UdpDevice) -> None:
    await udp_device.send(message("4711", b"", method="ACK"))
    await running.until(lambda: running.receiver.counters.received["ACK"] == 1)
    assert await udp_device.is_silent(0.05)


@pytest.mark.parametrize(
    ("datagram", "fault"),
    [
        (b"\x00\x01\x00\x00", SipFault.HEAD_UNFINISHED),
        (b"GET / HTTP/1.1\r\n\r\n", SipFault.START_LINE),
        (b"MESSAGE sip:a@b SIP/2.0\r\n\r\n", SipFault.HEADER_MISSING),
        (b"A" * 65_000, SipFault.HEAD_TOO_LARGE),
    ],
    ids=["binary", "http", "empty", "huge"],
)
async def test_garbage_is_dropped_and_counted(
    running: Running, udp_device: UdpDevice, datagram: bytes, fault: SipFault
) -> None:
    await udp_device.send(datagram)
    await running.until(lambda: running.receiver.counters.unreadable.total() == 1)
    assert await udp_device.is_silent(0.05)
    assert (await udp_device.ask(message("4711", b"", method="OPTIONS"))).status == 200
    assert running.receiver.counters.unreadable.nonzero() in ({fault: 1}, {SipFault.START_LINE: 1})


async def test_a_keep_alive_is_no_fault(running: Running, udp_device: UdpDevice) -> None:
    await udp_device.send(b"\r\n\r\n")
    await running.until(lambda: running.receiver.counters.received["keep_alive"] == 1)
    assert running.receiver.counters.unreadable.total() == 0


async def test_half_a_datagram_is_answered_400(
    running: Running, register: Register, authority: Authority, udp_device: UdpDevice
) -> None:
    sender = register.device(authority)
    await running.knows(sender)
    data = message(sender, mrq(sender))
    assert (await udp_device.ask(data[:-1])).status == 400
    assert running.receiver.counters.unreadable[SipFault.BODY_UNFINISHED] == 1
    assert (await udp_device.ask(data)).status == 200


@pytest.mark.parametrize(
    ("change", "deviation"),
    [
        ((b"Content-Length: ", b"Content-Length: 9"), "body_shorter_than_stated"),
        ((b"Max-Forwards: 70", b"Max-Forwards 70"), "header_line_unreadable"),
        ((b"Max-Forwards: 70", b": 70"), "header_line_unreadable"),
    ],
)
async def test_a_slip_in_the_head_does_not_cost_an_alarm(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice,
    change: tuple[bytes, bytes], deviation: str,
) -> None:  # fmt: skip
    sender = register.device(authority)
    await running.knows(sender)
    data = message(sender, mrq(sender, dty="5"))
    assert change[0] in data
    assert (await udp_device.ask(data.replace(*change))).status == 200
    assert (await udp_device.mrs()).snu == 0
    assert rows(authority, "select kind from alarm") == [("fall",)]
    assert rows(authority, "select deviations from message") == [([deviation],)]


async def test_a_device_is_known_by_its_name_however_it_is_written(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    sender = register.device(authority)
    await running.knows(sender)
    written = f"%{ord(sender[0]):02X}{sender[1:]};phone-context=x"
    assert (await udp_device.ask(message(written, mrq(sender)))).status == 200
    assert (await udp_device.ask(message(written, mrq(None)))).status == 200
    assert rows(authority, "select deviations from message where 'sender_differs' = any(deviations)") == []
    assert rows(authority, "select count(*) from message") == [(2,)]


async def test_a_fault_of_ours_is_one_device_s_503(
    running: Running, register: Register, authority: Authority, udp_device: UdpDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = register.device(authority)
    await running.knows(sender)
    with monkeypatch.context() as patched:
        patched.setattr(running.receiver.storage, "offer", lambda arrival: 1 / 0)
        assert (await udp_device.ask(message(sender, mrq(sender)))).status == 503
    assert running.refusals(Reason.INTERNAL) == 1
    assert (await udp_device.ask(message(sender, mrq(sender)))).status == 200


def registration(sender: str, contact: str | None, *headers: tuple[str, str]) -> bytes:
    """A REGISTER."""
    return message(sender, b"", method="REGISTER", contact=contact, headers=headers, content_type=None)


async def test_a_device_registers_is_found_and_takes_its_place_back(
    running: Running, register: Register, authority: Authority, udp_device: UdpDevice
) -> None:
    known = register.digest_device(authority)
    await running.knows(known.sender)
    registrar = running.receiver.registrar
    contact = f"sip:{known.sender}@10.0.0.5:5060"
    challenged = await udp_device.ask(registration(known.sender, contact))
    assert challenged.status == 401
    proof = authorization(challenged, known, method="REGISTER")
    answer = await udp_device.ask(registration(known.sender, contact, proof, ("Expires", "120")))
    assert answer.status == 200
    assert answer.contact is not None
    assert (answer.contact.uri, answer.expires) == (contact, 120)
    found = registrar.find(blinded(known.sender))
    assert found is not None
    assert (found.contact, found.source) == (contact, udp_device.source)
    asking = authorization(challenged, known, method="REGISTER", number=2)
    assert (await udp_device.ask(registration(known.sender, None, asking))).contact == answer.contact
    leaving = authorization(challenged, known, method="REGISTER", number=3)
    left = await udp_device.ask(registration(known.sender, "*", leaving, ("Expires", "0")))
    assert (left.status, left.contact) == (200, None)
    assert registrar.find(blinded(known.sender)) is None


async def test_a_registration_ends_and_is_never_longer_than_allowed(
    running: Running, register: Register, authority: Authority, udp_device: UdpDevice, turnable: TurnableClock
) -> None:
    sender = register.device(authority)
    await running.knows(sender)
    long = await udp_device.ask(registration(sender, "sip:a@10.0.0.5", ("Expires", "999999")))
    assert long.expires == 3600
    await udp_device.ask(registration(sender, "sip:a@10.0.0.5", ("Expires", "60")))
    assert running.receiver.registrar.find(blinded(sender)) is not None
    turnable.ahead_seconds += 60.05
    assert running.receiver.registrar.find(blinded(sender)) is None


async def test_a_stranger_does_not_register(running: Running, udp_device: UdpDevice) -> None:
    assert (await udp_device.ask(registration("4711", "sip:a@10.0.0.5"))).status == 404
    assert running.refusals(Reason.SENDER_UNKNOWN) == 1
