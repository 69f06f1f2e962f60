# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every column of an authority's database says what it holds; one that does not fails here."""

from collections.abc import Callable
from contextlib import closing

import psycopg
import pytest

from vaka.database.server import SUPERUSER, Server
from vaka.errors import ConfigurationError
from vaka.keys.personal import load_declaration, parse_declaration
from vaka.tenants.authorities import Authority

GOOD = """
personal = ["who"]
sealed = ["person.name"]
[forms]
"person.name" = "words"
[kinds]
who = "who somebody is"
time = "when"
[table.person]
name = "who"
born = "time"
"""


@pytest.mark.database
def test_every_column_is_declared_and_none_that_is_not_there(
    server: Server, new_authority: Callable[..., Authority]
) -> None:
    database = new_authority().database_name
    with closing(psycopg.connect(server.conninfo(SUPERUSER, database))) as connection:
        found = connection.execute(
            "select table_name, column_name, data_type from information_schema.columns"
            " where table_schema = 'vaka' and table_name <> 'migration'"
        ).fetchall()
    types = {(table, name): kind for table, name, kind in found}
    declared = load_declaration()
    assert set(types) - set(declared) == set(), "say in keys/personal.toml what it holds"
    assert set(declared) - set(types) == set()
    assert {types[place] for place, column in declared.items() if column.is_sealed} <= {"bytea"}


def test_nothing_personal_stands_in_clear() -> None:
    columns = [column for column in load_declaration().values() if column.is_personal]
    assert len(columns) > 30
    assert [column for column in columns if not column.is_sealed] == []


def test_a_declaration_is_read() -> None:
    columns = parse_declaration(GOOD)
    assert (columns["person", "name"].is_personal, columns["person", "name"].is_sealed) == (True, True)
    assert not columns["person", "born"].is_personal
    assert (columns["person", "name"].form, columns["person", "born"].form) == ("words", "text")


def test_a_column_is_sealed_or_holds_letters() -> None:
    columns = parse_declaration(GOOD.replace("sealed =", "sealed = []\nletters ="))
    assert (columns["person", "name"].is_sealed, columns["person", "name"].is_letter) == (True, True)
    assert not parse_declaration(GOOD)["person", "name"].is_letter


@pytest.mark.parametrize(
    "bad",
    [
        GOOD.replace('born = "time"', 'born = "weather"'),
        GOOD.replace('personal = ["who"]', 'personal = ["whom"]'),
        GOOD.replace("person.name", "person.names"),
        GOOD.replace("person.name", "person.born"),
        GOOD.replace('born = "time"', "born = 1"),
        GOOD.replace("[forms]", 'letters = ["person.name"]\n[forms]'),
        GOOD.replace("[forms]", 'letters = ["person.born"]\n[forms]'),
        GOOD.replace("[forms]", 'letters = ["person.names"]\n[forms]'),
        GOOD.replace('= "words"', '= "colour"'), GOOD.replace('"person.name" =', '"person.born" ='),
        GOOD + "[more]\n", "", "[[",
    ],
)  # fmt: skip
def test_a_declaration_that_makes_no_sense_is_refused(bad: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_declaration(bad)
