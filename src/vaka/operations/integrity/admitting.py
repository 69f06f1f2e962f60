# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether what is installed may start here: it is signed, whole, and what was put in production."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from vaka.clock import Clock
from vaka.database.connections import Connection
from vaka.errors import ConfigurationError
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.operations.integrity.deployments import find_newest
from vaka.operations.integrity.envelope import NotBelievedError
from vaka.operations.integrity.starting import refusal
from vaka.operations.integrity.vigil import UNDEPLOYED, inspect_release
from vaka.settings import Settings

_PRODUCTION = "production"


async def require_release(
    connection: Connection, data: Path, settings: Settings, clock: Clock, say: Callable[[str], None],
    installed: Path = Path(sys.prefix),
) -> None:  # fmt: skip
    """Refuse a start of what is no signed release, or not the one that was deployed, and enter that (as setup).

    Outside production it is said and nothing is refused. Until something was deployed, what is signed starts, and where
    no keys are named anything does; for a day after a deployment so does what was deployed before it.

    Raises ConfigurationError.
    """
    fault = await find_fault(connection, data, settings, clock, say, installed)
    if fault is not None:
        await enter_refusal(connection, *fault, clock)
        raise ConfigurationError(refusal(*fault))


async def find_fault(
    connection: Connection, data: Path, settings: Settings, clock: Clock, say: Callable[[str], None], installed: Path,
) -> tuple[str, int] | None:  # fmt: skip
    """Return why what is installed may not start here, and of how many things that is so; None where it may."""
    newest = await find_newest(connection)
    if newest is None and settings.release.trusted_keys is None:
        say("Nothing says which release may run here (release.trusted_keys): whatever is installed runs.")
        return None
    fault, things = "", 1
    try:
        release = await asyncio.to_thread(inspect_release, data, settings, installed)
    except NotBelievedError as error:
        fault, things = error.fault.value, error.things
    else:
        if newest is None:
            say("Nothing was deployed yet: this signed release runs. vaka release deploy makes it the only one.")
        elif not newest.admits(release.digest, clock.now()):
            fault = UNDEPLOYED
    return _judge(fault, things, settings, say)


async def find_fault_alone(
    data: Path, settings: Settings, say: Callable[[str], None], installed: Path
) -> tuple[str, int] | None:
    """Return the same without a database, as far as the files tell: what was deployed, nobody knows then."""
    if settings.release.trusted_keys is None:
        return None
    try:
        await asyncio.to_thread(inspect_release, data, settings, installed)
    except NotBelievedError as error:
        return _judge(error.fault.value, error.things, settings, say)
    return None


def _judge(fault: str, things: int, settings: Settings, say: Callable[[str], None]) -> tuple[str, int] | None:
    if settings.mode == _PRODUCTION:
        return (fault, things) if fault else None
    if fault not in ("", UNDEPLOYED):
        say(f"What runs is no signed release ({fault}, {things}): allowed in a {settings.mode}, and nowhere else.")
    return None


async def enter_refusal(connection: Connection, fault: str, things: int, clock: Clock) -> None:
    """Enter that a start was refused (as setup)."""
    detail: dict[str, str | int | bool | None] = {"reason": fault, "count": things}
    entry = Entry(Event.RELEASE_REFUSED, "setup", clock.now(), "installation:release", succeeded=False, detail=detail)
    async with connection.transaction():
        await append(connection, entry)
