# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""People in care for a test: registered as setup does it, each sealed under a key of their own."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from tests.conftest import START
from vaka.clock import SystemClock
from vaka.database.connections import open_connection
from vaka.database.server import Server, tenant_role
from vaka.keys.keyring import Keyring, open_keyring
from vaka.settings import Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.people import Person, register_people


async def register(
    server: Server, authority: Authority, keyring: Keyring, people: Sequence[Person], now: datetime = START
) -> None:
    """Register them; the authority gets its keys where it has none."""
    database = authority.database_name
    await keyring.open_authority(authority.id)
    async with await open_connection(server, tenant_role(database, "setup"), database, application="test") as setup:
        await register_people(setup, keyring.of(authority.id), people, actor="setup", now=now)


Got = TypeVar("Got")


def with_keys(server: Server, work: Callable[[Keyring], Coroutine[Any, Any, Got]]) -> Got:
    """Do something with a keyring of setup's, in a thread of its own: for tests that wait as they please."""

    async def opened() -> Got:
        async with open_keyring(server, Settings(), "setup", SystemClock()) as keyring:
            return await work(keyring)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, opened()).result()


def open_person(server: Server, authority: Authority, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the register of people, opened."""

    async def work(keyring: Keyring) -> dict[str, Any]:
        keys = keyring.of(authority.id)
        await keys.hold([row["id"]])
        return keys.open_row("person", str(row["id"]), row["id"], row)

    return with_keys(server, work)


def sealed_anew(server: Server, authority: Authority, person: Person, **facts: object) -> dict[str, Any]:
    """Return columns of a registered person's row, sealed with other facts than before."""

    async def work(keyring: Keyring) -> dict[str, Any]:
        keys = keyring.of(authority.id)
        await keys.hold([person.id])
        return keys.seal_row("person", str(person.id), person.id, facts)

    return with_keys(server, work)
