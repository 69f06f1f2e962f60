# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A backup set, restored into a private server for as long as it is looked into, and removed afterwards.

A set is a directory that ``pg_basebackup`` wrote in its plain form with the write-ahead log it needs, or a file
system's snapshot of a cluster. The set itself is only read. Its copy is closed to every other account, listens on no
network, runs nothing that the original was set up to run, and changes nothing.
"""

import fcntl
import os
import pwd
import re
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg

from vaka.database.binaries import find_server_binaries
from vaka.database.cluster import Cluster, server_account, server_identity
from vaka.database.server import SUPERUSER, Server
from vaka.errors import ConfigurationError
from vaka.orphans import end_with

ROOM = 1 << 30
"""Bytes that stay free beside the copy: the live database may lie on the same disk, and an alarm must find room."""
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_CONTROL = struct.Struct("@QIIiq")
"""How ``global/pg_control`` begins since long: the system, two versions, a state, and when it was last written."""
_MARK = "restored-by-vaka"
_LEFT_OUT = frozenset({"postmaster.pid", "postmaster.opts", "postgresql.auto.conf", "standby.signal",
                       "recovery.signal", "pg_replslot"})  # fmt: skip
_SETTINGS = """\
listen_addresses = ''
unix_socket_directories = '..'
unix_socket_permissions = 0700
max_connections = 10
shared_buffers = 64MB
max_wal_senders = 0
archive_mode = off
autovacuum = off
hot_standby = off
fsync = off
jit = off
default_transaction_read_only = on
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = 'fatal'
log_statement = 'none'
log_min_error_statement = 'panic'
log_error_verbosity = 'terse'
"""
_TO_RECOVER = (b"restore_command", b"recovery_target")
"""How lines begin that say from where the log is played back, and how far: whoever fetched the data wrote them last."""
_RIGHTS = f"local all {SUPERUSER} trust\n"
"""Whoever reaches the socket is who runs the copy: its directory lets nobody else in."""


@dataclass(frozen=True, slots=True)
class BackupSet:
    """A set that lies there, whole."""

    name: str
    path: Path
    made: datetime
    """When its control file was last written: the last checkpoint in it. What was logged since is in it too."""


class NotRestoredError(Exception):
    """A set cannot be looked into. ``reason``: ``no_room`` or ``not_restored``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def list_sets(directory: Path) -> Sequence[BackupSet]:
    """Return the sets of a directory, newest first. What is no set, not whole yet, or a link is left out.

    Raises OSError where the directory cannot be read.
    """
    found = []
    for path in directory.iterdir():
        if not _NAME.fullmatch(path.name) or path.is_symlink():
            continue
        # pg_basebackup writes its manifest last; a snapshot has neither label nor manifest.
        if (path / "backup_label").exists() and not (path / "backup_manifest").exists():
            continue
        with suppress(OSError, struct.error, ValueError, OverflowError):
            with (path / "global" / "pg_control").open("rb") as file:
                *_, written = _CONTROL.unpack(file.read(_CONTROL.size))
            found.append(BackupSet(path.name, path, datetime.fromtimestamp(written, UTC)))
    return sorted(found, key=lambda one: (one.made, one.name), reverse=True)


def choose_set(sets: Sequence[BackupSet], before: datetime | None) -> BackupSet | None:
    """Return the newest set from before a moment or, where there is none, the newest of all. Pure."""
    older = (one for one in sets if before is None or one.made < before)
    return next(older, next(iter(sets), None))


@contextmanager
def restored(chosen: BackupSet, place: Path, *, room: int = ROOM) -> Iterator[Server]:
    """Lend a server that runs on a copy of the set, in a directory that is made for it and removed afterwards.

    One at a time; whoever comes second waits. What an earlier one left that was killed is removed first. Raises
    NotRestoredError.
    """

    def copy(cluster: Cluster) -> None:
        try:
            _copy_set(chosen.path, cluster, room)
        except (OSError, _UnusableError) as error:
            raise NotRestoredError("not_restored") from error

    with filled(place, copy) as cluster:
        yield cluster.server


@contextmanager
def filled(place: Path, fill: Callable[[Cluster], None]) -> Iterator[Cluster]:
    """Lend a cluster that runs on the data that ``fill`` put there, by the rules of `restored`.

    ``fill`` makes the data directory, as the account the server runs as; the directory above it is that account's. What
    has to be played back of the log is, before anybody is let in. Raises NotRestoredError, and what ``fill`` raises.
    """
    with _alone(place):
        cluster = Cluster(place, place)
        _clear(cluster)
        try:
            try:
                _begin(cluster)
            except OSError as error:
                raise NotRestoredError("not_restored") from error
            fill(cluster)
            try:
                _configure(cluster)
            except OSError as error:
                raise NotRestoredError("not_restored") from error
            with _running(cluster):
                yield cluster
        finally:
            _clear(cluster)


def sweep(place: Path) -> None:
    """Remove what somebody left who was killed. Does nothing while a set is looked into."""
    with suppress(OSError), _alone(place, fcntl.LOCK_EX | fcntl.LOCK_NB):
        _clear(Cluster(place, place))


def _clear(cluster: Cluster) -> None:
    """Stop what runs on a copy, and remove the copy. A directory that is not one of ours stays, unless it is empty."""
    if (cluster.directory / _MARK).is_file():
        if cluster.is_running():
            with suppress(ConfigurationError):
                cluster.stop(immediately=True)
        # The mark goes last: what is broken off half-way is known for ours at the next try.
        for path in cluster.directory.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != _MARK:
                path.unlink(missing_ok=True)
        (cluster.directory / _MARK).unlink()
    with suppress(OSError):
        cluster.directory.rmdir()


class _UnusableError(Exception):
    """The set is not one that can be copied safely."""


@contextmanager
def _alone(place: Path, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    descriptor = os.open(place.with_name(f".{place.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _copy_set(source: Path, cluster: Cluster, room: int) -> None:
    size = sum(path.lstat().st_size for path in source.rglob("*"))
    if size + room > shutil.disk_usage(cluster.directory.parent).free:
        raise NotRestoredError("no_room")
    _copy(source, cluster.data)
    (cluster.data / "pg_replslot").mkdir(mode=0o700)


def _begin(cluster: Cluster) -> None:
    cluster.directory.mkdir(mode=0o700)
    (cluster.directory / _MARK).touch(mode=0o600)
    _hand_over(cluster)


def _configure(cluster: Cluster) -> None:
    for name, text in (
        ("postgresql.conf", f"{_SETTINGS}port = {cluster.port}\n"), ("pg_hba.conf", _RIGHTS), ("pg_ident.conf", "")
    ):  # fmt: skip
        (cluster.data / name).unlink(missing_ok=True)  # a link would lead elsewhere
        (cluster.data / name).write_text(text)
    _forget_settings(cluster.data / "postgresql.auto.conf")
    _hand_over(cluster)


def _forget_settings(path: Path) -> None:
    """Take out what ``alter system`` set where the copy is from: it is read last, and may name programs to run here."""
    text = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
    path.unlink(missing_ok=True)
    kept = [line for line in text.split(b"\n") if line.startswith(_TO_RECOVER)]
    path.write_bytes(b"".join(line + b"\n" for line in kept))


def _hand_over(cluster: Cluster) -> None:
    account = server_account()
    if account is not None:
        entry = pwd.getpwnam(account)
        for path in (*cluster.directory.rglob("*"), cluster.directory):
            os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)


def _copy(source: Path, target: Path, *, is_top: bool = True) -> None:
    target.mkdir(mode=0o700)
    with os.scandir(source) as entries:
        for entry in entries:
            if is_top and entry.name in _LEFT_OUT:
                continue
            if entry.is_symlink():
                # A tablespace, or a log kept elsewhere: the copy would write into what the link leads to.
                raise _UnusableError
            if entry.is_dir():
                _copy(Path(entry.path), target / entry.name, is_top=False)
            elif entry.is_file():
                shutil.copyfile(entry.path, target / entry.name, follow_symlinks=False)
                (target / entry.name).chmod(0o600)


@contextmanager
def _running(cluster: Cluster) -> Iterator[None]:
    try:
        program = find_server_binaries() / "postgres"
    except ConfigurationError as error:  # the database is on another machine, and no server is installed here
        raise NotRestoredError("not_restored") from error
    # Our own child, not a daemon: should we be killed, the kernel ends it.
    process = subprocess.Popen(
        [program, "-D", cluster.data], cwd=cluster.directory, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        preexec_fn=partial(end_with, os.getpid(), signal.SIGQUIT), start_new_session=True, umask=0o077,
        **server_identity(server_account()),
    )  # fmt: skip
    try:
        while not _lets_in(cluster.server):
            if process.poll() is not None:
                raise NotRestoredError("not_restored")
            time.sleep(_POLL_SECONDS)
        yield
    finally:
        process.send_signal(signal.SIGQUIT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _lets_in(server: Server) -> bool:
    try:
        psycopg.connect(server.conninfo(SUPERUSER, "postgres", application="vaka-restored")).close()
    except psycopg.OperationalError:
        return False
    return True
