# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The receiver as a process: its start, its faults, its end in order and without any."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from tests.identities import blinded
from tests.receiver.conftest import Register, Rows, free_port
from tests.receiver.devices import HOST, TcpDevice, UdpDevice, authorization, message, mrq
from tests.receiver.process import Place, Process, read_metrics, write_settings
from tests.waiting import wait_until
from vaka.keys.files import create_secret
from vaka.keys.identities import identity_key_file
from vaka.sip.message import Response
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.database


@pytest.mark.anyio
async def test_start_work_and_stop(
    data: Path, run: Callable[..., Process], register: Register, authority: Authority, rows: Rows
) -> None:
    port, sender = free_port(), register.device(authority)
    write_settings(data, udp_port=port, tcp_port=port)
    # Two on one port: whoever gets the datagram answers it.
    processes = [run(data, "--instance", f"receiver-{number}") for number in (1, 2)]
    await asyncio.sleep(0)
    for process in processes:
        await process.listens()
    device = UdpDevice(port)
    assert (await device.ask(message(sender, mrq(sender)))).status == 200
    assert rows(authority, "select count(*) from alarm") == [(1,)]
    texts = [await asyncio.to_thread(read_metrics, data / "run" / f"receiver-{n}.metrics") for n in (1, 2)]
    stored = [line for text in texts for line in text.splitlines() if "stored_total" in line and '"raised"' in line]
    assert sorted(line.split()[-1] for line in stored) == ["0.0", "1.0"]
    assert all(sender not in text and HOST not in text for text in texts)
    assert [await process.end() for process in processes] == [0, 0]
    log = processes[0].log.read_text()
    assert "stopped" in log
    assert sender not in log
    await device.close()


@pytest.mark.anyio
@pytest.mark.parametrize("transport", ["UDP", "TCP"])
async def test_a_challenge_of_one_process_is_answered_at_another_and_counts_once(
    data: Path, run: Callable[..., Process], register: Register, authority: Authority, rows: Rows, transport: str
) -> None:
    """A device that speaks from a new port each time is let in at its second message, wherever the kernel takes it."""
    port = free_port()
    devices = [register.digest_device(authority) for _ in range(30)]
    write_settings(data, udp_port=port, tcp_port=port)
    processes = [run(data, "--instance", f"receiver-{number}") for number in (1, 2)]
    for process in processes:
        await process.listens()

    async def say(text: bytes) -> Response:
        device = UdpDevice(port) if transport == "UDP" else await TcpDevice.connect(port)
        try:
            return await device.ask(text)
        finally:
            await device.close()

    recorded = []
    for known in devices:
        body = mrq(known.sender)
        challenged = await say(message(known.sender, body, transport=transport))
        assert challenged.status == 401
        proof = authorization(challenged, known)
        recorded.append(message(known.sender, body, transport=transport, headers=(proof,)))
        assert (await say(recorded[-1])).status == 200
    # What was recorded on the way passes at neither of them, nor after both have been started anew. (By chance one may
    # be sent from the very port of the first time, and then is answered as a repeat, which stores nothing.)
    assert [(await say(text)).status for text in recorded].count(401) >= 29
    answered = []
    for number in (1, 2):
        place = Place(processes[number - 1], port, data / "run" / f"receiver-{number}.metrics")
        answered.append((await place.counted("answers"))["200"])
        assert (await place.counted("refusals"))["nonce_elsewhere"] == 0
    assert min(answered) > 0, "both were spoken to"
    for process in processes:
        assert await process.end() == 0
        process.log.write_text("")
    again = run(data)
    await again.listens()
    assert [(await say(text)).status for text in recorded] == [401] * 30
    assert rows(authority, "select count(*) from message where class = 'life'") == [(30,)]


@pytest.mark.anyio
async def test_killed_in_the_middle_of_a_stream_nothing_answered_is_lost(
    data: Path, run: Callable[..., Process], register: Register, authority: Authority, rows: Rows
) -> None:
    """Every alarm that was answered 200 is stored, once, though its receiver was killed and the device repeated it."""
    port = free_port()
    senders = [register.device(authority) for _ in range(20)]
    write_settings(data, udp_port=port, tcp_port=False)
    answered: set[str] = set()

    async def press_on(sender: str, stopping: asyncio.Event) -> None:
        device = UdpDevice(port)
        for number in count():
            data = message(sender, mrq(sender, ref=f"{number}"))
            while True:  # as devices do: the same message until somebody answers
                with suppress(TimeoutError, ConnectionError):
                    async with asyncio.timeout(0.5):
                        if (await device.ask(data)).status == 200:
                            break
                if stopping.is_set():
                    await device.close()
                    return
            answered.add(f"{sender}/{number}")
            device.requests.clear()
            if stopping.is_set():
                await device.close()
                return

    stopping = asyncio.Event()
    pressing: list[asyncio.Task[None]] = []
    for _ in range(3):
        process = run(data)
        process.log.write_text("")
        await process.listens()
        pressing = pressing or [asyncio.create_task(press_on(sender, stopping)) for sender in senders]
        reached = len(answered) + 200
        await wait_until(lambda reached=reached: len(answered) >= reached)  # type: ignore[misc]
        assert await process.end(signal.SIGKILL) == -signal.SIGKILL
    stopping.set()
    await asyncio.gather(*pressing)
    names = {blinded(sender): sender for sender in senders}
    stored = [f"{names[sender]}/{ref}" for sender, ref in rows(authority, "select sender, ref from message")]
    assert len(answered) >= 600
    assert len(stored) == len(set(stored))
    assert answered <= set(stored)


@pytest.mark.anyio
async def test_stopped_before_the_database_is_there(data: Path, run: Callable[..., Process]) -> None:
    (data / "cluster").unlink()
    write_settings(data, udp_port=free_port(), tcp_port=False)
    process = run(data)
    await wait_until(lambda: "waiting_for_database" in process.log.read_text())
    assert await process.end() == 0


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"tls_port": 45061}, "receiver.certificate names"),
        ({"host": "203.0.113.1"}, "this machine does not have that address"),
        ({"host": "not an address"}, "not an address of this machine"),
        ({"udp_port": True}, "receiver.udp_port"),
        ({"no_such_key": 1}, "receiver.no_such_key"),
    ],
)
def test_faults_in_the_settings_are_told_in_a_sentence(
    data: Path, settings: dict[str, int | str | bool], told: str
) -> None:
    write_settings(data, **{"udp_port": 45060, "tcp_port": False} | settings)
    assert told in refused("--data", str(data))


def test_a_port_in_use_is_told_in_a_sentence(data: Path) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        write_settings(data, udp_port=False, tcp_port=port)
        told = refused("--data", str(data))
    assert f"The TCP port {port} on {HOST} cannot be opened: another program uses it" in told


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (None, "The key of the device identities"),
        (bytes(32), "registered under another key than device-identities.key"),
    ],
    ids=["none", "another's"],
)
def test_without_the_key_of_the_devices_none_starts(
    data: Path, register: Register, authority: Authority, key: bytes | None, told: str
) -> None:
    """It would take every device for a stranger."""
    register.device(authority)
    everything = (data / "credentials").resolve()
    (data / "credentials").unlink()
    (data / "credentials").mkdir()
    for path in everything.iterdir():
        if path != identity_key_file(everything):
            (data / "credentials" / path.name).symlink_to(path)
    if key is not None:
        create_secret(identity_key_file(data / "credentials"), key.hex().encode())
    write_settings(data, udp_port=free_port(), tcp_port=False)
    assert told in refused("--data", str(data))


def test_a_missing_data_directory_is_told_in_a_sentence(tmp_path: Path) -> None:
    assert "cannot be read" in refused("--data", str(tmp_path / "nowhere"))


def test_an_instance_has_a_plain_name() -> None:
    assert "lower-case letters" in refused("--data", "/nowhere", "--instance", "../../etc")


def refused(*arguments: str) -> str:
    """Start a receiver that must not come up; return what it says.

    As a process of its own: its first act is to lower limits for good, which would be the test's own.
    """
    command = [sys.executable, "-m", "vaka.processes.receiver", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 2, ended.stderr
    return ended.stderr
