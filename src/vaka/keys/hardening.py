# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Keeping a process's memory to itself: out of core dumps, and out of swap where the machine lets us.

Linux alone. What could not be done is returned, so that whoever starts the process can tell.
"""

import ctypes
import resource
from contextlib import suppress
from pathlib import Path

_PR_SET_DUMPABLE = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_LIMIT = "swap"
_DUMP = "core dump"

_libc = ctypes.CDLL(None, use_errno=True)


def keep_memory_to_itself(*, from_its_own_account: bool = False) -> list[str]:
    """Leave nothing of this process's memory in a core dump, and lock it into main memory; return what failed.

    ``from_its_own_account`` also closes it to other processes of the same account: neither a debugger nor
    ``/proc/PID`` shows them anything (prctl(2), PR_SET_DUMPABLE).

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
    if not _lock():
        failed.append(_LIMIT)
    return failed


def _lock() -> bool:
    unbounded = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_MEMLOCK, unbounded)
    if resource.getrlimit(resource.RLIMIT_MEMLOCK) != unbounded:
        return False
    return bool(_libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0)
