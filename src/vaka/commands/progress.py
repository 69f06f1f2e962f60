# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Says on the terminal what is being done, with the seconds since the command began."""

from contextlib import suppress

import click

from vaka.clock import Clock


class Progress:
    """Prints one line for each step."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun = clock.monotonic()

    @property
    def seconds(self) -> float:
        """How long ago the command began."""
        return self._clock.monotonic() - self._begun

    def say(self, text: str) -> None:
        """Print ``text`` with the time. A terminal that is gone is no reason to stop working."""
        with suppress(OSError):
            click.echo(f"{self.seconds:6.1f} s  {text}")
