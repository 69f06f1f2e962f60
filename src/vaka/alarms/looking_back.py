# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which closed alarms are read after a touch of a security key alone: those of people with a protected identity.

What can still be opened again is work, not history, and is shown at once: nobody looks for a key while somebody may
need help.
"""

from datetime import datetime
from uuid import UUID

from vaka.alarms.changes import Connection, read_alarm
from vaka.alarms.conflicts import NoSuchAlarmError
from vaka.alarms.model import REOPEN_WITHIN, Alarm
from vaka.alarms.rows import SealedScreen
from vaka.errors import Category, Sentence, VakaError
from vaka.identity.confirming import Act
from vaka.ledger.events import Event

LONGEST_CHAIN = 20
"""How often what an alarm became part of is asked what it became part of itself."""


class RecordWithheldError(VakaError):
    """The alarm is about somebody with a protected identity, and no key was touched for reading it."""

    def __init__(self, alarm: Alarm) -> None:
        super().__init__(
            Category.FORBIDDEN,
            Sentence(
                sv="Larmet är avslutat och rör någon med skyddad identitet. Öppna det i historiken och bekräfta med "
                "din säkerhetsnyckel.",
                en="The alarm has ended and is about somebody with a protected identity. Open it in the history and "
                "confirm with your security key.",
            ),
        )
        self.alarm = alarm


def reading_act(authority_id: UUID, alarm_id: UUID) -> Act:
    """Return the act that reading one closed alarm is, as a key confirms it."""
    return Act(Event.ALARM_READ.value, authority_id, f"alarm:{alarm_id}")


async def is_withheld(connection: Connection, sealed: SealedScreen, now: datetime) -> bool:
    """Whether reading it takes a touch. What became part of another alarm has ended when that has."""
    if sealed.person is None or not sealed.person["protected_identity"]:
        return False
    alarm = sealed.screen.alarm
    for _ in range(LONGEST_CHAIN):
        if alarm.merged_into is None:
            break
        try:
            alarm = await read_alarm(connection, alarm.merged_into)
        except NoSuchAlarmError:  # it was removed, as everything old is
            break
    return alarm.closed_at is not None and not alarm.is_open and alarm.closed_at <= now - REOPEN_WITHIN
