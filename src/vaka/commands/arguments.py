# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The arguments of the command that runs: what may be said of them, and a digest of all that they say."""

import hashlib
import json
import os
import re
import stat
from pathlib import Path
from uuid import UUID

import click

from vaka.crypto.binding import bind
from vaka.crypto.policy import require_allowed

require_allowed("SHA-256", "digest")

MOST_SHOWN = 20
"""Values of one argument that the ledger is told."""
LONGEST_ARGUMENTS = 400
_ELSEWHERE = frozenset({"change", "reason", "data", "apply"})
"""What the entry says elsewhere, or what says nothing."""
_SHORT_NAMES = frozenset({"authority", "issuer", "name", "names"})
_SHORT_NAME = re.compile(r"[a-z][a-z0-9_:./-]{0,79}")


def stated_arguments() -> str:
    """Return the arguments of the command that runs: what is a choice, a number, a switch or an identifier; of anything
    else, which may be secret or name somebody, only that it was said.
    """
    context = click.get_current_context(silent=True)
    if context is None:
        return ""
    said = []
    for parameter in context.command.params:
        value = context.params.get(parameter.name or "")
        if parameter.name in _ELSEWHERE or value is None or value is False or value == ():
            continue
        values = value if isinstance(value, tuple) else (value,)
        shown = ",".join(str(one) if _may_be_shown(parameter, one) else "*" for one in values[:MOST_SHOWN])
        called = max(parameter.opts, key=len).lstrip("-")
        said.append(f"{called}={shown}{',…' if len(values) > MOST_SHOWN else ''}")
    return " ".join(said)[:LONGEST_ARGUMENTS]


def digest_arguments(key: bytes) -> str:
    """Return a digest of every argument and of what is in the files that they name, 64 hexadecimal digits.

    Keyed, since an argument may be short enough to be guessed; whoever keeps the key to himself can say later whether
    anything is otherwise.
    """
    context = click.get_current_context(silent=True)
    said = {} if context is None else {name: _of(value) for name, value in context.params.items()}
    return bind(key, "arguments of a command", [json.dumps(said, sort_keys=True).encode()]).hex()


def _may_be_shown(parameter: click.Parameter, value: object) -> bool:
    if isinstance(parameter.type, click.Choice) or isinstance(value, bool | int | UUID):
        return True
    return parameter.name in _SHORT_NAMES and isinstance(value, str) and _SHORT_NAME.fullmatch(value) is not None


def _of(value: object) -> object:
    if isinstance(value, tuple):
        return [_of(one) for one in value]
    return [str(value), _of_file(value)] if isinstance(value, Path) else str(value)


def _of_file(path: Path) -> str | None:
    """Return the SHA-256 of a plain file; None of what is none, or cannot be read (the command says so itself)."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        pass
    return None
