# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the log is told of issuers and certificates; what it cannot be told yet is noted and told at the next run.

The database's own certificate is there before the database, and one that ends is renewed although the database is away.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from vaka.crypto.certificates import list_hosts, use_of
from vaka.database.connections import Connection
from vaka.keys.files import write_secret
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged


def founded(name: str, made: x509.Certificate, actor: str, now: datetime) -> Entry:
    """Return the entry of a new issuer."""
    within = made.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or ()
    detail = {**_about(made), "good_for": " ".join(str(one.value) for one in within)}
    return Entry(Event.ISSUER_FOUNDED, actor, now, f"certificate_issuer:{name}", detail=detail)


def issued(
    component: str, issuer: str, made: x509.Certificate, actor: str, now: datetime, *, anew: bool
) -> Entry:  # fmt: skip
    """Return the entry of a certificate; ``anew`` where it is one that was there, for the same hosts and uses."""
    detail = {
        **_about(made), "component": component, "signed_by": issuer, "hosts": " ".join(list_hosts(made)),
        "use": use_of(made), "anew": anew,
    }  # fmt: skip
    return Entry(Event.CERTIFICATE_ISSUED, actor, now, f"certificate:{made.serial_number:x}", detail=detail)


def note(root: Path, entry: Entry) -> None:
    """Keep an entry until the log can be told. Raises OSError."""
    path = _notes(root)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    stated = [entry.event.value, entry.actor, entry.happened_at.isoformat(), entry.object, dict(entry.detail)]
    before = path.read_bytes() if path.exists() else b""
    write_secret(path, before + json.dumps(stated).encode() + b"\n")


async def tell(connection: Connection, root: Path, entries: Sequence[Entry], now: datetime) -> int:
    """Tell the log (as setup) of these, after what was noted; return how many those were.

    After a crash between the two an entry may stand there twice. Raises LedgerStandsStillError, OSError.
    """
    path = _notes(root)
    noted = [_read(line, now) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    async with connection.transaction():
        await append_privileged(connection, [*noted, *entries])
    path.unlink(missing_ok=True)
    return len(noted)


def _notes(root: Path) -> Path:
    return root / "tls" / "issued" / "untold.jsonl"


def _read(line: str, now: datetime) -> Entry:
    event, actor, happened_at, thing, detail = json.loads(line)
    # The entry is of now, when it can be sealed; it says when it was done.
    return Entry(Event(event), actor, now, thing, detail={**detail, "at": happened_at})


def _about(made: x509.Certificate) -> dict[str, str | int | bool | None]:
    return {
        "sha256": made.fingerprint(SHA256()).hex(),
        "ends_at": made.not_valid_after_utc.isoformat(timespec="seconds"),
    }
