# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Keeping a process's memory to itself: out of core dumps, and out of swap where the machine lets us.

Linux alone. What could not be done is returned, so that whoever starts the process can tell. Every process does it, in
its own words; those that hold neither keys nor names (receiver, sign-in, timers) stay where the machine may swap them.
"""

import ctypes
import resource
from contextlib import suppress
from pathlib import Path

import structlog

_PR_SET_DUMPABLE = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_LIMIT = "swap"
_DUMP = "core dump"

_libc = ctypes.CDLL(None, use_errno=True)


def keep_memory_to_itself(*, from_its_own_account: bool = False, out_of_swap: bool = True) -> list[str]:
    """Leave nothing of this process's memory in a core dump, and lock it into main memory; return what failed.

    ``from_its_own_account`` also closes it to other processes of the same account: neither a debugger nor
    ``/proc/PID`` shows them anything (prctl(2), PR_SET_DUMPABLE). Whoever listens on a port cannot have that: the
    supervisor, which is of the same account, sees by its sockets in ``/proc`` that it works. Nor would it gain much:
    who is of that account reads the credentials by which it is handed its keys.

    What it starts inherits that it leaves no core dump (core(5)), and does not inherit the lock (mlockall(2)).

    Locking needs the right to (RLIMIT_MEMLOCK without bound): with a bound, the next page over it would be refused and
    the process would end in the middle of its work.
    """
    failed = []
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        # Where a core dump is piped to a program, the limit is not asked (core(5)); what is in it, is.
        Path("/proc/self/coredump_filter").write_text("0\n", encoding="ascii")
    except OSError:
        failed.append(_DUMP)
    if from_its_own_account and _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        failed.append(_DUMP)
    if out_of_swap and not _lock():
        failed.append(_LIMIT)
    return failed


def keep_memory_and_tell(*, from_its_own_account: bool = False, out_of_swap: bool = True) -> None:
    """Do the same once at a process's start, and log what could not be done."""
    for left in keep_memory_to_itself(from_its_own_account=from_its_own_account, out_of_swap=out_of_swap):
        structlog.get_logger().warning("memory not kept from", reason=left)


def _lock() -> bool:
    unbounded = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_MEMLOCK, unbounded)
    if resource.getrlimit(resource.RLIMIT_MEMLOCK) != unbounded:
        return False
    return bool(_libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0)
