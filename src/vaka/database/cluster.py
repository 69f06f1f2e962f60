# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A private PostgreSQL cluster in Vaka's own data directory: nothing to install or configure by hand.

The server listens on a Unix socket only, demands SCRAM from everyone, and never writes a statement's values to its log.
"""

import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from vaka.database.binaries import find_server_binaries
from vaka.database.server import SUPERUSER, Server
from vaka.errors import ConfigurationError

START_SECONDS = 60
STOP_SECONDS = 30

# Durability is left at PostgreSQL's safe defaults (fsync and synchronous_commit on): a commit is an answer to a device.
SERVER_SETTINGS = """\
listen_addresses = ''
unix_socket_permissions = 0777
max_connections = 400
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
# The log says what went wrong, never with which values: those may be people's.
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

    @property
    def data(self) -> Path:
        """The data directory proper."""
        return self.directory / "data"

    @property
    def server(self) -> Server:
        """How clients reach it."""
        return Server(host=str(self.directory), port=self.port, credentials=self.credentials)

    def create(self) -> bool:
        """Initialise the cluster unless it is there already. Return whether it was made now."""
        if (self.data / "PG_VERSION").is_file():
            return False
        if len(str(self.directory)) > 90:
            raise ConfigurationError(
                "The data directory's path is too long for a Unix socket (over 90 characters). Choose a shorter one."
            )
        shutil.rmtree(self.data, ignore_errors=True)  # what an interrupted first start left
        self.directory.mkdir(parents=True, exist_ok=True)
        self.credentials.mkdir(parents=True, exist_ok=True, mode=0o700)
        account = server_account()
        if account is not None:
            shutil.chown(self.directory, account, account)
            _require_reachable(self.directory, account)
        password = secrets.token_hex(32)
        write_credential(self.server, SUPERUSER, password)
        handed_over = self.directory / "initial-password"
        handed_over.touch(mode=0o600)
        handed_over.write_text(password)
        if account is not None:
            shutil.chown(handed_over, account)
        try:
            self._run("initdb", "--pgdata", self.data, "--username", SUPERUSER, "--pwfile", handed_over,
                      "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8",
                      "--data-checksums", "--no-sync")  # fmt: skip
        finally:
            handed_over.unlink()
        settings = self.data / "conf.d"
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.write("include_dir = 'conf.d'\n")
        settings.mkdir()
        (settings / "vaka.conf").write_text(SERVER_SETTINGS)
        if account is not None:
            for path in (settings, settings / "vaka.conf"):
                shutil.chown(path, account)
        return True

    def start(self) -> None:
        """Start the server and wait until it answers; does nothing where it runs already."""
        if self.is_running():
            return
        self._run("pg_ctl", "start", "--pgdata", self.data, "--log", self.directory / "server.log", "--silent",
                  "--wait", "--timeout", str(START_SECONDS), "--options",
                  f"-c unix_socket_directories={self.directory} -c port={self.port}")  # fmt: skip

    def stop(self, *, immediately: bool = False) -> None:
        """Stop the server, ending its connections; ``immediately`` is the crash a test wants to see survived."""
        if self.is_running():
            self._run("pg_ctl", "stop", "--pgdata", self.data, "--silent", "--wait", "--timeout", str(STOP_SECONDS),
                      "--mode", "immediate" if immediately else "fast")  # fmt: skip

    def is_running(self) -> bool:
        """Whether a server runs on this data directory."""
        try:
            self._run("pg_ctl", "status", "--pgdata", self.data)
        except ConfigurationError:
            return False
        return True

    def process_id(self) -> int:
        """Return the postmaster's process id. Raises ConfigurationError where none runs."""
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError) as error:
            raise ConfigurationError("The embedded PostgreSQL server is not running.") from error

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [find_server_binaries() / program, *arguments]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, check=False, **_identity(server_account()),
            # Ctrl-C at the terminal is for the supervisor, which stops the server last and in order.
            start_new_session=True,
        )  # fmt: skip
        if done.returncode != 0:
            last = done.stdout.strip().rsplit("\n", 1)[-1][:200]
            raise ConfigurationError(f"{program} failed: {last} (see {self.directory / 'server.log'})")


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


def _identity(account: str | None) -> _Identity:
    """Return the arguments that start a program as ``account`` and nothing more of ours: no group is inherited."""
    if account is None:
        return {}
    entry = pwd.getpwnam(account)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _require_reachable(directory: Path, account: str) -> None:
    done = subprocess.run(["/usr/bin/test", "-w", directory], check=False, cwd="/", **_identity(account))
    if done.returncode != 0:
        raise ConfigurationError(
            f"The account '{account}', which runs PostgreSQL, cannot reach {directory}. Choose a data directory whose "
            "parents others may enter, for example below /var/lib or /tmp (vaka --data DIRECTORY)."
        )
