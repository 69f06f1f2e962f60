# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Walls between production and test environments: the packet filter as it is shipped, over real networks."""

import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.clusters import start_cluster
from tests.operations.namespaces import HOLDS, in_own_network, join, within
from tests.peers import require_program
from vaka.database.server import SUPERUSER
from vaka.operations.flows.product import read_register
from vaka.operations.flows.register import IN_CLEAR, list_flows
from vaka.settings import Settings

RULES = Path(__file__).resolve().parents[2] / "packaging/nftables"
CONF = "/etc/nftables.conf"
WITH_ETC = 'mount --bind "$1" /etc && shift && exec "$@"'
PROCESSES, FOR_PROCESSES = "10.77.1.2", "10.77.1.1"
TEST, FOR_TEST = "10.77.2.2", "10.77.2.1"
TEST_6, FOR_TEST_6 = "fd77:2::2", "fd77:2::1"
"""Addresses of each machine, and of the database's towards it."""
ADDRESSES = f"""
define receivers = {{ {FOR_PROCESSES}, {FOR_TEST} }}
define web_servers = {{ {FOR_PROCESSES}, {FOR_TEST} }}
define processes = {{ {PROCESSES} }}
define databases = {{ {FOR_PROCESSES}, {FOR_TEST} }}
define administration = {{ 192.0.2.64/28 }}
define test_environments = {{ 10.77.2.0/24 }}
"""
"""The database's machine has every duty, so that a test environment is refused whatever it asks for."""
OPEN = (5061, 80, 443)
HAS_EVERYTHING = Settings.model_validate(
    {
        "database": {"embedded": False, "host": "db1.example,db2.example,db3.example"},
        "portal": {"programs_origin": "https://portal.example:8443"},
        "backup": {"site": "https://backup.example:8410/", "members_port": 8432},
        "vulnerabilities": {"sources": [{"url": "https://osv.example/PyPI/all.zip"}]},
        "flows": {
            "own": [{"name": "work", "source": "Driften", "target": "Maskinen", "port": 22, "protection": "ssh"}],
        },
    }
)
"""An installation with all that is optional, and the way that docs/traffic.md names to work on a machine."""
CLOSED, OPEN_6 = 9187, 8443
NOT_ANSWERED = 2


@dataclass(frozen=True)
class Networks:
    """Three machines: the database's, one of the processes', and a test environment's. Cables lead to both."""

    database: "subprocess.Popen[bytes]"
    processes: "subprocess.Popen[bytes]"
    test: "subprocess.Popen[bytes]"
    credentials: str
    """How the database is entered, but for its address."""
    etc: Path
    """What the database's machine has in its /etc."""

    def enter(self, machine: "subprocess.Popen[bytes]", address: str) -> "psycopg.Connection[tuple[object, ...]]":
        """Connect to production's database, with its password."""
        conninfo = psycopg.conninfo.make_conninfo(
            self.credentials, host=address, sslmode="disable", connect_timeout="20"
        )
        return within(machine, lambda: psycopg.connect(conninfo, autocommit=True))

    def reach(self, machine: "subprocess.Popen[bytes]", address: str, port: int) -> str:
        """Say what comes of connecting."""

        def connect() -> str:
            try:
                socket.create_connection((address, port), timeout=NOT_ANSWERED).close()
            except ConnectionRefusedError:
                return "refused"
            except TimeoutError:
                return "not answered"
            return "open"

        return within(machine, connect)

    def put_up(self) -> None:
        """Load the rules on the database's machine, as is done there."""
        shutil.copy(RULES / "vaka.nft", self.etc / "nftables.d")
        (self.etc / "nftables.d/addresses.nft").write_text(ADDRESSES)
        (self.etc / "nftables.conf").write_text('include "/etc/nftables.d/vaka.nft"\n')
        self.nft("-f", CONF)

    def nft(self, *arguments: str) -> str:
        nft = require_program("nft", "/usr/sbin/nft", package="nftables")
        unshare = require_program("unshare", package="util-linux")
        return self.run(unshare, "-m", "sh", "-c", WITH_ETC, "sh", str(self.etc), nft, *arguments)

    def run(self, *arguments: str) -> str:
        """Run a program in the network of the database's machine, and from nowhere of its own."""
        enter = require_program("nsenter", package="util-linux")
        done = subprocess.run(
            [enter, "-t", str(self.database.pid), "-n", *arguments], cwd="/", capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def networks() -> Iterator[Networks]:
    root = Path(tempfile.mkdtemp(prefix="vaka-walls-"))
    root.chmod(0o755)
    cluster = start_cluster(root)
    cluster.stop()
    data = cluster.directory / "data"
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"\nlisten_addresses = '{FOR_PROCESSES}, {FOR_TEST}'\n")
    with (data / "pg_hba.conf").open("a") as who:
        who.write("host all all 10.77.0.0/16 scram-sha-256\n")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        stack.callback(cluster.stop, immediately=True)
        held = [f"tcp:0.0.0.0:{port}" for port in (*OPEN, CLOSED)]
        database = stack.enter_context(in_own_network(HOLDS, *held))
        processes = stack.enter_context(in_own_network(HOLDS))
        test = stack.enter_context(in_own_network(HOLDS, "tcp:0.0.0.0:443", f"tcp::::{OPEN_6}"))
        join(database, processes, FOR_PROCESSES, PROCESSES)
        join(database, test, FOR_TEST, TEST)
        within(database, cluster.start)
        etc = root / "etc"
        (etc / "nftables.d").mkdir(parents=True)
        shutil.copy("/etc/protocols", etc)
        yield Networks(database, processes, test, cluster.server.conninfo(SUPERUSER, "postgres"), etc)


@pytest.mark.database
def test_term_22_5_no_way_leads_from_a_test_environment_to_productions_database(networks: Networks) -> None:
    """Nor back, nor to anything else of production's; with the right password, and over what was open before."""
    before = networks.enter(networks.test, FOR_TEST)
    assert before.execute("select 1").fetchone() == (1,), "but for the rules it would be let in"
    assert networks.reach(networks.database, TEST, 443) == "open"

    networks.put_up()
    with pytest.raises(psycopg.OperationalError, match="Connection refused"):
        networks.enter(networks.test, FOR_TEST)
    with pytest.raises(psycopg.OperationalError):
        before.execute("select 1")
    assert {networks.reach(networks.test, FOR_TEST, port) for port in (*OPEN, CLOSED)} == {"refused"}
    assert networks.reach(networks.database, TEST, 443) == "refused"
    told = networks.nft("list", "counters")
    assert not re.search(r"packets 0\b", told), told

    with networks.enter(networks.processes, FOR_PROCESSES) as ours:
        assert ours.execute("select 1").fetchone() == (1,)
    assert {networks.reach(networks.processes, FOR_PROCESSES, port) for port in OPEN} == {"open"}
    assert networks.reach(networks.processes, FOR_PROCESSES, CLOSED) == "not answered"


@pytest.mark.database
def test_over_ipv6_no_way_leads_to_a_test_environment(networks: Networks) -> None:
    """Neither a new one nor one that was open before; the machine still reaches itself."""
    ip = require_program("ip", "/usr/sbin/ip", package="iproute2")
    enter = require_program("nsenter", package="util-linux")
    database, test = networks.database, networks.test
    for ours, theirs, address in ((database, test, FOR_TEST_6), (test, database, TEST_6)):
        add = [ip, "address", "add", f"{address}/64", "dev", f"to{theirs.pid}", "nodad"]
        subprocess.run([enter, "-t", str(ours.pid), "-n", *add], check=True)
    assert networks.reach(networks.database, TEST_6, OPEN_6) == "open"
    before = within(networks.database, lambda: socket.create_connection((TEST_6, OPEN_6), NOT_ANSWERED))
    networks.put_up()
    assert networks.reach(networks.database, TEST_6, OPEN_6) == "refused"
    with before:
        before.sendall(b"x")
        with pytest.raises(OSError, match=r"refused|reset|unreachable"):
            before.recv(1)
    assert networks.reach(networks.database, "::1", OPEN_6) == "refused", "by nobody who listens, and at once"
    assert networks.reach(networks.test, FOR_TEST_6, OPEN_6) == "not answered"


def test_what_it_lets_in_is_what_the_register_of_flows_has() -> None:
    """Nothing that stays on its machine, nothing in clear; and nothing that others need is shut out."""
    text = re.sub(r"#.*", "", (RULES / "vaka.nft").read_text())
    opened = {int(port) for ports in re.findall(r"dport \{?([\d, ]+)", text) for port in ports.split(",")}
    flows = list_flows(HAS_EVERYTHING)
    let_in = {
        one.port for one in flows if one.port and not one.is_elsewhere and one.protection not in ("loopback", IN_CLEAR)
    }
    assert opened == let_in
    assert {one["name"] for one in read_register()} - {one.name for one in flows} == {"database-socket"}
