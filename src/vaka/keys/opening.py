# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Rows that are opened together, also when another process wrote one of them anew a moment ago."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from vaka.crypto.aead import UnopenableError
from vaka.keys.keyring import AuthorityKeys

SealedRow = tuple[str, UUID, Mapping[str, Any]]
"""Which row of its table it is, whom it is about, and its columns."""


async def open_rows(keys: AuthorityKeys, table: str, rows: Sequence[SealedRow]) -> list[dict[str, Any] | None]:
    """Return rows opened as AuthorityKeys.open_row does, in their order; None for one that does not open.

    What was written anew is of an edition that this process may not have heard of yet: before a row whose key is held
    counts as locked, it is asked once which editions count.
    """
    opened = _open_each(keys, table, rows)
    is_refused = any(found is None and keys.opens(row[1]) for row, found in zip(rows, opened, strict=True))
    if is_refused and await keys.catch_up():
        return _open_each(keys, table, rows)
    return opened


def _open_each(keys: AuthorityKeys, table: str, rows: Sequence[SealedRow]) -> list[dict[str, Any] | None]:
    opened: list[dict[str, Any] | None] = []
    for row, subject, columns in rows:
        try:
            opened.append(keys.open_row(table, row, subject, columns))
        except UnopenableError:
            opened.append(None)
    return opened
