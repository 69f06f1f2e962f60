# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Changing registered devices: what is told changes in both databases, with an entry that names it; nothing else."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.identities import IDENTITIES, blinded
from tests.platform import entries, newest, platform_as
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, tenant_role
from vaka.keys.keyring import AuthorityKeys, Keyring
from vaka.tenants.authorities import Authority
from vaka.tenants.device_changes import change_devices
from vaka.tenants.device_letters import Words, open_words
from vaka.tenants.devices import Connection, Device, Digest, Network, SenderTakenError, register_devices
from vaka.tenants.people import Person, register_people

pytestmark = [pytest.mark.database, pytest.mark.anyio]

Row = dict[str, Any]
LATER = START + timedelta(days=1)
ADOPTED = Network(ip_network("192.0.2.7/32"), "Äldre enhet utan digest", START + timedelta(days=7))


@pytest.fixture(scope="module")
def place(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
async def tenant(server: Server, place: Authority) -> AsyncIterator[Connection]:
    role = tenant_role(place.database_name, "setup")
    connection = await open_connection(server, role, place.database_name, application="test")
    yield connection
    await connection.close()


@pytest.fixture
async def keys(setup_keys: Keyring, place: Authority) -> AuthorityKeys:
    await setup_keys.open_authority(place.id)
    return setup_keys.of(place.id)


@pytest.fixture
async def platform(server: Server) -> AsyncIterator[Connection]:
    async with platform_as(server, "setup") as connection:
        yield connection


@pytest.fixture
def above(server: Server) -> Iterator[psycopg.Connection[Row]]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        yield connection


@pytest.fixture
def register(server: Server, place: Authority) -> Iterator[psycopg.Connection[Row]]:
    with closing(connect_superuser(server, place.database_name)) as connection:
        yield connection


def adopted() -> Device:
    """What adoption makes: no person, let in by its address for a week."""
    return Device(uuid4(), str(uuid4().int % 10**14), ADOPTED, model="Trygghetstelefon", interval_seconds=86_400)


def entry_of(above: psycopg.Connection[Row], sender: str) -> Row:
    row = above.execute("select * from vaka.device_entry where sender = %s", (blinded(sender),)).fetchone()
    assert row is not None
    return row


def device_of(register: psycopg.Connection[Row], sender: str) -> Row:
    row = register.execute("select * from vaka.device where sender = %s", (blinded(sender),)).fetchone()
    assert row is not None
    return row


async def test_an_adopted_device_gets_a_password_and_its_person(
    tenant: Connection, keys: AuthorityKeys, platform: Connection, place: Authority, above: psycopg.Connection[Row],
    register: psycopg.Connection[Row],
) -> None:  # fmt: skip
    device, person = adopted(), Person(uuid4(), "Asta", "Öman")
    await register_people(tenant, keys, [person], actor="setup", now=START)
    await register_devices(tenant, platform, place, IDENTITIES, [device], actor="setup", now=START)
    told = ["sender", "authentication", "password", "personal_number"]
    wanted = replace(
        device,
        id=uuid4(),
        authentication=Digest("larm", None, "a" * 64),
        person_id=person.id,
        model="",
        interval_seconds=1,
    )
    last_here, last_there = newest(register), newest(above)
    assert (
        await change_devices(tenant, platform, place, keys, IDENTITIES, [wanted], told, actor="setup", now=LATER) == 1
    )
    entry, kept = entry_of(above, device.sender), device_of(register, device.sender)
    assert (entry["authentication"], entry["ha1_sha256"], entry["person_id"]) == ("digest", "a" * 64, person.id)
    assert (entry["network"], entry["exception_until"], entry["exception_reason"]) == (None, None, None)
    assert (entry["device_id"], entry["interval_seconds"], entry["changed_at"]) == (device.id, 86_400, LATER)
    assert (kept["id"], kept["person_id"]) == (device.id, person.id)
    assert (kept["model"], kept["interval_seconds"]) == ("Trygghetstelefon", 86_400), "what was not told has changed"
    (here,), (there,) = entries(register, last_here), entries(above, last_there)
    assert (here["event"], here["object"], here["detail"]) == (
        "device.changed", f"device:{device.id}", {"fields": "person", "edition": 1},
    )  # fmt: skip
    assert there["detail"] == {
        "authority": str(place.id), "authentication": "digest", "fields": "authentication,person"
    }  # fmt: skip
    assert not {device.sender, "larm", "a" * 64} & set(map(str, [*here.values(), *there["detail"].values()]))


async def test_a_second_time_nothing_changes_and_nothing_is_entered(
    tenant: Connection, platform: Connection, place: Authority, keys: AuthorityKeys, above: psycopg.Connection[Row],
    register: psycopg.Connection[Row],
) -> None:  # fmt: skip
    device = adopted()
    await register_devices(tenant, platform, place, IDENTITIES, [device], actor="setup", now=START)
    longer = replace(device, authentication=replace(ADOPTED, until=START + timedelta(days=90)))
    last_here, last_there = newest(register), newest(above)
    for changed in (1, 0):
        told = ["sender", "authentication"]
        assert (
            await change_devices(tenant, platform, place, keys, IDENTITIES, [longer], told, actor="setup", now=LATER)
            == changed
        )
    assert entry_of(above, device.sender)["exception_until"] == START + timedelta(days=90)
    assert [line["event"] for line in entries(above, last_there)] == ["device.changed"]
    assert entries(register, last_here) == []


async def test_a_device_is_laid_down_and_taken_up_again(
    tenant: Connection, platform: Connection, place: Authority, keys: AuthorityKeys, above: psycopg.Connection[Row],
    register: psycopg.Connection[Row],
) -> None:  # fmt: skip
    device = adopted()
    await register_devices(tenant, platform, place, IDENTITIES, [device], actor="setup", now=START)
    for in_use in (False, True):
        line = replace(device, in_use=in_use)
        assert (
            await change_devices(
                tenant, platform, place, keys, IDENTITIES, [line], ["in_use"], actor="setup", now=LATER
            )
            == 1
        )
        assert entry_of(above, device.sender)["active"] is in_use
        assert device_of(register, device.sender)["supervised"] is in_use


async def test_a_device_of_another_authority_is_not_touched(
    server: Server, tenant: Connection, platform: Connection, place: Authority, keys: AuthorityKeys,
    new_authority: Callable[..., Authority],
    above: psycopg.Connection[Row],
) -> None:  # fmt: skip
    device, elsewhere = adopted(), new_authority()
    await register_devices(tenant, platform, place, IDENTITIES, [device], actor="setup", now=START)
    role = tenant_role(elsewhere.database_name, "setup")
    async with await open_connection(server, role, elsewhere.database_name, application="test") as foreign:
        with pytest.raises(SenderTakenError):
            await change_devices(
                foreign,
                platform,
                elsewhere,
                keys,
                IDENTITIES,
                [replace(device, in_use=False)],
                ["in_use"],
                actor="setup",
                now=LATER,
            )
    entry = entry_of(above, device.sender)
    assert (entry["active"], UUID(str(entry["authority_id"])), entry["changed_at"]) == (True, place.id, START)


async def test_where_it_is_placed_is_compared_by_who_can_read_it_and_goes_when_another_gets_it(
    tenant: Connection, platform: Connection, place: Authority, keys: AuthorityKeys, register: psycopg.Connection[Row]
) -> None:
    first, second = Person(uuid4(), "Asta", "Öman"), Person(uuid4(), "Bo", "Ek")
    await register_people(tenant, keys, [first, second], actor="setup", now=START)
    device = replace(adopted(), person_id=first.id, placed="Hallen")
    await register_devices(tenant, platform, place, IDENTITIES, [device], actor="setup", now=START)

    async def change(told: list[str], **facts: Any) -> tuple[int, Words, list[Row]]:
        last = newest(register)
        count = await change_devices(
            tenant, platform, place, keys, IDENTITIES, [replace(device, **facts)], told, actor="setup", now=LATER
        )
        row = device_of(register, device.sender)
        await keys.hold([row["subject_id"]])
        return count, open_words(keys, row), entries(register, last)

    assert await change(["placed"], person_id=None) == (0, Words(device.sender, "Hallen"), [])
    # The sheet does not say whose it is: it stays hers, and what is said of it is written to her.
    count, words, [entry] = await change(["placed"], placed="Köket", person_id=None)
    assert (count, words, entry["detail"]) == (1, Words(device.sender, "Köket"), {"fields": "placed", "edition": 1})
    assert device_of(register, device.sender)["subject_id"] == first.id
    count, words, [entry] = await change(["personal_number"], person_id=second.id)
    assert (count, words, entry["detail"]) == (1, Words(device.sender), {"fields": "person,placed", "edition": 2})
    assert device_of(register, device.sender)["subject_id"] == second.id
    # What an erasure leaves is the blinded form; a sheet that names the device brings back its number.
    register.execute("update vaka.device set person_id = null, subject_id = null, number = null")
    count, words, [entry] = await change(["model"], model="Trygghetstelefon")
    assert (count, words, entry["detail"]) == (1, Words(device.sender), {"fields": "number", "edition": 3})
    assert device_of(register, device.sender)["subject_id"] == place.id
    everything = str(device_of(register, device.sender))
    assert device.sender not in everything
    assert blinded(device.sender) in everything
