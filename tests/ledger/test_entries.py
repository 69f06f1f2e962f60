# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A ledger entry is kept together with the change it records, or neither is."""

from collections.abc import AsyncIterator, Callable
from contextlib import closing
from typing import Any

import psycopg
import pytest

from vaka.clock import TurnedClock
from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role, tenant_role
from vaka.ledger.entries import Entry, append, append_many
from vaka.ledger.events import Event
from vaka.tenants.authorities import Authority

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def tenant(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
async def desk(server: Server, tenant: Authority) -> AsyncIterator[Connection]:
    """A desk's connection to one authority's database."""
    role = tenant_role(tenant.database_name, "desk")
    connection = await open_connection(server, role, tenant.database_name, application="vaka-test")
    yield connection
    await connection.close()


def inbox(server: Server, database: str, object_: str) -> list[dict[str, Any]]:
    with closing(psycopg.connect(server.conninfo(SUPERUSER, database), autocommit=True)) as connection:
        cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
        return cursor.execute("select * from ledger.inbox where object = %s order by id", (object_,)).fetchall()


async def test_entry_says_what_who_when_and_which_role_wrote_it(
    server: Server, tenant: Authority, desk: Connection, clock: TurnedClock
) -> None:
    entry = Entry(Event.ALARM_TAKEN, "account:1", clock.now(), "alarm:whole", detail={"version": 3, "again": False})
    async with desk.transaction():
        await append(desk, entry)
    (row,) = inbox(server, tenant.database_name, "alarm:whole")
    assert row["event"] == "alarm.taken"
    assert row["actor"] == "account:1"
    assert row["happened_at"] == clock.now()
    assert row["outcome"] == "success"
    assert row["detail"] == {"version": 3, "again": False}
    assert row["written_by"] == f"{tenant.database_name}_desk"
    assert row["written_at"].tzinfo is not None


async def test_failed_attempt_is_an_entry_too(
    server: Server, tenant: Authority, desk: Connection, clock: TurnedClock
) -> None:
    entry = Entry(Event.ACCESS_DENIED, "account:1", clock.now(), "alarm:refused", succeeded=False)
    async with desk.transaction():
        await append(desk, entry)
    (row,) = inbox(server, tenant.database_name, "alarm:refused")
    assert row["outcome"] == "failure"
    assert row["detail"] == {}


async def test_entry_outside_a_transaction_is_refused(
    server: Server, tenant: Authority, desk: Connection, clock: TurnedClock
) -> None:
    with pytest.raises(RuntimeError, match="inside the transaction of its change"):
        await append(desk, Entry(Event.ALARM_TAKEN, "account:1", clock.now(), "alarm:alone"))
    assert inbox(server, tenant.database_name, "alarm:alone") == []


async def test_many_entries_are_written_in_their_order(
    server: Server, tenant: Authority, desk: Connection, clock: TurnedClock
) -> None:
    entries = [
        Entry(Event.DEVICE_LOST, "scheduler", clock.now(), "device:many", number % 2 == 0, {"number": number})
        for number in range(50)
    ]
    async with desk.transaction():
        await append_many(desk, [])
        await append_many(desk, entries)
    rows = inbox(server, tenant.database_name, "device:many")
    assert [row["detail"] for row in rows] == [{"number": number} for number in range(50)]
    assert [row["outcome"] for row in rows[:2]] == ["success", "failure"]
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


async def test_many_entries_outside_a_transaction_are_refused(desk: Connection, clock: TurnedClock) -> None:
    with pytest.raises(RuntimeError, match="inside the transaction of its change"):
        await append_many(desk, [])


async def test_entry_goes_with_the_change_that_was_undone(
    server: Server, tenant: Authority, desk: Connection, clock: TurnedClock
) -> None:
    async with desk.transaction(force_rollback=True):
        await append(desk, Entry(Event.ALARM_TAKEN, "account:1", clock.now(), "alarm:undone"))
    assert inbox(server, tenant.database_name, "alarm:undone") == []


async def test_change_goes_with_the_entry_that_was_refused(
    server: Server, tenant: Authority, desk: Connection, clock: TurnedClock
) -> None:
    """What cannot be recorded does not happen."""

    async def change_and_record(entry: Entry) -> None:
        async with desk.transaction():
            await desk.execute(
                "insert into device (id, sender, model) values (gen_random_uuid(), '~' || repeat('a', 28), 'refused')"
            )
            await append(desk, entry)

    with pytest.raises(psycopg.DataError):
        await change_and_record(Entry(Event.ALARM_NOTED, "account:1", clock.now(), "alarm:\0"))
    row = await (await desk.execute("select count(*) from device where model = 'refused'")).fetchone()
    assert row == (0,)


@pytest.mark.parametrize("component", ["receiver", "desk", "signin", "scheduler", "sequencer", "setup"])
async def test_every_component_can_add_an_entry_to_the_platforms_ledger(
    server: Server, clock: TurnedClock, component: str
) -> None:
    role = platform_role(component)
    entry = Entry(Event.SESSION_ENDED, "account:1", clock.now(), f"session:{component}")
    connection = await open_connection(server, role, PLATFORM_DATABASE, application="vaka-test")
    async with connection, connection.transaction():
        await append(connection, entry)
    (row,) = inbox(server, PLATFORM_DATABASE, f"session:{component}")
    assert row["written_by"] == role


@pytest.mark.parametrize("role", [SUPERUSER, "vaka_ledger", "vaka_owner"])
@pytest.mark.parametrize(
    "attempt",
    [
        "update ledger.inbox set actor = 'nobody'",
        "update ledger.inbox set detail = '{}' where id = (select max(id) from ledger.inbox)",
        "delete from ledger.inbox",
        "truncate ledger.inbox",
        "insert into ledger.inbox (id, happened_at, event, actor) overriding system value"
        " select id, now(), 'alarm.taken', 'x' from ledger.inbox on conflict (id) do update set actor = 'nobody'",
        "merge into ledger.inbox i using (values (1)) as v (id) on i.id > 0 when matched then delete",
    ],
)
async def test_row_of_the_inbox_is_never_changed_or_removed_even_by_its_owner(
    server: Server, tenant: Authority, desk: Connection, clock: TurnedClock, role: str, attempt: str
) -> None:
    """The triggers speak where no grant does: to the owner of the table, and to the superuser."""
    async with desk.transaction():
        await append(desk, Entry(Event.ALARM_READ, "account:1", clock.now(), "alarm:kept"))
    before = inbox(server, tenant.database_name, "alarm:kept")
    with closing(psycopg.connect(server.conninfo(SUPERUSER, tenant.database_name), autocommit=True)) as connection:
        connection.execute(f"set role {role}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(attempt)
    assert inbox(server, tenant.database_name, "alarm:kept") == before


@pytest.mark.parametrize(
    ("event", "outcome"),
    [("taken", "success"), ("Alarm.taken", "success"), ("alarm.", "success"), ("alarm.taken.twice", "success"),
     ("alarm taken", "success"), ("", "success"), ("alarm.taken", "perhaps"), ("alarm.taken", "")],
)  # fmt: skip
async def test_database_refuses_names_of_another_shape(desk: Connection, event: str, outcome: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        await desk.execute("select ledger.append(now(), %s, 'device', '', %s, '{}')", (event, outcome))


async def test_writer_cannot_pretend_to_be_another_role(
    server: Server, tenant: Authority, desk: Connection, clock: TurnedClock
) -> None:
    """``set role`` changes who one is; the entry names who one logged in as."""
    async with desk.transaction():
        await desk.execute("set local role g_desk")
        await append(desk, Entry(Event.ALARM_READ, "account:1", clock.now(), "alarm:disguised"))
    (row,) = inbox(server, tenant.database_name, "alarm:disguised")
    assert row["written_by"] == f"{tenant.database_name}_desk"
