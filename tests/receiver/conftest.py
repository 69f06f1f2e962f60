# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A real receiver on real sockets over a real database, and devices that talk to it."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from tests.identities import IDENTITIES, blinded
from tests.letters import opened
from tests.people import with_keys
from tests.receiver.devices import HOST, REALM, Credentials, TcpDevice, UdpDevice
from tests.receiver.process import Place, Process, write_settings
from tests.waiting import wait_until
from vaka.clock import SystemClock
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.keys.keyring import Keyring
from vaka.receiver.counters import Reason
from vaka.receiver.limits import Limits
from vaka.receiver.receiver import Equipment, Receiver
from vaka.settings import ReceiverSettings
from vaka.sip.digest import ha1
from vaka.tenants.authorities import Authority

Rows = Callable[[Authority, str], list[tuple[Any, ...]]]
SaidIn = Callable[[Authority], list[tuple[list[str], bytes]]]
Locked = Callable[[Authority, str], AbstractContextManager[None]]
Stuck = Callable[[Authority, str], AbstractContextManager[None]]
NewAuthority = Callable[..., Authority]
STUCK = "stuck"
PATIENT = Limits(lanes={lane: replace(bounds, shed_after_seconds=None) for lane, bounds in Limits().lanes.items()})
"""Sheds nothing: for tests that are not about that, on a busy machine."""
Start = Callable[..., Awaitable["Running"]]


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The receiver runs on uvloop, in tests too: its sockets behave differently from asyncio's own."""
    return ("asyncio", {"use_uvloop": True})


_EMPTIED = ("alarm_step", "alarm_note", "message", "alarm", "repeat_key", "device_state", "device", "ledger.inbox")


@pytest.fixture(scope="session")
def _reused_authority(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


def _emptied(server: Server, authority: Authority) -> Authority:
    """An authority in which nothing has happened yet. Emptied, not made anew: a database takes longer than a test."""
    with psycopg.connect(server.conninfo(SUPERUSER, authority.database_name), autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")  # the ledger's own guard would refuse
        connection.execute("set search_path = vaka")
        connection.execute("; ".join(f"delete from {table}" for table in _EMPTIED))
        connection.execute("alter table alarm drop constraint if exists refuses")
    return authority


@pytest.fixture
def authority(_reused_authority: Authority, server: Server) -> Authority:
    """An authority with an empty database."""
    return _emptied(server, _reused_authority)


class TurnableClock(SystemClock):
    """The machine's clock, whose wall time can be moved, and what is measured in seconds apart from it."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.ahead_seconds = 0.0

    def now(self) -> datetime:
        """Return the moved wall time."""
        return super().now() + self.ahead

    def monotonic(self) -> float:
        """Return the moved seconds."""
        return super().monotonic() + self.ahead_seconds


@pytest.fixture
def turnable() -> TurnableClock:
    """A clock for a receiver."""
    return TurnableClock()


@pytest.fixture(scope="session")
def _reused_intake(server: Server, new_authority: Callable[..., Authority]) -> Authority:
    with psycopg.connect(server.conninfo(platform_role("setup"), PLATFORM_DATABASE), autocommit=True) as connection:
        found = connection.execute(
            "select id, slug, name, kind, database_name, address from vaka.authority where kind = 'intake'"
        ).fetchone()
    return new_authority(kind="intake") if found is None else Authority(*found)


@pytest.fixture
def intake(_reused_intake: Authority, server: Server) -> Authority:
    """The reception of unknown senders, empty: there is one in an installation."""
    return _emptied(server, _reused_intake)


class Register:
    """Registers devices in the directory, as setup does."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection = psycopg.connect(server.conninfo(platform_role("setup"), PLATFORM_DATABASE), autocommit=True)
        self._people: dict[UUID, list[UUID]] = {}
        self._addresses: dict[UUID, bytes] = {}

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def device(self, authority: Authority, *, person: UUID | None = None, **columns: Any) -> str:
        """Enter a device that may come from this machine without credentials; ``columns`` say otherwise. Its sender.

        Whose it is, has a key of his own, and the device the address that belongs to it.
        """
        owner = self._person(authority, person)
        entry = {
            "sender": f"c{uuid4().hex[:15]}",
            "authority_id": authority.id,
            "device_id": uuid4(),
            "person_id": owner,
            "address": self._addresses[owner],
            "authentication": "network",
            "network": "127.0.0.0/8",
            "exception_until": datetime.now(UTC) + timedelta(days=1),
            "exception_reason": "has no way to prove itself",
            "changed_at": datetime.now(UTC),
        } | columns
        sender = str(entry["sender"])
        entry["sender"] = blinded(sender)
        if entry.get("username"):
            entry["username"] = blinded(str(entry["username"]))
        names = ", ".join(entry)
        values = ", ".join(["%s"] * len(entry))
        self._connection.execute(f"insert into vaka.device_entry ({names}) values ({values})", list(entry.values()))
        return sender

    def _person(self, authority: Authority, person: UUID | None) -> UUID:
        """Somebody with a key. Whoever is just anybody comes from a stock, since a keyholder makes many at a time."""
        stock = self._people.setdefault(authority.id, [])
        if person is None and stock:
            return stock.pop()
        new = [uuid4() for _ in range(200)] if person is None else [person]

        async def work(keyring: Keyring) -> dict[UUID, bytes]:
            await keyring.create(authority.id, new)
            return {one: keyring.of(authority.id).address(one) for one in new}

        self._addresses |= with_keys(self._server, work)
        if person is None:
            stock += new
            return stock.pop()
        return person

    def digest_device(self, authority: Authority, algorithms: tuple[str, ...] = ("SHA-256", "MD5")) -> Credentials:
        """Enter a device that proves itself by digest."""
        sender = f"c{uuid4().hex[:15]}"
        credentials = Credentials(sender, f"user-{sender}", "correct horse")
        columns: dict[str, Any] = {
            {"MD5": "ha1_md5", "SHA-256": "ha1_sha256"}[name]: ha1(credentials.username, REALM, "correct horse", name)
            for name in algorithms
        }
        self.device(
            authority, sender=sender, authentication="digest", username=credentials.username, network=None, **columns
        )
        return credentials

    def absent(self, authority: Authority) -> AbstractContextManager[None]:
        """An authority whose database is gone for a while: ``with register.absent(authority): …``."""
        return _absent(self._server, authority)

    def presence(self, instance: str) -> list[tuple[datetime, datetime]]:
        """Return since when a receiver is up, and when it last said so."""
        statement = "select started_at, beat_at from vaka.receiver_presence where split_part(instance, '@', 1) = %s"
        with psycopg.connect(self._server.conninfo(platform_role("scheduler"), PLATFORM_DATABASE)) as connection:
            return connection.execute(statement, (instance,)).fetchall()

    def ended(self, instance: str) -> list[tuple[str, datetime | None]]:
        """Return each machine with a receiver of this name, and when that ended in order."""
        statement = "select machine, ended_at from vaka.receiver_presence where split_part(instance, '@', 1) = %s"
        with psycopg.connect(self._server.conninfo(platform_role("scheduler"), PLATFORM_DATABASE)) as connection:
            return connection.execute(statement, (instance,)).fetchall()

    def forget(self, instance: str) -> None:
        """Take a receiver's row away."""
        with psycopg.connect(self._server.conninfo(SUPERUSER, PLATFORM_DATABASE)) as connection:
            connection.execute("delete from vaka.receiver_presence where instance = %s", (instance,))

    def execute(self, statement: str, *parameters: object) -> None:
        """Change the directory in some other way."""
        self._connection.execute(statement, parameters)


@contextmanager
def _absent(server: Server, authority: Authority) -> Iterator[None]:
    name = sql.Identifier(authority.database_name)
    with psycopg.connect(server.conninfo(SUPERUSER, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("alter database {} allow_connections false").format(name))
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (authority.database_name,)
        )
        try:
            yield
        finally:
            connection.execute(sql.SQL("alter database {} allow_connections true").format(name))


@pytest.fixture(scope="session")
def register(server: Server) -> Iterator[Register]:
    """The device directory's writing side."""
    register = Register(server)
    yield register
    register.close()


@pytest.fixture(scope="session")
def rows(server: Server) -> Rows:
    """A function that asks an authority's database, as nobody in Vaka may: ``rows(authority, statement)``."""

    def ask(authority: Authority, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(server.conninfo(SUPERUSER, authority.database_name), autocommit=True) as connection:
            connection.execute("set search_path = vaka, ledger")
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    return ask


@pytest.fixture(scope="session")
def said(server: Server, rows: Rows) -> SaidIn:
    """What devices said, opened: for each message its texts and itself, in the order they came."""

    def read(authority: Authority) -> list[tuple[list[str], bytes]]:
        found = rows(authority, "select id, subject_id, texts, body from message order by received_at, id")
        names = ("id", "subject_id", "texts", "body")
        told = [opened(server, authority, "message", dict(zip(names, row, strict=True))) for row in found]
        return [(one["texts"], one["body"]) for one in told]

    return read


@contextmanager
def _locked(server: Server, authority: Authority, table: str) -> Iterator[None]:
    with psycopg.connect(server.conninfo(SUPERUSER, authority.database_name)) as connection:
        connection.execute(f"lock table vaka.{table} in access exclusive mode")
        yield
        connection.rollback()


@pytest.fixture(scope="session")
def locked(server: Server) -> Locked:
    """A table nobody else can touch: ``with locked(authority, "message"): …``."""
    return partial(_locked, server)


@contextmanager
def _stuck(server: Server, authority: Authority, sender: str) -> Iterator[None]:
    with psycopg.connect(server.conninfo(SUPERUSER, authority.database_name)) as connection:
        connection.execute(
            "insert into vaka.repeat_key (sender, ref, digest, message_id, seen_at)"
            " values (%s, %s, '', gen_random_uuid(), now())",
            (blinded(sender), STUCK),
        )
        yield
        connection.rollback()


@pytest.fixture(scope="session")
def stuck(server: Server) -> Stuck:
    """A message that hangs in the database: ``with stuck(authority, sender): …`` holds that sender's STUCK reference.

    Only the batch it is in hangs; nothing else is locked.
    """
    return partial(_stuck, server)


@dataclass(frozen=True, slots=True)
class Running:
    """A receiver that listens, and how devices reach it."""

    receiver: Receiver
    udp: int
    tcp: int
    tls: int

    async def knows(self, *senders: str) -> None:
        """Wait until these devices are in the receiver's directory."""
        await self.until(lambda: all(self.receiver.directory.find(blinded(sender)) for sender in senders))

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Wait for something to come about inside the receiver."""
        await wait_until(is_true)

    def refusals(self, reason: Reason) -> int:
        """Return how often something was refused for ``reason``."""
        return self.receiver.counters.refusals[reason]


def free_port() -> int:
    """Return a port that nobody holds, for UDP and TCP."""
    while True:
        with socket.socket() as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            stream.bind((HOST, 0))
            port: int = stream.getsockname()[1]
            with suppress(OSError):  # free for TCP says nothing about UDP
                datagram.bind((HOST, port))
                return port


@pytest.fixture
async def start(server: Server, turnable: TurnableClock) -> AsyncIterator[Start]:
    """A function that starts a receiver: ``await start(limits=…, instance=…, commit_deadline_milliseconds=…)``."""
    async with AsyncExitStack() as stack:

        async def begin(
            *, limits: Limits | None = None, instance: str = "receiver-1", secret: bytes = b"s" * 32, **settings: Any
        ) -> Running:
            usual = {"host": HOST, "realm": REALM, "udp_port": free_port(), "tcp_port": free_port(), "tls_port": None}
            # The longest deadline there is: a test on a busy machine is not about time unless it says so.
            chosen = ReceiverSettings.model_validate(usual | {"commit_deadline_milliseconds": 10_000} | settings)
            receiver = Receiver(Equipment(instance, chosen, server, secret, turnable, IDENTITIES, limits or Limits()))
            await receiver.start()
            stack.push_async_callback(receiver.stop)
            return Running(receiver, chosen.udp_port or 0, chosen.tcp_port or 0, chosen.tls_port or 0)

        yield begin


@pytest.fixture
async def running(start: Start, authority: Authority, intake: Authority) -> Running:
    """A receiver as it comes, with a fresh authority."""
    return await start()


@pytest.fixture
async def udp_device(running: Running) -> AsyncIterator[UdpDevice]:
    """A device at the receiver's UDP port."""
    device = UdpDevice(running.udp)
    yield device
    await device.close()


@pytest.fixture
async def tcp_device(running: Running) -> AsyncIterator[TcpDevice]:
    """A device at the receiver's TCP port."""
    device = await TcpDevice.connect(running.tcp)
    yield device
    await device.close()


@pytest.fixture
def data(directory: Path, server: Server) -> Path:
    """A data directory over the tests' own cluster."""
    path = directory / next(
        name for name in (f"data-{number}" for number in count()) if not (directory / name).exists()
    )
    for name in ("run", "tls"):
        (path / name).mkdir(parents=True)
    for name in ("cluster", "credentials"):
        (path / name).symlink_to(directory / name)
    return path


@pytest.fixture
def run() -> Iterator[Callable[..., Process]]:
    """A function that starts receivers; none outlives the test."""
    started: list[Process] = []

    def begin(data: Path, *options: str, machine: str = "") -> Process:
        started.append(Process(data, *options, machine=machine))
        return started[-1]

    yield begin
    for process in started:
        process.process.kill()
        process.process.wait()


@pytest.fixture
def known(register: Register, authority: Authority) -> str:
    """A device that is registered before the receiver starts."""
    return register.device(authority)


@pytest.fixture
async def place(data: Path, run: Callable[..., Process], known: str, intake: Authority) -> Place:
    """A receiver that listens to UDP and TCP."""
    port = free_port()
    write_settings(data, udp_port=port, tcp_port=port)
    process = run(data)
    await process.listens()
    return Place(process, port, data / "run" / "receiver-1.metrics")
