# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka backup swap` where Vaka runs as units, or on another machine: nobody works on, and no open alarm goes unsaid.

The database beside is a copy of the authority's own; how one comes out of a backup is tested with the backups.
"""

import signal
from collections.abc import Iterator
from contextlib import closing
from uuid import UUID, uuid4

import psycopg
import pytest
from click.testing import Result
from psycopg.types.json import Jsonb

from tests.commands.test_key import APPLY, TENANT, last_entry, vaka
from tests.keys.running import running_keyholder
from vaka.clock import SystemClock
from vaka.commands.data_directory import DataDirectory
from vaka.commands.databases import active_authorities
from vaka.commands.maintenance import actor
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, platform_role, tenant_role
from vaka.operations.backup.apart import kept_apart
from vaka.operations.backup.authority import name_beside

pytestmark = pytest.mark.database

RAISE = """
    insert into vaka.alarm (id, class, kind, latest_kind, state, join_key, sender, received_at, latest_at,
                            device_id, exercise_id, closed_at)
    values (%s, %s, 'button', 'button', %s, %s, '', now(), now(), %s, %s,
            case when %s then now() end)"""


class Units:
    """An installation whose database server and processes are units: no supervisor holds the data directory."""

    def __init__(self, data: DataDirectory) -> None:
        self.data = data

    def connect(
        self, database: str, role: str = SUPERUSER, application: str = "test"
    ) -> "psycopg.Connection[tuple[object, ...]]":
        server = self.data.cluster.server
        return psycopg.connect(server.conninfo(role, database, application=application), autocommit=True)

    def run(self, statement: str, *values: object, database: str = TENANT) -> list[tuple[object, ...]]:
        with closing(self.connect(database)) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def limits(self) -> list[tuple[object, ...]]:
        """How many each of the two databases lets in."""
        both = [TENANT, name_beside(TENANT)]
        return self.run("select datconnlimit from pg_database where datname = any(%s)", both, database="postgres")

    def restore(self) -> None:
        """Let there be a database beside the authority's own, as `vaka backup restore` leaves one."""
        beside, [authority] = name_beside(TENANT), active_authorities(self.data.cluster.server)
        self.run(f"create database {beside} owner vaka_owner template {TENANT}", database="postgres")
        self.run(f"revoke all on database {beside} from public", database="postgres")
        marked = f"compared with the backup, restored by {actor()}"
        self.run(f"comment on database {beside} is '{marked}'", database="postgres")
        with closing(self.connect(PLATFORM_DATABASE, platform_role("setup"))) as platform:
            told = Jsonb({"authority": str(authority.id), "applied": True})
            entry = (SystemClock().now(), "command.run", actor(), "command:backup.restore", "success", told)
            platform.execute("select ledger.append(%s, %s, %s, %s, %s, %s)", entry)

    def raise_alarm(self, alarm_class: str = "life", state: str = "received", exercise: UUID | None = None) -> UUID:
        alarm = uuid4()
        with closing(self.connect(TENANT)) as connection:
            # What a device did not send is otherwise nobody's exercise.
            connection.execute("set session_replication_role = replica")
            told = (alarm, alarm_class, state, f"{alarm}:button", uuid4(), exercise, state == "closed")
            connection.execute(RAISE, told)
        return alarm

    def swap(self, *more: object) -> Result:
        return vaka("backup", "swap", "--authority", "ekbacka", "--data", self.data.root, *more)

    def standing(self) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
        """Which databases of the authority there are and how many each lets in; and what is open in its own."""
        named = "select datname, datconnlimit from pg_database where starts_with(datname, %s) order by datname"
        return self.run(named, TENANT), self.run("select id from vaka.alarm where state not in ('merged', 'closed')")


@pytest.fixture(scope="module")
def units(made: DataDirectory) -> Iterator[Units]:
    host, port = made.cluster.server.host, made.cluster.server.port
    made.settings_file.write_text(
        f'[receiver]\ntls_port = false\n[database]\nembedded = false\nhost = "{host}"\nport = {port}\n'
    )
    made.cluster.start()
    try:
        with running_keyholder(made.root):
            yield Units(made)
    finally:
        made.cluster.stop()


def test_nobody_is_swapped_away_from_under_a_receiver_and_no_open_alarm_without_a_word(units: Units) -> None:
    """First a receiver elsewhere is connected, then alarms are open; what was refused changed nothing."""
    kept = units.raise_alarm()
    units.restore()
    units.raise_alarm("technical", "closed")
    exercised = units.raise_alarm(exercise=uuid4())
    mine = units.raise_alarm(), units.raise_alarm("technical", "presented")
    before = units.standing()
    assert {limit for _, limit in before[0]} == {-1}
    with (
        kept_apart(units.data.cluster.server, TENANT),
        pytest.raises(psycopg.OperationalError, match="too many connections"),
    ):
        units.connect(TENANT, tenant_role(TENANT, "receiver"))
    for role, database in (("receiver", TENANT), (SUPERUSER, name_beside(TENANT))):
        login = role if role == SUPERUSER else tenant_role(TENANT, role)
        with closing(units.connect(database, login, application="vaka-receiver")) as connected:
            refused = units.swap(*APPLY)
            assert (refused.exit_code, "vaka-receiver" in refused.stderr) == (1, True), refused.output + refused.stderr
            assert connected.execute("select 1").fetchone() == (1,), "who is there stays"
        assert units.standing() == before
    assert "Open alarms that would be gone: 2, of them life alarms: 1." in units.swap().output
    units.run(f"alter database {TENANT} connection limit 0")  # as one that was killed leaves it
    for said in ((), ("--drop-open-alarms", 1), ("--drop-open-alarms", 3)):
        refused = units.swap(*APPLY, *said)
        assert (refused.exit_code, "--drop-open-alarms 2" in refused.stderr) == (1, True), refused.stderr
        assert units.standing() == before
        with closing(units.connect(TENANT, tenant_role(TENANT, "receiver"))):
            pass
    done = units.swap(*APPLY, "--drop-open-alarms", 2)
    assert done.exit_code == 0, done.output + done.stderr
    databases, still_open = units.standing()
    assert (len(databases), {limit for _, limit in databases}, still_open) == (2, {-1}, [(kept,)])
    [(old, _)] = [one for one in databases if one[0] != TENANT]
    assert {row[0] for row in units.run("select id from vaka.alarm where state <> 'closed'", database=str(old))} == {
        kept, exercised, *mine,
    }  # fmt: skip
    detail = str(last_entry(units.data, PLATFORM_DATABASE)["detail"])
    assert ('"dropped": 2' in detail, '"dropped_life": 1' in detail, "drop-open-alarms=2" in detail) == (True,) * 3, (
        detail
    )
    with closing(units.connect(TENANT, tenant_role(TENANT, "receiver"))):
        pass
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        units.connect(str(old), tenant_role(TENANT, "receiver"))


def hang_up(units: Units, seen: list[object]) -> None:
    """Close the terminal meanwhile: it says so twice, milliseconds apart, the second time while all is being undone."""
    with kept_apart(units.data.cluster.server, TENANT):
        seen += units.limits()
        try:
            signal.raise_signal(signal.SIGHUP)
        finally:
            signal.raise_signal(signal.SIGHUP)
            signal.raise_signal(signal.SIGTERM)


def test_a_terminal_that_closes_leaves_no_door_shut(units: Units) -> None:
    units.restore()
    before, standing, seen = units.limits(), signal.getsignal(signal.SIGHUP), list[object]()
    with pytest.raises(SystemExit, match=str(128 + signal.SIGHUP)):
        hang_up(units, seen)
    assert seen == [(0,), (0,)]
    assert before == units.limits() != seen
    assert signal.getsignal(signal.SIGHUP) is standing
    units.run(f"drop database {name_beside(TENANT)}", database="postgres")
