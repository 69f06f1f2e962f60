# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""In what order connections are heard: each one message at a time, and no more at once than others can wait for.

Whoever fills a connection with messages waits for his next turn like everyone, and reads on when all are answered.
Where nobody has proved himself, turns go round among the networks first and then among each one's connections: a
thousand connections from one place keep no other place waiting. What plainly is no alarm waits for what may be one:
faults in one row; tests, signals and heartbeats in another. Between two rounds everything else has its turn: datagrams,
the database, new connections.
"""

import asyncio
from collections import OrderedDict, deque
from enum import IntEnum
from typing import Protocol

import structlog

from vaka.logs import describe_error
from vaka.receiver.counters import Reason
from vaka.receiver.limits import Limits

_log = structlog.get_logger()


class Row(IntEnum):
    """Where a connection waits for its next turn. None waits for another."""

    DEVICE = 0
    """A device has proved itself over it."""
    STRANGER = 1
    """Nobody has yet: every device's first message."""
    TECHNICAL = 2
    """Its next message is a fault or its end."""
    PATIENT = 3
    """Its next message is a test, a signal or a heartbeat; or it has said much and proved nothing; or nobody hears its
    answer."""


class Speaker(Protocol):
    """A connection, as far as its turn is concerned."""

    @property
    def share(self) -> str:
        """With whom it shares its turns, where nobody has proved himself: the network it comes from."""
        ...

    @property
    def row(self) -> Row:
        """Where it waits, as far as can be told without looking at what it says."""
        ...

    def look(self) -> Row | None:
        """Make its next message ready and say where that waits; None where none is complete."""
        ...

    def speak(self) -> None:
        """Hand on the message made ready."""
        ...

    @property
    def is_done(self) -> bool:
        """Whether it has nothing more to say for now."""
        ...

    def wait(self) -> None:
        """Be told to read no further: what is there already is for a later turn."""
        ...

    def rest(self) -> None:
        """Be told that it waits for no turn any more."""
        ...

    def drop(self, reason: Reason) -> None:
        """Close at once."""
        ...


class Waiting:
    """Those who wait in one row. Each share has its turn in its turn, and in it one speaker after the other."""

    def __init__(self, *, is_shared: bool) -> None:
        """Without shares, everybody has a turn of his own."""
        self._is_shared = is_shared
        self._shares: OrderedDict[str, deque[Speaker]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        """How many wait."""
        return self._count

    def append(self, speaker: Speaker) -> None:
        """Let somebody wait, behind those of the same share."""
        share = speaker.share if self._is_shared else ""
        waiting = self._shares.get(share)
        if waiting is None:
            waiting = self._shares[share] = deque()
        waiting.append(speaker)
        self._count += 1

    def popleft(self) -> Speaker:
        """Return whose turn it is."""
        share, waiting = next(iter(self._shares.items()))
        speaker = waiting.popleft()
        self._count -= 1
        if waiting:
            self._shares.move_to_end(share)
        else:
            del self._shares[share]
        return speaker


class Rounds:
    """All connections' turns. One that has something to say joins once, and is told to rest when it is done."""

    def __init__(self, limits: Limits) -> None:
        self._turns = (limits.device_turns, limits.stranger_turns, limits.technical_turns, limits.patient_turns)
        self._left = list(self._turns)
        # Behind one gateway may be a whole town's devices: those that have proved themselves share with nobody.
        self._rows = tuple(Waiting(is_shared=row is not Row.DEVICE) for row in Row)
        self._begun = False

    def __len__(self) -> int:
        """How many wait."""
        return sum(map(len, self._rows))

    def join(self, speaker: Speaker) -> None:
        """Let it speak at once where that is nobody else's turn, otherwise in one of the next rounds."""
        if not self._begun:
            self._begun = True
            self._left[:] = self._turns
            asyncio.get_running_loop().call_soon(self._go_round)
        row = speaker.row
        if self._rows[row] or not self._left[row]:
            self._wait(speaker, row)
        else:
            self._hear(speaker, row)

    def _go_round(self) -> None:
        self._left[:] = self._turns
        try:
            for row, waiting in zip(Row, self._rows, strict=True):
                while waiting and self._left[row]:
                    self._hear(waiting.popleft(), row)
        finally:  # whatever happens, the next round comes
            self._begun = any(self._rows)
            if self._begun:
                asyncio.get_running_loop().call_soon(self._go_round)

    def _hear(self, speaker: Speaker, row: Row) -> None:
        """Looking takes time as speaking does, so both count."""
        self._left[row] -= 1
        try:
            found = speaker.look()
            if found is None:
                speaker.rest()
                return
            if found is not row:
                if self._rows[found] or not self._left[found]:
                    self._wait(speaker, found)
                    return
                self._left[found] -= 1
            speaker.speak()
            if speaker.is_done:
                speaker.rest()
            else:
                self._wait(speaker, speaker.row)
        except Exception as error:  # one connection's fault must not take the others' turns
            _log.error("stream_failed", **describe_error(error))
            speaker.drop(Reason.INTERNAL)

    def _wait(self, speaker: Speaker, row: Row) -> None:
        self._rows[row].append(speaker)
        speaker.wait()
