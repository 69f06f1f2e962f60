# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an authority decides for itself: bounded, entered in the ledger, and what the table's own checks allow."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.platform import entries, newest, platform_as
from vaka.database.connections import open_connection
from vaka.database.migrate import migrations_for
from vaka.database.server import PLATFORM_DATABASE, Server, tenant_role
from vaka.ledger.catalogue import CATALOGUE
from vaka.ledger.events import Event
from vaka.tenants.authorities import Authority
from vaka.tenants.policy import (
    LIMITS,
    Connection,
    Override,
    UnusablePolicyError,
    list_overrides,
    read_limits,
    set_limits,
    set_override,
)

pytestmark = [pytest.mark.database, pytest.mark.anyio]

Row = dict[str, Any]


@pytest.fixture
def place(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
async def tenant(server: Server, place: Authority) -> AsyncIterator[Connection]:
    role = tenant_role(place.database_name, "setup")
    connection = await open_connection(server, role, place.database_name, application="test")
    yield connection
    await connection.close()


@pytest.fixture
async def platform(server: Server) -> AsyncIterator[Connection]:
    async with platform_as(server, "setup") as connection:
        yield connection


@pytest.fixture
def inside(server: Server, place: Authority) -> Iterator[psycopg.Connection[Row]]:
    with closing(connect_superuser(server, place.database_name)) as connection:
        yield connection


@pytest.fixture
def above(server: Server) -> Iterator[psycopg.Connection[Row]]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        yield connection


async def test_a_limit_is_changed_with_one_entry_and_not_again(
    tenant: Connection, place: Authority, inside: psycopg.Connection[Row]
) -> None:
    last = newest(inside)
    wanted = {"ring_all_after_seconds": 45, "on_call_after_seconds": 120}
    assert await set_limits(tenant, place.id, wanted, actor="setup", now=START) == wanted
    assert await set_limits(tenant, place.id, wanted, actor="setup", now=START) == {}
    assert (await read_limits(tenant)).items() >= wanted.items()
    (entry,) = entries(inside, last)
    assert (entry["event"], entry["object"], entry["detail"]) == (
        "policy.changed", f"authority:{place.id}", wanted,
    )  # fmt: skip


@pytest.mark.parametrize(
    "limits",
    [
        {"amber_after_seconds": 4}, {"away_after_seconds": 3601}, {"amber_after_seconds": 60},
        {"ring_all_after_seconds": 180}, {"on_call_phone": 1}, {"greeting": 1}, {"only_one": 1},
        {"red_after_seconds": 40, "lost_grace_seconds": -1},
    ],
)  # fmt: skip
async def test_limits_that_cannot_be_are_refused_whole(
    tenant: Connection, place: Authority, inside: psycopg.Connection[Row], limits: dict[str, int]
) -> None:
    last, before = newest(inside), await read_limits(tenant)
    with pytest.raises(UnusablePolicyError):
        await set_limits(tenant, place.id, limits, actor="setup", now=START)
    assert await read_limits(tenant) == before
    assert entries(inside, last) == []


@pytest.mark.parametrize("name", LIMITS)
def test_the_table_has_the_same_bounds(inside: psycopg.Connection[Row], name: str) -> None:
    """The table refuses what lies one outside, also where nobody asked us."""
    least, most = LIMITS[name]
    for value in (least - 1, most + 1):
        with pytest.raises(psycopg.errors.CheckViolation):
            inside.execute(f"update vaka.policy set {name} = %s", (value,))


async def test_every_limit_is_one_that_an_entry_may_name(tenant: Connection) -> None:
    assert set(await read_limits(tenant)) == set(LIMITS)
    assert set(LIMITS) < set(CATALOGUE[Event.POLICY_CHANGED].beside)


async def test_a_decision_on_codes_is_made_changed_and_taken_back(
    platform: Connection, place: Authority, above: psycopg.Connection[Row]
) -> None:
    last = newest(above)
    for alarm_class in ("technical", "life"):
        override = Override("ME", 51, 10, alarm_class, "Dörrlarm på boendet")
        await set_override(platform, place.id, override, actor="setup", now=START)
        assert await list_overrides(platform, place.id) == [override]
    await set_override(platform, place.id, Override("ME", 51, 10, "standard", "Åter"), actor="setup", now=START)
    assert await list_overrides(platform, place.id) == []
    told = entries(above, last)
    assert [entry["event"] for entry in told] == ["class.changed"] * 3
    assert told[0]["detail"] == {
        "message_type": "ME", "device_type": 51, "status_code": 10, "alarm_class": "technical",
        "reason": "Dörrlarm på boendet",
    }  # fmt: skip
    assert set(told[0]["detail"]) <= set(CATALOGUE[Event.CLASS_CHANGED].beside)


async def test_a_decision_of_another_authority_is_neither_seen_nor_taken_back(
    platform: Connection, place: Authority, new_authority: Callable[..., Authority]
) -> None:
    override = Override(None, 2, None, "request", "Prov")
    await set_override(platform, place.id, override, actor="setup", now=START)
    elsewhere = new_authority()
    assert await list_overrides(platform, elsewhere.id) == []
    with pytest.raises(UnusablePolicyError, match="no such decision"):
        await set_override(platform, elsewhere.id, Override(None, 2, None, "standard", "Prov"), actor="x", now=START)
    assert await list_overrides(platform, place.id) == [override]


@pytest.mark.parametrize(
    "override",
    [*(Override(kind, None, status, "test", "Prov") for kind, status in ((None, None), ("ME", 10), (None, 110)))] +
    [Override(None, 2, None, alarm_class, reason) for alarm_class, reason in (
        ("urgent", "Prov"), ("life", " x "), ("life", "a\nb\nc"), ("life", "x" * 201),
    )],
)  # fmt: skip
async def test_a_decision_without_class_or_reason_is_refused(
    platform: Connection, place: Authority, override: Override
) -> None:
    with pytest.raises(UnusablePolicyError):
        await set_override(platform, place.id, override, actor="setup", now=START)
    assert await list_overrides(platform, place.id) == []


INSERT = (
    "insert into vaka.class_override (authority_id, message_type, device_type, status_code, alarm_class, reason,"
    " changed_at) values (%s, %s, %s, %s, %s, 'Prov', now())"
)


@pytest.mark.parametrize("message_type", [None, "ME", "IN", "RE"])
async def test_nothing_but_a_heartbeat_can_be_called_one(
    platform: Connection, place: Authority, above: psycopg.Connection[Row], message_type: str | None
) -> None:
    """Else a press would be answered and stored nowhere: refused with a sentence, and by the table itself."""
    with pytest.raises(UnusablePolicyError, match="heartbeat is for the message type PI only") as refused:
        await set_override(
            platform, place.id, Override(message_type, 2, None, "heartbeat", "Prov"), actor="setup", now=START
        )
    assert "signal" in refused.value.sentence.sv
    with pytest.raises(psycopg.errors.CheckViolation):
        above.execute(INSERT, (place.id, message_type, 2, None, "heartbeat"))
    assert await list_overrides(platform, place.id) == []


async def test_a_heartbeat_may_be_called_one(platform: Connection, place: Authority) -> None:
    override = Override("PI", 2, None, "heartbeat", "Prov")
    await set_override(platform, place.id, override, actor="setup", now=START)
    assert await list_overrides(platform, place.id) == [override]


async def test_a_rule_of_before_becomes_one_for_the_quiet_class(
    platform: Connection, place: Authority, above: psycopg.Connection[Row]
) -> None:
    """The migration over a database that has such rows: nothing is lost, nothing louder, and each change is entered."""
    migration = next(one for one in migrations_for("platform") if one.name == "platform/0005_heartbeats.sql")
    with above.transaction(force_rollback=True):
        above.execute("alter table vaka.class_override drop constraint only_pi_is_a_heartbeat")
        for message_type in (None, "ME", "PI"):
            above.execute(INSERT, (place.id, message_type, 2, None, "heartbeat"))
        above.execute(INSERT, (place.id, "ME", 3, None, "technical"))
        above.execute("set constraints all immediate")
        above.execute("set constraints all deferred")
        last = newest(above)
        above.execute("set local search_path = vaka")
        above.execute("set local role vaka_owner")
        above.execute(migration.text)
        above.execute("reset role")
        found = above.execute(
            "select coalesce(message_type, '') as mty, alarm_class from vaka.class_override where authority_id = %s"
            " order by device_type, mty",
            (place.id,),
        ).fetchall()
        told = [(entry["event"], str(entry["object"]).split(":")[0]) for entry in entries(above, last)]
    assert [(row["mty"], row["alarm_class"]) for row in found] == [
        ("", "signal"), ("ME", "signal"), ("PI", "heartbeat"), ("ME", "technical"),
    ]  # fmt: skip
    assert told == [("row.changed_by_hand", "class_override")] * 2
