# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether what is installed may run here, and is what was put in production: at a start, and while it runs.

A start is refused. What runs already goes on, whatever is found: alarms are answered, and everybody is told.
"""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vaka.clock import Clock
from vaka.database.connections import Connection, Pool, transaction
from vaka.errors import ConfigurationError
from vaka.identity.installation import decides_alone
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.operations.integrity.deployments import find_newest
from vaka.operations.integrity.envelope import Fault, NotBelievedError, read_trust
from vaka.operations.integrity.manifest import Release, read_release, require_unaltered
from vaka.operations.integrity.starting import refusal
from vaka.settings import Settings

LOOK_SECONDS: Final = 600.0
UNDEPLOYED: Final = "undeployed"
"""It is whole and signed, and not what was put in production last."""
_PRODUCTION = "production"
_ABOUT = "installation:release"


def inspect_release(data: Path, settings: Settings, installed: Path) -> Release:
    """Return the release that is installed, once every file of it was compared. Raises NotBelievedError."""
    if settings.release.trusted_keys is None:
        raise NotBelievedError(Fault.UNSIGNED)
    release = read_release(installed, read_trust(data / settings.release.trusted_keys))
    require_unaltered(installed, release)
    return release


async def require_release(
    connection: Connection, data: Path, settings: Settings, clock: Clock, say: Callable[[str], None],
    installed: Path = Path(sys.prefix),
) -> None:  # fmt: skip
    """Refuse a start of what is no signed release, or not the one that was deployed, and enter that (as setup).

    Outside production, and until something was deployed where no keys are named, it is said and nothing is refused.
    Raises ConfigurationError.
    """
    newest = await find_newest(connection)
    if newest is None and settings.release.trusted_keys is None:
        say("Nothing says which release may run here (release.trusted_keys): whatever is installed runs.")
        return
    fault, things = "", 1
    try:
        release = await asyncio.to_thread(inspect_release, data, settings, installed)
    except NotBelievedError as error:
        fault, things = error.fault.value, error.things
    else:
        if release.digest != (newest.digest if newest else "") and not (
            newest is None and await decides_alone(connection)
        ):
            fault = UNDEPLOYED
    if settings.mode != _PRODUCTION:
        if fault not in ("", UNDEPLOYED):
            say(f"What runs is no signed release ({fault}, {things}): allowed in a {settings.mode}, and nowhere else.")
        return
    if fault:
        detail: dict[str, str | int | bool | None] = {"reason": fault, "count": things}
        entry = Entry(
            Event.RELEASE_REFUSED, "setup", clock.now(), "installation:release", succeeded=False, detail=detail
        )
        async with connection.transaction():
            await append(connection, entry)
        raise ConfigurationError(refusal(fault, things))


@dataclass(slots=True)
class Vigil:
    """Looks again and again, as scheduler, and tells once of what is otherwise."""

    platform: Pool
    data: Path
    settings: Settings
    clock: Clock
    installed: Path = field(default_factory=lambda: Path(sys.prefix))
    _told: str = ""

    async def look(self) -> int:
        """Enter that something else is installed than what was deployed; return whether it is. Where nothing was, there
        is nothing to tell.
        """
        async with transaction(self.platform) as connection:
            newest = await find_newest(connection)
        if newest is None:
            return 0
        fault, things = "", 1
        try:
            release = await asyncio.to_thread(inspect_release, self.data, self.settings, self.installed)
            fault = UNDEPLOYED if release.digest != newest.digest else ""
        except NotBelievedError as error:
            fault, things = error.fault.value, error.things
        if fault and fault != self._told:
            detail: dict[str, str | int | bool | None] = {"reason": fault, "count": things}
            entry = Entry(Event.RELEASE_DIFFERS, "scheduler", self.clock.now(), _ABOUT, succeeded=False, detail=detail)
            async with transaction(self.platform) as connection:
                await append(connection, entry)
        self._told = fault
        return int(bool(fault))
