# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka role`: who has which role with an authority; taking them, and asking where somebody else decides."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import psycopg

from vaka.access.grants import QUERIES, grant_role, revoke_role
from vaka.access.requests import Kind, request_role
from vaka.access.role_changes import require_alone
from vaka.access.roles import ROLES
from vaka.access.time_boxes import LONGEST, TIME_BOXED
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.maintenance import change_only_option, change_option, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.role_propose import propose
from vaka.commands.sealing import seal_logs
from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.identity.accounts import list_accounts
from vaka.tenants.authorities import Authority

Act = Callable[[Connection, Authority, str], Awaitable[object]]
"""What a command does, with the platform's database, the authority, and who runs it."""

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip
authority_option = click.option("--authority", required=True, metavar="SHORT-NAME", help="With which authority.")
account_option = click.option("--account", required=True, type=click.UUID, help="Whose role it is.")
role_option = click.option("--role", "name", required=True, type=click.Choice(list(ROLES)), help="Which role.")
until_option = click.option(
    "--until", type=click.DateTime(["%Y-%m-%d"]),
    help=f"The first day it holds no more (UTC). Needed for {', '.join(TIME_BOXED)}, within {LONGEST.days} days.",
)  # fmt: skip
apply_option = click.option(
    "--apply", is_flag=True, help="Do it; without it everything is tried and taken back, and what is so now is shown."
)


@click.group()
def role() -> None:
    """Show and take roles, ask for others; ask an authority for those that it has designated."""


role.add_command(propose)


@role.command()
@data_option
@authority_option
def show(data: Path, authority: str) -> None:
    """Print who has which role with an authority that is worth something."""
    _perform(data, authority, "role.show", None, None, apply=False)


@role.command()
@data_option
@authority_option
@account_option
@role_option
@until_option
@apply_option
@change_option
def grant(
    data: Path, authority: str, account: UUID, name: str, until: datetime | None, apply: bool, change: str | None
) -> None:
    """Give a role that the authority has not designated, while the installation is being founded, or in a demo.

    From then on two administrators decide it: `vaka role propose`, or the office.
    """

    async def act(platform: Connection, chosen: Authority, actor: str) -> object:
        await require_alone(platform)
        now, end = SystemClock().now(), _moment(until)
        return await grant_role(platform, account, name, chosen.id, actor=actor, now=now, valid_until=end)

    _perform(data, authority, "role.grant", change, act, apply=apply)


@role.command()
@data_option
@authority_option
@account_option
@role_option
@apply_option
@change_option
def revoke(data: Path, authority: str, account: UUID, name: str, apply: bool, change: str | None) -> None:
    """Take a role back, at once; nobody has to approve that."""

    async def act(platform: Connection, chosen: Authority, actor: str) -> object:
        return await revoke_role(platform, account, name, chosen.id, actor=actor, now=SystemClock().now())

    _perform(data, authority, "role.revoke", change, act, apply=apply)


@role.command()
@data_option
@authority_option
@account_option
@role_option
@until_option
@click.option("--reason", required=True, help="Why; the authority reads it, and it stays in the log. Name nobody.")
@click.option("--control", help="For an exception from separated duties: what is done instead.")
@click.option("--emergency", "hours", type=click.IntRange(1, 24), metavar="HOURS", help="Give it at once, for so long.")
@apply_option
@change_only_option
def request(
    data: Path, authority: str, account: UUID, name: str, until: datetime | None, reason: str, control: str | None,
    hours: int | None, apply: bool, change: str | None,
) -> None:  # fmt: skip
    """Ask the authority for a role that it has designated, or, with --control, for an exception."""
    longest = DataDirectory(data.absolute()).load_settings().roles.longest_emergency_hours
    if hours is not None and (control is not None or hours > longest):
        raise click.UsageError(f"An emergency is no exception, and lasts {longest} hours at most here.")
    kind: Kind = "exception" if control is not None else "approval" if hours is None else "emergency"

    async def act(platform: Connection, chosen: Authority, actor: str) -> object:
        return await request_role(
            platform, account, name, chosen.id, kind=kind, reason=reason, control=control, valid_until=_moment(until),
            hours=hours, actor=actor, now=SystemClock().now(),
        )  # fmt: skip

    _perform(data, authority, "role.request", change, act, apply=apply)


def _perform(data: Path, slug: str, name: str, change: str | None, act: Act | None, *, apply: bool) -> None:
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server:
        authorities = active_authorities(server)
        chosen = next((one for one in authorities if one.slug == slug), None)
        if chosen is None:
            known = ", ".join(one.slug for one in authorities) or "none"
            raise ConfigurationError(f"There is no authority {slug!r}. Those there are: {known}.")
        if act is not None:  # what is tried needs a ledger that stands as well
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, name, change, apply=apply) as run:
            run.facts["authority"] = str(chosen.id)
            click.echo(asyncio.run(_connected(server, chosen, act, run.actor, apply=apply)))
            if act is not None and not apply:
                click.echo("It can be done. Nothing was changed. Do it with --apply.")
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
            click.echo(hand_out(directory, settings, server, run))


async def _connected(server: Server, authority: Authority, act: Act | None, actor: str, *, apply: bool) -> str:
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform:
        if act is not None:
            async with platform.transaction():
                await act(platform, authority, actor)
                if not apply:
                    raise psycopg.Rollback
        return await _describe(platform, authority)


async def _describe(platform: Connection, authority: Authority) -> str:
    names = {one.id: one.display_name for one in await list_accounts(platform)}
    values: dict[str, Any] = {"authority_id": authority.id, "now": SystemClock().now()}
    rows = await (await platform.execute(QUERIES["list_effective"], values)).fetchall()
    lines = [f"  {held:<18} {account}  {names.get(account, '')}{_end(end)}" for held, account, end in rows]
    return "\n".join([authority.name, *(lines or ["  Nobody has a role."])])


def _end(until: datetime | None) -> str:
    return "" if until is None else f", until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _moment(day: datetime | None) -> datetime | None:
    return None if day is None else day.replace(tzinfo=UTC)
