# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Chance that nobody can guess: the operating system's."""

import os


def random_bytes(count: int) -> bytes:
    """Return so many random bytes."""
    return os.urandom(count)


def new_key() -> bytes:
    """Return a new key of 32 bytes."""
    return random_bytes(32)
