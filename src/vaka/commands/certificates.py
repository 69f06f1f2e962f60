# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka certificates`: issuers of the installation's own, and what they issue to its machines (terms 18 and 30)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import click
import psycopg
from cryptography import x509

from vaka.clock import SystemClock
from vaka.commands.certificate_acts import RENEW, acting
from vaka.commands.maintenance import change_option
from vaka.commands.protection import changes_accepted
from vaka.crypto.certificates import USES, found_issuer, require_lasting
from vaka.database.connections import DatabaseUnavailableError
from vaka.errors import ConfigurationError
from vaka.operations.certificates import components, issuers, telling
from vaka.operations.certificates.renewing import Done, read_components, renew_all

NOT_ALL = 1
"""Exit code where something could not be renewed, or not be told of."""

data_option = click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False),
                           help="The data directory.")  # fmt: skip
apply_option = click.option("--apply", is_flag=True, help="Do it; without it it is only looked whether it can be done.")


@click.group()
def certificates() -> None:
    """Issue certificates between machines, and renew them in time."""


@certificates.command("found")
@data_option
@click.option("--name", "names", required=True, multiple=True, help="A domain whose names it may vouch for.")
@click.option("--network", "networks", multiple=True, help="A private network whose addresses it may vouch for.")
@apply_option
@change_option
@click.argument("name")
def found(
    data: Path, names: Sequence[str], networks: Sequence[str], apply: bool, change: str | None, name: str
) -> None:  # fmt: skip
    """Make an issuer that is good for names and networks of one's own, and for nothing else.

    Its certificate is tls/NAME-ca.pem, for whoever is to believe it. Its key is credentials/NAME-ca.key, which stays on
    this machine and is in no backup. An issuer is never replaced: found another, and issue from that.
    """
    clock = SystemClock()
    issuers.require_name(name)
    domains, addresses = issuers.require_names(names), issuers.require_networks(networks)
    with acting(data, clock, "certificates.found", change, apply=apply) as act:
        issuers.require_none_yet(act.root, name)
        if not apply:
            click.echo("It can be founded. Nothing was changed. Do it with --apply.")
            return
        now = clock.now()
        made = found_issuer(name, domains, addresses, now)
        act.enter(telling.founded(name, made.certificate, act.run.actor, now), clock)
        _written(lambda: issuers.keep_issuer(act.root, name, made))
        click.echo(f"{issuers.certificate_file(act.root, name)}: {_until(made.certificate)}.")


@certificates.command("issue")
@data_option
@click.option("--issuer", required=True, metavar="NAME", help="Which issuer of ours.")
@click.option("--host", "names", required=True, multiple=True, help="A name or address of whom it is for.")
@click.option("--use", type=click.Choice(list(USES)), default="server", show_default=True, help="What it is shown as.")
@click.option(
    "--request", type=click.Path(path_type=Path, dir_okay=False),
    help="A request (PKCS #10, PEM) of another machine, which keeps the key; only its key is taken of it.",
)  # fmt: skip
@apply_option
@change_option
@click.argument("name")
def issue(
    data: Path, issuer: str, names: Sequence[str], use: str, request: Path | None, apply: bool, change: str | None,
    name: str,
) -> None:  # fmt: skip
    """Issue a certificate to tls/NAME.pem, its key to tls/NAME.key; `renew` issues it anew from then on.

    Whatever of that name was issued before is replaced: for other hosts, from another issuer, or because a key is lost.
    """
    clock = SystemClock()
    issuers.require_name(name)
    with acting(data, clock, "certificates.issue", change, apply=apply) as act:
        signer = issuers.open_issuer(act.root, issuer)
        require_lasting(signer.certificate, clock.now())
        hosts = issuers.require_hosts(signer.certificate, names)
        components.require_place(act.root, name)
        asked = b"" if request is None else _read(request)
        components.require_request(asked)
        if not apply:
            click.echo("It can be issued. Nothing was changed. Do it with --apply.")
            return
        now = clock.now()
        made = components.issue_whole(signer, hosts, use, now, asked)
        act.enter(telling.issued(name, issuer, made.certificate, act.run.actor, now, anew=False), clock)
        _written(lambda: components.keep(act.root, name, made, asked))
        click.echo(f"{act.root / 'tls' / name}.pem: {_until(made.certificate)}.")


@certificates.command("renew")
@data_option
def renew(data: Path) -> None:
    """Issue anew what ends within thirty days, for the same hosts and uses, each for a new key.

    Run it each day by a timer (vaka-certificates.timer). It makes nothing that was not issued by somebody. Where the
    database does not answer it renews all the same, and tells of it at its next run. Ends with 1 where something could
    not be renewed, or not be told of.
    """
    clock, done = SystemClock(), Done()
    away = False
    try:
        with acting(data, clock, RENEW) as act:
            away = act.away
            if act.server is None:
                done = renew_all(act.root, act.run.actor, clock.now())
            else:
                # What the receiver shows is protected, and what is renewed here is accepted with it.
                with changes_accepted(act.root, act.server, clock, act.run.actor, rights=False):
                    done = renew_all(act.root, act.run.actor, clock.now())
                act.tell(act.server, [], clock)
                act.run.facts["count"] = len(done.renewed)
    except (psycopg.OperationalError, DatabaseUnavailableError):
        away = True
    for line in done.failed:
        click.echo(line, err=True)
    click.echo(f"Renewed: {', '.join(done.renewed) or 'none'}. Not renewed: {len(done.failed)}.")
    if away:
        click.echo("The database does not answer; the log is told of what was renewed at the next run.", err=True)
        raise SystemExit(NOT_ALL)
    if done.failed:
        raise SystemExit(NOT_ALL)


@certificates.command("list")
@data_option
def list_(data: Path) -> None:
    """Print which issuers and certificates there are on this machine, for whom, and when each ends."""
    clock = SystemClock()
    with acting(data, clock, "certificates.list") as act:
        now, (found, unfit) = clock.now(), issuers.list_issuers(act.root)
        issued, broken = read_components(act.root)
    for name, one in found.items():
        click.echo(f"issuer {name}: {_until(one)}, {_left(one, now)}")
    for name, error in unfit.items():
        click.echo(f"issuer {name}: wrong, {components.say_why(error)}")
    for part in issued:
        click.echo(
            f"{part.name}: {part.use}, {' '.join(part.hosts)}, signed by {part.issuer or 'none of these'}, "
            f"{_until(part.certificate)}, {_left(part.certificate, now)}"
            f"{', its key elsewhere' if part.request else ''}"
        )
    for name, error in broken.items():
        click.echo(f"{name}: wrong, {components.say_why(error)}")


def _written(write: Callable[[], None]) -> None:
    try:
        write()
    except OSError as error:
        raise ConfigurationError(f"It cannot be written to tls/ and credentials/: {error.strerror}.") from error


def _read(request: Path) -> bytes:
    try:
        return request.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{request} cannot be read: {error.strerror}.") from error


def _left(one: x509.Certificate, now: datetime) -> str:
    ends = one.not_valid_after_utc
    return "ended" if ends <= now else f"{(ends - now).days} days"


def _until(one: x509.Certificate) -> str:
    return f"until {one.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
