# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka witness`: what an authority runs on its own machine, so that no log of the supplier's has two histories."""

import asyncio
import re
import signal
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vaka.clock import SystemClock
from vaka.errors import ConfigurationError
from vaka.ledger.cosignatures import WitnessSigner
from vaka.ledger.errors import LedgerError
from vaka.ledger.note_keys import LogKey
from vaka.ledger.witness import Witness, WitnessFiles
from vaka.ledger.witness_requests import PATH
from vaka.ledger.witness_server import WitnessServer
from vaka.logs import configure_logs

_LISTEN = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})")

_data = click.option(
    "--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The witness's own directory."
)


@click.group()
def witness() -> None:
    """Watch a supplier's logs from a machine of one's own.

    A witness cosigns a log's checkpoint only where it continues everything that it has cosigned before. It needs
    nothing of Vaka's but this program, and reads no entry.
    """


@witness.command("init")
@_data
@click.option("--name", required=True, help="Its name for all time, such as witness.kommun.example/1.")
def init(data: Path, name: str) -> None:
    """Make a witness with a new key, and print the public key to give to the supplier and to whoever verifies."""
    files = WitnessFiles(data.absolute())
    try:
        signer = WitnessSigner.of(name, Ed25519PrivateKey.generate())
    except LedgerError:
        raise ConfigurationError("A name has 1 to 255 signs, none of them a plus sign or a space.") from None
    try:
        files.create(signer)
    except FileExistsError:
        raise ConfigurationError(f"There is a witness in {data} already; `vaka witness show` prints its key.") from None
    except OSError as error:
        raise ConfigurationError(f"The directory {data} cannot be used: {error.strerror}.") from error
    click.echo(signer.key.encode())


@witness.command("add-log")
@_data
@click.argument("vkey")
def add_log(data: Path, vkey: str) -> None:
    """Watch the log with the public key VKEY from now on. A running witness need not be started anew."""
    files = WitnessFiles(data.absolute())
    files.load_signer()
    try:
        log = LogKey.parse(vkey.strip())
    except LedgerError as error:
        raise ConfigurationError(f"This is no public key of a log ({error.code.value}).") from None
    try:
        is_new = files.add_log(log)
    except OSError as error:
        raise ConfigurationError(f"The directory {data} cannot be written: {error.strerror}.") from error
    click.echo(f"{log.name} is watched from now on." if is_new else f"{log.name} was watched already.")


@witness.command("show")
@_data
def show(data: Path) -> None:
    """Print the witness's public key, and how far it has seen each log."""
    files = WitnessFiles(data.absolute())
    click.echo(files.load_signer().key.encode())
    for origin, (_, seen) in files.load_logs().items():
        when = datetime.fromtimestamp(seen.time, UTC).isoformat().replace("+00:00", "Z") if seen.note else "never"
        click.echo(f"{origin}: {seen.checkpoint.size} entries, root {seen.checkpoint.root.hex()}, cosigned {when}")
    found = sorted(path.name for path in files.evidence.glob("*"))
    if found:
        click.echo(f"EVIDENCE of two histories, signed by the log itself, lies in {files.evidence}:")
        for name in found:
            click.echo(f"  {name}")


@witness.command("run")
@_data
@click.option("--listen", default="127.0.0.1:8765", show_default=True, metavar="HOST:PORT", help="Where to listen.")
@click.option(
    "--clock-was-ahead", is_flag=True,
    help="The clock was ahead when it cosigned and is right now: cosign although it seems to go back.",
)  # fmt: skip
def run(data: Path, listen: str, clock_was_ahead: bool) -> None:
    """Answer the logs until it is stopped (Ctrl-C or SIGTERM).

    Put a proxy with TLS in front of it where others share the network. It can be asked for nothing but cosignatures,
    and who asks is not noted down.
    """
    host, port = _parse_listen(listen)
    files = WitnessFiles(data.absolute())
    files.load_signer()
    configure_logs("witness")
    with files.held("running"):
        answers = Witness(files, SystemClock(), clock_was_ahead=clock_was_ahead)
        asyncio.run(_serve(WitnessServer(answers.answer), host, port))


async def _serve(server: WitnessServer, host: str, port: int) -> None:
    try:
        listening = await asyncio.start_server(server.serve_connection, host, port)
    except OSError as error:
        raise ConfigurationError(f"{host}:{port} cannot be listened on: {error.strerror}.") from error
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with listening:
        address, taken = listening.sockets[0].getsockname()[:2]
        click.echo(f"Listening on http://{f'[{address}]' if ':' in address else address}:{taken}/{PATH}")
        await stopped.wait()


def _parse_listen(listen: str) -> tuple[str, int]:
    match = _LISTEN.fullmatch(listen)
    if match is None or int(match[3]) > 65535:
        raise ConfigurationError(f"{listen!r} is no address to listen on; 127.0.0.1:8765 is one.")
    return match[1] or match[2], int(match[3])
