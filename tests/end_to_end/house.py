# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A whole installation, started as a user starts it, and the questions tests ask of it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

from tests.letters import opened
from tests.plain import NO_TLS
from tests.signing_in import OWN, cookies_of, sign_in_over_http
from tests.waiting import is_alive, wait_for
from vaka.commands.databases import active_authorities
from vaka.commands.listening import find_free_port
from vaka.database.cluster import Cluster
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, tenant_database, tenant_role
from vaka.keys.identities import BlindSender, open_identities
from vaka.settings import Settings
from vaka.settings_reading import load_settings
from vaka.tenants.authorities import Authority

VAKA = Path(sys.executable).with_name("vaka")
WORKS = "Everything works."
_CODE = re.compile(r"\b[B-Z]{4}-[B-Z]{4}\b")

# An entry waits in the inbox or is sealed in the log; one statement sees each in one of the two.
ENTRIES = """
    select id, event, actor, object, detail, written_by from ledger.inbox
    union all
    select (leaf->>'id')::bigint, leaf->>'event', leaf->>'actor', leaf->>'object', leaf->'detail', leaf->>'written_by'
    from (select convert_from(leaf, 'UTF8')::jsonb as leaf from ledger.log_entry) sealed"""


@dataclass(frozen=True, slots=True)
class SimulatedDevice:
    """A registered device with what it needs to prove itself."""

    cid: str
    authority: str
    """Slug."""
    transport: str
    authentication: str
    algorithm: str | None
    username: str | None
    password: str | None
    certificate: str | None
    key: str | None


class House:
    """One data directory and the `vaka` that runs in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.process: subprocess.Popen[bytes] | None = None
        self.output_file = root.with_name("output.txt")
        self._drawn: set[str] = set()

    # Starting and stopping

    def start(self, *arguments: str, says: str = WORKS, seconds: float = 90) -> None:
        """Run ``vaka ARGUMENTS --data ROOT`` and wait until it prints ``says``."""
        with self.output_file.open("wb") as output:
            self.process = subprocess.Popen(
                [VAKA, *arguments, "--data", self.root], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        process = self.process
        wait_for(lambda: says in self.output or process.poll() is not None, seconds)
        assert says in self.output, f"vaka ended with {process.returncode}:\n{self.output}\n{self.log_tails()}"

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send ``number`` to the supervisor, as Ctrl-C does, and return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(90)

    def clear_away(self) -> None:
        """End whatever still runs, and remove the directory."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        for process_id in self.process_ids():
            os.kill(process_id, signal.SIGKILL)
        wait_for(lambda: not self.process_ids())
        shutil.rmtree(self.root.parent, ignore_errors=True)

    @property
    def output(self) -> str:
        """What `vaka` has printed since the last start."""
        return self.output_file.read_text(errors="replace")

    def log_tails(self) -> str:
        """The ends of all logs, for a failing test's message."""
        logs = sorted((self.root / "logs").glob("*.log"))
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-1500:]}" for path in logs)

    # Processes

    def process_id(self, name: str) -> int:
        """Return the process id of ``receiver-1``, ``desk``, ``signin``, ``scheduler``, ``sequencer``, …"""
        return int((self.root / "run" / f"{name}.pid").read_text())

    def process_ids(self) -> list[int]:
        """Return every living process that was started for this directory, whoever its parent is by now."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid() or not is_alive(int(entry.name)):
                continue
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                inside = Path(os.readlink(entry / "cwd")).is_relative_to(self.root)
            except OSError:
                continue
            if inside or any(self._is_ours(argument) for argument in command):
                found.append(int(entry.name))
        return found

    def kill(self, name: str) -> int:
        """End one process as a crash does (SIGKILL) and return what its id was."""
        process_id = self.process_id(name)
        os.kill(process_id, signal.SIGKILL)
        return process_id

    def wait_for_restart(self, name: str, killed: int) -> None:
        """Return when ``name`` runs again under another process id."""

        def is_back() -> bool:
            try:
                return self.process_id(name) != killed and is_alive(self.process_id(name))
            except (OSError, ValueError):
                return False

        wait_for(is_back)

    def stand_behind_commands(self) -> None:
        """Sign in at the command line as the demo's administrator does: the command's code, typed in the office."""
        with subprocess.Popen(
            [VAKA, "login", "--data", self.root], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as login:
            assert login.stdout is not None
            self._type_in_the_office(next(filter(None, (_CODE.search(line) for line in login.stdout)))[0], "1")
            said = login.stdout.read()
        assert "Commands run in your name now" in said

    def command(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command here to its end; where it waits for somebody's touch it is confirmed in the demo's office."""
        given: list[str] = [str(VAKA), *map(str, arguments[:2]), "--data", str(self.root), *map(str, arguments[2:])]
        with subprocess.Popen(given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            said = ""
            for line in process.stderr:
                said += line
                if found := _CODE.search(line):
                    self._type_in_the_office(found[0], "run")
            out, _ = process.communicate(timeout=60)
        return subprocess.CompletedProcess(given, process.returncode, out, said)

    def _type_in_the_office(self, code: str, what: str) -> None:
        """Write a command's code in the office, as the demo's administrator."""
        settings = self.settings
        cookie = cookies_of(sign_in_over_http(settings.signin.origin, "supplier_administrator"))
        sent, headers = {"code": code, "sure": "yes"}, {**OWN, "cookie": cookie}
        done = httpx.post(f"{settings.office.origin}/command", data=sent, headers=headers, verify=NO_TLS)
        assert (done.status_code, done.headers["location"]) == (303, f"/command?done={what}"), done.text

    def _is_ours(self, argument: bytes) -> bool:
        text = argument.decode("utf-8", "replace")
        return text == str(self.root) or text.startswith(f"{self.root}/")

    # What it was told and what it knows

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return load_settings(self.root / "vaka.toml")

    def port(self, transport: str) -> int:
        """Return the port devices reach over ``udp``, ``tcp`` or ``tls``."""
        receiver = self.settings.receiver
        port = {"udp": receiver.udp_port, "tcp": receiver.tcp_port, "tls": receiver.tls_port}[transport]
        assert port is not None
        return port

    @property
    def trusted(self) -> Path:
        """The certificate authority devices trust."""
        return self.root / "tls" / "authority.pem"

    @property
    def devices(self) -> list[SimulatedDevice]:
        """Every registered device."""
        content = json.loads((self.root / "demo" / "devices.json").read_text())
        names = SimulatedDevice.__slots__
        return [
            SimulatedDevice(**{name: line[name] for name in names})
            for line in content["devices"]
            if line["authentication"] != "none"
        ]

    @property
    def drawn(self) -> frozenset[str]:
        """The identities of the devices that tests have had."""
        return frozenset(self._drawn)

    def draw_device(
        self, transport: str, authentication: str, algorithm: str | None = None, authority: str | None = None
    ) -> SimulatedDevice:
        """Return a device of that kind that no test has had yet: its person has no open alarm."""
        for device in self.devices:
            if (
                device.cid not in self._drawn
                and (device.transport, device.authentication) == (transport, authentication)
                and algorithm in (None, device.algorithm)
                and authority in (None, device.authority)
            ):
                self._drawn.add(device.cid)
                return device
        raise AssertionError(f"every device with {transport}, {authentication}, {algorithm} has been drawn")

    # The record

    @property
    def server(self) -> Server:
        """The installation's database server."""
        return Cluster(self.root / "cluster", self.root / "credentials").server

    def blind(self, sender: str) -> BlindSender:
        """Return what stands for a sender in this installation's databases."""
        return open_identities(self.root / "credentials").blind(sender)

    def authority(self, slug: str) -> Authority:
        """The authority of that short name."""
        return next(one for one in active_authorities(self.server) if one.slug == slug)

    @contextmanager
    def tenant(self, slug: str, component: str = "desk") -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """Connect to an authority's database as one of its components; ``superuser`` sees everything."""
        database = tenant_database(slug)
        role = SUPERUSER if component == "superuser" else tenant_role(database, component)
        with psycopg.connect(self.server.conninfo(role, database), autocommit=True, row_factory=dict_row) as connection:
            connection.execute("set search_path = vaka")
            yield connection

    @contextmanager
    def platform(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """Connect to the platform's database as who sees everything."""
        conninfo = self.server.conninfo(SUPERUSER, PLATFORM_DATABASE)
        with psycopg.connect(conninfo, autocommit=True, row_factory=dict_row) as connection:
            yield connection

    def messages(self, device: SimulatedDevice, ref: str) -> list[dict[str, Any]]:
        """Return the stored messages of a device with this reference, as the desk may read them."""
        with self.tenant(device.authority) as tenant:
            return tenant.execute(
                "select id, alarm_id, class, kind, effect, transport, deviations from message"
                " where sender = %s and ref = %s",
                (self.blind(device.cid), ref),
            ).fetchall()

    def alarm(self, device: SimulatedDevice, ref: str) -> dict[str, Any]:
        """Return the alarm that the message with this reference raised or joined."""
        [message] = self.messages(device, ref)
        with self.tenant(device.authority) as tenant:
            row = tenant.execute("select * from alarm where id = %s", (message["alarm_id"],)).fetchone()
        assert row is not None
        return row

    def closing_text(self, device: SimulatedDevice, alarm: Mapping[str, Any]) -> str:
        """Return what was written at an alarm's end, opened as who has the keys."""
        with self.tenant(device.authority) as tenant:
            note = tenant.execute("select * from alarm_note where id = %s", (alarm["closing_note"],)).fetchone()
        assert note is not None
        return str(opened(self.server, self.authority(device.authority), "alarm_note", note)["body"])

    def ledger(self, device: SimulatedDevice, thing: str) -> list[str]:
        """Return the events the ledger holds about ``thing`` (``alarm:<id>``), oldest first."""
        with self.tenant(device.authority, "superuser") as tenant:
            rows = tenant.execute(f"select event from ({ENTRIES}) e where object = %s order by id", (thing,)).fetchall()
        return [row["event"] for row in rows]


def build_house(name: str) -> House:
    """Return a house in a directory of its own, short and open enough for the database's account."""
    parent = Path(tempfile.mkdtemp(prefix=f"vaka-{name}-"))
    parent.chmod(0o755)
    return House(parent / "data")


def free_port_base(first: int) -> int:
    """Return the first of seven free ports in a row, from ``first`` upwards."""
    base = first
    while True:
        base = find_free_port(base, ("udp", "tcp"))
        if all(find_free_port(base + step, ("udp", "tcp")) == base + step for step in range(1, 7)):
            return base
        base += 1
