# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka key`: which keys there are and by when they are to be replaced; replacing them; the bill of materials."""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import click
from cryptography.hazmat.primitives.hashes import SHA256

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import choose_authority, every_authority, reachable_server
from vaka.commands.keys_at_hand import asking, keyholder_at_hand
from vaka.commands.maintenance import Run, change_option, recorded, require_change
from vaka.commands.readmitting import readmit
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.crypto.policy import load_policy
from vaka.crypto.signing import public_pem
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.identifiers import new_identifier
from vaka.keys.bill import bill_of_materials
from vaka.keys.calls import Registered, Replaced
from vaka.keys.client import KeyClient
from vaka.keys.credentials import read_credential
from vaka.keys.identities import identity_key_file, open_identities
from vaka.keys.signing_key import read_signing_key
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged, require_standing
from vaka.operations.certificates.renewing import read_issuers
from vaka.settings import Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip
_STATES = {"current": "in use", "due": "to be replaced", "destroyed": "destroyed"}


@click.group()
def key() -> None:
    """Show keys and replace them; what is in them is never shown."""


key.add_command(readmit)


@key.command("list")
@data_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_(data: Path, as_json: bool) -> None:
    """Print which keys there are and were, since when, and by when they are to be replaced."""
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    with (
        reachable_server(directory, settings) as server,
        recorded(server, clock, "key.list", None, apply=False),
        keyholder_at_hand(directory, settings),
    ):
        authorities = {str(one.id): one.slug for one in every_authority(server)}
        keys = asyncio.run(_register(server, settings))
    if as_json:
        click.echo(json.dumps([one.model_dump(mode="json") for one in keys], indent=2))
        return
    rows = [("key", "of", "how many", "since", "replace by", "state"), *(_row(one, authorities) for one in keys)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@key.command("bill")
@data_option
def bill(data: Path) -> None:
    """Print the cryptographic bill of materials (CycloneDX 1.6, JSON): algorithms and keys, and never a key itself."""
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    with (
        reachable_server(directory, settings) as server,
        recorded(server, clock, "key.bill", None, apply=False),
        keyholder_at_hand(directory, settings),
    ):
        keys = asyncio.run(_register(server, settings))
    now = clock.now()
    made = bill_of_materials(load_policy(), keys, serial=new_identifier(now), version=version("vaka"), now=now)
    click.echo(json.dumps(made, indent=2, ensure_ascii=False))


@key.command("rotate")
@data_option
@click.option(
    "--authority", metavar="SHORT-NAME", required=True, help="Whose key; everything under it is wrapped anew."
)
@click.option("--apply", is_flag=True, help="Do it; without it the key that would be replaced is shown.")
@change_option
def rotate(data: Path, authority: str, apply: bool, change: str | None) -> None:
    """Replace an authority's key by a new one and destroy the old one. Nobody has to stop working meanwhile.

    What is sealed stays as it is: the keys of people are wrapped anew. An old copy of the wrapped keys is worth nothing
    afterwards, since what it was wrapped by is gone.
    """
    _rotate_recorded(data, "key.rotate", authority, change, apply=apply)


@key.command("rotate-root")
@data_option
@click.option("--apply", is_flag=True, help="Do it; without it the key that would be replaced is shown.")
@change_option
def rotate_root(data: Path, apply: bool, change: str | None) -> None:
    """Replace the root key by a new one and destroy the old one; every authority's key is wrapped anew.

    Two people do it (term 18): whoever runs it confirms it in the office, and then another administrator the same run.
    """
    _rotate_recorded(data, "key.rotate-root", None, change, apply=apply)


def _rotate_recorded(data: Path, name: str, authority: str | None, change: str | None, *, apply: bool) -> None:
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server, keyholder_at_hand(directory, settings):
        authorities = every_authority(server)
        chosen = None if authority is None else choose_authority(authorities, authority)
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, name, change, apply=apply) as run:
            if chosen is not None:
                run.facts["authority"] = str(chosen.id)
            click.echo(asyncio.run(_rotate(server, settings, chosen, run, apply=apply)))
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
            click.echo(hand_out(directory, settings, server, run))


async def _register(server: Server, settings: Settings) -> Sequence[Registered]:
    async with asking(server, settings) as client:
        kept = (await client.register()).keys
    return (*kept, *_identity_key(server), *_signing_keys(server, settings), *_issuers(server))


def _identity_key(server: Server) -> Sequence[Registered]:
    """The key the keyholder knows nothing of, since receivers must do without one: it is registered by its mark."""
    mark = open_identities(server.credentials).mark
    made = identity_key_file(server.credentials).stat().st_mtime
    line = Registered(
        id=mark, kind="lookup", purpose="device identities",
        owner="platform", keys=1, created=datetime.fromtimestamp(made, UTC), rotate_by=None, state="current",
    )  # fmt: skip
    return (line,)


def _signing_keys(server: Server, settings: Settings) -> Sequence[Registered]:
    """What certificates of erasure and evidence packs are signed with, once there is one: the log names them by the
    same digest.
    """
    kept: tuple[tuple[str, Path, Callable[[Path], bytes]], ...] = (
        ("certificates of erasure", settings.erasure.signing_key, read_credential),
        ("evidence packs", settings.terms.signing_key, read_signing_key),
    )
    lines = []
    for purpose, where, read in kept:
        path = server.credentials.parent / where
        if not path.exists():
            continue
        made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        lines.append(
            Registered(
                id=sha256(public_pem(read(path))).hexdigest(), kind="signing", purpose=purpose, owner="platform",
                keys=1, created=made, rotate_by=None, state="current",
            )
        )  # fmt: skip
    return lines


def _issuers(server: Server) -> Sequence[Registered]:
    """The keys of our own issuers of certificates; the log names each by its certificate's digest."""
    lasts, lines = load_policy().certificates, []
    for name, one in read_issuers(server.credentials.parent).items():
        rotate_by = one.not_valid_after_utc - lasts.certificate - lasts.renew_before
        lines.append(
            Registered(
                id=one.fingerprint(SHA256()).hex(), kind="certificate", purpose=name, owner="platform", keys=1,
                created=one.not_valid_before_utc, rotate_by=rotate_by,
                state="current" if SystemClock().now() < rotate_by else "due",
            )
        )  # fmt: skip
    return lines


async def _rotate(server: Server, settings: Settings, chosen: Authority | None, run: Run, *, apply: bool) -> str:
    whose = "the root key" if chosen is None else f"the key of {chosen.name}"
    async with asking(server, settings) as client:
        if not apply:
            owner = ("root", "platform") if chosen is None else ("authority", str(chosen.id))
            now = [one for one in (await client.register()).keys if (one.kind, one.owner) == owner]
            there = next((one for one in now if one.state != "destroyed"), None)
            if there is None or there.rotate_by is None:
                raise ConfigurationError(f"There is no key to replace: {whose} was never made.")
            return (
                f"{whose[0].upper()}{whose[1:]} is {_STATES[there.state]}, made {there.created:%Y-%m-%d}, to be "
                f"replaced by {there.rotate_by:%Y-%m-%d}. Nothing was changed. Do it with --apply."
            )
        done = await _replace(server, client, chosen, run)
    # Of the root nothing is counted but what an authority's key wraps, and that stays.
    anew = "every authority's key was" if chosen is None else f"{done.rewrapped} keys"
    return f"{whose[0].upper()}{whose[1:]} was replaced and the old one destroyed; {anew} wrapped anew."


async def _replace(server: Server, client: KeyClient, chosen: Authority | None, run: Run) -> Replaced:
    """Replace the key. It lies in no database that has a ledger: the log is asked first, and told afterwards."""
    if chosen is None:
        connection = await open_connection(
            server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup"
        )  # fmt: skip
    else:
        connection = await Gateway(server, "setup", [chosen]).open_own_connection(chosen.id, "key")
    async with connection:
        async with connection.transaction():
            await require_standing(connection, SystemClock().now())
        done = await (client.rotate_root() if chosen is None else client.rotate(chosen.id))
        kind, new = ("root", done.root_new) if chosen is None else ("authority", done.key_new)
        run.facts["count"] = done.rewrapped
        facts = {
            "destroyed": done.root_destroyed if chosen is None else done.key_destroyed,
            "generation": done.generation, "rewrapped": done.rewrapped,
        }  # fmt: skip
        entry = Entry(Event.KEY_ROTATED, run.actor, SystemClock().now(), f"key:{kind}:{new}", detail=facts)
        async with connection.transaction():
            await append_privileged(connection, [entry])
    return done


def _row(one: Registered, authorities: dict[str, str]) -> tuple[str, ...]:
    replace_by = f"{one.rotate_by:%Y-%m-%d}" if one.rotate_by else "–"
    return (
        f"{one.kind} {one.purpose}".strip(), authorities.get(one.owner, one.owner), str(one.keys),
        f"{one.created:%Y-%m-%d}", replace_by, _STATES[one.state],
    )  # fmt: skip
