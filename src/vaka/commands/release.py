# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka release`: signing a release, looking at one, and how it gets from a test environment into production."""

import asyncio
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import click

from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import reachable_server
from vaka.commands.maintenance import change_option, recorded, require_change
from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.errors import ConfigurationError
from vaka.identity.installation import read_installation_mode
from vaka.keys.signing_key import read_signing_key
from vaka.operations.integrity.attestation import (
    Scan,
    describe_results,
    describe_scan,
    read_results,
    require_tested,
)
from vaka.operations.integrity.deployments import deploy
from vaka.operations.integrity.envelope import NotBelievedError, Trust, read_trust, seal
from vaka.operations.integrity.gates import FLAWS, REQUIRED, as_gates, judge, read_gates, require_passed
from vaka.operations.integrity.gating import run_flaws
from vaka.operations.integrity.manifest import MANIFEST, Release, read_release, require_unaltered
from vaka.operations.integrity.releasing import compile_release, make_release
from vaka.operations.integrity.test_data import list_stores, scan_databases
from vaka.settings import Settings

_FILE = click.Path(path_type=Path, dir_okay=False)
_DIRECTORY = click.Path(path_type=Path, file_okay=False)
data_option = click.option("--data", required=True, type=_DIRECTORY, help="The data directory.")
release_option = click.option(
    "--release",
    "where",
    type=_DIRECTORY,
    help="Where the release is installed; otherwise where this command is.",
)
apply_option = click.option("--apply", is_flag=True, help="Do it; without it it is only shown.")
_TEST, _PRODUCTION = "test", "production"


@click.group()
def release() -> None:
    """Sign releases, say that they were tested, and put them in production."""


@release.command("sign")
@click.option("--release", "where", required=True, type=_DIRECTORY, help="The virtual environment that is the release.")
@click.option("--sequence", required=True, type=click.IntRange(1), help="Higher than of every release before it.")
@click.option("--gates", required=True, type=_FILE, help="What the gates wrote.")
@click.option("--key", "keys", required=True, multiple=True, type=_FILE, help="The key to sign with; made if missing.")
def sign_(where: Path, sequence: int, gates: Path, keys: Sequence[Path]) -> None:
    """Write the bill of materials and the signed manifest into a release, where its gates let it through.

    Done where releases are made; no installation is touched.
    """
    compile_release(where.absolute())
    made = make_release(where.absolute(), sequence, read_gates(gates), [read_signing_key(one) for one in keys])
    click.echo(f"{where / MANIFEST}: version {made.version}, sequence {sequence}, {len(made.files)} files.")


@release.command("gates")
@click.option("--tree", required=True, type=_DIRECTORY, help="The sources of the release.")
@click.option("--tool", required=True, type=_FILE, help="ruff, which looks for flaws.")
@click.option("--configuration", required=True, type=_FILE, help="What the gates are run with.")
@click.option(
    "--findings", "others", multiple=True, type=(click.Choice([one for one in REQUIRED if one != FLAWS]), _FILE),
    help="A gate that was run already, and what its tool wrote (SARIF 2.1.0).",
)  # fmt: skip
@click.option("--to", "target", required=True, type=_DIRECTORY, help="A new directory, for what they found.")
def gates_(tree: Path, tool: Path, configuration: Path, others: Sequence[tuple[str, Path]], target: Path) -> None:
    """Look for flaws in the sources, and judge what every gate wrote. Exits with 1 where one was not passed.

    Done where releases are made; no installation is touched. What is written there is kept: the release names its
    digests.
    """
    try:
        target.mkdir(parents=True)
        written = {name: shutil.copyfile(path, target / f"{name}.sarif") for name, path in others}
    except OSError as error:
        raise ConfigurationError(f"{target} cannot be written: {error.strerror}.") from error
    written[FLAWS] = target / f"{FLAWS}.sarif"
    run_flaws(tool, configuration, tree, written[FLAWS])
    passages = [judge(name, written.get(name)) for name in REQUIRED]
    said = as_gates(passages, sha256(_read(configuration)).hexdigest())
    _write(target / "gates.json", json.dumps(said, indent=1).encode() + b"\n")
    for one in passages:
        click.echo(f"{one.name:<14} {one.outcome:<8} {one.findings} findings, {one.examined} looked at")
    require_passed(said)


@release.command("verify")
@click.option("--keys", "trusted", required=True, type=_FILE, help="The keys that are believed.")
@release_option
def verify_(trusted: Path, where: Path | None) -> None:
    """Compare a release with its signed manifest, file by file, and print its fingerprint."""
    root = _root(where)
    with _believed("The release"):
        found = read_release(root, read_trust(trusted))
        require_unaltered(root, found)
    click.echo(f"As it was signed: version {found.version}, sequence {found.sequence}, fingerprint {found.digest}.")


@release.command("attest")
@data_option
@release_option
@click.option("--results", required=True, type=_FILE, help="What the tests said of it, as JUnit's XML.")
@click.option("--to", "target", required=True, type=_FILE, help="A new file.")
@apply_option
@change_option
def attest(data: Path, where: Path | None, results: Path, target: Path, apply: bool, change: str | None) -> None:
    """Say, signed by this test environment, that exactly this release passed here."""
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with (
        reachable_server(directory, settings) as server,
        recorded(server, clock, "release.attest", change, apply=apply) as run,
    ):
        _require_mode(server, _TEST)
        found = _read_installed(directory, settings, _root(where))
        said = read_results(_read(results))
        if said.failed:
            raise ConfigurationError(f"{len(said.failed)} tests failed: that is no attestation.")
        run.facts |= {"digest": found.digest, "count": len(said.passed)}
        click.echo(f"{found.digest}: {len(said.passed)} tests passed.")
        if apply:
            statement = describe_results(found.digest, said, _TEST)
            _write(target, seal(statement, [read_signing_key(directory.root / settings.release.signing_key)]))


@release.command("scan")
@data_option
@release_option
@click.option("--to", "target", required=True, type=_FILE, help="A new file.")
@apply_option
@change_option
def scan(data: Path, where: Path | None, target: Path, apply: bool, change: str | None) -> None:
    """Look for personal numbers of real people in this test environment's databases, and say so, signed.

    Exits with 1 where there are any.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with (
        reachable_server(directory, settings) as server,
        recorded(server, clock, "release.scan", change, apply=apply) as run,
    ):
        _require_mode(server, _TEST)
        digest = _read_installed(directory, settings, _root(where)).digest
        stores = list_stores(server)
        texts, found = scan_databases(server, stores)
        run.facts |= {"digest": digest, "count": found}
        if not texts:
            raise ConfigurationError("There is not one text in these databases: nothing was looked at.")
        if apply:
            statement = describe_scan(Scan(clock.now(), len(stores), texts, found), digest)
            _write(target, seal(statement, [read_signing_key(directory.root / settings.release.signing_key)]))
        if found:
            raise ConfigurationError(f"{found} personal numbers that somebody may have, in {texts} texts. Remove them.")
        click.echo(f"No personal number that anybody has, in {texts} texts of {len(stores)} databases.")


@release.command("deploy")
@data_option
@release_option
@click.option("--attestation", required=True, type=_FILE, help="What the test environment signed of this release.")
@apply_option
@change_option
def deploy_(data: Path, where: Path | None, attestation: Path, apply: bool, change: str | None) -> None:
    """Put a release in production: from its next start on this installation runs it, and nothing else.

    It takes a test environment's word for exactly this release, every gate, and a change in the register that names its
    fingerprint and that somebody other than its author approved.
    """
    directory, clock = DataDirectory(data.absolute()), SystemClock()
    settings = directory.load_settings()
    require_change(change, apply=apply)
    with (
        reachable_server(directory, settings) as server,
        recorded(server, clock, "release.deploy", change, apply=apply) as run,
    ):
        _require_mode(server, _PRODUCTION)
        found = _read_installed(directory, settings, _root(where))
        require_passed(found.gates)
        word = _read(attestation)
        with _believed("The attestation"):
            require_tested(word, _trust(directory, settings), found.digest)
        run.facts["digest"] = found.digest
        asyncio.run(_deploy(server, found, word, run.actor, apply=apply))
        click.echo(f"{found.version} ({found.digest}) {'is deployed' if apply else 'may be deployed'}.")


async def _deploy(server: Server, found: Release, word: bytes, actor: str, *, apply: bool) -> None:
    async with await _open(server) as connection, connection.transaction():
        await deploy(connection, found, word, actor=actor, apply=apply, now=SystemClock().now())


async def _mode(server: Server) -> str | None:
    async with await _open(server) as connection:
        return await read_installation_mode(connection)


async def _open(server: Server) -> Connection:
    return await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-setup")


def _require_mode(server: Server, wanted: str) -> None:
    """What an installation is, its database says, and no setting."""
    decided = asyncio.run(_mode(server))
    if decided != wanted:
        raise ConfigurationError(f"This is a {decided or 'new'} installation; that is done in a {wanted} one alone.")


def _trust(directory: DataDirectory, settings: Settings) -> Trust:
    if settings.release.trusted_keys is None:
        raise ConfigurationError("Nobody is believed: name the file of trusted keys in release.trusted_keys.")
    return read_trust(directory.root / settings.release.trusted_keys)


def _read_installed(directory: DataDirectory, settings: Settings, root: Path) -> Release:
    with _believed("The release"):
        found = read_release(root, _trust(directory, settings))
        require_unaltered(root, found)
        return found


def _root(where: Path | None) -> Path:
    return Path(sys.prefix) if where is None else where.absolute()


@contextmanager
def _believed(what: str) -> Iterator[None]:
    try:
        yield
    except NotBelievedError as error:
        raise ConfigurationError(f"{what} is not believed: {error.fault.value} ({error.things}).") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error


def _write(path: Path, content: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(content)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from error
