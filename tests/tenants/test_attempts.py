# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An attempt that breaks is made again, but a whole cluster is not restored every few seconds for ever."""

from uuid import UUID

import pytest

from tests.conftest import START
from vaka.clock import TurnedClock
from vaka.tenants.attempting import Outcome, Question
from vaka.tenants.attempts import AttemptFailedError, Attempts

pytestmark = pytest.mark.anyio

ORDER, OTHER = UUID(int=1), UUID(int=2)


def question(order: UUID) -> Question:
    return Question(component="scheduler", authority=UUID(int=7), database="vaka_t_prov", person=order)


class Backups:
    """A place of backups that breaks for whom it is told to."""

    def __init__(self) -> None:
        self.clock = TurnedClock(START)
        self.attempts = Attempts(self.attempt, self.clock)
        self.breaks = {ORDER}
        self.made: list[UUID | None] = []

    async def attempt(self, asked: Question) -> Outcome:
        self.made.append(asked.person)
        if asked.person in self.breaks:
            raise AttemptFailedError
        return Outcome(backup="none_there")

    async def ask(self, order: UUID) -> Outcome | None:
        """As two rounds do, of which the first begins it."""
        if (early := self.attempts.ask(order, question(order))) is not None:
            return early
        await self.attempts.settle()
        return self.attempts.ask(order, question(order))


async def test_attempt_that_breaks_is_made_again_after_a_pause_that_grows() -> None:
    place = Backups()
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        with pytest.raises(AttemptFailedError):
            await place.ask(ORDER)
        made = len(place.made)
        place.clock.turn(minutes * 60 - 1)
        assert await place.ask(ORDER) is None
        assert len(place.made) == made
        place.clock.turn(1)
    place.breaks.clear()
    assert await place.ask(ORDER) == Outcome(backup="none_there")
    assert len(place.made) == 9
    # It went well: what breaks after that begins with the shortest pause.
    place.breaks.add(ORDER)
    with pytest.raises(AttemptFailedError):
        await place.ask(ORDER)
    place.clock.turn(60)
    with pytest.raises(AttemptFailedError):
        await place.ask(ORDER)


async def test_one_that_breaks_makes_no_other_wait() -> None:
    place = Backups()
    with pytest.raises(AttemptFailedError):
        await place.ask(ORDER)
    assert await place.ask(OTHER) == Outcome(backup="none_there")
    assert place.made == [ORDER, OTHER]
