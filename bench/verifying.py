# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How fast a whole log is verified: by `vaka verify`, by Go's own libraries and by pymerkle, over the same files.

They do not do the same. Ours checks signature, cosignature, every tile, every entry's hash, spelling, number and time.
Go's (tests/ledger/peers) checks the signature, every entry's hash, every tile. pymerkle only makes the root.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.published import PublishedLog, publish_log
from vaka.ledger.tiles import ENTRIES, FULL, decode_bundle, tile_at
from vaka.ledger.tiling import TileNodes
from vaka.ledger.tree import hash_leaf, prove_inclusion, require_inclusion

ENTRIES_OF_LOG = 1_000_000
_PROOFS = 300
_SEED = 20_641  # any number: the same proofs in every run


def measure_verifying(say: Callable[[str], None], *, quick: bool) -> dict[str, Any]:
    """Make a log in a directory of its own, have everybody verify it in turns, and remove it."""
    size = ENTRIES_OF_LOG // 10 if quick else ENTRIES_OF_LOG
    directory = Path(tempfile.mkdtemp(prefix="vaka-log-", dir="/var/tmp"))
    try:
        say(f"Making a log of {size:,} entries")
        log = publish_log(directory, size)
        verifiers = {"vaka": _verify_ours, "pymerkle": _verify_pymerkle}
        go = _go_program()
        if go is None:
            say("Go is not installed: its verifier is left out")
        else:
            verifiers["go"] = lambda log: _verify_go(go, log)
        seconds: dict[str, list[float]] = {name: [] for name in verifiers}
        for _ in range(1 if quick else 3):
            for name, verify in verifiers.items():
                say(f"Verifying it with {name}")
                seconds[name].append(verify(log))
        return {
            "entries": size,
            "rates": {name: _rates(size, each) for name, each in seconds.items()},
            "proof": _measure_proofs(log),
        }
    finally:
        shutil.rmtree(directory)


def _rates(size: int, seconds: list[float]) -> dict[str, int]:
    rates = sorted(size / each for each in seconds)
    return {"median": round(statistics.median(rates)), "least": round(rates[0]), "most": round(rates[-1])}


def _verify_ours(log: PublishedLog) -> float:
    """As the authority does it: a program that starts, reads the files and says VERIFIED."""
    command = [sys.executable, "-c", "from vaka.commands.main import main; main()", "verify", str(log.directory),
               "--log", log.log_key, "--witness", log.witness_key]  # fmt: skip
    begun = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    if done.returncode != 0:
        raise RuntimeError(f"vaka verify: {done.stdout[-500:]}{done.stderr[-500:]}")
    return seconds


def _go_program() -> Path | None:
    # Of the tests, and with them of pytest; only who measures this needs either.
    from tests.ledger import golang

    go = shutil.which("go")
    return None if go is None or not golang.has_libraries() else golang.build(go)


def _verify_go(program: Path, log: PublishedLog) -> float:
    request = json.dumps({"do": "log", "directory": str(log.directory), "keys": [log.log_key]})
    begun = time.perf_counter()
    done = subprocess.run([program], input=request, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - begun
    told = json.loads(done.stdout)
    if told.get("entries") != log.size:
        raise RuntimeError(f"Go's verifier: {told.get('error')}")
    return seconds


def _verify_pymerkle(log: PublishedLog) -> float:
    """In a process of its own, for it keeps the tree in memory; the time is what it says itself."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from bench.verifying import make_root; make_root(*sys.argv[1:])",
         str(log.directory), str(log.size), log.root.hex()],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout)


def make_root(directory: str, size: str, root: str) -> None:
    """Print how many seconds pymerkle takes to make the root of a published log, if it is this one."""
    from pymerkle import InmemoryTree  # type: ignore[import-untyped]

    log = PublishedLog(Path(directory), int(size), bytes.fromhex(root), "", "")
    begun = time.perf_counter()
    tree = InmemoryTree("sha256")
    for bundle in log.bundles():
        for entry in bundle:
            tree.append_entry(entry)
    if tree.get_state() != log.root:
        raise RuntimeError("pymerkle makes another root")
    print(time.perf_counter() - begun)


def _measure_proofs(log: PublishedLog) -> dict[str, float]:
    """Prove single entries out of the files and check the proofs; milliseconds, nothing kept from one to the next."""
    times = []
    for number in range(_PROOFS):
        index = number * _SEED % log.size
        bundle = tile_at(log.size, ENTRIES, index // FULL)
        entries = decode_bundle(bundle, (log.directory / bundle.path).read_bytes())
        leaf = hash_leaf(entries[index % FULL])
        begun = time.perf_counter()
        nodes = TileNodes(log.size, lambda tile: (log.directory / tile.path).read_bytes())
        proof = prove_inclusion(index, log.size, nodes)
        require_inclusion(leaf, index, log.size, proof, log.root)
        times.append((time.perf_counter() - begun) * 1000)
    times.sort()
    return {"p50": statistics.median(times), "p99": times[int(len(times) * 0.99)]}
