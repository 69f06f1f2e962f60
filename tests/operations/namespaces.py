# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A network of the test's own: a namespace with nothing but its loopback, and processes in it."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tests.peers import report_missing, require_program

Done = TypeVar("Done")
_LIBC = ctypes.CDLL(None, use_errno=True)
HOLDS = """
import socket, sys
held = []
for one in sys.argv[1:]:
    kind, _, where = one.partition(":")
    host, _, port = where.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, int(port)))
    if kind == "tcp":
        made.listen()
    held.append(made)
print("up", flush=True)
sys.stdin.read()
"""
"""Listens where it is told to, until nobody wants it any more."""


def require_namespaces() -> str:
    """Return the program that makes them; where the kernel lets us make none, the test says so."""
    program = require_program("unshare", package="util-linux")
    if os.geteuid() != 0 or subprocess.run([program, "-n", "true"], capture_output=True, check=False).returncode:
        report_missing("network namespaces cannot be made here (root is needed)")
    return program


@contextmanager
def in_own_network(program: str, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program of Python in a network of its own, with its loopback up; it says ``up`` when it is ready."""
    unshare, ip = require_namespaces(), require_program("ip", "/usr/sbin/ip", package="iproute2")
    started = f'"{ip}" link set lo up && exec "$@"'
    process = subprocess.Popen(
        [unshare, "-n", "sh", "-c", started, "sh", sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"up\n"
        yield process
    finally:
        process.stdin.close()
        process.wait(60)
        process.stdout.close()


def as_proc(process: "subprocess.Popen[bytes]", root: Path) -> Path:
    """Return a directory that shows of ``/proc`` what that process and its network show there."""
    proc = root / f"proc-{process.pid}"
    proc.mkdir()
    (proc / "net").symlink_to(f"/proc/{process.pid}/net")
    (proc / str(process.pid)).symlink_to(f"/proc/{process.pid}")
    return proc


def join(first: "subprocess.Popen[bytes]", second: "subprocess.Popen[bytes]", ours: str, theirs: str) -> None:
    """Lay a cable between the networks of two processes; each end has an address of its own in the same /24."""
    ip = require_program("ip", "/usr/sbin/ip", package="iproute2")
    enter = require_program("nsenter", package="util-linux")
    near, far = f"to{second.pid}", f"to{first.pid}"

    def run(process: "subprocess.Popen[bytes]", *arguments: str) -> None:
        subprocess.run([enter, "-t", str(process.pid), "-n", ip, *arguments], check=True)

    run(first, "link", "add", "name", near, "type", "veth", "peer", "name", far, "netns", str(second.pid))
    for process, device, address in ((first, near, ours), (second, far, theirs)):
        run(process, "address", "add", f"{address}/24", "dev", device)
        run(process, "link", "set", device, "up")


def within(process: "subprocess.Popen[bytes]", do: Callable[[], Done]) -> Done:
    """Do something in the network of a process: sockets made meanwhile, also by what is started then, are of it."""

    def there() -> Done:
        # A network is a thread's own (setns(2)), and this thread ends with the call.
        with Path(f"/proc/{process.pid}/ns/net").open() as network:
            if _LIBC.setns(network.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        return do()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(there).result()
