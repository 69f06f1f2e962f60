# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What was searched for, kept in this process's memory while the answer is looked at.

A browser writes to its disk what a form sent, together with the page that answered, to show it again after a restart;
nothing a server says keeps it from that. So a form in which somebody may be named is answered with the way to a page.
That page's address is a number: what it stands for is known here alone, to the session that asked (term 11).
"""

from collections import OrderedDict
from typing import Generic, TypeVar
from uuid import UUID

from vaka.clock import Clock
from vaka.errors import Category, Sentence, VakaError
from vaka.identifiers import new_identifier

KEPT_SECONDS = 1800.0
"""After so long nobody goes back to it."""
MOST_EACH = 20
"""Searches of one session: so many pages one can go back."""
MOST = 20_000

Asked = TypeVar("Asked")


class QuestionGoneError(VakaError):
    """What a page was about is no longer kept: too long ago, another's, or before this process started."""

    def __init__(self) -> None:
        super().__init__(
            Category.MISSING,
            Sentence(
                sv="Sökningen finns inte kvar, för det som söks sparas bara en kort stund. Sök igen.",
                en="This search is no longer kept: what is searched for is kept for a short while only. Search again.",
            ),
        )


class Questions(Generic[Asked]):
    """The latest questions of every session, those longest not asked are let go first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[UUID, tuple[UUID, float, Asked]] = OrderedDict()

    def keep(self, session_id: UUID, asked: Asked) -> UUID:
        """Keep what a session asked; return the number by which that same session finds it."""
        own = [number for number, (session, _, _) in self._kept.items() if session == session_id]
        for number in own[: max(0, len(own) + 1 - MOST_EACH)]:
            del self._kept[number]
        number = new_identifier(self._clock.now())
        self._kept[number] = (session_id, self._clock.monotonic(), asked)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return number

    def find(self, session_id: UUID, number: UUID) -> Asked:
        """Return what this session asked under that number. Raises QuestionGoneError."""
        session, at, asked = self._kept.get(number, (None, 0.0, None))
        if session != session_id or asked is None or self._clock.monotonic() - at >= KEPT_SECONDS:
            raise QuestionGoneError
        return asked

    def forget(self, session_id: UUID) -> None:
        """Let go of everything a session asked: it has ended. What is older than anybody's patience goes with it."""
        now = self._clock.monotonic()
        for number, (session, at, _) in list(self._kept.items()):
            if session == session_id or now - at >= KEPT_SECONDS:
                del self._kept[number]
