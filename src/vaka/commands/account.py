# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka account`: makes accounts, and invites whom they are for. What is personal is asked for, and is no argument."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import click

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.leaving import deactivate, reactivate, remove
from vaka.commands.maintenance import Run, change_option, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.replaying import replay
from vaka.commands.sealing import seal_logs
from vaka.commands.sessions import end_sessions, sessions
from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.identity.accounts import KINDS, LANGUAGES, create_account
from vaka.identity.invitations import LIFETIME, invite
from vaka.identity.sessions import LIFETIMES, Realm

Act = Callable[[Connection, Run], Awaitable[str]]

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip
apply_option = click.option("--apply", is_flag=True, help="Do it; without it nothing is asked for and nothing done.")


@click.group()
def account() -> None:
    """Make accounts, invite whom they are for, and put out who leaves. An account alone lets nobody in."""


for command in (deactivate, reactivate, remove, replay, sessions, end_sessions):
    account.add_command(command)


@account.command()
@data_option
@apply_option
@change_option
@click.option("--kind", type=click.Choice(KINDS), default="user", help="Administrators are a class of their own.")
@click.option("--language", type=click.Choice(LANGUAGES), default="sv", help="Of the pages.")
def create(data: Path, apply: bool, change: str | None, kind: str, language: str) -> None:
    """Make an account; the name it is shown by is asked for. Prints its identifier."""

    async def act(platform: Connection, run: Run) -> str:
        made = await create_account(
            platform, name, kind=kind, language=language, actor=run.actor, now=SystemClock().now()
        )
        return f"Made: {made.id}"

    require_change(change, apply=apply)
    name = click.prompt("Name", err=True).strip() if apply else ""
    _perform(data, "account.create", change, act, apply=apply)


@account.command("invite")
@data_option
@apply_option
@change_option
@click.option("--account", "identifier", required=True, type=click.UUID, help="Whose account it will be.")
@click.option("--realm", type=click.Choice(list(LIFETIMES)), default="operator", help="Where he will sign in to.")
@click.option(
    "--attribute", required=True, metavar="NAME", help="What has to match: the issuer's matching_attribute."
)  # fmt: skip
def invite_(
    data: Path, apply: bool, change: str | None, identifier: UUID, realm: Realm, attribute: str
) -> None:  # fmt: skip
    """Invite whom an account is for; what has to match is asked for. Prints a code that holds once, for 24 hours.

    Hand the code over another way than the sign-in goes: on paper, or in a sealed letter.
    """

    async def act(platform: Connection, run: Run) -> str:
        now = SystemClock().now()
        code = await invite(platform, identifier, realm, attribute, value, actor=run.actor, now=now)
        until = (now + LIFETIME).astimezone().isoformat(timespec="minutes")
        return f"Code: {code.text}\nIt holds once, until {until}."

    require_change(change, apply=apply)
    value = click.prompt("Value", hide_input=True, err=True).strip() if apply else ""
    _perform(data, "account.invite", change, act, apply=apply)


def _perform(data: Path, name: str, change: str | None, act: Act, *, apply: bool) -> None:
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    with reachable_server(directory, settings) as server:
        authorities = active_authorities(server)
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, name, change, apply=apply) as run:
            done = asyncio.run(_connected(server, act, run)) if apply else "Nothing was changed. Do it with --apply."
            click.echo(done)
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
            click.echo(hand_out(directory, settings, server, run))


async def _connected(server: Server, act: Act, run: Run) -> str:
    async with await open_connection(
        server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup"
    ) as platform:
        return await act(platform, run)
