# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Single values of a row: opening one, and what is said of those that are refused. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from vaka.crypto.aead import UnopenableError
from vaka.keys.envelope import DataKey, Place, unseal
from vaka.keys.letters import Reader
from vaka.keys.personal import Column
from vaka.keys.values import read_value


class Cells(NamedTuple):
    """A row, opened as far as that can be done."""

    opened: dict[str, Any]
    """What is refused is null."""
    refused: dict[str, bytes]
    """The columns that are refused, with what stands there."""


class Refused(NamedTuple):
    """Values of a row that were refused though the person's key is held."""

    authority: UUID
    table: str
    row: str
    subject: UUID
    columns: Mapping[str, bytes]


def open_value(
    reader: Reader, keys: Mapping[int, DataKey], column: Column, places: Sequence[Place], value: bytes
) -> object:
    """Return a value that stands in one of the places, which differ by the edition that it may be of.

    Raises UnopenableError.
    """
    for number, place in enumerate(places, 1):
        try:
            opened = reader.read(keys.values(), place, value) if column.is_letter else unseal(keys, place, value)
        except UnopenableError:
            if number == len(places):
                raise
        else:
            return read_value(column.form, opened)
    raise UnopenableError
