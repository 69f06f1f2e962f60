# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which controls of ISO/IEC 27001 a term touches, by their numbers: read whole from ``iso27001.toml`` or refused."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vaka.assurance.terms import TERMS
from vaka.errors import ConfigurationError

Numbers = Mapping[int, tuple[str, ...]]
"""By the number of the term."""


class _Term(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    number: Annotated[int, Field(ge=1, le=TERMS)]
    in_2013: list[Annotated[str, Field(pattern=r"^A\.\d{1,2}\.\d\.\d{1,2}$")]]
    in_2022: list[Annotated[str, Field(pattern=r"^[5-8]\.\d{1,2}$")]]


class _Terms(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    term: list[_Term]


@cache
def load_controls() -> Mapping[str, Numbers]:
    """Return the numbers by edition (``2013``, ``2022``). Raises ConfigurationError where the data is not whole."""
    return read_controls(files("vaka.assurance").joinpath("iso27001.toml").read_text(encoding="utf-8"))


def read_controls(text: str) -> Mapping[str, Numbers]:
    """Read them from TOML. Raises ConfigurationError where a number is none of its edition, or a term is missing."""
    try:
        data = _Terms.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigurationError(f"The controls of ISO/IEC 27001 cannot be read: {error}") from error
    if [one.number for one in data.term] != list(range(1, TERMS + 1)):
        raise ConfigurationError(f"The controls are not those of the terms 1 to {TERMS}, each once and in order.")
    return {
        "2013": {one.number: tuple(one.in_2013) for one in data.term},
        "2022": {one.number: tuple(one.in_2022) for one in data.term},
    }
