# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A device whose password is too old, too weak and unknown is shown in red, and its alarm is answered (term 16)."""

import pytest

from tests.deciding import decide_now, device_rules
from tests.end_to_end.house import House
from tests.receiver.devices import Credentials, UdpDevice, authorization, message, mrq

pytestmark = [pytest.mark.end_to_end, pytest.mark.anyio]


async def test_term_16_4_a_flagged_device_is_answered(house: House) -> None:
    device = house.draw_device("udp", "digest")
    await decide_now(house.server, house.authority(device.authority), device_rules(length=64, kinds=4, lifetime=1))
    with house.tenant(device.authority, "superuser") as tenant:
        tenant.execute("set session_replication_role = replica")
        tenant.execute("update device_secret set set_at = set_at - interval '400 days', length = 1")
        row = tenant.execute(
            "select count(*) as secrets from device_secret s join device d on d.id = s.device_id where d.sender = %s",
            (house.blind(device.cid),),
        ).fetchone()
    assert row == {"secrets": 1}
    sender = UdpDevice(house.port("udp"))
    body = mrq(device.cid, ref="16-4")
    known = Credentials(device.cid, device.username or "", device.password or "")
    proof = authorization(await sender.ask(message(device.cid, body)), known)
    assert (await sender.ask(message(device.cid, body, headers=(proof,)))).status == 200
    await sender.close()
    assert house.alarm(device, "16-4")["state"] in ("received", "presented")
