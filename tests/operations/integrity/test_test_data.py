# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A test environment holds no real people, and opens nothing of production's, nor the other way round."""

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import psycopg
import pytest

from tests.assurance.test_collectors import by_hand, own_server, server  # noqa: F401 - a server of this module's own
from tests.conftest import START
from tests.platform import platform_as
from vaka.database.cluster import Cluster
from vaka.database.server import KEY_DATABASE, PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.demo.authorities import AUTHORITIES
from vaka.demo.people import invent_people
from vaka.errors import ConfigurationError
from vaka.identity.installation import decide_installation
from vaka.operations.integrity.test_data import count_personal_numbers, list_stores, scan_databases

pytestmark = [pytest.mark.anyio, pytest.mark.database]


def with_check(nine: str) -> str:
    """A number with its check digit; it is put together here, so that none stands in this tree."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(nine))
    return nine + str(-sum(value - 9 * (value > 9) for value in doubled) % 10)


SOMEBODYS = with_check("640823" + "323")
"""The example of the tax agency's own description: nobody's, and of a form that anybody's has."""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (SOMEBODYS, 1), (f"19{SOMEBODYS}", 1), (f"{SOMEBODYS[:6]}-{SOMEBODYS[6:]}", 1),
        (f"ring {SOMEBODYS}, sedan 19{SOMEBODYS}.", 2), (with_check("640883" + "323"), 1),
        (SOMEBODYS[:9] + str((int(SOMEBODYS[9]) + 1) % 10), 0), (with_check("640823" + "981"), 0),
        (with_check("641323" + "323"), 0), (f"x{SOMEBODYS}", 0), (f"{SOMEBODYS}0", 0), ("", 0),
    ],
)  # fmt: skip
def test_a_number_is_somebodys_by_its_day_its_check_digit_and_its_birth_number(text: str, found: int) -> None:
    assert count_personal_numbers(text) == found


async def test_term_22_3_a_real_personal_number_in_a_test_store_is_found(
    server: Server  # noqa: F811
) -> None:  # fmt: skip
    """Wherever it stands: in a column, or deep in one with JSON. What the generator makes is nobody's."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as superuser:
        superuser.execute("create table vaka.kept (note text, said jsonb, many text[])")
        people = invent_people(AUTHORITIES[0], 200, START, Random(7))
        assert all(len(one.personal_number) >= 10 for one in people)
        for one in people:
            superuser.execute("insert into vaka.kept (note) values (%s)", (str(one),))
        texts, found = scan_databases(server, [PLATFORM_DATABASE])
        assert texts > len(people)
        assert found == 0
        superuser.execute("insert into vaka.kept values (%s, null, null)", (f"hon är {SOMEBODYS}",))
        superuser.execute("insert into vaka.kept values (null, jsonb_build_object('a', array[%s]), null)", (SOMEBODYS,))
        superuser.execute("insert into vaka.kept values (null, null, array['x', %s])", (SOMEBODYS,))
        assert scan_databases(server, [PLATFORM_DATABASE])[1] == 3
        superuser.execute("set session_replication_role = replica")
        leaf = f'{{"detail": {{"reason": "hon är {SOMEBODYS}"}}}}'.encode()
        superuser.execute("insert into ledger.log_entry (index, leaf) values (1000000, %s)", (leaf,))
        assert scan_databases(server, [PLATFORM_DATABASE])[1] == 4, "what is sealed in the log is read too"
        superuser.execute("delete from ledger.log_entry where index = 1000000")


def test_every_database_of_ours_is_a_store_but_the_keys(server: Server) -> None:  # noqa: F811
    """Also one that was restored, replaced or left behind, whatever the directory of authorities knows."""
    with closing(psycopg.connect(server.conninfo(SUPERUSER, "postgres"), autocommit=True)) as superuser:
        for name in ("vaka_t_left_before_20300101_000000", KEY_DATABASE):
            superuser.execute(f"create database {name}" if name not in _databases(superuser) else "select 1")
        try:
            stores = list_stores(server)
        finally:
            superuser.execute("drop database vaka_t_left_before_20300101_000000")
    assert {PLATFORM_DATABASE, "vaka_t_left_before_20300101_000000"} <= set(stores)
    assert not {KEY_DATABASE, "postgres", "template1"} & set(stores)


def _databases(superuser: "psycopg.Connection[tuple[object, ...]]") -> set[object]:
    return {name for (name,) in superuser.execute("select datname from pg_database").fetchall()}


@pytest.mark.parametrize(("decided", "started"), [("production", "test"), ("test", "production"), ("demo", "test")])
async def test_term_22_2_an_installation_opens_no_data_of_another_kind(
    decided: str, started: str, server: Server  # noqa: F811
) -> None:  # fmt: skip
    """A copy of production's database says what it is, and a test environment's start refuses it; and so on."""
    async with platform_as(server, "setup") as setup:
        await decide_installation(setup, decided, START)
        with pytest.raises(ConfigurationError, match=f"is a {decided} one"):
            await decide_installation(setup, started, START)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await setup.execute("update installation set mode = %s", (started,))


async def test_term_22_4_credentials_of_one_installation_open_nothing_in_another(
    cluster: Cluster, server: Server, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """Two servers, each with its own: every role, both ways."""
    for mine, theirs in ((cluster.server, server), (server, cluster.server)):
        shutil.rmtree(tmp_path / "credentials", ignore_errors=True)
        shutil.copytree(theirs.credentials, tmp_path / "credentials")
        with_theirs = replace(mine, credentials=tmp_path / "credentials")
        for name in (SUPERUSER, *map(platform_role, ("setup", "desk", "receiver", "scheduler"))):
            psycopg.connect(mine.conninfo(name, PLATFORM_DATABASE)).close()
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(with_theirs.conninfo(name, PLATFORM_DATABASE))
