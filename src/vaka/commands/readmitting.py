# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka key readmit`: letting what stands in a restored, older database of an authority be read again."""

import asyncio
from pathlib import Path

import click

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import choose_authority, every_authority, reachable_server
from vaka.commands.keys_at_hand import asking, keyholder_at_hand
from vaka.commands.maintenance import Run, change_option, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.database.server import Server
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged, require_standing
from vaka.settings import Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway


@click.command("readmit")
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--authority", metavar="SHORT-NAME", required=True, help="Whose database was restored.")
@click.option("--apply", is_flag=True, help="Do it; without it nothing is changed.")
@change_option
def readmit(data: Path, authority: str, apply: bool, change: str | None) -> None:
    """Let older values of an authority be read again, after its database was restored from a backup.

    What was written anew since that backup is refused otherwise, and shown as locked: the keyholder remembers that it
    is old. From then on old copies of the same values open again as well, each until it is next written anew. The
    authority finds it in its log. Do it while Vaka is stopped: whoever runs goes on refusing.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server, keyholder_at_hand(directory, settings):
        authorities = every_authority(server)
        chosen = choose_authority(authorities, authority)
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, "key.readmit", change, apply=apply) as run:
            run.facts["authority"] = str(chosen.id)
            click.echo(asyncio.run(_readmit(server, settings, chosen, run)) if apply else _UNCHANGED)
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
            click.echo(hand_out(directory, settings, server, run))


_UNCHANGED = "Nothing was changed. Do it with --apply."


async def _readmit(server: Server, settings: Settings, chosen: Authority, run: Run) -> str:
    """Readmit. The log is asked first, and told afterwards: the key database has none."""
    gateway = Gateway(server, "setup", [chosen])
    async with await gateway.open_own_connection(chosen.id, "key") as connection, asking(server, settings) as client:
        now = SystemClock().now()
        async with connection.transaction():
            await require_standing(connection, now)
        count = await client.readmit_editions(chosen.id)
        run.facts["count"] = count
        entry = Entry(Event.EDITION_READMITTED, run.actor, now, f"authority:{chosen.id}", detail={"count": count})
        async with connection.transaction():
            await append_privileged(connection, [entry])
    return f"What was written anew of {count} people and devices of {chosen.name} may be older again."
