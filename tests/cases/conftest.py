# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Two authorities and a supplier that have cases."""

from collections.abc import Callable

import pytest

from tests.access.register import Register
from tests.cases.house import House
from tests.registers.house import House as Registers
from vaka.database.server import Server
from vaka.tenants.authorities import Authority


@pytest.fixture
async def house(server: Server, new_authority: Callable[..., Authority]) -> House:
    """Two authorities, each with a contract officer, and an administrator of the supplier."""
    one, other = Register(server, new_authority()), Register(server, new_authority())
    house = House(one, other, await Registers(server, lambda: one.now).administrator())
    for register in (one, other):
        house.officers[register.authority.id] = await register.principal(await register.account("contract_officer"))
    return house
