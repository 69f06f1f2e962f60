# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka retention`: what the next night will remove by the rules that authorities approved. Counts, and nobody."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import click

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.keys_at_hand import keyholder_at_hand
from vaka.commands.maintenance import recorded
from vaka.database.server import Server
from vaka.errors import ConfigurationError
from vaka.keys.keyring import open_keyring
from vaka.removal.nights import LOCAL, find_tonight
from vaka.removal.preview import Count, count_in_force
from vaka.settings import Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway

_HEAD = ("authority", "kind", "to go", "alarms", "messages", "stay: birth day", "stay: unreadable", "stay: legal hold")


@click.group()
def retention() -> None:
    """Show what will be removed for its age."""


@retention.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--authority", metavar="SHORT-NAME", help="Whose; without it every authority's.")
def preview(data: Path, authority: str | None) -> None:
    """Print how much the next night will remove, for each authority and kind, and how much that is old enough stays.

    Nothing is removed, locked or changed, and nobody is named; that it was looked at is entered in the ledger. A kind
    that no rule in force speaks of is kept, and left out here.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    at = find_tonight(clock.now(), settings.scheduler.removal_hour)
    with reachable_server(directory, settings) as server, keyholder_at_hand(directory, settings):
        known = active_authorities(server)
        chosen = [one for one in known if authority in (None, one.slug)]
        if not chosen:
            names = ", ".join(one.slug for one in known) or "none"
            raise ConfigurationError(f"There is no authority {authority!r}. Those there are: {names}.")
        with recorded(server, clock, "retention.preview", None, apply=False) as run:
            run.facts["authority"] = str(chosen[0].id) if authority else None
            counted = asyncio.run(_count(server, settings, chosen, at))
    _print(counted, at)


async def _count(
    server: Server, settings: Settings, chosen: Sequence[Authority], at: datetime
) -> Mapping[str, Mapping[str, Count]]:
    gateway = Gateway(server, "setup", chosen, pool_size=1)
    try:
        async with open_keyring(server, settings, "setup", SystemClock()) as keyring:
            return {one.slug: await count_in_force(gateway, keyring, one.id, at) for one in chosen}
    finally:
        await gateway.close()


def _print(counted: Mapping[str, Mapping[str, Count]], at: datetime) -> None:
    local = at.astimezone(LOCAL)
    click.echo(f"As the rules will be in force on {local:%Y-%m-%d %H:%M} {local.tzname()}:")
    rows = [_HEAD, *(_row(slug, kind, count) for slug, kinds in counted.items() for kind, count in kinds.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    for slug in (slug for slug, kinds in counted.items() if not kinds):
        click.echo(f"{slug}: no rule is in force; everything is kept.")


def _row(slug: str, kind: str, count: Count) -> tuple[str, ...]:
    numbers = (count.things, count.alarms, count.messages, count.exempt, count.unreadable, count.held)
    return (slug, kind, *map(str, numbers))
