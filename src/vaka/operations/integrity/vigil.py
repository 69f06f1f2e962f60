# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether what is installed is still what was put in production, looked at again and again while it runs.

What runs goes on, whatever is found: alarms are answered, and everybody is told.
"""

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vaka.clock import Clock
from vaka.database.connections import Pool, transaction
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.operations.integrity.deployments import find_newest
from vaka.operations.integrity.envelope import Fault, NotBelievedError, read_trust
from vaka.operations.integrity.manifest import Release, read_release, require_unaltered
from vaka.settings import Settings

LOOK_SECONDS: Final = 600.0
UNDEPLOYED: Final = "undeployed"
"""It is whole and signed, and not what was put in production last."""
_ABOUT = "installation:release"


def inspect_release(data: Path, settings: Settings, installed: Path) -> Release:
    """Return the release that is installed, once every file of it was compared. Raises NotBelievedError."""
    if settings.release.trusted_keys is None:
        raise NotBelievedError(Fault.UNSIGNED)
    release = read_release(installed, read_trust(data / settings.release.trusted_keys))
    require_unaltered(installed, release)
    return release


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
