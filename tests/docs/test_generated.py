# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Pages drawn from the code say what the code says now."""

import importlib.util
import re
from enum import Enum
from pathlib import Path
from types import ModuleType

import click
import pytest
from pydantic import BaseModel

from vaka.access.permissions import Permission
from vaka.access.roles import ROLES
from vaka.commands.main import SUBCOMMANDS, main
from vaka.database.migrate import COMPONENTS, grants_for
from vaka.ledger.events import Event
from vaka.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"


def load_generator() -> ModuleType:
    specification = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


GENERATOR = load_generator()


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(GENERATOR.PAGES))
def test_page_is_what_the_code_says(name: str) -> None:
    assert page(name) == GENERATOR.PAGES[name](), f"{name} is out of date: run python docs/generate.py"


def test_every_setting_has_its_heading() -> None:
    def names(section: type[BaseModel], prefix: str = "") -> list[str]:
        found = []
        for name, field in section.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                found += names(field.annotation, f"{name}.")
            else:
                found.append(f"{prefix}{name}")
        return found

    headings = re.findall(r"^### `([a-z_.]+)`$", page("settings.md"), re.MULTILINE)
    assert sorted(headings) == sorted(names(Settings))


@pytest.mark.parametrize(("name", "enum"), [("events.md", Event), ("permissions.md", Permission)])
def test_every_member_has_a_row_that_says_something(name: str, enum: type[Enum]) -> None:
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| ([^|]+) \|", page(name), re.MULTILINE))
    for member in enum:
        assert len(rows[member.value].strip()) > 8, member


def test_every_role_is_told_in_both_languages() -> None:
    for role in ROLES.values():
        assert f"| `{role.name}` | {role.title.sv} | {role.title.en} |" in page("permissions.md")


def test_every_command_has_its_heading_and_its_help() -> None:
    text = page("commands.md")
    context = click.Context(main, info_name="vaka")
    for name in SUBCOMMANDS:
        assert f"## `vaka {name}`" in text
        command = main.get_command(context, name)
        assert command is not None
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.opts[0] in text, f"{name} {parameter.opts[0]}"


def test_every_component_and_every_granted_table_is_on_the_page_of_roles() -> None:
    text = page("database-roles.md")
    for component in COMPONENTS:
        assert f"### {component} (platform)" in text
    granted = re.findall(r"\bto (g_[a-z]+(?:, g_[a-z]+)*)", grants_for("tenant"))
    assert granted
    for group in {name for names in granted for name in names.split(", ")}:
        assert f"### {group.removeprefix('g_')} (tenant)" in text


def test_no_page_names_the_machine_it_was_written_on() -> None:
    for name in GENERATOR.PAGES:
        assert str(Path.home()) + "/" not in page(name)
