# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka erasure`: trying again, in a backup set that was found or restored later, to read who was erased, or whom an
authority had that was erased as a whole."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click
from psycopg.rows import class_row

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import every_authority, reachable_server
from vaka.commands.keys_at_hand import keyholder_at_hand
from vaka.commands.maintenance import Run, change_option, recorded, require_change
from vaka.commands.receipts import hand_out
from vaka.commands.sealing import seal_logs
from vaka.database.restoring import BackupSet, choose_set, list_sets
from vaka.database.server import Server
from vaka.errors import ConfigurationError
from vaka.ledger.entries import Entry
from vaka.ledger.events import Event
from vaka.ledger.standing import append_privileged, require_standing
from vaka.settings import Settings
from vaka.tenants.attempting import Outcome, Question
from vaka.tenants.attempts import attempt_apart
from vaka.tenants.authorities import QUERIES, Authority
from vaka.tenants.gateway import Gateway

_SAID = {
    "no_room": "there was no room to restore it",
    "not_restored": "it could not be restored",
    "unreadable": "it was restored, and holds no register that this version can read",
    "too_long": "restoring it took too long",
    "none_there": "there is no such set any more",
}


@dataclass(frozen=True, slots=True)
class _Erased:
    """An order that was carried out."""

    id: UUID
    person_id: UUID | None
    """None: the whole authority."""
    removed_at: datetime
    """When rows began to go."""


@click.group()
def erasure() -> None:
    """Try to read erased people in a restored backup."""


@erasure.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--authority", required=True, metavar="SHORT-NAME", help="Whose people.")
@click.option("--order", type=click.UUID, help="One order of erasure alone; without it all that were carried out.")
@click.option("--set", "name", metavar="NAME", default="", help="The set; without it the newest from before.")
@click.option("--apply", is_flag=True, help="Do it; without it the sets and the number of orders are shown.")
@change_option
def attempt(data: Path, authority: str, order: UUID | None, name: str, apply: bool, change: str | None) -> None:
    """Restore a backup set for the while, and try to read there who was erased. It must fail.

    Of an authority that was erased as a whole, people spread over its register are tried, and its own letters. How it
    went is entered in the authority's log, for each order, and the copy is removed. Where anything can be read, the
    exit code is 1.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server, keyholder_at_hand(directory, settings):
        authorities = every_authority(server)  # closed ones too
        chosen = next((one for one in authorities if one.slug == authority), None)
        if chosen is None:
            known = ", ".join(one.slug for one in authorities) or "none"
            raise ConfigurationError(f"There is no authority {authority!r}. Those there are: {known}.")
        erased = asyncio.run(_list_erased(server, chosen, order))
        if apply:
            asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        with recorded(server, clock, "erasure.attempt", change, apply=apply) as run:
            sets = _find_sets(directory, settings, name)
            run.facts["authority"], run.facts["count"] = str(chosen.id), len(erased)
            for one in sets:
                click.echo(f"{one.name}  made {one.made:%Y-%m-%d %H:%M} UTC")
            people = sum(one.person_id is not None for one in erased)
            click.echo(f"People of {chosen.name} who were erased: {people}.")
            if people < len(erased):
                click.echo(f"{chosen.name} was erased as a whole.")
            if not apply:
                click.echo("Nothing was tried. Do it with --apply.")
                return
            readable = asyncio.run(_try_all(directory, settings, server, chosen, erased, sets, name, run))
        asyncio.run(seal_logs(directory, settings, server, authorities, clock))
        click.echo(hand_out(directory, settings, server, run))
    if readable:
        raise ConfigurationError(f"{readable} of them can be read in the backup. Find out why before anything else.")


def _find_sets(directory: DataDirectory, settings: Settings, name: str) -> Sequence[BackupSet]:
    if settings.erasure.backups is None:
        raise ConfigurationError("There are no backup sets to try: the setting erasure.backups names no directory.")
    where = directory.root / settings.erasure.backups
    try:
        sets = [one for one in list_sets(where) if name in ("", one.name)]
    except OSError as error:
        raise ConfigurationError(f"The backup sets in {where} cannot be read: {error.strerror}.") from error
    if not sets:
        raise ConfigurationError(f"There is no whole backup set {name + ' ' if name else ''}in {where}.")
    return sets


async def _list_erased(server: Server, chosen: Authority, order: UUID | None) -> Sequence[_Erased]:
    async with (
        await Gateway(server, "setup", [chosen]).open_own_connection(chosen.id, "erasure") as tenant,
        tenant.cursor(row_factory=class_row(_Erased)) as cursor,
    ):
        await cursor.execute(QUERIES["list_erased_orders"])
        people = await cursor.fetchall()
        await cursor.execute(QUERIES["find_ended_order"])
        erased = [one for one in (*people, *await cursor.fetchall()) if order in (None, one.id)]
    if order is not None and not erased:
        raise ConfigurationError(f"There is no order {order} that was carried out at {chosen.name}.")
    return erased


async def _try_all(
    directory: DataDirectory, settings: Settings, server: Server, chosen: Authority, erased: Sequence[_Erased],
    sets: Sequence[BackupSet], name: str, run: Run,
) -> int:  # fmt: skip
    """Try each, enter how it went, and say so; return of how many anything could be read."""
    readable = 0
    async with await Gateway(server, "setup", [chosen]).open_own_connection(chosen.id, "erasure") as tenant:
        for one in erased:
            async with tenant.transaction():
                await require_standing(tenant, SystemClock().now())
            wanted = choose_set(sets, one.removed_at)
            question = Question(
                component="setup", authority=chosen.id, database=chosen.database_name, person=one.person_id,
                name=wanted.name if wanted else name,
            )  # fmt: skip
            outcome = await attempt_apart(directory.root, settings, question)
            readable += bool(outcome.opened)
            async with tenant.transaction():
                await append_privileged(tenant, [_entry(one, outcome, run)])
            click.echo(f"  {one.id}: {_describe(outcome)}")
    return readable


def _entry(order: _Erased, outcome: Outcome, run: Run) -> Entry:
    by = {"opened": outcome.opened, "tool": run.facts["tool"], "change": run.facts["change"]}
    if order.person_id is None:
        event, thing, facts = Event.ENDING_ATTEMPTED, f"ending:{order.id}", {**outcome.model_dump(), **by}
    else:
        told = outcome.model_dump(exclude={"people_tried", "people_there"})  # it is one person here
        event, thing = Event.ERASURE_ATTEMPTED, f"erasure:{order.id}"
        facts = {"person": str(order.person_id), **told, **by}
    return Entry(event, run.actor, SystemClock().now(), thing, succeeded=not outcome.opened, detail=facts)


def _describe(outcome: Outcome) -> str:
    if outcome.backup != "tried":
        return f"not tried in {outcome.set or 'any set'}: {_SAID.get(outcome.backup, outcome.backup)}"
    tried = outcome.values_tried + outcome.letters_tried + outcome.copies_tried
    return f"in {outcome.set} {tried} values, letters and wrapped keys were tried, and {outcome.opened} opened"
