# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How a run goes, on standard error: one line that changes on a terminal, plain lines anywhere else."""

import asyncio
import shutil
import sys
from typing import TextIO

from vaka.clock import Clock
from vaka.simulate.tally import Tally

_TERMINAL_SECONDS = 0.2
_LATEST = 2_000


class Display:
    """Shows a tally while it grows."""

    def __init__(
        self, tally: Tally, clock: Clock, *, stream: TextIO | None = None, seconds_between_lines: float = 5.0
    ) -> None:
        self._tally = tally
        self._clock = clock
        self._stream = stream or sys.stderr
        self._on_terminal = self._stream.isatty()
        self._pause = _TERMINAL_SECONDS if self._on_terminal else seconds_between_lines
        self._begun = clock.monotonic()

    async def run(self) -> None:
        """Show it until cancelled; the last state stays on the terminal."""
        try:
            while True:
                await asyncio.sleep(self._pause)
                self.show()
        finally:
            if self._on_terminal:
                self.show()
                self._stream.write("\n")

    def show(self) -> None:
        """Show the state now."""
        line = self.line()
        if self._on_terminal:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write(f"\r{line[:width].ljust(width)}")
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()

    def line(self) -> str:
        """Return the state in one line."""
        tally = self._tally
        seconds = self._clock.monotonic() - self._begun
        parts = [
            f"{seconds:6.1f} s",
            f"sent {tally.sent:,}",
            f"answered {tally.answered:,}",
            f"mrs {tally.confirmed:,}",
        ]
        parts += [f"{name} {count:,}" for name, count in (
            ("waiting", tally.waiting), ("again", tally.again), ("503", tally.busy), ("lost", tally.lost),
            ("unfinished", tally.unfinished),
        ) if count]  # fmt: skip
        latest = tally.latest_milliseconds(_LATEST)
        if latest is not None:
            parts.append(f"p99 {latest:.0f} ms")
        return "  ".join(parts)


def summary(tally: Tally, seconds: float) -> str:
    """Return the whole result as text for people."""
    figures = tally.milliseconds()
    lines = [
        ("Sent", f"{tally.sent:,} in {seconds:.1f} s ({tally.sent / max(seconds, 0.001):,.0f} a second)"),
        ("Answered 200", f"{tally.answered:,}, of which {tally.heartbeats:,} heartbeats"),
        ("Confirmed (mrs)", f"{tally.confirmed:,}" + (f", {tally.unwell:,} not ok" if tally.unwell else "")),
        ("Answered 503", f"{tally.busy:,}"),
        ("Sent again", f"{tally.again:,}"),
        ("Lost", f"{tally.lost:,}" + (f" ({why})" if (why := _why_lost(tally)) else "")),
    ]
    if tally.unfinished:
        lines.append(("Unfinished", f"{tally.unfinished:,} (stopped before an answer came)"))
    lines += [("Why no answer", f"{cause} ({count:,})") for cause, count in tally.causes.most_common()]
    if figures is not None:
        lines.append(("Time to answer", "  ".join(f"{name} {value:,.1f} ms" for name, value in figures.items())))
    return "\n".join(f"{name + ':':<17}{text}" for name, text in lines)


def _why_lost(tally: Tally) -> str:
    reasons = (("refused", tally.refused), ("unanswered", tally.unanswered))
    return ", ".join(f"{count:,} {name}" for name, count in reasons if count)
