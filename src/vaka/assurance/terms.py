# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The terms as data: read whole from ``terms.toml``, and refused whole where anything in it does not add up."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vaka.errors import ConfigurationError, Sentence

TERMS = 37

Group = Literal["governance", "people", "access", "operations", "logging", "development", "incidents", "audit"]
Class = Literal["enforced", "verified", "documented", "shared"]
Source = Literal["automatic", "register", "document", "certificate", "event"]
Supplier = Literal["product", "supplier", "authority"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One piece of evidence that a goal rests on."""

    id: str
    """Unique among all terms, and what a collector or register says it supplies."""
    source: Source
    by: Supplier
    """Who may supply it; ``product`` is Vaka itself."""
    every: timedelta
    """How old it may be at most."""
    asked: bool
    """Whether it is owed only once the authority has asked for it."""
    looked: timedelta | None = None
    """How old a look at it may be, where the look is younger than what it looks at: a collector reads a register each
    hour, and what stands there may be of last year. None where both are one."""

    @property
    def looked_within(self) -> timedelta:
        """How old a look at it may be."""
        return self.looked or self.every


@dataclass(frozen=True, slots=True)
class Goal:
    """Something that must be so, as one sentence that evidence can bear out or refute."""

    id: str
    """Unique within its term."""
    sentence: Sentence
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """One of the contract's terms, in words of our own."""

    number: int
    label: Sentence
    classes: tuple[Class, ...]
    group: Group
    goals: tuple[Goal, ...]

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """Every requirement of every goal, in their order."""
        return tuple(requirement for goal in self.goals for requirement in goal.requirements)


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Identifier = Annotated[str, Field(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]
_Words = Annotated[str, Field(pattern=r"^\S(.*\S)?$", max_length=160)]


class _Label(_Data):
    sv: _Words
    en: _Words


class _Requirement(_Data):
    id: _Identifier
    source: Source = Field(alias="from")
    by: Supplier
    every: Annotated[timedelta, Field(ge=timedelta(minutes=1), le=timedelta(days=366))]
    asked: bool = False
    looked: Annotated[timedelta, Field(ge=timedelta(minutes=1), le=timedelta(days=7))] | None = None


class _Goal(_Data):
    id: _Identifier
    sv: _Words
    en: _Words
    evidence: Annotated[list[_Requirement], Field(min_length=1)]


class _Term(_Data):
    number: Annotated[int, Field(ge=1, le=TERMS)]
    label: _Label
    classes: Annotated[list[Class], Field(min_length=1)]
    group: Group
    goal: Annotated[list[_Goal], Field(min_length=1)]


class _Terms(_Data):
    term: list[_Term]


@cache
def load_terms() -> tuple[Term, ...]:
    """Return the 37 terms in their order. Raises ConfigurationError where the data is not whole."""
    return read_terms(files("vaka.assurance").joinpath("terms.toml").read_text(encoding="utf-8"))


def read_terms(text: str) -> tuple[Term, ...]:
    """Read terms from TOML. Raises ConfigurationError where a field is unknown or missing, or a name is used twice."""
    try:
        data = _Terms.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigurationError(f"The terms cannot be read: {error}") from error
    terms = tuple(_term(term) for term in data.term)
    if [term.number for term in terms] != list(range(1, TERMS + 1)):
        raise ConfigurationError(f"The terms are not numbered from 1 to {TERMS}, each once and in order.")
    _require_once("requirement", (requirement.id for term in terms for requirement in term.requirements))
    for term in terms:
        _require_once(f"goal of term {term.number}", (goal.id for goal in term.goals))
    return terms


def find_requirements(terms: Sequence[Term]) -> dict[str, Requirement]:
    """Return all requirements by their names."""
    return {requirement.id: requirement for term in terms for requirement in term.requirements}


def _term(data: _Term) -> Term:
    goals = tuple(
        Goal(goal.id, Sentence(sv=goal.sv, en=goal.en), tuple(_requirement(one) for one in goal.evidence))
        for goal in data.goal
    )
    return Term(data.number, Sentence(sv=data.label.sv, en=data.label.en), tuple(data.classes), data.group, goals)


def _requirement(data: _Requirement) -> Requirement:
    if (data.source == "automatic") != (data.by == "product") and data.source not in ("event", "document"):
        raise ConfigurationError(
            f"Evidence {data.id}: what is automatic comes from the product, and nothing else does."
        )
    return Requirement(data.id, data.source, data.by, data.every, data.asked, data.looked)


def _require_once(what: str, names: Iterable[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ConfigurationError(f"There is more than one {what} by the name of {twice[0]}.")
