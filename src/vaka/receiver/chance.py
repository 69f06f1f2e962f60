# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Random bytes by the thousand: asking the kernel for sixteen at a time costs as much as reading a SIP head."""

import os

_FETCHED = 4_096


class Chance:
    """Gives out the kernel's random bytes, each once."""

    def __init__(self) -> None:
        self._bytes = b""
        self._next = 0

    def __call__(self, count: int) -> bytes:
        """Return ``count`` (at most 4,096) random bytes."""
        end = self._next + count
        if end > len(self._bytes):
            self._bytes = os.urandom(_FETCHED)
            self._next, end = 0, count
        taken = self._bytes[self._next : end]
        self._next = end
        return taken
