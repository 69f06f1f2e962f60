# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka erasure attempt`: a set that is found later is tried as well, with a trace of it, and of nobody who lives."""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.commands.test_key import APPLY, TENANT, running, vaka
from tests.people import register, with_keys
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities
from vaka.database.binaries import find_server_binaries
from vaka.database.server import SUPERUSER
from vaka.keys.keyring import Keyring, make_client
from vaka.settings import Settings
from vaka.tenants.people import Person

pytestmark = pytest.mark.database

ATTEMPT = ("erasure", "attempt", "--authority", "ekbacka", "--data")
ENTRIES = """
    select leaf->>'object', leaf->>'outcome', leaf->>'actor', leaf->'detail'
    from (select index, convert_from(leaf, 'utf8')::jsonb as leaf from ledger.log_entry) sealed
    where leaf->>'event' = 'erasure.attempted' order by index"""


@pytest.fixture(scope="module")
def erased(made: DataDirectory) -> Iterator[tuple[DataDirectory, UUID, UUID]]:
    """Two orders: one person's key is destroyed since the backup; of the other that is only claimed."""
    server = made.cluster.server
    people = [Person(uuid4(), name, "Märkesson", street="Lindvägen 3") for name in ("Märta", "Bo")]
    with running(made):
        authority = next(one for one in active_authorities(server) if one.slug == "ekbacka")

        async def write(keyring: Keyring) -> None:
            await register(server, authority, keyring, people)

        with_keys(server, write)
        program, to = find_server_binaries() / "pg_basebackup", made.root / "backups" / "monday"
        subprocess.run(
            [str(program), "-h", server.host, "-U", SUPERUSER, "-D", str(to), "-X", "stream", "-c", "fast"],
            env={**os.environ, "PGPASSFILE": str(server.credential_file(SUPERUSER))}, check=True,
        )  # fmt: skip

        async def destroy() -> None:
            client = make_client(server, Settings(), "setup", SystemClock())
            await client.erase(authority.id, [people[0].id], uuid4())
            await client.close()

        asyncio.run(destroy())
        gone, claimed = (certify(made, person.id) for person in people)
        (made.root / "vaka.toml").write_text('[receiver]\ntls_port = false\n[erasure]\nbackups = "backups"\n')
        yield made, gone, claimed


def certify(made: DataDirectory, person: UUID) -> UUID:
    order = uuid4()
    with closing(psycopg.connect(made.cluster.server.conninfo(SUPERUSER, TENANT), autocommit=True)) as connection:
        connection.execute(
            "insert into vaka.erasure_order (id, person_id, decision, ordered_by, ordered_at, state, decided_by,"
            " decided_at, removed_at, erased_at, entry, certificate, signature, public_key) values (%s, %s, 'SN 1', %s,"
            " now(), 'certified', %s, now(), now(), now(), 1, 'x', %s, 'x')",
            (order, person, uuid4(), uuid4(), bytes(64)),
        )
    return order


def entries(made: DataDirectory) -> list[tuple[str, str, str, dict[str, object]]]:
    with closing(psycopg.connect(made.cluster.server.conninfo(SUPERUSER, TENANT))) as connection:
        return [(row[0], row[1], row[2], dict(row[3])) for row in connection.execute(ENTRIES).fetchall()]


def test_what_would_be_tried_is_shown_first(erased: tuple[DataDirectory, UUID, UUID]) -> None:
    made, *_ = erased
    before = entries(made)
    shown = vaka(*ATTEMPT, made.root)
    assert shown.exit_code == 0, shown.output + shown.stderr
    assert shown.output.startswith("monday  made 20")
    assert "erased: 2." in shown.output
    assert "Nothing was tried" in shown.output
    assert entries(made) == before


def test_erased_is_not_read_and_who_only_is_said_to_be_is_told_of(erased: tuple[DataDirectory, UUID, UUID]) -> None:
    made, gone, claimed = erased
    done = vaka(*ATTEMPT, made.root, "--order", gone, *APPLY)
    assert done.exit_code == 0, done.output + done.stderr
    assert f"{gone}: in monday" in done.output
    assert "and 0 opened" in done.output
    read = vaka(*ATTEMPT, made.root, "--order", claimed, "--set", "monday", *APPLY)
    assert (read.exit_code, "can be read in the backup" in read.stderr) == (1, True), read.output
    first, second = entries(made)[-2:]
    assert first[:2] == (f"erasure:{gone}", "success")
    assert second[:2] == (f"erasure:{claimed}", "failure")
    assert first[2].startswith("setup:uid-")
    assert (first[3]["backup"], first[3]["set"], first[3]["opened"]) == ("tried", "monday", 0)
    assert first[3]["values_tried"] == second[3]["values_opened"]
    assert int(str(first[3]["values_tried"])) >= 3
    assert first[3]["change"] == "C-18"
    assert "Märta" not in json.dumps(first[3], ensure_ascii=False)
    assert not (made.root / "restored").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--set", "sunday"), "no whole backup set sunday"),
        (("--order", str(UUID(int=7))), "There is no order"),
        (("--apply",), "--change"),
    ],
)
def test_what_cannot_be_tried_is_said(
    erased: tuple[DataDirectory, UUID, UUID], options: tuple[str, ...], says: str
) -> None:
    made, *_ = erased
    shown = vaka(*ATTEMPT, made.root, *options)
    assert (shown.exit_code, says in shown.stderr) == (1, True), shown.stderr


def test_authority_that_was_erased_as_a_whole_is_tried_again(erased: tuple[DataDirectory, UUID, UUID]) -> None:
    """It only is said to have been: people and its own letters are tried, and what opens is told of."""
    made, *_ = erased
    order = uuid4()
    with closing(psycopg.connect(made.cluster.server.conninfo(SUPERUSER, TENANT), autocommit=True)) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "insert into vaka.authority_ending (id, decision, no_export, ordered_by, ordered_at, state, decided_by,"
            " decided_at, wait_days, released_at, removed_at, erased_at, entry, attempt_entry, certificate,"
            " signature, public_key) values (%s, 'KS 1', 'ingen behövs', %s, now(), 'certified', %s, now(), 7, now(),"
            " now(), now(), 1, 2, 'x', %s, 'x')",
            (order, uuid4(), uuid4(), bytes(64)),
        )
    shown = vaka(*ATTEMPT, made.root, "--order", order)
    assert (shown.exit_code, "was erased as a whole" in shown.output) == (0, True), shown.output + shown.stderr
    read = vaka(*ATTEMPT, made.root, "--order", order, *APPLY)
    assert (read.exit_code, "can be read in the backup" in read.stderr) == (1, True), read.output
    with closing(psycopg.connect(made.cluster.server.conninfo(SUPERUSER, TENANT))) as connection:
        rows = connection.execute(ENTRIES.replace("erasure.attempted", "ending.attempted").encode()).fetchall()
    [(thing, outcome, actor, told)] = rows
    assert (thing, outcome, actor.startswith("setup:uid-")) == (f"ending:{order}", "failure", True)
    assert (told["backup"], told["set"], told["change"]) == ("tried", "monday", "C-18")
    assert told["people_tried"] == told["people_there"] >= 2
    assert told["opened"] > 0
