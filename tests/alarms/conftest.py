# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One authority for the tests of a file, and the doors to it anew for each test."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import closing

import pytest

from tests.alarms.house import House, connect, connect_superuser, give_codes, last_entry
from vaka.database.server import Server
from vaka.keys.keyring import AuthorityKeys, Keyring
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway


@pytest.fixture(scope="module")
def municipality(new_authority: Callable[..., Authority], server: Server) -> Authority:
    """An authority with closing codes; what one test leaves there, the others must bear."""
    authority = new_authority()
    with closing(connect_superuser(server, authority.database_name)) as superuser:
        give_codes(
            superuser,
            [
                ("reason", "needs_help"), ("reason", "test"), ("reason", "battery"), ("action", "home_care"),
                ("action", "none"), ("result", "arrived_and_helped"), ("result", "unit_fault_fixed"),
            ],
        )  # fmt: skip
    return authority


@pytest.fixture
async def house(server: Server, municipality: Authority) -> AsyncIterator[House]:
    """The authority of this file."""
    async for opened in open_house(server, municipality):
        yield opened


@pytest.fixture
async def quiet(house: House) -> House:
    """The same, with nothing in it: neither alarms nor devices nor people, and the policy as it was made."""
    for table in (
        "alarm_step", "alarm_note", "message", "repeat_key", "alarm", "device_state", "device", "unit_hours", "unit",
        "contact", "note", "person", "policy",
    ):  # fmt: skip
        house.superuser.execute(f"delete from vaka.{table}")
    house.superuser.execute("insert into vaka.policy default values")
    return house


@pytest.fixture
def keys(setup_keys: Keyring, municipality: Authority) -> AuthorityKeys:
    """The authority's keys, as whoever may open what is about people has them."""
    return setup_keys.of(municipality.id)


async def open_house(server: Server, authority: Authority) -> AsyncGenerator[House]:
    """Open every door of an authority, and close them."""
    desk = Gateway(server, "desk", [authority])
    scheduler = Gateway(server, "scheduler", [authority])
    try:
        with (
            closing(connect_superuser(server, authority.database_name)) as superuser,
            closing(connect(server, authority, "receiver")) as receiver,
        ):
            yield House(server, authority, superuser, receiver, desk, scheduler, last_entry(superuser))
    finally:
        await desk.close()
        await scheduler.close()
