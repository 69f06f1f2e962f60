# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka ledger`: a log, or the receipt of one entry, as files that anyone can verify without us."""

import asyncio
from pathlib import Path

import click

from vaka.clock import Clock, SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import every_authority, reachable_server
from vaka.commands.maintenance import Run, fingerprint, reason_option, require_change, stated_reason, whose
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role, tenant_role
from vaka.errors import ConfigurationError
from vaka.ledger.checkpoints import Checkpoint, parse_checkpoint
from vaka.ledger.cosignatures import Policy
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.ledger.export import export_log, read_published
from vaka.ledger.receipts import NotSealedYetError, Receipt, find_receipt, policy_of, require_there

COMPONENT = "sequencer"
Detail = dict[str, str | int | bool | None]


@click.group()
def ledger() -> None:
    """Export the ledger, and hand out receipts."""


@ledger.command("export")
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--authority", metavar="SHORT-NAME", help="Whose log it is; without it the platform's own.")
@click.option(
    "--to", "target", required=True, type=click.Path(path_type=Path, file_okay=False),
    help="A directory that is empty or not there yet, or an earlier export of this log, which is brought up to date.",
)  # fmt: skip
@click.option("--change", metavar="ID", help="The matter it is done for; it stands in the ledger. Needed.")
@reason_option
def export(data: Path, authority: str | None, target: Path, change: str | None) -> None:
    """Write a log as it was last published, as files for a verifier: checkpoint, tiles and entries (C2SP tlog-tiles).

    An earlier export is brought up to date only where this log continues it; otherwise nothing is written.

    Nothing is verified here. What to verify it with is the log's public key, which whoever verifies has from the day
    the log began; it stands in DIR/ledger. That it was taken out is an entry of the log itself.
    """
    matter = require_change(change, apply=True)
    directory = DataDirectory(data.absolute())
    settings = directory.load_settings()
    with reachable_server(directory, settings) as server:
        role, database = _place(server, authority)
        run = whose(server, SystemClock(), "ledger.export", matter)
        checkpoint = asyncio.run(_export(server, role, database, target, matter, run, SystemClock()))
    click.echo(f"{target} holds the {checkpoint.size} entries of {checkpoint.origin}.")


@ledger.command("receipt")
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--authority", metavar="SHORT-NAME", help="Whose log it is; without it the platform's own.")
@click.option(
    "--to", "target", default=".", show_default=True, type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Where the files are put.",
)  # fmt: skip
@click.argument("number", type=click.IntRange(min=1))
def receipt(data: Path, authority: str | None, target: Path, number: int) -> None:
    """Hand out the receipt of the entry with this NUMBER: NUMBER.tlog-proof (C2SP), and the entry, NUMBER.json.

    Whoever was told a number when something was done has its receipt here. `vaka verify --proof` verifies it.
    """
    directory = DataDirectory(data.absolute())
    settings = directory.load_settings()
    with reachable_server(directory, settings) as server:
        who = whose(server, SystemClock(), "ledger.receipt").actor
        role, database = _place(server, authority)
        policy = policy_of(settings.ledger, settings.ledger.log_name(*([authority] if authority else [])))
        found = asyncio.run(_fetch(server, role, database, number, policy, who, SystemClock()))
    proof, entry = target / f"{number}.tlog-proof", target / f"{number}.json"
    try:
        for path, content in ((proof, found.proof.encode()), (entry, found.entry)):
            with path.open("xb") as file:
                file.write(content)
    except OSError as error:
        raise ConfigurationError(f"The receipt cannot be written to {target}: {error.strerror}.") from error
    click.echo(f"{proof} and {entry} were written.")


async def _fetch(
    server: Server, role: str, database: str, number: int, policy: Policy | None, who: str, clock: Clock
) -> Receipt:  # fmt: skip
    """Find a receipt, and write in that very log that it was handed out.

    Raises NotSealedYetError, EntryGoneError, NoSuchNumberError.
    """
    async with await open_connection(server, role, database, application="vaka-receipt") as connection:
        found = await find_receipt(connection, number, policy)
        if found is None:
            await require_there(connection, number)
            raise NotSealedYetError(number)
        origin = parse_checkpoint(found.proof.checkpoint.text).origin
        facts: Detail = {"entry": number, "tool": fingerprint()}
        async with connection.transaction():
            await append(connection, Entry(Event.LOG_READ, who, clock.now(), f"log:{origin}", detail=facts))
        return found


async def _export(
    server: Server, role: str, database: str, target: Path, matter: str, run: Run, clock: Clock
) -> Checkpoint:  # fmt: skip
    """Write in that very log that it is exported, and export it; an export that fails has an entry that says so.

    Never refused for a log that stands still: to look into it is what an export is for.
    """
    async with await open_connection(server, role, database, application="vaka-export") as connection:
        published = await read_published(connection)
        facts: Detail = {
            "reason": "verification",
            "size": published.size,
            "tool": fingerprint(),
            "change": matter,
            "purpose": stated_reason(),
            **run.facts,
        }

        async def enter(*, succeeded: bool) -> None:
            log = f"log:{published.origin}"
            entry = Entry(Event.LOG_EXPORTED, run.actor, clock.now(), log, succeeded=succeeded, detail=facts)
            async with connection.transaction():
                await append(connection, entry)

        await enter(succeeded=True)
        try:
            return await export_log(connection, target)
        except BaseException:
            await enter(succeeded=False)
            raise


def _place(server: Server, slug: str | None) -> tuple[str, str]:
    if slug is None:
        return platform_role(COMPONENT), PLATFORM_DATABASE
    authorities = every_authority(server)
    for authority in authorities:
        if authority.slug == slug:
            return tenant_role(authority.database_name, COMPONENT), authority.database_name
    known = ", ".join(authority.slug for authority in authorities) or "none"
    raise ConfigurationError(f"There is no authority {slug!r}. Those there are: {known}.")
