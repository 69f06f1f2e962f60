# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A complete installation that exists only for the benchmark: cluster, three authorities, many devices, processes."""

import asyncio
import contextlib
import hashlib
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from bench.datagrams import FIRST_SENDER, PASSWORD, REALM
from bench.processes import Started, calm, processor_seconds, resident_megabytes
from vaka.clock import SystemClock
from vaka.commands.programs import answers
from vaka.database.cluster import Cluster
from vaka.database.connections import open_connection
from vaka.database.provision import provision_keys, provision_platform
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.identity.installation import decide_installation
from vaka.keys.credentials import issue_credentials
from vaka.keys.identities import create_identity_key, open_identities
from vaka.keys.keyring import make_keyring, open_keyring
from vaka.settings import Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway
from vaka.tenants.people import Person, register_people
from vaka.tenants.registration import register_authority

AUTHORITIES = 3
DEVICES = 250_000
DIGEST_DEVICES = 50_000
"""The last ones, a quarter at most, prove themselves by digest; all others come from their recorded network."""
KNOWN_DEVICES_NOTE = f"{DEVICES:,} devices of {AUTHORITIES} authorities known"

_TABLES = "alarm, message, repeat_key, alarm_step, alarm_note"

_REGISTER = """
insert into vaka.device_entry (sender, authority_id, device_id, person_id, address, device_type, authentication,
                               username, ha1_md5, network, exception_reason, exception_until, interval_seconds,
                               changed_at)
select b.sender, (%(authorities)s::uuid[])[n %% %(count)s + 1], md5('device' || n)::uuid,
       p.id, p.address, 2,
       case when n < %(open)s then 'network' else 'digest' end,
       case when n >= %(open)s then b.sender end,
       case when n >= %(open)s then md5((%(first)s + n) || %(secret)s) end,
       case when n < %(open)s then '127.0.0.0/8'::cidr end,
       case when n < %(open)s then 'exists only for the benchmark' end,
       case when n < %(open)s then now() + interval '1 day' end,
       300, now()
from blind_sender b
join person_address p on p.id = md5('person' || n)::uuid
"""
_POPULATE = """
insert into vaka.device (id, person_id, sender, model, device_type)
select md5('device' || n)::uuid, md5('person' || n)::uuid, sender, 'Trygghetstelefon', 2
from blind_sender where n % {count} = {place};
insert into vaka.device_state (device_id, changed_at)
select md5('device' || n)::uuid, now() from generate_series({place}, {devices} - 1, {count}) n;
"""


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """Return a port that nobody uses at the moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Installation:
    """What the benchmark measures."""

    root: Path
    devices: int
    authorities: list[Authority] = field(default_factory=list)
    udp_port: int = field(default_factory=free_port)
    desk_port: int = field(default_factory=lambda: free_port(socket.SOCK_STREAM))

    @property
    def open_devices(self) -> int:
        """How many prove themselves by the network they come from: the first ones."""
        return self.devices - min(DIGEST_DEVICES, self.devices // 4)

    @property
    def cluster(self) -> Cluster:
        """The embedded server."""
        return Cluster(self.root / "cluster", self.root / "credentials")

    @property
    def server(self) -> Server:
        """How it is reached."""
        return self.cluster.server

    def log(self, name: str) -> Path:
        """Return the log of one process."""
        return self.root / f"{name}.log"

    def connect(self, database: str) -> psycopg.Connection[tuple[Any, ...]]:
        """Connect as the superuser: to set up, to count, to empty."""
        return psycopg.connect(self.server.conninfo(SUPERUSER, database), autocommit=True)

    def database_seconds(self) -> float:
        """Return the processor time that PostgreSQL has taken, all its processes together."""
        return processor_seconds(self.cluster.process_id())

    def stored(self) -> set[str]:
        """Return the references of all messages kept. Raises AssertionError where one is kept twice."""
        references: list[str] = []
        for authority in self.authorities:
            with contextlib.closing(self.connect(authority.database_name)) as connection:
                references += [row[0] for row in connection.execute("select ref from vaka.message")]
        assert len(references) == len(set(references)), "a message was stored twice"
        return set(references)

    def empty(self) -> None:
        """Remove alarms and messages, so that every measurement begins alike; the ledger keeps its entries."""
        for authority in self.authorities:
            with contextlib.closing(self.connect(authority.database_name)) as connection:
                connection.execute(f"set search_path = vaka; truncate {_TABLES}")
        self.settle()

    def settle(self) -> None:
        """Write out what earlier work left behind, so that it is not paid for by the next measurement."""
        with contextlib.closing(self.connect("postgres")) as connection:
            connection.execute("checkpoint")

    @contextmanager
    def receivers(self, processes: int) -> "Iterator[Receivers]":
        """Run so many receiver processes on the one port."""
        self._write_settings(processes)
        started = [
            Started(
                [sys.executable, "-m", "vaka.processes.receiver", "--data", self.root, "--instance", f"receiver-{n}"],
                self.log(f"receiver-{n}"),
            )
            for n in range(1, processes + 1)
        ]
        try:
            for number, process in enumerate(started, 1):
                log, size = self.log(f"receiver-{number}"), str(self.devices)
                process.wait_until(
                    lambda log=log, size=size: _last_start(log, size),  # type: ignore[misc]
                    f"the receiver with {size} devices",
                    120,
                )
            yield Receivers([process.pid for process in started])
        finally:
            for process in started:
                process.stop()
                self.log(f"receiver-{started.index(process) + 1}").unlink(missing_ok=True)

    @contextmanager
    def desk(self) -> Iterator[int]:
        """Run the desk, and yield its process id when it has read what it reads at the start."""
        self._write_settings(1)
        process = Started([sys.executable, "-m", "vaka.processes.desk", "--data", self.root], self.log("desk"))
        try:
            process.wait_until(lambda: _answers(self.desk_port), "the desk")
            # It reads everybody's name when it starts, and fetches as many keys.
            process.wait_until(calm(process.pid), "the end of the desk's first reading", 300)
            yield process.pid
        finally:
            process.stop()

    def _write_settings(self, processes: int) -> None:
        (self.root / "vaka.toml").write_text(
            f'mode = "demo"\n[receiver]\nudp_port = {self.udp_port}\ntcp_port = {free_port(socket.SOCK_STREAM)}\n'
            f'tls_port = {free_port(socket.SOCK_STREAM)}\nprocesses = {processes}\nrealm = "{REALM}"\n'
            f'[desk]\nport = {self.desk_port}\norigin = "http://localhost:{self.desk_port}"\n'
        )


@dataclass(frozen=True, slots=True)
class Receivers:
    """The running receiver processes."""

    pids: list[int]

    def seconds(self) -> float:
        """Return the processor time they have taken."""
        return sum(map(processor_seconds, self.pids))

    def megabytes(self) -> float:
        """Return the memory they hold."""
        return sum(map(resident_megabytes, self.pids))


@contextmanager
def installed(devices: int, say: Callable[[str], None]) -> Iterator[Installation]:
    """Make an installation, and remove it in the end."""
    root = Path(tempfile.mkdtemp(prefix="vaka-bench-", dir="/var/tmp"))
    root.chmod(0o755)
    installation = Installation(root, devices)
    cluster = installation.cluster
    try:
        say("Creating a cluster with three authorities")
        for name in ("run", "tls", "ledger"):
            (root / name).mkdir()
        cluster.create()
        cluster.start()
        provision_platform(installation.server)
        provision_keys(installation.server)
        issue_credentials(root / "credentials")
        create_identity_key(root / "credentials")
        with _keyholder(installation):
            installation.authorities = asyncio.run(_register(installation.server))
            _make_certificate(root)
            say(f"Registering {devices:,} devices and people")
            asyncio.run(_register_people(installation))
            _fill(installation)
            yield installation
    finally:
        cluster.stop(immediately=True)
        shutil.rmtree(root, ignore_errors=True)


async def _register(server: Server) -> list[Authority]:
    now = datetime.now(UTC)
    platform = await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-bench")
    keyring = make_keyring(server, Settings(), "setup", SystemClock())
    try:
        await decide_installation(platform, "demo", now)
        return [
            await register_authority(
                server, platform, keyring, f"bench_{name}", f"Provkommun {name}", actor="bench", now=now
            )
            for name in "abc"[:AUTHORITIES]
        ]
    finally:
        await keyring.close()
        await platform.close()


async def _register_people(installation: Installation) -> None:
    for place, authority in enumerate(installation.authorities):
        people = [
            Person(
                UUID(hashlib.md5(f"person{n}".encode(), usedforsecurity=False).hexdigest()),
                "Vera", f"Bench{n:07}", street=f"Provgatan {n % 100}", city="Provby",
            )
            for n in range(place, installation.devices, AUTHORITIES)
        ]  # fmt: skip
        await register(installation, authority, people)


async def register(installation: Installation, authority: Authority, people: Sequence[Person]) -> None:
    """Register people in one of the authorities as setup does it: sealed, each under a key of their own."""
    server, now = installation.server, datetime.now(UTC)
    async with open_keyring(server, Settings(), "setup", SystemClock()) as keyring:
        tenant = await Gateway(server, "setup", [authority]).open_own_connection(authority.id, "bench")
        try:
            await register_people(tenant, keyring.of(authority.id), people, actor="bench", now=now)
        finally:
            await tenant.close()


@contextmanager
def _keyholder(installation: Installation) -> Iterator[None]:
    settings = installation.root / "vaka.toml"
    settings.write_text("")
    process = Started(
        [sys.executable, "-m", "vaka.processes.keyholder", "--data", installation.root], installation.log("keyholder")
    )
    try:
        process.wait_until(lambda: answers(installation.root / "run" / "keyholder.sock"), "the keyholder")
        yield
    finally:
        process.stop()


def _fill(installation: Installation) -> None:
    identifiers = [authority.id for authority in installation.authorities]
    devices, open_devices = installation.devices, installation.open_devices
    with contextlib.closing(installation.connect(PLATFORM_DATABASE)) as connection:
        connection.execute("create temp table person_address (id uuid primary key, address bytea)")
        for authority in installation.authorities:
            _copy_addresses(installation, authority, connection)
        _copy_senders(installation, connection, devices)
        connection.execute(
            _REGISTER,
            {
                "first": FIRST_SENDER, "authorities": identifiers, "count": AUTHORITIES, "open": open_devices,
                "secret": f":{REALM}:{PASSWORD}",
            },
        )  # fmt: skip
        connection.execute("analyze")
    for place, authority in enumerate(installation.authorities):
        with contextlib.closing(installation.connect(authority.database_name)) as connection:
            _copy_senders(installation, connection, devices)
            statement = _POPULATE.format(place=place, devices=devices, count=AUTHORITIES)
            connection.execute(statement.encode())
            connection.execute("vacuum analyze")


def _copy_senders(installation: Installation, connection: psycopg.Connection[tuple[Any, ...]], devices: int) -> None:
    """Tell a database, for as long as the connection is open, what stands for each sender."""
    identities = open_identities(installation.server.credentials)
    connection.execute("create temp table blind_sender (n integer primary key, sender text)")
    with connection.cursor().copy("copy blind_sender from stdin") as written:
        for number in range(devices):
            written.write_row((number, identities.blind(str(FIRST_SENDER + number))))


def _copy_addresses(
    installation: Installation, authority: Authority, platform: psycopg.Connection[tuple[Any, ...]]
) -> None:
    with (
        contextlib.closing(installation.connect(authority.database_name)) as tenant,
        tenant.cursor().copy("copy vaka.person (id, address) to stdout") as read,
        platform.cursor().copy("copy person_address from stdin") as written,
    ):
        for data in read:
            written.write(data)


def _make_certificate(root: Path) -> None:
    from vaka.demo.certificates import CertificateAuthority

    issuer = CertificateAuthority(root / "tls")
    issuer.create(datetime.now(UTC))
    issuer.issue_for_server(root / "tls/receiver.pem", root / "tls/receiver.key", ("127.0.0.1",), datetime.now(UTC))


def _last_start(log: Path, devices: str) -> bool:
    return any('"listening"' in line and devices in line for line in log.read_text().splitlines())


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
