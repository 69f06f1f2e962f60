# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The reader of queries.sql."""

import pytest

from vaka.database.queries import Queries, load_queries

TEXT = """-- A page of queries.

-- name: take_alarm
-- One winner only.
update alarm set holder = %(holder)s
where id = %(id)s;

-- name: count_waiting
select count(*)
from alarm
"""


def test_each_name_gives_its_statement_without_the_semicolon() -> None:
    queries = Queries("vaka.sample", TEXT)
    assert list(queries) == ["take_alarm", "count_waiting"]
    assert queries["take_alarm"].startswith("-- One winner only.\nupdate alarm")
    assert queries["take_alarm"].endswith("where id = %(id)s")
    assert queries["count_waiting"] == "select count(*)\nfrom alarm"
    assert len(queries) == 2


def test_text_before_the_first_name_is_no_query() -> None:
    assert list(Queries("vaka.sample", "select 1;\n")) == []


def test_name_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"vaka\.sample: the query take_alarm is defined twice"):
        Queries("vaka.sample", TEXT + "\n-- name: take_alarm\nselect 1\n")


def test_unknown_name_is_our_bug() -> None:
    with pytest.raises(KeyError):
        Queries("vaka.sample", TEXT)["take"]


def test_package_gives_its_own_file() -> None:
    queries = load_queries("vaka.tenants")
    assert queries.package == "vaka.tenants"
    assert "list_authorities" in queries


def test_package_without_queries_is_our_bug() -> None:
    with pytest.raises(FileNotFoundError):
        load_queries("vaka.database")
