# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the keyholder measures of itself."""

from collections.abc import Callable

from vaka.database.connections import DatabaseUnavailableError
from vaka.errors import Category
from vaka.keys.calls import CALLS
from vaka.keys.hierarchy import Hierarchy
from vaka.metrics import Durations, Level, Tally, metrics_text

INTERNAL = "internal"
REFUSALS = ("account", "busy", "call", "credential", "frame", "request")
_STATUSES = ("ok", *(category.value for category in Category), INTERNAL)


class Measures:
    """Counts and durations; none of them is about anybody."""

    def __init__(self, hierarchy: Hierarchy, connections: Callable[[], int]) -> None:
        self._hierarchy = hierarchy
        self.calls = Tally("vaka_keyholder_calls", "Calls that were answered.", "call", CALLS)
        self.statuses = Tally("vaka_keyholder_answers", "How calls ended.", "status", _STATUSES)
        self.refusals = Tally("vaka_keyholder_refusals", "Who was sent away, and why.", "reason", REFUSALS)
        self._seconds = Durations("vaka_keyholder_call_seconds", "How long calls took.")
        self._levels = (
            Level("vaka_keyholder_connections", "Components that are connected.", connections),
            Level("vaka_keyholder_generation", "How often keys were rotated or erased; 0 unknown.", self._generation),
        )

    def note(self, call: str, status: str, seconds: float) -> None:
        """Count a call."""
        self.calls.add(call)
        self.statuses.add(status)
        self._seconds.add(seconds)

    def text(self) -> str:
        """Return what Prometheus reads."""
        return metrics_text((self.calls, self.statuses, self.refusals, self._seconds, *self._levels)).decode()

    def _generation(self) -> int:
        try:
            return self._hierarchy.store.generation
        except DatabaseUnavailableError:
            return 0
