# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The map of machines' identities (terms 15 and 31), as data: read whole from ``machines.toml``, or refused."""

import tomllib
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vaka.access.permissions import Permission
from vaka.database.migrate import Kind
from vaka.errors import ConfigurationError

Name = Annotated[str, Field(min_length=1, max_length=40)]
Words = Annotated[str, Field(min_length=10, max_length=200)]
Sort = Literal["process", "commands", "owner", "superuser", "program", "front"]


class Machine(BaseModel):
    """One identity that is no human's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    sort: Annotated[Sort, Field(alias="is")]
    proves: Annotated[tuple[Words, ...], Field(min_length=1)]
    """To whom it proves itself, and by what."""
    databases: frozenset[Kind] = frozenset()
    """To which it can connect."""
    keyholder: frozenset[Name] = frozenset()
    """What it may ask the keyholder."""
    scopes: frozenset[Permission] = frozenset()
    """What it can be given."""
    may: Words

    @property
    def is_component(self) -> bool:
        """Whether it has login roles of its own, with rights under a group's name."""
        return self.sort in ("process", "commands")


class _Map(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    machine: tuple[Machine, ...]


@cache
def list_machines() -> Sequence[Machine]:
    """Return the map. Raises ConfigurationError where it does not add up."""
    text = files("vaka.access").joinpath("machines.toml").read_text(encoding="utf-8")
    try:
        found = _Map.model_validate(tomllib.loads(text)).machine
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigurationError(f"machines.toml: {error}") from error
    twice = [name for name, count in Counter(one.name for one in found).items() if count > 1]
    if twice:
        raise ConfigurationError(f"machines.toml: {', '.join(twice)} stands there twice.")
    return found
