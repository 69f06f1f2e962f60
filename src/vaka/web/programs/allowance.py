# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How often a program may ask: so many requests a minute each, and so many for tokens of all together."""

from collections import OrderedDict
from http import HTTPStatus

from vaka.clock import Clock
from vaka.errors import Sentence
from vaka.web.refusals import RequestRefusedError

WINDOW_SECONDS = 60.0
REQUESTS = 120
TOKENS = 20
"""Of one client: a token is good for ten minutes."""
ALL_TOKENS = 600
"""Of everybody together: whoever proves nothing costs a signature each."""
CALENDARS = 20
"""By one link: a calendar asks a few times a day."""
ALL_CALENDARS = 600
"""By all links together, and by whoever tries secrets: 256 bits are not tried."""
LARGEST_MEMORY = 5_000


class TooOftenError(RequestRefusedError):
    """A program asks more often than it may."""

    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.TOO_MANY_REQUESTS,
            Sentence(
                sv="För många frågor på en minut. Vänta och försök igen.",
                en="Too many requests in a minute. Wait, then try again.",
            ),
        )


class Allowances:
    """Counts by the minute; the oldest is forgotten where there are too many."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def require(self, who: str, most: int) -> None:
        """Count a request. Raises TooOftenError."""
        now = self._clock.monotonic()
        began, count = self._windows.pop(who, (now, 0))
        if now - began >= WINDOW_SECONDS:
            began, count = now, 0
        self._windows[who] = (began, count + 1)
        while len(self._windows) > LARGEST_MEMORY:
            self._windows.popitem(last=False)
        if count >= most:
            raise TooOftenError
