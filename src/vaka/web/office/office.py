# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What every address of the office works with: the open parts, the rooms, and the frame of a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.responses import HTMLResponse, Response

from vaka.access.decide import may
from vaka.access.step_up import Policy
from vaka.clock import Clock
from vaka.database.connections import Pool
from vaka.errors import VakaError
from vaka.identity.ceremonies import Ceremonies
from vaka.identity.locking import IDLE
from vaka.identity.sessions import Session
from vaka.scanning.inspecting import NO_SCANNER, Inspector
from vaka.settings import CasesSettings, SecurityContactSettings
from vaka.settings_backup import BackupSettings
from vaka.settings_operations import ClockSettings
from vaka.web.asker import Asker
from vaka.web.assets import Assets
from vaka.web.denials import Teller
from vaka.web.navigation import open_groups
from vaka.web.office.rooms import GROUPS
from vaka.web.pages import Message, Pages
from vaka.web.programs.allowance import Allowances
from vaka.web.refusals import STATUS
from vaka.web.uploads import Uploads


class Confirmed:
    """The sessions that were confirmed with a key, until they end by themselves."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[UUID, datetime] = {}

    def __contains__(self, session: UUID) -> bool:
        return session in self._until

    def add(self, session: UUID, until: datetime) -> None:
        """Remember one, and forget those that have ended."""
        now = self._clock.now()
        self._until = {known: end for known, end in self._until.items() if end > now}
        self._until[session] = until


@dataclass(frozen=True, slots=True)
class Office:
    """The open parts of an office process."""

    platform: Pool
    pages: Pages
    assets: Assets
    clock: Clock
    denials: Teller
    sign_in: str
    """Where one signs in."""
    security_keys: Ceremonies
    """Administrators' own keys."""
    emergency_keys: Ceremonies
    """Custodians' keys for emergency access."""
    step_up: Policy
    """Who must touch one: everybody, but in a demo whoever has one."""
    outage_hours: int
    """For how many hours at most an outage is declared."""
    confirmed: Confirmed
    """The sessions in which one was touched."""
    security_contact: SecurityContactSettings
    """Whom somebody tells who has found a weakness."""
    origin: str
    """Where the office is reached."""
    training_ahead: timedelta
    """How long before a course is due an administrator is told of it."""
    allowances: Allowances
    """How often calendars may ask."""
    cases: CasesSettings = field(default_factory=CasesSettings)
    """What was agreed of incidents and vulnerabilities."""
    backup: BackupSettings = field(default_factory=BackupSettings)
    """What was agreed of backups."""
    clocks: ClockSettings = field(default_factory=ClockSettings)
    """Which machines have to tell, and the rule of their clocks."""
    trial_machines: Sequence[str] = ()
    """Which machines have to send trial alarms."""
    inspector: Inspector = NO_SCANNER
    """What looks at files before they are kept."""
    uploads: Uploads = field(default_factory=Uploads)
    """The files that are being taken in."""
    demo: bool = False
    """Whether issuers may be at addresses of this machine, without TLS."""

    def keys_for(self, session: Session) -> Ceremonies:
        """Return with which keys acts of a session are confirmed: the custodian's, where two of them opened it."""
        return self.security_keys if session.break_glass is None else self.emergency_keys

    def page(self, asker: Asker, template: str, room: str, here: str, status: int = 200, /, **context: Any) -> Response:
        """Answer with a page. ``room`` is marked in the head, ``here`` is where switches come back to."""
        facts = {"message": None, **self.facts(asker), "room": room, "back": here, **context}
        return HTMLResponse(self.pages.render(template, asker.preferences, **facts), status)

    def facts(self, asker: Asker) -> Mapping[str, Any]:
        """Return what every template of the office may ask."""
        return {
            "asker": asker,
            "idle": IDLE["administrator"],
            "groups": open_groups(GROUPS, lambda needs: may(asker.principal, needs, None)),
        }


def explain(asker: Asker, error: VakaError | None) -> tuple[int, Message | None]:
    """Return the status and the message of a page that comes again because of ``error``; without one, 200 and none."""
    if error is None:
        return 200, None
    return STATUS[error.category], Message(error.sentence.in_language(asker.preferences.language))
