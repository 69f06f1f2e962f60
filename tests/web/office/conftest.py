# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A furnished installation whose log is sealed, and an office opened anew for each test."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation, open_installation
from tests.web.portal.conftest import Logs
from vaka.clock import SystemClock
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, platform_role
from vaka.identity.sessions import Realm, open_session
from vaka.settings import AccessSettings, Settings
from vaka.web.asker import COOKIES
from vaka.web.office.application import build_office
from vaka.web.office.office import Office
from vaka.web.office.opening import open_office

SETTINGS = Settings(mode="demo", access=AccessSettings(step_up="when_enrolled"))


@pytest.fixture(scope="session")
def furnished() -> Iterator[Installation]:
    """An installation of its own: sealing empties the inbox that other tests look into."""
    with open_installation() as installation:
        asyncio.run(Logs(installation).seal_platform())
        yield installation


@pytest.fixture
async def logs(installation: Installation) -> Logs:
    """The log stands while a test acts."""
    logs = Logs(installation)
    await logs.seal_platform()
    return logs


@pytest.fixture
async def office(installation: Installation, logs: Logs) -> AsyncIterator[Office]:
    async with open_office(installation.server, SETTINGS, SystemClock()) as office:
        yield office


async def enter(
    office: Office, installation: Installation, persona: str, realms: Sequence[Realm] = ("administrator",)
) -> Browser:
    """Return a browser in which a persona is signed in, over real sessions."""
    cookies, account = {}, installation.accounts[persona]
    async with await open_connection(
        installation.server, platform_role("signin"), PLATFORM_DATABASE, application="test"
    ) as connection:
        for realm in realms:
            cookies[COOKIES[realm]] = await open_session(connection, account, realm, "persona", datetime.now(UTC))
    return Browser(build_office(office, SETTINGS), SETTINGS.office.origin, cookies, str(account))


@pytest.fixture
async def adam(office: Office, installation: Installation) -> Browser:
    """An administrator."""
    return await enter(office, installation, "adam")


@pytest.fixture
async def ada(office: Office, installation: Installation) -> Browser:
    """Another, who reads English."""
    return await enter(office, installation, "ada")


@pytest.fixture
def nobody(office: Office) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(build_office(office, SETTINGS), SETTINGS.office.origin)
