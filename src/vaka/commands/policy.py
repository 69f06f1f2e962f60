# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka policy`: what an authority decides for itself, shown, and changed where it asks for it."""

from pathlib import Path

import click

from vaka.clock import SystemClock
from vaka.commands.at_authority import apply_option, authority_option, data_option, perform
from vaka.commands.maintenance import Run, change_only_option, change_option
from vaka.tenants.authorities import Authority
from vaka.tenants.policy import (
    CLASSES,
    LIMITS,
    MESSAGE_TYPES,
    Connection,
    Override,
    compare_limits,
    list_overrides,
    read_limits,
    set_limits,
    set_override,
    try_override,
)


@click.group()
def policy() -> None:
    """Show and change what an authority decides for itself."""


@policy.command()
@data_option
@authority_option
def show(data: Path, authority: str) -> None:
    """Print the limits, and what the authority has decided of devices' codes."""
    perform(data, authority, "policy.show", None, _describe, apply=False, shows=True)


@policy.command("set")
@data_option
@authority_option
@apply_option
@change_option
@click.argument("limits", nargs=-1, required=True, metavar="NAME=NUMBER...")
def set_(data: Path, authority: str, apply: bool, change: str | None, limits: tuple[str, ...]) -> None:
    """Change limits, such as ring_all_after_seconds=45; `vaka policy show` names them."""
    wanted = dict(_limit(text) for text in limits)

    async def act(chosen: Authority, platform: Connection, tenant: Connection, run: Run) -> str:
        if apply:
            run.facts["count"] = len(
                await set_limits(tenant, chosen.id, wanted, actor=run.actor, now=SystemClock().now())
            )
            return await _describe(chosen, platform, tenant, run)
        before = await read_limits(tenant)
        _, changed = await compare_limits(tenant, wanted)
        lines = [f"  {name}: {before[name]} would become {value}" for name, value in changed.items()]
        return "\n".join([await _describe(chosen, platform, tenant, run), *(lines or ["  Nothing would change."])])

    perform(data, authority, "policy.set", change, act, apply=apply)


@policy.command()
@data_option
@authority_option
@apply_option
@change_only_option
@click.option("--message-type", type=click.Choice(MESSAGE_TYPES), help="Of this type only.")
@click.option("--device-type", type=click.IntRange(0, 9999), help="Of this type of device only.")
@click.option("--status-code", type=click.IntRange(0, 9999), help="With this status code only.")
@click.option("--reason", required=True, help="Why the authority wants it so; no names of people.")
@click.argument("alarm_class", type=click.Choice([*CLASSES, "standard"]))
def classify(
    data: Path, authority: str, apply: bool, change: str | None, message_type: str | None, device_type: int | None,
    status_code: int | None, reason: str, alarm_class: str,
) -> None:  # fmt: skip
    """Decide how urgent messages of a kind are to the authority; `standard` takes a decision back."""
    override = Override(message_type, device_type, status_code, alarm_class, reason)

    async def act(chosen: Authority, platform: Connection, tenant: Connection, run: Run) -> str:
        if apply:
            await set_override(platform, chosen.id, override, actor=run.actor, now=SystemClock().now())
        else:
            await try_override(platform, chosen.id, override)
        return await _describe(chosen, platform, tenant, run)

    perform(data, authority, "policy.classify", change, act, apply=apply)


async def _describe(authority: Authority, platform: Connection, tenant: Connection, _run: Run) -> str:
    limits = await read_limits(tenant)
    width = max(map(len, limits))
    lines = [authority.name]
    lines += [f"  {name:<{width}}  {value:>6}  ({LIMITS[name][0]}–{LIMITS[name][1]})" for name, value in limits.items()]
    overrides = await list_overrides(platform, authority.id)
    lines += [f"  {_kind(one)}: {one.alarm_class} ({one.reason})" for one in overrides]
    return "\n".join(lines if overrides else [*lines, "  Codes mean what they mean to everybody."])


def _kind(one: Override) -> str:
    parts = {"type": one.message_type, "device type": one.device_type, "status": one.status_code}
    return ", ".join(f"{name} {value}" for name, value in parts.items() if value is not None) or "every event"


def _limit(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise click.BadParameter(f"{text!r} is not NAME=NUMBER", param_hint="limits")
    return name, int(number)
