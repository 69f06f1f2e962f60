# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A server whose every authority is known: what runs concerns all that are served."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.access.register import Register
from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    authority,
    by_hand,
    own_server,
    place,
    server,
)
from tests.conftest import START
from tests.operations.vulnerabilities.house import House
from tests.registers.house import House as Registers
from vaka.database.server import Server
from vaka.tenants.authorities import Authority


@pytest.fixture
async def house(
    server: Server,  # noqa: F811
    authority: Authority,  # noqa: F811
    by_hand: Callable[..., None],  # noqa: F811
    tmp_path: Path,
) -> House:
    """Two authorities that are served, each with a contract officer; two administrators. No issuer is asked for any."""
    other = Authority(uuid4(), "annan", "Annan kommun", "authority", "vaka_t_annan", bytes(32))
    by_hand(
        "insert into authority (id, slug, name, kind, database_name, address, created_at)"
        " values (%(id)s, %(slug)s, %(name)s, 'authority', %(database)s, %(address)s, %(at)s)",
        id=other.id, slug=other.slug, name=other.name, database=other.database_name, address=other.address, at=START,
    )  # fmt: skip
    one, two = Register(server, authority), Register(server, other)
    people = Registers(server, lambda: one.now)
    house = House(one, two, await people.administrator(), colleague=await people.administrator(), directory=tmp_path)
    for register in (one, two):
        house.officers[register.authority.id] = await register.principal(await register.account("contract_officer"))
    return house
