# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Receipts: proof, for whoever did something, that its entry is in the log and that the witnesses have seen it there.

A critical act writes its entry, commits, and then waits here for a while. What it waits for decides nothing: the act
stands with its commit, and the same receipt can be fetched at any time until the entry is removed for its age.
"""

import asyncio
from dataclasses import dataclass
from enum import Enum

import psycopg

from vaka.errors import Category, ConfigurationError, Sentence, VakaError
from vaka.ledger.checkpoints import parse_checkpoint
from vaka.ledger.cosignatures import Policy, WitnessKey, verify_cosignatures
from vaka.ledger.errors import LedgerError
from vaka.ledger.notes import Note, parse_note
from vaka.ledger.proofs import Proof
from vaka.ledger.stored import QUERIES, Connection, read_tiles
from vaka.ledger.tiling import TileNodes, inclusion_tiles
from vaka.ledger.tree import hash_leaf, prove_inclusion, require_inclusion
from vaka.settings import LedgerSettings

WAIT_SECONDS = 5.0
"""How long an act waits. A log is sealed every second or so; whoever waits longer than this thinks it has failed."""
_LOOK_SECONDS = 0.2


class NotSealedYetError(VakaError):
    """The act stands, but there is no receipt for it yet. `id` is the entry's number, by which it is fetched later."""

    def __init__(self, entry_id: int) -> None:
        super().__init__(
            Category.UNAVAILABLE,
            Sentence(
                sv=f"Det är gjort och inskrivet, men vittnena har inte sett det än. Hämta kvittot senare: {entry_id}.",
                en=f"It is done and entered, but no witness has seen it yet. Fetch the receipt later: {entry_id}.",
            ),
        )
        self.id = entry_id


class EntryGoneError(VakaError):
    """The number was given out, and its entry is neither in the log nor on its way there: somebody took it away."""

    def __init__(self, entry_id: int) -> None:
        super().__init__(
            Category.CONFLICT,
            Sentence(
                sv=f"Post nummer {entry_id} står inte i loggen och väntar inte heller på att förseglas, fast numret "
                "har delats ut. Lita inte på den, och säg till er säkerhetskontakt.",
                en=f"The entry with number {entry_id} is not in the log and does not wait to be sealed either, "
                "although the number was given out. Do not rely on it, and tell your security contact.",
            ),
        )
        self.id = entry_id


class NoSuchNumberError(VakaError):
    """The number was never given out, or its entry was removed for its age."""

    def __init__(self) -> None:
        super().__init__(
            Category.MISSING,
            Sentence(
                sv="Ingen post har det numret, eller så har posten gallrats för sin ålder.",
                en="No entry has that number, or the entry was removed for its age.",
            ),
        )


class Whereabouts(Enum):
    """Where the entry with a number is."""

    WAITS = "waits"
    """To be sealed."""
    STANDS = "stands"
    """In the log."""
    NEVER_GIVEN = "never_given"
    REMOVED = "removed"
    """For its age, as an entry of the log says."""
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Receipt:
    """An entry with its proof; both are files that `vaka verify --proof` takes, and other people's programs."""

    id: int
    entry: bytes
    """The entry byte for byte, as it was hashed."""
    proof: Proof
    """C2SP tlog-proof. The entry is in it too, as its extra data, so that this one file is enough."""


def policy_of(settings: LedgerSettings, origin: str) -> Policy | None:
    """Return who must have seen the log called `origin` before there is a receipt: every witness it is shown to.

    None where it has no witness: then the seal is all there is. Raises ConfigurationError.
    """
    shown = [each.key for each in settings.witnesses if origin in (f"{settings.origin}/{log}" for log in each.logs)]
    try:
        return Policy(tuple(map(WitnessKey.parse, shown)), len(shown)) if shown else None
    except LedgerError as error:
        raise ConfigurationError(f"ledger.witnesses cannot be used for {origin} ({error.code.value}).") from None


async def find_receipt(connection: Connection, entry_id: int, policy: Policy | None = None) -> Receipt | None:
    """Return the receipt for the entry with this number; None where it is not sealed, or was removed for its age.

    With `policy`, only once a quorum of these witnesses has cosigned. The proof is verified before it is handed out:
    None, too, where the tiles do not show what was signed.
    """
    found = await (await connection.execute(QUERIES["find_sealed"], {"id": entry_id})).fetchone()
    published = await (await connection.execute(QUERIES["read_checkpoint"])).fetchone()
    if found is None or published is None:
        return None
    index, entry = int(found[0]), bytes(found[1])
    try:
        note = parse_note(bytes(published[1]))
        if not _is_seen(note, policy):
            return None
    except LedgerError:
        return None
    proof = await prove(connection, note, index, entry)
    return None if proof is None else Receipt(entry_id, entry, proof)


async def prove(connection: Connection, note: Note, index: int, entry: bytes) -> Proof | None:
    """Return the proof that the checkpoint ``note`` covers the entry at ``index``, which these bytes are.

    It is verified before it is handed out: None where the checkpoint does not cover it, or the tiles do not show it.
    """
    try:
        checkpoint = parse_checkpoint(note.text)
        if index >= checkpoint.size:
            return None
        read_tile = await read_tiles(connection, inclusion_tiles(index, checkpoint.size))
        hashes = prove_inclusion(index, checkpoint.size, TileNodes(checkpoint.size, read_tile))
        require_inclusion(hash_leaf(entry), index, checkpoint.size, hashes, checkpoint.root)
    except LedgerError:
        return None
    return Proof(index, hashes, note, entry)


async def require_there(connection: Connection, entry_id: int) -> Whereabouts:
    """Return whether the entry with this number waits or stands in the log (as sequencer, or as portal).

    Raises EntryGoneError or NoSuchNumberError.
    """
    row = await (await connection.execute(QUERIES["find_whereabouts"], {"id": entry_id})).fetchone()
    where = Whereabouts.GONE if row is None else Whereabouts(row[0])
    if where is Whereabouts.GONE:
        raise EntryGoneError(entry_id)
    if where in (Whereabouts.NEVER_GIVEN, Whereabouts.REMOVED):
        raise NoSuchNumberError
    return where


async def wait_for_receipt(
    connection: Connection, entry_id: int, *, seconds: float = WAIT_SECONDS, policy: Policy | None = None
) -> Receipt:
    """Return the receipt as soon as there is one. Call it when the transaction of the act has been committed.

    Raises NotSealedYetError after so many seconds, while the entry waits or stands in the log; EntryGoneError or
    NoSuchNumberError at once, where there is nothing to wait for; RuntimeError inside a transaction: what is not
    committed is never sealed. `policy` is as for :func:`find_receipt`.
    """
    if connection.info.transaction_status is not psycopg.pq.TransactionStatus.IDLE:
        raise RuntimeError("a receipt is waited for after the transaction")
    try:
        async with asyncio.timeout(seconds):
            while True:
                receipt = await find_receipt(connection, entry_id, policy)
                if receipt is not None:
                    return receipt
                await require_there(connection, entry_id)
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        raise NotSealedYetError(entry_id) from None


def _is_seen(note: Note, policy: Policy | None) -> bool:
    return policy is None or len(verify_cosignatures(note, policy)) >= policy.quorum
