# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""pgbench: one durable insert for each message and nothing else, on the same cluster. What a database client can do."""

import contextlib
import re
import subprocess
from dataclasses import dataclass

from bench.installation import Installation
from vaka.database.binaries import find_server_binaries
from vaka.database.server import SUPERUSER

CLIENTS = (8, 32)
_BODY = "x" * 580


@dataclass(frozen=True, slots=True)
class Plain:
    """Inserts a second with so many clients."""

    clients: int
    rate: float
    milliseconds: float
    """Mean time of one insert."""
    database_cores: float


def prepare_plain(installation: Installation) -> None:
    """Make its table in a database of its own."""
    with contextlib.closing(installation.connect("postgres")) as connection:
        connection.execute("create database bench_plain template template0")
    with contextlib.closing(installation.connect("bench_plain")) as connection:
        connection.execute(
            "create table message (id bigint generated always as identity primary key,"
            " received_at timestamptz not null default now(), body text not null)"
        )


def find_pgbench() -> str | None:
    """Return the path of pgbench, which comes with the server."""
    path = find_server_binaries() / "pgbench"
    return str(path) if path.is_file() else None


def measure_plain(installation: Installation, clients: int, seconds: float) -> Plain:
    """Insert for so many seconds with so many clients, each with one insert under way."""
    program = find_pgbench()
    assert program is not None
    with contextlib.closing(installation.connect("bench_plain")) as connection:
        connection.execute("truncate message")
    installation.settle()
    script = installation.root / "insert.sql"
    script.write_text(f"insert into message (body) values ('{_BODY}');\n")
    server = installation.server
    before = installation.database_seconds()
    done = subprocess.run(
        [program, "--no-vacuum", "--file", script, "--client", str(clients), "--jobs", "2", "--protocol", "prepared",
         "--time", str(round(seconds)), "--host", server.host, "--port", str(server.port), "--username", SUPERUSER,
         "bench_plain"],
        capture_output=True, text=True, env={"PGPASSFILE": str(server.credential_file(SUPERUSER))}, check=False,
    )  # fmt: skip
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"pgbench failed: {done.stderr[-500:]}")
    latency = re.search(r"latency average = ([\d.]+) ms", done.stdout)
    return Plain(
        clients,
        float(found[1]),
        float(latency[1]) if latency else 0.0,
        (installation.database_seconds() - before) / round(seconds),
    )
