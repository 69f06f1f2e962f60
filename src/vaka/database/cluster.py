# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A private PostgreSQL cluster in Vaka's own data directory: nothing to install or configure by hand.

The server listens on a Unix socket only, demands SCRAM from everyone, and never writes a statement's values to its log.
"""

import errno
import os
import pwd
import secrets
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from vaka.database.binaries import find_server_binaries
from vaka.database.server import SUPERUSER, Server
from vaka.errors import ConfigurationError
from vaka.settings import DatabaseSettings

START_SECONDS = 60
STOP_SECONDS = 30
START_ATTEMPTS = 10
NO_PROCESS = 2**31 - 1
"""A process number that no Linux kernel gives out (they end at 2**22)."""

# Durability is left at PostgreSQL's safe defaults (fsync and synchronous_commit on): a commit is an answer to a device.
SERVER_SETTINGS = """\
listen_addresses = ''
# Relative to the data directory: its parent. A path of the user's never passes through a shell.
unix_socket_directories = '..'
unix_socket_permissions = 0777
# Who is refused a connection cannot store an alarm, so there is one for each that may be wanted. An authority takes 2
# of every receiver process (life alarms; everything else), 2 of the desk (listening, and a pool's first), 1 of the
# scheduler and 1 of the sequencer: for 290 authorities and 4 receiver processes 3,480. The rest is for moments of much
# work.
# Measured on PostgreSQL 15, the room for one costs 33 kB (140 MB in all), one that is open 1.6 MB (listening,
# scheduler) to 6 MB (a receiver's). Memory is thus the narrower bound: 4 GB are enough for about 150 busy authorities
# and one receiver process, 12 GB for 290 and two. A receiver gives its connections back when an authority is quiet.
max_connections = 3800
shared_buffers = 256MB
password_encryption = 'scram-sha-256'
# After a crash: one sync of the file system instead of one per file (0.4 s instead of 11-35 s with 290 databases).
recovery_init_sync_method = 'syncfs'
autovacuum_naptime = 60s
max_wal_size = 4GB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
wal_compression = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
# The log says what the server does, never with which values: those may be people's. An error's own first line may quote
# a value, so errors are left to the client that caused them; starts, stops, crashes and refused connections are kept.
log_min_messages = 'log'
log_min_duration_statement = -1
log_statement = 'none'
log_min_error_statement = 'panic'
log_error_verbosity = 'terse'
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_line_prefix = '%m [%p] %u@%d '
"""


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Cluster:
    """The embedded server below ``directory``: its data, its socket, its log and its superuser's credential."""

    directory: Path
    credentials: Path
    port: int = 5432
    archiving: Path | None = None
    """What pgBackRest is configured with, where the write-ahead log is archived. Without that file nothing is."""

    @property
    def data(self) -> Path:
        """The data directory proper."""
        return self.directory.absolute() / "data"

    @property
    def server(self) -> Server:
        """How clients reach it."""
        return Server(host=str(self.directory.absolute()), port=self.port, credentials=self.credentials)

    def create(self) -> bool:
        """Initialise the cluster unless it is there already. Return whether it was made now."""
        if self.data.is_dir():
            return False
        if len(os.fsencode(self.directory.absolute())) > 90:
            raise ConfigurationError(
                "The data directory's path is too long for a Unix socket (over 90 bytes). Choose a shorter one."
            )
        unfinished = self.data.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)  # what an interrupted first start left
        self.directory.mkdir(parents=True, exist_ok=True)
        self.credentials.mkdir(parents=True, exist_ok=True, mode=0o700)
        account = server_account()
        if account is not None:
            shutil.chown(self.directory, account, account)
            _require_reachable(self.directory.absolute(), account)
        password = secrets.token_hex(32)
        write_credential(self.server, SUPERUSER, password)
        handed_over = self.data.with_name("initial-password")
        write_as_server(handed_over, password)
        try:
            self._run("initdb", "--pgdata", unfinished, "--username", SUPERUSER, "--pwfile", handed_over,
                      "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8",
                      "--data-checksums")  # fmt: skip
        finally:
            handed_over.unlink()
        unfinished.rename(self.data)
        return True

    def start(self) -> None:
        """Start the server and wait until it answers; does nothing where it runs already."""
        if self.is_running():
            return
        crashed = (self.data / "postmaster.pid").exists()
        self.make_startable()
        for attempt in range(START_ATTEMPTS if crashed else 1):
            try:
                # Relative paths, seen from the cluster's directory: pg_ctl hands them to a shell.
                self._run("pg_ctl", "start", "--pgdata", self.data.name, "--log", "server.log", "--silent",
                          "--wait", "--timeout", str(START_SECONDS))  # fmt: skip
                return
            except ConfigurationError:
                # What a killed server leaves running ends by itself, and the new one waits for it: both at once on
                # the same files would destroy them, so PostgreSQL refuses until the last is gone.
                if attempt + 1 == START_ATTEMPTS or not crashed:
                    raise
                time.sleep(1)

    def make_startable(self) -> None:
        """Write today's settings and free the data of a dead server's lock; only while no server runs."""
        # Written anew at each start: a cluster made by an older version gets today's settings. A machine's own tuning
        # belongs in ALTER SYSTEM, which is read after this.
        archived = "" if self.archiving is None else _archive_settings(self.archiving)
        write_as_server(self.data / "postgresql.conf", f"{SERVER_SETTINGS}port = {self.port}\n{archived}")
        for path in (self.data / "postmaster.pid", self.directory / f".s.PGSQL.{self.port}.lock"):
            _disown_lock_file(path)

    def stop(self, *, immediately: bool = False) -> None:
        """Stop the server, ending its connections; ``immediately`` is the crash a test wants to see survived."""
        if self.is_running():
            self._run("pg_ctl", "stop", "--pgdata", self.data, "--silent", "--wait", "--timeout", str(STOP_SECONDS),
                      "--mode", "immediate" if immediately else "fast")  # fmt: skip

    def is_running(self) -> bool:
        """Whether a server runs on this data directory."""
        try:
            # A process number may be another's by now, or a dead child nobody has collected: neither works here.
            return os.path.samefile(f"/proc/{self.process_id()}/cwd", self.data)
        except (ConfigurationError, OSError):
            return False

    def process_id(self) -> int:
        """Return the postmaster's process id. Raises ConfigurationError where none runs."""
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError) as error:
            raise ConfigurationError("The embedded PostgreSQL server is not running.") from error

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [find_server_binaries() / program, *arguments]
        account = server_account()
        try:
            done = subprocess.run(
                command, cwd=self.directory, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, text=True, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **server_identity(account),
                # Ctrl-C at the terminal is for the supervisor, which stops the server last and in order.
                start_new_session=True,
            )  # fmt: skip
        except PermissionError as error:
            raise ConfigurationError(
                f"The account '{account}', which runs PostgreSQL, cannot reach {command[0]}. Install PostgreSQL with "
                "the machine's packages (Debian and Ubuntu: apt-get install postgresql)."
            ) from error
        if done.returncode != 0:
            raise ConfigurationError(_explain(program, done.stdout, self.directory))


def _archive_settings(configuration: Path) -> str:
    """Return the settings that have the write-ahead log archived by pgBackRest; none where that is not configured."""
    try:
        lines = configuration.read_text("utf-8").splitlines()
    except OSError:
        return ""
    stanza = next(line for line in reversed(lines) if line.startswith("[")).strip("[]")
    # It passes through a shell, which is given the path in quotes; then PostgreSQL's own two kinds of escapes.
    command = f"/usr/bin/pgbackrest --config={shlex.quote(str(configuration))} --stanza={stanza} archive-push "
    escaped = command.replace("%", "%%").replace("\\", "\\\\").replace("'", "''")
    # A segment is archived once a minute at the latest, full or not, where anything was written.
    return f"archive_mode = on\narchive_timeout = 60s\narchive_command = '{escaped}%p'\n"


def _explain(program: str, output: str, directory: Path) -> str:
    """Return what a program of PostgreSQL that failed had to say, in one sentence or two."""
    if os.strerror(errno.ENOSPC) in output or os.strerror(errno.EDQUOT) in output:
        return (
            f"There is no room for the database in {directory}: {program} failed. Make room there, or choose another "
            "data directory with --data."
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    # What it tidied away at the end is not what went wrong.
    wrong = [line for line in lines if "FATAL:" in line or "PANIC:" in line or ": error:" in line or "ERROR:" in line]
    said = (wrong or lines or ["it said nothing"])[-1][:200]
    # initdb has no server yet, and so no log of one.
    return f"{program} failed: {said}" + ("." if program == "initdb" else f" (see {directory / 'server.log'})")


def server_account() -> str | None:
    """Return the unprivileged account the server must run as when we are root, otherwise None (ourselves)."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise ConfigurationError(
        "PostgreSQL refuses to run as root and this machine has no account 'postgres' or 'nobody'."
    )


def write_credential(server: Server, role: str, password: str) -> None:
    """Write the libpq password file of ``role``, readable by its owner alone."""
    path = server.credential_file(role)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"*:*:*:{role}:{password}\n")


def find_server(settings: DatabaseSettings, root: Path) -> Server:
    """Return where the database of a data directory is: the embedded one, or the one the settings name."""
    if settings.embedded:
        return Cluster(root / "cluster", root / "credentials").server
    return Server(settings.host, settings.port, root / "credentials")


def server_identity(account: str | None) -> _Identity:
    """Return the arguments that start a program as ``account`` and nothing more of ours: no group is inherited."""
    if account is None:
        return {}
    entry = pwd.getpwnam(account)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def make_server_directory(path: Path) -> None:
    """Make a directory that the server's account alone enters. Those above it are there, and others may pass them."""
    path.mkdir(exist_ok=True, mode=0o700)
    account = server_account()
    if account is not None:
        shutil.chown(path, account, account)


def write_as_server(path: Path, text: str) -> None:
    """Write a file below the server's directories as its account: root would follow a link somebody placed there."""
    subprocess.run(["/usr/bin/tee", path], input=text, text=True, stdout=subprocess.DEVNULL, cwd="/", check=True,
                   umask=0o077, **server_identity(server_account()))  # fmt: skip


def _disown_lock_file(path: Path) -> None:
    """Let a new server see that the one named in this lock file is gone.

    Where that process number lives on (another's, or a dead child nobody has collected) PostgreSQL would refuse to
    start. Only the number is changed: the shared memory named beside it still guards against what yet runs.
    """
    try:
        number, rest = path.read_text().split("\n", 1)
    except (OSError, ValueError):
        return
    if Path(f"/proc/{number.strip()}").exists():
        write_as_server(path, f"{NO_PROCESS}\n{rest}")


def _require_reachable(directory: Path, account: str) -> None:
    done = subprocess.run(["/usr/bin/test", "-w", directory], check=False, cwd="/", **server_identity(account))
    if done.returncode != 0:
        raise ConfigurationError(
            f"The account '{account}', which runs PostgreSQL, cannot reach {directory}. Choose a data directory whose "
            "parents others may enter, for example below /var/lib or /tmp (vaka --data DIRECTORY)."
        )
