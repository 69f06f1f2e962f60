# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A receiver process under everything a stranger may send: it answers or drops, counts, stays small, and goes on."""

import random
import re

import pytest

from tests.receiver.conftest import Rows, SaidIn
from tests.receiver.devices import TcpDevice, UdpDevice, message, mrq
from tests.receiver.process import Place
from vaka.sip.parse import MAX_HEAD
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

MOST_BYTES = 256 * 1024 * 1024
"""What a receiver may hold at its worst moment here. It begins with some 60 MiB and remembers 96 MiB of answers; if it
remembered all that it is made to give, it would be at 400."""


BOMB = (
    b'<!DOCTYPE mrq [<!ENTITY a "larm larm larm larm"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">'
    b'<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">'
    b'<!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;">]><mrq><ref>1</ref><dte>&g;</dte></mrq>'
)
BOMBS = {
    "bomb": BOMB,
    "bomb in UTF-16": BOMB.decode().encode("utf-16"),
    "bomb in pieces": re.sub(b"<!([A-Z])", rb"<!<?xml a?>\1", BOMB),
    "external entity": b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/hostname">]><mrq><ref>1</ref><dte>&x;</dte></mrq>',
    "external entity in pieces":
        b'<!DOC<?xml a?>TYPE m [<!ENT<?xml a?>ITY x SYSTEM "file:///etc/hostname">]><mrq><dte>&x;</dte></mrq>',
    "external document type": b'<!DOCTYPE m SYSTEM "http://192.0.2.1/m.dtd"><mrq><ref>1</ref></mrq>',
}  # fmt: skip


async def test_xml_that_wants_to_grow_or_to_reach_out(
    place: Place, known: str, authority: Authority, intake: Authority, rows: Rows, said: SaidIn
) -> None:
    device = UdpDevice(place.port)
    before = place.process.peak_bytes()
    for sender in (known, None):
        for body in BOMBS.values():
            assert (await device.ask(message(sender, body))).status == 200
            assert (await device.mrs()).snu == (0 if sender else 2)
    assert (await place.counted("unreadable_bodies"))["declarations"] == 2 * len(BOMBS)
    assert place.process.peak_bytes() - before < 32 * 1024 * 1024
    # From a device that is known: whatever it was, somebody is told. From nobody: noted. Neither was expanded.
    assert rows(authority, "select class, kind, messages from alarm where kind = 'unknown'") == [
        ("life", "unknown", len(BOMBS))
    ]
    assert rows(intake, "select class, kind from alarm") == [("technical", "unreadable")]
    for one in (authority, intake):
        assert {(*texts[:3],) for texts, _ in said(one)} == {("", "", "")}
    assert (await device.ask(message(known, mrq(known, ref="good", dty="5")))).status == 200
    assert rows(authority, "select count(*) from message where ref = 'good'") == [(1,)]
    await device.close()


async def test_memory_is_bounded_whatever_comes(place: Place, known: str, authority: Authority, rows: Rows) -> None:
    device, stranger = UdpDevice(place.port), UdpDevice(place.port)
    chance = random.Random(20141)
    # Half a message each, or a byte now and then, for as long as they are let.
    slow = [await TcpDevice.connect(place.port) for _ in range(200)]
    for number, connection in enumerate(slow):
        whole = message("4711", b"<" * 60_000, transport="TCP")
        await connection.send(whole[: chance.randrange(1, len(whole) - 1)] if number % 2 else whole[:1])
    sent = 0
    for _ in range(500):
        for bad in bad_datagrams(chance):
            await stranger.send(bad)
            sent += 1
        # One that is answered: all before it have been read or dropped.
        assert (await device.ask(message(known, b"", method="OPTIONS"))).status == 200
    assert sent > 30_000
    received, unreadable = await place.counted("received"), await place.counted("unreadable")
    seen = sum(received.values()) + sum(unreadable.values())
    assert seen > sent / 2, "most of it did arrive"
    assert min(unreadable[fault] for fault in ("start_line", "cseq", "content_length", "head_unfinished")) > 100
    for connection in slow[1::2]:
        await connection.send(b"<")
    assert place.process.peak_bytes() < MOST_BYTES, place.process.peak_bytes()
    # And a device beside all this is served, over both transports.
    assert (await device.ask(message(known, mrq(known, ref="udp")))).status == 200
    other = await TcpDevice.connect(place.port)
    assert (await other.ask(message(known, mrq(known, ref="tcp"), transport="TCP"))).status == 200
    assert rows(authority, "select ref from message where ref in ('udp', 'tcp') order by ref") == [("tcp",), ("udp",)]
    assert (await place.counted("refusals"))["internal"] == 0
    for connection in (*slow, other):
        await connection.close()
    for one in (device, stranger):
        await one.close()


def bad_datagrams(chance: random.Random) -> list[bytes]:
    """Some ninety datagrams, each unlike any before it."""
    number = chance.getrandbits(64)
    # As long as a head may be, because its answer repeats nearly all of it.
    long = message("4711", b"x", call_id="c" * (MAX_HEAD // 2 - 100) + str(number), from_tag="t" * (MAX_HEAD // 3))
    usual = message("4711", mrq("4711", ref=str(number % 10**15)), call_id=str(number))
    beat = message("4711", mrq("4711", ref=str(number % 10**15), mty="PI", dte="x" * 40_000))
    return [
        *[chance.randbytes(chance.randrange(1, 1_400)) for _ in range(24)],
        *[b"%d" % number + long.replace(b"CSeq: 1 ", b"CSeq: %d" % place) for place in range(4)],
        *[long.replace(b"CSeq: 1 ", b"CSeq: x%d " % place) for place in range(40)],
        *[usual.replace(b"Content-Length: ", b"Content-Length: %dx" % place) for place in range(8)],
        *[usual[: chance.randrange(150, 300)] for _ in range(4)],
        usual[:-3],
        usual.replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1),
        message(f"s{number}", BOMB),
        message(None, b"<a>" * 20_000, call_id=str(number)),
        *[beat.replace(b"CSeq: 1", b"CSeq: %d" % place) for place in range(2)],
        b"\r\n" * chance.randrange(1, 30_000),
        chance.randbytes(60_000),
    ]
