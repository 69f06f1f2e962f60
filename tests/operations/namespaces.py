# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A network of the test's own: a namespace with nothing but its loopback, and processes in it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.peers import report_missing, require_program

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
