# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every permission there is, in one enum. The value is stable: it stands in the documentation and in route tables."""

from enum import Enum


class Permission(Enum):
    """What may be asked. The comment says what a yes allows."""

    DESK_SEE_QUEUE = "desk.see_queue"  # open alarms with the name of the person
    DESK_HANDLE_ALARM = "desk.handle_alarm"  # take, lay aside, hand over, note, close, reopen
    DESK_READ_PERSON = "desk.read_person"  # the one screen: home, keys, care notes, contacts, history
    DESK_SEE_HISTORY = "desk.see_history"  # closed alarms
    DESK_BULK_CLOSE = "desk.bulk_close"  # end many technical or test alarms at once
    DESK_ADOPT_DEVICE = "desk.adopt_device"  # make an unknown sender a device of an authority
