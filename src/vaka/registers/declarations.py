# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The registers as data: each read whole from ``declarations/``, and refused whole where anything does not add up."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Bounded

from vaka.errors import ConfigurationError, Sentence
from vaka.registers.model import (
    ENDS,
    TAKES_TWO,
    Check,
    Choice,
    Field,
    FieldKind,
    Register,
    Rule,
    Shown,
    State,
    Step,
    Whose,
)

_BY_ONE = frozenset({State.DRAFT, State.NOTED, State.OPEN})
"""What one person may write."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


_Name = Annotated[str, Bounded(pattern=r"^[a-z]+(_[a-z]+)*$", max_length=30)]
_Title = Annotated[str, Bounded(pattern=r"^[a-z]+(-[a-z]+)*$", max_length=40)]


class _Words(_Data):
    sv: Annotated[str, Bounded(pattern=r"^\S(.*\S)?$", max_length=240)]
    en: Annotated[str, Bounded(pattern=r"^\S(.*\S)?$", max_length=240)]

    @property
    def sentence(self) -> Sentence:
        return Sentence(sv=self.sv, en=self.en)


class _Choice(_Words):
    value: _Title


class _Field(_Data):
    name: _Name
    kind: FieldKind
    label: _Words
    help: _Words | None = None
    required: bool = False
    choices: tuple[_Choice, ...] = ()
    to: str = ""
    former: bool = False


class _Step(_Data):
    name: _Name
    label: _Words
    origins: Annotated[tuple[State, ...], Bounded(alias="from", min_length=1)]
    to: State


class _Rule(_Data):
    field: _Name
    check: Check
    value: str = ""
    on: tuple[_Name, ...] = ()
    when: dict[_Name, str] = {}
    says: _Words


class _Register(_Data):
    name: _Title
    title: _Words
    about: _Words
    one: _Words
    begins: State
    shown: Shown
    whose: Whose = "everybody"
    review: Annotated[timedelta, Bounded(ge=timedelta(days=1), le=timedelta(days=1100))] | None = None
    acknowledged: bool = False
    answers: tuple[_Title, ...] = ()
    field: Annotated[tuple[_Field, ...], Bounded(min_length=1, max_length=20)]
    step: Annotated[tuple[_Step, ...], Bounded(min_length=1, max_length=8)]
    rule: Annotated[tuple[_Rule, ...], Bounded(max_length=20)] = ()


@cache
def load_registers() -> Mapping[str, Register]:
    """Return every register by its name. Raises ConfigurationError where a declaration is not whole."""
    folder = files("vaka.registers").joinpath("declarations")
    texts = sorted(
        (one.name, one.read_text(encoding="utf-8")) for one in folder.iterdir() if one.name.endswith(".toml")
    )
    return read_registers(text for _, text in texts)


def read_registers(texts: Iterable[str]) -> Mapping[str, Register]:
    """Read registers from TOML, one a text. Raises ConfigurationError where a name is unknown or there twice."""
    registers: dict[str, Register] = {}
    for text in texts:
        try:
            data = _Register.model_validate(tomllib.loads(text))
        except (tomllib.TOMLDecodeError, ValidationError) as error:
            raise ConfigurationError(f"A register cannot be read: {error}") from error
        if data.name in registers:
            raise ConfigurationError(f"There is more than one register by the name of {data.name}.")
        registers[data.name] = _register(data)
    for register in registers.values():
        for field in register.fields:
            if field.kind == "reference" and field.to not in registers:
                raise ConfigurationError(f"{register.name}: {field.name} leads to {field.to}, which is no register.")
    return MappingProxyType(registers)


def _register(data: _Register) -> Register:
    fields = tuple(
        Field(
            one.name, one.kind, one.label.sentence, one.help.sentence if one.help else None, one.required,
            tuple(Choice(choice.value, choice.sentence) for choice in one.choices), one.to, one.former,
        )
        for one in data.field
    )  # fmt: skip
    # What two put in force, two end: it follows from the register's steps, and no register says so by itself.
    is_put_in_force = any(one.to is State.IN_FORCE for one in data.step)
    steps = tuple(
        Step(one.name, one.label.sentence, one.origins, one.to, by_two=is_put_in_force and one.to in ENDS)
        for one in data.step
    )
    rules = tuple(
        Rule(one.field, one.check, one.value, one.on, tuple(one.when.items()), one.says.sentence) for one in data.rule
    )
    register = Register(
        data.name, data.title.sentence, data.about.sentence, data.one.sentence, data.begins, data.shown, data.whose,
        data.review, data.acknowledged, data.answers, fields, steps, rules,
    )  # fmt: skip
    _require_whole(register)
    return register


def _require_whole(register: Register) -> None:
    def require(sound: bool, what: str) -> None:
        if not sound:
            raise ConfigurationError(f"The register {register.name} does not add up: {what}.")

    require(not _twice(register.names), "a field is there twice")
    require(register.begins in _BY_ONE, "what one person writes begins as something that takes two")
    moves = [(step.name, state) for step in register.steps for state in step.origins]
    require(not _twice(moves), "a step leads from one state in two ways")
    require(all(State.WITHDRAWN not in step.origins for step in register.steps), "what was withdrawn comes back")
    require(
        all(step.origins == (State.DRAFT,) for step in register.steps if step.by_two),
        "what two put in force is ended by one step of one",
    )
    reached = {register.begins} | {step.to for step in register.steps}
    require(all(set(step.origins) <= reached for step in register.steps), "a step leaves a state that nothing reaches")
    require(register.review is None or State.IN_FORCE in reached, "what never comes in force is never reviewed")
    for field in register.fields:
        require((field.kind == "choice") == bool(field.choices), f"{field.name} is chosen from nothing")
        require((field.kind == "reference") == bool(field.to), f"{field.name} leads nowhere")
    named, stepped = set(register.names), {step.name for step in register.steps}
    for rule in register.rules:
        others = {name for name, _ in rule.when} | ({rule.value} if rule.check in ("same", "after") else set())
        require({rule.field} | others <= named, f"a rule about {rule.field} names a field that is not there")
        require(set(rule.on) <= stepped, f"a rule about {rule.field} names a step that is not there")
        compares = rule.check in ("is", "same", "after")
        require(bool(rule.value) == compares, f"a rule about {rule.field} compares with nothing")


def _twice(names: Iterable[object]) -> bool:
    return any(count > 1 for count in Counter(names).values())


assert TAKES_TWO.isdisjoint(_BY_ONE)  # noqa: S101 - what takes two is never what one may write
