# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""SQL is kept as SQL: each package has one ``queries.sql``; this reads it.

A query begins at a line ``-- name: take_alarm`` and ends at the next such line. Further comment lines stay with the
statement. Names are unique within a file.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files

_NAME = re.compile(r"^-- name: ([a-z][a-z0-9_]{0,60})$", re.MULTILINE)


class Queries(Mapping[str, str]):
    """The statements of one package by name. Asking for a name that is not there is our bug: KeyError."""

    def __init__(self, package: str, text: str) -> None:
        self.package = package
        self._statements: dict[str, str] = {}
        parts = _NAME.split(text)[1:]
        for name, body in zip(parts[::2], parts[1::2], strict=True):
            if name in self._statements:
                raise ValueError(f"{package}: the query {name} is defined twice")
            self._statements[name] = body.strip().rstrip(";")

    def __getitem__(self, name: str) -> str:
        return self._statements[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._statements)

    def __len__(self) -> int:
        return len(self._statements)


def load_queries(package: str) -> Queries:
    """Return the queries in ``queries.sql`` of ``package`` (its dotted name)."""
    return Queries(package, files(package).joinpath("queries.sql").read_text(encoding="utf-8"))
