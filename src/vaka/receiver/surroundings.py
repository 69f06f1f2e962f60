# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What every part of the receiver shares, and is handed when it is made."""

from collections.abc import Callable
from dataclasses import dataclass, field

from vaka.clock import Clock
from vaka.receiver.chance import Chance
from vaka.receiver.counters import Counters
from vaka.receiver.limits import Limits
from vaka.receiver.precedence import Precedence, Turn
from vaka.receiver.rejections import Rejections


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The time, the bounds, where to count, what comes first, chance, and who is told of refusals."""

    clock: Clock
    limits: Limits
    counters: Counters
    turn: Callable[[bytes], Turn] = field(default_factory=lambda: Precedence().turn)
    """When a message with this body is read."""
    random_bytes: Callable[[int], bytes] = field(default_factory=Chance)
    rejections: Rejections = field(init=False)

    def __post_init__(self) -> None:
        """Give the rejections the same clock."""
        object.__setattr__(self, "rejections", Rejections(self.clock.now))
