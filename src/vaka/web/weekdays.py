# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Days of the week, as they are chosen and said: 1 Monday … 7 Sunday, 0 never."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from vaka.web.texts import mark

Weekday = Literal["0", "1", "2", "3", "4", "5", "6", "7"]

WEEKDAYS: Mapping[int, str] = MappingProxyType(
    {
        1: mark("Monday"), 2: mark("Tuesday"), 3: mark("Wednesday"), 4: mark("Thursday"), 5: mark("Friday"),
        6: mark("Saturday"), 7: mark("Sunday"), 0: mark("Never"),
    }
)  # fmt: skip
