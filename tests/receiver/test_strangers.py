# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Senders nobody has registered: kept and shown, within bounds, and never in the way of others."""

import pytest

from tests.identities import blinded
from tests.receiver.conftest import Locked, Register, Rows, Running, SaidIn, Start
from tests.receiver.devices import TcpDevice, UdpDevice, message, mrq
from vaka.receiver.counters import Reason
from vaka.receiver.limits import Lane, LaneLimits, Limits
from vaka.scaip.body import Mrs
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def test_an_unknown_sender_is_kept_and_shown(intake: Authority, rows: Rows, udp_device: UdpDevice) -> None:
    assert (await udp_device.ask(message("4711", mrq("4711", ref="1", dty="5")))).status == 200
    assert await udp_device.mrs() == Mrs(ref="1", snu=0)
    assert rows(intake, "select class, kind, sender, device_id, person_id from alarm") == [
        ("life", "fall", blinded("4711"), None, None)
    ]


async def test_its_next_message_joins_and_its_repeat_does_not(
    intake: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    for ref in ("1", "2", "2"):
        assert (await udp_device.ask(message("4711", mrq("4711", ref=ref)))).status == 200
    assert rows(intake, "select sender, messages from alarm") == [(blinded("4711"), 2)]


async def test_an_unknown_heartbeat_is_shown_once_and_not_stored_each_time(
    intake: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    for _ in range(4):
        assert (await udp_device.ask(message("4712", mrq("4712", mty="PI")))).status == 200
        assert (await udp_device.mrs()).snu == 0
    assert rows(intake, "select class, kind, sender, messages from alarm") == [
        ("technical", "unknown_sender", blinded("4712"), 1)
    ]
    assert rows(intake, "select count(*) from message") == [(1,)]


async def test_unknown_heartbeats_leave_room_for_an_unknown_alarm(start: Start, intake: Authority, rows: Rows) -> None:
    running = await start(limits=Limits(unknown_per_minute=2))
    device = UdpDevice(running.udp)
    statuses = [(await device.ask(message("4712", mrq("4712", mty="PI")))).status for _ in range(4)]
    assert statuses == [200, 200, 503, 503]
    assert (await device.ask(message("4713", mrq("4713")))).status == 200
    assert rows(intake, "select sender from alarm where class = 'life'") == [(blinded("4713"),)]
    await device.close()


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (b"hello", 2),
        (b"", 2),
        (b"<mrs><ref>1</ref><snu>0</snu></mrs>", 3),
        (b'<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><mrq><cid>&b;</cid></mrq>', 2),
        (b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><mrq><cid>&x;</cid></mrq>', 2),
        (b"<mrq>" + b"<a>" * 5000, 2),
    ],
    ids=["text", "nothing", "mrs", "bomb", "external entity", "deep"],
)
async def test_what_says_nothing_and_comes_from_nobody_is_answered_and_noted(
    running: Running,
    intake: Authority,
    rows: Rows,
    said: SaidIn,
    udp_device: UdpDevice,
    body: bytes,
    number: int,
) -> None:
    assert (await udp_device.ask(message(None, body))).status == 200
    assert (await udp_device.mrs()).snu == number
    assert rows(intake, "select class, kind, sender from alarm") == [
        ("technical", "unreadable", blinded("source:127.0.0.1"))
    ]
    assert [kept for _, kept in said(intake)] == [body]
    assert rows(intake, "select subject_id from message") == [(intake.id,)], "nobody is known, so it is the reception's"
    assert running.receiver.counters.bodies.total() == 1


async def test_a_press_without_any_name_is_still_a_press(intake: Authority, rows: Rows, udp_device: UdpDevice) -> None:
    assert (await udp_device.ask(message(None, mrq(None, ref="1")))).status == 200
    assert await udp_device.mrs() == Mrs(ref="1", snu=7)
    assert rows(intake, "select class, sender from alarm") == [("life", blinded("source:127.0.0.1"))]


async def test_a_name_that_cannot_stand_in_the_directory_is_made_visible(
    intake: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    body = "<mrq><ref>1</ref><cid>åäö 12\t3</cid><dty>2</dty></mrq>".encode()
    assert (await udp_device.ask(message(None, body))).status == 200
    assert rows(intake, "select sender from alarm") == [(blinded("????12?3"),)]


async def test_a_flood_of_strangers_from_one_address_is_bounded(
    start: Start, intake: Authority, rows: Rows, register: Register, authority: Authority
) -> None:
    sender = register.device(authority)
    running = await start(limits=Limits(unknown_per_minute=3))
    device = UdpDevice(running.udp)
    answers = [await device.ask(message(f"s{number}", mrq(f"s{number}"))) for number in range(6)]
    assert [answer.status for answer in answers] == [200, 200, 200, 503, 503, 503]
    assert answers[-1].headers.first("retry-after") == "5"
    assert running.refusals(Reason.STRANGERS_TOO_MANY) == 3
    assert rows(intake, "select count(*) from message") == [(3,)]
    assert (await device.ask(message(sender, mrq(sender)))).status == 200
    await device.close()


async def test_strangers_beyond_their_share_are_hung_up_on_and_a_device_s_connection_is_kept(
    start: Start, intake: Authority, register: Register, authority: Authority
) -> None:
    sender = register.device(authority)
    running = await start(limits=Limits(unknown_per_minute=2))
    stranger, gateway = [await TcpDevice.connect(running.tcp) for _ in range(2)]
    assert (await gateway.ask(message(sender, mrq(sender), transport="TCP"))).status == 200
    for number in range(6):
        await stranger.send(message(f"s{number}", mrq(f"s{number}"), transport="TCP"))
    assert sorted([(await stranger.response()).status for _ in range(3)]) == [200, 200, 503]
    assert await stranger.is_closed()
    assert not stranger.responses, "what came after it was not looked at"
    statuses = [(await gateway.ask(message("s9", mrq("s9"), transport="TCP"))).status for _ in range(3)]
    assert statuses == [503] * 3
    assert (await gateway.ask(message(sender, mrq(sender), transport="TCP"))).status == 200
    for device in (stranger, gateway):
        await device.close()


async def test_a_full_lane_of_strangers_leaves_registered_devices_alone(
    start: Start, intake: Authority, authority: Authority, register: Register, locked: Locked
) -> None:
    sender = register.device(authority)
    lanes = Limits().lanes | {Lane.UNKNOWN: LaneLimits(2, 2, 50, None)}
    running = await start(limits=Limits(lanes=lanes))
    device, stranger = UdpDevice(running.udp), UdpDevice(running.udp)
    with locked(intake, "message"):
        for number in range(3):
            await stranger.send(message(f"s{number}", mrq(f"s{number}")))
        assert (await stranger.response()).status == 503
        assert running.refusals(Reason.LANE_FULL) == 1
        assert (await device.ask(message(sender, mrq(sender)))).status == 200
    for other in (device, stranger):
        await other.close()


async def test_where_there_is_no_reception_strangers_are_refused(running: Running, udp_device: UdpDevice) -> None:
    running.receiver.directory.intake = None
    assert (await udp_device.ask(message("4711", mrq("4711")))).status == 403
    assert running.refusals(Reason.SENDER_UNKNOWN) == 1


async def test_a_device_laid_down_is_a_stranger(
    running: Running, register: Register, authority: Authority, intake: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    sender, marker = register.device(authority, active=False), register.device(authority)
    await running.knows(marker)
    assert (await udp_device.ask(message(sender, mrq(sender)))).status == 200
    assert rows(intake, "select sender from alarm") == [(blinded(sender),)]
    assert rows(authority, "select count(*) from message") == [(0,)]
