# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whom the receiver turned away, for the ledger: counted in memory when it happens, written once a minute.

No alarm waits for it. Where a registered device was named, the entry stands in its authority's ledger; everything else
is the platform's. What cannot be written is kept and written later, within the same bounds.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import psycopg
import structlog

from vaka.database.connections import DatabaseUnavailableError
from vaka.ledger.entries import append_statement
from vaka.ledger.events import Event
from vaka.ledger.refusals import Refusal, RefusalCount, source_network
from vaka.logs import describe_error
from vaka.receiver.channel import Channel, InterruptedStatementError
from vaka.receiver.counters import Reason
from vaka.tenants.directory import DeviceEntry

_log = structlog.get_logger()

ENTERED = frozenset(
    {
        Reason.CREDENTIALS_ASKED, Reason.CREDENTIALS_WRONG, Reason.CREDENTIALS_THROTTLED, Reason.NONCE_FORGED,
        Reason.NONCE_REPLAYED, Reason.CERTIFICATE_MISSING, Reason.CERTIFICATE_OTHER, Reason.CERTIFICATE_UNTRUSTED,
        Reason.NETWORK_OTHER, Reason.EXCEPTION_EXPIRED, Reason.SENDER_DIFFERS, Reason.SENDER_UNKNOWN,
        Reason.STRANGERS_TOO_MANY, Reason.CONNECTION_LIMIT, Reason.SOURCE_LIMIT, Reason.MADE_ROOM, Reason.HANDSHAKE,
        Reason.UNFINISHED,
    }
)  # fmt: skip
"""Refusals of somebody, not for want of room or time. A challenge that is used up is answered with another."""
_ASKED_IN_VAIN = "credentials_not_given"
_network = lru_cache(maxsize=4_096)(source_network)
_UNKNOWN_TO_US = "process:receiver"


class Rejections:
    """Counts, for each authority and for the platform."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._counts: dict[UUID | None, RefusalCount] = {}
        self.actor = "receiver"
        """Who turned them away; the receiver says its name when it is made."""

    def __len__(self) -> int:
        """How many entries wait to be written."""
        return sum(map(len, self._counts.values()))

    def note(self, reason: Reason, host: str, entry: DeviceEntry | None = None) -> None:
        """Count one refusal of whoever sends from `host`, and says that he is the device of `entry`."""
        if reason not in ENTERED:
            return
        place = None if entry is None else entry.authority_id
        count = self._counts.get(place)
        if count is None:
            count = self._counts[place] = RefusalCount(Event.CONNECTION_REFUSED, self.actor, self._now)
        said = _ASKED_IN_VAIN if reason is Reason.CREDENTIALS_ASKED else reason.value
        named = _UNKNOWN_TO_US if entry is None else f"device:{UUID(bytes=entry.device_id)}"
        count.note(Refusal(said, _network(host), named))

    async def flush(self, channel_of: Callable[[UUID | None], Channel]) -> None:
        """Write what was counted, one ledger after another; what fails is kept for the next time."""
        for place, count in list(self._counts.items()):
            refused = count.take()
            if not refused.entries:
                del self._counts[place]
                continue
            statement, parameters = append_statement(refused.entries)
            try:
                await channel_of(place).run(statement, parameters)
            except (DatabaseUnavailableError, InterruptedStatementError, psycopg.Error) as error:
                refused.put_back()
                _log.warning("rejections_kept", authority=str(place or ""), **describe_error(error))
