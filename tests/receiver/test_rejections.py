# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whoever is turned away stands in a ledger: his device's authority's, or the platform's; counted, and after alarms."""

import asyncio
import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.identities import blinded
from tests.receiver.conftest import PATIENT, Register, Rows, Running, Start, free_port
from tests.receiver.devices import HOST, TcpDevice, UdpDevice, message, mrq
from tests.receiver.test_refused import guess
from tests.receiver.test_tls import Issuer
from tests.waiting import wait_until
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server
from vaka.receiver.counters import Reason
from vaka.receiver.limits import Limits
from vaka.receiver.rejections import ENTERED
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

LOCAL = "127.0.0.0/24"
REFUSED = "select actor, object, outcome, written_by, detail::text from inbox where event = 'connection.refused'"
Told = Callable[[], list[tuple[str, str, str, str, dict[str, Any]]]]


def read(rows: list[tuple[Any, ...]]) -> list[tuple[str, str, str, str, dict[str, Any]]]:
    return [(*row[:4], json.loads(row[4])) for row in rows]


@pytest.fixture
def platform(server: Server) -> Iterator[Told]:
    """What the platform's ledger got in this test."""
    conninfo = server.conninfo(SUPERUSER, PLATFORM_DATABASE)
    with closing(psycopg.connect(conninfo, autocommit=True)) as connection:
        connection.execute("set search_path = ledger")
        [(before,)] = connection.execute("select coalesce(max(id), 0) from inbox").fetchall()
        yield lambda: read(connection.execute(f"{REFUSED} and id > {before} order by id".encode()).fetchall())


@pytest.fixture
async def running(start: Start, authority: Authority, intake: Authority) -> Running:
    """A receiver that sheds nothing, however busy the machine is."""
    return await start(limits=PATIENT)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"network": "192.0.2.0/24"}, "network_other"),
        ({"exception_until": datetime.now(UTC) - timedelta(hours=1)}, "exception_expired"),
        ({"authentication": "certificate", "certificate_sha256": "ab" * 32, "network": None}, "certificate_missing"),
    ],
)
async def test_a_registered_device_is_told_of_in_its_authoritys_ledger(
    running: Running, register: Register, authority: Authority, rows: Rows, platform: Told, udp_device: UdpDevice,
    columns: dict[str, Any], reason: str,
) -> None:  # fmt: skip
    sender = register.device(authority, **columns)
    await running.knows(sender)
    entry = running.receiver.directory.find(blinded(sender))
    assert entry is not None
    for number in range(7):
        await udp_device.ask(message(sender, mrq(sender, ref=f"{number}")))
    await running.receiver.tell_rejections()
    [(actor, thing, outcome, written_by, detail)] = read(rows(authority, REFUSED))
    assert (actor, outcome) == ("receiver:receiver-1", "failure")
    assert thing == f"device:{entry.device_id.hex()[:8]}-" + thing[16:]
    assert written_by == f"{authority.database_name}_receiver", "as the receiver's own role"
    assert detail == {"reason": reason, "source": LOCAL, "count": 7, "seconds": detail["seconds"]}
    assert sender not in json.dumps(detail) + thing
    assert platform() == []
    # What was told is not told again.
    await running.receiver.tell_rejections()
    assert len(rows(authority, REFUSED)) == 1


async def test_a_wrong_password_is_and_being_asked_for_one_is_not(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    known = register.digest_device(authority)
    await running.knows(known.sender)
    await udp_device.ask(message(known.sender, mrq(known.sender)))
    await running.receiver.tell_rejections()
    assert rows(authority, REFUSED) == []
    for _ in range(3):
        await guess(udp_device, known)
    await running.receiver.tell_rejections()
    told = {detail["reason"]: detail["count"] for *_, detail in read(rows(authority, REFUSED))}
    assert told["credentials_wrong"] == 3


async def test_who_is_never_answered_when_he_asks_for_a_password_is_told_of(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    known = register.digest_device(authority)
    await running.knows(known.sender)
    for number in range(6):
        await udp_device.ask(message(known.sender, mrq(known.sender, ref=f"{number}")))
    await running.receiver.tell_rejections()
    [(*_, detail)] = read(rows(authority, REFUSED))
    assert (detail["reason"], detail["count"]) == ("credentials_not_given", 3)  # from the fourth in a row


async def test_a_stranger_is_told_of_in_the_platforms_ledger(
    running: Running, authority: Authority, rows: Rows, platform: Told, udp_device: UdpDevice
) -> None:
    for _ in range(4):
        await udp_device.ask(message("nobody-knows-me", b"", method="REGISTER"))
    await running.receiver.tell_rejections()
    [(actor, thing, outcome, written_by, detail)] = platform()
    assert (actor, thing, outcome) == ("receiver:receiver-1", "process:receiver", "failure")
    assert written_by == "vaka_receiver"
    assert detail == {"reason": "sender_unknown", "source": LOCAL, "count": 4, "seconds": detail["seconds"]}
    assert "nobody" not in json.dumps(detail)
    assert rows(authority, REFUSED) == []


async def test_connections_beyond_the_limit_are_told_of(
    start: Start, authority: Authority, intake: Authority, platform: Told
) -> None:
    running = await start(limits=Limits(connections_per_source=2))
    opened = [await asyncio.open_connection(HOST, running.tcp) for _ in range(5)]
    await running.until(lambda: running.refusals(Reason.SOURCE_LIMIT) == 3)
    await running.receiver.tell_rejections()
    [(*_, detail)] = platform()
    assert (detail["reason"], detail["source"], detail["count"]) == ("source_limit", LOCAL, 3)
    for _, writer in opened:
        writer.close()


@pytest.mark.parametrize(("fault", "reason"), [
    ("no TLS at all", "handshake"), ("a stranger's certificate", "certificate_untrusted")
])  # fmt: skip
async def test_a_refused_handshake_is_told_of(
    start: Start, authority: Authority, intake: Authority, platform: Told, tmp_path: Path, fault: str, reason: str
) -> None:
    issuer = Issuer(tmp_path, "vaka-rejections")
    certificate, key, _ = issuer.issue("receiver.example")
    running = await start(
        tls_port=free_port(), certificate=certificate, certificate_key=key, device_authorities=issuer.file
    )
    if reason == "handshake":
        _, writer = await asyncio.open_connection(HOST, running.tls)
        writer.write(b"GET / HTTP/1.0\r\n\r\n" * 20)
        writer.close()
    else:
        context = ssl.create_default_context(cafile=str(issuer.file))
        (tmp_path / "other").mkdir()
        context.load_cert_chain(*Issuer(tmp_path / "other", "stranger").issue("device-6")[:2])

        async def try_to_speak() -> None:
            device = await TcpDevice.connect(running.tls, context)
            await device.ask(message("1", mrq("1"), transport="TLS"))

        with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
            await try_to_speak()
    await running.until(lambda: running.refusals(Reason(reason)) == 1)
    await running.receiver.tell_rejections()
    [(*_, detail)] = platform()
    assert (detail["reason"], detail["source"], detail["count"]) == (reason, LOCAL, 1)


async def test_no_alarm_waits_for_it_and_no_count_is_lost_while_the_ledger_cannot_be_written(
    running: Running, register: Register, authority: Authority, rows: Rows, platform: Told, server: Server,
    udp_device: UdpDevice,
) -> None:  # fmt: skip
    sender = register.device(authority)
    await running.knows(sender)
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE))) as holder:
        holder.execute("lock table ledger.inbox in access exclusive mode")
        await udp_device.ask(message("stranger", b"", method="REGISTER"))
        telling = asyncio.create_task(running.receiver.tell_rejections())
        await asyncio.sleep(0.1)
        assert (await udp_device.ask(message(sender, mrq(sender)))).status == 200
        assert not telling.done()
        holder.rollback()
    await telling
    assert [detail["count"] for *_, detail in platform()] == [1]

    with register.absent(authority):
        other = register.device(authority, network="192.0.2.0/24")
        await running.knows(other)
        await udp_device.ask(message(other, mrq(other)))
        await running.receiver.tell_rejections()
        await udp_device.ask(message(other, mrq(other)))
    await running.receiver.tell_rejections()
    await wait_until(lambda: [detail["count"] for *_, detail in read(rows(authority, REFUSED))] == [2])


async def test_what_waits_is_written_when_the_receiver_stops(
    start: Start, authority: Authority, intake: Authority, platform: Told
) -> None:
    running = await start(limits=PATIENT)
    device = UdpDevice(running.udp)
    await device.ask(message("stranger", b"", method="REGISTER"))
    await device.close()
    await running.receiver.stop()
    assert [detail["count"] for *_, detail in platform()] == [1]


def test_what_is_refused_for_want_of_room_or_proof_half_given_is_no_event() -> None:
    """Every reason is on one of the two lists: a new one has to be thought about."""
    ordinary = {
        "nonce_stale", "nonce_elsewhere", "method", "lane_full", "person_busy", "shed", "deadline", "not_storable",
        "internal", "stopping", "postponed_dropped", "slow_message", "silent", "unread_answers", "send_failed",
    }  # fmt: skip
    assert {reason.value for reason in Reason} - {reason.value for reason in ENTERED} == ordinary
