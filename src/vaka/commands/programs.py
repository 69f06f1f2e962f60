# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What runs on one machine: the database server and Vaka's processes, as the settings ask for them."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from vaka.commands.child import Program
from vaka.commands.data_directory import DataDirectory
from vaka.commands.listening import Port, listening_ports
from vaka.database.binaries import find_server_binaries
from vaka.database.cluster import Cluster, server_account
from vaka.settings import Settings

SETTLED_SECONDS = 1.0
_READY_LINE = 7
"""Where postmaster.pid says what the server is doing (PostgreSQL, LOCK_FILE_LINE_PM_STATUS, counted from 0)."""


def database_program(cluster: Cluster) -> Program:
    """Return the embedded PostgreSQL server of ``cluster``, created already.

    It is our own child, not a daemon: it is seen to stop at once, and ends in order when the supervisor dies.
    """
    return Program(
        name="postgresql",
        arguments=(str(find_server_binaries() / "postgres"), "-D", str(cluster.data)),
        prepare=cluster.make_startable,
        is_ready=lambda process_id: _server_is_ready(cluster.data, process_id),
        account=server_account(),
        stop_signal=signal.SIGINT,  # "fast": ends the sessions, writes a checkpoint
        stop_seconds=60,
        orphan_signal=signal.SIGINT,
        final_signal=signal.SIGQUIT,
        leads_group=False,  # its own processes follow it by themselves, and must not be killed one by one
    )


def retire_orphan(cluster: Cluster) -> bool:
    """Stop a server that an earlier supervisor left on this data; return whether there was one."""
    if not cluster.is_running():
        return False
    cluster.stop()
    return True


def vaka_programs(data: DataDirectory, settings: Settings) -> tuple[Program, ...]:
    """Return Vaka's own processes."""
    receiver, desk, portal, signin = settings.receiver, settings.desk, settings.portal, settings.signin
    programs = [
        _process(data, "signin", is_ready=_listens(Port("tcp", signin.port))),
        _process(data, "desk", is_ready=_listens(Port("tcp", desk.port))),
        _process(data, "portal", is_ready=_listens(Port("tcp", portal.port))),
        _process(data, "registry", is_ready=_listens(Port("tcp", settings.registry.port))),
        _process(data, "office", is_ready=_listens(Port("tcp", settings.office.port))),
        _process(data, "scheduler", is_ready=_has_settled),
        _process(data, "sequencer", is_ready=_has_settled),
        _process(data, "notifier", is_ready=_has_settled),
    ]
    if receiver.tls_port is not None:
        programs.append(_process(data, "trial", is_ready=_has_settled))
    wanted = tuple(port for port, _ in receiver_ports(settings))
    receivers = (
        _process(data, "receiver", "--instance", f"receiver-{number}", number=number, is_ready=_listens(*wanted))
        for number in range(1, receiver.processes + 1)
    )
    return (*programs, *receivers)


def keyholder_program(data: DataDirectory, settings: Settings) -> Program:
    """Return the keyholder. It works once it lets somebody in."""
    return _process(data, "keyholder", is_ready=lambda _: answers(data.root / settings.keyholder.socket))


def answers(socket_file: Path) -> bool:
    """Whether somebody listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        try:
            caller.connect(str(socket_file))
        except OSError:
            return False
    return True


def device_program(data: DataDirectory, device_list: Path) -> Program:
    """Return the simulated devices of a demo: lifelike traffic over real SIP, with the credentials in the list."""
    return Program(
        name="devices",
        arguments=(sys.executable, "-m", "vaka.simulate", "--devices", str(device_list)),
        is_ready=_has_settled,
        stop_seconds=3,
    )


def provider_program(data: DataDirectory, settings: Settings) -> Program:
    """Return a demo's OpenID provider."""
    return Program(
        name="provider",
        arguments=(sys.executable, "-m", "vaka.demo.provider", "--data", str(data.root)),
        is_ready=_listens(Port("tcp", settings.demo.port)),
    )


def receiver_ports(settings: Settings) -> Iterator[tuple[Port, str]]:
    """Yield each port devices reach, with the name of its setting."""
    receiver = settings.receiver
    if receiver.udp_port:
        yield Port("udp", receiver.udp_port), "receiver.udp_port"
    if receiver.tcp_port:
        yield Port("tcp", receiver.tcp_port), "receiver.tcp_port"
    if receiver.tls_port:
        yield Port("tcp", receiver.tls_port), "receiver.tls_port"


def _process(
    data: DataDirectory, name: str, *options: str, number: int | None = None, is_ready: Callable[[int], bool]
) -> Program:
    return Program(
        name=name if number is None else f"{name}-{number}",
        arguments=(sys.executable, "-m", f"vaka.processes.{name}", "--data", str(data.root), *options),
        is_ready=is_ready,
    )


def _listens(*ports: Port) -> Callable[[int], bool]:
    wanted = frozenset(ports)
    return lambda process_id: wanted <= listening_ports(process_id)


def _has_settled(process_id: int) -> bool:
    """Whether a process that listens on nothing has outlived what could have stopped it at its start (proc(5))."""
    try:
        born = int(Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[19])
        uptime = float(Path("/proc/uptime").read_text().split()[0])
    except OSError:
        return False
    return uptime - born / os.sysconf("SC_CLK_TCK") >= SETTLED_SECONDS


def _server_is_ready(data: Path, process_id: int) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text().split("\n")
    except OSError:
        return False
    return lines[0] == str(process_id) and len(lines) > _READY_LINE and lines[_READY_LINE].strip() == "ready"
