# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A witness: cosigns a log's checkpoint only where it continues all that it has cosigned of that log before.

    witness.key             its private key, for its owner alone
    logs/<name>.vkey        the key of a log that it was told to watch
    logs/<name>.seen        the checkpoint of that log that it cosigned last, and when
    evidence/<name>-…       checkpoints that the log signed and that contradict each other

<name> is the SHA-256 of the log's origin. What was seen is on the disk before a cosignature exists: whatever happens
between, the state never goes back. Whoever puts an older copy of these files back can make the witness cosign twice.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from vaka.clock import Clock
from vaka.errors import ConfigurationError
from vaka.ledger.checkpoints import Checkpoint, parse_checkpoint, verify_checkpoint
from vaka.ledger.cosignatures import WitnessSigner
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.note_keys import LogKey
from vaka.ledger.notes import Note, decode_number, parse_note
from vaka.ledger.signer import replace_file
from vaka.ledger.tree import EMPTY_ROOT, require_consistency
from vaka.ledger.witness_requests import (
    AddCheckpoint,
    Answer,
    answer_signatures,
    answer_size,
    parse_add_checkpoint,
    refuse,
)

MOST_EVIDENCE = 100  # files of one log


@dataclass(frozen=True, slots=True)
class Seen:
    """What a witness last cosigned of a log, and when (POSIX seconds); at first nothing, at 0."""

    time: int
    checkpoint: Checkpoint
    note: bytes = b""

    def encode(self) -> bytes:
        """Return the file that holds it."""
        return b"%d\n" % self.time + self.note


def parse_seen(data: bytes, log: LogKey) -> Seen:
    """Read it back. The log's signature is verified again. Raises LedgerError where the file is not ours."""
    time, _, note = data.partition(b"\n")
    seconds = decode_number(time.decode("ascii", "replace"), LedgerFault.TIME)
    if not note:
        return Seen(seconds, Checkpoint(log.name, 0, EMPTY_ROOT))
    return Seen(seconds, verify_checkpoint(parse_note(note), log), note)


@dataclass(frozen=True, slots=True)
class WitnessFiles:
    """Where a witness keeps what it knows, below ``root``."""

    root: Path

    @property
    def secret(self) -> Path:
        """Its private key."""
        return self.root / "witness.key"

    @property
    def logs(self) -> Path:
        """The logs it was told to watch, and what it saw of them."""
        return self.root / "logs"

    @property
    def evidence(self) -> Path:
        """What a log signed that cannot both be true."""
        return self.root / "evidence"

    def key_of(self, origin: str) -> Path:
        """The file with the key of a log."""
        return self.logs / f"{_file_name(origin)}.vkey"

    def seen_of(self, origin: str) -> Path:
        """The file with what was seen of a log."""
        return self.logs / f"{_file_name(origin)}.seen"

    def create(self, signer: WitnessSigner) -> None:
        """Begin with a new key. Raises FileExistsError where there is one; a key is never written over."""
        for directory in (self.root, self.logs, self.evidence):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.held("adding"):
            if self.secret.exists() or any(self.logs.iterdir()):
                raise FileExistsError
            replace_file(self.secret, f"{signer.encode()}\n".encode())

    def load_signer(self) -> WitnessSigner:
        """Return the witness's key. Raises ConfigurationError."""
        try:
            return WitnessSigner.parse(self.secret.read_text(encoding="utf-8").removesuffix("\n"))
        except FileNotFoundError:
            raise ConfigurationError(
                f"There is no witness in {self.root}. Make one with `vaka witness init`."
            ) from None
        except (OSError, UnicodeDecodeError, LedgerError) as error:
            raise ConfigurationError(f"The key {self.secret} cannot be used ({type(error).__name__}).") from error

    def add_log(self, log: LogKey) -> bool:
        """Watch `log` from now on, from its first entry; False where it is watched already.

        Raises ConfigurationError where a log of that name is watched under another key.
        """
        path = self.key_of(log.name)
        with self.held("adding"):
            if path.exists():
                if self._load_key(path) != log:
                    raise ConfigurationError(
                        f"The log {log.name} is watched under another key. A log keeps its key: ask why it changed."
                    )
                return False
            if not self.seen_of(log.name).exists():  # first: a log without it is never taken for new
                replace_file(self.seen_of(log.name), Seen(0, Checkpoint(log.name, 0, EMPTY_ROOT)).encode())
            replace_file(path, f"{log.encode()}\n".encode())
        return True

    def load_logs(self) -> dict[str, tuple[LogKey, Seen]]:
        """Return every log that is watched, by its origin, with what was seen of it. Raises ConfigurationError."""
        try:
            keys = [self._load_key(path) for path in sorted(self.logs.glob("*.vkey"))]
        except OSError as error:
            raise ConfigurationError(f"The directory {self.logs} cannot be read: {error.strerror}.") from error
        return {log.name: (log, self.load_seen(log)) for log in keys}

    def load_log(self, origin: str) -> LogKey | None:
        """Return the key of one log; None where it is not watched."""
        path = self.key_of(origin)
        if not path.exists():
            return None
        log = self._load_key(path)
        return log if log.name == origin else None

    def load_seen(self, log: LogKey) -> Seen:
        """Return what was seen of `log`. Raises ConfigurationError, also where that is missing: it is not forgotten."""
        path = self.seen_of(log.name)
        try:
            return parse_seen(path.read_bytes(), log)
        except (OSError, LedgerError) as error:
            raise ConfigurationError(
                f"What this witness saw of {log.name} cannot be read ({type(error).__name__}: {path}). Without it the "
                "witness could cosign two histories: put the file back, or begin again with a new key."
            ) from error

    @contextmanager
    def held(self, what: str) -> Iterator[None]:
        """Keep every other process out of `what`; the kernel ends the lock with the process.

        Raises ConfigurationError where another holds it.
        """
        descriptor = os.open(self.root / f"{what}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConfigurationError(f"Another `vaka witness` is at work in {self.root}.") from None
            yield
        finally:
            os.close(descriptor)

    def _load_key(self, path: Path) -> LogKey:
        try:
            return LogKey.parse(path.read_text(encoding="utf-8").removesuffix("\n"))
        except (UnicodeDecodeError, LedgerError) as error:
            raise ConfigurationError(f"{path} holds no key of a log.") from error


class Witness:
    """Answers requests one at a time. Whoever makes one holds ``files.held("running")``: two would cosign twice."""

    def __init__(self, files: WitnessFiles, clock: Clock, *, clock_was_ahead: bool = False) -> None:
        self._files = files
        self._clock = clock
        self._signer = files.load_signer()
        self._turn = threading.Lock()
        self._logs = files.load_logs()
        if clock_was_ahead:
            now = self._now()
            self._logs = {
                name: (log, replace(seen, time=min(seen.time, now))) for name, (log, seen) in self._logs.items()
            }

    def answer(self, body: bytes) -> Answer:
        """Answer the body of an add-checkpoint request, in the order of the format's checks.

        Raises OSError where the disk does not take what was seen: then there is no cosignature.
        """
        try:
            request = parse_add_checkpoint(body)
            claimed = parse_checkpoint(request.note.text)
        except LedgerError as error:
            return refuse(400, f"malformed: {error.code.value}")
        with self._turn:
            known = self._find(claimed.origin)
            if known is None:
                return refuse(404, "this log is not watched here")
            log, seen = known
            try:
                checkpoint = verify_checkpoint(request.note, log)
            except LedgerError as error:
                return refuse(403, f"not signed by the log: {error.code.value}")
            return self._judge(request, checkpoint, seen)

    def _find(self, origin: str) -> tuple[LogKey, Seen] | None:
        if origin not in self._logs:  # perhaps it was added since this witness started
            log = self._files.load_log(origin)
            if log is None:
                return None
            self._logs[origin] = (log, self._files.load_seen(log))
        return self._logs[origin]

    def _judge(self, request: AddCheckpoint, checkpoint: Checkpoint, seen: Seen) -> Answer:
        last = seen.checkpoint
        if request.old_size > checkpoint.size:
            return refuse(400, "the old size is larger than the checkpoint's")
        contradicts = checkpoint.size == last.size and checkpoint.root != last.root
        if contradicts:
            self._keep_evidence(request.note, checkpoint, seen)
        if request.old_size != last.size:
            return answer_size(last.size)
        if contradicts:  # without a size, which would only be asked for again
            return refuse(409, "this log signed another root of the same size")
        try:
            require_consistency(last.size, last.root, checkpoint.size, checkpoint.root, request.proof)
        except LedgerError:
            return refuse(422, "the proof does not show that this log continues the one that was seen")
        now = self._now()
        if now < seen.time:  # else whoever turns the clock back gets a cosignature that is older than it is
            return refuse(503, "the clock of this witness is behind its last cosignature")
        return self._cosign(request.note, checkpoint, now)

    def _cosign(self, note: Note, checkpoint: Checkpoint, now: int) -> Answer:
        log, _ = self._logs[checkpoint.origin]
        own = tuple(line for line in note.signatures if line.is_by(log))
        seen = Seen(now, checkpoint, Note(note.text, own).encode())
        replace_file(self._files.seen_of(checkpoint.origin), seen.encode())
        # A crash here leaves a checkpoint that was seen and not cosigned: the log asks again and gets the size.
        self._logs[checkpoint.origin] = (log, seen)
        return answer_signatures([self._signer.cosign(note.text, now).encode()])

    def _keep_evidence(self, note: Note, checkpoint: Checkpoint, seen: Seen) -> None:
        """Keep both signed checkpoints: together they show that the log has two histories, to anyone who has its key.

        Files are named after what is in them, so that asking again adds none.
        """
        stem = f"{_file_name(checkpoint.origin)}-{checkpoint.size}"
        if len(list(self._files.evidence.glob(f"{_file_name(checkpoint.origin)}-*"))) >= MOST_EVIDENCE:
            return
        for root, data in ((seen.checkpoint.root, seen.note), (checkpoint.root, note.encode())):
            path = self._files.evidence / f"{stem}-{root.hex()[:16]}"
            if data and not path.exists():
                replace_file(path, data)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _file_name(origin: str) -> str:
    return sha256(origin.encode()).hexdigest()
