# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a reviewer does with an evidence pack on a machine of his own: unpack it, and run what README.txt says."""

import io
import re
import subprocess
import zipfile
from pathlib import Path

from tests import peers


def unpack(data: bytes, folder: Path) -> Path:
    """Unpack a pack into a new folder."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder


def verify(folder: Path) -> list[str]:
    """Run the three commands of README.txt, word for word; return those that fail."""
    peers.require_program("openssl", package="openssl")
    readme = (folder / "README.txt").read_text("utf-8").partition("EVIDENCE OF")[2]
    commands = re.findall(r"^  ((?:openssl|sha256sum --check|test) .*)$", readme, re.M)
    assert [command.split()[0] for command in commands] == ["openssl", "sha256sum", "test"]
    return [
        command.split()[0]
        for command in commands
        if subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, check=False).returncode
    ]


def files_of(folder: Path) -> dict[str, bytes]:
    """Return every file by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
