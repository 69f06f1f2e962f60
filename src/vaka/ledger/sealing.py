# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One log's rounds: commit, then sign, then witness, then publish. A crash between any two is where a round begins."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog

from vaka.clock import Clock
from vaka.database.connections import tell_clock_state
from vaka.ledger.entries import Entry, append
from vaka.ledger.errors import LedgerError
from vaka.ledger.events import Event
from vaka.ledger.notes import Note, SignatureLine
from vaka.ledger.sequencer import BATCH, sequence
from vaka.ledger.signer import CheckpointSigner, LedgerHaltedError
from vaka.ledger.stored import QUERIES, Connection, prove_growth, read_standing

HEARTBEAT_SECONDS = 60.0
"""A log that says nothing for longer than this and a little has lost its sequencer, or its database."""
SIGN_AGAIN_SECONDS = 60.0
"""So often is a checkpoint cosigned anew although nothing was added: a witness's silence shows."""
WITNESS_SECONDS = 10.0
"""No witness is waited for longer; the checkpoint is published without it."""
MOST_BATCHES = 20
"""Batches of one round, after which what was added is signed even though more waits."""

ACTOR = "sequencer"

Prove = Callable[[int], Awaitable[tuple[bytes, ...]]]


class Witness(Protocol):
    """Who is shown every checkpoint before it is published."""

    @property
    def name(self) -> str:
        """The witness's name, for the logs."""

    async def cosign(self, note: Note, prove: Prove) -> Sequence[SignatureLine]:
        """Return cosignatures of `note`, verified. `prove(old_size)` gives the consistency proof from a smaller size.

        Raises LedgerHaltedError where the witness has seen a log that this one does not continue. Any other exception
        means that it could not be asked, and the checkpoint goes without it.
        """


class Sealing:
    """Keeps one log sealed. Everything it must remember lies with the signer or in the database."""

    def __init__(self, signer: CheckpointSigner, clock: Clock, witnesses: Sequence[Witness] = ()) -> None:
        self._signer = signer
        self._clock = clock
        self._witnesses = witnesses
        self._beaten_at: float | None = None
        self._signed_at: float | None = None

    async def make_round(self, connection: Connection) -> int:
        """Seal what waits in the inbox; return how many entries were added.

        What an earlier round left unsigned or unpublished is dealt with first. Raises LedgerHaltedError where this log
        must not go on: then nothing is added either, and entries wait in the inbox.
        """
        standing = await read_standing(connection)
        self._signer.require_not_older(standing.size, standing.root)
        if standing.size != self._signer.last.size or standing.size != (standing.published or 0):
            await self._seal(connection)  # a crash came between commit and publishing, or somebody put in a log
        beat = self._is_due(self._beaten_at, HEARTBEAT_SECONDS)
        if beat:
            await self._beat(connection)
        added = await self._sequence(connection) if beat or standing.waiting else 0
        if added or (standing.size and self._is_due(self._signed_at, SIGN_AGAIN_SECONDS)):
            await self._seal(connection)
        return added

    async def publish(self, note: Note, prove: Prove) -> Note:
        """Return `note` with the cosignatures of every witness that answers in time."""
        asked = [self._ask(witness, note, prove) for witness in self._witnesses]
        return note.with_signatures([line for lines in await asyncio.gather(*asked) for line in lines])

    async def _ask(self, witness: Witness, note: Note, prove: Prove) -> Sequence[SignatureLine]:
        try:
            async with asyncio.timeout(WITNESS_SECONDS):
                return await witness.cosign(note, prove)
        except LedgerHaltedError:
            raise
        except Exception as error:  # whatever a witness does wrong, the log goes on and the others are heard
            structlog.get_logger().warning("witness missing", instance=witness.name, error_type=type(error).__name__)
            return ()

    async def _sequence(self, connection: Connection) -> int:
        added = 0
        for _ in range(MOST_BATCHES):
            sealed = await sequence(connection)
            if sealed is None:
                break
            added += sealed.added
            if sealed.added < BATCH:
                break
        return added

    async def _seal(self, connection: Connection) -> None:
        """Sign, have cosigned and store the log as it is committed."""
        standing = await read_standing(connection)
        size = standing.size
        # One at a time: witnesses are asked together, and a connection answers one question after the other.
        turn = asyncio.Lock()

        async def prove(old_size: int) -> tuple[bytes, ...]:
            async with turn:
                return await prove_growth(connection, old_size, size)

        self._signer.require_not_older(size, standing.root)
        try:
            proof = await prove(self._signer.last.size)
        except LedgerError:
            raise LedgerHaltedError("tiles") from None
        decisions = await self._count_decisions(connection, size)
        note = await asyncio.to_thread(self._signer.sign, size, standing.root, proof, decisions)  # it waits for a disk
        note = await self.publish(note, prove)
        values = {"size": size, "note": note.encode(), "signed_at": self._clock.now()}
        async with connection.transaction():
            await connection.execute(QUERIES["forget_checkpoint"], values)
            await connection.execute(QUERIES["store_checkpoint"], values)
        self._signed_at = self._clock.monotonic()

    async def _beat(self, connection: Connection) -> None:
        await tell_clock_state(connection)
        await self._count_decisions(connection, self._signer.last.size)
        # What it says of the log is what the verifier asks of whoever publishes it later: by the signer's memory, not
        # by a count of what the database still has.
        facts = {"size": self._signer.last.size, "decisions": self._signer.decisions}
        log = f"log:{self._signer.origin}"
        async with connection.transaction():
            await append(connection, Entry(Event.LEDGER_HEARTBEAT, ACTOR, self._clock.now(), log, detail=facts))
        self._beaten_at = self._clock.monotonic()

    async def _count_decisions(self, connection: Connection, size: int) -> int:
        """Return how many decisions the log holds at `size`, once all that were signed have been found there."""
        values = {"signed": self._signer.last.size, "size": size}
        row = await (await connection.execute(QUERIES["count_decisions"], values)).fetchone()
        signed, decisions = (0, 0) if row is None else row
        await asyncio.to_thread(self._signer.require_decisions, signed)
        return int(decisions)

    def _is_due(self, since: float | None, seconds: float) -> bool:
        return since is None or self._clock.monotonic() - since >= seconds
