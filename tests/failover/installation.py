# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An installation whose database is those machines: one authority, devices, and receivers that run as processes."""

import asyncio
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from tests.clusters import start_cluster
from tests.failover.members import REPOSITORY, Members, running_members
from tests.failover.steady import Sent
from tests.identities import blinded, keep_key
from tests.keys.running import running_keyholder
from tests.receiver.conftest import Register
from tests.receiver.process import Process
from tests.waiting import wait_for
from vaka.clock import SystemClock
from vaka.commands.programs import answers
from vaka.database.cluster import Cluster, write_credential
from vaka.database.connections import open_connection
from vaka.database.provision import provision_keys, provision_platform
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.identity.installation import decide_installation
from vaka.keys.credentials import issue_credentials
from vaka.keys.keyring import make_keyring
from vaka.settings import Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.registration import register_authority


@dataclass
class Installation:
    """The data directory of one machine of ours, and whose alarms it takes in."""

    root: Path
    server: Server
    authority: Authority
    devices: list[str]
    """What they call themselves."""
    more: str = ""
    """Settings that it has besides."""

    @contextmanager
    def receiver(self, port: int, instance: str = "receiver-1") -> Iterator[Process]:
        """Run a receiver, which knows all devices."""
        self.write_settings(port)
        process = Process(self.root, "--instance", instance)
        try:
            yield process
        finally:
            process.process.kill()
            process.process.wait()

    def write_settings(self, port: int = 5060) -> None:
        """Write the settings of a machine whose receiver listens there."""
        _write_settings(self.root, self.server, port, self.more)

    def ask(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the authority's database, as nobody in Vaka may."""
        conninfo = self.server.conninfo(SUPERUSER, self.authority.database_name)
        with closing(psycopg.connect(conninfo, autocommit=True)) as connection:
            connection.execute("set search_path = vaka, ledger")
            return connection.execute(statement, values).fetchall()


@contextmanager
def installed_on_members(
    count: int, timing: tuple[int, int, int], devices: int, *, archiving: bool = False
) -> Iterator[tuple[Members, Installation]]:
    """Run so many database machines, and set an installation up whose database they are."""
    root = Path(tempfile.mkdtemp(prefix="vaka-patroni-"))
    root.chmod(0o755)
    try:
        with running_members(root, count, timing, archiving=archiving) as members:
            yield members, install(members, root / "vaka", devices)
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def installed_by_itself(root: Path, devices: int) -> Iterator[tuple[Cluster, Installation]]:
    """Run an embedded server below ``root``, and set an installation up there."""
    cluster = start_cluster(root)
    try:
        keep_key(cluster.credentials)
        (root / "tls").mkdir()
        with running_keyholder(root):
            authority, senders = _take_in(cluster.server, devices)
        yield cluster, Installation(root, cluster.server, authority, senders)
    finally:
        cluster.stop(immediately=True)


def require_kept_once(installation: Installation, sent: Sequence[Sent]) -> None:
    """Assert that what was answered is there, each alarm once, and of nobody two that are open."""
    rows = installation.ask("select sender, ref, count(*) from message where ref = any(%s) group by sender, ref",
                            [one.ref for one in sent])  # fmt: skip
    kept = {(sender, ref): count for sender, ref, count in rows}
    answered = {(blinded(one.sender), one.ref) for one in sent if one.answered is not None}
    assert answered
    assert answered <= kept.keys(), "answered 200 and lost"
    assert kept.keys() <= {(blinded(one.sender), one.ref) for one in sent}
    assert set(kept.values()) == {1}, "stored more than once"
    [[most]] = installation.ask("select max(n) from (select count(*) as n from alarm group by person_id) a")
    assert most == 1, "somebody has two alarms of what was one"
    [[differing]] = installation.ask(
        "select count(*) from alarm a where a.messages <> (select count(*) from message m where m.alarm_id = a.id)"
    )
    assert differing == 0


def install(members: Members, root: Path, devices: int) -> Installation:
    """Set an installation up, as the documentation has it: a superuser that is there to provision, then everything."""
    credentials, tls = root / "credentials", root / "tls"
    for path in (root, credentials, tls, *(root / name for name in ("run", "ledger", "logs"))):
        path.mkdir(mode=0o700, exist_ok=True)
    root.chmod(0o755)  # the account of the repository's program passes through
    chain, key = members.machines.certificate_for(REPOSITORY, texts=[REPOSITORY])
    for source, name in ((members.issuer.certificate, "ca.pem"), (chain, "client.pem"), (key, "client.key")):
        shutil.copy(source, tls / f"database-{name}")
    (tls / "database-client.key").chmod(0o600)
    server = Server(members.hosts, members.port, credentials)
    password = secrets.token_hex(32)
    members.as_superuser(
        f"create role {SUPERUSER} superuser login password '{password}';"
        "grant connect on database postgres to vaka_rewind;"
    )
    write_credential(server, SUPERUSER, password)
    provision_platform(server)
    provision_keys(server)
    issue_credentials(credentials)
    keep_key(credentials)
    _write_settings(root, server)
    with _keyholder(root):
        authority, senders = _take_in(server, devices)
    return Installation(root, server, authority, senders)


def _take_in(server: Server, devices: int) -> tuple[Authority, list[str]]:
    with ThreadPoolExecutor(1) as thread:
        authority = thread.submit(asyncio.run, _register(server)).result()
    register = Register(server)
    senders = [register.device(authority) for _ in range(devices)]
    register.close()
    return authority, senders


def _write_settings(root: Path, server: Server, port: int = 5060, more: str = "") -> None:
    (root / "vaka.toml").write_text(
        f'[database]\nembedded = false\nhost = "{server.host}"\nport = {server.port}\n'
        f"[receiver]\nudp_port = {port}\ntcp_port = false\ntls_port = false\nretry_after_seconds = 1\n{more}"
    )


async def _register(server: Server) -> Authority:
    now = datetime.now(UTC)
    keyring = make_keyring(server, Settings(), "setup", SystemClock())
    platform = await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="test")
    try:
        await decide_installation(platform, "production", now)
        return await register_authority(server, platform, keyring, "vaken", "Vakens kommun", actor="test", now=now)
    finally:
        await platform.close()
        await keyring.close()


@contextmanager
def _keyholder(root: Path) -> Iterator[None]:
    log = root / "logs" / "keyholder.log"
    with log.open("ab") as stream:
        command: Sequence[str | Path] = [sys.executable, "-m", "vaka.processes.keyholder", "--data", root]
        process = subprocess.Popen(command, stdout=stream, stderr=stream)
    try:
        wait_for(lambda: process.poll() is not None or answers(root / "run" / "keyholder.sock"))
        assert process.poll() is None, log.read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)
