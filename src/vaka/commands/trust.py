# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka trust`: which issuers of identities are believed. One proposes a file, another approves the same."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID

import click

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.maintenance import Run, change_option, own_account, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.identity.oidc import make_client_key, read_client_key
from vaka.identity.saml_entity import Entity, make_entity, place_of
from vaka.identity.trust import (
    CannotApproveError,
    Standing,
    approve,
    judge,
    list_rows,
    propose,
    require_alone,
    withdraw,
)
from vaka.identity.trust_content import (
    LARGEST_CONTENT,
    LARGEST_METADATA,
    NAME,
    Content,
    read_content,
    require_current,
    write_content,
)
from vaka.settings import Settings
from vaka.tenants.authorities import Authority

Act = Callable[[Connection, list[Authority], Run], Awaitable[str]]

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip
apply_option = click.option("--apply", is_flag=True, help="Do it; without it it is only checked.")
account_option = click.option(
    "--account", required=True, type=click.UUID, help="Whose act it is: the identifier of an administrator's account."
)


def _name(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not NAME.fullmatch(value):
        raise click.BadParameter("2–31 characters a–z, 0–9 and -, beginning with a letter")
    return value


name_option = click.option(
    "--name",
    required=True,
    metavar="NAME",
    callback=_name,
    help="What the issuer is called here: a–z, 0–9 and -, as in freja-ekbacka.",
)
metadata_option = click.option(
    "--metadata", type=click.Path(path_type=Path, dir_okay=False), metavar="XML",
    help="The signed metadata of a SAML identity provider, as they came.",
)  # fmt: skip
authority_option = click.option(
    "--authority", metavar="SHORT-NAME", help="Whose people sign in by it; without it the supplier's own."
)
file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.group()
def trust() -> None:
    """Show and decide which issuers of identities are believed. Two people decide: one proposes, another approves."""


@trust.command("list")
@data_option
def list_(data: Path) -> None:
    """Print every issuer that was proposed, what it is worth now, and until when its evidence holds."""

    async def act(platform: Connection, authorities: list[Authority], run: Run) -> str:
        slugs = {one.id: one.slug for one in authorities}
        standings = [await judge(platform, row) for row in await list_rows(platform)]
        run.facts["count"] = len(standings)
        return "\n".join(line for one in standings for line in _describe(one, slugs)) or "No issuer was proposed yet."

    _perform(data, "trust.list", None, act, apply=False)


@trust.command("propose")
@data_option
@name_option
@authority_option
@metadata_option
@account_option
@apply_option
@change_option
@file_argument
def propose_(
    data: Path, name: str, authority: str | None, metadata: Path | None, account: UUID, apply: bool,
    change: str | None, file: Path,
) -> None:  # fmt: skip
    """Put forward what FILE (JSON) says of an issuer: protocol, issuer, addresses, keys, levels with evidence.

    While the installation is being founded, and in a demo. From then on it is proposed in the office.
    """
    content, demo, clock = _read(file, metadata), _settings(data).mode == "demo", SystemClock()
    require_current(content, clock.now(), demo=demo)

    async def act(platform: Connection, authorities: list[Authority], run: Run) -> str:
        await require_alone(platform)
        whose = _choose(authorities, authority)
        run.facts["authority"] = None if whose is None else str(whose)
        if not apply:
            return "\n".join(["It can be proposed:", *_levels(content)])
        row = await propose(platform, whose, name, content, by=own_account(run, account), demo=demo, now=clock.now())
        return f"Proposed: {row.id}\nIts SHA-256 is {row.digest}. Another administrator approves it with the same file."

    _perform(data, "trust.propose", change, act, apply=apply)


@trust.command("approve")
@data_option
@name_option
@metadata_option
@account_option
@apply_option
@change_option
@file_argument
def approve_(
    data: Path, name: str, metadata: Path | None, account: UUID, apply: bool, change: str | None, file: Path
) -> None:
    """Approve the proposal that says exactly what FILE says. Nobody approves what he proposed himself.

    While the installation is being founded, and in a demo. From then on it is approved in the office.
    """
    content = _read(file, metadata)
    require_current(content, SystemClock().now(), demo=_settings(data).mode == "demo")
    text = write_content(content)

    async def act(platform: Connection, authorities: list[Authority], run: Run) -> str:
        await require_alone(platform)
        waiting = [one for one in await list_rows(platform) if one.name == name and one.text == text
                   and one.approved_by is None and one.withdrawn_by is None and one.proposed_by != account]  # fmt: skip
        if not waiting:
            raise CannotApproveError
        row = waiting[-1]
        run.facts["authority"] = None if row.authority_id is None else str(row.authority_id)
        if not apply:
            return f"It can be approved: {row.id}, SHA-256 {row.digest}."
        await approve(platform, row.id, row.digest, by=own_account(run, account), now=SystemClock().now())
        return f"Approved: {row.id}, SHA-256 {row.digest}. It is believed as soon as the ledger has sealed this."

    _perform(data, "trust.approve", change, act, apply=apply)


@trust.command("withdraw")
@data_option
@account_option
@apply_option
@change_option
@click.argument("identifier", type=click.UUID, metavar="ID")
def withdraw_(data: Path, account: UUID, apply: bool, change: str | None, identifier: UUID) -> None:
    """Believe the issuer with this ID no longer, or take a proposal back. One person is enough; it holds at once."""

    async def act(platform: Connection, authorities: list[Authority], run: Run) -> str:
        if not apply:
            known = next((one for one in await list_rows(platform) if one.id == identifier), None)
            return f"{'There is no such issuer' if known is None else f'{known.name} would be withdrawn'}."
        row = await withdraw(platform, identifier, by=own_account(run, account), now=SystemClock().now())
        run.facts["authority"] = None if row.authority_id is None else str(row.authority_id)
        return f"Withdrawn: {row.name}. Whoever signed in by it stays signed in until the session ends."

    _perform(data, "trust.withdraw", change, act, apply=apply)


@trust.command("key")
@data_option
@name_option
@apply_option
@change_option
def key_(data: Path, name: str, apply: bool, change: str | None) -> None:
    """Print the public key that we prove ourselves with to the issuer with this name; make it where there is none.

    The issuer is given what is printed (a JWK set), and the address that its answers go to.
    """
    settings = _settings(data)
    directory = data.absolute() / settings.signin.client_keys

    async def act(platform: Connection, authorities: list[Authority], run: Run) -> str:
        found = make_client_key(directory, name) if apply else read_client_key(directory, name)
        answers = f"{settings.signin.origin}/callback/{name}"
        return f"{json.dumps({'keys': [found.as_dict(private=False)]}, indent=2)}\nIts answers go to {answers}."

    _perform(data, "trust.key", change, act, apply=apply)


@trust.command("entity")
@data_option
@authority_option
@apply_option
@change_option
def entity_(data: Path, authority: str | None, apply: bool, change: str | None) -> None:
    """Print who we are to SAML identity providers; make the key that we sign and open with where there is none.

    There is one service provider for each authority, and one for the supplier's own people. The issuer is given the
    address of its metadata, or its certificate.
    """
    settings = _settings(data)
    entity = Entity(place_of(authority), settings.signin.origin, data.absolute() / settings.signin.saml_keys)

    async def act(platform: Connection, authorities: list[Authority], run: Run) -> str:
        whose = _choose(authorities, authority)
        run.facts["authority"] = None if whose is None else str(whose)
        if apply:
            make_entity(entity, SystemClock().now())
        entity.read_key()
        certificate = entity.certificate_file.read_text(encoding="ascii")
        return f"{certificate}It is {entity.identifier}, where its metadata are.\nIts answers go to {entity.consumer}."

    _perform(data, "trust.entity", change, act, apply=apply)


def _perform(data: Path, name: str, change: str | None, act: Act, *, apply: bool) -> None:
    directory, clock, settings = DataDirectory(data.absolute()), SystemClock(), _settings(data)
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server:
        authorities = active_authorities(server)
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, name, change, apply=apply) as run:
            click.echo(asyncio.run(_connected(server, act, authorities, run)))
            if not apply and name not in ("trust.list", "trust.key", "trust.entity"):
                click.echo("Nothing was changed. Do it with --apply.")
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
            click.echo(hand_out(directory, settings, server, run))


async def _connected(server: Server, act: Act, authorities: list[Authority], run: Run) -> str:
    async with await open_connection(
        server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup"
    ) as platform:
        return await act(platform, authorities, run)


def _settings(data: Path) -> Settings:
    return DataDirectory(data.absolute()).load_settings()


def _read(file: Path, metadata: Path | None) -> Content:
    """Return what a file says of an issuer, and a file of signed metadata beside it."""
    text = _read_text(file, LARGEST_CONTENT)
    if metadata is None:
        return read_content(text)
    try:
        said = json.loads(text)
    except ValueError:
        return read_content(text)
    if not isinstance(said, dict) or "metadata" in said:
        raise ConfigurationError(f"{file} holds metadata already; give them in one way.")
    return read_content(json.dumps({**said, "metadata": _read_text(metadata, LARGEST_METADATA)}))


def _read_text(file: Path, most: int) -> str:
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            return opened.read(most + 1)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file} is not UTF-8 text.") from error


def _choose(authorities: list[Authority], slug: str | None) -> UUID | None:
    if slug is None:
        return None
    for one in authorities:
        if one.slug == slug:
            return one.id
    known = ", ".join(one.slug for one in authorities) or "none"
    raise ConfigurationError(f"There is no authority {slug!r}. Those there are: {known}.")


def _describe(standing: Standing, slugs: dict[UUID, str]) -> list[str]:
    row = standing.row
    whose = "supplier" if row.authority_id is None else slugs.get(row.authority_id, str(row.authority_id))
    people = f"proposed by {row.proposed_by}" + (f", approved by {row.approved_by}" if row.approved_by else "")
    lines = [f"{row.name} ({whose}): {standing.state}", f"  {row.id}, SHA-256 {row.digest}", f"  {people}"]
    if standing.state == "altered":
        lines.append("  This row is not what two people decided. It has no effect; find out who changed it.")
    if standing.state == "of_a_demo":
        lines.append("  It is a demo's issuer, and this is none. It has no effect; find out who wanted it.")
    return lines if standing.content is None else [*lines, *_levels(standing.content)]


def _levels(content: Content) -> list[str]:
    return [
        f"  {content.protocol} {content.issuer}, for {', '.join(content.realms)}",
        *(f"  level {one.level} until {one.expires}: {uri} ({one.evidence})" for uri, one in content.levels.items()),
    ]
