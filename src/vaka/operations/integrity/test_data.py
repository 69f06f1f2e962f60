# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Looking for real people in the stores of a test environment: personal numbers that somebody may have (term 22).

One that is nobody's, with a birth number that is given to nobody, is what tests are made of. What is sealed is read by
nobody here; whoever puts people into a test environment makes them with its generator.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import date
from typing import Final

import psycopg
from psycopg import sql

from vaka.database.server import KEY_DATABASE, SUPERUSER, Server

_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])(?P<century>19|20)?(?P<year>\d\d)(?P<month>\d\d)(?P<day>\d\d)[-+]?(?P<birth>\d{3})(?P<check>\d)"
    r"(?![0-9A-Za-z])"
)
_RESERVED: Final = range(980, 1000)
"""Birth numbers that nobody gets."""
_COORDINATED = 60
"""Is added to the day in the numbers of those who are not registered in the population (samordningsnummer)."""
_COLUMNS = """
    select c.table_schema, c.table_name, c.column_name, c.data_type = 'bytea' from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema not in ('pg_catalog', 'information_schema') and t.table_type = 'BASE TABLE'
      and (c.data_type in ('text', 'character varying', 'character', 'json', 'jsonb', 'xml')
           or c.data_type = 'ARRAY' and c.udt_name in ('_text', '_varchar', '_jsonb')
           or (c.table_schema, c.table_name, c.column_name) = ('ledger', 'log_entry', 'leaf'))
    order by 1, 2, 3"""
_STORES = """
    select datname from pg_database
    where starts_with(datname, 'vaka_') and datname <> %s and datallowconn and not datistemplate order by datname"""
_BATCH = 2000


def count_personal_numbers(text: str) -> int:
    """Count the personal numbers in a text that somebody may have: a day that there is, the check digit, no reserved
    birth number.
    """
    return sum(_is_somebodys(found) for found in _NUMBER.finditer(text))


def _is_somebodys(found: "re.Match[str]") -> bool:
    digits = "".join(found.group(name) for name in ("year", "month", "day", "birth", "check"))
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    if sum(value - 9 * (value > 9) for value in doubled) % 10 or int(found.group("birth")) in (*_RESERVED, 0):
        return False
    day = int(found.group("day"))
    day -= _COORDINATED if day > _COORDINATED else 0
    for century in (found.group("century"),) if found.group("century") else ("19", "20"):
        with suppress(ValueError):
            date(int(century + found.group("year")), int(found.group("month")), day)
            return True
    return False


def list_stores(server: Server) -> list[str]:
    """Return every database of ours on a server, also what was restored or replaced; but that of the keys."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, "postgres", application="vaka-setup"))) as connection:
        return [str(name) for (name,) in connection.execute(_STORES, (KEY_DATABASE,)).fetchall()]


def scan_databases(server: Server, databases: Iterable[str]) -> tuple[int, int]:
    """Return how many texts were read in these databases, and how many personal numbers are in them (as superuser)."""
    texts = found = 0
    for database in databases:
        for text in _read(server, database):
            texts += 1
            found += count_personal_numbers(text)
    return texts, found


def _read(server: Server, database: str) -> Iterator[str]:
    with closing(psycopg.connect(server.conninfo(SUPERUSER, database, application="vaka-setup"))) as connection:
        for schema, table, column, is_leaf in connection.execute(_COLUMNS).fetchall():
            # What the log has sealed is JSON, kept as the bytes that were hashed.
            form = "select convert_from({}, 'UTF8') from {}" if is_leaf else "select {}::text from {}"
            statement = sql.SQL(form).format(sql.Identifier(column), sql.Identifier(schema, table))
            with connection.cursor("scan") as cursor:
                cursor.itersize = _BATCH
                cursor.execute(statement)
                for (text,) in cursor:
                    if text:
                        yield text
