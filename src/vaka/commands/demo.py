# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka demo`: everything on this machine, with invented authorities, people, devices and alarms."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import click

from vaka.clock import Clock, SystemClock
from vaka.commands.child import Program
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities
from vaka.commands.demo_settings import require_no_other, settle
from vaka.commands.operate import operate
from vaka.commands.programs import device_program, provider_program
from vaka.commands.progress import Progress
from vaka.commands.sealing import seal_logs
from vaka.database.server import Server
from vaka.demo.furnishing import PEOPLE_EACH, Furnishing, furnish, issue_certificates
from vaka.demo.personas import PERSONAS
from vaka.logs import configure_logs
from vaka.settings import Settings


@click.command()
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--port-base", type=click.IntRange(1024, 65_000), help="Use this port and the seven after it.")
@click.option("--people", type=click.IntRange(1, 900), default=PEOPLE_EACH, show_default=True,
              help="People in each authority, when the demo is made.")  # fmt: skip
@click.option("--no-traffic", is_flag=True, help="Start no simulated devices.")
def demo(data: Path | None, port_base: int | None, people: int, no_traffic: bool) -> None:
    """Start a demo: three invented authorities with people, devices and lifelike alarms.

    It is kept in the data directory (default: /var/lib/vaka-demo for root, otherwise ~/.local/share/vaka-demo) and
    goes on where it was at the next start. Ctrl-C stops everything. Remove the directory to begin anew.
    """
    directory = DataDirectory((data or default_directory()).absolute())
    require_no_other(directory)
    directory.prepare()
    clock = SystemClock()
    progress = Progress(clock)
    with directory.locked(), directory.supervisor_log() as stream:
        configure_logs("supervisor", stream=stream)
        settings = settle(directory, port_base, progress.say)
        furnishing = Furnishing(directory.root, people)
        issue_certificates(furnishing, settings, clock.now())
        asyncio.run(_run(directory, settings, furnishing, progress, clock, traffic=not no_traffic))


def default_directory() -> Path:
    """Return where a demo is kept when nothing else is said."""
    return Path("/var/lib/vaka-demo") if os.geteuid() == 0 else Path.home() / ".local" / "share" / "vaka-demo"


async def _run(
    directory: DataDirectory,
    settings: Settings,
    furnishing: Furnishing,
    progress: Progress,
    clock: Clock,
    *,
    traffic: bool,
) -> None:
    async def furnish_demo(server: Server) -> None:
        # A demo that was interrupted while it was made goes on; what it registers needs a ledger that stands.
        await seal_logs(directory, settings, server, active_authorities(server), clock)
        if await furnish(server, furnishing, settings, clock.now(), progress.say):
            await seal_logs(directory, settings, server, (), clock)

    def companions() -> Sequence[Program]:
        return (device_program(directory, furnishing.device_list),) if traffic else ()

    await operate(
        directory,
        settings,
        progress,
        clock,
        furnish=furnish_demo,
        companions=companions,
        beside=(provider_program(directory, settings),),
        welcome=lambda: _welcome(directory, settings, progress, traffic=traffic),
    )


def _welcome(directory: DataDirectory, settings: Settings, progress: Progress, *, traffic: bool) -> None:
    receiver = settings.receiver
    devices = [
        f"{name} {port}"
        for name, port in (("udp", receiver.udp_port), ("tcp", receiver.tcp_port), ("tls", receiver.tls_port))
        if port
    ]
    width = max(len(persona.display_name) for persona in PERSONAS)
    click.echo(f"""
  Sign in          {settings.signin.origin}/
  The desk         {settings.desk.origin}/
  The portal       {settings.portal.origin}/
  The office       {settings.office.origin}/
  Programs ask     {settings.portal.origin}/api, and for people in care {settings.registry.origin}/api
  Devices send to  {receiver.host}  {", ".join(devices)}{"" if traffic else "  (none is simulated)"}
  Data and logs    {directory.root}

  Who can sign in, by the demo's own provider at {settings.demo.origin} (it asks for no proof):""")
    for persona in PERSONAS:
        click.echo(f"    {persona.display_name.ljust(width)}  {persona.what}")
    click.echo("")
    progress.say("Everything works. Ctrl-C stops it.")
