# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every address × every role × every authority, before the real applications: let in or refused as the matrix says.

What is expected is said twice elsewhere and not read from the code that decides: which permission an address takes in
tests/web/test_routes.py, which permissions a role gives in tests/access/test_decide.py. A new application, address or
role is walked by itself; one that no sample is known for fails.
"""

from dataclasses import replace

import pytest

from tests.access.test_decide import GIVES
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.matrix.applications import APPLICATIONS, Application, Doors, Opened, find_applications
from tests.web.matrix.objects import Objects
from tests.web.matrix.samples import Sample, sample
from tests.web.matrix.scene import A, Cast, Walker, ask, fill, is_sent_to_sign_in, nowhere
from vaka.access.permissions import Permission
from vaka.access.roles import ROLES
from vaka.clock import SystemClock
from vaka.identity.sessions import Realm
from vaka.web.asker import COOKIES
from vaka.web.desk import application as desk
from vaka.web.routes import PUBLIC

pytestmark = [pytest.mark.anyio, pytest.mark.database]

BY_NAME = {one.name: one for one in APPLICATIONS}
GUARDED = [
    (one.name, method, path, needs) for one in APPLICATIONS for method, path, needs in one.table if needs is not PUBLIC
]
OPEN = [(one.name, method, path) for one in APPLICATIONS for method, path, needs in one.table if needs is PUBLIC]
IN, STRANGER, FORBIDDEN, MISSING = "let in", "sent to sign in", "forbidden", "nothing here"


def test_term_14_1_every_application_and_address_is_walked() -> None:
    assert {one.name for one in APPLICATIONS} == find_applications()
    assert len(GUARDED) >= 78
    for application in APPLICATIONS:
        for method, path, _ in application.table:
            sample(application.name, method, path)
    with pytest.raises(KeyError):
        sample("desk", "POST", "/an/address/that/nobody/knows")
    with pytest.raises(KeyError):
        sample("desk", "GET", "/an/address/{that}")
    assert set(GIVES) == set(ROLES)


@pytest.mark.parametrize(("name", "method", "path", "needs"), GUARDED)
async def test_term_14_1_every_role_in_every_authority(
    doors: Doors, cast: Cast, objects: Objects, name: str, method: str, path: str, needs: Permission
) -> None:
    application, tried = BY_NAME[name], sample(name, method, path)
    met, expected = {}, {}
    opened = await doors.open(application)
    for walker in cast.walkers:
        for realm in walker.realms:
            browser = await cast.browser(application, opened, walker, realm)
            one = f"{walker}, signed in as {realm}"
            met[one] = await outcome(doors.installation, application, opened, browser, tried, objects)
            expected[one] = says(application, tried, needs, walker, realm)
    assert met == expected
    # The walk can tell: somebody is let in, somebody is not.
    assert {IN, FORBIDDEN} <= set(met.values())


@pytest.mark.parametrize(("name", "method", "path", "needs"), GUARDED)
async def test_term_14_1_nobody_in_particular(
    doors: Doors, cast: Cast, objects: Objects, name: str, method: str, path: str, needs: Permission
) -> None:
    """Signed out; with a made-up token; with a good token in the cookie of another realm."""
    application, tried = BY_NAME[name], sample(name, method, path)
    role = next(role for role in ROLES if needs.value in GIVES[role].split())
    opened = await doors.open(application)
    good = await cast.browser(application, opened, cast.who(role, A), application.realm)
    [token] = good.cookies.values()
    for cookies in (
        {}, {COOKIES[application.realm]: "x" * 43},
        *({cookie: token} for realm, cookie in COOKIES.items() if realm != application.realm),
    ):  # fmt: skip
        browser = Browser(opened.app, application.origin, cookies)
        assert await outcome(doors.installation, application, opened, browser, tried, objects) == STRANGER, cookies
    assert await outcome(doors.installation, application, opened, good, tried, objects) == IN


@pytest.mark.parametrize(("name", "method", "path"), OPEN)
async def test_term_14_1_what_is_for_everybody_is(doors: Doors, cast: Cast, name: str, method: str, path: str) -> None:
    """A stranger and somebody without any role get the same, and nobody is told of."""
    application, tried = BY_NAME[name], sample(name, method, path)
    opened = await doors.open(application)
    answers = []
    for cookies in ({}, await cast.new_session(application)):
        where, fields = fill(tried, name_of(doors.installation, application), nowhere)
        answers.append(await ask(Browser(opened.app, application.origin, cookies), method, where, fields))
    assert answers[0].status == answers[1].status != 401
    assert answers[0].status < 500
    assert answers[0].status != 403 or not tried.usable, answers[0].text
    assert opened.denials == []


@pytest.mark.parametrize(("name", "method", "path", "needs"), [case for case in GUARDED if case[1] == "GET"])
async def test_every_page_offers_to_sign_out(
    doors: Doors, cast: Cast, objects: Objects, name: str, method: str, path: str, needs: Permission
) -> None:
    application, tried = BY_NAME[name], sample(name, method, path)
    role = next(role for role in ROLES if needs.value in GIVES[role].split())
    where, _ = fill(tried, name_of(doors.installation, application), lambda one: of(objects, one))
    opened = await doors.open(application)
    browser = await cast.browser(application, opened, cast.who(role, A), application.realm)
    answer = await ask(browser, method, where, {})
    if answer.status == 200 and answer.header("content-type").startswith("text/html"):
        assert 'action="/sign-out"' in answer.text


async def test_a_door_that_is_left_open_is_seen(
    furnished: Installation, cast: Cast, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The walk can fail: an address that takes less than the table says lets somebody in."""
    application, tried = BY_NAME["desk"], sample("desk", "GET", "/bulk")
    left_open = [
        replace(one, needs=Permission.DESK_SEE_QUEUE) if one.path == "/bulk" else one for one in desk.ADDRESSES
    ]
    operator = cast.who("operator", A)
    assert says(application, tried, Permission.DESK_BULK_CLOSE, operator, "operator") == FORBIDDEN
    for addresses, met in ((desk.ADDRESSES, FORBIDDEN), (left_open, IN)):
        monkeypatch.setattr(desk, "ADDRESSES", addresses)
        async with application.open(furnished, SystemClock()) as opened:
            browser = await cast.browser(application, opened, operator, "operator")
            assert await outcome(furnished, application, opened, browser, tried, objects) == met


def says(application: Application, tried: Sample, needs: Permission, walker: Walker, realm: Realm) -> str:
    """What the matrix says of somebody who asks about authority A."""
    if realm not in application.known:
        return STRANGER
    holds = (
        walker.role is not None
        and needs.value in GIVES[walker.role].split()
        and realm == ROLES[walker.role].realm == application.realm
    )
    if not holds:
        return FORBIDDEN
    return MISSING if tried.names_an_authority and walker.place != A else IN


async def outcome(
    installation: Installation, application: Application, opened: Opened, browser: Browser, tried: Sample,
    objects: Objects,
) -> str:  # fmt: skip
    """Ask about authority A, and say what came of it. Whoever is refused is told of once, nobody else is."""
    path, fields = fill(tried, name_of(installation, application), lambda name: of(objects, name))
    before = len(opened.denials)
    answer = await ask(browser, tried.method, path, fields)
    told = len(opened.denials) - before
    if is_sent_to_sign_in(tried.method, answer):
        assert told == 0
        return STRANGER
    if told:
        assert told == 1
        return {403: FORBIDDEN, 404: MISSING}[answer.status]
    assert answer.status < 500, answer.text
    assert answer.status != 403 or not tried.usable, answer.text
    return IN


def of(objects: Objects, name: str) -> str:
    """An object of authority A; what only a session knows is nowhere."""
    return objects[A].get(name) or nowhere(name)


def name_of(installation: Installation, application: Application) -> str:
    """How an application's addresses name authority A."""
    return A if application.uses_slugs else str(installation.authorities[A].id)
