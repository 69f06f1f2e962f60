# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A furnished installation for all tests of the pages, and a desk opened anew for each, or once for a file's."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.waiting import wait_until
from tests.web.browsers import Browser, sign_in
from tests.web.furniture import Installation, open_installation
from vaka.clock import SystemClock
from vaka.settings import AccessSettings, Settings
from vaka.web.desk.application import build_desk
from vaka.web.desk.desk import Desk
from vaka.web.desk.opening import open_desk

SETTINGS = Settings(mode="demo", access=AccessSettings(step_up="when_enrolled"))


@pytest.fixture(scope="session")
def furnished() -> Iterator[Installation]:
    """The installation; what one test leaves there is cleared away before the next."""
    with open_installation() as installation:
        yield installation


@pytest.fixture
def installation(furnished: Installation) -> Installation:
    """The installation with an empty queue."""
    furnished.close_everything()
    return furnished


@pytest.fixture
async def desk(installation: Installation) -> AsyncIterator[Desk]:
    """An open desk that follows the databases."""
    async with open_desk(installation.server, SETTINGS, SystemClock()) as desk:
        yield desk


@pytest.fixture(scope="module")
async def open_for_all(furnished: Installation) -> AsyncIterator[Desk]:
    """A desk that stays open, in files whose tests have one loop: to open one takes longer than many a test."""
    async with open_desk(furnished.server, SETTINGS, SystemClock()) as desk:
        yield desk


async def emptied(desk: Desk, installation: Installation) -> Desk:
    """Return a desk that was open before once its queue is as empty as the installation's."""
    everywhere = frozenset(authority.id for authority in installation.authorities.values())
    await wait_until(lambda: not desk.hub.cards(everywhere, "sv"))
    return desk


@pytest.fixture
def stranger(desk: Desk) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(build_desk(desk, SETTINGS), SETTINGS.desk.origin)


@pytest.fixture
async def olga(desk: Desk, installation: Installation) -> Browser:
    """An operator of every authority."""
    return await sign_in(desk, SETTINGS, installation, "olga")


@pytest.fixture
async def emil(desk: Desk, installation: Installation) -> Browser:
    """An operator of Ekbacka alone."""
    return await sign_in(desk, SETTINGS, installation, "emil")
