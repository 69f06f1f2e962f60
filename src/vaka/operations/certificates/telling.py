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
from cryptography.hazmat.primitives.serialization import Encoding

from vaka.crypto.certificates import list_hosts, use_of
from vaka.database.connections import Connection
from vaka.keys.files import write_secret
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged
from vaka.operations.certificates.components import list_components


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


def read_notes(root: Path, now: datetime) -> Sequence[Entry]:
    """Return what the log was not told of yet. Raises OSError."""
    path = _notes(root)
    return [_read(line, now) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def renewed_meanwhile(root: Path, noted: Sequence[Entry]) -> Sequence[str]:
    """Return whose certificates are shown as they were renewed while the log could not be told: exactly those that
    were noted, and that an issuer of ours signed. Raises OSError.
    """
    told = {
        (one.detail["component"], one.detail["sha256"])
        for one in noted
        if one.event is Event.CERTIFICATE_ISSUED and one.detail["anew"] is True
    }
    renewed = [
        one
        for one in list_components(root)[0]
        if one.issuer and (one.name, one.certificate.fingerprint(SHA256()).hex()) in told
    ]
    # The file is nothing but that certificate, and it is what the name leads to.
    return [
        one.name
        for one in renewed
        if (root / "tls" / f"{one.name}.pem").read_bytes() == one.certificate.public_bytes(Encoding.PEM)
    ]


async def tell(connection: Connection, root: Path, entries: Sequence[Entry], now: datetime) -> None:
    """Tell the log (as setup) of these, after what was noted.

    After a crash between the two an entry may stand there twice. Raises LedgerStandsStillError, OSError.
    """
    noted = read_notes(root, now)
    async with connection.transaction():
        await append_privileged(connection, [*noted, *entries])
    _notes(root).unlink(missing_ok=True)


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
