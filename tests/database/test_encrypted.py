# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A database server on another machine: TLS where both sides prove who they are, and nothing else (term 30)."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from tests.certificates import DAY, Issuer
from tests.ports import first_port
from vaka.database.cluster import Cluster
from vaka.database.server import SUPERUSER, Server

pytestmark = pytest.mark.database

HOST = f"127.30.{first_port(0) // 1200 % 250}.1"
"""An address of this machine that nothing else of the tests listens on."""


@dataclass(frozen=True)
class Remote:
    """A server that is reached over TCP, and whose certificates these are."""

    cluster: Cluster
    issuer: Issuer
    machine: Server
    """As a machine of ours reaches it."""

    def show(self, certificate: tuple[Path, Path]) -> None:
        """Have the server show another certificate."""
        put(certificate, self.cluster.directory / "data", "server")
        with psycopg.connect(self.cluster.server.conninfo(SUPERUSER, "postgres"), autocommit=True) as superuser:
            superuser.execute("select pg_reload_conf()")

    def have(self, certificate: tuple[Path, Path] | None) -> None:
        """Have the machine another certificate, or none."""
        for name in ("database-client.pem", "database-client.key"):
            (tls_of(self.machine) / name).unlink(missing_ok=True)
        if certificate is not None:
            put(certificate, tls_of(self.machine), "database-client", owner=os.geteuid())

    def connect(self, **more: str) -> None:
        """Connect as the machine does, and ask how."""
        conninfo = psycopg.conninfo.make_conninfo(self.machine.conninfo(SUPERUSER, "postgres"), **more)
        with psycopg.connect(conninfo) as connection:
            row = connection.execute("select ssl, client_dn from pg_stat_ssl where pid = pg_backend_pid()").fetchone()
        assert row == (True, f"/CN={SUPERUSER}")


def tls_of(server: Server) -> Path:
    return server.credentials.parent / "tls"


def put(certificate: tuple[Path, Path], directory: Path, name: str, owner: int | None = None) -> None:
    """Put a certificate and its key where somebody reads them who owns the directory."""
    for path in certificate:
        there = directory / f"{name}{path.suffix}"
        shutil.copy(path, there)
        there.chmod(0o600)
        os.chown(there, directory.stat().st_uid if owner is None else owner, -1)


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    root = Path(tempfile.mkdtemp(prefix="vaka-encrypted-"))
    root.chmod(0o755)
    (root / "tls").mkdir()
    issuer, cluster = Issuer(root / "issuer"), Cluster(root / "cluster", root / "credentials")
    machine = replace(cluster.server, host=HOST)
    cluster.create()
    data = cluster.directory / "data"
    try:
        put(issuer.certificate_for(HOST), data, "server")
        shutil.copy(issuer.certificate, data / "issuer.pem")
        (data / "issuer.pem").chmod(0o644)
        with (data / "postgresql.auto.conf").open("a") as settings:
            settings.write(
                f"\nlisten_addresses = '{HOST}'\nssl = on\nssl_cert_file = 'server.pem'\nssl_key_file = 'server.key'\n"
                "ssl_ca_file = 'issuer.pem'\nssl_min_protocol_version = 'TLSv1.2'\n"
            )
        # As docs/traffic.md has it: nothing but this over the network.
        (data / "pg_hba.conf").write_text(
            "local all all scram-sha-256\nhostssl all all 127.0.0.0/8 scram-sha-256 clientcert=verify-full\n"
        )
        cluster.start()
        shutil.copy(issuer.certificate, root / "tls" / "database-ca.pem")
        yield Remote(cluster, issuer, machine)
    finally:
        cluster.stop(immediately=True)
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(autouse=True)
def sound(remote: Remote) -> None:
    """Each test begins where both sides are who they say."""
    remote.show(remote.issuer.certificate_for(HOST))
    remote.have(remote.issuer.certificate_for(SUPERUSER))


def test_term_30_2_database_takes_nothing_in_clear(remote: Remote) -> None:
    """What our processes ask for is TLS with the server verified; one that asks for less gets nothing at all."""
    remote.connect()
    assert "sslmode=verify-full" in remote.machine.conninfo(SUPERUSER, "postgres")
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        remote.connect(sslmode="disable")


@pytest.mark.parametrize("fault", ["expired", "stranger's", "another's"])
def test_term_30_3_server_that_is_not_who_it_says_is_told_no_password(
    remote: Remote, fault: str, tmp_path: Path
) -> None:
    """Whatever answers at that address."""
    issuer = Issuer(tmp_path, "Främmande utgivare") if fault == "stranger's" else remote.issuer
    name = "192.0.2.7" if fault == "another's" else HOST
    remote.show(issuer.certificate_for(name, lasts=-DAY if fault == "expired" else DAY, stem="fault"))
    with pytest.raises(psycopg.OperationalError, match=r"certificate|does not match"):
        remote.connect()


@pytest.mark.parametrize(
    ("fault", "said"),
    [("expired", "certificate expired"), ("stranger's", "unknown ca"), ("none", "requires a valid client certificate"),
     # The certificate is believed, and not for this role; the password is the right one.
     ("another's", "authentication failed")],
)  # fmt: skip
def test_term_30_3_machine_that_is_not_who_it_says_is_refused(
    remote: Remote, fault: str, said: str, tmp_path: Path
) -> None:
    """Also with the right password: who has copied that alone gets nowhere."""
    issuer = Issuer(tmp_path, "Främmande utgivare") if fault == "stranger's" else remote.issuer
    name = "vaka_desk" if fault == "another's" else SUPERUSER
    certificate = issuer.certificate_for(name, lasts=-DAY if fault == "expired" else DAY, stem="fault")
    remote.have(None if fault == "none" else certificate)
    with pytest.raises(psycopg.OperationalError, match=said):
        remote.connect()
