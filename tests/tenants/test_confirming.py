# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the sealed log says was written anew is settled, whoever was stopped; a key database put back is told of."""

from collections.abc import AsyncIterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from structlog.testing import capture_logs

from tests.conftest import START
from tests.ledger.aged import Cosigner
from tests.ledger.sealed import LogHouse
from tests.people import register
from vaka.clock import SystemClock, TurnedClock
from vaka.database.server import KEY_DATABASE, SUPERUSER, Server
from vaka.keys.client import KeyClient, KeysUnavailableError
from vaka.keys.keyring import Keyring, make_client
from vaka.ledger.entries import Entry, append
from vaka.ledger.events import Event
from vaka.settings import Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.confirming import Confirming
from vaka.tenants.gateway import Gateway
from vaka.tenants.people import Person
from vaka.tenants.person_changes import change_people

pytestmark = [pytest.mark.database, pytest.mark.anyio]


@dataclass
class Place:
    """An authority with one person, the scheduler that confirms, and setup, which is stopped before it settles."""

    house: LogHouse
    setup: Keyring
    client: KeyClient
    gateway: Gateway
    person: Person

    @property
    def authority(self) -> UUID:
        """Whose log is read."""
        return self.house.authority.id

    async def change(self, street: str) -> None:
        """Change the person and be stopped before that is settled; what is entered is sealed."""
        keys = self.setup.of(self.authority)
        async with self.house.as_("setup") as tenant:
            await change_people(
                tenant, keys, [replace(self.person, street=street)], actor="setup", now=SystemClock().now()
            )
        await self.seal()

    async def say(self, component: str, named: str, edition: int | str) -> None:
        """Enter and seal what somebody says was written."""
        async with self.house.as_(component) as connection, connection.transaction():
            await append(connection, Entry(Event.PERSON_CHANGED, "setup", START, named, detail={"edition": edition}))
        await self.seal()

    async def seal(self) -> None:
        """Let the sequencer seal what waits."""
        clock = TurnedClock(SystemClock().now())
        async with self.house.as_("sequencer") as connection:
            await self.house.sealing(clock, Cosigner(clock)).make_round(connection)

    async def counting(self) -> list[tuple[int, int]]:
        """Which editions of the person count, by the keyholder's word: issued and settled."""
        found, turn = [], 0
        while page := await self.client.editions(turn):
            found += [(one.issued, one.settled) for one in page if one.object == self.person.id]
            turn = page[-1].turn
        return found

    def put_key_database_back(self) -> None:
        """Take away that there ever was another edition, as the superuser of the key database."""
        where = self.house.server.conninfo(SUPERUSER, KEY_DATABASE)
        with closing(psycopg.connect(where, autocommit=True)) as above:
            above.execute("delete from vaka.edition where object_id = %s", (self.person.id,))

    def lost(self) -> list[tuple[Any, ...]]:
        """What waits in the inbox of editions that the keyholder knows nothing of."""
        with self.house.superuser() as onlooker:
            return onlooker.execute(
                "select actor, object, outcome, detail from ledger.inbox where event = 'edition.lost' order by id"
            ).fetchall()

    def is_lost(self, edition: int) -> tuple[Any, ...]:
        """The entry that says so of the person."""
        return ("scheduler", f"person:{self.person.id}", "failure", {"edition": edition})


@pytest.fixture
async def place(
    server: Server, authority: Authority, setup_keys: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Place]:
    person = Person(uuid4(), "Märta", "Märkesson", street="Lindvägen 3")
    await register(server, authority, setup_keys, [person])
    house = LogHouse(server, authority, tmp_path / "ledger")
    house.records.mkdir()
    monkeypatch.setattr(setup_keys, "settle_editions", _nobody)
    client = make_client(server, Settings(), "scheduler", SystemClock())
    gateway = Gateway(server, "scheduler", [authority])
    yield Place(house, setup_keys, client, gateway, person)
    await client.close()
    await gateway.close()


async def _nobody(_authority: UUID, _written: object) -> None:
    """Settles nothing, as a command that is killed after its commit."""


async def test_broken_change_is_settled_by_what_the_log_says_and_a_key_database_put_back_is_told_of(
    place: Place,
) -> None:
    confirming = Confirming(place.gateway, place.client)
    await place.change("Granvägen 5")
    assert await place.counting() == [(1, 0)]
    assert await confirming.confirm(place.authority, START) == 0
    assert await place.counting() == [(1, 1)]
    # Whoever may write entries cannot let anything count as old: only setup's say so.
    await place.say("receiver", f"person:{place.person.id}", 99)
    assert await confirming.confirm(place.authority, START) == 0
    assert await place.counting() == [(1, 1)]
    place.put_key_database_back()
    assert await Confirming(place.gateway, place.client).confirm(place.authority, START) == 1
    assert await place.counting() == [(1, 1)]
    assert place.lost() == [place.is_lost(1)]


async def test_entry_that_names_what_cannot_be_is_passed_over_and_said_once(place: Place) -> None:
    confirming = Confirming(place.gateway, place.client)
    odd: Mapping[str, int | str] = {
        "person:x": 1, "person": 1, f"device:{uuid4()}": 2**31, f"device:{uuid4()} ": 2**63,
        f"person:{place.person.id}": "new",
    }  # fmt: skip
    for named, edition in odd.items():
        await place.say("setup", named, edition)
    await place.change("Granvägen 5")
    with capture_logs() as logs:
        assert await confirming.confirm(place.authority, START) == 0
        await place.say("setup", "person:y", 1)
        assert await confirming.confirm(place.authority, START) == 0
    assert await place.counting() == [(1, 1)], "what is in order is settled all the same"
    assert [one["log_level"] for one in logs] == ["error"]


async def test_whoever_is_stopped_before_it_is_mended_has_told_of_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.change("Granvägen 5")
    assert await Confirming(place.gateway, place.client).confirm(place.authority, START) == 0
    place.put_key_database_back()

    async def stop(_authority: UUID, _written: object) -> list[UUID]:
        raise KeysUnavailableError

    with monkeypatch.context() as patched:
        patched.setattr(place.client, "settle_editions", stop)
        with pytest.raises(KeysUnavailableError):
            await Confirming(place.gateway, place.client).confirm(place.authority, START)
    assert place.lost() == [place.is_lost(1)]
    assert await place.counting() == []
    assert await Confirming(place.gateway, place.client).confirm(place.authority, START) == 1
    assert await place.counting() == [(1, 1)]


async def test_key_database_that_was_put_back_has_the_whole_log_read_again(place: Place) -> None:
    confirming = Confirming(place.gateway, place.client)
    await place.change("Granvägen 5")
    for _ in range(2):
        assert await confirming.confirm(place.authority, START) == 0
    place.put_key_database_back()
    assert await confirming.confirm(place.authority, START) == 1, "it is long before the day is over"
    assert place.lost() == [place.is_lost(1)]
    assert await place.counting() == [(1, 1)]
    assert await confirming.confirm(place.authority, START) == 0
