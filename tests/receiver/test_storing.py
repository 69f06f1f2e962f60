# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An alarm is answered 200 after it is stored, never before, and stored once however often it is sent."""

import asyncio
from typing import Any

import pytest

from tests.identities import blinded
from tests.receiver.conftest import PATIENT, Locked, Register, Rows, Running, SaidIn, Start
from tests.receiver.devices import TcpDevice, UdpDevice, message, mrq
from tests.waiting import wait_until
from vaka.receiver.counters import Reason, Repeat
from vaka.scaip.body import Mrs
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def sender(running: Running, register: Register, authority: Authority) -> str:
    """A device that is known."""
    sender = register.device(authority)
    await running.knows(sender)
    return sender


async def test_an_alarm_is_stored_answered_and_confirmed(
    sender: str, authority: Authority, rows: Rows, said: SaidIn, udp_device: UdpDevice
) -> None:
    answer = await udp_device.ask(message(sender, mrq(sender, ref="00001883", lte="kök", dty="5")))
    assert (answer.status, answer.body) == (200, b"")
    assert await udp_device.mrs() == Mrs(ref="00001883", snu=0)
    assert rows(authority, "select class, kind, state, sender, device_type from alarm") == [
        ("life", "fall", "received", blinded(sender), 5)
    ]
    [(subject, *facts)] = rows(authority, "select subject_id, ref, receiver, transport from message")
    assert facts == ["00001883", "receiver-1", "udp"]
    assert rows(authority, "select person_id from alarm") == [(subject,)], "sealed to whom it is about"
    [(texts, body)] = said(authority)
    assert texts == ["kök", "", "", "{}:{}".format(*udp_device.source), sender]
    assert b"<ref>00001883</ref>" in body
    assert rows(authority, "select event, actor from ledger.inbox where event like 'alarm.%'") == [
        ("alarm.raised", "receiver:receiver-1")
    ]


async def test_no_answer_before_the_commit(
    sender: str, authority: Authority, rows: Rows, locked: Locked, udp_device: UdpDevice
) -> None:
    with locked(authority, "message"):
        await udp_device.send(message(sender, mrq(sender)))
        assert await udp_device.is_silent(0.7)
    assert (await udp_device.response()).status == 200
    assert rows(authority, "select count(*) from message") == [(1,)]


async def test_what_cannot_be_stored_in_time_is_answered_503_and_tried_anew(
    start: Start, register: Register, authority: Authority, rows: Rows, locked: Locked
) -> None:
    sender = register.device(authority)
    running = await start(commit_deadline_milliseconds=1_000, retry_after_seconds=7)
    device = UdpDevice(running.udp)
    alarm = message(sender, mrq(sender))
    with locked(authority, "message"):
        answer = await device.ask(alarm)
        assert (answer.status, answer.headers.first("retry-after")) == (503, "7")
        assert running.refusals(Reason.DEADLINE) == 1
    # The very same bytes again: the 503 is not remembered, and the message that was stored late is the same alarm.
    assert (await device.ask(alarm)).status == 200
    assert rows(authority, "select count(*) from alarm") == [(1,)]
    assert rows(authority, "select count(*) from message") == [(1,)]
    assert running.receiver.counters.late.total() == 1
    await device.close()


async def test_a_database_that_is_gone_costs_a_503_and_nothing_else(
    start: Start, register: Register, authority: Authority, new_authority: Any, rows: Rows
) -> None:
    other = new_authority()
    sender, neighbour = register.device(authority), register.device(other)
    running = await start(commit_deadline_milliseconds=1_000)
    device = UdpDevice(running.udp)
    assert (await device.ask(message(sender, mrq(sender)))).status == 200
    with register.absent(authority):
        assert (await device.ask(message(sender, mrq(sender)))).status == 503
        assert (await device.ask(message(neighbour, mrq(neighbour)))).status == 200
        assert rows(other, "select count(*) from alarm") == [(1,)]
    for _ in range(20):
        if (await device.ask(message(sender, mrq(sender)))).status == 200:
            break
    assert rows(authority, "select count(*) from alarm") == [(1,)]
    assert running.receiver.storage.inside.total() == 0
    await device.close()


async def test_a_lost_connection_is_not_a_lost_alarm(
    start: Start, register: Register, authority: Authority, rows: Rows, locked: Locked
) -> None:
    """The batch is on its way when the connection breaks; it is sent again, and the device notices nothing."""
    sender = register.device(authority)
    running = await start()
    device = UdpDevice(running.udp)
    with locked(authority, "message"):
        await device.send(message(sender, mrq(sender)))
        waiting = (
            "select count(*) from pg_stat_activity"
            " where application_name = 'vaka-receiver-life' and wait_event_type = 'Lock'"
        )
        await wait_until(lambda: rows(authority, waiting) == [(1,)])
        rows(authority, "select pg_terminate_backend(pid) from pg_stat_activity"
                        " where application_name = 'vaka-receiver-life'")  # fmt: skip
    assert (await device.response()).status == 200
    assert rows(authority, "select count(*) from message") == [(1,)]
    assert running.receiver.counters.interruptions.total() >= 1
    await device.close()


async def test_the_same_bytes_are_answered_with_the_same_bytes(
    running: Running, sender: str, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    alarm = message(sender, mrq(sender))
    first = await udp_device.ask(alarm)
    for _ in range(3):
        assert await udp_device.ask(alarm) == first
    assert running.receiver.counters.repeats[Repeat.ANSWERED] == 3
    assert rows(authority, "select count(*) from message") == [(1,)]


async def test_copies_that_arrive_while_the_first_is_in_work_are_one_alarm(
    running: Running, sender: str, authority: Authority, rows: Rows, locked: Locked, udp_device: UdpDevice
) -> None:
    alarm = message(sender, mrq(sender))
    with locked(authority, "message"):
        for _ in range(11):
            await udp_device.send(alarm)
        await wait_until(lambda: running.receiver.counters.repeats[Repeat.IN_WORK] == 10)
    assert (await udp_device.response()).status == 200
    assert rows(authority, "select messages from alarm") == [(1,)]


async def test_a_repeat_in_a_new_transaction_gets_the_same_confirmation(
    start: Start, register: Register, authority: Authority, rows: Rows
) -> None:
    """No mrs came, so the device sends the alarm anew: to this receiver, or to another."""
    sender = register.device(authority)
    devices = [UdpDevice((await start(instance=name)).udp) for name in ("receiver-1", "receiver-2")]
    body = mrq(sender, ref="77")
    confirmations = []
    for device in (*devices, *devices):
        assert (await device.ask(message(sender, body))).status == 200
        confirmations.append(await device.mrs())
    assert len(set(confirmations)) == 1
    assert rows(authority, "select messages from alarm") == [(1,)]
    assert rows(authority, "select count(*) from message") == [(1,)]
    for device in devices:
        await device.close()


async def test_two_receivers_at_the_same_moment_raise_one_alarm(
    start: Start, register: Register, authority: Authority, rows: Rows, locked: Locked
) -> None:
    sender = register.device(authority)
    devices = [UdpDevice((await start(instance=name)).udp) for name in ("receiver-1", "receiver-2")]
    body = mrq(sender)
    with locked(authority, "repeat_key"):
        for device in devices:
            await device.send(message(sender, body))
        await asyncio.sleep(0.1)
    assert [(await device.response()).status for device in devices] == [200, 200]
    assert rows(authority, "select messages from alarm") == [(1,)]
    for device in devices:
        await device.close()


async def test_constant_branch_and_cseq_do_not_swallow_the_second_alarm(
    sender: str, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    for ref in ("1", "2"):
        alarm = message(sender, mrq(sender, ref=ref), branch="z9hG4bK-0001", call_id="always@the.same")
        assert (await udp_device.ask(alarm)).status == 200
        assert (await udp_device.mrs()).ref == ref
    assert rows(authority, "select ref from message order by ref") == [("1",), ("2",)]
    assert rows(authority, "select messages from alarm") == [(2,)]


async def test_a_reference_that_comes_back_with_other_content_is_a_new_message(
    sender: str, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    for status in ("10", "9"):
        assert (await udp_device.ask(message(sender, mrq(sender, ref="1", stc=status)))).status == 200
    assert rows(authority, "select 'reference_reused' = any(deviations) from message order by received_at") == [
        (False,),
        (True,),
    ]


async def test_without_a_reference_every_press_counts(
    sender: str, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    body = f"<mrq><cid>{sender}</cid><dty>2</dty></mrq>".encode()
    for _ in range(2):
        assert (await udp_device.ask(message(sender, body))).status == 200
        assert await udp_device.mrs() == Mrs(ref="0", snu=0)
    assert rows(authority, "select messages from alarm") == [(2,)]


@pytest.mark.parametrize(
    ("said", "unsaid"),
    [({"stc": "10"}, {"stc": "19"}), ({"stc": "10"}, {"mty": "RE", "stc": "93"}), ({"stc": "16"}, {"stc": "15"})],
    ids=["cancelled", "reset", "restored"],
)
async def test_what_was_taken_back_and_is_said_again_reaches_the_database(
    running: Running, sender: str, udp_device: UdpDevice, said: dict[str, str], unsaid: dict[str, str]
) -> None:
    """Some devices use the same branch, reference and CSeq for ever: the second press is the first, byte by byte."""
    press = message(sender, mrq(sender, ref="1", **said), branch="z9hG4bK-0001", call_id="always@the.same")
    back = message(sender, mrq(sender, ref="2", **unsaid))
    for data in (press, back, press):
        assert (await udp_device.ask(data)).status == 200
    counters = running.receiver.counters
    assert (counters.repeats.total(), counters.stored.total()) == (0, 3)
    # Copies are copies all the same, of what took back too.
    for data in (back, press):
        assert (await udp_device.ask(data)).status == 200
    assert (counters.repeats[Repeat.ANSWERED], counters.stored.total()) == (2, 3)


async def test_who_presses_again_before_the_withdrawal_is_stored_is_not_answered_for_the_first_press(
    running: Running, sender: str, authority: Authority, locked: Locked, udp_device: UdpDevice
) -> None:
    press, back = message(sender, mrq(sender, ref="1")), message(sender, mrq(sender, ref="2", stc="19"))
    assert (await udp_device.ask(press)).status == 200
    await udp_device.mrs()
    with locked(authority, "message"):
        await udp_device.send(back)
        await udp_device.send(press)
        await running.until(lambda: running.receiver.storage.inside.total() == 2)
        assert await udp_device.is_silent(0.1)
    assert [(await udp_device.response()).status for _ in range(2)] == [200, 200]


async def test_a_press_and_its_cancellation_keep_their_order(
    running: Running, sender: str, authority: Authority, rows: Rows, locked: Locked, udp_device: UdpDevice
) -> None:
    with locked(authority, "message"):
        for status in ("10", "19", "10", "19"):
            await udp_device.send(message(sender, mrq(sender, stc=status)))
        await asyncio.sleep(0.1)
    assert [(await udp_device.response()).status for _ in range(4)] == [200] * 4
    assert rows(authority, "select state, messages from alarm") == [("withdrawn", 4)]


@pytest.mark.parametrize(
    ("messages", "alarms"),
    [
        ([{"stc": "81"}], [("request", "medicine", "received")]),
        ([{"stc": "102"}], [("test", "test", "received")]),
        ([{"stc": "83"}], []),
        ([{"mty": "IN", "stc": "47"}, {"mty": "IN", "stc": "42"}], [("technical", "malfunction", "received")]),
        ([{"stc": "16", "did": "03"}, {"stc": "15", "did": "04"}], [("technical", "battery", "received")]),
        ([{"stc": "16", "did": "03"}, {"stc": "15", "did": "03"}], [("technical", "battery", "closed")]),
        ([{"stc": "23"}, {"stc": "91"}], [("technical", "link", "closed")]),
        ([{"stc": "10"}, {"mty": "RE", "stc": "93"}], [("life", "button", "withdrawn")]),
    ],
    ids=["request", "test", "signal", "information", "other battery", "battery", "all links", "reset"],
)
async def test_every_class_reaches_its_place(
    start: Start, register: Register, authority: Authority, rows: Rows,
    messages: list[dict[str, str]], alarms: list[tuple[str, str, str]],
) -> None:  # fmt: skip
    sender = register.device(authority)
    device = UdpDevice((await start(limits=PATIENT)).udp)
    for fields in messages:
        assert (await device.ask(message(sender, mrq(sender, **fields)))).status == 200
        assert (await device.mrs()).snu == 0
    assert rows(authority, "select class, kind, state from alarm") == alarms
    assert rows(authority, "select count(*) from message") == [(len(messages),)]
    await device.close()


async def test_a_body_nobody_can_read_from_a_known_device_is_a_life_alarm(
    sender: str, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    assert (await udp_device.ask(message(sender, b"\xff\xfe\x00broken"))).status == 200
    assert await udp_device.mrs() == Mrs(ref="0", snu=0)
    assert rows(authority, "select class, kind from alarm") == [("life", "unknown")]


@pytest.mark.parametrize("text", ["\N{DROMEDARY CAMEL}", "x" * 500, "&#x1F;", "rad 1&#10;rad 2"])
async def test_odd_texts_are_stored(
    sender: str, authority: Authority, rows: Rows, udp_device: UdpDevice, text: str
) -> None:
    body = f"<mrq><ref>1</ref><cid>{sender}</cid><dty>2</dty><lte>{text}</lte></mrq>".encode()
    assert (await udp_device.ask(message(sender, body))).status == 200
    assert rows(authority, "select count(*) from alarm") == [(1,)]


async def test_one_message_the_database_refuses_does_not_take_the_others_with_it(
    running: Running, sender: str, register: Register, authority: Authority, rows: Rows, locked: Locked,
    udp_device: UdpDevice,
) -> None:  # fmt: skip
    refused, other = register.device(authority), register.device(authority)
    await running.knows(refused, other)
    rows(authority, f"alter table alarm add constraint refuses check (sender <> '{blinded(refused)}')")
    first = UdpDevice(running.udp)
    with locked(authority, "message"):
        await first.send(message(other, mrq(other)))
        await asyncio.sleep(0.1)
        for name in (sender, refused):
            await udp_device.send(message(name, mrq(name)))
        await asyncio.sleep(0.1)
    assert sorted([(await udp_device.response()).status for _ in range(2)]) == [200, 503]
    assert running.refusals(Reason.NOT_STORABLE) == 1
    assert rows(authority, f"select count(*) from alarm where sender in ('{blinded(sender)}', '{blinded(other)}')") == [
        (2,)
    ]
    await first.close()


async def test_over_a_connection_too(sender: str, authority: Authority, rows: Rows, tcp_device: TcpDevice) -> None:
    answer = await tcp_device.ask(message(sender, mrq(sender, ref="5"), transport="TCP"))
    assert answer.status == 200
    assert (await tcp_device.mrs()).ref == "5"
    assert rows(authority, "select transport from message") == [("tcp",)]
