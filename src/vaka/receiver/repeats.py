# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Retransmissions over UDP: a datagram that came before is answered as before, without being read.

A retransmission is the same bytes from the same source within 32 seconds (RFC 3261 17.1.2 and 17.2.2). Nothing looser
will do: devices exist whose branch, CSeq and tags never change, and their second alarm must not pass for a repeat.
"""

from collections import deque
from hashlib import blake2b

from vaka.sip.transactions import TIMEOUT

RepeatKey = tuple[tuple[str, int], bytes]

IN_WORK = b""


def repeat_key(source: tuple[str, int], datagram: bytes) -> RepeatKey:
    """Return what makes two datagrams the same. A digest that nobody can collide: a collision would lose an alarm."""
    return source, blake2b(datagram, digest_size=16, usedforsecurity=True).digest()


class RepeatMemory:
    """Remembers at most ``capacity`` answers, each for 32 seconds; where there are more, the oldest are forgotten.

    Forgetting is safe: a repeat that is not recognised here is read like any message, and the database knows it by its
    reference.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._answers: dict[RepeatKey, bytes] = {}
        self._by_age: deque[tuple[float, RepeatKey]] = deque()

    def __len__(self) -> int:
        return len(self._answers)

    def recall(self, key: RepeatKey) -> bytes | None:
        """Return the earlier answer, IN_WORK where there is none yet, or None where the datagram is new."""
        return self._answers.get(key)

    def begin(self, key: RepeatKey, now: float) -> None:
        """Note that a new datagram is in work: its repeats are dropped until it is settled."""
        if len(self._by_age) >= self._capacity:
            self._forget_oldest()
        self._answers[key] = IN_WORK
        self._by_age.append((now + TIMEOUT, key))

    def settle(self, key: RepeatKey, answer: bytes | None) -> None:
        """Keep the answer for the repeats to come; None forgets, so that the next copy is tried anew."""
        if answer is None:
            self._answers.pop(key, None)
        elif key in self._answers:
            self._answers[key] = answer

    def forget_old(self, now: float) -> None:
        """Drop what is older than any retransmission; ``now`` in the seconds given to ``begin``."""
        by_age = self._by_age
        while by_age and by_age[0][0] <= now:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        # A key forgotten by `settle` and begun again goes with its first date, so a little early: see above.
        self._answers.pop(self._by_age.popleft()[1], None)
