# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a log says of privileged acts (term 15), and what devices' secrets are beside what is asked (term 16)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from vaka.assurance.evidence import QUERIES, Found
from vaka.database.connections import Connection
from vaka.ledger.events import Event

PRIVILEGED_FOR = timedelta(days=30)
"""How far back privileged acts are gone through."""
LONGEST_BETWEEN = timedelta(hours=1)
"""More than there is between a touch and what it was for, which is minutes."""
SECRET_GRACE = timedelta(days=30)
"""How long a device's secret may go on being used after it was flagged."""


class Touch(NamedTuple):
    """A privileged act, as its entry says it."""

    actor: str
    step_up: str
    """The digest of what a key confirmed; empty where it says of none."""


TOUCHED_ACTS = tuple(
    event.value
    for event in (
        # In the portal, by the authority's own people.
        Event.LOG_EXPORTED, Event.REPORT_TAKEN, Event.EVIDENCE_PACKED, Event.EXCLUSION_APPROVED, Event.RETENTION_SET,
        Event.LOG_VERIFIED,
        Event.RULE_PUBLISHED, Event.REMOVAL_APPROVED, Event.ACTIVATION_APPROVED, Event.HOLD_PLACED, Event.HOLD_LIFTED,
        Event.ERASURE_ORDERED, Event.ERASURE_DECIDED, Event.EXPORT_BEGUN, Event.ENDING_ORDERED, Event.ENDING_DECIDED,
        Event.ROLE_APPROVED, Event.ROLE_REFUSED, Event.ROLE_DESIGNATED, Event.ROLE_RELEASED, Event.CLIENT_REGISTERED,
        Event.CONTACT_SET, Event.CONTACT_ENDED, Event.NOTICE_RULE_SET, Event.EXERCISE_RULE_SET,
        # In the office, by the supplier's administrators.
        Event.ACCOUNT_REQUESTED, Event.ACCOUNT_APPROVED, Event.ROLE_PROPOSED, Event.ROLE_AGREED,
        Event.BREAK_GLASS_REVIEWED, Event.TRUST_PROPOSED, Event.TRUST_APPROVED, Event.TRUST_WITHDRAWN,
        Event.EXERCISE_BEGUN, Event.REGISTER_SHOWN, Event.REGISTER_ENTERED, Event.REGISTER_MOVED,
        Event.COMMAND_CONFIRMED, Event.REMOTE_CHECKED, Event.VULNERABILITY_ACCEPTED,
        # In both.
        Event.NOTICE_WAY_SET, Event.NOTICE_WAY_ENDED, Event.DIGEST_RULE_SET, Event.CALENDAR_LINK_MADE,
        Event.SECURITY_KEY_REMOVED,
    )
)  # fmt: skip
"""The acts whose entry names a touch wherever somebody does them in portal or office. What is done without one in some
way as well, such as signing out or adding one's first key, is not among them.
"""


async def list_touches(connection: Connection, now: datetime) -> list[Touch]:
    """Return who did privileged acts, by a log, and what a key is said to have confirmed (as scheduler or setup)."""
    period = {"events": list(TOUCHED_ACTS), "since": now - PRIVILEGED_FOR, "at": now}
    return [Touch(*row) for row in await (await connection.execute(QUERIES["list_touches"], period)).fetchall()]


async def count_untouched(platform: Connection, touches: Collection[Touch], now: datetime) -> int:
    """Count the acts that were confirmed with no key: by their own entry, or since no key was touched for them.

    That a key was touched stands in the platform's log, whoever's log the act stands in: an entry with a digest that
    somebody thought of is found out by it.
    """
    said = [one for one in touches if one.step_up]
    whole = {
        "actors": [one.actor for one in said], "step_ups": [one.step_up for one in said],
        "since": now - PRIVILEGED_FOR - LONGEST_BETWEEN,
    }  # fmt: skip
    row = await (await platform.execute(QUERIES["count_made_up"], whole)).fetchone()
    return len(touches) - len(said) + (0 if row is None else int(row[0]))


async def find_overdue_secrets(
    platform: Connection, connection: Connection, authority_id: UUID, now: datetime
) -> Found:
    """Find the secrets of an authority's devices that should have been changed (term 16)."""
    cursor = await platform.execute(QUERIES["list_digest_devices"], {"authority_id": authority_id})
    devices = {"devices": [device for (device,) in await cursor.fetchall()], "grace": SECRET_GRACE, "at": now}
    row = await (await connection.execute(QUERIES["find_overdue_secrets"], devices)).fetchone()
    return Found(authority_id) if row is None else Found(authority_id, *row)
