# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Somebody guesses at the sign-in page, and the rules of detection make an incident of it (term 34)."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.identity.house import IdentityHouse
from tests.identity.provider import Provider, running_provider
from tests.identity.test_sign_in import new_scene
from tests.identity.visitor import Visitor, open_entrance
from vaka.cases.reading import list_cases, list_entries
from vaka.clock import SystemClock
from vaka.database.connections import make_pool
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.operations.detection.rounds import Detection
from vaka.operations.detection.rules import load_rules
from vaka.settings import CasesSettings
from vaka.tenants.gateway import Gateway
from vaka.web.signin.entrance import Entrance

pytestmark = [pytest.mark.anyio, pytest.mark.database]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture
async def entrance(house: IdentityHouse) -> AsyncIterator[Entrance]:
    async with open_entrance(house) as opened:
        yield opened


async def test_term_34_1_guessing_at_sign_in_becomes_an_alert_and_an_incident(
    house: IdentityHouse, provider: Provider, entrance: Entrance
) -> None:
    """Nine refusals by the real page are nothing yet; the tenth is an alert and an open incident, without a name."""
    scene = await new_scene(house, provider, entrance)
    [rule] = [one for one in load_rules() if one.name == "sign-in-guessed"]
    async with make_pool(house.server, platform_role("scheduler"), PLATFORM_DATABASE, application="test") as platform:
        gateway = Gateway(house.server, "scheduler", [])
        detection = Detection(platform, gateway, SystemClock(), CasesSettings(), [rule])
        before = await detection.look()  # whatever other tests of this house were refused, from elsewhere
        for guess in range(10):
            assert await detection.look() == 0, before
            answer = await scene.sign_in(Visitor(entrance, address="198.51.100.7"), sub=f"guess-{guess}")
            assert answer.status == 403, answer.text
        assert await detection.look() == 1
        assert await detection.look() == 0
        await gateway.close()
    async with house.as_("office") as office:
        [case, *_] = await list_cases(office)
        [entry] = await list_entries(office, case.id, None)
    assert (case.kind, case.severity, case.state, entry.side) == ("incident", "high", "open", "product")
    assert "sign-in-guessed: 10 " in entry.text
    assert "198.51.100.0/24" in entry.text
    assert "guess-" not in entry.text
