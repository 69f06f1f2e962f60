# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka verify`: whether a log, or one receipt, is what was signed and witnessed. It trusts nobody who made it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import click
from click.core import ParameterSource

from vaka.clock import SystemClock
from vaka.commands.verify_report import report
from vaka.ledger.checkpoints import Checkpoint, verify_checkpoint
from vaka.ledger.cosignatures import Policy, WitnessKey
from vaka.ledger.errors import LedgerError, LedgerFault
from vaka.ledger.findings import Checked, Wrong, WrongError
from vaka.ledger.note_keys import LogKey
from vaka.ledger.notes import LARGEST_NOTE, parse_note
from vaka.ledger.proofs import LARGEST_PROOF, parse_proof, verify_proof
from vaka.ledger.published import open_published
from vaka.ledger.tiles import LARGEST_ENTRY
from vaka.ledger.tree import hash_leaf
from vaka.ledger.verify import Expected, UnreadableError, verify_log, verify_quorum
from vaka.ledger.verify_entries import TooManySourcesError
from vaka.ledger.verify_receipts import Remembered

WRONG, NOT_CHECKED = 1, 2
"""Exit codes, beside 0 for verified."""

_LARGEST_COOKIE = 4096  # bytes
_file = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("place", required=False, metavar="[DIRECTORY|URL]")
@click.option("--log", "vkey", required=True, metavar="VKEY", help="The log's public key, from the day it began.")
@click.option("--witness", "witnesses", multiple=True, metavar="VKEY", help="A witness's public key; once for each.")
@click.option("--quorum", type=click.IntRange(min=1), help="How many of the witnesses must have signed. [default: all]")
@click.option("--fresh", type=click.IntRange(min=1), metavar="MINUTES", help="Their signatures must be no older.")
@click.option("--since", type=_file, help="An earlier checkpoint of this log, kept by you: it must be continued.")
@click.option("--back", type=click.IntRange(min=0), default=10, show_default=True, metavar="MINUTES",
              help="How far the entries' times may run backwards.")  # fmt: skip
@click.option("--retention", type=click.IntRange(min=1), metavar="DAYS",
              help="How long you have decided that the log is kept, whatever it says itself.")  # fmt: skip
@click.option(
    "--known-gap",
    "known_gaps",
    type=click.IntRange(min=0),
    multiple=True,
    metavar="ENTRY",
    help="The numbers of this entry's writer are known to be broken here; once for each. It is told, and forgiven.",
)
@click.option(
    "--receipt",
    "receipts",
    type=_file,
    multiple=True,
    help="A receipt you have had before: its entry must stand in this log. Once for each.",
)
@click.option(
    "--silence",
    type=click.IntRange(min=2),
    metavar="MINUTES",
    help="No more may lie between two of its heartbeats, one of which comes every minute.",
)
@click.option("--cookie", type=_file, help="A file with the cookie to send (name=value), such as the portal's session.")
@click.option("--proof", type=_file, help="Verify one receipt (tlog-proof) instead of a log.")
@click.option("--entry", type=_file, help="The entry it is for, byte for byte. [default: the one in it]")
@click.option("--language", type=click.Choice(["sv", "en"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of sentences.")
@click.pass_context
def verify(
    context: click.Context, place: str | None, vkey: str, witnesses: tuple[str, ...], quorum: int | None,
    fresh: int | None, since: Path | None, back: int, retention: int | None, known_gaps: tuple[int, ...],
    receipts: tuple[Path, ...], silence: int | None, cookie: Path | None, proof: Path | None, entry: Path | None,
    language: str, as_json: bool,
) -> None:  # fmt: skip
    """Verify a log that was exported to DIRECTORY or is published at URL (C2SP tlog-tiles), or one receipt.

    Prints what was checked and the first thing that is wrong. Exit code: 0 everything is as it was signed (but for the
    known gaps), 1 something is wrong, 2 it could not be checked. Without --witness the log alone vouches for itself.
    """
    if (place is None) == (proof is None) or (proof is None and entry is not None):
        raise click.UsageError("Name a directory or URL, or a receipt with --proof.")
    is_back_asked = context.get_parameter_source("back") is not ParameterSource.DEFAULT
    if proof is not None and (since or retention or known_gaps or receipts or silence or cookie or is_back_asked):
        raise click.UsageError(
            "--since, --back, --retention, --known-gap, --receipt, --silence and --cookie are for a whole log, "
            "not for one receipt."
        )
    checked = Checked()
    wrong: WrongError | None = None
    reason: str | None = None
    now = SystemClock().now()
    try:
        expected = _read_expected(vkey, witnesses, quorum, fresh, since)
        expected = replace(
            expected, back_seconds=60 * back, least_days=retention, silence=None if silence is None else 60 * silence,
            known_gaps=frozenset(known_gaps), receipts=tuple(_read_receipt(path, expected.log) for path in receipts),
        )  # fmt: skip
        if proof is not None:
            own = None if entry is None else _read(entry, LARGEST_ENTRY)
            _verify_receipt(_read(proof, LARGEST_PROOF), own, expected, now, checked)
        elif place is not None:
            with open_published(place, _read_cookie(cookie)) as read:
                verify_log(read, expected, now, checked)
    except WrongError as error:
        wrong = error
    except UnreadableError as error:
        reason = str(error)
    except TooManySourcesError:
        reason = "the log has more writers than fit into memory"
    if as_json:
        click.echo(json.dumps(_object(checked, wrong, reason), ensure_ascii=False, indent=2).encode())
    else:
        click.echo("\n".join(report(checked, wrong, reason, language)).encode())
    context.exit(NOT_CHECKED if reason else WRONG if wrong else 0)


def _object(checked: Checked, wrong: WrongError | None, reason: str | None) -> dict[str, object]:
    return {
        "verified": wrong is None and reason is None,
        "wrong": None if wrong is None else {
            "code": wrong.code.name.lower(), "where": wrong.where, "sv": wrong.code.value.sv, "en": wrong.code.value.en,
        },
        "not_checked": reason,
        "checked": asdict(checked),
    }  # fmt: skip


def _read_expected(
    vkey: str, witnesses: tuple[str, ...], quorum: int | None, fresh: int | None, since: Path | None
) -> Expected:
    """Return what the options say. Raises UnreadableError where they make no sense."""
    if not witnesses and (quorum or fresh):
        raise UnreadableError("--quorum and --fresh need a --witness")
    try:
        log = LogKey.parse(vkey.strip())
        keys = tuple(WitnessKey.parse(each.strip()) for each in witnesses)
        policy = Policy(keys, quorum or len(keys)) if keys else None
    except LedgerError as error:
        if error.code is LedgerFault.POLICY:
            raise UnreadableError("the same witness twice, or a larger quorum than there are witnesses") from None
        raise UnreadableError(f"a public key is not one ({error.code.value})") from None
    if any(key.public_key == log.public_key for key in keys):
        raise UnreadableError("a log is no witness of itself")
    return Expected(
        log,
        policy,
        None if since is None else _read_since(since, log),
        None if fresh is None else 60 * fresh,
    )


def _read_receipt(path: Path, log: LogKey) -> Remembered:
    """Read a receipt that is kept as a memory. Whether witnesses had seen it then, was asked when it was handed out."""
    try:
        proof = parse_proof(_read(path, LARGEST_PROOF))
        if not proof.extra:
            raise UnreadableError(f"{path} does not hold its entry")
        verify_proof(proof, hash_leaf(proof.extra), log, None)
    except LedgerError as error:
        raise UnreadableError(f"{path} is no receipt of this log ({error.code.value})") from None
    return Remembered(proof.index, proof.extra)


def _read_since(path: Path, log: LogKey) -> Checkpoint:
    try:
        return verify_checkpoint(parse_note(_read(path, LARGEST_NOTE)), log)
    except LedgerError as error:
        raise UnreadableError(f"{path} is no checkpoint signed by this log ({error.code.value})") from None


def _verify_receipt(data: bytes, entry: bytes | None, expected: Expected, now: datetime, checked: Checked) -> None:
    try:
        proof = parse_proof(data)
    except LedgerError:
        raise WrongError(Wrong.PROOF, "receipt") from None
    if entry is None and not proof.extra:
        raise UnreadableError("the receipt does not hold its entry; name it with --entry")
    try:
        leaf_hash = hash_leaf(proof.extra if entry is None else entry)
        checkpoint = verify_proof(proof, leaf_hash, expected.log, None).checkpoint
    except LedgerError as error:
        code = _RECEIPT_FAULTS.get(error.code, Wrong.CHECKPOINT)
        raise WrongError(code, f"receipt, entry {proof.index}") from None
    checked.origin, checked.size, checked.root = checkpoint.origin, checkpoint.size, checkpoint.root.hex()
    checked.is_signed = True
    verify_quorum(proof.checkpoint, expected, now, checked)
    checked.entries = 1


def _read_cookie(path: Path | None) -> str:
    """Return what stands in the file: never an argument, which everybody on the machine can see."""
    return "" if path is None else _read(path, _LARGEST_COOKIE).decode("latin-1").strip()


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise UnreadableError(f"{path} cannot be read: {error.strerror}") from None


_RECEIPT_FAULTS = {
    LedgerFault.UNSIGNED: Wrong.UNSIGNED, LedgerFault.SIGNATURE: Wrong.SIGNATURE, LedgerFault.ORIGIN: Wrong.ORIGIN,
    LedgerFault.INCLUSION: Wrong.INCLUSION,
}  # fmt: skip
