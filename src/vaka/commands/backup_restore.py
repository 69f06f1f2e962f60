# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka backup restore` and `swap`: one authority's database out of a backup, and in the place of its own."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from vaka.clock import Clock, SystemClock
from vaka.commands.data_directory import AlreadyRunningError, DataDirectory
from vaka.commands.databases import choose_authority, every_authority, reachable_server
from vaka.commands.keys_at_hand import asking, keyholder_at_hand
from vaka.commands.maintenance import Run, change_option, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import Category, ConfigurationError, Sentence, VakaError
from vaka.operations.backup.apart import find_dropped, kept_apart, require_stated
from vaka.operations.backup.authority import (
    carry_log,
    find_beside,
    list_admitted,
    name_beside,
    restore_beside,
    swap,
)
from vaka.operations.backup.copying import restored_copy
from vaka.operations.backup.erasures import Replayed, replay_erasures
from vaka.operations.backup.making import Installation
from vaka.operations.backup.standing import QUERIES
from vaka.settings import Settings
from vaka.tenants.authorities import Authority

UNCHANGED = "Nothing was changed. Do it with --apply."


class OneAloneError(VakaError):
    """Whoever restored a database is not who puts it in the place of the authority's own (term 2)."""

    def __init__(self) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Den som har återställt databasen byter inte själv in den: någon annan ser efter och gör det.",
                en="Whoever restored the database does not swap it in: somebody else looks at it and does.",
            ),
        )


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--authority", metavar="SHORT-NAME", required=True, help="Whose database is restored.")
@click.option(
    "--at", "until", type=click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]), metavar="TIME",
    help="As it was at this moment, UTC. [default: the newest there is]",
)  # fmt: skip
@click.option("--from-site", is_flag=True, help="Out of what the site has, and not out of the repository here.")
@click.option("--apply", is_flag=True, help="Do it; without it nothing is changed.")
@change_option
def restore(
    data: Path, authority: str, until: datetime | None, from_site: bool, apply: bool, change: str | None
) -> None:  # fmt: skip
    """Restore one authority's database out of a backup, beside its own, which goes on as it is.

    `vaka backup swap`, by somebody else, then puts it in its place.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    moment = until and until.replace(tzinfo=UTC)
    if moment is not None and moment > clock.now():
        raise ConfigurationError("That moment has not come yet.")
    installation = Installation(directory.root, settings, directory.cluster)
    with reachable_server(directory, settings) as server:
        authorities = every_authority(server)
        chosen = choose_authority(authorities, authority)
        with recorded(server, clock, "backup.restore", change, apply=apply) as run:
            installation.configure()
            run.facts |= {
                "authority": str(chosen.id),
                "until": None if moment is None else moment.isoformat(),
                "from_site": from_site,
            }
            snapshot = _newest(installation) if from_site else None
            when = "now" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"
            click.echo(f"{chosen.name} as of {when} comes into {name_beside(chosen.database_name)}.")
            if not apply:
                click.echo(UNCHANGED)
                return
            with restored_copy(installation, clock, until=moment, snapshot=snapshot) as (copy, _):
                compared = restore_beside(server, copy, chosen.database_name, run.actor)
            run.facts |= {"tables": compared.tables, "different": compared.different}
            if compared.different or not compared.tables:
                raise ConfigurationError(
                    f"{compared.different} of {compared.tables} tables are not what they are in the backup. What was "
                    "restored is removed again."
                )
        asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        click.echo(f"Restored: {compared.tables} tables, each as it is in the backup.")
        click.echo(hand_out(directory, settings, server, run))


@click.command("swap")
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--authority", metavar="SHORT-NAME", required=True, help="Whose restored database it is.")
@click.option(
    "--drop-open-alarms", "drop", type=click.IntRange(min=0), default=0, metavar="NUMBER",
    help="Swap although so many alarms, exactly, are open and would be gone from the desks.",
)  # fmt: skip
@click.option("--apply", is_flag=True, help="Do it; without it nothing is changed.")
@change_option
def swap_in(data: Path, authority: str, drop: int, apply: bool, change: str | None) -> None:
    """Put a database that somebody else restored in the place of the authority's own. Vaka is stopped everywhere.

    The log of the authority goes on; whoever was erased since the backup is deleted anew before anybody is let in. The
    database that was there is kept, and lets nobody in. Alarms that are open and are not so in the restored one would
    be gone: without --apply it is shown how many.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    if apply:
        _require_stopped(directory)
    with reachable_server(directory, settings) as server, keyholder_at_hand(directory, settings):
        authorities = every_authority(server)
        chosen = choose_authority(authorities, authority)
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, "backup.swap", change, apply=apply) as run:
            run.facts["authority"] = str(chosen.id)
            restorer = find_beside(server, chosen.database_name)
            if restorer is None:
                raise ConfigurationError(f"Nothing of {chosen.name} was restored. vaka backup restore does that first.")
            if not apply:
                dropped = find_dropped(server, chosen.database_name)
                click.echo(f"Open alarms that would be gone: {dropped.alarms}, of them life alarms: {dropped.life}.")
                click.echo(UNCHANGED)
                return
            asyncio.run(_require_another(server, run, chosen, clock, restorer))
            with kept_apart(server, chosen.database_name):
                old = _exchange(directory, settings, server, chosen, clock, run, drop)
        asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        click.echo(f"{chosen.name} has the restored database. The one before is {old}, and lets nobody in.")
        click.echo(f"Deleted anew after an erasure: {run.facts['removed']} of {run.facts['returned']}.")
        click.echo(f"Now: vaka key readmit --authority {chosen.slug}, then start Vaka.")
        click.echo(hand_out(directory, settings, server, run))


def _exchange(
    directory: DataDirectory, settings: Settings, server: Server, chosen: Authority, clock: Clock, run: Run, drop: int
) -> str:  # fmt: skip
    """Put the restored database in place while nobody works in either; return what the one before is called now."""
    dropped = find_dropped(server, chosen.database_name)
    require_stated(dropped, drop)
    run.facts |= {"dropped": dropped.alarms, "dropped_life": dropped.life}
    carry_log(server, chosen.database_name, directory.run / "swap")
    replayed = asyncio.run(_replay(server, settings, chosen, clock))
    run.facts |= {"returned": replayed.returned, "opened": replayed.opened, "removed": replayed.removed}
    if replayed.opened:
        raise ConfigurationError("Somebody who was erased can be read in it. Find out why before anything else.")
    return swap(server, chosen.database_name, list_admitted(server, chosen.database_name), clock.now())


def _newest(installation: Installation) -> str:
    snapshots = installation.site.list_snapshots()
    if not snapshots:
        raise ConfigurationError("The site has nothing of this installation.")
    return snapshots[-1].name


def _require_stopped(directory: DataDirectory) -> None:
    try:
        with directory.locked():
            pass
    except AlreadyRunningError as error:
        raise ConfigurationError("Stop Vaka first: whoever is connected keeps the database that is there.") from error


async def _require_another(server: Server, run: Run, chosen: Authority, clock: Clock, restorer: str) -> None:
    """Raise OneAloneError where the newest restoring was this very human's; while founding nobody else is there.

    `restorer` is whom the restored database itself names: of anybody else the log has to tell first.
    """
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform:
        asked = {"authority": chosen.id, "actor": run.actor, "at": clock.now()}
        cursor = await platform.execute(QUERIES["find_restorer"], asked)
        row = await cursor.fetchone()
    if row is None or row[0] != restorer:
        raise ConfigurationError(f"The log tells of nobody who restored this database of {chosen.name}.")
    if run.proved != "bootstrap" and row[1]:
        raise OneAloneError


async def _replay(server: Server, settings: Settings, chosen: Authority, clock: Clock) -> Replayed:
    async with asking(server, settings) as client:
        return await replay_erasures(server, [chosen], client, clock.now(), place=name_beside)
