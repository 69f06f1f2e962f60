# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka certificates`: nothing is issued without a change, a reason and an entry; renewing needs nobody."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.clusters import copy
from tests.commands.test_maintenance import entries as entries_at_rest
from tests.commands.test_maintenance import vaka
from tests.commands.test_role_and_account import entries
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.protection import changes_accepted
from vaka.crypto.certificates import found_issuer
from vaka.database import cluster
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.operations.certificates.components import issue_whole, keep, list_components
from vaka.operations.certificates.issuers import keep_issuer, open_issuer
from vaka.operations.certificates.telling import issued, note
from vaka.protected.files import look_at_files

pytestmark = pytest.mark.database

APPLY = ("--apply", "--change", "C-108", "--reason", "Databasens certifikat")
FOUND = ("certificates", "found", "members", "--name", "vaka.internal", "--network", "10.20.0.0/24")
ISSUE = ("certificates", "issue", "database", "--issuer", "members", "--host", "db1.vaka.internal", "--use", "both")


@pytest.fixture(scope="module")
def running(made: DataDirectory) -> Iterator[DataDirectory]:
    """The database server runs all the while."""
    with made.locked():
        made.cluster.start()
        try:
            yield made
        finally:
            made.cluster.stop()


@pytest.fixture(scope="module")
def stopped(installed: DataDirectory) -> Iterator[DataDirectory]:
    """Another that has issued, whose server does not run."""
    path = Path(tempfile.mkdtemp(prefix="vaka-stopped-"))
    path.chmod(0o755)
    copy(installed.root, path)
    issued_here(path)
    yield DataDirectory(path)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def issuing(running: DataDirectory) -> DataDirectory:
    """The same, with an issuer that has issued; nobody is told of that."""
    issued_here(running.root)
    # The first seal makes the keys of the logs, which are protected too.
    assert vaka("certificates", "renew", "--data", running.root).exit_code == 0
    return running


def issued_here(root: Path) -> None:
    made = found_issuer("internal", ["vaka.internal"], [ip_network("10.20.0.0/24")], SystemClock().now())
    keep_issuer(root, "internal", made)
    request = certificate_request().public_bytes(Encoding.PEM)
    keep(root, "receiver", issue_whole(made, ["larm.vaka.internal"], "server", SystemClock().now(), b""))
    keep(root, "web", issue_whole(made, ["10.20.0.7"], "server", SystemClock().now(), request), request)


def certificate_request() -> x509.CertificateSigningRequest:
    """Of another machine, whose key stays there."""
    return x509.CertificateSigningRequestBuilder(x509.Name([])).sign(
        ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()
    )


def of_certificates(made: DataDirectory) -> list[dict[str, Any]]:
    return [one for one in entries(made) if str(one["event"]).startswith(("issuer.", "certificate."))]


def age(root: Path, name: str = "receiver") -> x509.Certificate:
    """Put a certificate in the place of one that was issued so long ago that it is due."""
    [part] = [one for one in list_components(root)[0] if one.name == name]
    old = part.renew(open_issuer(root, "internal"), SystemClock().now() - timedelta(days=61))
    keep(root, name, old, part.request)
    return old.certificate


def shown(root: Path, name: str = "database") -> x509.Certificate:
    return x509.load_pem_x509_certificate((root / "tls" / f"{name}.pem").read_bytes())


def test_nothing_is_made_without_a_change_a_reason_and_an_entry(running: DataDirectory, tmp_path: Path) -> None:
    where = ("--data", running.root)
    assert "Nothing was changed" in vaka(*FOUND, *where).output
    assert vaka(*FOUND, *where, "--apply").exit_code == 1
    assert not (running.root / "tls" / "members-ca.pem").exists()
    founded = vaka(*FOUND, *where, *APPLY)
    assert founded.exit_code == 0, founded.output
    assert "Nothing was changed" in vaka(*ISSUE, *where).output
    assert vaka(*ISSUE, *where, "--apply").exit_code == 1
    assert not (running.root / "tls" / "database.pem").exists()
    issued = vaka(*ISSUE, *where, *APPLY)
    assert issued.exit_code == 0, issued.output
    first, second = of_certificates(running)[-2:]
    assert (first["event"], first["object"]) == ("issuer.founded", "certificate_issuer:members")
    serial = f"certificate:{shown(running.root).serial_number:x}"
    assert (second["event"], second["object"]) == ("certificate.issued", serial)
    detail = second["detail"]
    assert (detail["hosts"], detail["use"], detail["signed_by"]) == ("db1.vaka.internal", "both", "members")
    assert detail["sha256"] == shown(running.root).fingerprint(hashes.SHA256()).hex()
    assert vaka(*FOUND, *where, *APPLY).exit_code == 1
    asked = tmp_path / "db2.csr"
    request = certificate_request()
    asked.write_bytes(request.public_bytes(Encoding.PEM))
    elsewhere = ("certificates", "issue", "db2", "--issuer", "members", "--host", "10.20.0.7", "--request", asked)
    assert vaka(*elsewhere, *where, *APPLY).exit_code == 0
    assert shown(running.root, "db2").public_key() == request.public_key()
    assert not (running.root / "tls" / "db2.key").exists()
    listed = vaka("certificates", "list", *where).output
    assert "issuer members: until 20" in listed
    assert "database: both, db1.vaka.internal, signed by members, until" in listed
    assert "db2: server, 10.20.0.7, signed by members, until" in listed
    assert "UTC, 89 days, its key elsewhere" in listed


def test_what_is_due_is_renewed_by_nobody_and_told_of(issuing: DataDirectory) -> None:
    where, before = ("--data", issuing.root), len(of_certificates(issuing))
    assert "Renewed: none" in vaka("certificates", "renew", *where).output
    assert len(of_certificates(issuing)) == before
    old, other = age(issuing.root), age(issuing.root, "web")
    done = vaka("certificates", "renew", *where)
    assert (done.exit_code, "Renewed: receiver, web. Not renewed: 0." in done.output) == (0, True), done.output
    told = of_certificates(issuing)[before:]
    assert [(one["event"], one["detail"]["component"], one["detail"]["anew"]) for one in told] == [
        ("certificate.issued", "receiver", "true"), ("certificate.issued", "web", "true"),
    ]  # fmt: skip
    assert shown(issuing.root, "receiver").public_key() != old.public_key()
    assert shown(issuing.root, "web").public_key() == other.public_key()
    assert not (issuing.root / "tls" / "issued" / "untold.jsonl").exists()


def test_while_the_database_is_away_it_renews_all_the_same_and_tells_later(issuing: DataDirectory) -> None:
    """It may be that certificate's end that keeps it away. What the receiver shows is protected: once it is told of it
    is as accepted, and nothing else that changed meanwhile is.
    """
    where, before, old = ("--data", issuing.root), len(of_certificates(issuing)), age(issuing.root)
    settings = issuing.root / "vaka.toml"
    kept = settings.read_text()
    server = issuing.cluster.server
    with changes_accepted(issuing.root, server, SystemClock(), "setup:uid-1"):
        pass
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    settings.write_text(f'{kept}[database]\nembedded = false\nhost = "127.0.0.1"\nport = {closed}\n')
    try:
        away = vaka("certificates", "renew", *where)
    finally:
        settings.write_text(f"{kept}# by hand\n")
    try:
        assert (away.exit_code, "The database does not answer" in away.output) == (1, True), away.output
        assert "Renewed: receiver. Not renewed: 0." in away.output
        renewed = shown(issuing.root, "receiver")
        assert renewed.serial_number != old.serial_number
        assert len(of_certificates(issuing)) == before
        assert drifted(issuing) == ["file:tls/receiver.pem", "file:vaka.toml"]
        assert vaka("certificates", "renew", *where).exit_code == 0
        assert drifted(issuing) == ["file:vaka.toml"]
    finally:
        settings.write_text(kept)
    [told] = of_certificates(issuing)[before:]
    assert told["object"] == f"certificate:{renewed.serial_number:x}"
    assert told["detail"]["at"]


def test_what_was_noted_accepts_no_other_certificate_than_the_one_it_names(issuing: DataDirectory) -> None:
    root, now = issuing.root, SystemClock().now()
    with changes_accepted(root, issuing.cluster.server, SystemClock(), "setup:uid-1"):
        pass
    age(root)
    [part] = [one for one in list_components(root)[0] if one.name == "receiver"]
    noted = part.renew(open_issuer(root, "internal"), now)
    keep(root, "receiver", part.renew(open_issuer(root, "internal"), now))
    note(root, issued("receiver", "internal", noted.certificate, "setup:uid-1", now, anew=True))
    assert vaka("certificates", "renew", "--data", root).exit_code == 0
    assert drifted(issuing) == ["file:tls/receiver.pem"]
    # Nor one that was issued by somebody, or with something beside it.
    keep(root, "receiver", noted)
    note(root, issued("receiver", "internal", noted.certificate, "setup:uid-1", now, anew=False))
    assert vaka("certificates", "renew", "--data", root).exit_code == 0
    assert drifted(issuing) == ["file:tls/receiver.pem"]
    (root / "tls" / "receiver.pem").write_bytes(noted.pem + noted.pem)
    note(root, issued("receiver", "internal", noted.certificate, "setup:uid-1", now, anew=True))
    assert vaka("certificates", "renew", "--data", root).exit_code == 0
    assert drifted(issuing) == ["file:tls/receiver.pem"]


def drifted(made: DataDirectory) -> list[str]:
    """Which files are otherwise than as they were accepted."""
    conninfo = made.cluster.server.conninfo(SUPERUSER, PLATFORM_DATABASE)
    with closing(psycopg.connect(conninfo)) as connection:
        known: dict[str, str] = dict(connection.execute("select name, digest from vaka.protected_state").fetchall())
    now = look_at_files(made.root, made.load_settings())
    names = {*now, *(name for name in known if name.startswith("file:"))}
    return sorted(name for name in names if now.get(name) != known.get(name))


@pytest.mark.parametrize("hindrance", ["server", "program"])
def test_where_the_embedded_server_cannot_be_started_it_renews_all_the_same(
    stopped: DataDirectory, monkeypatch: pytest.MonkeyPatch, hindrance: str
) -> None:
    """As in the unit, which may start no shell and no other program."""
    where, old, before = ("--data", stopped.root), age(stopped.root), len(listed(stopped))
    tuned = stopped.cluster.data / "postgresql.auto.conf"
    kept = tuned.read_bytes()
    with monkeypatch.context() as patched:
        if hindrance == "server":
            tuned.write_bytes(b"no such setting\n")
        else:
            refused = PermissionError(13, "Permission denied", "/usr/bin/tee")
            patched.setattr(cluster, "write_as_server", lambda *_: (_ for _ in ()).throw(refused))
        away = vaka("certificates", "renew", *where)
        assert vaka("certificates", "list", *where).exit_code != 0
    tuned.write_bytes(kept)
    assert (away.exit_code, "Renewed: receiver. Not renewed: 0." in away.output) == (1, True), away.output
    assert "The database does not answer" in away.output
    assert shown(stopped.root, "receiver").serial_number != old.serial_number
    assert vaka("certificates", "renew", *where).exit_code == 0
    [told] = listed(stopped)[before:]
    assert told["object"] == f"certificate:{shown(stopped.root, 'receiver').serial_number:x}"


def listed(made: DataDirectory) -> list[Any]:
    return [one for one in entries_at_rest(made) if one["event"] == "certificate.issued"]


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
