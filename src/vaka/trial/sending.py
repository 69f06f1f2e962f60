# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One trial alarm: pressed, answered, confirmed, stored, entered in the log, told to what feeds the desks."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from uuid import UUID

import psycopg
import structlog

from vaka.clock import Clock
from vaka.crypto.chance import random_bytes
from vaka.database.connections import Connection, DatabaseUnavailableError
from vaka.database.queries import load_queries
from vaka.logs import describe_error
from vaka.operations.trials.standing import Trial, TrialOutcome
from vaka.simulate.causes import SILENT
from vaka.simulate.device import Device, Outcome, Persistence
from vaka.simulate.device_file import DeviceRecord
from vaka.simulate.links import StreamLink
from vaka.simulate.reports import Report
from vaka.simulate.tally import Tally
from vaka.simulate.target import Target
from vaka.tenants.trial_credentials import DEVICE_TYPE, TrialDevice

QUERIES = load_queries("vaka.trial")
ANSWERED_SECONDS = 15.0
"""How long a receiver may take to connect, to answer and to confirm: far longer than a device would wait."""
CONFIRMED_SECONDS = 5.0
SEEN_SECONDS = 5.0
"""How long what was answered may take to be found where it has to be: it was there before the answer."""
_LOOK_SECONDS = 0.05
_ONCE = Persistence(attempts=1, confirmation_seconds=CONFIRMED_SECONDS, confirmation_attempts=0)
"""A device tries again and again. Here it shall be seen that it has to."""


@dataclass(frozen=True, slots=True)
class Way:
    """The way to the receivers, as devices go it."""

    target: Target
    context: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class Known:
    """What the platform knows a trial device by."""

    device_id: UUID
    sender: str


async def try_alarm(
    way: Way, device: TrialDevice, known: Known, connect: Callable[[], Awaitable[Connection]], clock: Clock
) -> Trial:
    """Send one, and look for it through a connection of the authority's database that was open before. Never raises
    for what a receiver or a database does. Where that database would not mark it, nothing is sent.
    """
    try:
        tenant = await connect()
    except DatabaseUnavailableError:
        return Trial(TrialOutcome.UNREACHABLE)
    try:
        asked = {"device": known.device_id, "sender": known.sender}
        if await (await tenant.execute(QUERIES["is_trial_device"], asked)).fetchone() != (True,):
            return Trial(TrialOutcome.UNPREPARED)
        heard: set[str] = set()
        tenant.add_notify_handler(lambda told: heard.update(told.payload.split(",")))
        await tenant.execute("listen alarm")
        begun, ref = clock.monotonic(), random_bytes(8).hex()
        trial = await _press(way, device, ref, clock)
        if trial.outcome in (TrialOutcome.WELL, TrialOutcome.UNCONFIRMED):
            trial = await _look(tenant, ref, heard, trial, begun, clock)
        if trial.outcome is TrialOutcome.WELL:
            await _forget(tenant)
    except (psycopg.Error, OSError):
        return Trial(TrialOutcome.UNREACHABLE)
    else:
        return trial
    finally:
        await tenant.close()


async def _forget(tenant: Connection) -> None:
    """Remove those of hours ago. That this fails, says nothing of the one that came through."""
    try:
        await tenant.execute(QUERIES["forget_trials"])
    except (psycopg.Error, OSError) as error:
        structlog.get_logger().warning("old trials not removed", **describe_error(error))


async def _press(way: Way, device: TrialDevice, ref: str, clock: Clock) -> Trial:
    """Send it, and return how far it came by what was answered."""
    chance = Random(random_bytes(16))  # noqa: S311 - of tags and branches; what proves anything is made elsewhere
    record = DeviceRecord(
        cid=device.number, device_type=DEVICE_TYPE, transport="tls", authentication="digest", algorithm="SHA-256",
        password=device.password,
    )  # fmt: skip
    link = StreamLink(way.target.address_for("tls"), chance, way.context, way.target.host)
    tally = Tally()
    try:
        async with asyncio.timeout(ANSWERED_SECONDS):
            sent = await Device(
                record, link, way.target.host, references=iter([ref]), tally=tally, clock=clock, chance=chance,
                persistence=_ONCE,
            ).report(Report.TEST)  # fmt: skip
    except TimeoutError:
        return Trial(TrialOutcome.UNANSWERED, cause=SILENT)
    finally:
        link.close()
    return _judge_answer(sent, next(iter(tally.causes), ""))


def _judge_answer(sent: Outcome, cause: str) -> Trial:
    if sent.status is None:
        return Trial(TrialOutcome.UNANSWERED, cause=cause)
    if sent.status == 503:
        return Trial(TrialOutcome.BUSY)
    if not sent.is_delivered or (sent.mrs is not None and sent.mrs.snu != 0):
        return Trial(TrialOutcome.REFUSED)
    answered = round(1000 * sent.seconds)
    return Trial(TrialOutcome.UNCONFIRMED if sent.mrs is None else TrialOutcome.WELL, answered)


async def _look(
    tenant: Connection, ref: str, heard: set[str], trial: Trial, begun: float, clock: Clock
) -> Trial:  # fmt: skip
    """Return what became of an alarm that was answered: not the answer counts, but what stands there."""
    until = clock.monotonic() + SEEN_SECONDS
    while True:
        found: tuple[UUID, bool, bool] | None = await (
            await tenant.execute(QUERIES["find_trial"], {"ref": ref})
        ).fetchone()
        if found is not None and not found[1]:
            return Trial(TrialOutcome.REAL, trial.answered_ms)
        if found is not None and found[2] and str(found[0]) in heard:
            return Trial(trial.outcome, trial.answered_ms, round(1000 * (clock.monotonic() - begun)))
        if clock.monotonic() >= until:
            stands = found is not None and found[2]
            return Trial(TrialOutcome.UNSEEN if stands else TrialOutcome.UNRECORDED, trial.answered_ms)
        await asyncio.sleep(_LOOK_SECONDS)
