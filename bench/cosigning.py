# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From the commit of an entry to the checkpoint that holds it, cosigned by a witness: real sequencer, real witness."""

import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench.installation import Installation, free_port
from bench.measurements import Bench
from bench.processes import Started
from bench.sealing import WRITERS, open_desk, raise_alarm, write_change
from vaka.database.server import SUPERUSER
from vaka.ledger.checkpoints import parse_checkpoint
from vaka.ledger.cosignatures import Policy, WitnessKey, verify_cosignatures
from vaka.ledger.notes import parse_note

RATE = 1_000.0
"""Changes a second, each in a transaction of its own."""
_VAKA = [sys.executable, "-c", "from vaka.commands.main import main; main()"]
_ORIGIN = "vaka.example/bench"


def measure_cosigning(bench: Bench) -> None:
    """Milliseconds from the return of a commit to a published checkpoint with the witness's signature."""
    installation = bench.installation
    bench.say(f"The ledger: from commit to cosigned at {RATE:,.0f}/s")
    with _sealed(installation) as witness:
        seconds = 2 * bench.seconds
        committed, seen = asyncio.run(_observe(installation, witness, seconds))
    places = _places(installation)
    waits = sorted(
        (next(at for at, size in seen if size > places[number]) - since) * 1000 for number, since in committed.items()
    )
    bench.results["cosigning"] = {
        "rate": round(len(waits) / (max(committed.values()) - min(committed.values()))),
        "entries": len(waits),
        "p50": statistics.median(waits),
        "p99": waits[int(len(waits) * 0.99)],
        "max": waits[-1],
    }


async def _observe(
    installation: Installation, witness: WitnessKey, seconds: float
) -> tuple[dict[int, float], list[tuple[float, int]]]:
    """Write at RATE and watch what is published: when each entry was committed, when each cosigned size appeared."""
    committed: dict[int, float] = {}
    seen: list[tuple[float, int]] = []
    alarm = raise_alarm(installation)
    begun = time.monotonic() + 0.2

    async def write(writer: int) -> None:
        async with await open_desk(installation) as connection:
            for turn in range(int(RATE * seconds / WRITERS)):
                due = begun + (turn * WRITERS + writer) / RATE
                await asyncio.sleep(max(due - time.monotonic(), 0))
                number = await write_change(connection, alarm)
                committed[number] = time.monotonic()

    async def watch(last: asyncio.Event) -> None:
        conninfo = installation.server.conninfo(SUPERUSER, installation.authorities[0].database_name)
        async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
            until = float("inf")
            while time.monotonic() < until:
                row = await (
                    await connection.execute("select note from ledger.checkpoint order by size desc limit 1")
                ).fetchone()
                if row is not None:
                    note = parse_note(bytes(row[0]))
                    size = parse_checkpoint(note.text).size
                    if (not seen or size > seen[-1][1]) and verify_cosignatures(note, Policy((witness,), 1)):
                        seen.append((time.monotonic(), size))
                if last.is_set() and until == float("inf"):
                    until = time.monotonic() + 15  # rounds enough for the last entry
                await asyncio.sleep(0.01)

    last = asyncio.Event()
    watching = asyncio.create_task(watch(last))
    await asyncio.gather(*map(write, range(WRITERS)))
    last.set()
    await watching
    return committed, seen


def _places(installation: Installation) -> dict[int, int]:
    """Where in the log each entry came to stand, by its number in the inbox."""
    with contextlib.closing(installation.connect(installation.authorities[0].database_name)) as connection:
        rows = connection.execute("select index, leaf from ledger.log_entry").fetchall()
    return {json.loads(leaf)["id"]: index for index, leaf in rows}


@contextmanager
def _sealed(installation: Installation) -> Iterator[WitnessKey]:
    """Run the sequencer and the witness of the first authority's log."""
    root, authority = installation.root, installation.authorities[0]
    directory, port = root / "witness", free_port()
    url = f"http://127.0.0.1:{port}"
    _configure(root, "")
    key_file = root / "ledger" / f"{authority.database_name}.vkey"
    sequencer = _start(installation)
    try:
        sequencer.wait_until(key_file.is_file, "the log's key")
    finally:
        sequencer.stop()
    key = _witness("init", "--data", directory, "--name", "witness.example/bench").strip().splitlines()[-1]
    _witness("add-log", "--data", directory, key_file.read_text().strip())
    logs = json.dumps([f"authority/{authority.slug}"])
    _configure(root, f'[[ledger.witnesses]]\nurl = "{url}"\nkey = "{key}"\nlogs = {logs}\n')
    command: list[str | Path] = [*_VAKA, "witness", "run", "--data", directory, "--listen", f"127.0.0.1:{port}"]
    witness = Started(command, installation.log("witness"))
    sequencer = _start(installation)
    try:
        yield WitnessKey.parse(key)
    finally:
        sequencer.stop()
        witness.stop()


def _configure(root: Path, witnesses: str) -> None:
    (root / "vaka.toml").write_text(f'mode = "demo"\n[ledger]\norigin = "{_ORIGIN}"\n{witnesses}')


def _start(installation: Installation) -> Started:
    command: list[str | Path] = [sys.executable, "-m", "vaka.processes.sequencer", "--data", installation.root]
    return Started(command, installation.log("sequencer"))


def _witness(*arguments: str | Path) -> str:
    return subprocess.run(
        [*_VAKA, "witness", *map(str, arguments)], capture_output=True, text=True, check=True
    ).stdout  # fmt: skip
