# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka terms pack`: the signed evidence pack of one authority, as the portal hands it out."""

import asyncio
import os
from importlib.metadata import version
from pathlib import Path
from typing import IO

import click

from vaka.assurance.pack import Doors, Packed, write_pack
from vaka.clock import Clock, SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, choose_authority, every_authority, reachable_server
from vaka.commands.maintenance import Run, change_option, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.keys.signing_key import read_signing_key
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged
from vaka.settings import Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway

_READER = "portal"
"""With whose rights the evidence is read, so that a pack made here holds nothing that one made there would not."""


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--authority", required=True, metavar="SHORT-NAME", help="Whose terms.")
@click.option("--to", "target", required=True, type=click.Path(path_type=Path, dir_okay=False), help="A new file.")
@change_option
def pack(data: Path, authority: str, target: Path, change: str | None) -> None:
    """Write the evidence of an authority's terms to a ZIP: OSCAL, raw evidence, proofs, sums and a signature.

    It verifies without the platform; README.txt in it says how. That it was taken out is an entry of the authority's
    own log, with the fingerprints of what was signed and of the key. Needs --change and --reason.
    """
    require_change(change, apply=True)
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    with reachable_server(directory, settings) as server:
        chosen = choose_authority(active_authorities(server), authority)
        asyncio.run(seal_logs(directory, settings, server, every_authority(server), clock))
        with recorded(server, clock, "terms.pack", change, apply=True) as run:
            run.facts["authority"] = str(chosen.id)
            packed = _write(directory, settings, server, chosen, target, run, clock)
        asyncio.run(seal_logs(directory, settings, server, every_authority(server), clock))
        click.echo(f"{target} is signed; SHA256SUMS in it has the SHA-256 {packed.digest}, the key {packed.key}.")
        click.echo(hand_out(directory, settings, server, run))


def _write(
    directory: DataDirectory,
    settings: Settings,
    server: Server,
    chosen: Authority,
    target: Path,
    run: Run,
    clock: Clock,
) -> Packed:
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            try:
                return asyncio.run(_pack(directory, settings, server, chosen, file, run, clock))
            except BaseException:
                target.unlink()  # half of a pack, or one that nobody was told of
                raise
    except OSError as error:
        raise ConfigurationError(f"The pack cannot be written to {target}: {error.strerror}.") from error


async def _pack(
    directory: DataDirectory, settings: Settings, server: Server, chosen: Authority, file: IO[bytes], run: Run,
    clock: Clock,
) -> Packed:  # fmt: skip
    seed = read_signing_key(directory.root / settings.terms.signing_key)
    platform = make_pool(server, platform_role(_READER), PLATFORM_DATABASE, application="vaka-terms", largest=1)
    gateway = Gateway(server, _READER, [chosen], pool_size=1)
    await platform.open()
    try:
        doors = Doors(platform, gateway, settings.ledger.origin, version("vaka"), seed)
        packed = await write_pack(doors, chosen, clock.now(), file, with_cases=True)
    finally:
        await gateway.close()
        await platform.close()
    if packed is None:
        raise ConfigurationError(f"{chosen.name} has no contract, and so no terms.")
    entry = Entry(
        Event.EVIDENCE_PACKED, run.actor, clock.now(), f"authority:{chosen.id}",
        detail={**packed.facts, "tool": run.facts["tool"], "change": run.facts["change"]},
    )  # fmt: skip
    async with (
        await Gateway(server, "setup", [chosen]).open_own_connection(chosen.id, "terms") as tenant,
        tenant.transaction(),
    ):
        await append_privileged(tenant, [entry])
    return packed
