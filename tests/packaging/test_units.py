# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The units that are installed as services, judged by systemd itself: what they take away from whoever breaks in."""

import os
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

import vaka
from tests.peers import report_missing, require_program
from vaka.commands.data_directory import DataDirectory
from vaka.commands.needs import NEEDS
from vaka.commands.programs import keyholder_program, vaka_programs
from vaka.operations.integrity.restricting import PROGRAMS
from vaka.settings import Settings

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
UNITS = sorted((PACKAGING / "systemd").glob("*.service"))
CONFINED = ("vaka@", "vaka-advisories", "vaka-ports")
"""What starts no database and no backup program."""
TIMERS = sorted((PACKAGING / "systemd").glob("*.timer"))
LARGEST_EXPOSURE = 20
"""In tenths, on systemd's scale from 0 (nothing left) to 10."""
HARDENING = re.compile(
    r"^(Capability|Ambient|NoNew|Secure|UMask|Protect|Private|Device|Restrict|Lock|Memory|SystemCall|Keyring|Remove).*\n",
    re.MULTILINE,
)
PROGRAM = re.compile(r"^(ExecStart(?:Pre)?=)\S+", re.MULTILINE)
COMMAND = r"^ExecStart=/opt/vaka/bin/vaka ([a-z]+(?: [a-z][a-z-]*)?) --"
ADMITTED = "ExecStartPre=/opt/vaka/bin/vaka host admit --data /var/lib/vaka\nExecStart=/opt/vaka/bin/"
ASKS_ITSELF = {"vaka.service": "/opt/vaka/bin/vaka run ", "vaka-clock.service": "/opt/vaka/packaging/chrony/",
               "vaka-backup-site.service": "/usr/bin/rclone ", "vaka-member.service": "/usr/bin/pgbackrest ",
               "vaka-repository.service": "/usr/bin/pgbackrest "}  # fmt: skip
"""What `vaka run` asks, it asks with the database that it has started itself; the others start no process of ours."""


def exposure_is_refused(unit: Path) -> bool:
    """Whether systemd finds a unit more exposed than it may be; any other fault fails the test."""
    analyze = require_program("systemd-analyze", package="systemd")
    command = [analyze, "security", "--no-pager", "--offline=true", f"--threshold={LARGEST_EXPOSURE}", str(unit)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "Overall exposure level" in said.stdout, said.stderr
    return said.returncode != 0


def test_there_are_units() -> None:
    backups = [f"vaka-backup{what}" for what in ("-check", "-drill", "-site", "")]
    beside = [
        "vaka-certificates",
        "vaka-clock-told",
        "vaka-clock",
        "vaka-member",
        "vaka-people",
        "vaka-ports",
        "vaka-repository",
    ]
    assert [unit.stem for unit in UNITS] == [
        "vaka-accounts", "vaka-advisories", *backups, *beside, "vaka-sign-ins", "vaka", "vaka@",
    ]  # fmt: skip


def test_what_a_timer_is_said_to_run_has_one() -> None:
    """A command that takes no administrator because a timer runs it is one that a timer runs."""
    said = "\n".join(timer.with_suffix(".service").read_text() for timer in TIMERS)
    by_timer = [name for name, need in NEEDS.items() if need.why.startswith("a timer runs it")]
    other = {"advisories import", "backup check"}  # by hand as well as fetched; beside each backup
    assert {name for name in by_timer if not re.search(rf"vaka {name}\b", said)} <= other


def test_the_target_wants_each_process_that_a_supervisor_would_start() -> None:
    """By the one list of them; a process that is added there is missing here until somebody adds it."""
    said = (PACKAGING / "systemd" / "vaka.target").read_text()
    wanted = re.findall(r"vaka@([a-z]+)\.service", said)
    data = DataDirectory(Path("/var/lib/vaka"))
    programs = [keyholder_program(data, Settings()), *vaka_programs(data, Settings())]
    assert len(set(wanted)) == len(wanted)
    assert {f"vaka.processes.{one}" for one in wanted} == {program.arguments[2] for program in programs}
    unit = (PACKAGING / "systemd" / "vaka@.service").read_text()
    [started] = re.findall(r"^ExecStart=/opt/vaka/bin/python (.+)$", unit, re.MULTILINE)
    for one in wanted:
        [program] = [each for each in programs if each.arguments[2] == f"vaka.processes.{one}"]
        # What the supervisor says besides is the name of the first receiver, which is what one is called by itself.
        assert started.replace("%i", one).split() == list(program.arguments[1:5])
        assert program.arguments[5:] in ((), ("--instance", "receiver-1"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_every_unit_asks_whether_its_program_may_start(unit: Path) -> None:
    """Right before it, and in vain nowhere: a unit that is added asks, or says here why not."""
    said = unit.read_text()
    if unit.name in ASKS_ITSELF:
        assert f"\nExecStart={ASKS_ITSELF[unit.name]}" in said
        assert "ExecStartPre" not in said
    else:
        assert said.count("\nExecStart=") == said.count(f"\n{ADMITTED}") == 1


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_term_14_3_services_are_confined_by_the_system(unit: Path, tmp_path: Path) -> None:
    assert not exposure_is_refused(unit)
    # The same judge refuses it without what confines it.
    bare, count = HARDENING.subn("", unit.read_text())
    assert count > 20
    open_to_all = tmp_path / unit.name
    open_to_all.write_text(bare)
    assert exposure_is_refused(open_to_all)


def test_what_database_servers_are_let_into_is_the_repository_and_nothing_else() -> None:
    """Their protocol lets them read and write whatever the process may: so it sees no credential, key or socket."""
    lines = (PACKAGING / "systemd" / "vaka-repository.service").read_text().splitlines()
    assert "TemporaryFileSystem=/var/lib:ro" in lines
    bound = [line for line in lines if line.startswith(("Bind", "ReadWrite", "StateDirectory"))]
    within = "/var/lib/vaka/backup"
    assert bound == [f"BindReadOnlyPaths={within}", f"BindPaths={within}/repository {within}/lock"]
    assert not any("AF_UNIX" in line for line in lines if line.startswith("Restrict"))


@pytest.mark.parametrize("name", ["vaka-member", "vaka-repository"])
def test_a_renewed_certificate_reaches_what_carries_backups_within_a_day(name: str) -> None:
    """It reads them as it starts; nobody is there to tell it that another machine has fetched a new one."""
    lines = (PACKAGING / "systemd" / f"{name}.service").read_text().splitlines()
    assert {"RuntimeMaxSec=1d", "Restart=always"} <= set(lines)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_every_line(unit: Path, tmp_path: Path) -> None:
    """With a program that is there in place of ours: an unknown or misspelt line is told of, and counts."""
    analyze = require_program("systemd-analyze", package="systemd")
    understood = PROGRAM.sub(r"\g<1>/bin/true", unit.read_text())
    for text, is_right in ((understood, True), (understood.replace("ProtectHome=yes", "ProtectHome=perhaps"), False)):
        copy = tmp_path / unit.name
        copy.write_text(text)
        said = subprocess.run(
            [analyze, "verify", "--man=no", "--recursive-errors=no", str(copy)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        about_it = [line for line in said.stderr.splitlines() if unit.name in line]
        assert (about_it == []) is is_right, said.stderr


@pytest.mark.parametrize("timer", TIMERS, ids=lambda timer: timer.name)
def test_a_timer_starts_what_nobody_has_to_stand_behind(timer: Path, tmp_path: Path) -> None:
    """Its unit is there, and runs a command that takes no administrator; systemd understands the timer."""
    analyze = require_program("systemd-analyze", package="systemd")
    unit = PROGRAM.sub(r"\g<1>/bin/true", (service := timer.with_suffix(".service")).read_text())
    (tmp_path / service.name).write_text(unit)
    copy = tmp_path / timer.name
    for text, is_right in ((timer.read_text(), True), (timer.read_text().replace("[Timer]\nOn", "[Timer]\nOf"), False)):
        copy.write_text(text)
        said = subprocess.run(
            [analyze, "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=60, check=False
        )
        assert (not any(timer.name in line for line in said.stderr.splitlines())) is is_right, said.stderr
    if service.name not in ASKS_ITSELF:
        [command] = re.findall(COMMAND, service.read_text(), re.MULTILINE)
        assert NEEDS[command].permission is None


def test_advisories_are_fetched_long_before_they_are_too_old() -> None:
    """As systemd reads the timer: term 29 wants data of the last 24 hours, and one hour may fail."""
    analyze = require_program("systemd-analyze", package="systemd")
    said = (PACKAGING / "systemd" / "vaka-advisories.timer").read_text()
    [when] = re.findall(r"^OnCalendar=(.+)$", said, re.MULTILINE)
    done = subprocess.run(
        [analyze, "calendar", "--iterations=3", "--base-time=2026-03-14 00:30:00 UTC", when],
        capture_output=True, text=True, timeout=60, check=True, env={"TZ": "UTC", "LC_ALL": "C"},
    )  # fmt: skip
    times = [datetime.fromisoformat(one) for one in re.findall(r": \w{3} (\S+ \S+) UTC$", done.stdout, re.MULTILINE)]
    assert len(times) == 3
    assert max(after - before for before, after in pairwise(times)) <= timedelta(hours=1)


def executable_paths(unit: Path) -> list[str]:
    """From where programs may be started in a unit, as systemd reads it."""
    said = unit.read_text()
    assert re.findall(r"^NoExecPaths=(.+)$", said, re.MULTILINE) == ["/"]
    lines = re.findall(r"^ExecPaths=(.+)$", said, re.MULTILINE)
    return [one.removeprefix("-") for line in lines for one in line.split()]


def test_processes_may_start_what_they_need() -> None:
    """By the one table of it, which the kernel holds each process to."""
    allowed = executable_paths(PACKAGING / "systemd" / "vaka@.service")
    needed = {one for programs in PROGRAMS.values() for one in programs} - {sys.executable}
    assert [one for one in needed if not any(f"{one}/".startswith(f"{path}/") for path in allowed)] == []


def test_no_program_runs_from_elsewhere_in_a_unit(tmp_path: Path) -> None:
    """In a namespace as systemd makes one, our processes load all that they do, libraries too; a program that somebody
    put into the data directory is not started, nor is a shell. From what all units have; one adds two programs.
    """
    found = [set(executable_paths(PACKAGING / "systemd" / f"{unit}.service")) for unit in CONFINED]
    named = set.intersection(*found)
    assert set.union(*found) - named == {"/usr/bin/dpkg-query", "/usr/bin/xmlsec1"}
    unshare = require_program("unshare", package="util-linux")
    if os.geteuid() != 0 or subprocess.run([unshare, "-m", "true"], capture_output=True, check=False).returncode:
        report_missing("mount namespaces cannot be made here (root is needed)")
    # What stands for /opt/vaka here, and for the system's interpreter where it is another: the system's own is named.
    ours = {sys.prefix, sys.base_prefix, str(Path(vaka.__file__).parents[1])} - {"/usr"}
    allowed = [one for one in (*named, *ours) if Path(one).exists()]
    (tmp_path / "vaka.toml").write_text("mistake = 1\n")
    shutil.copy("/bin/true", planted := tmp_path / "planted")
    as_systemd_does = 'for one in "$@"; do mount --bind "$one" "$one"; done; mount -o remount,bind,noexec /; '
    # The directory of this test may lie on a file system of its own.
    as_systemd_does += f"mount --bind {tmp_path} {tmp_path}; mount -o remount,bind,noexec {tmp_path}; "
    commands = "; ".join((
        *(f"{sys.executable} -m vaka.processes.{one} --data {tmp_path}" for one in ("receiver", "scheduler")),
        f"{sys.executable} -c 'import subprocess; subprocess.run([\"{planted}\"])'",
        f"{sys.executable} -c 'import subprocess; subprocess.run([\"/bin/sh\", \"-c\", \"echo ran\"])'",
    ))  # fmt: skip
    said = subprocess.run(
        [unshare, "-m", "sh", "-c", as_systemd_does + commands, "sh", *allowed],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert said.stderr.count("mistake: Extra inputs are not permitted") == 2, said.stderr
    assert re.findall(r"^PermissionError: .*'(.+)'$", said.stderr, re.MULTILINE) == [str(planted), "/bin/sh"]
    assert said.stdout == ""
