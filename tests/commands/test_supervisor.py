# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The supervisor with small real programs: what starts, what is started again, and that nothing is left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.waiting import is_alive, wait_until
from vaka.clock import SystemClock
from vaka.commands import child
from vaka.commands.child import Program
from vaka.commands.listening import Port, find_free_port, is_free, listening_ports
from vaka.commands.supervisor import StartFailedError, Supervisor

pytestmark = pytest.mark.anyio

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"


def program(name: str, code: str, is_ready: Callable[[int], bool] = lambda _process_id: True) -> Program:
    return Program(name=name, arguments=(sys.executable, "-c", code), is_ready=is_ready, stop_seconds=1)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
async def supervisor(tmp_path: Path, said: list[str]) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(tmp_path, tmp_path, SystemClock(), said.append)
    yield supervisor
    await supervisor.stop()


async def test_what_is_killed_is_started_again(supervisor: Supervisor, said: list[str], tmp_path: Path) -> None:
    await supervisor.start(program("sleeper", SLEEPER))
    first = supervisor.process_id("sleeper")
    assert first is not None
    assert (tmp_path / "sleeper.pid").read_text() == f"{first}\n"
    os.kill(first, signal.SIGKILL)
    await wait_until(lambda: supervisor.process_id("sleeper") not in (None, first))
    await wait_until(lambda: bool(said))
    assert said == ["sleeper stopped unasked (signal 9); it is started again."]
    assert not is_alive(first)


async def test_stop_leaves_nothing_not_even_grandchildren(supervisor: Supervisor, tmp_path: Path) -> None:
    stubborn = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"child = subprocess.Popen([sys.executable, '-c', {SLEEPER!r}])\n"
        f"open({str(tmp_path / 'grandchild')!r}, 'w').write(str(child.pid)); time.sleep(600)"
    )
    await supervisor.start(program("stubborn", stubborn, lambda _: (tmp_path / "grandchild").is_file()))
    await wait_until(lambda: (tmp_path / "grandchild").read_text() != "")
    pids = [supervisor.process_id("stubborn"), int((tmp_path / "grandchild").read_text())]
    await supervisor.stop()
    await wait_until(lambda: not any(is_alive(pid) for pid in pids if pid))
    assert list(tmp_path.glob("*.pid")) == []


async def test_groups_end_in_reverse_order(supervisor: Supervisor, tmp_path: Path) -> None:
    record = tmp_path / "record"

    def ends_with(name: str) -> Program:
        code = (
            "import pathlib, signal, sys, time\n"
            "def end(*_):\n"
            f"    with open({str(record)!r}, 'a') as file: file.write({name!r} + ' ')\n"
            "    sys.exit(0)\n"
            f"signal.signal(signal.SIGTERM, end); pathlib.Path({str(tmp_path / name)!r}).touch(); time.sleep(600)"
        )
        return program(name, code, lambda _: (tmp_path / name).exists())

    await supervisor.start(ends_with("database"))
    await supervisor.start(ends_with("receiver"))
    await supervisor.start(ends_with("devices"))
    await supervisor.stop()
    assert record.read_text().split() == ["devices", "receiver", "database"]


async def test_what_never_works_is_refused_with_its_last_words(supervisor: Supervisor) -> None:
    with pytest.raises(StartFailedError, match="no such port"):
        await supervisor.start(program("broken", "import sys; sys.exit('no such port')", lambda _: False))


async def test_a_program_that_does_not_exist_is_refused(supervisor: Supervisor) -> None:
    with pytest.raises(StartFailedError, match="missing cannot be started"):
        await supervisor.start(Program("missing", ("/nowhere/program",), lambda _: True))


async def test_what_crashes_often_is_started_less_and_less_often(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        waited.append(seconds)
        await sleep(0)

    await supervisor.start(program("crashing", SLEEPER))
    monkeypatch.setattr("vaka.commands.supervisor.asyncio.sleep", note)
    for _ in range(4):
        victim = supervisor.process_id("crashing")
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        while supervisor.process_id("crashing") in (None, victim):
            await sleep(0.01)
    assert waited == [0.2, 0.4, 0.8, 1.6]


async def test_nobody_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    code = f"""
import asyncio, pathlib, sys
from vaka.clock import SystemClock
from vaka.commands.child import Program
from vaka.commands.supervisor import Supervisor

async def main():
    run = pathlib.Path({str(tmp_path)!r})
    supervisor = Supervisor(run, run, SystemClock(), print)
    await supervisor.start(Program("sleeper", (sys.executable, "-c", {SLEEPER!r}), lambda _: True))
    await asyncio.sleep(600)

asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", code])
    pid_file = tmp_path / "sleeper.pid"
    await wait_until(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    orphan = int(pid_file.read_text())
    assert is_alive(orphan)
    parent.kill()
    parent.wait()
    await wait_until(lambda: not is_alive(orphan))


async def test_listening_ports_are_those_of_the_process_itself(supervisor: Supervisor) -> None:
    number = find_free_port(26_000, ("udp", "tcp"))
    code = (
        "import socket, time\n"
        f"a = socket.socket(); a.bind(('127.0.0.1', {number})); a.listen()\n"
        f"b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); b.bind(('127.0.0.1', {number}))\n"
        "time.sleep(600)"
    )
    both = frozenset({Port("udp", number), Port("tcp", number)})
    await supervisor.start(program("server", code, lambda process_id: both <= listening_ports(process_id)))
    process_id = supervisor.process_id("server")
    assert process_id is not None
    assert listening_ports(process_id) == both
    assert not both & listening_ports(os.getpid())
    assert not is_free(Port("udp", number), "127.0.0.1")
    assert not is_free(Port("tcp", number), "127.0.0.1")
    assert find_free_port(number, ("tcp",)) > number


def test_a_large_log_is_kept_aside_and_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "LARGEST_LOG_BYTES", 10)
    log = tmp_path / "desk.log"
    child.bound_log(log)
    log.write_text("0123456789ab\n")
    child.bound_log(log)
    assert (log.read_text(), (tmp_path / "desk.log.1").read_text()) == ("", "0123456789ab\n")


async def test_secrets_in_our_environment_are_not_passed_on(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "x")
    target = tmp_path / "environment"
    code = f"import os, time; open({str(target)!r}, 'w').write(' '.join(os.environ)); time.sleep(600)"
    await supervisor.start(program("reader", code, lambda _: target.exists() and "PATH" in target.read_text()))
    assert "SOME_TOKEN" not in target.read_text()
