# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Identifiers: opaque, unique for ever, and in the order of their milliseconds (UUID version 7, RFC 9562 section 5.7).

Those of one millisecond are in no order: what has to be in order has its time in a column.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

RandomBytes = Callable[[int], bytes]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def new_identifier(now: datetime, random_bytes: RandomBytes = os.urandom) -> UUID:
    """Return a UUIDv7: 48 bits of milliseconds since 1970, the rest random.

    Rows made together then lie together in an index, which a purely random identifier would scatter.
    """
    # In whole numbers: seconds as a float are a millisecond too early now and then.
    milliseconds = (now - _EPOCH) // _MILLISECOND & 0xFFFF_FFFF_FFFF
    chance = int.from_bytes(random_bytes(10), "big")
    value = (milliseconds << 80) | (0x7 << 76) | ((chance >> 62 & 0xFFF) << 64) | (0b10 << 62)
    return UUID(int=value | (chance & 0x3FFF_FFFF_FFFF_FFFF))
