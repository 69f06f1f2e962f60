# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a proposal would remove is counted as the night would count it, and nothing goes by being counted."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.confirming import place_hold
from tests.removal.conftest import OTHERS
from tests.removal.scene import YEAR, Scene
from vaka.clock import SystemClock
from vaka.keys.keyring import Keyring, open_keyring
from vaka.removal.preview import Count, count_in_force, count_removable
from vaka.removal.rules import Rule
from vaka.settings import Settings
from vaka.tenants.gateway import Gateway

pytestmark = [pytest.mark.anyio, pytest.mark.database]

KARIN, RUNE, UNKNOWN = (OTHERS[name].id for name in ("karin", "rune", "nobody_knows"))


@pytest.fixture
async def portal_keys(scene: Scene) -> AsyncIterator[Keyring]:
    async with open_keyring(scene.house.server, Settings(), "portal", SystemClock()) as keyring:
        yield keyring


@pytest.fixture
async def portal(scene: Scene) -> AsyncIterator[Gateway]:
    gateway = Gateway(scene.house.server, "portal", [scene.house.authority])
    yield gateway
    await gateway.close()


async def test_the_preview_says_what_the_night_then_does(scene: Scene, portal: Gateway, portal_keys: Keyring) -> None:
    rules = {"alarms": Rule(60, exempt=True), "technical": Rule(12), "messages": Rule(6), "notes": Rule(12)}
    here = scene.house.authority.id
    scene.alarm(KARIN, days=7 * YEAR, times=3)
    root, part = scene.alarm(KARIN), scene.alarm(KARIN)
    scene.merge(part, root)
    for person in (RUNE, UNKNOWN):
        scene.alarm(person)
    scene.alarm(KARIN, days=5 * 365.25 - 10)  # old enough in ten days, not today
    scene.alarm(KARIN, days=YEAR)
    scene.alarm(RUNE, days=2 * YEAR, alarm_class="technical")
    scene.message(days=YEAR)
    proposal = await scene.decide(rules)
    await scene.wait()
    async with scene.house.as_("portal") as held:
        await place_hold(held, scene.arvid, here, RUNE, reason="JO 12", now=SystemClock().now())
    now = SystemClock().now()
    before = scene.left()
    today = await count_removable(portal, portal_keys, here, proposal, now)
    later = await count_removable(portal, portal_keys, here, proposal, now + timedelta(days=31))
    assert scene.left() == before
    counted = today["alarms"]
    assert (counted.things, counted.alarms, counted.messages) == (2, 3, 5)
    assert (counted.exempt, counted.unreadable, counted.held, counted.kept) == (0, 1, 1, 2)
    assert counted.oldest is not None
    assert counted.newest is not None
    assert counted.oldest < now - timedelta(days=7 * YEAR - 1) < counted.newest < now - timedelta(days=6 * YEAR - 1)
    assert later["alarms"].things == 3
    assert today["technical"] == Count(held=1)
    assert (today["messages"].things, today["messages"].messages, today["notes"]) == (1, 1, Count())
    assert set(today) == set(rules)
    night = await scene.night()
    done = night.kinds["alarms"]
    assert (done.removed, done.alarms, done.messages) == (counted.things, counted.alarms, counted.messages)
    assert (done.unreadable, done.held) == (counted.unreadable, counted.held)
    assert night.kinds["messages"].removed == 1


async def test_rules_in_force_are_counted_as_the_night_does_it(scene: Scene, setup_keys: Keyring) -> None:
    here = scene.house.authority.id
    gateway = Gateway(scene.house.server, "setup", [scene.house.authority])
    now = SystemClock().now()
    assert await count_in_force(gateway, setup_keys, here, now) == {}
    await scene.decide({"alarms": Rule(60, exempt=True), "messages": Rule(6)})
    scene.alarm(KARIN, times=2)
    for person in (RUNE, UNKNOWN):
        scene.alarm(person)
    scene.message(days=YEAR)
    assert await count_in_force(gateway, setup_keys, here, scene.now) == {}, "it is announced first"
    await scene.wait()
    before, now = scene.left(), SystemClock().now()
    counted = await count_in_force(gateway, setup_keys, here, now)
    assert (scene.left(), set(counted)) == (before, {"alarms", "messages"})
    alarms = counted["alarms"]
    assert (alarms.things, alarms.alarms, alarms.messages, alarms.exempt, alarms.unreadable) == (1, 1, 2, 1, 1)
    assert (counted["messages"].things, counted["messages"].kept) == (1, 0)
    night = await scene.night()
    assert (night.total("removed"), night.total("exempt"), night.total("unreadable")) == (2, 1, 1)
    assert (await count_in_force(gateway, setup_keys, here, now))["alarms"].things == 0
    await gateway.close()
