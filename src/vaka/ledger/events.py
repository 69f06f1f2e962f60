# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every event that can be written, in one enum. The database refuses names of another shape.

The value is ``subject.happening`` and stable for ever: it is read years later by people who never saw this code.
"""

from enum import Enum


class Event(Enum):
    """What can happen. The comment says when it is written."""

    ALARM_RAISED = "alarm.raised"  # a message opened a new alarm
    ALARM_JOINED = "alarm.joined"  # a further message of the same person joined an open alarm
    ALARM_WITHDRAWN = "alarm.withdrawn"  # the device took its alarm back
    ALARM_RESTORED = "alarm.restored"  # the device, or its return, ended a technical alarm
    ALARM_PRESENTED = "alarm.presented"  # the alarm was first shown on an operator's screen
    ALARM_TAKEN = "alarm.taken"
    ALARM_SUSPENDED = "alarm.suspended"
    ALARM_RESUMED = "alarm.resumed"
    ALARM_HANDED_OVER = "alarm.handed_over"
    ALARM_RELEASED = "alarm.released"  # the holder put it back in the queue
    ALARM_NOTED = "alarm.noted"
    ALARM_CLOSED = "alarm.closed"
    ALARM_REOPENED = "alarm.reopened"
    ALARM_MERGED = "alarm.merged"
    ALARM_ESCALATED = "alarm.escalated"
    ALARM_READ = "alarm.read"  # somebody opened the alarm's page and saw personal data
    MESSAGE_STORED = "message.stored"  # kept, no alarm concerned
    DEVICE_LATE = "device.late"
    DEVICE_LOST = "device.lost"
    DEVICE_RETURNED = "device.returned"
    DEVICE_ADOPTED = "device.adopted"  # an unknown sender was registered to an authority
    DEVICE_REGISTERED = "device.registered"
    DEVICE_CHANGED = "device.changed"
    SITE_SILENT = "site.silent"  # many devices, or the receiver, went silent at once
    SITE_RETURNED = "site.returned"
    PERSON_REGISTERED = "person.registered"
    AUTHORITY_REGISTERED = "authority.registered"
    POLICY_CHANGED = "policy.changed"
    CLASS_CHANGED = "class.changed"  # an authority overrode what a code means
    ACCOUNT_CREATED = "account.created"
    ROLE_GRANTED = "role.granted"
    ROLE_REVOKED = "role.revoked"
    SESSION_STARTED = "session.started"
    SESSION_ENDED = "session.ended"
    SIGN_IN_REFUSED = "sign_in.refused"
    ACCESS_DENIED = "access.denied"
