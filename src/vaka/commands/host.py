# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka host`: whom the operating system lets in, who worked there as root (term 10), how its clock stands (27), and
whether what is installed may start there (28)."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname
from uuid import UUID

import click

from vaka.clock import Clock, SystemClock, read_clock_state
from vaka.commands.admit import admit
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities, reachable_server
from vaka.commands.host_accounts import SignIn, login_accounts, read_sign_ins
from vaka.commands.maintenance import actor, recorded
from vaka.commands.sealing import seal_logs
from vaka.database.connections import open_connection
from vaka.database.queries import load_queries
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.ledger.entries import Entry, append_many
from vaka.ledger.events import Event
from vaka.operations.flows.certificates import read_certificates
from vaka.operations.flows.register import Finding, Flow, judge, list_flows
from vaka.operations.flows.reporting import ToldCertificate, report_certificates, report_flows
from vaka.operations.flows.sockets import list_reachable, name_owners
from vaka.operations.timesync.chrony import NoReportError
from vaka.operations.timesync.reporting import read_facts, report_clock
from vaka.operations.timesync.rule import Facts
from vaka.operations.timesync.wording import WRONG

QUERIES = load_queries("vaka.commands")
DIFFERENT = 1
"""Exit code where something is not as it should be."""
RECORDS = Path("/var/log/wtmp")
"""Only a look there counts as one in the evidence of term 10: another file may hold whatever somebody put there."""
MOST_TOLD = 1000
"""Entries of one look; a file that holds more has its newest told of, and the run says how many there were."""

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip


@click.group()
def host() -> None:
    """Look at the machine itself: its accounts, who signed in to it, how its clock stands, what may start there."""


host.add_command(admit)


@host.command()
@data_option
def accounts(data: Path) -> None:
    """Compare the accounts of this machine that somebody can work as with those the settings expect, and with whoever
    holds administrator rights.

    Ends with 1 where there is one more or less than host.accounts names, or one that is no active administrator's
    (host.administrators), and the log has an entry.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    found, expected = login_accounts(), set(settings.host.accounts)
    unexpected, missing = sorted(found - expected), sorted(expected - found)
    whose = {one.login: one.account for one in settings.host.administrators}
    own = (found & expected) - {"root", *settings.host.shared_accounts}
    with reachable_server(directory, settings) as server:
        with recorded(server, clock, "host.accounts", None, apply=False) as run:
            holders = asyncio.run(_read_holders(server, clock))
            unheld = sorted(login for login in own if whose.get(login) not in holders)
            detail: dict[str, str | int | bool | None] = {
                "found": len(found), "unexpected": len(unexpected), "missing": len(missing), "unheld": len(unheld),
            }  # fmt: skip
            run.facts |= detail
            if unexpected or missing or unheld:
                entry = Entry(Event.HOST_ACCOUNTS_DIFFER, run.actor, clock.now(), "host:accounts", detail=detail)
                asyncio.run(_write(server, [entry]))
        asyncio.run(seal_logs(directory, settings, server, active_authorities(server), clock))
    for name in unexpected:
        click.echo(f"{name}: can be worked as, and the settings do not expect it")
    for name in missing:
        click.echo(f"{name}: expected by the settings, and nobody can work as it")
    for name in unheld:
        click.echo(f"{name}: no active administrator's, by host.administrators")
    different = len(unexpected) + len(missing) + len(unheld)
    click.echo(f"Accounts that somebody can work as: {len(found)}. Different: {different}.")
    if different:
        raise SystemExit(DIFFERENT)


@host.command("sign-ins")
@data_option
@click.option(
    "--records", type=click.Path(path_type=Path, dir_okay=False), default=RECORDS, show_default=True,
    help="The file with the machine's records (utmp(5)).",
)  # fmt: skip
def sign_ins(data: Path, records: Path) -> None:
    """Tell the log of each sign-in as root, or as another account that people share, since the last look.

    Ends with 1 where there was one. Run it by a timer, each five minutes. What writes no record there is not seen:
    commands over ssh without a terminal, su, sudo; nor is what root has taken out of the file.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    seen = _Seen(directory.root / "run" / "sign-ins.seen")
    shared = {"root", *settings.host.shared_accounts}
    since, usual = seen.read(clock.now()), records == RECORDS
    try:
        found = [one for one in read_sign_ins(records) if one.at > since and one.user in shared]
    except OSError as error:
        raise ConfigurationError(f"The records {records} cannot be read: {error.strerror}.") from error
    with reachable_server(directory, settings) as server:
        with recorded(server, clock, "host.sign-ins", None, apply=False) as run:
            run.facts |= {"found": len(found), "usual": usual}
            if found:
                asyncio.run(_write(server, [_entry(one, clock) for one in found[-MOST_TOLD:]]))
                # Only what is told of has been seen; and a record from the future hides none that comes before it.
                seen.write(min(clock.now(), max(one.at for one in found)))
        asyncio.run(seal_logs(directory, settings, server, active_authorities(server), clock))
    for one in found:
        click.echo(f"{one.at.isoformat(timespec='seconds')}  {one.user}  {one.line}")
    click.echo(f"Sign-ins as an account that is nobody's own: {len(found)}.")
    if found:
        raise SystemExit(DIFFERENT)


@host.command()
@data_option
def clock(data: Path) -> None:
    """Tell how this machine's clock stands, by the rule of term 27.

    Ends with 1 where something is wrong with it. Run it by a timer, each minute, on every machine that runs no
    scheduler; the scheduler tells of its own machine by itself.
    """
    directory, system = DataDirectory(data.absolute()), SystemClock()
    settings, machine = directory.load_settings(), gethostname()
    try:
        facts = read_facts(directory.root, settings.clock, read_clock_state(), system.now())
    except NoReportError as error:
        raise ConfigurationError(
            f"{settings.clock.report} cannot be read: this machine's time service wrote nothing down. See docs/time.md."
        ) from error
    with reachable_server(directory, settings) as server:
        with recorded(server, system, "host.clock", None, apply=False) as run:
            run.facts["found"] = len(facts.reasons)
            asyncio.run(_tell_clock(server, machine, facts, system))
        asyncio.run(seal_logs(directory, settings, server, active_authorities(server), system))
    for reason in facts.reasons:
        click.echo(WRONG[reason].en)
    click.echo(f"{machine}: {facts.source or 'no source'}, {facts.offset * 1000:+.3f} ms. Wrong: {len(facts.reasons)}.")
    if facts.reasons:
        raise SystemExit(DIFFERENT)


async def _tell_clock(server: Server, machine: str, facts: Facts, system: Clock) -> None:
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform:
        await platform.execute("set search_path = vaka")
        await report_clock(platform, machine, facts, system.now())


@host.command()
@data_option
def ports(data: Path) -> None:
    """Tell which ports of this machine can be reached, held against the register of flows (term 30), and when the
    certificates in tls/ of the data directory end.

    Ends with 1 where a port is not as the register has it, or a certificate is not valid today. Run it by a timer, each
    five minutes (vaka-ports.timer), on every machine that runs no scheduler; the scheduler tells of its own by itself.
    """
    directory, system = DataDirectory(data.absolute()), SystemClock()
    settings, proc = directory.load_settings(), Path("/proc")
    listening, flows = list_reachable(proc), list_flows(settings)
    findings = judge(listening, flows, system.now())
    try:
        certificates = read_certificates(directory.root)
    except OSError as error:
        raise ConfigurationError(f"The certificates in tls/ cannot be read: {error.strerror}.") from error
    expired = [one for one in certificates if one.standing(system.now()) == "expired"]
    opened: set[tuple[str, int]] = {(one.transport, one.port) for one in listening}
    with reachable_server(directory, settings) as server:
        with recorded(server, system, "host.ports", None, apply=False) as run:
            run.facts["found"] = len(findings) + len(expired)
            asyncio.run(_tell_flows(server, flows, opened, findings, certificates))
        asyncio.run(seal_logs(directory, settings, server, active_authorities(server), system))
    owners = name_owners(proc, [one.listening for one in findings])
    for one in findings:
        where = one.listening
        owner = owners.get(where.inode, "another account's")
        click.echo(f"{where.transport} {where.address} {where.port}: {one.reason} ({owner})")
    for told in expired:
        click.echo(f"{told.name}: not valid today")
    wrong = len(findings) + len(expired)
    seen = f"ports that can be reached: {len(listening)}, certificates: {len(certificates)}"
    click.echo(f"{gethostname()}: {seen}. Wrong: {wrong}.")
    if wrong:
        raise SystemExit(DIFFERENT)


async def _tell_flows(
    server: Server, flows: Sequence[Flow], opened: set[tuple[str, int]], findings: Sequence[Finding],
    certificates: Sequence[ToldCertificate],
) -> None:  # fmt: skip
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform:
        await platform.execute("set search_path = vaka")
        await report_flows(platform, gethostname(), flows, opened, findings)
        await report_certificates(platform, gethostname(), certificates)


def _entry(one: SignIn, clock: Clock) -> Entry:
    # The clock that wrote the record may be wrong; the log keeps its own order, and says both.
    detail: dict[str, str | int | bool | None] = {
        "at": one.at.isoformat(timespec="seconds"),
        "line": one.line,
        "remote": one.is_remote,
    }
    return Entry(Event.HOST_SIGNED_IN, actor(), clock.now(), f"host:{one.user}", detail=detail)


async def _read_holders(server: Server, clock: Clock) -> set[UUID]:
    """Return the active accounts that hold the administrators' role."""
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform:
        cursor = await platform.execute(QUERIES["list_administrators"], {"now": clock.now()})
        return {row[0] for row in await cursor.fetchall()}


async def _write(server: Server, entries: list[Entry]) -> None:
    connecting = open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")
    async with await connecting as platform, platform.transaction():
        await append_many(platform, entries)


class _Seen:
    """Up to which moment sign-ins were told of. Without it everything in the file is told of once more."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, now: datetime) -> datetime:
        beginning = datetime.fromtimestamp(0, UTC)
        try:
            said = datetime.fromisoformat(self._path.read_text("ascii").strip())
            # Whoever sets it forward to work unseen has everything told of once more.
            return said if said <= now else beginning
        except (OSError, ValueError, TypeError):
            return beginning

    def write(self, at: datetime) -> None:
        draft = self._path.with_suffix(".draft")
        draft.write_text(at.isoformat(), "ascii")
        draft.replace(self._path)
