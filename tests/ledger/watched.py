# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A witness as a program of its own, and what a log sends to it."""

import importlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ledger.sample import LOG, ORIGIN, SampleLog, entries, log_key, private_key, sample_log
from tests.peers import require_module
from vaka.ledger.checkpoints import Checkpoint, sign_checkpoint
from vaka.ledger.cosignatures import WitnessKey, WitnessSigner
from vaka.ledger.note_keys import LogKey, LogSigner
from vaka.ledger.notes import Note, sign_note
from vaka.ledger.tree import prove_consistency
from vaka.ledger.witness import WitnessFiles
from vaka.ledger.witness_client import Prove
from vaka.ledger.witness_requests import AddCheckpoint

ANOTHER = LogSigner.of("vaka.example/log/annan", private_key("another log"))
WITNESS = WitnessSigner.of("witness.example/kommun", private_key("the authority's witness"))


def new_witness(root: Path, *logs: LogKey) -> WitnessFiles:
    """A witness that watches `logs`, the sample log where none is given."""
    files = WitnessFiles(root)
    files.create(WITNESS)
    for log in logs or (log_key(),):
        files.add_log(log)
    return files


def witness_key() -> WitnessKey:
    """Its public key."""
    return WitnessKey.parse(WITNESS.key.encode())


def signed(log: SampleLog, signer: LogSigner, *, size: int | None = None) -> Note:
    """The log's own checkpoint as it is (or claims to be), cosigned by nobody."""
    return sign_checkpoint(Checkpoint(ORIGIN, log.edge.size if size is None else size, log.edge.root()), signer)


def another_log() -> Note:
    """A checkpoint of a log that nobody watches."""
    return sign_note(signed(sample_log(20), LOG).text.replace(LOG.name, ANOTHER.name), ANOTHER)


def other_history(size: int) -> SampleLog:
    """A log of the same name whose first entry is another."""
    log = SampleLog()
    log.append([b"rewritten", *entries(size - 1, 1)])
    return log


def asked(log: SampleLog, old_size: int, note: Note) -> bytes:
    """The right request for a witness that has seen `old_size`."""
    return AddCheckpoint(old_size, prove_consistency(old_size, log.edge.size, log.nodes()), note).encode()


def proves(log: SampleLog) -> Prove:
    """What a client asks for proofs."""

    async def prove(old_size: int) -> tuple[bytes, ...]:
        return prove_consistency(old_size, log.edge.size, log.nodes())

    return prove


@dataclass(frozen=True)
class Running:
    """A witness that listens."""

    process: "subprocess.Popen[str]"
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextmanager
def another_running(root: Path, *logs: LogKey) -> Iterator[str]:
    """Somebody else's witness (aics-witness) with the same key, of the same logs; gives its address."""
    require_module("aics_witness")
    aics = importlib.import_module("aics_witness")
    root.mkdir(parents=True, exist_ok=True)
    with aics.WitnessStore(root / "witness.db", create=True) as store:
        watched = [aics.LogConfig.from_strings(log.name, [log.encode()]) for log in logs or (log_key(),)]
        server = aics.make_server(aics.Witness(WITNESS.name, WITNESS.private_key, store, watched))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@contextmanager
def running(root: Path, *options: str, before: str = "") -> Iterator[Running]:
    """Run `vaka witness run` as a process; `before` is Python that it executes first, to make it fail."""
    code = f"{before}\nfrom vaka.commands.main import main\nmain()"
    arguments = [sys.executable, "-c", code, "witness", "run", "--data", str(root), "--listen", "127.0.0.1:0", *options]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Listening on http://"), line
        yield Running(process, line.split()[-1].removesuffix("/add-checkpoint"))
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
