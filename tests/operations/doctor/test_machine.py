# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Each look at the machine, with the fault it is there for, and without."""

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.scanner.clamav import running_clamd
from vaka.commands.listening import find_free_port
from vaka.crypto.certificates import found_issuer, issue
from vaka.database import binaries
from vaka.demo.certificates import CertificateAuthority
from vaka.operations.certificates.components import keep
from vaka.operations.certificates.issuers import keep_issuer
from vaka.operations.doctor.certificates import look_at_certificates
from vaka.operations.doctor.examining import LOOKS, Look
from vaka.operations.doctor.files import look_at_credentials, look_at_directory
from vaka.operations.doctor.findings import Finding, Grade
from vaka.operations.doctor.flows import look_at_flows
from vaka.operations.doctor.issued import look_at_issued
from vaka.operations.doctor.machine import (
    LEAST_FREE,
    look_at_clock,
    look_at_core_dumps,
    look_at_locales,
    look_at_room,
    look_at_swap,
    look_at_versions,
)
from vaka.operations.doctor.place import Place
from vaka.operations.doctor.processes import (
    ALONE,
    look_at_keyholder,
    look_at_ports,
    look_at_processes,
    look_at_units,
    read_units,
)
from vaka.operations.doctor.scanner import look_at_scanner
from vaka.settings import Settings

NOW = datetime(2026, 3, 14, 2, 0, tzinfo=UTC)
SWAP = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
SLEEPS = "import sys; sys.stdout.write('.'); sys.stdout.flush(); sys.stdin.read()"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A data directory that is as it should be."""
    for name in ("credentials", "run", "logs", "tls", "keys"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "credentials" / "vaka_desk.pgpass").touch(mode=0o600)
    tmp_path.chmod(0o755)
    return Place(tmp_path, Settings(), NOW)


def told(place: Place, **sections: dict[str, Any]) -> Place:
    """The same with other settings."""
    return replace(place, settings=Settings.model_validate(sections))


def grades(look: Look, place: Place) -> list[Grade]:
    return [one.grade for one in look(place)]


def faults(found: Iterator[Finding]) -> list[str]:
    """What is wrong; each says in both languages what it is and what to do."""
    wrong = [one for one in found if one.grade is Grade.WRONG]
    for one in wrong:
        assert one.mend is not None
        assert all((one.said.sv, one.said.en, one.mend.sv, one.mend.en))
    return [one.said.en for one in wrong]


@contextmanager
def pretending(place: Place, *names: str, dumps: bool = False) -> Iterator[list[int]]:
    """Real processes that are called as ours are, and do nothing. Without ``dumps`` they leave no core dump."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))

    with ExitStack() as stack:
        started = []
        for name in names:
            command = [sys.executable, "-c", SLEEPS, f"vaka.processes.{name}", "--data", str(place.root)]
            process = stack.enter_context(
                subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=None if dumps else limit
                )
            )
            assert process.stdout is not None
            assert process.stdout.read(1) == b"."
            started.append(process)
        yield [one.pid for one in started]
        for one in started:
            one.kill()


def test_versions_that_are_too_old_are_told_of(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    assert faults(look_at_versions(place)) == []
    old = replace(place, python=(3, 10), openssl=(1, 1, 1))
    assert faults(look_at_versions(old)) == [
        "Python is 3.10; Vaka needs 3.11.", "OpenSSL is 1.1; Vaka needs 3.0.",
    ]  # fmt: skip
    monkeypatch.setattr(binaries, "OLDEST_VERSION", 99)
    assert any("PostgreSQL" in one for one in faults(look_at_versions(place)))
    assert faults(look_at_versions(told(place, database={"embedded": False, "host": "db"}))) == []


def test_a_disk_without_room_is_told_of(place: Place) -> None:
    free = os.statvfs(place.root)
    at_hand = free.f_bavail * free.f_frsize
    assert faults(look_at_room(place, least=1)) == []
    [said] = faults(look_at_room(place, least=at_hand + LEAST_FREE))
    assert str(place.root) in said
    assert grades(look_at_room, replace(place, root=place.root / "elsewhere")) == [Grade.UNSEEN]


def test_a_clock_out_of_step_is_told_of(place: Place) -> None:
    def says(state: int, status: int) -> Callable[[Any], int]:
        def adjust(asked: Any) -> int:
            asked.status = status
            return state

        return adjust

    assert grades(look_at_clock, replace(place, adjust=says(0, 0))) == [Grade.GOOD]
    assert faults(look_at_clock(replace(place, adjust=says(5, 0x40)))) == ["The machine's clock is not in step."]
    assert grades(look_at_clock, replace(place, adjust=says(-1, 0))) == [Grade.UNSEEN]


def test_a_machine_without_our_time_zone_is_told_of(place: Place) -> None:
    assert faults(look_at_locales(place)) == []
    assert faults(look_at_locales(place, zone="Europe/Vallhamra")) == [
        "The machine does not know the time zone Europe/Vallhamra."
    ]


def test_a_process_whose_memory_may_reach_a_disk_is_told_of(place: Place, tmp_path: Path) -> None:
    with pretending(place, "keyholder", "receiver") as ids:
        proc = tmp_path / "proc"
        proc.mkdir()
        for one in ids:
            (proc / str(one)).symlink_to(f"/proc/{one}")
        seen = replace(place, proc=proc)
        assert grades(look_at_swap, seen) == [Grade.UNSEEN]
        for line, is_wrong in (
            ("", False),
            ("/dev/zram0 partition 1 0 -2\n", False),
            ("/dev/sda2 file 1 0 -2\n", True),
        ):
            (proc / "swaps").write_text(SWAP + line)
            wrong = faults(look_at_swap(seen))
            # The receiver holds no keys, and is not locked.
            assert wrong == (["There is swap, and these have not locked their memory: keyholder."] if is_wrong else [])


def test_a_process_that_may_dump_its_memory_is_told_of(place: Place) -> None:
    with pretending(place, "desk"):
        assert faults(look_at_core_dumps(place)) == []
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    try:
        with pretending(place, "desk", dumps=True):
            assert faults(look_at_core_dumps(place)) == ["These processes may leave core dumps: desk."]
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
def test_what_belongs_to_another_account_is_told_of(place: Place) -> None:
    assert faults(look_at_directory(place)) == []
    assert faults(look_at_credentials(place)) == []
    os.chown(place.root / "logs", 65534, 65534)
    os.chown(place.root / "credentials" / "vaka_desk.pgpass", 65534, 65534)
    assert faults(look_at_directory(place)) == [
        f"{place.root / 'logs'} belongs to another account than the data directory."
    ]
    assert faults(look_at_credentials(place)) == [
        f"{place.root / 'credentials' / 'vaka_desk.pgpass'} belongs to another account than the other secrets."
    ]


def test_what_others_may_read_or_change_is_told_of(place: Place) -> None:
    secret = place.root / "credentials" / "vaka_desk.pgpass"
    for path, mode in ((place.root, 0o775), (place.root / "credentials", 0o750), (secret, 0o640)):
        before = path.stat().st_mode
        path.chmod(mode)
        found = faults(look_at_directory(place)) + faults(look_at_credentials(place))
        assert len(found) == 1, found
        assert found[0].startswith(f"{path} can be ")
        path.chmod(before)
    secret.rename(place.root / "elsewhere")
    secret.symlink_to(place.root / "elsewhere")
    assert faults(look_at_credentials(place)) == [
        f"{secret} is a link; who writes to where it points is not seen here."
    ]


def test_a_certificate_that_ends_or_has_another_key_is_told_of(place: Place, tmp_path: Path) -> None:
    assert faults(look_at_certificates(place)) == [f"{place.root / 'tls/receiver.pem'} is missing."]
    issuer = CertificateAuthority(tmp_path / "issuer")
    issuer.directory.mkdir()
    issuer.create(NOW)
    chain, key = place.root / "tls" / "receiver.pem", place.root / "tls" / "receiver.key"
    issuer.issue_for_server(chain, key, ("localhost",), NOW)
    assert faults(look_at_certificates(place)) == []
    [ends] = [one.said.en for one in look_at_certificates(place)]
    days = int(ends.split()[-2])
    for shift, said in (
        (timedelta(days=days - 5), "expires in"), (timedelta(days=days + 2), "expired on"),
        (timedelta(days=-30), "is valid only from"),
    ):  # fmt: skip
        [fault] = faults(look_at_certificates(replace(place, now=NOW + shift)))
        assert said in fault
    other = tmp_path / "other.key"
    issuer.issue_for_server(tmp_path / "other.pem", other, ("localhost",), NOW)
    key.write_bytes(other.read_bytes())
    assert faults(look_at_certificates(place)) == [f"The key {key} is not that of the certificate {chain}."]
    chain.write_text("nothing")
    assert faults(look_at_certificates(place)) == [f"{chain} is not in PEM, or it is locked."]
    assert faults(look_at_certificates(told(place, receiver={"tls_port": False}))) == []


def test_what_our_own_issuer_issued_is_to_be_renewed_in_time(place: Place) -> None:
    """Told of once the timer has failed for a week, and of the issuer while another can still be founded in peace."""
    assert faults(look_at_issued(place)) == []
    made = found_issuer("internal", ["vaka.internal"], [], NOW)
    keep_issuer(place.root, "internal", made)
    keep(place.root, "receiver", issue(made, ["larm.vaka.internal"], "server", NOW))
    assert faults(look_at_certificates(place)) == faults(look_at_issued(place)) == []
    # The links lead to a key of our making, which is looked at in place of them.
    assert faults(look_at_credentials(place)) == []
    key = (place.root / "tls" / "receiver.key").resolve()
    key.chmod(0o640)
    assert faults(look_at_credentials(place)) == [f"{key} can be read by other accounts."]
    key.chmod(0o600)
    for days, said in (
        (65, []), (68, ["The certificate receiver ends in 22 days, and was not renewed."]),
        (89, ["The certificate receiver ends in 1 day, and was not renewed."]),
        (91, ["The certificate receiver has ended, and was not renewed."]),
        (1826 - 119, ["The issuer internal ends in 119 days, and what it issues with it."]),
    ):  # fmt: skip
        late = replace(place, now=NOW + timedelta(days=days))
        if days > 91:
            keep(place.root, "receiver", issue(made, ["larm.vaka.internal"], "server", late.now))
        assert faults(look_at_issued(late)) == said, days
    over = replace(place, now=made.certificate.not_valid_after_utc + timedelta(days=3))
    assert faults(look_at_issued(over)) == [
        "The issuer internal has ended, and what it issued with it.",
        "The certificate receiver has ended, and was not renewed.",
    ]
    home = place.root / "tls" / "issued" / "receiver"
    broken = [f"{home} cannot be read, or is no certificate of our making."]
    (home / "current" / "certificate.pem").write_text("nothing")
    assert faults(look_at_issued(place)) == broken
    (home / "current").unlink()
    (home / "current").symlink_to("gone")
    assert faults(look_at_issued(place)) == broken
    issuer = place.root / "tls" / "internal-ca.pem"
    issuer.write_text("nothing")
    assert faults(look_at_issued(place))[0] == f"{issuer} cannot be read, or is no certificate of our making."


def test_a_process_that_is_not_there_is_told_of(place: Place) -> None:
    with pretending(place, *ALONE, "receiver"):
        # Trial alarms go over TLS, and where there is none nobody misses whoever sends them.
        assert faults(look_at_processes(replace(place))) == ["The process trial does not run (0 of 1)."]
        assert faults(look_at_processes(told(place, receiver={"tls_port": False}))) == []
    with pretending(place, *ALONE, "trial", "receiver"):
        assert faults(look_at_processes(place)) == []
        two = told(place, receiver={"processes": 2})
        assert faults(look_at_processes(two)) == ["The process receiver does not run (1 of 2)."]
        # Those of another directory are another installation's.
        assert len(faults(look_at_processes(replace(place, root=place.root / "elsewhere")))) == len(ALONE) + 2


def test_a_port_that_is_taken_or_silent_is_told_of(place: Place) -> None:
    number = find_free_port(18_400, ("tcp",))
    free = {name: {"port": find_free_port(18_500 + 50 * at, ("tcp",))} for at, name in enumerate(
        ("desk", "portal", "registry", "signin"))}  # fmt: skip
    receiver = {"udp_port": False, "tls_port": False, "tcp_port": find_free_port(18_800, ("tcp",))}
    chosen = told(place, office={"port": number}, receiver=receiver, **free)
    assert faults(look_at_ports(chosen)) == []
    with socket.create_server(("127.0.0.1", number)):
        assert faults(look_at_ports(chosen)) == [f"Something else listens on tcp port {number}, which is office's."]
        with pretending(chosen, "office"):
            assert faults(look_at_ports(replace(chosen))) == []
    with pretending(chosen, "office"):
        [said] = faults(look_at_ports(replace(chosen)))
        assert said == f"office runs but does not listen on tcp port {number} (office.port)."


def test_a_flow_of_ones_own_beside_the_products_is_told_of(place: Place) -> None:
    def with_own(name: str, port: int, **sections: dict[str, Any]) -> Place:
        own = {"name": name, "source": "A", "target": "B", "port": port, "protection": "ssh"}
        return told(place, flows={"own": [own]}, **sections)

    assert grades(look_at_flows, with_own("work", 22)) == [Grade.GOOD]
    assert faults(look_at_flows(with_own("desk", 22))) == [
        "A flow of your own is called desk, as one of the product's is."
    ]
    assert faults(look_at_flows(with_own("work", 8401))) == [
        "The own flow work has tcp port 8401, which the product's desk has."
    ]
    # Whose a port is follows from the other settings.
    assert faults(look_at_flows(with_own("work", 8401, desk={"port": 8501}))) == []


def test_a_keyholder_that_does_not_answer_is_told_of(place: Place) -> None:
    path = place.root / place.settings.keyholder.socket
    assert faults(look_at_keyholder(place)) == [f"The keyholder does not answer at {path}."]
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(path.parent)
        listener.bind(path.name)
        os.chdir("/")
        listener.listen()
        if len(str(path)) < 100:
            assert faults(look_at_keyholder(place)) == []


def test_a_unit_that_does_not_work_is_told_of(place: Place) -> None:
    """In the form of systemctl(1): one property a line, an empty line between units."""
    said = (
        "NRestarts=0\nId=vaka-desk.service\nActiveState=active\nSubState=running\n\n"
        "NRestarts=41\nId=vaka-receiver.service\nActiveState=failed\nSubState=failed\n"
    )
    assert faults(read_units(said)) == ["The unit vaka-receiver.service is failed, not active."]
    assert faults(read_units(said.replace("failed", "active"))) == []
    assert grades(look_at_units, replace(place, services=place.root / "none")) == [Grade.GOOD]
    run = replace(place, services=place.root)
    assert [one.grade for one in look_at_units(run, "/nowhere/systemctl")] == [Grade.UNSEEN]


def test_a_scanner_that_is_silent_or_old_is_told_of(place: Place) -> None:
    assert faults(look_at_scanner(place)) == []
    silent = told(place, attachments={"scanner": str(place.root / "none.ctl")})
    assert faults(look_at_scanner(silent)) == [
        f"The scanner does not answer at {place.root / 'none.ctl'}: no file is taken in."
    ]
    with running_clamd(timedelta(days=3)) as clamd:
        chosen = told(place, attachments={"scanner": str(clamd.socket)})
        assert "too old" in faults(look_at_scanner(replace(chosen, now=datetime.now(UTC))))[0]
        earlier = replace(chosen, now=datetime.now(UTC) - timedelta(days=2, hours=12))
        assert faults(look_at_scanner(earlier)) == []


def test_every_look_has_its_fault_here() -> None:
    """One without a test above, or beside, fails until somebody says where its fault is planted."""
    here = {
        "versions", "room", "clock", "locales", "directory", "credentials", "certificates", "issued", "keyholder",
        "processes", "ports", "flows", "units", "swap", "core_dumps", "scanner",
    }  # fmt: skip
    beside = {"databases"}
    assert set(LOOKS) == here | beside
