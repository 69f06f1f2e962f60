# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A steady stream of messages over UDP from devices that keep no secrets, remembering exactly what was answered 200."""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import count, cycle
from typing import cast

from tests.end_to_end.house import ENTRIES, House, SimulatedDevice

# Life, technical and test messages take different ways through the receiver; all are kept once.
STATUSES = ("10", "16", "10", "102", "10", "9")
REPEAT_SECONDS = 0.5
PATIENCE_SECONDS = 15.0
_MARK = "STREAM"
"""How our references begin: in some tests the same devices are also simulated."""


@dataclass(slots=True)
class Record:
    """What one device sent and what it was told."""

    device: SimulatedDevice
    sent: list[str] = field(default_factory=list)
    """References, in order."""
    answered: list[str] = field(default_factory=list)
    """Those answered 200."""
    refused: int = 0
    """Answers that ask to come again later (503)."""


class Flow(asyncio.DatagramProtocol):
    """One device's socket, connected to its receiver."""

    def __init__(self) -> None:
        self.answers: dict[str, asyncio.Future[int]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def send(self, text: str) -> None:
        assert self._transport is not None
        self._transport.sendto(text.encode())

    def error_received(self, exc: Exception) -> None:
        # While the receiver is away its port is closed, and the kernel says so. The device just repeats.
        pass

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        text = data.decode()
        if text.startswith("SIP/2.0 "):
            waiting = self.answers.get(_header(text, "Call-ID"))
            if waiting is not None and not waiting.done():
                waiting.set_result(int(text[8:11]))
        elif text.startswith("MESSAGE "):
            echoed = "".join(f"{name}: {_header(text, name)}\r\n" for name in ("Via", "From", "To", "Call-ID", "CSeq"))
            self.send(f"SIP/2.0 200 OK\r\n{echoed}Content-Length: 0\r\n\r\n")

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Stream:
    """Every device sends one message after the other, each as soon as the last was answered or given up."""

    def __init__(self, devices: list[SimulatedDevice], port: int, pause_seconds: float) -> None:
        self.records = [Record(device) for device in devices]
        self._port = port
        self._pause = pause_seconds
        self._ending = asyncio.Event()
        self._numbers = count(1)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def answered(self) -> int:
        """How many messages were answered 200 so far."""
        return sum(len(record.answered) for record in self.records)

    def begin(self) -> None:
        """Start sending."""
        self._tasks = [asyncio.create_task(self._send_on(record)) for record in self.records]

    def halt(self) -> None:
        """Begin nothing more, for whoever leaves early: a cancelled task may not hear of it (wait_for, Python 3.11)."""
        self._ending.set()

    async def end(self) -> None:
        """Let what is under way be answered or given up, and stop."""
        self._ending.set()
        await asyncio.gather(*self._tasks)

    async def _send_on(self, record: Record) -> None:
        loop = asyncio.get_running_loop()
        _, flow = await loop.create_datagram_endpoint(Flow, remote_addr=("127.0.0.1", self._port))
        statuses = cycle(STATUSES)
        try:
            while not self._ending.is_set():
                ref = f"{_MARK}{next(self._numbers)}"
                record.sent.append(ref)
                if await self._deliver(flow, record, ref, next(statuses)):
                    record.answered.append(ref)
                await asyncio.sleep(self._pause)
        finally:
            flow.close()

    async def _deliver(self, flow: Flow, record: Record, ref: str, status: str) -> bool:
        """Send one alarm until it is answered 200; each 503 makes it a new transaction, as real devices do."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE_SECONDS
        for attempt in count():
            call_id = f"{record.device.cid}-{ref}-{attempt}"
            answer = flow.answers[call_id] = loop.create_future()
            text = message_text(record.device.cid, ref, status, call_id)
            try:
                while loop.time() < end:
                    flow.send(text)
                    try:
                        code = await asyncio.wait_for(asyncio.shield(answer), REPEAT_SECONDS)
                    except TimeoutError:
                        continue
                    if code == 200:
                        return True
                    record.refused += 1
                    break
            finally:
                del flow.answers[call_id]
            if loop.time() >= end:
                return False
            await asyncio.sleep(REPEAT_SECONDS)
        raise AssertionError("unreachable")


def require_everything_kept(house: House, records: list[Record]) -> None:
    """Assert that what was answered 200 is in the record, each message once, and that alarms and ledger agree."""
    for record in records:
        kept = _stored(house, record)
        assert set(record.answered) <= set(kept), "answered 200 and lost"
        assert set(kept.values()) == {1}, "stored more than once"
    for slug in {record.device.authority for record in records}:
        with house.tenant(slug, "superuser") as tenant:
            alarms = tenant.execute(
                "select a.messages, count(m.id) as kept from alarm a join message m on m.alarm_id = a.id"
                " group by a.id, a.messages"
            ).fetchall()
            [entries] = tenant.execute(f"select count(*) as n from ({ENTRIES}) e where detail ? 'message'").fetchall()
            [messages] = tenant.execute("select count(*) as n from message").fetchall()
        assert all(alarm["messages"] == alarm["kept"] for alarm in alarms)
        assert entries["n"] == messages["n"] > 0


def _stored(house: House, record: Record) -> Counter[str]:
    with house.tenant(record.device.authority) as tenant:
        rows = tenant.execute(
            "select ref from message where sender = %s and ref = any(%s)", (house.blind(record.device.cid), record.sent)
        ).fetchall()
    return Counter(row["ref"] for row in rows)


def message_text(cid: str, ref: str, status: str, call_id: str) -> str:
    """Return a MESSAGE over UDP with one alarm."""
    body = f"<mrq><ref>{ref}</ref><cid>{cid}</cid><dty>2</dty><mty>ME</mty><stc>{status}</stc></mrq>"
    return (
        "MESSAGE sip:alarm@127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK{call_id};rport\r\n"
        f"From: <sip:{cid}@127.0.0.1>;tag={call_id}\r\nTo: <sip:alarm@127.0.0.1>\r\n"
        f"Call-ID: {call_id}\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n"
        f"Content-Type: application/scaip+xml\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}: *(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
    return "" if found is None else found.group(1)
