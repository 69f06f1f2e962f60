# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka role propose`: asks that an account loses and gets roles. Another administrator approves it in the office."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click
import psycopg

from vaka.access.role_changes import file_role_change
from vaka.access.role_lines import LineKind, RoleLine, WantedRoles
from vaka.access.time_boxes import LONGEST, TIME_BOXED
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.maintenance import Run, change_only_option, own_account, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.identifiers import new_identifier
from vaka.tenants.authorities import Authority


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--account", required=True, type=click.UUID, help="Whose roles they are.")
@click.option(
    "--end", "ends", multiple=True, metavar="ROLE@SHORT-NAME", help="A role that it loses, and where; several."
)
@click.option(
    "--give", "gives", multiple=True, metavar="ROLE@SHORT-NAME", help="A role that it gets, and where; several."
)
@click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]),
    help="The first day on which what it gets holds no more (UTC). "
    f"Needed for {', '.join(TIME_BOXED)}, within {LONGEST.days} days.",
)  # fmt: skip
@click.option("--by", required=True, type=click.UUID, help="Who asks: the identifier of an administrator's account.")
@click.option("--reason", required=True, help="Why; whoever approves reads it, and it stays in the log. Name nobody.")
@click.option("--apply", is_flag=True, help="Do it; without it everything is tried and taken back.")
@change_only_option
def propose(
    data: Path, account: UUID, ends: Sequence[str], gives: Sequence[str], until: datetime | None, by: UUID, reason: str,
    apply: bool, change: str | None,
) -> None:  # fmt: skip
    """Ask that an account loses and gets roles, all of it or nothing. Another administrator approves it in the office.

    An administrators' role is held at the supplier's, and named without @SHORT-NAME.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server:
        authorities = active_authorities(server)
        end = None if until is None else until.replace(tzinfo=UTC)
        lines = (*_lines("end", ends, authorities, None), *_lines("give", gives, authorities, end))
        asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, "role.propose", change, apply=apply) as run:
            wanted = WantedRoles(new_identifier(clock.now()), account, account, own_account(run, by), lines, reason)
            asyncio.run(_file(server, wanted, run, apply=apply))
            click.echo(
                f"Asked for: {wanted.id}. It is done once another administrator has approved it in the office."
                if apply else "It can be asked for. Nothing was changed. Do it with --apply."
            )  # fmt: skip
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
            click.echo(hand_out(directory, settings, server, run))


async def _file(server: Server, wanted: WantedRoles, run: Run, *, apply: bool) -> None:
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform, platform.transaction():
        await file_role_change(platform, wanted, actor=run.actor, step_up=None, now=SystemClock().now())
        if not apply:
            raise psycopg.Rollback


def _lines(
    kind: LineKind, said: Iterable[str], authorities: Sequence[Authority], until: datetime | None
) -> Iterable[RoleLine]:
    known = {one.slug: one.id for one in authorities}
    for text in said:
        role, _, slug = text.partition("@")
        if slug and slug not in known:
            raise ConfigurationError(f"There is no authority {slug!r}. Those there are: {', '.join(known) or 'none'}.")
        yield RoleLine(kind, role, known[slug] if slug else None, until)
