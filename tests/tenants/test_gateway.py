# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The door to authorities' databases stays shut once it is closed."""

import pytest

from vaka.database.connections import DatabaseUnavailableError
from vaka.database.server import Server
from vaka.tenants.authorities import Authority
from vaka.tenants.gateway import Gateway

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.mark.parametrize("used_before", [True, False])
async def test_nobody_opens_a_database_after_it_was_closed(
    server: Server, authority: Authority, used_before: bool
) -> None:
    """A task that still reads names, say, would leave a pool open whose workers nobody ends."""
    gateway = Gateway(server, "desk", [authority])
    if used_before:
        async with gateway.transaction(authority.id) as connection:
            await connection.execute("select 1")
    await gateway.close()
    with pytest.raises(DatabaseUnavailableError):
        async with gateway.transaction(authority.id):
            pass
