# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""TCP: whatever the network or a stranger does to a connection, the others are served."""

import asyncio
import gc
import socket
import struct
from dataclasses import replace
from weakref import ref

import pytest

from tests.receiver.conftest import Locked, Register, Rows, Running, Start
from tests.receiver.devices import HOST, TcpDevice, UdpDevice, message, mrq
from tests.receiver.process import Place
from tests.waiting import wait_until
from vaka.receiver.counters import Reason
from vaka.receiver.limits import Limits
from vaka.sip.errors import SipFault
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def sender(running: Running, register: Register, authority: Authority) -> str:
    """A device that is known."""
    sender = register.device(authority)
    await running.knows(sender)
    return sender


def alarm(sender: str, **fields: str) -> bytes:
    """An alarm over TCP."""
    return message(sender, mrq(sender, **fields), transport="TCP")


async def test_two_messages_in_one_segment(
    sender: str, authority: Authority, rows: Rows, tcp_device: TcpDevice
) -> None:
    await tcp_device.send(alarm(sender, ref="1") + alarm(sender, ref="2"))
    assert [(await tcp_device.response()).status for _ in range(2)] == [200, 200]
    assert {(await tcp_device.mrs()).ref for _ in range(2)} == {"1", "2"}
    assert rows(authority, "select messages from alarm") == [(2,)]


async def test_one_message_in_many_segments(
    sender: str, authority: Authority, rows: Rows, tcp_device: TcpDevice
) -> None:
    data = alarm(sender)
    for start in range(0, len(data), 61):
        await tcp_device.send(data[start : start + 61])
        await asyncio.sleep(0)
    assert (await tcp_device.response()).status == 200
    assert rows(authority, "select messages from alarm") == [(1,)]


async def test_keep_alives_are_answered(sender: str, tcp_device: TcpDevice) -> None:
    await tcp_device.send(b"\r\n\r\n")
    assert await tcp_device.reader.readexactly(2) == b"\r\n"
    assert (await tcp_device.ask(alarm(sender))).status == 200


async def test_the_answer_that_is_owed_is_given_after_the_device_has_hung_up_its_side(
    sender: str, locked: Locked, authority: Authority, tcp_device: TcpDevice
) -> None:
    tcp_device.answers_requests = False  # it cannot any more
    with locked(authority, "message"):
        await tcp_device.send(alarm(sender, ref="77"))
        tcp_device.writer.write_eof()
        await asyncio.sleep(0.05)
    assert (await tcp_device.response()).status == 200
    assert (await tcp_device.mrs()).ref == "77", "and its confirmation too"
    assert await tcp_device.is_closed()


@pytest.mark.parametrize("count", [1, 60], ids=["one", "many"])
@pytest.mark.parametrize("fields", [{}, {"mty": "PI"}], ids=["alarm", "heartbeat"])
async def test_who_hangs_up_his_side_at_once_gets_every_answer_and_every_confirmation(
    running: Running, register: Register, authority: Authority, fields: dict[str, str], count: int
) -> None:
    senders = [register.device(authority) for _ in range(count)]
    await running.knows(*senders)
    device = await TcpDevice.connect(running.tcp)
    device.answers_requests = False
    await device.send(b"".join(alarm(sender, **fields) for sender in senders))
    device.writer.write_eof()
    assert [(await device.response()).status for _ in senders] == [200] * count
    assert [(await device.mrs()).snu for _ in senders] == [0] * count
    assert await device.is_closed()
    await running.until(lambda: running.receiver.connections.count == 0)
    await device.close()


async def test_an_alarm_is_stored_though_its_device_is_gone(
    running: Running, sender: str, locked: Locked, authority: Authority, rows: Rows
) -> None:
    device = await TcpDevice.connect(running.tcp)
    with locked(authority, "message"):
        await device.send(alarm(sender))
        await running.until(lambda: running.receiver.storage.inside.total() == 1)
        device.writer.transport.abort()
        await asyncio.sleep(0.05)
    await running.until(lambda: running.receiver.storage.inside.total() == 0)
    await running.until(lambda: running.receiver.connections.count == 0)
    assert rows(authority, "select messages from alarm") == [(1,)]


@pytest.mark.parametrize(
    ("data", "fault", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", SipFault.START_LINE, None),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 20_000, SipFault.HEAD_TOO_LARGE, None),
        (b"MESSAGE sip:a SIP/2.0\r\n" + b"X: y\r\n" * 5_000, SipFault.HEAD_TOO_LARGE, None),
        (message("1", b"").replace(b"Content-Length: 0", b"Content-Length: -4"), SipFault.CONTENT_LENGTH, 400),
        (message("1", b"").replace(b"Content-Length: 0", b"Content-Length: 9999999"), SipFault.TOO_LARGE, 413),
        (message("1", b"").replace(b"SIP/2.0\r\nVia", b"SIP/3.0\r\nVia"), SipFault.VERSION, 505),
    ],
    ids=["http", "tls", "endless head", "length", "huge", "version"],
)
async def test_what_is_no_sip_ends_the_connection_and_no_other(
    running: Running, sender: str, tcp_device: TcpDevice, data: bytes, fault: SipFault, status: int | None
) -> None:
    other = await TcpDevice.connect(running.tcp)
    await other.send(data)
    if status is not None:
        assert (await other.response()).status == status
    assert await other.is_closed()
    assert running.receiver.counters.unreadable[fault] == 1
    assert (await tcp_device.ask(alarm(sender))).status == 200
    await running.until(lambda: running.receiver.connections.count == 1)
    await other.close()


async def test_who_takes_for_ever_over_one_message_is_hung_up_on(
    start: Start, register: Register, authority: Authority
) -> None:
    """Slow loris: a byte now and then, for as long as it is let."""
    sender = register.device(authority)
    running = await start(limits=Limits(whole_message_seconds=0.4))
    slow, good = await TcpDevice.connect(running.tcp), await TcpDevice.connect(running.tcp)
    data = alarm(sender)

    async def dribble() -> None:
        for byte in data:
            await slow.send(bytes([byte]))
            await asyncio.sleep(0.02)

    dribbling = asyncio.create_task(dribble())
    assert (await good.ask(alarm(sender))).status == 200
    assert await slow.is_closed()
    assert running.refusals(Reason.SLOW_MESSAGE) == 1
    assert (await good.ask(alarm(sender))).status == 200
    dribbling.cancel()
    await asyncio.gather(dribbling, return_exceptions=True)
    for device in (slow, good):
        await device.close()


async def test_who_sends_a_head_and_no_byte_of_its_body_is_hung_up_on(
    start: Start, register: Register, authority: Authority
) -> None:
    sender = register.device(authority)
    running = await start(limits=Limits(whole_message_seconds=0.2))
    device = await TcpDevice.connect(running.tcp)
    assert (await device.ask(alarm(sender))).status == 200
    data = alarm(sender)
    await device.send(data[: data.index(b"\r\n\r\n") + 4])
    assert await device.is_closed()
    assert running.refusals(Reason.SLOW_MESSAGE) == 1
    await device.close()


async def test_who_says_nothing_is_hung_up_on(start: Start, register: Register, authority: Authority) -> None:
    sender = register.device(authority)
    running = await start(limits=Limits(first_message_seconds=1.0))
    silent, good = await TcpDevice.connect(running.tcp), await TcpDevice.connect(running.tcp)
    assert (await good.ask(alarm(sender))).status == 200
    assert await silent.is_closed()
    assert running.refusals(Reason.SILENT) == 1
    assert (await good.ask(alarm(sender))).status == 200
    for device in (silent, good):
        await device.close()


async def test_an_idle_connection_is_closed_in_the_end(start: Start, register: Register, authority: Authority) -> None:
    sender = register.device(authority)
    running = await start(limits=Limits(idle_seconds=1.0))
    device = await TcpDevice.connect(running.tcp)
    assert (await device.ask(alarm(sender))).status == 200
    assert await device.is_closed()
    await device.close()


async def test_who_never_reads_his_answers_is_hung_up_on(
    start: Start, register: Register, authority: Authority
) -> None:
    sender = register.device(authority)
    running = await start(limits=Limits(unsent_bytes=2_000))
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    raw.connect((HOST, running.tcp))
    raw.setblocking(False)
    question = message(sender, b"", method="OPTIONS", transport="TCP")
    loop = asyncio.get_running_loop()

    async def ask_on() -> None:
        while True:
            await loop.sock_sendall(raw, question)

    asking = asyncio.create_task(ask_on())
    await running.until(lambda: running.refusals(Reason.UNREAD_ANSWERS) == 1)
    await running.until(lambda: running.receiver.connections.count == 0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    raw.close()


async def test_a_connection_is_read_no_further_than_can_be_answered(
    start: Start, register: Register, authority: Authority, rows: Rows, locked: Locked
) -> None:
    senders = [register.device(authority) for _ in range(30)]
    running = await start(limits=Limits(unanswered_per_connection=4), commit_deadline_milliseconds=10_000)
    device = await TcpDevice.connect(running.tcp)
    with locked(authority, "message"):
        for sender in senders:
            await device.send(alarm(sender))
            await asyncio.sleep(0.005)
        await running.until(lambda: running.receiver.storage.inside.total() >= 4)
        assert running.receiver.storage.inside.total() < 30
    assert [(await device.response()).status for _ in senders] == [200] * 30
    assert rows(authority, "select count(*) from alarm") == [(30,)]
    await device.close()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(connections=3), Reason.CONNECTION_LIMIT),
        (Limits(connections_per_source=3), Reason.SOURCE_LIMIT),
    ],
    ids=["in all", "from one address"],
)
async def test_only_so_many_connections(
    start: Start, register: Register, authority: Authority, limits: Limits, reason: Reason
) -> None:
    sender = register.device(authority)
    running = await start(limits=limits)
    devices = [await TcpDevice.connect(running.tcp) for _ in range(5)]
    await running.until(lambda: running.refusals(reason) == 2)
    assert (await devices[0].ask(alarm(sender))).status == 200
    assert [await device.is_closed() for device in devices[3:]] == [True, True]
    await devices[1].close()
    await running.until(lambda: running.receiver.connections.count == 2)
    again = await TcpDevice.connect(running.tcp)
    assert (await again.ask(alarm(sender))).status == 200
    for device in (*devices, again):
        await device.close()


@pytest.mark.parametrize("limits", [Limits(connections=3), Limits(connections_per_source=3)], ids=["all", "address"])
async def test_who_only_holds_a_connection_gives_way_to_a_device(
    start: Start, register: Register, authority: Authority, limits: Limits
) -> None:
    sender = register.device(authority)
    running = await start(limits=replace(limits, unproven_seconds=0.0))
    silent = [await TcpDevice.connect(running.tcp) for _ in range(3)]
    await running.until(lambda: running.receiver.connections.count == 3)
    device = await TcpDevice.connect(running.tcp)
    assert (await device.ask(alarm(sender))).status == 200
    assert await silent[0].is_closed()
    assert running.refusals(Reason.MADE_ROOM) == 1
    # Having proved itself it stays, whoever else comes, and however long it says nothing.
    more = [await TcpDevice.connect(running.tcp) for _ in range(5)]
    await running.until(lambda: running.refusals(Reason.MADE_ROOM) == 6)
    assert running.receiver.connections.count == 3
    assert (await device.ask(alarm(sender))).status == 200
    for other in (*silent, device, *more):
        await other.close()
    await running.until(lambda: running.receiver.connections.count == 0)


async def test_after_a_fault_nothing_more_is_read(
    running: Running, sender: str, locked: Locked, authority: Authority, rows: Rows
) -> None:
    """The answer to what came before the fault is owed, and the peer speaks on meanwhile."""
    device = await TcpDevice.connect(running.tcp)
    unreadable = running.receiver.counters.unreadable
    with locked(authority, "message"):
        await device.send(alarm(sender) + b"nonsense\r\n\r\n")
        await running.until(lambda: unreadable.total() == 1)
        for piece in (b"nonsense\r\n\r\n", alarm(sender), b"x" * 20_000):
            await device.send(piece)
            await asyncio.sleep(0.02)
    assert (await device.response()).status == 200
    assert await device.is_closed()
    assert unreadable.total() == 1
    assert rows(authority, "select count(*) from message") == [(1,)]
    await device.close()


async def test_connections_broken_in_every_way_leave_nothing_behind(
    running: Running, sender: str, tcp_device: TcpDevice
) -> None:
    for piece in (b"", b"MESS", alarm(sender)[:300], alarm(sender)[:-5]):
        with socket.create_connection((HOST, running.tcp)) as raw:
            raw.sendall(piece)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # ends with a reset
    assert (await tcp_device.ask(alarm(sender))).status == 200
    await running.until(lambda: running.receiver.connections.count == 1)
    assert running.receiver.storage.inside.total() == 0


async def test_nothing_is_kept_of_a_connection_that_is_closed(running: Running, sender: str) -> None:
    """Not until its patience would have ended: what it sent, and it itself, are gone when it is."""
    receiver, gone = running.receiver, []
    question = message(sender, b"", method="OPTIONS", transport="TCP")
    for piece, answers in ((b"", 0), (question, 1), (alarm(sender), 1), (alarm(sender)[:-5], 0), (question * 3, 3)):
        device = await TcpDevice.connect(running.tcp)
        device.answers_requests = False
        await device.send(piece)
        for _ in range(answers):
            await device.response()
        await running.until(lambda: receiver.connections.count == 1)
        [flow] = receiver._streams[0].flows
        if piece and not answers:
            await running.until(lambda flow=flow: flow.is_inside)  # type: ignore[misc]
        gone.append(ref(flow))
        del flow
        await device.close()
        await running.until(lambda: receiver.connections.count == 0)
    patience = receiver._patience
    assert [len(reminders) for reminders in (patience.first, patience.whole, patience.idle)] == [0, 0, 0]
    assert (patience.unfinished.size, len(patience.unfinished), len(patience.rounds)) == (0, 0, 0)

    def all_gone() -> bool:
        gc.collect()
        return all(flow() is None for flow in gone)

    # The storage looks through what it has stored for as long as an answer may be owed.
    receiver.storage.sweep(float("inf"))
    await wait_until(all_gone, seconds=15)  # less than the time for which an answer to a confirmation is awaited


async def test_unfinished_messages_without_end_take_no_more_memory_than_stated(
    start: Start, register: Register, authority: Authority
) -> None:
    sender, most = register.device(authority), 200_000
    running = await start(limits=Limits(unfinished_bytes=most))
    unfinished = running.receiver._patience.unfinished
    good = await TcpDevice.connect(running.tcp)
    assert (await good.ask(alarm(sender))).status == 200
    half = message(sender, b"x" * 64_000, transport="TCP")[:50_000]
    others = []
    for number in range(1, 11):
        others.append(await TcpDevice.connect(running.tcp))
        await others[-1].send(half)
        await running.until(lambda number=number: running.refusals(Reason.UNFINISHED) == max(0, number - 4))  # type: ignore[misc]
        await running.until(lambda number=number: len(unfinished) == min(number, 4))  # type: ignore[misc]
        assert unfinished.size <= most
    assert [await other.is_closed() for other in others[:6]] == [True] * 6
    # Who has proved himself is not hung up on for strangers, and who is not finished yet may finish.
    data = alarm(sender)
    await good.send(data[:-5])
    await others[-1].send(b"x" * 10)
    await good.send(data[-5:])
    assert (await good.response()).status == 200
    for device in (good, *others):
        await device.close()
    await running.until(lambda: running.receiver.connections.count == 0)
    assert unfinished.size == 0


async def test_connections_that_come_and_go_take_no_memory(place: Place, known: str) -> None:
    """60 kB begun and not finished, 1,500 times: 90 MB, were any of it kept."""
    device = UdpDevice(place.port)
    assert (await device.ask(message(known, mrq(known)))).status == 200
    before = place.process.peak_bytes()
    half = message(known, b"x" * 62_000, transport="TCP")[:60_000]

    def come_and_go() -> None:
        for _ in range(1_500):
            with socket.create_connection((HOST, place.port)) as raw:
                raw.sendall(half)

    await asyncio.to_thread(come_and_go)
    assert (await device.ask(message(known, mrq(known)))).status == 200
    assert place.process.peak_bytes() - before < 32 * 1024 * 1024
    await device.close()
