# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The machine's own accounts, and who signed in to it (term 10): read from what the operating system keeps.

Accounts are those its name service knows (getpwent(3), as `getent passwd` prints) whose shell lets somebody in.
Sign-ins are the records of login(1), sshd and display managers in a file of utmp(5) records, ``wtmp``.

What is not seen: whatever writes no such record (a command over ssh without a terminal, su, sudo, a container's
console, systems that keep no wtmp any more), and what root has taken out of the file.
"""

import pwd
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

NO_SHELLS = frozenset({"false", "nologin", "sync", "shutdown", "halt"})
"""Programs that stand where a shell would and let nobody in."""
LARGEST_FILE = 256 * 2**20
"""Bytes of the newest records that are read; a year of a busy machine."""
RECORD = struct.Struct("<h2xi32s4s32s256shhiii4i20s")
"""One record as the GNU C library writes it on 64-bit Linux (utmp(5)), 384 bytes."""
_USER_PROCESS = 7


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody began to work on the machine."""

    user: str
    line: str
    """The terminal: ``tty1`` at the machine itself, ``pts/0`` from elsewhere."""
    at: datetime
    is_remote: bool


def login_accounts(entries: Iterable[pwd.struct_passwd] | None = None) -> set[str]:
    """Return the accounts of this machine that somebody can work as."""
    found = pwd.getpwall() if entries is None else entries
    # An empty shell is /bin/sh (passwd(5)).
    return {one.pw_name for one in found if Path(one.pw_shell or "/bin/sh").name not in NO_SHELLS}


def read_sign_ins(file: Path) -> Iterator[SignIn]:
    """Yield the sign-ins of a file of utmp records, in its order. What is no whole record at its end is left out.

    Raises OSError.
    """
    with file.open("rb") as records:
        size = records.seek(0, 2)
        skipped = max(0, size - LARGEST_FILE)
        records.seek(skipped - skipped % RECORD.size)
        while len(data := records.read(RECORD.size)) == RECORD.size:
            kind, _, line, _, user, _, _, _, _, seconds, microseconds, *rest = RECORD.unpack(data)
            if kind == _USER_PROCESS:
                at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=min(max(microseconds, 0), 999_999))
                yield SignIn(_text(user), _text(line), at, any(rest[:4]))


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")
