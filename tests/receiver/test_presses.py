# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who presses again is heard, and who cancels takes back his own alarm only: through a receiver, as devices do it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from tests.receiver.conftest import Register, Rows, Running, TurnableClock
from tests.receiver.devices import UdpDevice, message, mrq
from vaka.tenants.authorities import Authority
from vaka.tenants.directory import ClassOverride

pytestmark = [pytest.mark.anyio, pytest.mark.database]

CLOSED = "update alarm set state = 'closed', closed_at = now()"


async def test_a_device_cannot_take_back_what_another_of_the_same_person_raised(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    person = uuid4()
    fallen, cancelling = register.device(authority, person=person), register.device(authority, person=person)
    await running.knows(fallen, cancelling)
    assert (await udp_device.ask(message(fallen, mrq(fallen, dty="5", stc="9")))).status == 200
    assert (await udp_device.ask(message(cancelling, mrq(cancelling, stc="19")))).status == 200
    assert rows(authority, "select kind, state, messages from alarm") == [("fall", "received", 1)]
    assert rows(authority, "select step from alarm_step") == [("upheld",)]
    assert running.receiver.counters.stored["upheld"] == 1


async def test_its_own_alarm_a_device_takes_back(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice
) -> None:
    sender = register.device(authority)
    await running.knows(sender)
    for body in (mrq(sender), mrq(sender, stc="19")):
        assert (await udp_device.ask(message(sender, body))).status == 200
    assert rows(authority, "select state from alarm") == [("withdrawn",)]


@pytest.mark.parametrize("mty", ["ME", None])
async def test_a_press_that_a_rule_calls_a_heartbeat_is_stored(
    running: Running, register: Register, authority: Authority, rows: Rows, udp_device: UdpDevice, mty: str | None
) -> None:
    """The table of rules refuses such a row; should one be there all the same, 200 still means stored."""
    sender = register.device(authority)
    await running.knows(sender)
    running.receiver.directory.set_overrides([ClassOverride(authority.id, mty, 2, None, "heartbeat")])
    assert (await udp_device.ask(message(sender, mrq(sender, dty="2")))).status == 200
    assert rows(authority, "select class, kind from alarm") == [("life", "button")]
    assert rows(authority, "select count(*) from message") == [(1,)]


async def test_a_device_that_never_says_anything_new_is_heard_again(
    running: Running,
    register: Register,
    authority: Authority,
    rows: Rows,
    udp_device: UdpDevice,
    turnable: TurnableClock,
) -> None:
    """One reference and one content for ever: a press after the first was handled is a press."""
    sender = register.device(authority)
    await running.knows(sender)
    body = mrq(sender, ref="1")
    for seconds, alarms in ((0, 1), (60, 1), (10, 2)):
        turnable.ahead += timedelta(seconds=seconds)
        assert (await udp_device.ask(message(sender, body))).status == 200
        assert (await udp_device.mrs()).ref == "1"
        assert rows(authority, "select count(*) from alarm") == [(alarms,)]
        rows(authority, CLOSED)
    assert rows(authority, "select deviations @> '{reference_reused}' from message order by received_at") == [
        (False,),
        (True,),
    ]
