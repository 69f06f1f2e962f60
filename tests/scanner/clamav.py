# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A clamd of the test's own: its configuration, its socket and one signature, for the pattern that harms nobody.

The signatures lie in an unsigned container (what ``sigtool --unsigned`` makes), because a container is what says when
signatures were made.
"""

import hashlib
import shutil
import socket as sockets
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from tests.peers import require_program
from tests.waiting import wait_for
from vaka.scanning.inspecting import harmless_pattern

NAME = "Vaka.Test.Pattern"
"""What the signature is called."""


@dataclass(frozen=True)
class RunningClamd:
    """A clamd that listens."""

    socket: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it, as if it had died."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running_clamd(
    age: timedelta | None = timedelta(0), *, knows: bytes | None = None, more: str = "", socket: Path | None = None
) -> Iterator[RunningClamd]:
    """Run a clamd whose signatures are so old (None: it does not say how old), and know that instead of the pattern.

    ``more`` are further lines of its configuration; it listens at ``socket``, or in a directory of its own.
    """
    signature = f"{NAME}:0:*:{(knows or harmless_pattern()).hex()}\n".encode()
    program = require_program("clamd", "/usr/sbin/clamd", package="clamav-daemon")
    root = Path(tempfile.mkdtemp(prefix="vaka-clamd-"))
    root.chmod(0o755)
    (root / "signatures").mkdir()
    if age is None:
        (root / "signatures" / "own.ndb").write_bytes(signature)
    else:
        (root / "signatures" / "daily.cud").write_bytes(_container(signature, datetime.now(UTC) - age))
    socket = socket or root / "clamd.ctl"
    (root / "clamd.conf").write_text(
        f"Foreground yes\nDatabaseDirectory {root}/signatures\nLocalSocket {socket}\nTemporaryDirectory {root}\n"
        f"SelfCheck 0\nConcurrentDatabaseReload no\nMaxThreads 2\n{more}"
    )
    process = subprocess.Popen(
        [program, "-c", str(root / "clamd.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(lambda: _answers(socket) or process.poll() is not None)
        assert process.poll() is None, "clamd ended at once"
        yield RunningClamd(socket, process)
    finally:
        process.kill()
        process.wait()
        socket.unlink(missing_ok=True)
        shutil.rmtree(root, ignore_errors=True)


def _answers(path: Path) -> bool:
    """Whether it listens by now and has a thread that answers."""
    with sockets.socket(sockets.AF_UNIX) as asking, suppress(OSError):
        asking.settimeout(10)
        asking.connect(str(path))
        asking.sendall(b"zPING\0")
        return asking.recv(16) == b"PONG\0"
    return False


def packed(members: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of these members."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def document(more: Mapping[str, bytes] | None = None) -> bytes:
    """Return what a text document of an office program is at least, with more members."""
    types = b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    return packed({"[Content_Types].xml": types, "word/document.xml": b"<w:document/>", **(more or {})})


def _container(signatures: bytes, made_at: datetime) -> bytes:
    """Return a container of that time: a head of 512 bytes, and a tar with a table of contents first."""
    second, day = int(made_at.timestamp()), f"{made_at:%d %b %Y %H-%M} +0000"
    digest = hashlib.sha256(signatures).hexdigest()
    contents = f"ClamAV-VDB:{day}:1:1:90:X:X:vaka:{second}\ndaily.ndb:{len(signatures)}:{digest}\n".encode()
    body = BytesIO()
    with tarfile.open(fileobj=body, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in (("daily.info", contents), ("daily.ndb", signatures)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    # The format's own checksum; nothing rests on it.
    checksum = hashlib.md5(body.getvalue(), usedforsecurity=False).hexdigest()
    return f"ClamAV-VDB:{day}:1:1:90:{checksum}:x:vaka:{second}".encode().ljust(512) + body.getvalue()
