# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka doctor`: what is wrong on this machine, a sentence each, and how to mend it."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from vaka.clock import SystemClock
from vaka.operations.doctor.examining import examine
from vaka.operations.doctor.findings import Finding, Grade, exit_code

_SAID = {
    "sv": {Grade.WRONG: "FEL", Grade.UNSEEN: "EJ SETT"},
    "en": {Grade.WRONG: "WRONG", Grade.UNSEEN: "NOT SEEN"},
}
Found = Sequence[tuple[str, Finding]]


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, file_okay=False), help="The data directory.")
@click.option("--language", type=click.Choice(["sv", "en"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead, in both languages.")
@click.pass_context
def doctor(context: click.Context, data: Path, language: str, as_json: bool) -> None:
    """Say what is wrong on this machine, a sentence each, and how to mend it.

    Needs nothing that works: no database, no root, no session. It only looks, and what this account may not look at it
    says. Exit code: 0 everything is as it should be, 1 something is wrong, 2 nothing is, of what could be looked at.
    """
    found = list(examine(data.absolute(), SystemClock().now()))
    if as_json:
        click.echo(json.dumps(_object(found), ensure_ascii=False, indent=2).encode())
    else:
        click.echo("\n".join(_lines(found, language)).encode())
    context.exit(exit_code([one for _, one in found]))


def _lines(found: Found, language: str) -> list[str]:
    words = _SAID["sv" if language == "sv" else "en"]
    lines = [
        f"{words[one.grade]}  {name}: {one.said.in_language(language)}"
        + ("" if one.mend is None else f"\n    {one.mend.in_language(language)}")
        for name, one in found
        if one.grade is not Grade.GOOD
    ]
    grades = [one.grade for _, one in found]
    counts = grades.count(Grade.WRONG), grades.count(Grade.UNSEEN), grades.count(Grade.GOOD)
    summary = {
        "sv": "Fel: {}. Inte sett: {}. Som det ska: {}.",
        "en": "Wrong: {}. Not seen: {}. As it should be: {}.",
    }
    return [*lines, summary["sv" if language == "sv" else "en"].format(*counts)]


def _object(found: Found) -> dict[str, object]:
    return {
        "exit_code": exit_code([one for _, one in found]),
        "looks": [
            {
                "look": name,
                "grade": one.grade.value,
                "said": {"sv": one.said.sv, "en": one.said.en},
                "mend": None if one.mend is None else {"sv": one.mend.sv, "en": one.mend.en},
            }
            for name, one in found
        ],
    }
