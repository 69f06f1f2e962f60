# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka host`: who can work on the machine, and who did as an account that is nobody's own (term 10)."""

import asyncio
import os
import pwd
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import gethostname
from types import MappingProxyType
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.certificates import DAY, Issuer
from tests.commands.test_maintenance import vaka
from tests.commands.test_role_and_account import entries
from tests.platform import make_account
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.host_accounts import RECORD, login_accounts, read_sign_ins
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER

SETTINGS = "[receiver]\ntls_port = false\n"
USER, DEAD, BOOT = 7, 8, 2
HERE, ELSEWHERE = (0, 0, 0, 0), (0x0100007F, 0, 0, 0)
EARLIER = datetime(2026, 3, 14, 2, 0, tzinfo=UTC)


@pytest.fixture
def running(made: DataDirectory) -> Iterator[DataDirectory]:
    """The database server runs for the whole test; the settings are as they were afterwards."""
    with made.locked():
        made.cluster.start()
        try:
            yield made
        finally:
            made.cluster.stop()
            (made.root / "vaka.toml").write_text(SETTINGS)
            (made.root / "run" / "sign-ins.seen").unlink(missing_ok=True)


def record(kind: int, user: str, line: str, at: datetime, address: tuple[int, int, int, int] = HERE) -> bytes:
    """One record, field by field as utmp(5) gives them for 64-bit Linux; not by the reader's own layout."""
    return b"".join((
        struct.pack("<hxxi", kind, 4711), line.encode().ljust(32, b"\0"), b"ts/0", user.encode().ljust(32, b"\0"),
        b"192.0.2.7".ljust(256, b"\0"), struct.pack("<hh", 0, 0), struct.pack("<i", 1),
        struct.pack("<ii", int(at.timestamp()), at.microsecond), struct.pack("<4i", *address), bytes(20),
    ))  # fmt: skip


def of_host(made: DataDirectory) -> list[dict[str, Any]]:
    return [one for one in entries(made) if str(one["event"]).startswith("host.")]


def expect(made: DataDirectory, names: set[str], whose: Mapping[str, UUID] = MappingProxyType({})) -> None:
    """Expect these accounts of the machine; those that are nobody's own, all of them unless some are somebody's."""
    listed = ", ".join(f'"{name}"' for name in sorted(names))
    shared = ", ".join(f'"{name}"' for name in sorted(names - set(whose)))
    tables = "".join(
        f'[[host.administrators]]\nlogin = "{one}"\naccount = "{account}"\n' for one, account in whose.items()
    )
    (made.root / "vaka.toml").write_text(
        f"{SETTINGS}[host]\naccounts = [{listed}]\nshared_accounts = [{shared}]\n{tables}"
    )


def test_the_record_is_as_long_as_the_c_librarys() -> None:
    assert RECORD.size == len(record(USER, "root", "tty1", EARLIER)) == 384


def test_whoever_has_no_shell_cannot_work() -> None:
    def account(name: str, shell: str) -> pwd.struct_passwd:
        return pwd.struct_passwd((name, "x", 1, 1, "", "/", shell))

    found = login_accounts([
        account("root", "/bin/bash"), account("daemon", "/usr/sbin/nologin"), account("bin", "/bin/false"),
        account("empty", ""), account("sync", "/bin/sync"), account("odd", "/opt/tool"),
    ])  # fmt: skip
    assert found == {"root", "empty", "odd"}


@pytest.mark.database
def test_term_10_5_the_machines_accounts_are_those_that_are_expected(running: DataDirectory) -> None:
    here = login_accounts()
    assert "root" in here
    assert pwd.getpwuid(os.getuid()).pw_name in here
    expect(running, here)
    same = vaka("host", "accounts", "--data", running.root)
    assert (same.exit_code, "Different: 0." in same.output) == (0, True), same.output
    assert of_host(running) == []
    expect(running, (here - {"root"}) | {"vaka-drift"})
    other = vaka("host", "accounts", "--data", running.root)
    assert other.exit_code == 1
    assert "root: can be worked as, and the settings do not expect it" in other.output
    assert "vaka-drift: expected by the settings, and nobody can work as it" in other.output
    [told] = of_host(running)
    assert (told["event"], told["object"]) == ("host.accounts_differ", "host:accounts")
    assert told["actor"] == f"setup:uid-{os.getuid()}"


@pytest.mark.database
def test_term_10_5_each_account_of_the_machine_is_an_active_administrators(running: DataDirectory) -> None:
    """The machine, the settings and the database are compared: who no longer administers has no business there."""
    here = login_accounts() | {"anna"}
    entries_of = [pwd.struct_passwd(("anna", "x", 4711, 4711, "", "/", "/bin/bash")), *pwd.getpwall()]
    server, now = running.cluster.server, SystemClock().now()
    holder = asyncio.run(make_account(server, kind="administrator", now=now))
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        superuser.execute("set session_replication_role = replica")
        superuser.execute(
            "insert into vaka.role_grant (account_id, role, granted_at) values (%s, 'administrator', %s)", (holder, now)
        )
    other = asyncio.run(make_account(server, now=now))
    with patch.object(pwd, "getpwall", lambda: entries_of):
        for whose, different in ((holder, 0), (other, 1), (uuid4(), 1)):
            expect(running, here, {"anna": whose})
            said = vaka("host", "accounts", "--data", running.root)
            assert (said.exit_code, f"Different: {different}." in said.output) == (different, True), said.output
        assert "anna: no active administrator's" in said.output
    assert of_host(running)[-1]["detail"]["unheld"] == 1


@pytest.mark.database
def test_term_10_4_who_works_as_root_is_told_of_once(running: DataDirectory, tmp_path: Path) -> None:
    wtmp, before = tmp_path / "wtmp", len(of_host(running))
    (running.root / "vaka.toml").write_text(f'{SETTINGS}[host]\nshared_accounts = ["drift"]\n')
    look = ("host", "sign-ins", "--data", running.root, "--records", wtmp)
    assert vaka(*look).exit_code == 1
    assert "cannot be read" in vaka(*look).stderr
    wtmp.write_bytes(record(BOOT, "reboot", "~", EARLIER) + record(USER, "karl", "pts/1", EARLIER, ELSEWHERE))
    quiet = vaka(*look)
    assert (quiet.exit_code, "nobody's own: 0." in quiet.output) == (0, True), quiet.output
    with wtmp.open("ab") as file:
        file.write(record(USER, "root", "tty1", EARLIER + timedelta(minutes=1)))
        file.write(record(USER, "drift", "pts/0", EARLIER + timedelta(minutes=2), ELSEWHERE))
        file.write(record(DEAD, "root", "tty1", EARLIER + timedelta(minutes=3)) + b"half a record")
    seen = vaka(*look)
    assert seen.exit_code == 1
    assert "root  tty1" in seen.output
    again = vaka(*look)
    assert (again.exit_code, "nobody's own: 0." in again.output) == (0, True), again.output
    told = of_host(running)[before:]
    assert [(one["event"], one["object"]) for one in told] == [
        ("host.signed_in", "host:root"), ("host.signed_in", "host:drift"),
    ]  # fmt: skip


@pytest.mark.database
def test_whoever_sets_the_look_forward_hides_nothing(running: DataDirectory, tmp_path: Path) -> None:
    wtmp, tomorrow = tmp_path / "wtmp", SystemClock().now() + timedelta(days=1)
    look = ("host", "sign-ins", "--data", running.root, "--records", wtmp)
    wtmp.write_bytes(record(USER, "root", "tty1", EARLIER))
    (running.root / "run" / "sign-ins.seen").write_text(tomorrow.isoformat())
    assert "nobody's own: 1." in vaka(*look).output
    wtmp.write_bytes(record(USER, "root", "tty2", tomorrow))
    assert "nobody's own: 1." in vaka(*look).output
    wtmp.write_bytes(record(USER, "root", "tty3", SystemClock().now() + timedelta(seconds=2)))
    assert "root  tty3" in vaka(*look).output


def test_what_is_no_record_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    file = tmp_path / "wtmp"
    file.write_bytes(os.urandom(383))
    assert list(read_sign_ins(file)) == []
    file.write_bytes(bytes(384) + record(USER, "r\u00f6t", "tty1", EARLIER))
    assert [(one.user, one.line, one.is_remote) for one in read_sign_ins(file)] == [("röt", "tty1", False)]


@pytest.mark.database
def test_clock_of_the_machine_is_told_of(running: DataDirectory, tmp_path: Path) -> None:
    """By what its time service wrote down; without that nothing is told, and the command says what lacks."""
    report = tmp_path / "report"
    (running.root / "vaka.toml").write_text(f'{SETTINGS}[clock]\nreport = "{report}"\n')
    look = ("host", "clock", "--data", running.root)
    missing = vaka(*look)
    assert (missing.exit_code, str(report) in missing.output) == (1, True)
    report.write_text(f"at,{SystemClock().now().timestamp():.0f}\nsilent\nend\n")
    told = vaka(*look)
    assert (told.exit_code, "does not answer" in told.output) == (1, True)
    with closing(psycopg.connect(running.cluster.server.conninfo(SUPERUSER, PLATFORM_DATABASE))) as superuser:
        [(machine, reasons)] = superuser.execute("select machine, reasons from vaka.machine_clock").fetchall()
    assert (machine, "down" in reasons) == (gethostname(), True)


@pytest.mark.database
def test_ports_of_the_machine_are_told_of(running: DataDirectory, tmp_path: Path) -> None:
    """One that listens for everybody and is in no flow, by the program that has it; certificates too."""
    beside, _ = Issuer(tmp_path).certificate_for("receiver.example", lasts=-DAY)
    (running.root / "tls").mkdir(exist_ok=True)
    (running.root / "tls" / "other.pem").write_bytes(beside.read_bytes())
    (running.root / "vaka.toml").write_text(SETTINGS)
    with closing(socket.create_server(("0.0.0.0", 0))) as planted:
        port = planted.getsockname()[1]
        told = vaka("host", "ports", "--data", running.root)
    assert told.exit_code == 1
    (running.root / "tls" / "other.pem").unlink()
    assert "tls/other.pem: not valid today" in told.output
    assert f"tcp 0.0.0.0 {port}: unregistered (" in told.output
    assert "another account's" not in next(line for line in told.output.splitlines() if f" {port}:" in line)
    with closing(psycopg.connect(running.cluster.server.conninfo(SUPERUSER, PLATFORM_DATABASE))) as superuser:
        [(machine, wrong, certificates)] = superuser.execute(
            "select machine, wrong, certificates from vaka.machine_flows"
        ).fetchall()
    assert (machine, port in [one["port"] for one in wrong]) == (gethostname(), True)
    assert "tls/other.pem" in [one["name"] for one in certificates]
