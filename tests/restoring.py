# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Backup sets for tests, made as an operator makes them."""

import os
import subprocess
from pathlib import Path

from vaka.database.binaries import find_server_binaries
from vaka.database.server import SUPERUSER, Server


def back_up(server: Server, to: Path) -> Path:
    """Write a base backup of everything a server holds; return the directory."""
    passfile = str(server.credential_file(SUPERUSER))
    program = find_server_binaries() / "pg_basebackup"
    command = [str(program), "-h", server.host, "-U", SUPERUSER, "-D", str(to), "-X", "stream", "-c", "fast"]
    subprocess.run(command, env={**os.environ, "PGPASSFILE": passfile}, check=True)
    return to
