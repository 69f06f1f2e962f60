# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Starting and ending one program so that it never outlives its supervisor, and its log never grows without bound."""

import asyncio
import os
import pwd
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vaka.orphans import end_with

LARGEST_LOG_BYTES = 16 * 1024 * 1024
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True, slots=True)
class Program:
    """What to start, how to see that it works, and how to end it."""

    name: str
    """Unique; names the log and the pid file."""
    arguments: tuple[str, ...]
    """The program and its arguments. Never anything secret: every user of the machine can read them."""
    is_ready: Callable[[int], bool]
    """Tells from the process id whether it does its work yet; asked often, must be cheap."""
    prepare: Callable[[], None] | None = None
    """Called before each start, while the program does not run."""
    account: str | None = None
    """The account it runs as, where that is not ours."""
    stop_signal: signal.Signals = signal.SIGTERM
    """Asks it to end in order."""
    stop_seconds: float = 10
    """How long it may take to end before it is killed."""
    orphan_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends it when the supervisor dies without a word."""
    final_signal: signal.Signals = signal.SIGKILL
    """What ends it when it did not end in order."""
    leads_group: bool = True
    """Whether what it started itself is ended with it."""


async def start(program: Program, log: Path) -> asyncio.subprocess.Process:
    """Start ``program`` in a session of its own (a terminal's Ctrl-C does not reach it), its output into ``log``.

    Raises OSError where it cannot be started.
    """
    if program.prepare is not None:
        await asyncio.to_thread(program.prepare)
    bound_log(log)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    identity: dict[str, object] = {}
    if program.account is not None:
        entry = pwd.getpwnam(program.account)
        identity = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    try:
        return await asyncio.create_subprocess_exec(
            *program.arguments, stdin=asyncio.subprocess.DEVNULL, stdout=descriptor, stderr=descriptor, cwd="/",
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ}, start_new_session=True,
            umask=0o077, preexec_fn=partial(end_with, os.getpid(), program.orphan_signal), **identity,  # type: ignore[arg-type]
        )  # fmt: skip
    finally:
        os.close(descriptor)


async def stop(program: Program, process: asyncio.subprocess.Process) -> None:
    """End ``process`` in order, and by force where it does not end in time; returns when it is gone."""
    if process.returncode is None:
        _send(process, program.stop_signal)
        try:
            await asyncio.wait_for(process.wait(), program.stop_seconds)
        except TimeoutError:
            _send(process, program.final_signal)
            await process.wait()
    if program.leads_group:
        # Its session is its group: what it started and left behind goes too.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def bound_log(log: Path) -> None:
    """Where ``log`` has grown large, keep it as ``….log.1`` and go on with an empty one."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > LARGEST_LOG_BYTES:
            # Its writer appends and keeps the file open: copy and empty it rather than rename it.
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)


def last_line(log: Path) -> str:
    """Return the last line of ``log`` that says anything, shortened."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")


def _send(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(number)
