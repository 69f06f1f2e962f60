# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka terms`: how the 37 terms stand, computed from the evidence there is; and a look at what evidence can be had."""

import asyncio
import json
import textwrap
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, assess_all, worst
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.contract import LARGEST_FILE, ContractText, import_contract, parse_contract
from vaka.assurance.evidence import Supervised, list_supervised, read_standings
from vaka.assurance.looking import Looking
from vaka.assurance.terms import Term, load_terms
from vaka.assurance.wording import explain
from vaka.assurance.wording_statuses import STATUSES
from vaka.clock import Clock, SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.keys_at_hand import asking
from vaka.commands.maintenance import change_option, recorded, require_change
from vaka.commands.sealing import seal_logs
from vaka.commands.terms_pack import pack
from vaka.database.connections import make_pool, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.removal.nights import LOCAL
from vaka.scanning.inspecting import Inspector
from vaka.settings import Settings
from vaka.tenants.gateway import Gateway

COMPONENT = "setup"
Board = list[tuple[Term, Judgement]]

_DATA = click.option(
    "--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory."
)


@click.group(invoke_without_command=True)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--authority", metavar="SHORT-NAME", help="Whose board; without it, of each term the worst there is.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of 37 objects: term, label, status, since, reason.")
@click.pass_context
def terms(context: click.Context, data: Path | None, authority: str | None, *, as_json: bool) -> None:
    """Print how the 37 terms stand.

    Nothing here can be set: a status follows from evidence and its age. What nobody has looked at is not met.
    """
    if context.invoked_subcommand is not None:
        return
    if data is None:
        raise click.UsageError("Say with --data which installation it is about.")
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    with (
        reachable_server(directory, directory.load_settings()) as server,
        recorded(server, clock, "terms", None, apply=False),
    ):
        board = asyncio.run(_assess(server, authority, clock.now()))
    click.echo(json.dumps([_row(*one) for one in board], ensure_ascii=False, indent=2) if as_json else _table(board))


terms.add_command(pack)


@terms.command()
@_DATA
def check(data: Path) -> None:
    """Look at everything that can be looked at, now. Exits with 1 where a collector fails.

    The scheduler does the same by itself, as often as each kind of evidence asks for.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    with reachable_server(directory, settings) as server:
        with recorded(server, clock, "terms.check", None, apply=False) as run:
            changed, failing = asyncio.run(_look(server, clock, settings))
            run.facts["count"] = changed
        click.echo(f"{len(COLLECTORS) - len(failing)} collectors looked; {changed} findings are other than before.")
        if not settings.security_contact.is_told(clock.now()):
            click.echo(
                "Nobody is told whom to tell of a weakness: set security_contact.contacts, and an expires to come."
            )
        if failing:
            raise ConfigurationError(
                f"These collectors failed, and their evidence grows old: {', '.join(sorted(failing))}. The lines above "
                "say why."
            )


@terms.command("import")
@_DATA
@click.option("--source", required=True, help="What the document calls itself, with its day or number.")
@click.option("--apply", is_flag=True, help="Take it in; without it how each term would begin is shown.")
@change_option
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_(data: Path, source: str, *, apply: bool, change: str | None, file: Path) -> None:
    """Take in what the contract itself says of the 37 terms, to be read beside our own words on every board.

    FILE is plain text in UTF-8 in which each term begins on a line with its number. Its SHA-256 is shown with the text,
    so that both sides see that it is theirs.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with reachable_server(directory, settings) as server:
        with recorded(server, clock, "terms.import", change, apply=apply) as run:
            with file.open("rb") as opened:
                content = opened.read(LARGEST_FILE + 1)
            contract = parse_contract(content, source)
            if apply:
                run.facts["count"] = int(asyncio.run(_import(server, contract, content, run.actor, clock.now())))
        if apply:
            asyncio.run(seal_logs(directory, settings, server, active_authorities(server), clock))
    for number, text in enumerate(contract.texts, start=1):
        click.echo(f"{number:>2}  {textwrap.shorten(text, 90, placeholder=' …')}")
    click.echo(f"{contract.source}, SHA-256 {contract.digest}")
    if not apply:
        click.echo("Nothing was taken in. Look at how each term begins and ends; then say --apply.")
    elif not run.facts["count"]:
        click.echo("It was this by now: nothing was changed.")


async def _import(server: Server, contract: ContractText, content: bytes, actor: str, now: datetime) -> bool:
    async with await open_connection(
        server, platform_role(COMPONENT), PLATFORM_DATABASE, application="vaka-terms"
    ) as connection:
        await connection.execute("set search_path = vaka")
        return await import_contract(connection, contract, content, actor=actor, now=now)


async def _assess(server: Server, slug: str | None, now: datetime) -> Board:
    async with await open_connection(
        server, platform_role(COMPONENT), PLATFORM_DATABASE, application="vaka-terms"
    ) as connection:
        await connection.execute("set search_path = vaka")
        supervised = _choose(await list_supervised(connection, now), slug)
        boards = [
            assess_all(load_terms(), await read_standings(connection, one.id), one.contract, now) for one in supervised
        ]
    return [(column[0][0], worst([judgement for _, judgement in column])) for column in zip(*boards, strict=True)]


def _choose(supervised: Sequence[Supervised], slug: str | None) -> Sequence[Supervised]:
    chosen = [one for one in supervised if slug in (None, one.slug)]
    if not chosen:
        names = ", ".join(one.slug for one in supervised) or "none"
        raise ConfigurationError(f"There is no authority {slug or ''!r} whose terms stand. Those there are: {names}.")
    return chosen


async def _look(server: Server, clock: Clock, settings: Settings) -> tuple[int, frozenset[str]]:
    gateway = Gateway(server, COMPONENT, active_authorities(server), pool_size=1)
    platform = make_pool(server, platform_role(COMPONENT), PLATFORM_DATABASE, application="vaka-terms", largest=1)
    await platform.open()
    try:
        async with asking(server, settings) as keys:
            root = server.credentials.parent
            inspector = Inspector.of(settings.attachments, root)
            place = Place(platform, gateway, (), settings=settings, keys=keys, root=root, inspector=inspector)
            looking = Looking(place, clock)
            return await looking.look_around(), looking.failing
    finally:
        await gateway.close()
        await platform.close()


def _row(term: Term, judgement: Judgement) -> dict[str, object]:
    return {
        "term": term.number, "label": term.label.sv, "label_en": term.label.en, "status": judgement.status.value,
        "since": judgement.since.isoformat(timespec="seconds"), "reason": explain(term, judgement).sv,
        "reason_en": explain(term, judgement).en, "code": judgement.reason, "evidence": judgement.requirement,
    }  # fmt: skip


def _table(board: Board) -> str:
    lines = []
    for term, judgement in board:
        since = judgement.since.astimezone(LOCAL)
        lines.append(
            f"{term.number:>2}  {STATUSES[judgement.status].en:<14}  {since:%Y-%m-%d %H:%M} {since.tzname():<4}  "
            f"{term.label.en}\n    {explain(term, judgement).en}"
        )
    red = sum(judgement.status.red for _, judgement in board)
    return "\n".join([*lines, f"{red} of {len(board)} terms need somebody."])
