# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The units that are installed as services, judged by systemd itself: what they take away from whoever breaks in."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.peers import require_program
from vaka.commands.data_directory import DataDirectory
from vaka.commands.programs import keyholder_program, vaka_programs
from vaka.settings import Settings

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
UNITS = sorted((PACKAGING / "systemd").glob("*.service"))
LARGEST_EXPOSURE = 20
"""In tenths, on systemd's scale from 0 (nothing left) to 10."""
HARDENING = re.compile(
    r"^(Capability|Ambient|NoNew|Secure|UMask|Protect|Private|Device|Restrict|Lock|Memory|SystemCall|Keyring|Remove).*\n",
    re.MULTILINE,
)
PROGRAM = re.compile(r"^ExecStart=\S+", re.MULTILINE)


def exposure_is_refused(unit: Path) -> bool:
    """Whether systemd finds a unit more exposed than it may be; any other fault fails the test."""
    analyze = require_program("systemd-analyze", package="systemd")
    command = [analyze, "security", "--no-pager", "--offline=true", f"--threshold={LARGEST_EXPOSURE}", str(unit)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert "Overall exposure level" in said.stdout, said.stderr
    return said.returncode != 0


def test_there_are_units() -> None:
    backups = [f"vaka-backup{what}" for what in ("-check", "-drill", "-site", "")]
    units = [*backups, "vaka-clock", "vaka-member", "vaka-ports", "vaka-repository", "vaka", "vaka@"]
    assert [unit.stem for unit in UNITS] == units


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
    assert bound == ["BindPaths=/var/lib/vaka/backup"]
    assert not any("AF_UNIX" in line for line in lines if line.startswith("Restrict"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_understands_every_line(unit: Path, tmp_path: Path) -> None:
    """With a program that is there in place of ours: an unknown or misspelt line is told of, and counts."""
    analyze = require_program("systemd-analyze", package="systemd")
    understood = PROGRAM.sub("ExecStart=/bin/true", unit.read_text())
    for text, is_right in ((understood, True), (understood.replace("ProtectHome=yes", "ProtectHome=perhaps"), False)):
        copy = tmp_path / unit.name
        copy.write_text(text)
        said = subprocess.run(
            [analyze, "verify", "--man=no", "--recursive-errors=no", str(copy)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        about_it = [line for line in said.stderr.splitlines() if unit.name in line]
        assert (about_it == []) is is_right, said.stderr
