# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an authority asks of passwords is asked by every command that takes or makes one (term 16)."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.rows import dict_row

from tests.deciding import decide, device_rules
from tests.keys.running import running_keyholder
from tests.platform import make_account
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities
from vaka.commands.main import main
from vaka.crypto.activation import FLOORS, Rules
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.identity.invitations import read_code
from vaka.keys.identities import open_identities
from vaka.tenants.device_secrets import SecretDesk

pytestmark = pytest.mark.database

TENANT = "vaka_t_ekbacka"
APPLY = ("--apply", "--change", "C-21", "--reason", "Nytt lösenord")
THIRTEEN, FOURTEEN = "thirteen sign", "fourteen signs"


@pytest.fixture(scope="module")
def made(made: DataDirectory) -> Iterator[DataDirectory]:
    """Its database server and its keyholder run all the time, as under `vaka run`, and not for each command."""
    with made.locked():
        made.cluster.start()
        try:
            with running_keyholder(made.root):
                yield made
        finally:
            made.cluster.stop()


def vaka(made: DataDirectory, *arguments: object, typed: str = "") -> Result:
    group, command, *rest = arguments
    given = [group, command, "--data", made.root, *rest]
    return CliRunner().invoke(main, [str(argument) for argument in given], input=typed)


def change(made: DataDirectory, sender: str, secret: str, *options: str) -> Result:
    typed = f"{sender}\n\n" + (f"{secret}\n{secret}\n" if secret else "")
    return vaka(made, "device", "secret", "--authority", "ekbacka", *APPLY, *options, typed=typed)


@contextmanager
def database(made: DataDirectory, name: str = TENANT) -> Iterator[psycopg.Connection[Any]]:
    conninfo = made.cluster.server.conninfo(SUPERUSER, name)
    with closing(psycopg.connect(conninfo, autocommit=True, row_factory=dict_row)) as connection:
        connection.execute("set search_path = vaka")
        yield connection


@pytest.fixture
def asking(made: DataDirectory) -> Iterator[Callable[[Rules], None]]:
    """Lets the authority decide; in the end nothing is decided any more."""

    def ask(rules: Rules) -> None:
        [authority] = active_authorities(made.cluster.server)
        decide(made.cluster.server, authority, rules)

    yield ask
    with database(made) as tenant:
        tenant.execute("set session_replication_role = replica")
        tenant.execute("delete from activation_rules")


@pytest.fixture
def imported(made: DataDirectory, tmp_path: Path) -> Callable[[str, str], Result]:
    def load(sender: str, secret: str) -> Result:
        sheet = tmp_path / f"{sender}.csv"
        sheet.write_text(f"sender;authentication;password\n{sender};digest;{secret}\n")
        return vaka(made, "device", "import", "--authority", "ekbacka", *APPLY, sheet)

    return load


def hash_of(made: DataDirectory, sender: str) -> str:
    with database(made, PLATFORM_DATABASE) as platform:
        blind = open_identities(made.cluster.server.credentials).blind(sender)
        row = platform.execute("select ha1_sha256 from device_entry where sender = %s", (blind,)).fetchone()
    assert row is not None
    return str(row["ha1_sha256"])


def test_term_16_1_thirteen_of_fourteen_are_refused_by_import_command_and_reset(
    made: DataDirectory, asking: Callable[[Rules], None], imported: Callable[[str, str], Result]
) -> None:
    assert imported("8031201", THIRTEEN).exit_code == 0, "nothing is decided yet"
    before = hash_of(made, "8031201")
    asking(device_rules(length=14, kinds=2))
    for told in (imported("8031202", THIRTEEN), imported("8031201", THIRTEEN)):
        assert told.exit_code == 1
        assert "line 2: password: The secret is not good enough: it must have at least 14 characters" in told.stderr
    told = change(made, "8031201", THIRTEEN)
    assert (told.exit_code, told.stdout) == (1, "")
    assert "at least 14 characters" in told.stderr
    assert "at least 2 of small letters" in change(made, "8031201", "fourteensignss").stderr
    assert hash_of(made, "8031201") == before
    for shown in (told.output, str(imported("8031202", THIRTEEN).output)):
        assert THIRTEEN not in shown
    assert change(made, "8031201", FOURTEEN).stdout.startswith("Changed.\n")
    assert imported("8031202", FOURTEEN).exit_code == 0
    # A reset: the platform makes one, and by what is asked.
    made_one = change(made, "8031201", "", "--generate")
    assert made_one.exit_code == 0, made_one.output
    chosen = made_one.stdout.splitlines()[0].rsplit(" ", 1)[1]
    desk = SecretDesk(UUID(int=0), open_identities(made.cluster.server.credentials), "vaka", SystemClock().now())
    assert len(chosen) >= 14
    assert desk.take_secret("8031201", "8031201", chosen).ha1_sha256 == hash_of(made, "8031201")


def test_term_16_2_the_thirty_first_day_flags_and_forces_a_change(
    made: DataDirectory, asking: Callable[[Rules], None], imported: Callable[[str, str], Result]
) -> None:
    assert imported("8031301", FOURTEEN).exit_code == 0
    asking(device_rules(lifetime=30))
    assert imported("8031301", FOURTEEN).exit_code == 0
    with database(made) as tenant:
        tenant.execute("set session_replication_role = replica")
        tenant.execute("update device_secret set set_at = set_at - interval '31 days'")
    for told in (imported("8031301", FOURTEEN), change(made, "8031301", FOURTEEN)):
        assert told.exit_code == 1
        assert "older than 30 days" in told.stderr
    assert change(made, "8031301", "a quite new one").exit_code == 0
    blind = open_identities(made.cluster.server.credentials).blind("8031301")
    with database(made) as tenant:
        rows = tenant.execute(
            "select s.set_at > now() - interval '1 hour' as new from device_secret s join device d on d.id ="
            " s.device_id where d.sender = %s order by s.set_at", (blind,),
        ).fetchall()  # fmt: skip
    assert [row["new"] for row in rows] == [False, True]


def test_nothing_of_a_secret_is_in_any_database_or_log(
    made: DataDirectory, imported: Callable[[str, str], Result]
) -> None:
    assert imported("8031401", "quartz-lantern-77").exit_code == 0
    told = change(made, "8031401", "velvet-harbour-31")
    assert told.exit_code == 0, told.output
    assert "velvet" not in told.output
    for name in (TENANT, PLATFORM_DATABASE):
        with database(made, name) as place:
            tables = place.execute(
                "select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n"
                " on n.oid = c.relnamespace where c.relkind = 'r' and n.nspname in ('vaka', 'ledger')"
            ).fetchall()
            for table in tables:
                found = place.execute(
                    f"select count(*) as n from {table['name']} t"
                    " where t::text like '%quartz%' or t::text like '%velvet%'"
                ).fetchone()
                assert found == {"n": 0}, table["name"]


def test_who_is_no_device_of_the_authority_gets_none(made: DataDirectory) -> None:
    told = change(made, "8031999", FOURTEEN)
    assert told.exit_code == 1
    assert "No device of this authority calls itself so" in told.stderr
    assert "Nothing was changed" in vaka(made, "device", "secret", "--authority", "ekbacka").stdout


def test_term_16_1_an_invitation_is_what_the_authority_of_its_account_asks(
    made: DataDirectory, asking: Callable[[Rules], None]
) -> None:
    asking({**FLOORS, "invitation_code": replace(FLOORS["invitation_code"], length=32, lifetime=2)})
    accounts = [
        str(asyncio.run(make_account(made.cluster.server, name, now=SystemClock().now())))
        for name in ("Alva Prov", "Bo Prov")
    ]
    role = ("--role", "operator", "--authority", "ekbacka")
    granted = vaka(made, "role", "grant", "--account", accounts[0], *role, *APPLY)
    assert granted.exit_code == 0, granted.output
    for account, letters, hours in ((accounts[0], 32, 2), (accounts[1], 26, 24)):
        invited = vaka(
            made, "account", "invite", "--account", account, "--attribute", "number", *APPLY, typed="E-1\n"
        )  # fmt: skip
        assert invited.exit_code == 0, invited.output
        code = read_code(invited.output.split("Code: ")[1].split("\n")[0])
        assert code is not None
        assert len(code.letters) == letters
        with database(made, PLATFORM_DATABASE) as platform:
            row = platform.execute(
                "select expires_at - created_at as holds from invitation where code_hash = %s", (code.digest,)
            ).fetchone()
        assert row == {"holds": timedelta(hours=hours)}
