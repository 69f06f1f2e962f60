# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka advisories`: taking in what others publish of vulnerabilities (term 29)."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import click

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.maintenance import Run, recorded
from vaka.commands.sealing import seal_logs
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError, VakaError
from vaka.operations.vulnerabilities.fetching import fetch
from vaka.operations.vulnerabilities.importing import Taken, take_in
from vaka.operations.vulnerabilities.reading import LARGEST_FILE, AdvisoryData, read_data

NOT_ALL = 1
"""Exit code where a source gave nothing that could be taken in."""

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip
shrunk_option = click.option(
    "--shrunk", is_flag=True, help="Take it in although it has fewer than half as many records as the last."
)


@click.group()
def advisories() -> None:
    """Take in published vulnerabilities; the scheduler holds them against what runs."""


@advisories.command("import")
@data_option
@click.option(
    "--from", "source", required=True, type=click.Path(path_type=Path, dir_okay=False),
    help="A zip or JSON of OSV's, or the JSON of Debian's security tracker.",
)  # fmt: skip
@click.option(
    "--as-of", metavar="TIME", help="When the source made it (ISO 8601, with zone); otherwise the file's own time."
)
@shrunk_option
def import_(data: Path, source: Path, as_of: str | None, shrunk: bool) -> None:
    """Take in a file of published vulnerabilities, in place of what the same source said before.

    Nothing is fetched. A file that is not as its format says, older than what there is, or of a time to come is
    refused as a whole. Evidence of term 29 wants data of the last 24 hours: run it each day, as a timer does.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    content, changed_at = _read(source)
    source_at = changed_at if as_of is None else _read_time(as_of)
    read = read_data(content)
    with reachable_server(directory, settings) as server:
        with recorded(server, clock, "advisories.import", None, apply=False) as run:
            asyncio.run(_take_in(server, run, read, Taken(min(source_at, clock.now()), False, shrunk)))
        asyncio.run(seal_logs(directory, settings, server, active_authorities(server), clock))
    _say(read)


@advisories.command("fetch")
@data_option
@shrunk_option
def fetch_(data: Path, shrunk: bool) -> None:
    """Fetch what the settings name under vulnerabilities.sources, and take it in.

    Run it by a timer, each hour. Where one source gives nothing the others are taken in, and it ends with 1; without
    any source it does nothing.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    failed = 0
    with reachable_server(directory, settings) as server:
        with recorded(server, clock, "advisories.fetch", None, apply=False) as run:
            for one in settings.vulnerabilities.sources:
                try:
                    got = asyncio.run(fetch(one.url, one.trusted, seconds=settings.vulnerabilities.fetch_seconds))
                    read, now = read_data(got.content), clock.now()
                    asyncio.run(_take_in(server, run, read, Taken(min(got.changed_at or now, now), True, shrunk)))
                    _say(read)
                except VakaError as error:
                    failed += 1
                    click.echo(error.sentence.en, err=True)
            run.facts["count"] = len(settings.vulnerabilities.sources) - failed
        asyncio.run(seal_logs(directory, settings, server, active_authorities(server), clock))
    if failed:
        raise SystemExit(NOT_ALL)


async def _take_in(server: Server, run: Run, read: AdvisoryData, taken: Taken) -> None:
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform:
        await take_in(platform, read, taken, by=run.actor, now=SystemClock().now())


def _say(read: AdvisoryData) -> None:
    click.echo(f"{read.source}: {len(read.records)} records. The scheduler compares within a minute.")


def _read(source: Path) -> tuple[bytes, datetime]:
    try:
        with source.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        return content, datetime.fromtimestamp(source.stat().st_mtime, UTC)
    except OSError as error:
        raise ConfigurationError(f"{source} cannot be read: {error.strerror}.") from error


def _read_time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError("--as-of is no time: write it as 2026-01-31T12:00:00+01:00.") from error
    if at.tzinfo is None:
        raise ConfigurationError("--as-of lacks its zone: write it as 2026-01-31T12:00:00+01:00.")
    return at
