# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What was sent and what came back, counted while it happens."""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from vaka.scaip.body import Mrs
from vaka.simulate.reports import Report

MOST_LATENCIES = 2_000_000
"""Beyond, the older half is forgotten: eight bytes each, for ever, would be too much."""


@dataclass(slots=True)
class Tally:
    """Counts over all devices. A report is one happening, however often it was sent."""

    sent: int = 0
    answered: int = 0
    """Answered 2xx."""
    heartbeats: int = 0
    """Of those answered."""
    confirmed: int = 0
    """`<mrs>` received, whatever it says."""
    unwell: int = 0
    """`<mrs>` with another status than 0."""
    refused: int = 0
    """Answered with another final status (such as 401 or 403): the receiver does not know the device."""
    busy: int = 0
    """Times the receiver said 503."""
    again: int = 0
    """Further attempts, beyond the repeats that belong to UDP."""
    unanswered: int = 0
    """No answer, or only 503, until all attempts were used up."""
    unfinished: int = 0
    """Stopped before an answer came: nobody knows whether the receiver has it."""
    waiting: int = 0
    """Under way now."""
    causes: "Counter[str]" = field(default_factory=Counter)
    """Why there was no answer to what was unanswered or unfinished, where that is known: few sentences, counted."""
    _latencies: "array[float]" = field(default_factory=lambda: array("d"))

    @property
    def lost(self) -> int:
        """Reports that the receiver does not have, as far as their devices can tell."""
        return self.refused + self.unanswered

    def begin(self) -> None:
        """A report is about to be sent."""
        self.sent += 1
        self.waiting += 1

    def end(self, *, finished: bool = True, cause: str = "") -> None:
        """Its device has done what it could, or was stopped before an answer came; ``cause`` as in ``causes``."""
        self.waiting -= 1
        self.unfinished += not finished
        if cause:
            self.causes[cause] += 1

    def try_again(self) -> None:
        """The device sends the same report once more."""
        self.again += 1

    def answer(self, report: Report, status: int | None, seconds: float) -> None:
        """The last answer to a report."""
        if status is None or status == 503:
            self.unanswered += 1
        elif 200 <= status < 300:
            self.answered += 1
            self.heartbeats += report is Report.HEARTBEAT
            if len(self._latencies) == MOST_LATENCIES:
                del self._latencies[: MOST_LATENCIES // 2]
            self._latencies.append(seconds)
        else:
            self.refused += 1

    def confirm(self, mrs: Mrs | None) -> None:
        """What the receiver confirmed in its own message."""
        self.confirmed += mrs is not None
        self.unwell += mrs is not None and mrs.snu != 0

    def milliseconds(self) -> dict[str, float] | None:
        """Return p50, p95, p99 and max of the time to the answer; None where nothing was answered."""
        if not self._latencies:
            return None
        ordered = sorted(self._latencies)
        last = len(ordered) - 1
        places = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "max": 1.0}
        return {name: round(ordered[round(last * share)] * 1000, 2) for name, share in places.items()}

    def latest_milliseconds(self, count: int) -> float | None:
        """Return p99 of the latest answers, which is cheap enough to be shown all the time."""
        latest = sorted(self._latencies[-count:])
        return latest[round((len(latest) - 1) * 0.99)] * 1000 if latest else None

    def as_dict(self) -> dict[str, Any]:
        """Return everything, for the summary and for JSON."""
        return {
            "sent": self.sent,
            "answered": self.answered,
            "heartbeats_answered": self.heartbeats,
            "mrs_received": self.confirmed,
            "mrs_not_ok": self.unwell,
            "refused": self.refused,
            "answered_503": self.busy,
            "attempts_again": self.again,
            "unanswered": self.unanswered,
            "lost": self.lost,
            "unfinished": self.unfinished,
            "causes": dict(self.causes),
            "milliseconds": self.milliseconds(),
        }
