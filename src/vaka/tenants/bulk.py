# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Many rows in one statement: as a JSON list, which the database turns back into columns of known types."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from psycopg.types.json import Jsonb

BATCH = 2000
"""Rows to a statement: large enough that the round trip does not count, small enough that memory does not."""

Item = TypeVar("Item")


def in_batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Yield ``items`` in pieces of at most BATCH."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def as_json(rows: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> Jsonb:
    """Return ``rows``, or one, as one parameter. Raises TypeError for a value that is no plain fact: our own bug."""
    return Jsonb(rows, dumps=_dump)


def _dump(rows: Any) -> str:
    return json.dumps(rows, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"  # as the database reads them (bytea, hex format)
    raise TypeError(f"no column holds a {type(value).__name__}")
