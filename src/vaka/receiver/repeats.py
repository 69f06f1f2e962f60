# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Retransmissions over UDP: a datagram that came before is answered as before, without being read.

A retransmission is the same bytes from the same source within 32 seconds (RFC 3261 17.1.2 and 17.2.2). Nothing looser
will do: devices exist whose branch, CSeq and tags never change, and their second alarm must not pass for a repeat.

Even the same bytes may be meant anew by such a device. So an answer that cost no storing (to a heartbeat, say) is given
again for four seconds only, the longest pause between two retransmissions; and a withdrawal ends the memory of what
came from its source before, since a press after it is another press, whatever it looks like.
"""

from collections import deque
from hashlib import blake2b

from vaka.sip.transactions import T2, TIMEOUT

RepeatKey = tuple[tuple[str, int], bytes, int]
"""The source, what came from there, and the source's chapter: a number that changes with each withdrawal."""

IN_WORK = b""


class RepeatMemory:
    """Remembers at most ``capacity`` answers of ``most_bytes`` in all; where there are more, the oldest are forgotten.

    Forgetting is safe: a repeat that is not recognised here is read like any message, and the database knows it by its
    reference.
    """

    def __init__(self, capacity: int, most_bytes: int) -> None:
        self._capacity = capacity
        self._most_bytes = most_bytes
        self.size = 0
        """Bytes in the answers remembered."""
        self._answers: dict[RepeatKey, tuple[float, bytes]] = {}  # until when, and the answer
        self._by_age: deque[tuple[float, RepeatKey]] = deque()
        # Only sources that withdrew something: as long as their withdrawal is remembered, and what came before it with
        # it. So it has no bound of its own.
        self._chapters: dict[tuple[str, int], int] = {}
        self._latest_chapter = 0

    def __len__(self) -> int:
        return len(self._answers)

    def key(self, source: tuple[str, int], datagram: bytes) -> RepeatKey:
        """Return what makes two datagrams the same. A digest that nobody can collide: it would lose an alarm."""
        chapter = self._chapters.get(source, 0) if self._chapters else 0
        return source, blake2b(datagram, digest_size=16, usedforsecurity=True).digest(), chapter

    def recall(self, key: RepeatKey, now: float) -> bytes | None:
        """Return the earlier answer, IN_WORK where there is none yet, or None where the datagram is to be read."""
        found = self._answers.get(key)
        return None if found is None or found[0] <= now else found[1]

    def begin(self, key: RepeatKey, now: float) -> None:
        """Note that a datagram is in work: its repeats are dropped until it is settled."""
        if len(self._by_age) >= self._capacity:
            self._forget_oldest()
        until = now + TIMEOUT
        earlier = self._answers.get(key)
        if earlier is not None:
            self.size -= len(earlier[1])
        self._answers[key] = (until, IN_WORK)
        self._by_age.append((until, key))

    def settle(self, key: RepeatKey, answer: bytes | None, *, at_once: bool = False) -> None:
        """Keep the answer for the repeats to come; None forgets, so that the next copy is tried anew.

        ``at_once``: it was there before anything else was read, so it stands for nothing stored.
        """
        found = self._answers.get(key)
        if found is None:
            return
        until, earlier = found
        self.size -= len(earlier)
        if answer is None:
            del self._answers[key]
            return
        self._answers[key] = (until - TIMEOUT + T2 if at_once else until, answer)
        self.size += len(answer)
        while self.size > self._most_bytes:
            self._forget_oldest()

    def turn_page(self, key: RepeatKey, now: float) -> RepeatKey:
        """Forget what the source of ``key`` was answered, but for ``key`` itself; return what that is called now."""
        source, digest, _ = key
        self._latest_chapter += 1
        self._chapters[source] = self._latest_chapter
        self.settle(key, None)
        renamed = (source, digest, self._latest_chapter)
        self.begin(renamed, now)
        return renamed

    def forget_old(self, now: float) -> None:
        """Drop what is older than any retransmission; ``now`` in the seconds given to ``begin``."""
        by_age = self._by_age
        while by_age and by_age[0][0] <= now:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        # A key that was forgotten and begun again goes with its first date, so a little early: see above.
        key = self._by_age.popleft()[1]
        found = self._answers.pop(key, None)
        if found is not None:
            self.size -= len(found[1])
        source, _, chapter = key
        if chapter and self._chapters.get(source) == chapter:
            # The first of its chapter: all that is older has gone before it.
            del self._chapters[source]
