# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What signs a log's checkpoints: its key, and its own memory of what it signed last. It is witness number zero.

The memory lies outside the database, so that a database put back from a backup, or rewritten, is not what decides what
may be signed. Whoever has the key without the memory can sign two histories; the witnesses are there for him.

It also knows how many decisions about the log's keeping were signed, which is what heartbeats say: a decision that is
deleted from the database at once would otherwise be missed by none of them.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vaka.errors import Category, ConfigurationError, Sentence, VakaError
from vaka.ledger.checkpoints import Checkpoint, parse_checkpoint, sign_checkpoint
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.note_keys import LogSigner, Signer
from vaka.ledger.notes import Note, decode_number
from vaka.ledger.tree import EMPTY_ROOT, require_consistency

_REASONS = {
    "older": Sentence(
        sv="Databasen är äldre än det som redan har undertecknats: en äldre kopia har lagts tillbaka.",
        en="The database is older than what was signed already: an older copy was put back.",
    ),
    "different": Sentence(
        sv="Liggaren i databasen fortsätter inte den som har undertecknats.",
        en="The log in the database does not continue the one that was signed.",
    ),
    "tiles": Sentence(
        sv="Liggarens träd i databasen har ändrats eller är ofullständigt.",
        en="The log's tree in the database was changed or is incomplete.",
    ),
    "decisions": Sentence(
        sv="Myndighetens beslut om gallring i databasen är inte de som har undertecknats.",
        en="The authority's decisions about the log's keeping in the database are not those that were signed.",
    ),
    "key": Sentence(
        sv="Liggarens nyckel eller dess minne saknas, fast liggaren redan har undertecknats.",
        en="The log's key or its memory is missing, although the log was signed before.",
    ),
}


class LedgerHaltedError(VakaError):
    """This log must not go on: what is stored contradicts what was signed. Alarms do, and their entries wait.

    `reason` is ``older``, ``different``, ``tiles``, ``decisions`` or ``key``.
    """

    def __init__(self, reason: str) -> None:
        said = _REASONS[reason]
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv=f"{said.sv} Inget undertecknas förrän rätt kopia är tillbaka.",
                en=f"{said.en} Nothing is signed until the right copy is back.",
            ),
        )
        self.reason = reason


_DECISIONS = "decisions "
"""Begins the line after the checkpoint in a memory: how many decisions were signed. It is not signed itself."""


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """Where one log's key (secret), its public key and the signer's memory lie."""

    secret: Path
    public: Path
    memory: Path

    @classmethod
    def of(cls, credentials: Path, records: Path, database: str) -> "KeyFiles":
        """Return the files of the log in `database`."""
        return cls(credentials / f"{database}.log.key", records / f"{database}.vkey", records / f"{database}.signed")


class CheckpointSigner:
    """Signs a checkpoint only where it continues the last one, which it has written down before it signs the next."""

    def __init__(self, signer: Signer, memory: Path) -> None:
        self._signer = signer
        self._memory = memory
        self._last, self._decisions = _recall(memory, signer.name)

    @property
    def origin(self) -> str:
        """The log's name."""
        return self._signer.name

    @property
    def last(self) -> Checkpoint:
        """What was signed last; the empty log before the first time."""
        return self._last

    @property
    def decisions(self) -> int:
        """How many decisions about its keeping the log held when it was signed last; 0 where that was never counted."""
        return self._decisions or 0

    def require_decisions(self, counted: int) -> None:
        """Raise LedgerHaltedError where the database holds another number of the decisions that were signed.

        `counted` are those before the end of what was signed last: nothing comes in there, and none is ever removed. An
        earlier version's memory has no number yet. It takes this one, which is then on the disk.
        """
        if self._decisions is None:
            self._remember(self._last, counted)
        elif counted != self._decisions:
            raise LedgerHaltedError("decisions")

    def require_not_older(self, size: int, root: bytes) -> None:
        """Raise LedgerHaltedError where a log of this size and root cannot be a later state of what was signed."""
        if size < self._last.size:
            raise LedgerHaltedError("older")
        if size == self._last.size and root != self._last.root:
            raise LedgerHaltedError("different")

    def sign_again(self) -> Note:
        """Sign what was signed last."""
        return sign_checkpoint(self._last, self._signer)

    def sign(self, size: int, root: bytes, proof: Sequence[bytes], decisions: int) -> Note:
        """Sign the log at `size`, which holds so many `decisions` (of which `require_decisions` has seen the signed).

        `proof` shows that it begins with the last that was signed; raises LedgerHaltedError where it does not. A crash
        after the memory was written and before the note was stored is mended by signing the same again; number and size
        are written together, so that no crash parts them.
        """
        self.require_not_older(size, root)
        try:
            require_consistency(self._last.size, self._last.root, size, root, proof)
        except LedgerError:
            raise LedgerHaltedError("different") from None
        checkpoint = Checkpoint(self.origin, size, root)
        if checkpoint != self._last:
            self._remember(checkpoint, decisions)
        return sign_checkpoint(checkpoint, self._signer)

    def _remember(self, checkpoint: Checkpoint, decisions: int) -> None:
        replace_file(self._memory, _memory_text(checkpoint, decisions))
        self._last, self._decisions = checkpoint, decisions


def open_signer(files: KeyFiles, origin: str, *, is_new: bool) -> CheckpointSigner:
    """Return the signer of the log called `origin`; of one that is new, the key is made here, once.

    `is_new` says that the database holds no checkpoint. Raises LedgerHaltedError where key or memory are missing
    although something was signed, ConfigurationError where the key is another log's or cannot be read.
    """
    try:
        if is_new and not files.secret.exists() and not _has_signed(files.memory):
            # The memory first: a key without one is never taken for new.
            replace_file(files.memory, _memory_text(Checkpoint(origin, 0, EMPTY_ROOT), 0))
            replace_file(files.secret, LogSigner.of(origin, Ed25519PrivateKey.generate()).encode().encode() + b"\n")
        if not files.secret.exists() or not files.memory.exists():
            raise LedgerHaltedError("key")
        signer = LogSigner.parse(files.secret.read_text(encoding="utf-8").removesuffix("\n"))
        if signer.name != origin:
            raise ConfigurationError(
                f"The key {files.secret} is of the log {signer.name}, and the settings call it {origin}. A log keeps "
                "its name: put ledger.origin back."
            )
        public = f"{signer.key.encode()}\n"
        if not files.public.exists() or files.public.read_text(encoding="utf-8") != public:
            replace_file(files.public, public.encode())
        return CheckpointSigner(signer, files.memory)
    except (OSError, UnicodeDecodeError, LedgerError) as error:
        raise ConfigurationError(
            f"The log's key {files.secret} or its memory {files.memory} cannot be used ({type(error).__name__})."
        ) from error


@contextmanager
def hold_memories(records: Path) -> Iterator[None]:
    """Make the directory of the memories, and keep every other signer out of it.

    The lock is the kernel's: it ends with the process. Raises ConfigurationError where another holds it.
    """
    try:
        records.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(records / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(f"The directory {records} cannot be used: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(f"Another sequencer holds {records}.") from None
        yield
    finally:
        os.close(descriptor)


def replace_file(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads, wholly or not at all, and return once it would outlast a power cut."""
    draft = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        draft.unlink()
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _memory_text(checkpoint: Checkpoint, decisions: int) -> bytes:
    return replace(checkpoint, extensions=(f"{_DECISIONS}{decisions}",)).text.encode()


def _recall(memory: Path, origin: str) -> tuple[Checkpoint, int | None]:
    remembered = parse_checkpoint(memory.read_text(encoding="utf-8"))
    if remembered.origin != origin:
        raise LedgerHaltedError("key")
    checkpoint = replace(remembered, extensions=())
    match remembered.extensions:
        case ():
            return checkpoint, None
        case (line,) if line.startswith(_DECISIONS):
            return checkpoint, decode_number(line.removeprefix(_DECISIONS), LedgerFault.CHECKPOINT)
    raise LedgerError(LedgerFault.CHECKPOINT)


def _has_signed(memory: Path) -> bool:
    return memory.exists() and parse_checkpoint(memory.read_text(encoding="utf-8")).size > 0
