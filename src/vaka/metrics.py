# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Metrics: plain numbers that cost nothing to keep, given to Prometheus when it asks.

A label may only take values that are known when the process starts. So no metric can grow with what a stranger sends,
and none can hold a name, a number or an address.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 1.0, 2.0, 5.0)
"""Upper bounds of the buckets of a duration; 0.2 s is what a life alarm may take in a storm."""


class Tally(Collector):
    """Counts happenings of a few kinds, all known beforehand."""

    def __init__(self, name: str, documentation: str, label: str, values: Iterable[str]) -> None:
        self._name, self._documentation, self._label = name, documentation, label
        self._counts = dict.fromkeys(map(str, values), 0)

    def add(self, value: str, count: int = 1) -> None:
        """Count ``value``. Raises KeyError for one that was not named: a label is never invented on the way."""
        self._counts[value] += count

    def __getitem__(self, value: str) -> int:
        return self._counts[value]

    def total(self) -> int:
        """Return how many there were of all kinds."""
        return sum(self._counts.values())

    def nonzero(self) -> dict[str, int]:
        """Return the kinds that happened at all."""
        return {value: count for value, count in self._counts.items() if count}

    def collect(self) -> Iterator[Metric]:
        """Yield the counts in Prometheus' own form."""
        family = CounterMetricFamily(self._name, self._documentation, labels=(self._label,))
        for value, count in self._counts.items():
            family.add_metric((value,), count)
        yield family


class Level(Collector):
    """What stands at a number now, read only when somebody asks."""

    def __init__(self, name: str, documentation: str, read: Callable[[], float]) -> None:
        self._name, self._documentation, self._read = name, documentation, read

    def collect(self) -> Iterator[Metric]:
        """Yield the number in Prometheus' own form."""
        yield GaugeMetricFamily(self._name, self._documentation, value=self._read())


class Levels(Collector):
    """Several numbers of one kind, by a label whose values never change."""

    def __init__(self, name: str, documentation: str, label: str, read: Callable[[], dict[str, float]]) -> None:
        self._name, self._documentation, self._label, self._read = name, documentation, label, read

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers in Prometheus' own form."""
        family = GaugeMetricFamily(self._name, self._documentation, labels=(self._label,))
        for value, level in self._read().items():
            family.add_metric((value,), level)
        yield family


class Durations(Collector):
    """How long something took, in seconds, in fixed buckets."""

    def __init__(self, name: str, documentation: str, bounds: tuple[float, ...] = SECONDS) -> None:
        self._name, self._documentation, self._bounds = name, documentation, bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        """Count one happening that took ``seconds``."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def collect(self) -> Iterator[Metric]:
        """Yield the buckets in Prometheus' own form: each holds all that were no longer than its bound."""
        total = 0
        buckets = []
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self._counts, strict=True):
            total += count
            buckets.append((bound, total))
        family = HistogramMetricFamily(self._name, self._documentation)
        family.add_metric((), buckets, self._sum)
        yield family


def metrics_text(collectors: Iterable[Collector]) -> bytes:
    """Return what Prometheus reads (its text format, version 0.0.4)."""
    registry = CollectorRegistry(auto_describe=False)
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry)
