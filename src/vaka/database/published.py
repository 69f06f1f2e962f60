# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The page of grants (``schema/grants.sql``) as data: who may do what, for the documentation and for comparing."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from vaka.database.migrate import Kind, grants_for

_GRANT = re.compile(r"^grant\s+(.+?)\s+on\s+(.+?)\s+to\s+([a-z_,\s]+)$", re.DOTALL)
_WORDS = ("function", "schema", "sequence", "table")
_ARGUMENTS = re.compile(r"\([^)]*\)")
"""Of one of several functions of a name."""
_RIGHT = re.compile(r"(\w+)(?: \(([^)]*)\))?(?:, |$)")


class Line(NamedTuple):
    """One line of the page: one grantee, one thing, and the rights as they are written there."""

    grantee: str
    word: str
    """``function``, ``schema``, ``sequence`` or ``table``; empty is a table too."""
    name: str
    rights: str


class Right(NamedTuple):
    """One right, as the page or a database's catalogue says it."""

    grantee: str
    """``public`` for everybody."""
    kind: str
    """``function``, ``schema``, ``sequence`` or ``table``."""
    name: str
    """With its schema; functions of one name share their rights."""
    column: str
    """Empty where the right is on the whole."""
    right: str


def list_lines(kind: Kind) -> Iterator[Line]:
    """Yield what the page grants in a kind of database. Raises ValueError where a statement is not understood."""
    text = re.sub(r"--[^\n]*", "", grants_for(kind))
    for statement in filter(None, (part.strip() for part in text.split(";"))):
        if statement.startswith("revoke"):
            continue
        match = _GRANT.match(statement)
        if match is None:
            raise ValueError(f"grants.sql: not understood: {statement}")
        rights, target, grantees = (" ".join(part.split()) for part in match.groups())
        target = _ARGUMENTS.sub("", target)
        word = next((word for word in _WORDS if target.startswith(word + " ")), "")
        for grantee in grantees.split(", "):
            for name in dict.fromkeys(target.removeprefix(word).strip().split(", ")):
                yield Line(grantee, word, name, rights)


def published_rights(kind: Kind) -> frozenset[Right]:
    """Return every right that the page grants in a kind of database."""
    return frozenset(right for line in list_lines(kind) for right in _rights(line))


def _rights(line: Line) -> Iterator[Right]:
    is_named_alone = line.word == "schema" or "." in line.name
    name = line.name if is_named_alone else f"vaka.{line.name}"
    for right, columns in _RIGHT.findall(line.rights):
        for column in columns.split(", "):
            yield Right(line.grantee, line.word or "table", name, column, right.lower())
