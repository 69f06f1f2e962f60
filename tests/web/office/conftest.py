# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A furnished installation whose log is sealed, and an office that a file's tests find open."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation, open_installation
from tests.web.office.administrators import MODELS, Administrator
from tests.web.portal.conftest import SETTINGS as PORTAL_SETTINGS
from tests.web.portal.conftest import Logs
from vaka.clock import Clock, SystemClock
from vaka.database.connections import transaction
from vaka.identity.sessions import Realm, find_session, open_session
from vaka.settings import AccessSettings, Settings
from vaka.settings_operations import TrialSettings
from vaka.web.asker import COOKIES
from vaka.web.office.application import build_office
from vaka.web.office.office import Confirmed, Office
from vaka.web.office.opening import open_office
from vaka.web.pages import Pages
from vaka.web.portal.opening import open_portal
from vaka.web.portal.portal import Portal
from vaka.web.portal.taking_out import TakingOut
from vaka.web.portal.words import ALL_NAMES
from vaka.web.programs.allowance import Allowances
from vaka.web.questions import Questions
from vaka.web.uploads import Uploads

SETTINGS = Settings(
    mode="demo", access=AccessSettings(step_up="when_enrolled"), trial=TrialSettings(machines=["larm-1"])
)  # fmt: skip


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


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One loop for all of a file's tests, as what is open belongs to it."""
    return "asyncio"


@pytest.fixture(scope="module")
async def open_for_all(furnished: Installation) -> AsyncIterator[Office]:
    """An office that stays open: to open one takes longer than many a test."""
    async with open_office(furnished.server, SETTINGS, SystemClock()) as office:
        yield office


@pytest.fixture
def office(installation: Installation, logs: Logs, open_for_all: Office) -> Office:
    """The open office, with nothing in its memory of what tests before left there."""
    clock = open_for_all.clock
    return replace(open_for_all, confirmed=Confirmed(clock), allowances=Allowances(clock), uploads=Uploads())


@pytest.fixture(scope="module")
async def portal_for_all(furnished: Installation) -> AsyncIterator[Portal]:
    """A portal beside it."""
    async with open_portal(furnished.server, PORTAL_SETTINGS, SystemClock()) as portal:
        yield portal


@pytest.fixture
async def portal(installation: Installation, logs: Logs, portal_for_all: Portal) -> Portal:
    """The portal, with nothing in its memory either, while Ekbacka's log stands too."""
    await logs.seal()
    return at_its_start(portal_for_all, portal_for_all.clock)


def at_its_start(portal: Portal, clock: Clock) -> Portal:
    """Return an open portal as it is when it was just opened, at a moment of ``clock``."""
    pages = portal.pages if clock is portal.clock else Pages(portal.assets, clock, ALL_NAMES)
    return replace(
        portal, clock=clock, pages=pages, lookups=Questions(clock), taking_out=TakingOut(clock),
        allowances=Allowances(clock), uploads=Uploads(), packing=asyncio.Lock(), exporting=set(),
    )  # fmt: skip


async def enter(
    office: Office, installation: Installation, persona: str, realms: Sequence[Realm] = ("administrator",)
) -> Browser:
    """Return a browser in which a persona is signed in, over real sessions."""
    cookies, account = {}, installation.accounts[persona]
    connection = await installation.signing_in()
    for realm in realms:
        cookies[COOKIES[realm]] = await open_session(connection, account, realm, "test", datetime.now(UTC))
    return Browser(build_office(office, SETTINGS), SETTINGS.office.origin, cookies, str(account))


async def seen(browser: Browser) -> Browser:
    """Let the office have seen from where a session is: the log tells of it once, before what a test looks at."""
    await browser.get("/here")
    return browser


@pytest.fixture
async def adam(office: Office, installation: Installation) -> Browser:
    """An administrator."""
    return await seen(await enter(office, installation, "adam"))


@pytest.fixture
async def ada(office: Office, installation: Installation) -> Browser:
    """Another, who reads English."""
    return await seen(await enter(office, installation, "ada"))


@pytest.fixture
def nobody(office: Office) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(build_office(office, SETTINGS), SETTINGS.office.origin)


@pytest.fixture
async def strict(office: Office) -> Office:
    """The office as it is outside a demo: nobody does anything without a key."""
    return replace(
        office, step_up="required", security_keys=replace(office.security_keys, models=MODELS),
        confirmed=Confirmed(office.clock),
    )  # fmt: skip


async def enter_with_key(office: Office, installation: Installation, persona: str) -> Administrator:
    """Sign an administrator in who has a key and has touched it."""
    who = Administrator(await seen(await enter(office, installation, persona)))
    token = who.browser.cookies[COOKIES["administrator"]]
    async with transaction(office.platform) as connection:
        session = await find_session(connection, token, office.clock.now())
    assert session is not None
    options = await office.security_keys.ask_for_new_key(session, None)
    await office.security_keys.enrol(session, "på nyckelknippan", who.key.make(options))
    assert (await who.enter()).status == 303
    return who


@pytest.fixture
def no_keys(installation: Installation, logs: Logs) -> Iterator[None]:
    """Keys and requests of before are gone, and none stays."""
    forget = "truncate vaka.security_key, vaka.security_key_challenge, vaka.account_request, vaka.role_change"
    logs.execute("platform", forget, unguarded=True)
    yield
    logs.execute("platform", forget, unguarded=True)


@pytest.fixture
async def algot(strict: Office, installation: Installation, no_keys: None) -> Administrator:
    """An administrator with a key."""
    return await enter_with_key(strict, installation, "adam")


@pytest.fixture
async def berit(strict: Office, installation: Installation, no_keys: None) -> Administrator:
    """Another."""
    return await enter_with_key(strict, installation, "ada")
