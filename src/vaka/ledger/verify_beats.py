# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Heartbeats: an entry each minute that says how far the log had come, and how many decisions of the authority it held.

A log that is cut off, or whose inbox is emptied for a while, is silent for longer. And a decision that was removed
together with what it forbade to remove is missed by every heartbeat that was sealed while it was there.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

from vaka.ledger.events import Event
from vaka.ledger.findings import Checked, Wrong, WrongError

EVENTS = (Event.LEDGER_HEARTBEAT, Event.RETENTION_SET)
"""What is looked for among the entries."""
_MARK = b'},"event":"%b","id":' % Event.LEDGER_HEARTBEAT.value.encode()
_DECIDED = b'},"event":"%b","id":' % Event.RETENTION_SET.value.encode()
# Only the sequencer's own count: its login role is the one that the database lets write them. The names are sorted.
_BEAT = re.compile(
    rb'.*"detail":\{"decisions":([0-9]{1,15}),"size":([0-9]{1,15})' + re.escape(_MARK) + rb".*"
    rb'"written_at":"([^"]+)","written_by":"\w+_sequencer"\}',
    re.DOTALL,
)


class Beats:
    """What the heartbeats of one log say. Entries are shown to it in order, those that are missing as well."""

    def __init__(self, checked: Checked, known: Sequence[int] = ()) -> None:
        """`known` are the places of decisions that whoever verifies has a receipt of."""
        self._checked = checked
        self._decided = sorted(set(known))
        self._before: datetime | None = None
        self._missing = -1
        self.resumed_at: int | None = None
        """The place of the first heartbeat that had seen the log come farther than the last entry that is missing."""

    def look(self, first: int, entries: Sequence[bytes | None]) -> None:
        """Look at the entries from number `first` on.

        Raises WrongError BEAT where a heartbeat saw another number of decisions than there are.
        """
        found = {index for index, entry in enumerate(entries, first) if entry is not None and _DECIDED in entry}
        if found:
            self._decided = sorted(found.union(self._decided))
        for index, entry in enumerate(entries, first):
            if entry is None:  # from here on it is counted anew how long the log was silent
                self._before = self.resumed_at = None
                self._missing = index
            elif _MARK in entry and (beat := _BEAT.fullmatch(entry)) is not None:
                self._judge(index, int(beat[1]), int(beat[2]), datetime.fromisoformat(beat[3].decode()))

    def require_silence_within(self, seconds: int | None, seen_at: datetime) -> None:
        """Require that the log was never silent for longer, nor since its last heartbeat. Raises WrongError SILENT."""
        checked = self._checked
        if self._before is not None:
            checked.since_beat = max(0, round((seen_at - self._before).total_seconds()))
        if seconds is None:
            return
        if checked.silence > seconds:
            raise WrongError(Wrong.SILENT, f"entry {checked.silence_before} ({checked.silence} s)")
        if checked.since_beat is None:
            raise WrongError(Wrong.SILENT, f"entry {checked.size - 1}")
        if checked.since_beat > seconds:
            raise WrongError(Wrong.SILENT, f"entry {checked.size - 1} ({checked.since_beat} s)")

    def _judge(self, index: int, decisions: int, size: int, at: datetime) -> None:
        if size > index or bisect_left(self._decided, size) != decisions:
            raise WrongError(Wrong.BEAT, f"entry {index} ({decisions})")
        if self._before is not None:
            silence = round((at - self._before).total_seconds())
            if silence > self._checked.silence:
                self._checked.silence, self._checked.silence_before = silence, index
        self._before = at
        # It waited its turn: of what was sealed before it and after it was written, it says nothing.
        if self.resumed_at is None and size > self._missing:
            self.resumed_at = index
