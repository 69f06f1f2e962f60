# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka simulate`: sends alarms, heartbeats and storms to a receiver, as devices do."""

import asyncio
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import click
import uvloop

from vaka.clock import Clock, SystemClock
from vaka.commands.numbers import FiniteRange
from vaka.errors import ConfigurationError
from vaka.simulate.device import Outcome
from vaka.simulate.device_file import DeviceRecord, Transport, read_device_file
from vaka.simulate.display import Display, summary
from vaka.simulate.fleet import Fleet
from vaka.simulate.quirks import Quirk
from vaka.simulate.reports import Report
from vaka.simulate.tally import Tally
from vaka.simulate.target import Target, read_target, target_of
from vaka.simulate.timetable import Event, heartbeats, lifelike, once_each, storm, together
from vaka.simulate.traffic import follow, stop_on_signals

MODES = {
    "alarm": "each device sends one report (--report) and waits for its mrs",
    "heartbeats": "each device sends heartbeats at its interval, for --seconds",
    "storm": "within --seconds every device sends a test and --share percent an alarm; heartbeats go on",
    "lifelike": "alarms as in real life, --speed times as many, until Ctrl-C or --seconds",
}
LONGEST_NUMBER = 16
"""Digits of a controller id that counts up."""
USUAL_SECONDS = {"heartbeats": 60.0, "storm": 600.0, "lifelike": float("inf")}


@dataclass(frozen=True, slots=True)
class Plan:
    """What one run shall do."""

    mode: str
    report: Report
    rate: float
    seconds: float
    share: float
    speed: float


@click.command(epilog="\b\nModes:\n" + "\n".join(f"  {name:<11} {text}" for name, text in MODES.items()))
@click.argument("mode", type=click.Choice(list(MODES)))
@click.option("--to", metavar="HOST[:PORT]", help="The receiver. Default: the one in the device file.")
@click.option("--transport", type=click.Choice(["udp", "tcp", "tls"]), default="udp", show_default=True,
              help="How, for devices that are not from a file.")  # fmt: skip
@click.option("--devices", "device_file", type=click.Path(path_type=Path, dir_okay=False),
              help="JSON file with devices and their credentials.")  # fmt: skip
@click.option("--cid", metavar="NUMBER", help="The device's controller id; with --count the first one.")
@click.option(
    "--count", type=click.IntRange(1, 300_000), help="How many devices, numbered from --cid, or from the file."
)
@click.option("--username", help="Digest user name. Default: the controller id.")
@click.option("--password-file", type=click.Path(path_type=Path, dir_okay=False), help="File with the digest password.")
@click.option("--trusted", type=click.Path(path_type=Path, dir_okay=False),
              help="Issuers of the receiver's certificate (PEM). Default: those this machine trusts.")  # fmt: skip
@click.option("--report", type=click.Choice([report.value for report in Report]), default="button", show_default=True,
              help="What `alarm` sends.")  # fmt: skip
@click.option("--rate", type=FiniteRange(0.01, 20_000), default=50.0, show_default=True,
              help="Devices a second that begin to send, in `alarm`.")  # fmt: skip
@click.option("--interval", type=FiniteRange(1, 604_800), default=300.0, show_default=True,
              help="Seconds between heartbeats, for devices that are not from a file.")  # fmt: skip
@click.option("--seconds", type=FiniteRange(1, 31_536_000), help="How long. Default: 60 (heartbeats), 600 (storm).")
@click.option("--share", type=FiniteRange(0, 100), default=10.0, show_default=True,
              help="Percent of the devices that alarm for real in a storm.")  # fmt: skip
@click.option("--speed", type=FiniteRange(0.01, 100_000), default=1.0, show_default=True,
              help="How many times as many alarms as in real life (6.3 a month and device).")  # fmt: skip
@click.option("--quirk", "quirks", multiple=True, type=click.Choice([quirk.value for quirk in Quirk]),
              help="A peculiarity of the devices; may be repeated.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask before sending to another machine.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.pass_context
def simulate(
    context: click.Context, *, mode: str, to: str | None, transport: Transport, device_file: Path | None,
    cid: str | None, count: int | None, username: str | None, password_file: Path | None, trusted: Path | None,
    report: str, rate: float, interval: float, seconds: float | None, share: float, speed: float,
    quirks: tuple[str, ...], yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Send alarms, heartbeats or storms to a receiver, over real SIP, as devices do.

    Sends to the one receiver it is given and nowhere else. The exit code is 1 when a report was lost (refused, or not
    answered after all attempts) or unfinished (the run was stopped before its answer came).
    """
    if device_file is not None:
        if cid or username or password_file:
            raise click.UsageError("--devices says who the devices are; leave out --cid, --username, --password-file.")
        records, target = _from_file(device_file, count, to, trusted)
    elif to is not None and cid is not None:
        target = read_target(to, trusted)
        password = None if password_file is None else _read_password(password_file)
        model = DeviceRecord(
            cid="0", transport=transport, username=username, password=password, interval_seconds=interval
        )
        records = [model.model_copy(update={"cid": number}) for number in _numbers(cid, count or 1)]
    else:
        raise click.UsageError("Say where to and who: --to HOST[:PORT] with --cid NUMBER, or --devices FILE.")
    if quirks:
        added = tuple(Quirk(quirk) for quirk in quirks)
        records = [record.model_copy(update={"quirks": (*record.quirks, *added)}) for record in records]
    _require_consent(target, yes, context)
    plan = Plan(mode, Report(report), rate, seconds or USUAL_SECONDS.get(mode, 0.0), share / 100, speed)
    tally, spent = uvloop.run(_run(plan, records, target, as_json=as_json))
    if as_json:
        click.echo(json.dumps({"mode": mode, "seconds": round(spent, 3), **tally.as_dict()}, indent=2))
    else:
        click.echo(summary(tally, spent))
    if tally.lost or tally.unfinished:
        context.exit(1)


async def _run(plan: Plan, records: list[DeviceRecord], target: Target, *, as_json: bool) -> tuple[Tally, float]:
    clock, tally, stop = SystemClock(), Tally(), asyncio.Event()
    chance = random.Random()  # noqa: S311  not for secrets
    fleet = Fleet(records, target, tally=tally, clock=clock, chance=chance)
    display = asyncio.create_task(Display(tally, clock).run())
    stop_on_signals(stop)
    if plan.mode == "lifelike" and plan.seconds < float("inf"):
        asyncio.get_running_loop().call_later(plan.seconds, stop.set)
    begun = clock.monotonic()
    one_by_one = plan.mode == "alarm" and len(records) == 1 and not as_json
    try:
        await follow(fleet, _timetable(plan, fleet, clock), stop=stop, seen=_tell if one_by_one else _say_nothing)
    finally:
        display.cancel()
        await asyncio.gather(display, return_exceptions=True)
        fleet.close()
    return tally, clock.monotonic() - begun


def _timetable(plan: Plan, fleet: Fleet, clock: Clock) -> Iterator[Event]:
    if plan.mode == "alarm":
        return once_each(len(fleet), plan.report, plan.rate)
    beats = heartbeats([record.interval_seconds for record in fleet.records], fleet.chance, plan.seconds)
    if plan.mode == "heartbeats":
        return beats
    if plan.mode == "storm":
        return together(beats, storm(len(fleet), fleet.chance, plan.seconds, plan.share))
    begun = clock.now().astimezone()
    return together(
        beats,
        lifelike(len(fleet), fleet.chance, plan.speed, lambda seconds: (begun + timedelta(seconds=seconds)).hour),
    )


def _from_file(
    path: Path, count: int | None, to: str | None, trusted: Path | None
) -> tuple[list[DeviceRecord], Target]:
    file = read_device_file(path)
    if to is not None:
        target = read_target(to, trusted)
    elif file.receiver is not None:
        target = target_of(file.receiver)
    else:
        raise ConfigurationError("The device file does not say where the receiver is; add --to HOST[:PORT].")
    return list(file.devices[:count]), target


def _tell(outcome: Outcome) -> None:
    """What a technician wants to know of the one alarm he sent."""
    if outcome.mrs is None:
        answer = "no answer" if outcome.status is None else f"answered {outcome.status}, no mrs"
    else:
        values = ((name, getattr(outcome.mrs, name)) for name in ("snu", "ste", "mre", "cre", "tnu", "hbi"))
        told = " ".join(f"{name}={value}" for name, value in values if value is not None)
        answer = f"answered {outcome.status}; mrs: {told}"
    click.echo(f"{outcome.report} (ref {outcome.ref}): {answer}, after {outcome.seconds * 1000:.1f} ms")


def _say_nothing(outcome: Outcome) -> None:
    pass


def _numbers(first: str, count: int) -> list[str]:
    """The controller ids from the first on, as many digits as it has."""
    if count == 1:
        if not (first.isascii() and first.isprintable() and first and len(first) <= 64 and first.isalnum()):
            raise ConfigurationError("--cid must be letters and digits, at most 64.")
        return [first]
    if not (first.isascii() and first.isdigit() and len(first) <= LONGEST_NUMBER):
        raise ConfigurationError(f"With --count, --cid must be a number of at most {LONGEST_NUMBER} digits.")
    last = int(first) + count - 1
    if len(str(last)) > LONGEST_NUMBER:
        raise ConfigurationError(
            f"With --count {count} the last --cid would be {last}, more than {LONGEST_NUMBER} digits. Begin lower."
        )
    return [str(int(first) + number).zfill(len(first)) for number in range(count)]


def _read_password(path: Path) -> str:
    try:
        password = path.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The password file {path} cannot be read.") from error
    if not password or len(password) > 256:
        raise ConfigurationError(f"The password file {path} does not hold one password.")
    return password


def _require_consent(target: Target, yes: bool, context: click.Context) -> None:
    """Somebody may be woken by what is sent: another machine is asked about first."""
    if target.is_loopback or yes:
        return
    click.echo(
        f"{target.host} ({target.address}) is another machine. If it is a receiver in use, operators will answer these "
        "alarms and help may be sent to people who need none.",
        err=True,
    )
    if not click.confirm("Send to it?", default=False, err=True):
        click.echo("Nothing was sent.", err=True)
        context.exit(1)
