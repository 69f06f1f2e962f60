# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Database machines on this one: PostgreSQL under Patroni, and etcd, each on a loopback address of its own.

Their configuration is made by the packaging's own renderer of the packaging's own templates. What is another here:
names are addresses, ports and directories are the test's, and there is no watchdog device to have.
"""

import os
import shutil
import signal
import ssl
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from tests.certificates import Issuer
from tests.peers import require_program
from tests.ports import first_port
from tests.waiting import is_alive, wait_for
from vaka.database.binaries import find_server_binaries
from vaka.database.cluster import server_account, server_identity

Command = Sequence[str | Path]

PACKAGING = Path(__file__).parents[2] / "packaging" / "patroni"
NETWORK = f"127.31.{first_port(0) // 1200 % 250}"
"""Addresses of this machine that nothing else of the tests listens on."""
REPOSITORY = f"{NETWORK}.251"
"""What Vaka's machine is called, by the members that send their log there: a name may lead to another address first."""
CALM, QUICK = (20, 5, 5), (6, 1, 2)
"""Lease, loop and retry in seconds: as the packaging has them, and as nobody should."""


@contextmanager
def pgbackrest_server(configuration: Path, told: Path) -> Iterator[None]:
    """Run what lets another machine's pgBackRest in here, until the block ends."""
    with told.open("ab") as log:
        process = subprocess.Popen(
            [require_program("pgbackrest", package="pgbackrest"), f"--config={configuration}", "server"],
            stdout=log, stderr=log, cwd="/", env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, umask=0o077,
            **server_identity(server_account()),
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


class Member:
    """One machine."""

    def __init__(self, root: Path, number: int) -> None:
        self.name, self.host, self.root = f"db{number}", f"{NETWORK}.{number}", root / f"db{number}"
        self.etcd: subprocess.Popen[bytes] | None = None
        self.patroni: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        """PostgreSQL's directory."""
        return self.root / "data"

    def start_etcd(self) -> None:
        """Start etcd, as its unit does."""
        program = require_program("etcd", package="etcd-server")
        with (self.root / "etcd.log").open("ab") as log:
            command: Command = [program, "--config-file", self.root / "etcd.yml"]
            self.etcd = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.root)

    def kill_etcd(self) -> None:
        """End etcd as a crash does."""
        assert self.etcd is not None
        self.etcd.kill()
        self.etcd.wait()

    @property
    def backup_configuration(self) -> Path:
        """What pgBackRest is configured with."""
        return self.root / "pgbackrest.conf"

    @contextmanager
    def copied(self) -> Iterator[None]:
        """Let pgBackRest copy it for the while, as its unit does."""
        with pgbackrest_server(self.backup_configuration, self.root / "pgbackrest.log"):
            yield

    def start(self) -> None:
        """Start Patroni, as its unit does; it starts PostgreSQL."""
        program = require_program("patroni", package="patroni")
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        with (self.root / "patroni.log").open("ab") as log:
            self.patroni = subprocess.Popen(
                [program, self.root / "patroni.yml"], stdout=log, stderr=log, cwd="/", umask=0o077, env=environment,
                **server_identity(server_account()),
            )  # fmt: skip

    def postmaster(self) -> int | None:
        """The process id of PostgreSQL, where it runs."""
        try:
            number = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return number if is_alive(number) else None

    def kill(self) -> None:
        """End Patroni and the whole of PostgreSQL at once: a machine that loses its power says goodbye to nobody."""
        ending = [] if self.patroni is None else [self.patroni.pid]
        postmaster = self.postmaster()
        if postmaster is not None:
            # What archives a segment is a child's child, and would send it yet.
            ending += [postmaster, *_descendants(postmaster)]
        for process in ending:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        if self.patroni is not None:
            self.patroni.wait()
        wait_for(lambda: self.postmaster() is None)

    def tell(self) -> str:
        """The ends of its logs, for a failing test's message."""
        return "\n".join(
            f"--- {self.name} {path.name}\n{path.read_text(errors='replace')[-2500:]}"
            for path in self.root.glob("*.log")
        )


def _descendants(process: int) -> list[int]:
    """Every process that it or one of its children started, and that is still there."""
    try:
        children = [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []
    return [*children, *(one for child in children for one in _descendants(child))]


class Members:
    """All machines, in one directory."""

    def __init__(self, root: Path, count: int, timing: tuple[int, int, int], *, archiving: bool) -> None:
        self.root, self.timing, self.archiving = root, timing, archiving
        self.port = first_port(27_000)
        self.all = [Member(root, number) for number in range(1, count + 1)]
        self.issuer = Issuer(root / "members", "Medlemmar")
        self.machines = Issuer(root / "machines", "Maskiner")

    @property
    def backup_port(self) -> int:
        """Where pgBackRest listens on each of them, and on Vaka's machine."""
        return self.port + 4

    @property
    def hosts(self) -> str:
        """What stands in ``database.host``."""
        return ",".join(member.host for member in self.all)

    def member(self, name: str) -> Member:
        """The member of that name."""
        return next(one for one in self.all if one.name == name)

    def render(self) -> None:
        """Write each member's configuration and certificates."""
        example = tomllib.loads((PACKAGING / "cluster.toml").read_text("utf-8"))
        lease, loop, retry = self.timing
        for member in self.all:
            tls = member.root / "tls"
            tls.mkdir(parents=True)
            member.root.chmod(0o755)
            values: dict[str, Any] = {
                **example,
                "network": "127.0.0.0/8", "account": server_account() or os.environ["USER"],
                "postgresql_port": self.port, "patroni_port": self.port + 1,
                "etcd_port": self.port + 2, "etcd_peer_port": self.port + 3,
                "data": str(member.data), "sockets": str(member.root), "binaries": str(find_server_binaries()),
                "etcd_data": str(member.root / "etcd"), "tls": str(tls), "etcd_tls": str(tls),
                "lease_seconds": lease, "loop_seconds": loop, "retry_seconds": retry, "watchdog": "off",
                "connections": 100, "shared_memory": "64MB",
                "archiving": "on" if self.archiving else "off", "repository": REPOSITORY,
                "backup_port": self.backup_port, "stanza": "production",
                "repository_configuration": str(self.root / "vaka" / "backup" / "pgbackrest.conf"),
                "backup_configuration": str(member.backup_configuration), "backup_locks": str(member.root / "locks"),
                "archive_again": str(member.root / "archive_again.py"),
            }  # fmt: skip
            del values["members"]
            lines = [f"{key} = {value if isinstance(value, int) else repr(value)}" for key, value in values.items()]
            for one in self.all:
                lines += ["[[members]]", f"name = '{one.name}'", f"host = '{one.host}'", f"address = '{one.host}'"]
            filled = member.root / "cluster.toml"
            filled.write_text("\n".join(lines) + "\n")
            command: Command = [sys.executable, PACKAGING / "render.py", filled, member.name, member.root]
            subprocess.run(command, check=True)
            shutil.copy(PACKAGING / "archive_again.py", member.root)
            self._certify(member, tls)

    def _certify(self, member: Member, tls: Path) -> None:
        # etcd wants to know members by where they come from, and on one machine that is the same for all.
        chain, key = self.issuer.certificate_for(member.host, "127.0.0.1", texts=[member.host])
        shutil.copy(chain, tls / "member.pem")
        shutil.copy(key, tls / "member.key")
        shutil.copy(self.issuer.certificate, tls / "issuer.pem")
        both = self.issuer.certificate.read_bytes() + self.machines.certificate.read_bytes()
        (tls / "clients.pem").write_bytes(both)
        (tls / "member.key").chmod(0o600)
        member.data.mkdir(mode=0o700)
        account = server_account()
        if account is not None:
            for path in (member.root, member.data, *tls.iterdir()):
                shutil.chown(path, account, account)

    def start(self) -> None:
        """Start all of them, in the order that the documentation has, and return when commits are on two."""
        self.render()
        for member in self.all:
            member.start_etcd()
        wait_for(self.etcd_answers)
        self.all[0].start()
        wait_for(lambda: self.primary() is self.all[0])
        for member in self.all[1:]:
            member.start()
        wait_for(lambda: self.synchronous() is not None)

    def stop(self) -> None:
        """End everything."""
        for member in self.all:
            member.kill()
            if member.etcd is not None:
                member.kill_etcd()

    # Asking

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """How one asks as a member."""
        context = ssl.create_default_context(cafile=self.issuer.certificate)
        context.load_cert_chain(*self.issuer.certificate_for(f"{NETWORK}.250"))
        return context

    def etcd_answers(self) -> bool:
        """Whether etcd has a leader."""
        for member in self.all:
            with suppress(httpx.HTTPError):
                address = f"https://{member.host}:{self.port + 2}/health"
                if httpx.get(address, verify=self.trust, timeout=2).json().get("health") == "true":
                    return True
        return False

    def states(self) -> dict[str, str]:
        """What each member is by itself, of those that answer: ``role`` and ``state`` of Patroni."""
        told = {}
        for member in self.all:
            with suppress(httpx.HTTPError):
                answer = httpx.get(
                    f"https://{member.host}:{self.port + 1}/patroni", verify=self.trust, timeout=2
                ).json()
                told[member.name] = f"{answer.get('role')} {answer.get('state')}"
        return told

    def primary(self) -> Member | None:
        """Whoever takes writes, as the members say."""
        found = [name for name, state in self.states().items() if state in ("master running", "primary running")]
        return self.member(found[0]) if len(found) == 1 else None

    def wait_for_another(self, first: Member) -> None:
        """Return when another member is primary."""
        wait_for(lambda: self.primary() not in (None, first), 120)

    def synchronous(self) -> Member | None:
        """A standby that commits wait for."""
        for member in self.all:
            with suppress(httpx.HTTPError):
                address = f"https://{member.host}:{self.port + 1}/synchronous"
                if httpx.get(address, verify=self.trust, timeout=2).status_code == 200:
                    return member
        return None

    def as_superuser(self, statement: str) -> str:
        """Ask the primary, at its socket, as the account it runs as."""
        primary = self.primary()
        assert primary is not None
        command: Command = [find_server_binaries() / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-p", str(self.port)]
        done = subprocess.run(
            [*command, "-h", primary.root, "-d", "postgres", "-f", "-"], input=statement, text=True, cwd="/",
            check=False, capture_output=True, **server_identity(server_account()),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def archives_now(self) -> bool:
        """Have the primary try to archive, also where it rests for a minute since it failed three times."""
        return self.as_superuser("select pg_reload_conf()") == "t"

    def etcdctl(self, member: Member, *arguments: str, check: bool = True) -> str:
        """Ask one member of etcd as the operator does, on that machine."""
        tls = member.root / "tls"
        command: Command = [
            require_program("etcdctl", package="etcd-client"), f"--endpoints=https://{member.host}:{self.port + 2}",
            f"--cacert={tls / 'issuer.pem'}", f"--cert={tls / 'member.pem'}", f"--key={tls / 'member.key'}", *arguments,
        ]  # fmt: skip
        done = subprocess.run(command, text=True, capture_output=True, check=False, env={"ETCDCTL_API": "3"})
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def patronictl(self, *arguments: str) -> str:
        """Run the operator's command, as the runbook does."""
        program = require_program("patronictl", package="patroni")
        command: Command = [program, "-c", self.all[-1].root / "patroni.yml", *arguments]
        done = subprocess.run(
            command, text=True, capture_output=True, check=False, cwd="/", timeout=60,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, **server_identity(server_account()),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def running_members(
    root: Path, count: int, timing: tuple[int, int, int] = QUICK, *, archiving: bool = False
) -> Iterator[Members]:
    """Run so many until the block ends."""
    members = Members(root, count, timing, archiving=archiving)
    try:
        members.start()
        yield members
    except BaseException:
        print("\n".join(member.tell() for member in members.all))
        raise
    finally:
        members.stop()
