# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What runs, and whether it answers: processes, their ports, the keyholder, the machine's units."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from vaka.errors import Sentence
from vaka.operations.doctor.findings import Finding, good, unseen, wrong
from vaka.operations.doctor.place import Place

ALONE = ("signin", "desk", "portal", "registry", "office", "scheduler", "sequencer", "notifier", "keyholder")
_TCP_LISTEN = "0A"
_SECONDS = 10
_START = Sentence(
    sv="Starta det (systemctl restart 'vaka*'), och läs varför det slutade i logs/ i datakatalogen.",
    en="Start it (systemctl restart 'vaka*'), and read in logs/ of the data directory why it ended.",
)


class Wanted(NamedTuple):
    """A port that a process has to listen on."""

    process: str
    protocol: str
    number: int
    setting: str


def look_at_processes(place: Place) -> Iterator[Finding]:
    """Whether each process of the installation runs, and as many receivers as there should be."""
    # Trial alarms go over TLS or not at all.
    for name in (*ALONE, *(("trial",) if place.settings.receiver.tls_port is not None else ()), "receiver"):
        least, found = place.settings.receiver.processes if name == "receiver" else 1, place.running[name]
        if found < least:
            yield wrong(
                Sentence(
                    sv=f"Processen {name} körs inte ({found} av {least}).",
                    en=f"The process {name} does not run ({found} of {least}).",
                ),
                _START,
            )
    yield good("Alla processer körs.", "Every process runs.")


def wanted_ports(place: Place) -> Iterator[Wanted]:
    """Yield the ports that the settings name."""
    settings = place.settings
    receiver = settings.receiver
    for protocol, number, setting in (
        ("udp", receiver.udp_port, "udp_port"), ("tcp", receiver.tcp_port, "tcp_port"),
        ("tcp", receiver.tls_port, "tls_port"),
    ):  # fmt: skip
        if number is not None:
            yield Wanted("receiver", protocol, number, f"receiver.{setting}")
    for name in ("desk", "portal", "registry", "office", "signin"):
        yield Wanted(name, "tcp", getattr(settings, name).port, f"{name}.port")


def look_at_ports(place: Place) -> Iterator[Finding]:
    """Whether each port is listened on by whoever should, and by nobody where he does not run."""
    held = {protocol: _held_ports(place.proc, protocol) for protocol in ("udp", "tcp")}
    if None in held.values():
        yield unseen(
            Sentence(
                sv="Kärnan visar inte vilka portar som är öppna.", en="The kernel does not show which ports are open."
            ),
            Sentence(sv="Se efter med ss -lntu.", en="Look with ss -lntu."),
        )
        return
    for port in wanted_ports(place):
        is_held, runs = port.number in (held[port.protocol] or ()), place.running[port.process] > 0
        if runs and not is_held:
            yield wrong(
                Sentence(
                    sv=f"{port.process} körs men lyssnar inte på {port.protocol}-port {port.number} ({port.setting}).",
                    en=f"{port.process} runs but does not listen on {port.protocol} port {port.number} "
                    f"({port.setting}).",
                ),
                _START,
            )
        elif is_held and not runs:
            yield wrong(
                Sentence(
                    sv=f"Något annat lyssnar på {port.protocol}-port {port.number}, som {port.process} ska ha.",
                    en=f"Something else listens on {port.protocol} port {port.number}, which is {port.process}'s.",
                ),
                Sentence(
                    sv=f"Se vad det är med ss -lntup, stoppa det, eller ange en annan port ({port.setting}).",
                    en=f"See what it is with ss -lntup, stop it, or name another port ({port.setting}).",
                ),
            )
    yield good("Portarna har sina rätta processer.", "The ports are held by whoever should.")


def look_at_keyholder(place: Place) -> Iterator[Finding]:
    """Whether the keyholder takes calls: without it no name is shown, and nobody new is registered."""
    path = place.root / place.settings.keyholder.socket
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(_SECONDS)
        try:
            caller.connect(str(path))
        except PermissionError:
            yield unseen(
                Sentence(sv=f"{path} släpper inte in det här kontot.", en=f"{path} does not let this account in."),
                Sentence(
                    sv="Kör detta som det konto som Vaka körs som, eller som root.",
                    en="Run this as the account that Vaka runs as, or as root.",
                ),
            )
        except OSError:
            yield wrong(
                Sentence(sv=f"Nyckelhållaren svarar inte på {path}.", en=f"The keyholder does not answer at {path}."),
                _START,
            )
        else:
            yield good("Nyckelhållaren svarar.", "The keyholder answers.")


def look_at_units(place: Place, program: str = "systemctl") -> Iterator[Finding]:
    """Whether systemd has a unit of Vaka's that does not work. Where there is no systemd, processes say it all."""
    if not place.services.is_dir():
        yield good("Maskinen körs inte av systemd.", "systemd does not run this machine.")
        return
    command = [program, "show", "--no-pager", "--property=Id,Type,ActiveState", "vaka*.service"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        yield unseen(
            Sentence(sv="systemd svarar inte.", en="systemd does not answer."),
            Sentence(sv="Se efter med systemctl status 'vaka*'.", en="Look with systemctl status 'vaka*'."),
        )
        return
    yield from read_units(said)


def read_units(said: str) -> Iterator[Finding]:
    """Judge what `systemctl show` says: properties line by line, and an empty line between units (systemctl(1))."""
    for block in said.split("\n\n"):
        facts = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        name, state = facts.get("Id", ""), facts.get("ActiveState", "")
        # What a timer starts is active while it works, and has failed or not.
        if name and (state == "failed" if facts.get("Type") == "oneshot" else state != "active"):
            yield wrong(
                Sentence(sv=f"Enheten {name} är {state}, inte active.", en=f"The unit {name} is {state}, not active."),
                Sentence(
                    sv=f"Läs journalctl -u {name} och kör systemctl restart {name}.",
                    en=f"Read journalctl -u {name}, and run systemctl restart {name}.",
                ),
            )
    yield good("systemds enheter är i gång.", "The units of systemd are active.")


def _held_ports(proc: Path, protocol: str) -> set[int] | None:
    """Return the ports that somebody listens on, as proc(5) tells everybody; None where it does not."""
    found: set[int] = set()
    is_told = False
    for family in ("", "6"):
        with suppress(OSError):
            lines = (proc / "net" / f"{protocol}{family}").read_text().splitlines()[1:]
            is_told = True
            for fields in map(str.split, lines):
                if protocol == "udp" or fields[3] == _TCP_LISTEN:
                    found.add(int(fields[1].rpartition(":")[2], 16))
    return found if is_told else None
