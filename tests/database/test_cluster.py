# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The private server: started, stopped, killed; closed to the network; silent about what people's rows hold."""

import os
import shutil
import signal
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from time import sleep

import psycopg
import pytest

from vaka.database.cluster import Cluster, _explain, server_account
from vaka.database.server import SUPERUSER
from vaka.errors import ConfigurationError

MARKER = "Tant-Agda-0701740605"
"""Stands for what must never reach a log."""


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    """A server of this module's own, to be killed; its directory's name would trip up a shell."""
    directory = Path(tempfile.mkdtemp(prefix="vaka test $HOME '"))
    directory.chmod(0o755)
    cluster = Cluster(directory / "cluster", directory / "credentials")
    assert cluster.create() is True
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop(immediately=True)
        shutil.rmtree(directory, ignore_errors=True)


def connect(cluster: Cluster) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(cluster.server.conninfo(SUPERUSER, "postgres"), autocommit=True)


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        sleep(0.02)
    raise AssertionError("it did not happen within ten seconds")


def test_creating_again_changes_nothing(own_cluster: Cluster) -> None:
    before = own_cluster.server.credential_file(SUPERUSER).read_text()
    assert own_cluster.create() is False
    assert own_cluster.server.credential_file(SUPERUSER).read_text() == before


def test_starting_again_changes_nothing(own_cluster: Cluster) -> None:
    before = own_cluster.process_id()
    own_cluster.start()
    assert own_cluster.process_id() == before


def test_stop_and_start_keep_what_was_committed(own_cluster: Cluster) -> None:
    with closing(connect(own_cluster)) as connection:
        connection.execute("create table kept (number integer)")
        connection.execute("insert into kept values (1)")
    own_cluster.stop()
    assert not own_cluster.is_running()
    own_cluster.stop()
    own_cluster.start()
    with closing(connect(own_cluster)) as connection:
        assert connection.execute("select number from kept").fetchall() == [(1,)]


def test_killed_server_starts_at_once_and_keeps_what_was_committed(own_cluster: Cluster) -> None:
    """Killed in the middle of a stream, three times: what was answered is there, in order and once."""
    with closing(connect(own_cluster)) as connection:
        connection.execute("create table stream (number integer primary key)")
    answered = 0
    for _ in range(3):
        with closing(connect(own_cluster)) as connection:
            for _ in range(20):
                connection.execute("insert into stream values (%s)", (answered + 1,))
                answered += 1
            with connection.transaction(force_rollback=True):
                connection.execute("insert into stream values (%s)", (answered + 1,))
                os.kill(own_cluster.process_id(), signal.SIGKILL)
                wait_until(lambda: not own_cluster.is_running())
                own_cluster.start()
                connection.close()
    with closing(connect(own_cluster)) as connection:
        rows = connection.execute("select number from stream order by number").fetchall()
    assert rows == [(number,) for number in range(1, answered + 1)]


def test_new_server_waits_for_the_last_process_of_the_killed_one(own_cluster: Cluster) -> None:
    """Two servers on the same files would destroy them, so the lock is never simply removed."""
    hanging = connect(own_cluster)
    pid = hanging.info.backend_pid
    os.kill(pid, signal.SIGSTOP)
    os.kill(own_cluster.process_id(), signal.SIGKILL)
    wait_until(lambda: not own_cluster.is_running())
    starting = Thread(target=own_cluster.start)
    starting.start()
    try:
        log = own_cluster.directory / "server.log"
        wait_until(lambda: "is still in use" in log.read_text())
        assert not own_cluster.is_running()
    finally:
        os.kill(pid, signal.SIGKILL)
        starting.join()
    connect(own_cluster).close()
    hanging.close()


def test_lock_file_that_names_somebody_elses_process_does_not_stop_the_start(own_cluster: Cluster) -> None:
    """After a power cut the number in the lock file may be anyone's."""
    os.kill(own_cluster.process_id(), signal.SIGKILL)
    wait_until(lambda: not own_cluster.is_running())
    lock_file = own_cluster.data / "postmaster.pid"
    _, rest = lock_file.read_text().split("\n", 1)
    lock_file.write_text(f"{os.getppid()}\n{rest}")
    assert not own_cluster.is_running()
    own_cluster.start()
    connect(own_cluster).close()


def test_interrupted_creation_is_made_anew(tmp_path_factory: pytest.TempPathFactory, own_cluster: Cluster) -> None:
    directory = own_cluster.directory.with_name("second")
    (directory / "data.unfinished").mkdir(parents=True)
    (directory / "data.unfinished" / "PG_VERSION").write_text("15\n")
    cluster = Cluster(directory, directory.with_name("second credentials"))
    assert cluster.create() is True
    assert not (directory / "data.unfinished").exists()
    cluster.start()
    cluster.stop()


def test_nothing_listens_on_the_network(own_cluster: Cluster) -> None:
    sockets = set()
    for descriptor in Path(f"/proc/{own_cluster.process_id()}/fd").iterdir():
        target = os.readlink(descriptor)
        if target.startswith("socket:"):
            sockets.add(target.removeprefix("socket:[").removesuffix("]"))
    assert sockets
    for table in ("tcp", "tcp6", "udp", "udp6"):
        lines = Path("/proc/net", table).read_text().splitlines()[1:]
        assert not sockets & {line.split()[9] for line in lines}, table


def test_every_process_of_the_largest_installation_finds_a_connection(own_cluster: Cluster) -> None:
    """All municipalities on one server; who is refused a connection cannot store an alarm."""
    authorities, receivers = 290, 4
    # receivers: life and other; desk: listening and reading; scheduler; sequencer
    of_each_authority = 2 * receivers + 2 + 1 + 1
    with closing(connect(own_cluster)) as connection:
        row = connection.execute(
            "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
        ).fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    assert row[0] >= authorities * of_each_authority + 100


def test_connecting_needs_a_password_even_on_the_socket(own_cluster: Cluster) -> None:
    server = own_cluster.server
    for wrong in ("", "wrong"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.conninfo(SUPERUSER, "postgres"), passfile="/nonexistent", password=wrong)


def test_files_are_closed_to_others(own_cluster: Cluster) -> None:
    assert stat.S_IMODE(own_cluster.credentials.stat().st_mode) == 0o700
    assert stat.S_IMODE(own_cluster.server.credential_file(SUPERUSER).stat().st_mode) == 0o600
    assert stat.S_IMODE(own_cluster.data.stat().st_mode) == 0o700
    assert stat.S_IMODE((own_cluster.directory / "server.log").stat().st_mode) & 0o077 == 0
    assert not (own_cluster.directory / "initial-password").exists()


def test_root_hands_the_server_to_an_unprivileged_account(own_cluster: Cluster) -> None:
    """No process of the server has root's identity or any of its groups."""
    status = Path(f"/proc/{own_cluster.process_id()}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert "0" not in fields["Uid"].split()
    if server_account() is not None:
        assert "0" not in fields["Gid"].split()
        assert fields["Groups"].split() == []
        assert int(fields["CapEff"], 16) == 0


def test_secrets_are_in_no_argument_or_environment(own_cluster: Cluster) -> None:
    password = own_cluster.server.credential_file(SUPERUSER).read_text().strip().rsplit(":", 1)[-1]
    assert len(password) == 64
    for name in ("cmdline", "environ"):
        assert password.encode() not in Path(f"/proc/{own_cluster.process_id()}/{name}").read_bytes()
    assert password not in own_cluster.server.conninfo(SUPERUSER, "postgres")


LEAKS = (
    ("as a literal", f"select '{MARKER}'::uuid", ()),
    ("as a parameter", "select %s::text::uuid", (MARKER,)),
    ("in a row that breaks a rule", "insert into names values (%s)", (MARKER,)),
    ("in a duplicate key", "insert into names values (%s), (%s)", (MARKER[:4], MARKER[:4])),
    ("in a name that does not exist", f'select * from "{MARKER}"', ()),
    ("in a syntax error", f"selekt '{MARKER}'", ()),
    ("raised by a function", f"do $$ begin raise warning '{MARKER}'; raise exception '{MARKER}'; end $$", ()),
)


def test_no_value_reaches_the_servers_log(own_cluster: Cluster) -> None:
    with closing(connect(own_cluster)) as connection:
        connection.execute("create table names (name text primary key check (length(name) < 5))")
        for _, statement, parameters in LEAKS:
            with pytest.raises(psycopg.Error):
                connection.execute(statement, parameters)
        pid = connection.info.backend_pid
    log = (own_cluster.directory / "server.log").read_text()
    assert "ready to accept connections" in log
    assert MARKER not in log
    assert MARKER[:4] not in log, f"something of process {pid}"


def test_statement_of_a_killed_backend_does_not_reach_the_log(own_cluster: Cluster) -> None:
    """PostgreSQL likes to name the statement that was running when one of its processes died."""
    with closing(connect(own_cluster)) as connection:
        connection.execute("set client_min_messages = error")
        other = psycopg.connect(own_cluster.server.conninfo(SUPERUSER, "postgres"), autocommit=True)
        other.pgconn.send_query(f"select pg_sleep(60), '{MARKER}'".encode())
        other.pgconn.flush()
        row = None
        for _ in range(500):
            row = connection.execute("select pid from pg_stat_activity where query like 'select pg_sleep%'").fetchone()
            if row is not None:
                break
        assert row is not None
        os.kill(int(str(row[0])), signal.SIGKILL)
        other.close()
    log_file = own_cluster.directory / "server.log"
    wait_until(lambda: "was terminated by signal 9" in log_file.read_text())
    wait_until(lambda: _answers(own_cluster))
    assert MARKER not in log_file.read_text()


def _answers(cluster: Cluster) -> bool:
    try:
        connect(cluster).close()
    except psycopg.OperationalError:
        return False
    return True


def test_durability_is_left_on(own_cluster: Cluster) -> None:
    """A commit is an answer to a device: these three may not be traded for speed."""
    with closing(connect(own_cluster)) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert connection.execute(f"show {name}").fetchone() == ("on",), name


def test_path_too_long_for_a_socket_is_refused_before_anything_is_made(own_cluster: Cluster) -> None:
    directory = own_cluster.directory.with_name("å" * 50)
    with pytest.raises(ConfigurationError, match="too long for a Unix socket"):
        Cluster(directory, directory / "credentials").create()
    assert not directory.exists()


def test_directory_the_servers_account_cannot_enter_is_refused_with_advice(own_cluster: Cluster) -> None:
    if server_account() is None:
        assert os.geteuid() != 0  # only root hands the server to another account
        return
    closed = own_cluster.directory.with_name("closed")
    closed.mkdir(mode=0o700)
    with pytest.raises(ConfigurationError, match="parents others may enter"):
        Cluster(closed / "cluster", closed / "credentials").create()


def test_process_id_of_a_stopped_server_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="not running"):
        Cluster(Path("/nonexistent/cluster"), Path("/nonexistent/credentials")).process_id()


NO_ROOM = """running bootstrap script ... 2026-01-02 03:04:05.678 UTC [70] FATAL:  could not write to file \
"pg_wal/xlogtemp.70": No space left on device
child process exited with exit code 1
initdb: removing data directory "/data/cluster/data.unfinished"
"""
OTHERWISE = """creating directory ... initdb: error: could not create directory "/data/x": Permission denied
initdb: removing contents of data directory "/data/x"
"""


@pytest.mark.parametrize(
    ("program", "output", "said"),
    [
        ("initdb", NO_ROOM, "There is no room for the database in /data/cluster: initdb failed."),
        ("initdb", OTHERWISE, 'could not create directory "/data/x": Permission denied.'),
        (
            "pg_ctl",
            "waiting\npg_ctl: could not start server\n",
            "could not start server (see /data/cluster/server.log)",
        ),
        ("initdb", "", "initdb failed: it said nothing."),
    ],
)
def test_what_went_wrong_is_told_and_not_what_was_tidied_away(program: str, output: str, said: str) -> None:
    assert said in _explain(program, output, Path("/data/cluster"))
