# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka account deactivate`, `reactivate`, `remove`: who leaves, at once or on a day, and for ever (term 13)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click
import psycopg

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.maintenance import change_option, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.identity.accounts import list_accounts
from vaka.identity.leaving import State, change_account, end_account

Act = Callable[[Connection, str], Awaitable[None]]
"""What a command does, with the platform's database and who runs it."""

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip
account_option = click.option("--account", required=True, type=click.UUID, help="Which account.")
apply_option = click.option("--apply", is_flag=True, help="Do it; without it everything is tried and taken back.")


@click.command()
@data_option
@account_option
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="Not now, but when this day begins (UTC).")
@apply_option
@change_option
def deactivate(data: Path, account: UUID, day: datetime | None, apply: bool, change: str | None) -> None:
    """Take all access away: every session ends at once, and no role is worth anything."""
    if day is None:
        _perform(data, account, "account.deactivate", change, _changing(account, "deactivated"), apply=apply)
        return
    ends = day.replace(tzinfo=UTC)

    async def act(platform: Connection, actor: str) -> None:
        await end_account(platform, account, ends, actor=actor, now=SystemClock().now())

    _perform(data, account, "account.deactivate", change, act, apply=apply)


@click.command()
@data_option
@account_option
@apply_option
@change_option
def reactivate(data: Path, account: UUID, apply: bool, change: str | None) -> None:
    """Give a deactivated account its access back. Sessions that ended stay ended."""
    _perform(data, account, "account.reactivate", change, _changing(account, "active"), apply=apply)


@click.command()
@data_option
@account_option
@apply_option
@change_option
def remove(data: Path, account: UUID, apply: bool, change: str | None) -> None:
    """Remove an account for ever: its name is erased, its identifier is never given to anybody again."""
    _perform(data, account, "account.remove", change, _changing(account, "removed"), apply=apply)


def _changing(account: UUID, state: State) -> Act:
    async def act(platform: Connection, actor: str) -> None:
        await change_account(platform, account, state, actor=actor, now=SystemClock().now())

    return act


def _perform(data: Path, account: UUID, name: str, change: str | None, act: Act, *, apply: bool) -> None:
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server:
        authorities = active_authorities(server)
        asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, name, change, apply=apply) as run:
            click.echo(asyncio.run(_connected(server, account, act, run.actor, apply=apply)))
            if not apply:
                click.echo("It can be done. Nothing was changed. Do it with --apply.")
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
            click.echo(hand_out(directory, settings, server, run))


async def _connected(server: Server, account: UUID, act: Act, actor: str, *, apply: bool) -> str:
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform:
        async with platform.transaction():
            await act(platform, actor)
            if not apply:
                raise psycopg.Rollback
        [known] = [one for one in await list_accounts(platform) if one.id == account]
        return f"{known.id}  {known.display_name}: {known.state}"
