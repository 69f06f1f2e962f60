# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What each column of an authority's database holds, read from the declaration beside this module."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vaka.errors import ConfigurationError
from vaka.keys.values import Form

Name = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,40}$")]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    personal: list[Name]
    sealed: list[Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$")]]
    letters: list[Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$")]] = []
    kinds: dict[Name, Annotated[str, Field(min_length=3)]]
    forms: dict[Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$")], Form] = {}
    table: dict[Name, dict[Name, Name]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    table: str
    name: str
    kind: str
    is_personal: bool
    """Whether it is about people in care, or those around them."""
    is_sealed: bool
    """Whether it holds nothing but what only the person's key opens."""
    is_letter: bool
    """Whether it is written to the key's address, and not under the key itself. A column is one or the other: whoever
    knows an address can write a letter, and must not be able to put it in the place of what was sealed."""
    form: Form
    """How a value is written before it is sealed."""


def parse_declaration(text: str) -> Mapping[tuple[str, str], Column]:
    """Return every column by table and name. Raises ConfigurationError with what is wrong."""
    try:
        read = _Data.model_validate(tomllib.loads(text))
    except (ValidationError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"The declaration of personal data cannot be read: {error}") from None
    columns = {
        (table, name): Column(
            table,
            name,
            kind,
            kind in read.personal,
            f"{table}.{name}" in {*read.sealed, *read.letters},
            f"{table}.{name}" in read.letters,
            read.forms.get(f"{table}.{name}", "text"),
        )
        for table, kinds in read.table.items()
        for name, kind in kinds.items()
    }
    unexplained = ({one.kind for one in columns.values()} | set(read.personal)) - set(read.kinds)
    if unexplained:
        raise ConfigurationError(f"The declaration of personal data does not explain: {', '.join(unexplained)}.")
    sealed = {*read.sealed, *read.letters}
    missing = sealed - {f"{one.table}.{one.name}" for one in columns.values() if one.is_personal}
    if missing:
        raise ConfigurationError(f"Sealed, but declared nowhere as personal: {', '.join(sorted(missing))}.")
    both = set(read.sealed) & set(read.letters)
    if both:
        raise ConfigurationError(f"Sealed, and letters as well: {', '.join(sorted(both))}.")
    formed = set(read.forms) - sealed
    if formed:
        raise ConfigurationError(f"A form is said of what is not sealed: {', '.join(sorted(formed))}.")
    return columns


@cache
def load_declaration() -> Mapping[tuple[str, str], Column]:
    """Return the declaration that this version of Vaka comes with. Raises ConfigurationError."""
    return parse_declaration((files("vaka.keys") / "personal.toml").read_text(encoding="utf-8"))


@cache
def sealed_columns(table: str) -> Mapping[str, Column]:
    """Return the sealed columns of a table, letters too. Raises KeyError where no such table is declared."""
    mine = [column for column in load_declaration().values() if column.table == table]
    if not mine:
        raise KeyError(table)
    return MappingProxyType({column.name: column for column in mine if column.is_sealed})
