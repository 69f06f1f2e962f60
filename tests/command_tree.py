# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every command that can be run, found in the tree that click makes of them."""

from collections.abc import Iterator

import click

from vaka.commands.main import main


def every_command(group: click.Command = main, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield each command with its path (``account invite``); a group only where it does something by itself."""
    if isinstance(group, click.Group):
        for name in group.list_commands(click.Context(group)):
            found = group.get_command(click.Context(group), name)
            assert found is not None
            yield from every_command(found, f"{path} {name}".strip())
    if path and (not isinstance(group, click.Group) or group.invoke_without_command):
        yield path, group


def options_of(command: click.Command) -> set[str]:
    """Return what can be said to a command, such as ``--apply``."""
    return {option for one in command.params for option in one.opts}
