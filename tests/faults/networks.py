# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A machine of the test's own as far as the network goes, with one cable to this one, which can be pulled."""

import ctypes
import os
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from tests.operations.namespaces import in_own_network
from tests.peers import require_program
from tests.ports import first_port

_WAIT = "import sys; print('up', flush=True); sys.stdin.read()"
_NETWORK = 0x40000000  # CLONE_NEWNET (sched.h)
Made = TypeVar("Made")


@dataclass(frozen=True)
class Cable:
    """What leads to that machine."""

    process: int
    """One that lives there."""
    name: str
    here: str
    """Our address at our end."""

    def pull(self) -> None:
        """Nothing comes through from now on, and nobody is told."""
        _ip("link", "set", self.name, "down")

    def plug_in(self) -> None:
        """As it was."""
        _ip("link", "set", self.name, "up")

    def there(self, make: Callable[[], Made]) -> Made:
        """Have something made there: a socket belongs, and a process that is started, to the network of its maker."""

        def go() -> Made:
            descriptor = os.open(f"/proc/{self.process}/ns/net", os.O_RDONLY)
            try:
                if ctypes.CDLL(None, use_errno=True).setns(descriptor, _NETWORK):
                    raise OSError(ctypes.get_errno(), "setns")
            finally:
                os.close(descriptor)
            return make()

        # A thread of its own, which goes with it: the others stay where they are.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(go).result()


@contextmanager
def other_machine() -> Iterator[Cable]:
    """Make one, and remove it in the end."""
    worker = first_port(0) // 1200 % 250
    name, here, away = f"vaka-test{worker}", f"10.231.{worker}.1", f"10.231.{worker}.2"
    with in_own_network(_WAIT) as process:
        _ip("link", "add", name, "type", "veth", "peer", "name", "cable", "netns", str(process.pid))
        try:
            _ip("address", "add", f"{here}/30", "dev", name)
            _ip("link", "set", name, "up")
            cable = Cable(process.pid, name, here)
            cable.there(partial(_ip, "address", "add", f"{away}/30", "dev", "cable"))
            cable.there(partial(_ip, "link", "set", "cable", "up"))
            yield cable
        finally:
            _ip("link", "delete", name)


def _ip(*arguments: str) -> None:
    program = Path(require_program("ip", "/usr/sbin/ip", package="iproute2"))
    subprocess.run([program, *arguments], check=True, capture_output=True)
