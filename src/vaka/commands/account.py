# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka account`: asks for accounts, invites whom they are for. What is personal is asked for, and is no argument."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import click

from vaka.access.accounts import Wanted, file_request, require_usable
from vaka.access.grants import grant_role
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.leaving import deactivate, identity, reactivate, remove, rename
from vaka.commands.maintenance import Run, change_only_option, change_option, own_account, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.replaying import replay
from vaka.commands.sealing import seal_logs
from vaka.commands.sessions import end_sessions, sessions
from vaka.crypto.activation import INVITATION_CODE, Rule
from vaka.database.connections import Connection, open_connection
from vaka.database.queries import load_queries
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.identifiers import new_identifier
from vaka.identity.accounts import KINDS, LANGUAGES, create_account
from vaka.identity.expected import expect
from vaka.identity.invitations import invite, lifetime_of
from vaka.identity.sessions import LIFETIMES, Realm
from vaka.tenants.activation import read_rules
from vaka.tenants.authorities import list_authorities
from vaka.tenants.gateway import Gateway

QUERIES = load_queries("vaka.commands")
Act = Callable[[Connection, Run, Server], Awaitable[str]]

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip
apply_option = click.option("--apply", is_flag=True, help="Do it; without it nothing is asked for and nothing done.")


@click.group()
def account() -> None:
    """Ask for accounts and whom they are for, and put out who leaves. An account alone lets nobody in."""


for command in (deactivate, reactivate, remove, rename, identity, replay, sessions, end_sessions):
    account.add_command(command)


@account.command()
@data_option
@apply_option
@change_option
@click.option("--kind", type=click.Choice(KINDS), default="administrator", help="Of whoever cannot be asked for yet.")
@click.option("--language", type=click.Choice(LANGUAGES), default="sv", help="Of the pages.")
def create(data: Path, apply: bool, change: str | None, kind: str, language: str) -> None:
    """Make one of the first two administrators; the name is asked for. Every other account is requested.

    Prints its identifier. Whose it is becomes of it by `vaka account invite`, his key by `vaka factor first`.
    """

    async def act(platform: Connection, run: Run, _server: Server) -> str:
        now = SystemClock().now()
        async with platform.transaction():
            made = await create_account(platform, name, kind=kind, language=language, actor=run.actor, now=now)
            await grant_role(platform, made.id, "administrator", None, actor=run.actor, now=now)
        return f"Made: {made.id}"

    require_change(change, apply=apply)
    name = click.prompt("Name", err=True).strip() if apply else ""
    _perform(data, "account.create", change, act, apply=apply)


@account.command()
@data_option
@apply_option
@change_only_option
@click.option("--by", required=True, type=click.UUID, help="Who asks: the identifier of an administrator's account.")
@click.option("--realm", type=click.Choice(list(LIFETIMES)), default="operator", help="Where its human will work.")
@click.option("--language", type=click.Choice(LANGUAGES), default="sv", help="Of the pages.")
@click.option(
    "--attribute", metavar="NAME", help="What has to match, the issuer's matching_attribute; its value is asked for."
)  # fmt: skip
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The day on which it is deactivated by itself (UTC).")
@click.option("--reason", required=True, help="Why; whoever approves reads it, and it stays in the log. Name nobody.")
def request(
    data: Path, apply: bool, change: str | None, by: UUID, realm: Realm, language: str, attribute: str | None,
    until: datetime | None, reason: str,
) -> None:  # fmt: skip
    """Ask for an account; the name is asked for. Another administrator approves it in the office, and nobody here.

    With --attribute it is also asked whom it is for: whoever approves it sees that, and gets the invitation's code.
    Without, `vaka account identity` asks for that later, and takes two as well.
    """

    async def act(platform: Connection, run: Run, _server: Server) -> str:
        now = SystemClock().now()
        ends = None if until is None else until.replace(tzinfo=UTC)
        wanted = require_usable(
            Wanted("create", new_identifier(now), uuid4(), reason, name, realm, language, ends, expects), now
        )
        await file_request(
            platform, new_identifier(now), wanted, by=own_account(run, by), actor=run.actor, step_up=None, now=now
        )
        return f"Asked for: {wanted.account_id}. It is there once another administrator has approved it in the office."

    require_change(change, apply=apply)
    name = click.prompt("Name", err=True).strip() if apply else ""
    asks = apply and attribute is not None
    value = click.prompt("Value", hide_input=True, err=True).strip() if asks else ""
    expects = expect(attribute or "", value).text if asks else ""
    _perform(data, "account.request", change, act, apply=apply)


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
    """Invite one of the first two administrators; what has to match is asked for. Prints a code that holds once, a day
    at most. Everybody else is invited by what two decide: `vaka account request --attribute`, `vaka account identity`.

    Hand the code over another way than the sign-in goes: on paper, or in a sealed letter.
    """

    async def act(platform: Connection, run: Run, server: Server) -> str:
        now = SystemClock().now()
        rule = await asked_of_codes(platform, server, identifier)
        code = await invite(platform, identifier, realm, attribute, value, actor=run.actor, now=now, rule=rule)
        until = (now + lifetime_of(rule)).astimezone().isoformat(timespec="minutes")
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
        return await act(platform, run, server)


async def asked_of_codes(platform: Connection, server: Server, account_id: UUID) -> Rule:
    """Return what all authorities ask of a code in which an account has, or waits for, a role; strictest of each."""
    cursor = await platform.execute(QUERIES["list_authorities_of"], {"account_id": account_id})
    concerned = {authority for (authority,) in await cursor.fetchall()}
    gateway = Gateway(server, "setup", [one for one in await list_authorities(platform) if one.id in concerned])
    rule = INVITATION_CODE.floor
    try:
        for authority in gateway.authorities:
            async with gateway.transaction(authority.id) as tenant:
                rule = rule.combined_with((await read_rules(tenant))[INVITATION_CODE.name])
    finally:
        await gateway.close()
    return rule
