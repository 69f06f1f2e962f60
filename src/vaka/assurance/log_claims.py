# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a log reviewer says was verified (term 26): which checkpoint, by what means, and whether the log had it."""

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from vaka.database.connections import Connection
from vaka.errors import Category, Sentence, VakaError
from vaka.ledger.checkpoints import Checkpoint, parse_checkpoint
from vaka.ledger.cosignatures import Policy, verify_cosignatures
from vaka.ledger.errors import LedgerError
from vaka.ledger.notes import LARGEST_NOTE, Note, parse_note
from vaka.ledger.reading import LogState, read_entry
from vaka.ledger.stored import prove_growth
from vaka.ledger.tree import require_consistency
from vaka.ledger.wording import seems_personal

Means = Literal["verifier", "checkpoint", "numbers", "none"]
LONGEST_PASTED = LARGEST_NOTE
OLDEST_CHECKPOINT = timedelta(days=31)
"""By how much the newest entry under a checkpoint may be older than its verification, which saw nothing later."""
AHEAD = timedelta(minutes=10)
"""How far the clocks of who verifies and of who writes may lie apart."""
_LONGEST_SAID = 300
_MOST_WITNESSES = 100
_SIZE = re.compile(r"[1-9][0-9]{0,14}")
_ROOT = re.compile(r"[0-9a-f]{64}")


class UnusableCheckError(VakaError):
    """It cannot be reported like this; `why` is a key of the table below."""

    def __init__(self, why: str) -> None:
        category, sv, en = _WHY[why]
        super().__init__(category, Sentence(f"{sv} Inget har sparats.", f"{en} Nothing was kept."))
        self.why = why


_WHY: dict[str, tuple[Category, str, str]] = {
    "nothing": (
        Category.INVALID,
        "Säg vilken kontrollpunkt som kontrollerades: klistra in den, eller det som vaka verify --json skrev ut, eller "
        "skriv antalet poster och rothashen.",
        "Say which checkpoint was verified: paste it, or what vaka verify --json printed, or write the number of "
        "entries and the root hash.",
    ),
    "unreadable": (
        Category.INVALID,
        "Det inklistrade är varken en kontrollpunkt eller det som vaka verify --json skriver ut, eller så är antalet "
        "poster eller rothashen fel skriven. Rothashen är 64 tecken, 0–9 och a–f.",
        "What was pasted is neither a checkpoint nor what vaka verify --json prints, or the number of entries or the "
        "root hash is written wrongly. The root hash is 64 signs, 0–9 and a–f.",
    ),
    "foreign": (
        Category.INVALID, "Kontrollpunkten gäller en annan logg än er.", "The checkpoint is of another log than yours.",
    ),
    "unsigned": (
        Category.INVALID,
        "Er logg har aldrig haft den kontrollpunkten: så många poster med den rothashen har inte undertecknats. Om "
        "kontrollen gav just det, säg att något är fel, och klistra in kontrollpunkten.",
        "Your log never had that checkpoint: so many entries with that root hash were not signed. If that is what the "
        "verification gave, report that something is wrong, and paste the checkpoint.",
    ),
    "said_wrong": (
        Category.INVALID,
        "Det som vaka verify skrev ut säger att något är fel. Säg det i stället.",
        "What vaka verify printed says that something is wrong. Report that instead.",
    ),
    "said_well": (
        Category.INVALID,
        "Det som vaka verify skrev ut säger att allt stämmer. Klistra in det som säger att något är fel, eller bara "
        "kontrollpunkten.",
        "What vaka verify printed says that all is well. Paste what says that something is wrong, or the checkpoint "
        "alone.",
    ),
    "not_checked": (
        Category.INVALID,
        "Enligt det som vaka verify skrev ut kunde loggen inte kontrolleras. Försök igen när det går.",
        "By what vaka verify printed the log could not be verified. Try again when it can be.",
    ),
    "stale": (
        Category.INVALID,
        f"Det kontrollerade slutar mer än {OLDEST_CHECKPOINT.days} dagar före kontrollen. Hämta loggen som den är nu.",
        f"What was verified ends more than {OLDEST_CHECKPOINT.days} days before the verification. Fetch the log as it "
        "is now.",
    ),
    "when": (
        Category.INVALID,
        "Säg när det kontrollerades: en tid som har varit, högst 92 dagar bort, och inte före kontrollpunkten.",
        "Say when it was verified: a time that has been, 92 days off at most, and not before the checkpoint.",
    ),
    "before": (
        Category.CONFLICT,
        "Något har befunnits fel senare än så. Kontrollera loggen på nytt.",
        "Something was found wrong later than that. Verify the log anew.",
    ),
    "words": (
        Category.INVALID,
        "Skriv vad som är fel, i 1–1500 tecken, utan personnummer, telefonnummer och e-postadresser.",
        "Write what is wrong, in 1–1500 signs, without personal numbers, telephone numbers and mail addresses.",
    ),
    "stranger": (
        Category.FORBIDDEN, "Bara myndighetens loggranskare kan säga det.",
        "The authority's log reviewers alone can say that.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim:
    """A checkpoint that somebody says was verified."""

    size: int
    root: bytes
    means: Means
    said: str = ""
    """What the verifier found wrong, as a code and where; empty where it found nothing, or was not pasted."""
    is_well: bool | None = None
    """What the verifier says came of it; None where what was pasted is not its output."""
    witnesses: int = 0
    """How many of the log's witnesses have signed it."""


def read_claim(pasted: str, size: str, root: str, origin: str, policy: Policy | None) -> Claim | None:
    """Read what was pasted or, where that is nothing, the two numbers; None where there is nothing of either.

    Raises UnusableCheckError.
    """
    pasted, size, root = pasted.replace("\r\n", "\n").strip(), size.strip(), root.strip().lower()
    if pasted.startswith("{"):
        return _read_output(pasted, origin)
    if pasted:
        return _read_note(f"{pasted}\n", origin, policy)
    if not size and not root:
        return None
    if not _SIZE.fullmatch(size) or not _ROOT.fullmatch(root):
        raise UnusableCheckError("unreadable")
    return Claim(int(size), bytes.fromhex(root), "numbers")


def _read_note(text: str, origin: str, policy: Policy | None) -> Claim:
    try:
        note = parse_note(text.encode())
        checkpoint = parse_checkpoint(note.text)
    except LedgerError:
        raise UnusableCheckError("unreadable") from None
    if checkpoint.size == 0:
        raise UnusableCheckError("unreadable")
    if checkpoint.origin != origin:
        raise UnusableCheckError("foreign")
    return Claim(checkpoint.size, checkpoint.root, "checkpoint", witnesses=_count_witnesses(note, policy))


def _count_witnesses(note: Note, policy: Policy | None) -> int:
    try:
        return 0 if policy is None else len(verify_cosignatures(note, policy))
    except LedgerError:
        return 0


def _read_output(text: str, origin: str) -> Claim | None:
    """Read what ``vaka verify --json`` printed. Of a log whose checkpoint is none it knows no size."""
    try:
        output = json.loads(text)
        checked, wrong = output["checked"], output["wrong"]
        named, size, root = checked["origin"], checked["size"], checked["root"]
        said = "" if wrong is None else f"{wrong['code']}: {wrong['where']}"[:_LONGEST_SAID]
        is_well, not_checked, witnesses = output["verified"], output["not_checked"], checked["witnesses"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UnusableCheckError("unreadable") from None
    if not_checked is not None:
        raise UnusableCheckError("not_checked")
    if (
        not isinstance(is_well, bool)
        or is_well != (wrong is None)
        or type(size) is not int
        or not isinstance(root, str)
        or not isinstance(witnesses, list)
        or len(witnesses) > _MOST_WITNESSES
        or not said.isprintable()
        or seems_personal(said)
    ):
        raise UnusableCheckError("unreadable")
    if size == 0 and said:
        return Claim(0, b"", "none", said, is_well)
    if not _SIZE.fullmatch(str(size)) or not _ROOT.fullmatch(root):
        raise UnusableCheckError("unreadable")
    if named != origin:
        raise UnusableCheckError("foreign")
    return Claim(size, bytes.fromhex(root), "verifier", said, is_well, len(witnesses))


async def is_of_log(tenant: Connection, state: LogState, claim: Claim) -> bool:
    """Whether what the log has signed begins with just this: its tree had this root at this size (as portal)."""
    try:
        signed = None if state.note is None else parse_checkpoint(parse_note(state.note).text)
        return signed is not None and await _continues(tenant, claim, signed)
    except LedgerError:
        return False


async def _continues(tenant: Connection, claim: Claim, signed: Checkpoint) -> bool:
    if not 0 < claim.size <= signed.size:
        return False
    proof = await prove_growth(tenant, claim.size, signed.size)
    require_consistency(claim.size, claim.root, signed.size, signed.root, proof)
    return True


async def require_recent(tenant: Connection, claim: Claim, checked_at: datetime) -> None:
    """Return if what was verified reached up to when it was verified, about. Raises UnusableCheckError."""
    entry = await read_entry(tenant, claim.size - 1)
    ended_at = None if entry is None or entry.leaf is None else entry.leaf.at
    if ended_at is None or ended_at < checked_at - OLDEST_CHECKPOINT:
        raise UnusableCheckError("stale")
    if ended_at > checked_at + AHEAD:
        raise UnusableCheckError("when")
