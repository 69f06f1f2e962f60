# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The profiles for AppArmor, read by its own parser; what they hold back takes a kernel that has it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers import require_program
from vaka.operations.integrity.restricting import PROGRAMS

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
PROFILES = PACKAGING / "apparmor" / "vaka"
ABSTRACTION = PACKAGING / "apparmor" / "abstractions" / "vaka"


def parse(profiles: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Let the parser compile what it would load."""
    parser = require_program("apparmor_parser", "/usr/sbin/apparmor_parser", package="apparmor")
    places = ["-I", str(PACKAGING / "apparmor"), "-I", "/etc/apparmor.d"]
    command = [parser, "--skip-kernel-load", "--skip-cache", *options, *places, str(profiles)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def bodies() -> dict[str, str]:
    """What each profile has besides what all have."""
    found = re.findall(r"^profile vaka-([a-z]+) flags=\(complain\) \{$(.+?)^\}$", PROFILES.read_text(), re.M | re.S)
    return dict(found)


def test_the_parser_takes_a_profile_for_each_process(tmp_path: Path) -> None:
    """Each that the target starts, and no other; a rule that it does not know is refused."""
    read = parse(PROFILES, "--names")
    assert read.returncode == 0, read.stderr
    target = (PACKAGING / "systemd" / "vaka.target").read_text()
    wanted = {f"vaka-{one}" for one in re.findall(r"vaka@([a-z]+)\.service", target)}
    assert set(read.stdout.split()) == wanted == {f"vaka-{one}" for one in bodies()}
    assert "\nAppArmorProfile=-vaka-%i\n" in (PACKAGING / "systemd" / "vaka@.service").read_text()
    assert parse(PROFILES).returncode == 0
    broken = tmp_path / "vaka"
    broken.write_text(PROFILES.read_text().replace("/usr/bin/xmlsec1 ix,", "/usr/bin/xmlsec1 iy,"))
    assert parse(broken).returncode != 0


@pytest.mark.parametrize("process", sorted(bodies()))
def test_a_process_starts_what_the_kernel_lets_it_and_nothing_else(process: str) -> None:
    """The table that Landlock is told says the same; the interpreter is the system's, by whatever version."""
    started = set(re.findall(r"^  (\S+) ix,$", bodies()[process], re.MULTILINE))
    needed = set(PROGRAMS.get(f"vaka.processes.{process}", ()))
    assert started == {"/usr/bin/python3*" if one == sys.executable else one for one in needed}
    assert not re.search(r"^ +(?:owner )?[/@]\S* \S*x,", ABSTRACTION.read_text(), re.MULTILINE)


def test_keys_are_read_by_whoever_has_them() -> None:
    """The root key by the keyholder, what signs the logs by the sequencer; the superuser's password by nobody but the
    scheduler, which looks whether such files are as they were.
    """
    for name, owner in (("root.key", "keyholder"), ("*.log.key", "sequencer")):
        assert {one for one, body in bodies().items() if name in body} == {owner}
    everything = {one for one, body in bodies().items() if "credentials/**" in body}
    assert everything == {"scheduler"}
    shared = re.findall(r"@\{VAKA_DATA\}/credentials/(\S*)", ABSTRACTION.read_text())
    assert not any(one.startswith(("*", "**")) and not one.startswith("*.{secret,pem}") for one in shared)
    assert not any(word in one for one in shared for word in ("superuser", "root", "log.key"))
