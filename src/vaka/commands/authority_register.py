# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka authority register`: takes an authority in, with its database, its keys and the device of its trial alarms."""

import asyncio
import time
from pathlib import Path

import click

from vaka.clock import Clock, SystemClock
from vaka.commands.at_authority import NOTHING_CHANGED, data_option
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import (
    Registered,
    active_authorities,
    existing_databases,
    reachable_server,
    read_directory,
    require_reachable,
)
from vaka.commands.keys_at_hand import keyholder_at_hand
from vaka.commands.maintenance import Run, change_option, recorded, require_change
from vaka.commands.operate import prepare_trials
from vaka.commands.protection import changes_accepted
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role, tenant_database
from vaka.errors import ConfigurationError
from vaka.keys.keyring import open_keyring
from vaka.ledger.signer import KeyFiles
from vaka.settings import Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.registration import KINDS, UnusableAuthorityError, register_authority, require_usable

LOG_SECONDS = 30.0
"""How long a sequencer that runs is waited for until it keeps the new log as well; it looks every ten."""
_POLL_SECONDS = 0.1
_NEXT = """What comes next (docs/operations.md, "Taking in an authority"):
{steps}
Processes of this machine find it within half a minute, with no restart. Other machines with a receiver or a desk first
need its files: credentials/{database}_*.pgpass{trial}."""
_STEPS = """\
  who may do what          two administrators, in the office; then the authority itself, in its portal
  whom the desk calls      vaka authority on-call --authority {slug} …"""
_STEPS_OF_CARE = """
  who answers, and when    vaka authority units SHEET --authority {slug} …
  people in care           the authority's own program, by the registry
  devices                  vaka device import SHEET --authority {slug} …"""


@click.command()
@data_option
@click.option("--name", required=True, metavar="TEXT", help="What it is called, as operators and people read it.")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="authority",
    show_default=True,
    help="`intake`: the supplier's own reception for senders that nobody has registered; there is one.",
)
@click.option("--apply", is_flag=True, help="Do it; without it it is only checked, and said what would be made.")
@change_option
@click.argument("authority", metavar="SHORT-NAME")  # fmt: skip
def register(data: Path, name: str, kind: str, apply: bool, change: str | None, authority: str) -> None:
    """Take in the authority SHORT-NAME: 2-31 small letters, digits or underscores. It is part of addresses, for ever.

    It gets a database and keys of its own, the usual closing codes, a greeting, and a device that sends its trial
    alarms. What an attempt before did not finish is finished.
    """
    directory, clock, name = DataDirectory(data.absolute()), SystemClock(), " ".join(name.split())
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server:
        if apply:
            asyncio.run(seal_logs(directory, settings, server, active_authorities(server), clock))
        with recorded(server, clock, "authority.register", change, apply=apply) as run:
            known = _require_free(server, authority, name, kind)
            if not apply:
                click.echo(_foretell(server, authority, name, kind, known))
                click.echo(NOTHING_CHANGED)
                return
            with (
                keyholder_at_hand(directory, settings),
                changes_accepted(directory.root, server, clock, run.actor),
            ):
                made = asyncio.run(_register(server, settings, clock, run, authority, name, kind))
                are_ready = asyncio.run(prepare_trials(server, settings, clock, run.actor, click.echo, keyholder=True))
            # The key of its log is a protected file too; files that come while this lasts are accepted with it.
            is_kept = _await_log(directory, settings, server, made, clock)
        asyncio.run(seal_logs(directory, settings, server, active_authorities(server), clock))
        click.echo(f"{made.name} ({made.slug}) {'was taken in already' if known else 'is taken in'}.")
        click.echo(_say_what_comes_next(made))
        click.echo(hand_out(directory, settings, server, run))
    if not is_kept:
        raise ConfigurationError(
            f"The sequencer does not keep the log of {made.slug} yet: see why (logs/sequencer.log). When it does, "
            "accept the key that it makes, with vaka settings accept."
        )
    if not are_ready:
        raise ConfigurationError(
            "Not every authority has its trial device: the lines above say which, and why. Run this again then."
        )


def _say_what_comes_next(made: Authority) -> str:
    steps = _STEPS if made.is_intake else _STEPS + _STEPS_OF_CARE
    trial = "" if made.is_intake else f" and credentials/trial-{made.slug}.secret"
    return _NEXT.format(steps=steps.format(slug=made.slug), database=made.database_name, trial=trial)


def _require_free(server: Server, slug: str, name: str, kind: str) -> Registered | None:
    """Return the authority where it is taken in already. Raises UnusableAuthorityError before anything is made."""
    require_usable(slug, name, kind)
    require_reachable(server)
    found = read_directory(server)
    known = next((one for one in found if one.slug == slug), None)
    if known is None:
        if kind == "intake" and any(one.kind == kind for one in found):
            raise UnusableAuthorityError(
                sv="Det finns redan en mottagning för okända avsändare.",
                en="There is already a reception for unknown senders.",
            )
        return None
    if known.state != "active":
        raise UnusableAuthorityError(
            sv=f"{slug} har funnits och är avslutad. Välj ett annat kortnamn.",
            en=f"{slug} was here and is closed. Choose another short name.",
        )
    if (known.name, known.kind) != (name, kind):
        raise UnusableAuthorityError(
            sv=f"{slug} finns redan: {known.name}, av slaget {known.kind}. Välj ett annat kortnamn.",
            en=f"{slug} exists already: {known.name}, of the kind {known.kind}. Choose another short name.",
        )
    return known


def _foretell(server: Server, slug: str, name: str, kind: str, known: Registered | None) -> str:
    if known is not None:
        return f"{name} ({slug}) is taken in already; what it lacks of keys and of its trial device would be made."
    if tenant_database(slug) in existing_databases(server):
        return f"{name} ({slug}) was begun: its database {tenant_database(slug)} is there. It would be finished."
    return (
        f"{name} ({slug}) would get the database {tenant_database(slug)}, the roles and credentials of each component "
        f"there, keys and closing codes{'' if kind == 'intake' else ', a greeting and a device for its trial alarms'}."
    )


async def _register(
    server: Server, settings: Settings, clock: Clock, run: Run, slug: str, name: str, kind: str
) -> Authority:
    async with (
        open_keyring(server, settings, "setup", clock) as keyring,
        await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup") as platform,
    ):
        made = await register_authority(
            server, platform, keyring, slug, name, kind=kind, actor=run.actor, now=clock.now()
        )
    run.facts["authority"] = str(made.id)
    return made


def _await_log(data: DataDirectory, settings: Settings, server: Server, made: Authority, clock: Clock) -> bool:
    """Keep its log, where no sequencer runs; otherwise wait until that one does. Return whether anybody does."""
    asyncio.run(seal_logs(data, settings, server, [made], clock))
    secret = KeyFiles.of(data.credentials, data.root / "ledger", made.database_name).secret
    end = clock.monotonic() + LOG_SECONDS
    while not secret.exists() and clock.monotonic() < end:
        time.sleep(_POLL_SECONDS)
    return secret.exists()
