# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka account deactivate`, `reactivate`, `remove`, `rename`, `identity`: who leaves, comes back or is another.

Putting somebody out needs nobody else (term 13). The rest is asked for here, and another human approves it in the
office.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click
import psycopg

from vaka.access.accounts import Kind, Wanted, file_request, require_usable
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.maintenance import Run, change_only_option, change_option, own_account, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.identifiers import new_identifier
from vaka.identity.accounts import list_accounts
from vaka.identity.expected import expect
from vaka.identity.leaving import end_account, put_out_account
from vaka.identity.sessions import LIFETIMES, Realm

Act = Callable[[Connection, Run], Awaitable[None]]
"""What a command does, with the platform's database and the run of it."""

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip
account_option = click.option("--account", required=True, type=click.UUID, help="Which account.")
by_option = click.option(
    "--by", required=True, type=click.UUID, help="Who asks: the identifier of an administrator's account."
)
reason_option = click.option(
    "--reason", required=True, help="Why; whoever approves reads it, and it stays in the log. Name nobody."
)
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

        async def put_out(platform: Connection, run: Run) -> None:
            await put_out_account(platform, account, actor=run.actor, now=SystemClock().now())

        _perform(data, account, "account.deactivate", change, put_out, apply=apply)
        return
    ends = day.replace(tzinfo=UTC)

    async def act(platform: Connection, run: Run) -> None:
        await end_account(platform, account, ends, actor=run.actor, now=SystemClock().now())

    _perform(data, account, "account.deactivate", change, act, apply=apply)


@click.command()
@data_option
@account_option
@by_option
@reason_option
@apply_option
@change_only_option
def reactivate(data: Path, account: UUID, by: UUID, reason: str, apply: bool, change: str | None) -> None:
    """Ask that a deactivated account gets its access back. Another administrator approves it in the office."""
    _perform(data, account, "account.reactivate", change, _asking(account, by, "reactivate", reason), apply=apply)


@click.command()
@data_option
@account_option
@by_option
@reason_option
@apply_option
@change_only_option
def remove(data: Path, account: UUID, by: UUID, reason: str, apply: bool, change: str | None) -> None:
    """Ask that an account is removed for ever, its name erased. Another administrator approves it in the office."""
    _perform(data, account, "account.remove", change, _asking(account, by, "remove", reason), apply=apply)


@click.command()
@data_option
@account_option
@by_option
@reason_option
@apply_option
@change_only_option
def rename(data: Path, account: UUID, by: UUID, reason: str, apply: bool, change: str | None) -> None:
    """Ask that an account is called something else; the name is asked for. Another approves it in the office."""
    name = click.prompt("Name", err=True).strip()
    _perform(data, account, "account.rename", change, _asking(account, by, "rename", reason, name), apply=apply)


@click.command()
@data_option
@account_option
@by_option
@click.option("--realm", type=click.Choice(list(LIFETIMES)), default="operator", help="Where he will sign in to.")
@click.option(
    "--attribute", required=True, metavar="NAME", help="What has to match: the issuer's matching_attribute."
)  # fmt: skip
@click.option("--beside", is_flag=True, help="Beside the identities there are; without it they are retired.")
@reason_option
@apply_option
@change_only_option
def identity(
    data: Path, account: UUID, by: UUID, realm: Realm, attribute: str, beside: bool, reason: str, apply: bool,
    change: str | None,
) -> None:  # fmt: skip
    """Ask for an identity of an account, the first or another; what has to match is asked for.

    Another administrator sees it, approves it in the office and gets the invitation's code there.
    """
    value = click.prompt("Value", hide_input=True, err=True).strip()
    expected = expect(attribute, value)
    kind: Kind = "second_identity" if beside else "identity"
    asking = _asking(account, by, kind, reason, expected.text, realm)
    _perform(data, account, "account.identity", change, asking, apply=apply)


def _asking(account: UUID, by: UUID, kind: Kind, reason: str, name: str = "", realm: Realm | None = None) -> Act:
    """Return what files the request. The database takes the human behind the account from the register."""

    async def act(platform: Connection, run: Run) -> None:
        now = SystemClock().now()
        wanted = require_usable(Wanted(kind, account, account, reason, name, realm), now)
        await file_request(
            platform, new_identifier(now), wanted, by=own_account(run, by), actor=run.actor, step_up=None, now=now
        )

    return act


def _perform(data: Path, account: UUID, name: str, change: str | None, act: Act, *, apply: bool) -> None:
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server:
        authorities = active_authorities(server)
        asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, name, change, apply=apply) as run:
            click.echo(asyncio.run(_connected(server, account, act, run, apply=apply)))
            if not apply:
                click.echo("It can be done. Nothing was changed. Do it with --apply.")
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
            click.echo(hand_out(directory, settings, server, run))


async def _connected(server: Server, account: UUID, act: Act, run: Run, *, apply: bool) -> str:
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform:
        async with platform.transaction():
            await act(platform, run)
            if not apply:
                raise psycopg.Rollback
        [known] = [one for one in await list_accounts(platform) if one.id == account]
        return f"{known.id}  {known.display_name}: {known.state}"
