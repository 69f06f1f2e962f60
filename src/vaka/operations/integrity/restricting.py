# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which programs a process may start: those that it needs, and no others (Landlock; term 28).

The kernel holds a process and all that it starts to it; nothing takes it back. It is about starting programs: an
interpreter that may be started runs whatever text it is given (docs/releases.md says what that leaves open).
"""

import ctypes
import errno
import os
import struct
import sys
from collections.abc import Iterable, Mapping
from glob import glob
from pathlib import Path
from types import MappingProxyType

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""System calls (landlock_create_ruleset and so on), the same numbers on every architecture."""
_ASK_VERSION = 1
_EXECUTE = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38

_POSTGRESQL = (
    "/usr/lib/postgresql/*/bin/postgres",
    "/usr/lib/postgresql/*/bin/pg_*",
    "/usr/lib/postgresql/*/bin/initdb",
)
PROGRAMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "vaka.processes.scheduler": (sys.executable, *_POSTGRESQL, "/usr/bin/dpkg-query"),
        "vaka.processes.attempt": _POSTGRESQL,
        "vaka.processes.signin": ("/usr/bin/xmlsec1",),
        "vaka.processes.office": ("/usr/bin/xmlsec1",),
    }
)
"""What each process starts. One that is not here starts nothing."""
_LOADERS = ("/lib64/ld-linux*.so.*", "/lib/ld-linux*.so.*", "/usr/lib/*/ld-linux*.so.*")
"""The kernel opens these to run a program that is linked with libraries."""


def find_version() -> int:
    """Return which version of Landlock this kernel has; 0: none, or it is turned off."""
    version = _call(_CREATE, None, 0, _ASK_VERSION)
    return max(version, 0)


def restrict(module: str, root: Path) -> bool:
    """Hold this process to the programs in the table above; return whether the kernel does so."""
    return allow_only((*_find(PROGRAMS.get(module, ())), *_find(_LOADERS)))


def allow_only(programs: Iterable[str]) -> bool:
    """Let this process, and whatever it starts, run these files and no others. Return whether the kernel does so.

    Raises OSError where the kernel has Landlock and refuses: a process that is believed to be held is not.
    """
    if find_version() < 1:
        return False
    attributes = ctypes.create_string_buffer(struct.pack("Q", _EXECUTE), 8)
    rules = _require(_call(_CREATE, attributes, 8, 0))
    try:
        for program in programs:
            _allow(rules, program)
        _require(_prctl(_NO_NEW_PRIVILEGES, 1))
        _require(_call(_RESTRICT, rules, 0))
    finally:
        os.close(rules)
    return True


def is_held(probe: Path) -> bool | None:
    """Whether this process cannot start a program that nobody listed: it is tried, with a copy of one.

    `probe` is a file that is made for it. None where the kernel cannot hold anybody.
    """
    if find_version() < 1:
        return None
    probe.unlink(missing_ok=True)
    probe.write_bytes(Path("/bin/true").read_bytes())
    probe.chmod(0o700)
    try:
        number = os.posix_spawn(probe, [str(probe)], {})
    except PermissionError:
        return True
    finally:
        probe.unlink(missing_ok=True)
    os.waitpid(number, 0)
    return False


def _find(patterns: Iterable[str]) -> list[str]:
    return [one for pattern in patterns for one in glob(pattern)]


def _allow(rules: int, program: str) -> None:
    try:
        opened = os.open(program, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rule = ctypes.create_string_buffer(struct.pack("=Qi", _EXECUTE, opened), 12)
        _require(_call(_ADD, rules, _PATH_BENEATH, rule, 0))
    finally:
        os.close(opened)


def _call(number: int, *arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(libc.syscall(number, *arguments))
    return -ctypes.get_errno() if result < 0 else result


def _prctl(option: int, value: int) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    return -ctypes.get_errno() if libc.prctl(option, value, 0, 0, 0) else 0


def _require(result: int) -> int:
    if result < 0:
        raise OSError(-result or errno.EPERM, os.strerror(-result))
    return result
