# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What tests of erasures share."""

from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.access.test_decide import principal
from tests.identities import blinded
from tests.ledger.sealed import LogHouse
from tests.people import register
from tests.tenants.leaving import Leaving
from tests.tenants.office import RELEASE, ROLE, Office, device_of, employ
from vaka.clock import SystemClock, TurnedClock
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER, Server, platform_role
from vaka.keys.keyring import Keyring, make_client, open_keyring
from vaka.settings import ErasureSettings, LedgerSettings, Settings
from vaka.tenants.attempts import Attempts, attempt_apart
from vaka.tenants.authorities import Authority
from vaka.tenants.device_letters import DeviceLetters, Words
from vaka.tenants.doors import Doors, read_rules
from vaka.tenants.ending_rounds import Ending
from vaka.tenants.erasing import Erasing
from vaka.tenants.gateway import Gateway
from vaka.tenants.people import Contact, Note, Person


@pytest.fixture
async def office(server: Server, authority: Authority, setup_keys: Keyring, tmp_path: Path) -> AsyncIterator[Office]:
    clock = TurnedClock(SystemClock().now())
    people = [
        Person(
            uuid4(), name, "Märkesson", street="Lindvägen 3", door_code="4711",
            contacts=(Contact("Kalle Kontakt", "070-1740610"),),
            notes=(Note(uuid4(), "Hund i hallen", clock.now()),),
        )
        for name in ("Märta", "Bo", "Cilla")
    ]  # fmt: skip
    await register(server, authority, setup_keys, people)
    keys = setup_keys.of(authority.id)
    letters = DeviceLetters(authority, {person.id: keys.address(person.id) for person in people})
    with closing(psycopg.connect(server.conninfo(SUPERUSER, authority.database_name), autocommit=True)) as connection:
        for person in people:
            number = f"{person.id.int % 10**12}"
            said = letters.write(device_of(person), person.id, Words(number, "Hall"))
            connection.execute(
                "insert into vaka.device (id, person_id, sender, subject_id, number, placed)"
                " values (%s, %s, %s, %s, %s, %s)",
                (device_of(person), person.id, blinded(number), said["subject_id"], said["number"], said["placed"]),
            )
    with closing(psycopg.connect(server.conninfo(SUPERUSER, PLATFORM_DATABASE), autocommit=True)) as connection:
        for person in people:
            connection.execute(
                "insert into vaka.device_entry (sender, authority_id, device_id, person_id, address, authentication,"
                " network, exception_reason, exception_until, changed_at)"
                " values (%s, %s, %s, %s, sha256('address'), 'network', '192.0.2.0/24', 'kan inget nyare',"
                " now() + '1 day', now())",
                (blinded(f"{person.id.int % 10**12}"), authority.id, device_of(person), person.id),
            )
    house = LogHouse(server, authority, tmp_path / "ledger")
    house.records.mkdir()
    (tmp_path / "credentials").mkdir()
    officers = [principal((ROLE, authority.id), realm="authority") for _ in range(2)]
    employ(server, authority, officers)
    gateway = Gateway(server, "scheduler", [authority])
    platform = make_pool(server, platform_role("scheduler"), PLATFORM_DATABASE, application="test")
    await platform.open()
    logs = LedgerSettings(origin="vaka.example", witnesses=[])
    client = make_client(server, Settings(), "scheduler", clock)
    async with open_keyring(server, Settings(), "scheduler", SystemClock()) as keyring:
        rules = read_rules(tmp_path, Settings(erasure=ErasureSettings(release_seconds=RELEASE)))
        attempts = Attempts(partial(attempt_apart, tmp_path, Settings()), clock)
        doors = Doors(gateway, platform, keyring, client, clock, logs, lambda: rules, attempts, [ROLE])
        yield Office(house, clock, keyring, doors, Erasing(doors), attempts, Ending(doors), people, *officers)
    await attempts.close()
    await client.close()
    await gateway.close()
    await platform.close()


@pytest.fixture
async def leaving(office: Office) -> AsyncIterator[Leaving]:
    """The same office at the end of its contract, with what the portal reads with."""
    gateway = Gateway(office.house.server, "portal", [office.house.authority])
    platform = make_pool(office.house.server, platform_role("portal"), PLATFORM_DATABASE, application="test")
    await platform.open()
    async with open_keyring(office.house.server, Settings(), "portal", SystemClock()) as keyring:
        yield Leaving(office, gateway, platform, keyring)
    await gateway.close()
    await platform.close()
