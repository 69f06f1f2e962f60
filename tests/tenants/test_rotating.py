# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A key whose time has come is replaced by the scheduler, and everybody goes on reading (term 18)."""

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.ledger.aged import Cosigner
from tests.ledger.sealed import LogHouse
from tests.people import open_person, register
from vaka.clock import SystemClock, TurnedClock
from vaka.database.server import KEY_DATABASE, SUPERUSER, Server
from vaka.keys.client import KeyClient
from vaka.keys.keyring import Keyring, make_client
from vaka.ledger.standing import LedgerStandsStillError
from vaka.settings import Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway
from vaka.tenants.people import Person
from vaka.tenants.rotating import rotate_due

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture
async def client(server: Server, keyholder: None) -> AsyncIterator[KeyClient]:
    made = make_client(server, Settings(), "scheduler", SystemClock())
    yield made
    await made.close()


def age(server: Server, authority: Authority, days: int) -> None:
    with closing(psycopg.connect(server.conninfo(SUPERUSER, KEY_DATABASE), autocommit=True)) as superuser:
        superuser.execute(
            "update vaka.key_register set created_at = now() - make_interval(days => %s) where owner = %s",
            (days, str(authority.id)),
        )


async def test_key_that_is_due_is_replaced_once_and_entered(
    server: Server, authority: Authority, setup_keys: Keyring, client: KeyClient, tmp_path: Path
) -> None:
    clock, person = TurnedClock(SystemClock().now()), Person(uuid4(), "Märta", "Öman")
    await register(server, authority, setup_keys, [person])
    house, gateway = LogHouse(server, authority, tmp_path), Gateway(server, "scheduler", [authority])
    try:
        age(server, authority, 364)
        assert await rotate_due(gateway, client, authority.id, clock.now()) == 0
        age(server, authority, 366)
        async with house.as_("sequencer") as sequencer:
            await house.sealing(clock, Cosigner(clock)).make_round(sequencer)
        clock.turn(600)
        with pytest.raises(LedgerStandsStillError):  # nothing is replaced that cannot be entered
            await rotate_due(gateway, client, authority.id, clock.now())
        async with house.as_("sequencer") as sequencer:
            await house.sealing(clock, Cosigner(clock)).make_round(sequencer)
        assert await rotate_due(gateway, client, authority.id, clock.now()) == 1
        assert await rotate_due(gateway, client, authority.id, clock.now()) == 0
        with house.superuser() as superuser:
            entries = superuser.execute(
                "select actor, object, detail from ledger.inbox where event = 'key.rotated'"
            ).fetchall()
            row = superuser.execute("select id, given_name from vaka.person").fetchone()
    finally:
        await gateway.close()
    [(actor, thing, detail)] = entries
    assert (actor, thing, detail["destroyed"]) == ("scheduler", "key:authority:2", 1)
    assert row is not None
    assert open_person(server, authority, {"id": row[0], "given_name": row[1]})["given_name"] == "Märta"
