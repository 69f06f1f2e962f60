# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka certificates`: nothing is issued without a change, a reason and an entry; renewing needs nobody."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.commands.test_maintenance import vaka
from tests.commands.test_role_and_account import entries
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.operations.certificates.components import keep, list_components
from vaka.operations.certificates.issuers import open_issuer

pytestmark = pytest.mark.database

APPLY = ("--apply", "--change", "C-108", "--reason", "Databasens certifikat")
FOUND = ("certificates", "found", "internal", "--name", "vaka.internal", "--network", "10.20.0.0/24")
ISSUE = ("certificates", "issue", "database", "--issuer", "internal", "--host", "db1.vaka.internal", "--use", "both")


@pytest.fixture(scope="module")
def running(made: DataDirectory) -> Iterator[DataDirectory]:
    """The database server runs all the while."""
    with made.locked():
        made.cluster.start()
        try:
            yield made
        finally:
            made.cluster.stop()


def of_certificates(made: DataDirectory) -> list[dict[str, Any]]:
    return [one for one in entries(made) if str(one["event"]).startswith(("issuer.", "certificate."))]


def age(root: Path, name: str = "database") -> x509.Certificate:
    """Put a certificate in the place of one that was issued so long ago that it is due."""
    [part] = [one for one in list_components(root) if one.name == name]
    old = part.renew(open_issuer(root, "internal"), SystemClock().now() - timedelta(days=61))
    keep(root, name, old, part.request)
    return old.certificate


def shown(root: Path, name: str = "database") -> x509.Certificate:
    return x509.load_pem_x509_certificate((root / "tls" / f"{name}.pem").read_bytes())


def test_nothing_is_made_without_a_change_a_reason_and_an_entry(running: DataDirectory, tmp_path: Path) -> None:
    where = ("--data", running.root)
    assert "Nothing was changed" in vaka(*FOUND, *where).output
    assert vaka(*FOUND, *where, "--apply").exit_code == 1
    assert not (running.root / "tls" / "internal-ca.pem").exists()
    founded = vaka(*FOUND, *where, *APPLY)
    assert founded.exit_code == 0, founded.output
    assert "Nothing was changed" in vaka(*ISSUE, *where).output
    assert vaka(*ISSUE, *where, "--apply").exit_code == 1
    assert not (running.root / "tls" / "database.pem").exists()
    issued = vaka(*ISSUE, *where, *APPLY)
    assert issued.exit_code == 0, issued.output
    first, second = of_certificates(running)[-2:]
    assert (first["event"], first["object"]) == ("issuer.founded", "certificate_issuer:internal")
    serial = f"certificate:{shown(running.root).serial_number:x}"
    assert (second["event"], second["object"]) == ("certificate.issued", serial)
    detail = second["detail"]
    assert (detail["hosts"], detail["use"], detail["signed_by"]) == ("db1.vaka.internal", "both", "internal")
    assert detail["sha256"] == shown(running.root).fingerprint(hashes.SHA256()).hex()
    assert vaka(*FOUND, *where, *APPLY).exit_code == 1
    # For another machine, whose key stays there.
    asked = tmp_path / "db2.csr"
    request = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(
        ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()
    )
    asked.write_bytes(request.public_bytes(Encoding.PEM))
    elsewhere = ("certificates", "issue", "db2", "--issuer", "internal", "--host", "10.20.0.7", "--request", asked)
    assert vaka(*elsewhere, *where, *APPLY).exit_code == 0
    assert shown(running.root, "db2").public_key() == request.public_key()
    assert not (running.root / "tls" / "db2.key").exists()
    listed = vaka("certificates", "list", *where).output
    assert "issuer internal: until 20" in listed
    assert "database: both, db1.vaka.internal, signed by internal, until" in listed
    assert "db2: server, 10.20.0.7, signed by internal, until" in listed
    assert "UTC, 89 days, its key elsewhere" in listed


def test_what_is_due_is_renewed_by_nobody_and_told_of(running: DataDirectory) -> None:
    where, before = ("--data", running.root), len(of_certificates(running))
    assert "Renewed: none" in vaka("certificates", "renew", *where).output
    assert len(of_certificates(running)) == before
    old, other = age(running.root), age(running.root, "db2")
    done = vaka("certificates", "renew", *where)
    assert (done.exit_code, "Renewed: database, db2. Not renewed: 0." in done.output) == (0, True), done.output
    told = of_certificates(running)[before:]
    assert [(one["event"], one["detail"]["component"], one["detail"]["anew"]) for one in told] == [
        ("certificate.issued", "database", "true"), ("certificate.issued", "db2", "true"),
    ]  # fmt: skip
    assert shown(running.root).public_key() != old.public_key()
    assert shown(running.root, "db2").public_key() == other.public_key()
    assert not (running.root / "tls" / "issued" / "untold.jsonl").exists()


def test_while_the_database_is_away_it_renews_all_the_same_and_tells_later(running: DataDirectory) -> None:
    """It may be that certificate's end that keeps it away."""
    where, before, old = ("--data", running.root), len(of_certificates(running)), age(running.root)
    settings = running.root / "vaka.toml"
    kept = settings.read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    settings.write_text(f'{kept}[database]\nembedded = false\nhost = "127.0.0.1"\nport = {closed}\n')
    try:
        away = vaka("certificates", "renew", *where)
    finally:
        settings.write_text(kept)
    assert (away.exit_code, "The database does not answer" in away.output) == (1, True), away.output
    renewed = shown(running.root)
    assert renewed.serial_number != old.serial_number
    assert len(of_certificates(running)) == before
    assert vaka("certificates", "renew", *where).exit_code == 0
    [told] = of_certificates(running)[before:]
    assert told["object"] == f"certificate:{renewed.serial_number:x}"
    assert told["detail"]["at"]


def test_before_there_is_a_database_what_is_made_is_noted(tmp_path: Path) -> None:
    """The certificate of a server of one's own comes first."""
    (tmp_path / "credentials").mkdir()
    (tmp_path / "vaka.toml").write_text('[database]\nembedded = false\nhost = "db1.vaka.internal"\n')
    for command in (FOUND, ISSUE):
        assert vaka(*command, "--data", tmp_path, "--apply").exit_code == 1
        done = vaka(*command, "--data", tmp_path, *APPLY)
        assert done.exit_code == 0, done.output
    assert "database: both" in vaka("certificates", "list", "--data", tmp_path).output
    noted = (tmp_path / "tls" / "issued" / "untold.jsonl").read_text().splitlines()
    assert [line.split('"')[1] for line in noted] == ["issuer.founded", "certificate.issued"]
