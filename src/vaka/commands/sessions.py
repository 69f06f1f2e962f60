# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka account sessions`, `end-sessions`: where somebody is signed in, and signing him out there (term 13)."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import click

from vaka.access.others_sessions import NoSessionThereError
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.maintenance import Run, change_only_option, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.identity.command_sessions import CommandSession, end_command_sessions, list_command_sessions
from vaka.identity.session_list import OpenSession, list_sessions
from vaka.identity.sessions import GIVEN_REASONS, EndReason, end_sessions_of

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip
account_option = click.option("--account", required=True, type=click.UUID, help="Whose they are.")


@click.command()
@data_option
@account_option
def sessions(data: Path, account: UUID) -> None:
    """Print where an account is signed in now."""
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    with (
        reachable_server(directory, directory.load_settings()) as server,
        recorded(server, clock, "account.sessions", None, apply=False),
    ):
        click.echo("\n".join(map(_describe, asyncio.run(_list(server, account)))) or "Signed in nowhere.")


@click.command("end-sessions")
@data_option
@account_option
@click.option("--session", type=click.UUID, help="Only this one; without it all of them.")
@click.option("--reason", required=True, type=click.Choice(GIVEN_REASONS), help="Why; it stands in the log.")
@click.option("--apply", is_flag=True, help="Do it; without it it is only said which would end.")
@change_only_option
def end_sessions(
    data: Path, account: UUID, session: UUID | None, reason: EndReason, apply: bool, change: str | None
) -> None:
    """Sign somebody out at once: what is open there ends within seconds. He can sign in again; see `deactivate`."""
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server:
        authorities = active_authorities(server)
        with recorded(server, clock, "account.end-sessions", change, apply=apply) as run:
            # It only keeps somebody out, and so waits for no ledger to be sealed.
            click.echo(asyncio.run(_end(server, account, session, reason, run, apply=apply)))
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
            click.echo(hand_out(directory, settings, server, run))


async def _list(server: Server, account: UUID) -> Sequence[OpenSession | CommandSession]:
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform:
        now = SystemClock().now()
        return [
            *await list_sessions(platform, account, now), *await list_command_sessions(platform, account, now)
        ]  # fmt: skip


async def _end(server: Server, account: UUID, session: UUID | None, reason: EndReason, run: Run, *, apply: bool) -> str:
    meant = [one for one in await _list(server, account) if session in (None, one.id)]
    if not meant:
        raise NoSessionThereError
    if not apply:
        return "\n".join([*map(_describe, meant), "These would end. Nothing was changed. Do it with --apply."])
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform:
        now = SystemClock().now()
        async with platform.transaction():
            ended = await end_sessions_of(platform, account, actor=run.actor, now=now, reason=reason, only=session)
            ended += await end_command_sessions(
                platform, account, actor=run.actor, now=now, reason=reason, only=session
            )  # fmt: skip
    run.facts["count"] = ended
    return f"Ended: {ended}."


def _describe(one: OpenSession | CommandSession) -> str:
    if isinstance(one, CommandSession):
        return (
            f"{one.id}  commands  {one.username or '-'} (uid {one.uid}) on {one.machine}"
            f"  begun {one.created_at:%Y-%m-%d %H:%M %Z}, until {one.expires_at:%H:%M %Z}"
        )
    how = one.method if one.level is None else f"{one.method}, level {one.level}, {one.issuer}"
    return (
        f"{one.id}  {one.realm}  {how}  {one.browser or 'another browser'}  begun {one.created_at:%Y-%m-%d %H:%M %Z},"
        f" last used {one.used_at:%Y-%m-%d %H:%M %Z}"
    )
