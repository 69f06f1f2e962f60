# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The on-call telephone is registered once; what an authority has chosen itself stays."""

from contextlib import closing

import pytest

from tests.alarms.house import connect_superuser
from tests.conftest import START
from tests.platform import entries, newest, platform_as
from vaka.database.connections import open_connection
from vaka.database.server import Server, tenant_role
from vaka.keys.keyring import Keyring
from vaka.tenants.on_call import register_on_call
from vaka.tenants.registration import register_authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


async def test_a_number_is_registered_where_there_is_none(server: Server, setup_keys: Keyring) -> None:
    async with platform_as(server, "setup") as setup:
        authority = await register_authority(server, setup, setup_keys, "jouren", "Jouren", now=START)
    name = authority.database_name
    with closing(connect_superuser(server, name)) as onlooker:
        last = newest(onlooker)
        tenant = await open_connection(server, tenant_role(name, "setup"), name, application="test")
        async with tenant:
            done = [
                await register_on_call(tenant, authority.id, phone, actor="setup", now=START)
                for phone in ("08-465 004 91", "08-465 004 92")
            ]
        assert done == [True, False]
        assert onlooker.execute("select on_call_phone from vaka.policy").fetchall() == [
            {"on_call_phone": "08-465 004 91"}
        ]
        [entry] = entries(onlooker, last)
        assert (entry["event"], entry["object"]) == ("policy.changed", f"authority:{authority.id}")
        assert "465" not in str(entry["detail"])
