# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Looks for evidence, each collector often enough that what it found never grows old while it works."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from vaka.assurance.asking_databases import Collector, Place
from vaka.assurance.collectors import COLLECTORS
from vaka.assurance.evidence import enter_look, list_served
from vaka.assurance.terms import Requirement, find_requirements, load_terms
from vaka.clock import Clock
from vaka.database.connections import transaction
from vaka.logs import describe_error

EVIDENCE_SECONDS = 20.0
"""How often it is looked which collectors are due."""
LOOKS_IN_TIME = 3
"""Looks while evidence is as old as it may be: two may fail before it is too old."""
LONGEST_PAUSE = timedelta(hours=1)
"""What is wrong does not wait for a day, also where evidence may be older."""


class Looking:
    """Runs the collectors, over whatever authorities are served then. When each looked last it knows from memory:
    after a start everything is looked at.
    """

    def __init__(self, place: Place, clock: Clock, collectors: Mapping[str, Collector] = COLLECTORS) -> None:
        self._place = place
        self._clock = clock
        requirements = find_requirements(load_terms())
        self._collectors = [(requirements[name], collector) for name, collector in collectors.items()]
        self._looked: dict[str, datetime] = {}
        self._failing: set[str] = set()
        self._log = structlog.get_logger()

    async def look_around(self) -> int:
        """Run every collector that is due, and keep what each found; return how much is otherwise than before.

        One that fails is logged once and is due again at the next round. Nothing is kept of it: its evidence grows old.
        """
        now = self._clock.now()
        changed = 0
        for requirement, collector in self._due(now):
            try:
                place = replace(self._place, authorities=await self._list_authorities())
                changed += await look(requirement, collector, place, now)
            except Exception as error:  # one collector's trouble, of whatever kind, is not the others'
                if requirement.id not in self._failing:
                    self._log.error("collector failed", reason=requirement.id, **describe_error(error))
                self._failing.add(requirement.id)
            else:
                self._failing.discard(requirement.id)
                self._looked[requirement.id] = now
        return changed

    async def _list_authorities(self) -> list[UUID]:
        async with transaction(self._place.platform) as connection:
            return await list_served(connection)

    @property
    def failing(self) -> frozenset[str]:
        """The requirements whose collector failed when it last ran."""
        return frozenset(self._failing)

    def _due(self, now: datetime) -> Iterator[tuple[Requirement, Collector]]:
        for requirement, collector in self._collectors:
            looked = self._looked.get(requirement.id)
            if looked is None or now - looked >= pause(requirement):
                yield requirement, collector


async def look(requirement: Requirement, collector: Collector, place: Place, now: datetime) -> int:
    """Look at one requirement and keep what was found; return how much is otherwise than before.

    Raises what the collector raises, and DatabaseUnavailableError; then nothing was kept.
    """
    looked = await collector(place, now)
    async with transaction(place.platform) as connection:
        return await enter_look(connection, requirement, looked, now)


def pause(requirement: Requirement) -> timedelta:
    """Return how long to wait between two looks at a requirement."""
    return min(requirement.looked_within / LOOKS_IN_TIME, LONGEST_PAUSE)
