# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka factor`: security keys of an account, seen; lost ones taken from it; the first administrators' allowed."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import click

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.maintenance import Run, change_option, recorded, require_change
from vaka.commands.sealing import seal_logs
from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.identity.credentials import short_hash
from vaka.identity.lost_keys import KeyOfAccount, NoKeysThereError, found_first_key, list_keys_of, remove_lost_keys

Act = Callable[[Connection, Run], Awaitable[str]]

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip
account_option = click.option("--account", required=True, type=click.UUID, metavar="ID",
                              help="Whose they are, as the log names him.")  # fmt: skip


@click.group()
def factor() -> None:
    """Show the security keys of an account, remove lost ones, and let the first administrators add theirs."""


@factor.command("list")
@data_option
@account_option
def list_(data: Path, account: UUID) -> None:
    """Print which keys an account has, without what their owner calls them."""
    _perform(data, account, "factor.list", None, None, apply=False)


@factor.command()
@data_option
@account_option
@click.option("--apply", is_flag=True, help="Do it; without it it is only said which would go.")
@change_option
@click.argument("keys", nargs=-1, required=True, type=click.UUID, metavar="KEY...")
def remove(data: Path, account: UUID, apply: bool, change: str | None, keys: tuple[UUID, ...]) -> None:
    """Remove keys that their owner has lost: be sure who asks. He adds a first one anew after signing in."""
    _perform(data, account, "factor.remove", change, keys, apply=apply)


@factor.command("first")
@data_option
@account_option
@click.option("--apply", is_flag=True, help="Do it; without it nothing is done.")
@change_option
def first(data: Path, account: UUID, apply: bool, change: str | None) -> None:
    """Let one of the first two administrators add a first key. Prints a code that holds once, for 24 hours.

    Once two administrators can act the installation is founded: two decide that in the office, and nobody does here.
    """

    async def act(platform: Connection, run: Run) -> str:
        if not apply:
            return "A code would be made. Nothing was changed. Do it with --apply."
        code = await found_first_key(platform, account, actor=run.actor, now=SystemClock().now())
        return f"Code: {code.text}\nIt holds once, for 24 hours, on the page where the account is asked for it."

    _connect(data, "factor.first", change, act, apply=apply)


def _perform(
    data: Path, account: UUID, name: str, change: str | None, keys: tuple[UUID, ...] | None, *, apply: bool
) -> None:
    async def act(platform: Connection, run: Run) -> str:
        return await _act(platform, account, keys, run, apply=apply)

    _connect(data, name, change, act, apply=apply)


def _connect(data: Path, name: str, change: str | None, act: Act, *, apply: bool) -> None:
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server:
        if apply:
            asyncio.run(seal_logs(directory, settings, server, active_authorities(server), clock))
        with recorded(server, clock, name, change, apply=apply) as run:
            click.echo(asyncio.run(_connected(server, act, run)))


async def _connected(server: Server, act: Act, run: Run) -> str:
    async with await open_connection(
        server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup"
    ) as platform:
        return await act(platform, run)


async def _act(platform: Connection, account: UUID, keys: tuple[UUID, ...] | None, run: Run, *, apply: bool) -> str:
    known = await list_keys_of(platform, account)
    if keys is None:
        return "\n".join(map(_describe, known)) or "The account has no security key."
    meant = [key for key in known if key.id in keys]
    if len(meant) != len({*keys}):
        raise NoKeysThereError
    if not apply:
        lines = [*map(_describe, meant), "These would be removed. Nothing was changed. Do it with --apply."]
        return "\n".join(lines)
    removed = await remove_lost_keys(
        platform, account, [key.id for key in meant], actor=run.actor, now=SystemClock().now()
    )
    run.facts["count"] = removed
    return f"Removed: {removed}."


def _describe(key: KeyOfAccount) -> str:
    used = "never used" if key.last_used_at is None else f"last used {key.last_used_at:%Y-%m-%d %H:%M %Z}"
    return f"{key.id}  {short_hash(key.credential_id)}  added {key.added_at:%Y-%m-%d %H:%M %Z}, {used}"
