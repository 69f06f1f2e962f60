# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What sealing and opening costs one process that has the keys: values of a row, and letters to a person."""

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime

from vaka.crypto.agreement import public_of
from vaka.crypto.chance import new_key
from vaka.identifiers import new_identifier
from vaka.keys.envelope import DataKey, Place, seal, seed_of, unseal
from vaka.keys.letters import Writer, read_letter

TEXT = ("Har svårt att höra i telefon. Ropa högt, och ge henne tid att svara. Dottern har nyckel." * 2)[:150].encode()
_ADDRESSES = 2_000
_AT_ONCE = 200
"""Calls between two looks at the clock."""


def measure_values(seconds: float) -> dict[str, float]:
    """Return how many a second of each, measured for so many seconds each, on one core."""
    now = datetime.now(UTC)
    place = Place(new_identifier(now), "note", str(new_identifier(now)), "body")
    key, writer = _make_key(now), Writer()
    sealed, letter = seal(key, place, TEXT), writer.write(key.address, key.subject, place, TEXT)
    forgetful = Writer(1)  # remembers one, and so makes the agreement anew for the next
    strangers = itertools.cycle([_make_key(now).address for _ in range(_ADDRESSES)])
    return {
        "value sealed": _rate(seconds, lambda: seal(key, place, TEXT)),
        "value opened": _rate(seconds, lambda: unseal({key.version: key}, place, sealed)),
        "letter written": _rate(seconds, lambda: writer.write(key.address, key.subject, place, TEXT)),
        "first letter to somebody": _rate(seconds, lambda: forgetful.write(next(strangers), key.subject, place, TEXT)),
        "letter opened": _rate(seconds, lambda: read_letter([key], place, letter)),
    }


def _make_key(now: datetime) -> DataKey:
    secret = new_key()
    return DataKey(new_identifier(now), 1, secret, public_of(seed_of(secret)))


def _rate(seconds: float, do: Callable[[], object]) -> float:
    begun, done = time.perf_counter(), 0
    while (passed := time.perf_counter() - begun) < seconds:
        for _ in range(_AT_ONCE):
            do()
        done += _AT_ONCE
    return done / passed
