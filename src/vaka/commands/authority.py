# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka authority`: takes an authority in, and says who answers for its areas and whom the desk calls."""

import sys
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from vaka.clock import SystemClock
from vaka.commands.at_authority import apply_option, authority_option, data_option, perform
from vaka.commands.authority_register import register
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import Registered, reachable_server, read_directory
from vaka.commands.maintenance import Run, change_option, recorded
from vaka.commands.sheets import SheetError, read_file
from vaka.commands.unit_sheet import COLUMNS, read_units
from vaka.database.connections import Connection
from vaka.tenants.authorities import Authority
from vaka.tenants.on_call import has_on_call, set_on_call
from vaka.tenants.units import Change, Service, Standing, compare, read_standing, set_units

_ZONE = ZoneInfo("Europe/Stockholm")
_NONE_YET = """No authority is taken in yet. Take the first in with
  vaka authority register SHORT-NAME --name "…" --data {data} --apply --change ID --reason TEXT"""


@click.group()
def authority() -> None:
    """Take in authorities, and say who answers for their areas and whom the desk calls."""


authority.add_command(register)


@authority.command("list")
@data_option
def list_(data: Path) -> None:
    """Print the authorities: short name, name, kind, since when, and which are closed."""
    directory = DataDirectory(data.absolute())
    settings = directory.load_settings()
    with (
        reachable_server(directory, settings) as server,
        recorded(server, SystemClock(), "authority.list", None, apply=False),
    ):
        found = read_directory(server)
        click.echo(_table(found) if found else _NONE_YET.format(data=directory.root))


@authority.command(help=f"""Say who answers for which area and when, by FILE (CSV with a heading line): all of it.

    Columns: {", ".join(COLUMNS)}. `from` and `until` are times of the day in Sweden (07:00); equal, they mean the
    whole day, and a stretch may pass midnight. A unit stands on as many lines as it has areas and hours, each time with
    the same phone. An area is called what it is called in the register of people. At every minute one unit answers for
    it, and not two: otherwise the sheet is refused, since operators would have nobody to call, or not know whom.

    A unit that is not in the sheet answers no more. Without --apply it is shown what would change.
    """)  # fmt: skip
@data_option
@authority_option
@apply_option
@change_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def units(data: Path, authority: str, apply: bool, change: str | None, file: Path) -> None:
    """Compare the sheet with what is so, and make it so where ``apply``."""
    text = read_file(file)
    # What is confirmed is a digest of what the command was told: this very text, whatever the file holds later.
    click.get_current_context().params["sheet"] = text

    async def act(_chosen: Authority, _platform: Connection, tenant: Connection, run: Run) -> str:
        wanted = read_units(text)
        standing = await read_standing(tenant)
        unanswered = _require_answered(standing, wanted)
        if apply:
            changes = await set_units(tenant, wanted, actor=run.actor, now=SystemClock().now())
            run.facts["count"] = len(changes)
        else:
            changes = compare(standing.service, wanted)
        return "\n".join([*_lines(changes), *unanswered])

    perform(data, authority, "authority.units", change, act, apply=apply)


@authority.command("on-call")
@data_option
@authority_option
@apply_option
@change_option
def on_call(data: Path, authority: str, apply: bool, change: str | None) -> None:
    """Say whom the desk calls where nobody answers a life alarm. The number is asked for, or read from standard input.

    Without --apply nothing is asked for, and it is said whether there is a number. It is shown to operators alone.
    """
    phone = _ask_for_phone() if apply else ""
    # Confirmed as well, though it is no argument.
    click.get_current_context().params["phone"] = phone

    async def act(chosen: Authority, _platform: Connection, tenant: Connection, run: Run) -> str:
        if not apply:
            there = await has_on_call(tenant)
            return f"{chosen.name} has an on-call telephone." if there else _nobody_to_call(chosen)
        changed = await set_on_call(tenant, chosen.id, phone, actor=run.actor, now=SystemClock().now())
        run.facts["count"] = int(changed)
        return f"{chosen.name}: {'the desk calls this number now' if changed else 'it was that number already'}."

    perform(data, authority, "authority.on-call", change, act, apply=apply)


def _ask_for_phone() -> str:
    return click.prompt("On-call telephone", err=True) if sys.stdin.isatty() else sys.stdin.readline(200)


def _nobody_to_call(chosen: Authority) -> str:
    return f"{chosen.name} has no on-call telephone: where nobody answers a life alarm, the desk has nobody to call."


def _require_answered(standing: Standing, wanted: Service) -> list[str]:
    """Return for which areas nobody answers and nobody did. Raises SheetError where somebody did until now."""
    missing = standing.lived_in - wanted.areas
    left = sorted(missing & standing.service.areas)
    if left:
        named = ", ".join(left)
        raise SheetError([f"people belong to {named}, for which it names nobody: add lines, or move them first"])
    return [f"Nobody answers for {area}, which people belong to: add lines for it." for area in sorted(missing)]


def _lines(changes: Sequence[Change]) -> list[str]:
    lines = []
    for one in changes:
        lines.append(f"{one.how:<8} {one.unit}")
        lines += ["         another number"] if one.other_phone else []
        lines += [f"         no more  {answer}" for answer in one.gone]
        lines += [f"         answers  {answer}" for answer in one.came]
    return lines or ["It is all so already."]


def _table(found: Sequence[Registered]) -> str:
    rows = [(one.slug, one.name, one.kind, f"{one.created_at.astimezone(_ZONE):%Y-%m-%d}", one.state) for one in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
