# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Registering people, units and devices: in both databases, in bulk, and again after an interruption."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.identities import IDENTITIES, blinded
from tests.platform import entries, newest, platform_as
from vaka.database.connections import Connection, open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, tenant_role
from vaka.keys.keyring import AuthorityKeys, Keyring
from vaka.tenants.adoption import UnusableSourceError, source_network
from vaka.tenants.authorities import Authority
from vaka.tenants.bulk import BATCH, as_json
from vaka.tenants.devices import Certificate, Device, Digest, Network, SenderTakenError, register_devices
from vaka.tenants.people import Contact, Note, Person, Unit, UnitHours, register_people, register_units

pytestmark = [pytest.mark.database]

Onlooker = psycopg.Connection[dict[str, Any]]


@pytest.fixture(scope="module")
def place(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture(scope="module")
def elsewhere(new_authority: Callable[..., Authority]) -> Authority:
    return new_authority()


@pytest.fixture
async def tenant(server: Server, place: Authority) -> AsyncIterator[Connection]:
    """The authority's database as setup."""
    role = tenant_role(place.database_name, "setup")
    connection = await open_connection(server, role, place.database_name, application="test")
    yield connection
    await connection.close()


@pytest.fixture
async def keys(setup_keys: Keyring, place: Authority) -> AuthorityKeys:
    """The authority's keys."""
    await setup_keys.open_authority(place.id)
    return setup_keys.of(place.id)


@pytest.fixture
async def platform(server: Server) -> AsyncIterator[Connection]:
    async with platform_as(server, "setup") as connection:
        yield connection


@pytest.fixture
def onlooker(server: Server) -> Iterator[Onlooker]:
    with closing(connect_superuser(server, PLATFORM_DATABASE)) as connection:
        yield connection


@pytest.fixture
def inside(server: Server, place: Authority) -> Iterator[Onlooker]:
    with closing(connect_superuser(server, place.database_name)) as connection:
        yield connection


def a_person(**facts: Any) -> Person:
    return Person(uuid4(), "Asta", "Öman", **facts)


def a_device(**facts: Any) -> Device:
    sender = str(uuid4().int % 10**14)
    usual: dict[str, Any] = {
        "id": uuid4(), "sender": sender, "authentication": Digest(sender, "0" * 32, "a" * 64)
    }  # fmt: skip
    return Device(**usual | facts)


@pytest.mark.anyio
async def test_a_person_is_registered_whole(tenant: Connection, keys: AuthorityKeys, inside: Onlooker) -> None:
    note = Note(uuid4(), "Hund.", START, must_see=True, expires_at=START + timedelta(days=1))
    person = a_person(
        born_on=date(1932, 11, 14), risks=("dog", "oxygen"), latitude=59.3, absent_from=START,
        contacts=(Contact("Kim Berg", "070-1740610", "barn", has_key=True), Contact("Bo", "070-1740611")),
        notes=(note,),
    )  # fmt: skip
    last = newest(inside)
    assert await register_people(tenant, keys, [person], actor="setup", now=START) == 1
    assert await register_people(tenant, keys, [person], actor="setup", now=START) == 0
    row = inside.execute("select * from vaka.person where id = %s", (person.id,)).fetchone()
    assert row is not None
    opened = keys.open_row("person", str(person.id), person.id, row)
    assert (opened["family_name"], opened["born_on"], opened["risks"]) == (
        "Öman",
        date(1932, 11, 14),
        ["dog", "oxygen"],
    )
    assert (opened["latitude"], opened["longitude"], opened["absent_from"]) == (59.3, None, START)
    contacts = inside.execute(
        "select * from vaka.contact where person_id = %s order by position", (person.id,)
    ).fetchall()
    told = [keys.open_row("contact", f"{person.id}/{line['position']}", person.id, line) for line in contacts]
    assert [(line["position"], line["name"], line["has_key"]) for line in told] == [
        (1, "Kim Berg", True),
        (2, "Bo", False),
    ]
    written = inside.execute("select * from vaka.note where person_id = %s", (person.id,)).fetchall()
    assert [keys.open_row("note", str(line["id"]), person.id, line)["body"] for line in written] == ["Hund."]
    assert written[0]["must_see"]
    # Identifiers and times hold any digits by chance; sealed values hold so long a word by none.
    values = [value for line in (row, *contacts, *written) for value in line.values()]
    everything = b"|".join(
        bytes(value) if isinstance(value, bytes) else b"" if isinstance(value, UUID | datetime) else str(value).encode()
        for value in values
    )
    for word in ("Asta", "Öman", "1932", '"dog"', "59.3", "Kim Berg", "070-17406", "barn", "Hund"):
        assert word.encode() not in everything
    assert [(line["event"], line["object"]) for line in entries(inside, last)] == [
        ("person.registered", f"person:{person.id}")
    ]
    assert "Öman" not in str(entries(inside, last))


@pytest.mark.anyio
async def test_units_and_their_hours(tenant: Connection, inside: Onlooker) -> None:
    unit = Unit(uuid4(), "Nattpatrull", "019")
    hours = [UnitHours("Norra", 22 * 60, 7 * 60, unit.id)]
    last = newest(inside)
    assert await register_units(tenant, [unit], hours, actor="setup", now=START) == 1
    assert await register_units(tenant, [unit], hours, actor="setup", now=START) == 0
    assert [line["event"] for line in entries(inside, last)] == ["unit.registered"]
    assert inside.execute("select until_minute from vaka.unit_hours").fetchall() == [{"until_minute": 420}]


PROOFS = [
    (Digest("user", "0" * 32, None), {"authentication": "digest", "username": blinded("user"), "ha1_md5": "0" * 32}),
    (Certificate("b" * 64), {"authentication": "certificate", "certificate_sha256": "b" * 64}),
    (
        Network(ip_network("192.0.2.0/24"), "Äldre enhet utan digest", START + timedelta(days=30)),
        {"authentication": "network", "network": ip_network("192.0.2.0/24"), "exception_until": START
         + timedelta(days=30)},
    ),
]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize(("proof", "columns"), PROOFS)
async def test_a_device_stands_in_both_databases(
    tenant: Connection, keys: AuthorityKeys, platform: Connection, place: Authority, inside: Onlooker,
    onlooker: Onlooker, proof: Digest | Certificate | Network, columns: dict[str, Any],
) -> None:  # fmt: skip
    person = a_person()
    await register_people(tenant, keys, [person], actor="setup", now=START)
    device = a_device(authentication=proof, person_id=person.id, device_type=3, interval_seconds=60)
    lasts = newest(inside), newest(onlooker)
    assert await register_devices(tenant, platform, place, IDENTITIES, [device], actor="setup", now=START) == 1
    row = inside.execute(
        "select d.*, s.condition from vaka.device d join vaka.device_state s on s.device_id = d.id where id = %s",
        (device.id,),
    ).fetchone()
    assert row is not None
    assert (row["sender"], row["person_id"], row["interval_seconds"], row["condition"]) == (
        blinded(device.sender), person.id, 60, "never",
    )  # fmt: skip
    row = onlooker.execute("select * from vaka.device_entry where sender = %s", (blinded(device.sender),)).fetchone()
    assert row is not None
    assert {name: row[name] for name in columns} == columns
    assert (row["authority_id"], row["device_id"], row["person_id"], row["device_type"]) == (
        place.id, device.id, person.id, 3,
    )  # fmt: skip
    for connection, last in zip((inside, onlooker), lasts, strict=True):
        [entry] = entries(connection, last)
        assert (entry["event"], entry["object"]) == ("device.registered", f"device:{device.id}")
        assert device.sender not in str(entry)


@pytest.mark.anyio
async def test_an_interrupted_load_is_run_again(
    tenant: Connection, platform: Connection, place: Authority, inside: Onlooker, onlooker: Onlooker
) -> None:
    """More than a batch; the directory refuses one device of the last, so that nothing of it is kept there."""
    devices = [a_device() for _ in range(BATCH)]
    broken = a_device(authentication=Digest("user", "not a hash"))
    with pytest.raises(psycopg.errors.CheckViolation):
        await register_devices(tenant, platform, place, IDENTITIES, [*devices, broken], actor="setup", now=START)
    count = "select count(*) as n from vaka.{} where sender = any(%s)"
    senders = [blinded(device.sender) for device in devices]
    assert onlooker.execute(count.format("device_entry"), (senders,)).fetchone() == {"n": 0}
    assert inside.execute(count.format("device"), (senders,)).fetchone() == {"n": BATCH}

    # Made anew, the devices have other identifiers: the ones in the register stay.
    again = [a_device(sender=device.sender) for device in devices]
    assert await register_devices(tenant, platform, place, IDENTITIES, again, actor="setup", now=START) == BATCH
    rows = onlooker.execute("select sender, device_id from vaka.device_entry where sender = any(%s)", (senders,))
    assert {row["sender"]: row["device_id"] for row in rows} == {
        blinded(device.sender): device.id for device in devices
    }
    assert await register_devices(tenant, platform, place, IDENTITIES, again, actor="setup", now=START) == 0


@pytest.mark.anyio
async def test_a_sender_belongs_to_one_authority(
    server: Server, tenant: Connection, platform: Connection, place: Authority, elsewhere: Authority
) -> None:
    device = a_device()
    await register_devices(tenant, platform, place, IDENTITIES, [device], actor="setup", now=START)
    role = tenant_role(elsewhere.database_name, "setup")
    other = await open_connection(server, role, elsewhere.database_name, application="test")
    try:
        with pytest.raises(SenderTakenError):
            await register_devices(
                other,
                platform,
                elsewhere,
                IDENTITIES,
                [a_device(), a_device(sender=device.sender)],
                actor="setup",
                now=START,
            )
        cursor = await other.execute("select count(*) from device")
        assert await cursor.fetchone() == (0,)
    finally:
        await other.close()


@pytest.mark.parametrize(
    ("source", "network"),
    [
        ("192.0.2.7:5060", "192.0.2.7/32"), ("[2001:db8::7]:5060", "2001:db8::7/128"),
        ("2001:db8::7:5060", "2001:db8::7/128"), ("[::ffff:192.0.2.7]:5060", "192.0.2.7/32"),
        ("", None), ("192.0.2.7", None), ("192.0.2.7:", None), ("192.0.2.256:1", None), ("unix", None),
        ("example.org:5060", None),
    ],
)  # fmt: skip
def test_the_network_of_a_source(source: str, network: str | None) -> None:
    if network is None:
        with pytest.raises(UnusableSourceError):
            source_network(source)
    else:
        assert source_network(source) == ip_network(network)


def test_only_plain_facts_become_columns() -> None:
    with pytest.raises(TypeError):
        as_json([{"id": object()}]).dumps([{"id": object()}])  # type: ignore[misc]
    assert isinstance(as_json([{"id": UUID(int=1), "on": date(2026, 1, 2)}]).obj, list)
