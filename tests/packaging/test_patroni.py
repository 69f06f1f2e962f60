# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the templates of the database machines come to; that they work, tests/failover sees with real machines."""

import struct
import subprocess
import sys
from collections.abc import Sequence
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.peers import require_program
from vaka.database.cluster import SERVER_SETTINGS

PATRONI = Path(__file__).parents[2] / "packaging" / "patroni"
DIFFERS = {"listen_addresses", "unix_socket_directories", "max_connections", "shared_buffers", "max_wal_size"}
"""What is another's to say on a machine of its own."""
IN_RECOVERY, IN_PRODUCTION = 5, 6
"""What a server's control file says of it."""


def rendered(values: Path, member: str, directory: Path) -> subprocess.CompletedProcess[str]:
    command: Sequence[str | Path] = [sys.executable, PATRONI / "render.py", values, member, directory]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    directory = tmp_path_factory.mktemp("db2")
    assert rendered(PATRONI / "cluster.toml", "db2", directory).returncode == 0
    return {path.name: yaml.safe_load(path.read_text()) for path in directory.glob("*.yml")}


def backups_of(directory: Path) -> ConfigParser:
    """What pgBackRest is configured with on a member."""
    assert rendered(PATRONI / "cluster.toml", "db2", directory).returncode == 0
    read = ConfigParser()
    read.read(directory / "pgbackrest.conf")
    return read


def test_server_is_set_as_the_embedded_one_is(files: dict[str, dict[str, Any]]) -> None:
    """Its log above all: an edit of one that is forgotten in the other is found here."""
    told = files["patroni.yml"]["postgresql"]["parameters"]
    lines = [line.partition(" = ") for line in SERVER_SETTINGS.splitlines() if not line.startswith("#")]
    embedded = {name: value.strip("'") for name, _, value in lines}
    for name in embedded.keys() - DIFFERS:
        assert str(told[name]).strip() == embedded[name].strip(), name
    assert (told["fsync"], told["full_page_writes"], told["synchronous_commit"]) == ("on", "on", "on")


def test_no_file_has_a_secret_and_every_connection_a_certificate(files: dict[str, dict[str, Any]]) -> None:
    patroni, etcd = files["patroni.yml"], files["etcd.yml"]
    assert "password:" not in (PATRONI / "patroni.yml").read_text()
    assert patroni["restapi"]["verify_client"] == "required"
    assert patroni["ctl"]["insecure"] is False
    assert patroni["etcd3"]["protocol"] == "https"
    assert patroni["etcd3"]["hosts"] == [f"db{number}.example:2379" for number in (1, 2, 3)]
    for name in ("replication", "rewind"):
        assert patroni["postgresql"]["authentication"][name]["sslmode"] == "verify-full"
    network = [line for line in patroni["postgresql"]["pg_hba"] if not line.startswith("local ")]
    assert all(line.startswith("hostssl ") for line in network)
    assert all(" cert " in f"{line} " or "clientcert=" in line or line.endswith("reject") for line in network)
    for side in ("client-transport-security", "peer-transport-security"):
        assert etcd[side]["client-cert-auth"] is True
    assert all(url.startswith("https://") for key, url in etcd.items() if key.endswith("-urls"))


def test_what_is_acknowledged_is_on_two_machines(files: dict[str, dict[str, Any]]) -> None:
    dcs = files["patroni.yml"]["bootstrap"]["dcs"]
    assert dcs["synchronous_mode"] is dcs["synchronous_mode_strict"] is dcs["failsafe_mode"] is True
    assert dcs["synchronous_node_count"] == 1
    assert 2 * dcs["retry_timeout"] + dcs["loop_wait"] <= dcs["ttl"]


def test_primary_archives_to_vakas_machine_and_that_machine_alone_copies_members(
    files: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    read = backups_of(tmp_path)
    general, stanza = read["global"], read["production"]
    told = files["patroni.yml"]["postgresql"]["parameters"]
    assert (told["archive_mode"], told["archive_timeout"]) == ("on", "60s")
    assert " --config=/etc/pgbackrest/vaka.conf --stanza=production " in told["archive_command"]
    assert general["tls-server-auth"] == f"{general['repo1-host']}=production"
    assert general["repo1-host-type"] == "tls"
    assert (general["tls-server-address"], stanza["pg1-path"]) == (
        "10.20.0.12",
        files["patroni.yml"]["postgresql"]["data_dir"],
    )
    # Who encrypts is the repository; a member has no passphrase to lose.
    assert not [name for section in read.values() for name in section if "cipher" in name or "pass" in name]


def is_in(state: int, data: Path) -> Path:
    """Say of a made-up server in what state it is; return where it says what is archived."""
    status = data / "pg_wal" / "archive_status"
    status.mkdir(parents=True, exist_ok=True)
    (data / "global").mkdir(exist_ok=True)
    (data / "global" / "pg_control").write_bytes(struct.pack("@QIIiq", 1, 1300, 202209061, state, 0).ljust(8192, b"\0"))
    return status


def test_whoever_becomes_primary_archives_again_what_the_one_before_may_not_have(tmp_path: Path) -> None:
    status = is_in(IN_PRODUCTION, tmp_path)
    whole, waiting = ["00000001000000000000000A", "00000002.history"], "00000001000000000000000B"
    others = [f"{whole[0]}.partial.done", f"{whole[0]}.00000028.backup.done", f"{waiting}.ready"]
    for name in (*(f"{one}.done" for one in whole), *others):
        (status / name).touch()
    before = {path.name for path in status.iterdir()}

    def becomes(role: str) -> set[str]:
        command: Sequence[str | Path] = ["/usr/bin/python3", PATRONI / "archive_again.py", tmp_path, "on_role_change"]
        subprocess.run([*command, role, "vaka"], check=True)
        return {path.name for path in status.iterdir()}

    assert becomes("replica") == before
    assert becomes("master") == {*(f"{one}.ready" for one in whole), *others}


def test_segment_in_which_a_timeline_was_left_is_not_archived_as_if_it_were_whole(tmp_path: Path) -> None:
    """It is known once the server takes writes, which is after Patroni tells; what has no mark at all gets one."""
    status = is_in(IN_RECOVERY, tmp_path)
    log = status.parent

    def lies_there(name: str, mark: str = "", *, size: int = 16 << 20) -> None:
        with (log / name).open("wb") as file:
            file.truncate(size)
        if mark:
            (status / f"{name}.{mark}").touch()

    # The first timeline was left in its segment 0/FF, the second in 1/2, at that one's beginning.
    lies_there("0000000100000000000000FE", "done")
    lies_there("0000000100000000000000FF", "done")
    lies_there("000000010000000100000000", "done")
    lies_there("0000000200000000000000FF")
    lies_there("000000020000000100000000", "done")
    lies_there("000000020000000100000001", size=4096)
    lies_there("000000020000000100000002", "done")
    lies_there("000000030000000100000002", "done")
    lies_there("000000030000000100000003")
    command: Sequence[str | Path] = ["/usr/bin/python3", PATRONI / "archive_again.py", tmp_path, "on_role_change"]
    with subprocess.Popen([*command, "master", "vaka"]) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        (log / "00000002.history").write_text("1\t0/FF000028\tno recovery target specified\n")
        (log / "00000003.history").write_text("1\t0/FF000028\tno recovery target\n\n2\t1/2000000\tno recovery target\n")
        is_in(IN_PRODUCTION, tmp_path)
        assert process.wait(60) == 0
    assert {path.name for path in status.iterdir()} == {
        "0000000100000000000000FE.ready",
        "0000000100000000000000FF.done",
        "000000010000000100000000.done",
        "0000000200000000000000FF.ready",
        "000000020000000100000000.ready",
        "000000020000000100000002.done",
        "000000030000000100000002.ready",
    }


WATCH = """
import sys, yaml
from patroni.watchdog.base import Watchdog
told = yaml.safe_load(open(sys.argv[1]))
watchdog = Watchdog({"ttl": told["bootstrap"]["dcs"]["ttl"], "loop_wait": told["bootstrap"]["dcs"]["loop_wait"],
                     "watchdog": {**told["watchdog"], "device": "/nonexistent/watchdog"}})
print(watchdog.config.timeout, watchdog.config.timing_slack, watchdog.is_healthy, watchdog.activate())
"""
"""Patroni's own reading of the template on a machine without a watchdog."""


@pytest.mark.parametrize(("mode", "takes_over"), [("required", "False"), ("automatic", "True"), ("off", "True")])
def test_member_without_a_watchdog_becomes_primary_only_where_that_was_decided(
    tmp_path: Path, mode: str, takes_over: str
) -> None:
    """The template's own value is the first; and it goes off while the lease still holds, after a loop or more."""
    require_program("patroni", package="patroni")
    values = tmp_path / "cluster.toml"
    text = (PATRONI / "cluster.toml").read_text()
    assert 'watchdog = "required"' in text
    values.write_text(text.replace('watchdog = "required"', f'watchdog = "{mode}"'))
    assert rendered(values, "db2", tmp_path).returncode == 0
    done = subprocess.run(
        ["/usr/bin/python3", "-c", WATCH, tmp_path / "patroni.yml"], capture_output=True, text=True, check=True
    )
    timeout, slack, healthy, activated = done.stdout.split()
    assert (int(timeout), int(slack)) == (15, 10)
    assert (healthy, activated) == (takes_over, takes_over)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [('"db2.example"', '"db2.example\\" trust"', "letters, digits"), ("retry_seconds = 5", "retry_seconds = 9", "2 x"),
     ("synchronous = 1", "synchronous = 3", "fewer"),
     ('"db2"', '"db4"', "no member"), ("etcd_port", "port", "etcd_port"), ('"required"', '"perhaps"', "watchdog"),
     ("20\nloop_seconds = 5\nretry_seconds = 5", "9\nloop_seconds = 5\nretry_seconds = 2", "for a watchdog")],
)  # fmt: skip
def test_values_that_make_no_sense_are_told_of(tmp_path: Path, old: str, new: str, said: str) -> None:
    values = tmp_path / "cluster.toml"
    values.write_text((PATRONI / "cluster.toml").read_text().replace(old, new))
    done = rendered(values, "db2", tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert not (tmp_path / "patroni.yml").exists()
