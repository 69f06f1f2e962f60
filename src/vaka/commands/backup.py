# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka backup`: backups of databases and files at another site, and whether they can be restored (term 24)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from vaka.clock import Clock, SystemClock
from vaka.commands.backup_restore import restore, swap_in
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, every_authority, reachable_server
from vaka.commands.keys_at_hand import asking, keyholder_at_hand
from vaka.commands.maintenance import recorded
from vaka.commands.sealing import seal_logs
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.operations.backup.drilling import Drilled, drill
from vaka.operations.backup.making import Installation, make_backup
from vaka.operations.backup.planning import KINDS, Kind
from vaka.operations.backup.repository import count_unencrypted
from vaka.operations.backup.running import BackupFailedError
from vaka.operations.backup.standing import BackupStanding, read_standing
from vaka.settings import Settings

WRONG = 1
"""Exit code where a backup is not what it has to be."""

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip


@click.group()
def backup() -> None:
    """Back up, try whether it can be restored, and restore."""


backup.add_command(restore)
backup.add_command(swap_in)


@contextmanager
def _installation(data: Path) -> Iterator[tuple[DataDirectory, Settings, Installation, Server]]:
    directory = DataDirectory(data.absolute())
    settings = directory.load_settings()
    installation = Installation(directory.root, settings, directory.cluster)
    installation.configure()
    with reachable_server(directory, settings) as server:
        yield directory, settings, installation, server


@backup.command()
@data_option
@click.option("--type", "kind", type=click.Choice(KINDS), help="This kind, whether it is due or not.")
def now(data: Path, kind: Kind | None) -> None:
    """Back up what is due, and add it at the site. Run it by a timer, more often than the agreed recovery point.

    Everything that was committed before it began can then be restored from the site.
    """
    clock = SystemClock()
    with _installation(data) as (directory, settings, installation, server):
        with recorded(server, clock, "backup.now", None, apply=False) as run:
            failed = asyncio.run(_read_standing(server, clock)).has_failed_since("backup.now")
            made = make_backup(installation, clock, kind, after_failure=failed)
            run.facts |= {
                "point": made.point.isoformat(timespec="seconds"), "kind": made.kind, "snapshot": made.snapshot[:8],
                "backups": made.backups, "site": settings.backup.site_host,
            }  # fmt: skip
        asyncio.run(seal_logs(directory, settings, server, active_authorities(server), clock))
    what = "the archive" if made.kind is None else f"a {made.kind} backup and the archive"
    click.echo(f"The site has {what}. Everything up to {made.point:%Y-%m-%d %H:%M:%S} UTC can be restored.")


@backup.command("list")
@data_option
def list_all(data: Path) -> None:
    """List the backups here and what the site has."""
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    with (
        reachable_server(directory, settings) as server,
        recorded(server, clock, "backup.list", None, apply=False),
    ):
        installation = Installation(directory.root, settings, directory.cluster)
        installation.configure()
        for one in installation.repository.list_backups():
            wrong = "" if one.whole else "  holds wrong pages"
            click.echo(f"{one.label}  {one.kind}  {one.ended:%Y-%m-%d %H:%M} UTC{wrong}")
        # Before the first backup there is nothing, and nothing wrong.
        for snapshot in installation.site.list_snapshots() if installation.site.is_made() else ():
            click.echo(f"{settings.backup.site_host}  {snapshot.name[:8]}  {snapshot.made:%Y-%m-%d %H:%M} UTC")


@backup.command()
@data_option
@click.option("--everything", is_flag=True, help="Read all that the site has, and not only its lists.")
def check(data: Path, everything: bool) -> None:
    """Read the repository whole, and see whether the site takes nothing back. Ends with 1 where something is wrong.

    Run it each night by a timer.
    """
    clock = SystemClock()
    with _installation(data) as (directory, settings, installation, server):
        with recorded(server, clock, "backup.check", None, apply=False) as run:
            repository, site = installation.repository, installation.site
            damaged = repository.count_damaged()
            try:
                site.check(everything=everything)
            except BackupFailedError:
                damaged += 1
            append_only = site.is_append_only()
            unencrypted = count_unencrypted(repository.files)
            # What was copied with wrong pages is as it was written, and no good for all that.
            damaged += sum(not one.whole for one in repository.list_backups())
            run.facts |= {
                "damaged": damaged, "append_only": append_only, "unencrypted": unencrypted,
                "site": settings.backup.site_host,
            }  # fmt: skip
        asyncio.run(seal_logs(directory, settings, server, active_authorities(server), clock))
    click.echo(f"Damaged: {damaged}. Not encrypted: {unencrypted}.")
    click.echo("The site lets nothing be removed." if append_only else "The site lets production remove what it has.")
    if damaged or unencrypted or not append_only:
        raise SystemExit(WRONG)


@backup.command("drill")
@data_option
def drill_now(data: Path) -> None:
    """Restore the newest backup from the site where nothing is, measure, compare, and remove it again.

    Ends with 1 where what was restored is not what it had to be. Run it each week by a timer; it takes room for twice
    what the databases hold.
    """
    clock = SystemClock()
    with _installation(data) as (directory, settings, installation, server), keyholder_at_hand(directory, settings):
        authorities = every_authority(server)
        # The log is the newest that can be compared.
        asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, "backup.drill", None, apply=False) as run:
            found = asyncio.run(_drill(installation, server, settings, clock))
            run.facts |= {**found.facts, "site": settings.backup.site_host}
        asyncio.run(seal_logs(directory, settings, server, authorities, clock))
    click.echo(_describe(found))
    if not found.is_good:
        raise SystemExit(WRONG)


async def _read_standing(server: Server, clock: Clock) -> BackupStanding:
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform:
        return await read_standing(platform, clock.now())


async def _drill(installation: Installation, server: Server, settings: Settings, clock: Clock) -> Drilled:
    standing = await _read_standing(server, clock)
    failed = standing.has_failed_since("backup.now")
    async with asking(server, settings) as client:
        return await drill(
            installation, every_authority(server), client, clock, standing.point, after_failure=failed
        )  # fmt: skip


def _describe(found: Drilled) -> str:
    lost = "nothing was at the site before" if found.lost_seconds is None else f"{found.lost_seconds} s would be lost"
    compared, replayed = found.compared, found.replayed
    return "\n".join(
        (
            f"Restored in {found.took_seconds} s; {lost}.",
            f"Tables compared: {compared.tables}, different: {compared.different}; changed meanwhile: "
            f"{compared.changed}. Indexes: {'not sound' if found.unsound else 'sound'}.",
            f"Logs verified: {found.logs}, wrong: {found.logs_wrong}.",
            f"Erased people in the backup: {replayed.returned}, readable: {replayed.opened}, deleted again: "
            f"{replayed.removed}.",
            "What was restored is what it had to be."
            if found.is_good
            else "What was restored is not what it had to be.",
        )
    )
