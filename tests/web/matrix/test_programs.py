# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every address for programs × every role that may own one × every permission it can give × every authority.

As for people (test_every_route, test_every_object), what is expected is not read from the code that decides: which
permission an address takes stands in tests/web/test_routes.py, what a role gives in tests/access/test_decide.py.
"""

import asyncio
from dataclasses import replace
from types import ModuleType
from uuid import uuid4

import pytest

from tests.web.browsers import Answer, Browser
from tests.web.furniture import Installation
from tests.web.matrix.applications import APPLICATIONS
from tests.web.matrix.objects import Objects
from tests.web.matrix.programs import (
    CALLS,
    FACTS,
    GUARDED,
    INTERFACES,
    NEVER,
    PEOPLE,
    PERSON,
    Interface,
    Program,
    Programs,
    call,
    engage_programs,
    find_interfaces,
    ownable,
)
from tests.web.matrix.samples import AUTHORITY, Named, Value
from tests.web.matrix.scene import A, B, Cast
from tests.web.matrix.test_every_object import assert_alike, everything_of
from tests.web.matrix.test_nothing_of_another import foreign_to, found_in
from tests.web.matrix.vulnerable import cases_of
from tests.web.test_routes import API_BASE
from vaka.access.clients import SCOPES
from vaka.access.permissions import Permission
from vaka.clock import SystemClock
from vaka.web.asker import COOKIES
from vaka.web.portal import application as portal
from vaka.web.registry import application as registry

pytestmark = [pytest.mark.anyio, pytest.mark.database]

BY_NAME = {one.name: one for one in INTERFACES}
NOWHERE = "ingenstans"
IN, FORBIDDEN, MISSING, UNKNOWN = "let in", "forbidden", "nothing here", "nobody known"
SAID = {200: IN, 403: FORBIDDEN, 404: MISSING, 401: UNKNOWN}
OF_SOMEBODY = [case for case in GUARDED if case[2] == PERSON]
COOKIE = COOKIES["authority"]
NUMBER = "191103049803"
"""Of somebody older than anybody in the scene."""


@pytest.fixture(scope="module")
def programs(furnished: Installation, cast: Cast, objects: Objects) -> Programs:
    """Every program, each with the one token that it uses here."""
    return asyncio.run(engage_programs(furnished, cast))


def test_term_14_1_every_program_and_address_is_walked() -> None:
    assert {one.name for one in INTERFACES} == find_interfaces()
    assert {(method, path) for _, method, path, _ in GUARDED} == set(CALLS)
    assert {needs for *_, needs in GUARDED} == {Permission(scope) for _, scope in ownable()} == set(SCOPES)
    assert {role for role, _ in ownable()} == {"log_reviewer", "contract_officer", "access_approver", "care_manager"}


async def test_term_14_1_an_address_for_programs_that_nobody_knows_fails(
    furnished: Installation, programs: Programs
) -> None:
    with pytest.raises(KeyError):
        await walk(furnished, BY_NAME["portal"], programs, "GET", f"{API_BASE}/that/nobody/knows")


@pytest.mark.parametrize(("name", "method", "path", "needs"), GUARDED)
async def test_term_14_1_every_program_in_every_authority(
    furnished: Installation, programs: Programs, name: str, method: str, path: str, needs: Permission
) -> None:
    met = await walk(furnished, BY_NAME[name], programs, method, path)
    assert met == expected(programs, needs)
    # The walk can tell: somebody is let in, somebody is not, and of another authority nobody hears.
    assert set(met.values()) == {IN, FORBIDDEN, MISSING}


@pytest.mark.parametrize(("name", "method", "path", "needs"), GUARDED)
async def test_term_14_1_every_program_is_known_by_its_token_alone(
    furnished: Installation, cast: Cast, programs: Programs, name: str, method: str, path: str, needs: Permission
) -> None:
    """Without one; with a made-up one; with its owner's session in either place; with its token as a cookie."""
    interface, good = BY_NAME[name], programs.of(needs.value, A)
    pages = next(one for one in APPLICATIONS if one.name == "portal")
    async with interface.open(furnished, SystemClock()) as opened:
        owner = await cast.browser(pages, opened, cast.who(good.role, A), "authority")
        session = owner.cookies[COOKIE]
        for token, cookies in (
            ("", {}), ("x" * 43, {}), (session, {}), ("", {COOKIE: session}), ("", {COOKIE: good.token})
        ):  # fmt: skip
            door = Browser(opened.app, interface.origin, cookies)
            answer = await ask(door, programs, replace(good, token=token), method, path, A)
            assert SAID[answer.status] == UNKNOWN, answer.text
        assert opened.denials == []
        answer = await ask(Browser(opened.app, interface.origin), programs, good, method, path, A)
        assert SAID[answer.status] == IN, answer.text


@pytest.mark.parametrize(
    ("process", "method", "path", "needs", "weaker"),
    [
        (portal, "GET", f"{API_BASE}/access", Permission.PORTAL_SEE_ACCESS, Permission.PORTAL_READ_LOG),
        (registry, "GET", PERSON, Permission.PORTAL_KEEP_PEOPLE, Permission.PORTAL_REGISTER_PEOPLE),
    ],
)
async def test_term_14_1_every_program_walk_sees_a_door_that_is_left_open(
    furnished: Installation, programs: Programs, monkeypatch: pytest.MonkeyPatch, process: ModuleType, method: str,
    path: str, needs: Permission, weaker: Permission,
) -> None:  # fmt: skip
    """The walk can fail: an address that takes less than the table says answers programs otherwise."""
    interface = BY_NAME[process.__name__.split(".")[2]]
    table = [replace(one, needs=weaker) if (one.path, one.methods) == (path, (method,)) else one for one in process.API]
    assert table != list(process.API)
    monkeypatch.setattr(process, "API", tuple(table))
    met, said = await walk(furnished, interface, programs, method, path), expected(programs, needs)
    seen = {one: (met[one], said[one]) for one in met if met[one] != said[one]}
    opened = {
        f"{one} asks {place}": (MISSING, FORBIDDEN)
        for one in of_a(programs) if one.scope == weaker.value for place in (B, NOWHERE)
    }  # fmt: skip
    assert opened
    assert opened.items() <= seen.items()


@pytest.mark.parametrize(("name", "method", "path", "needs"), GUARDED)
async def test_term_31_1_another_authoritys_address_is_nowhere_for_programs(
    furnished: Installation, programs: Programs, name: str, method: str, path: str, needs: Permission
) -> None:
    interface, of_b = BY_NAME[name], programs.of(needs.value, B)
    async with interface.open(furnished, SystemClock()) as opened:
        door = Browser(opened.app, interface.origin)

        async def theirs() -> Answer:
            return await ask(door, programs, of_b, method, path, A, A)

        async def nobodys() -> Answer:
            return await ask(door, programs, of_b, method, path, NOWHERE, None)

        await assert_alike(theirs, nobodys, 404)
        one, other = await theirs(), await nobodys()
        assert one.body == other.body
        assert {denial.authority for denial in opened.denials} <= {furnished.authorities[A].id, None}


@pytest.mark.parametrize(("name", "method", "path", "needs"), OF_SOMEBODY)
async def test_term_31_1_another_authoritys_person_is_nowhere_for_programs(
    furnished: Installation, programs: Programs, name: str, method: str, path: str, needs: Permission
) -> None:
    interface, of_b = BY_NAME[name], programs.of(needs.value, B)
    before = everything_of(furnished, A)
    async with interface.open(furnished, SystemClock()) as opened:
        door = Browser(opened.app, interface.origin)

        async def theirs() -> Answer:
            return await ask(door, programs, of_b, method, path, B, A)

        async def nobodys() -> Answer:
            return await ask(door, programs, of_b, method, path, B, None)

        await assert_alike(theirs, nobodys, 404)
        one, other = await theirs(), await nobodys()
        assert one.body == other.body
        own = await ask(door, programs, of_b, method, path, B, B)
        assert SAID[own.status] == IN, "the comparison can fail: one's own is there"
    assert everything_of(furnished, A) == before


async def test_term_31_1_registering_tells_nothing_of_another_authoritys_people(
    furnished: Installation, programs: Programs
) -> None:
    """Who is known in A, by identifier or by number, is as new in B as anybody; in A he is not."""
    told = {"id": str(uuid4()), "personal_number": NUMBER, **FACTS}
    stranger = {"id": str(uuid4()), **FACTS}
    of_a, of_b = (programs.of(Permission.PORTAL_REGISTER_PEOPLE.value, place).token for place in (A, B))
    async with BY_NAME["registry"].open(furnished, SystemClock()) as opened:
        door = Browser(opened.app, BY_NAME["registry"].origin)
        here, there = (PEOPLE.replace("{authority}", place) for place in (A, B))
        assert (await call(door, "POST", here, of_a, told)).status == 201
        assert (await call(door, "POST", here, of_a, {**stranger, "personal_number": NUMBER})).status == 409
        before = everything_of(furnished, A)
        theirs, nobodys = await call(door, "POST", there, of_b, told), await call(door, "POST", there, of_b, stranger)
    assert (theirs.status, theirs.text) == (201, nobodys.text.replace(stranger["id"], told["id"]))
    assert (nobodys.status, nobodys.headers) == (201, theirs.headers)
    assert everything_of(furnished, A) == before


@pytest.mark.parametrize("place", [A, B])
async def test_term_31_5_no_answer_to_a_program_tells_of_another_authority(
    furnished: Installation, objects: Objects, programs: Programs, place: str
) -> None:
    """Whatever each address says to whom it lets in, with words of each in all there is to be told of."""
    foreign = foreign_to(furnished, objects, place) | {cases_of(furnished, B if place == A else A)["own"]}
    said = {}
    for name, method, path, needs in GUARDED:
        if method == "GET":
            async with BY_NAME[name].open(furnished, SystemClock()) as opened:
                door = Browser(opened.app, BY_NAME[name].origin)
                answer = await ask(door, programs, programs.of(needs.value, place), method, path, place, place)
            assert SAID[answer.status] == IN, path
            assert found_in(answer, foreign) == [], path
            said[path] = answer
    assert found_in(said[PERSON], {programs.objects[place]["person"]}), "the search finds one's own"


def of_a(programs: Programs) -> list[Program]:
    """Return the programs of authority A."""
    return [one for one in programs.all if one.place == A]


def expected(programs: Programs, needs: Permission) -> dict[str, str]:
    """What the matrix says of authority A's programs: where each asks, by how the walk names it."""
    return {
        f"{one} asks {place}": FORBIDDEN if one.scope != needs.value else IN if place == A else MISSING
        for one in of_a(programs) for place in (A, B, NOWHERE)
    }  # fmt: skip


async def walk(
    installation: Installation, interface: Interface, programs: Programs, method: str, path: str
) -> dict[str, str]:
    """Let every program of authority A ask there, in B and nowhere, for what is there; return what each met.

    Whoever is refused is told of once, nobody else is. B and nowhere answer with the same bytes.
    """
    met = {}
    async with interface.open(installation, SystemClock()) as opened:
        door = Browser(opened.app, interface.origin)
        for one in of_a(programs):
            answers = {}
            for place, of in ((A, A), (B, B), (NOWHERE, None)):
                before = len(opened.denials)
                answers[place] = await ask(door, programs, one, method, path, place, of)
                met[f"{one} asks {place}"] = said = SAID[answers[place].status]
                assert len(opened.denials) - before == (said != IN)
            assert answers[B].body == answers[NOWHERE].body
            assert answers[B].headers == answers[NOWHERE].headers
    return met


async def ask(
    door: Browser, programs: Programs, program: Program, method: str, path: str, authority: str, of: str | None = A
) -> Answer:
    """Ask with a program's token, in an authority's address, about what is in authority ``of``; None: about nothing.

    Raises KeyError where nothing is said of an address: say it in tests/web/matrix/programs.py.
    """
    sent = CALLS[method, path]

    def value(said: Value) -> str:
        if not isinstance(said, Named):
            return said
        if said == AUTHORITY:
            return authority
        nothing = {"person": str(uuid4()), "version": NEVER}
        return nothing[said.name] if of is None else programs.objects[of][said.name]

    where = path
    for name, said in sent.parts.items():
        where = where.replace(f"{{{name}}}", value(said))
    body = None if sent.body is None else {name: value(said) for name, said in sent.body.items()}
    version = "" if sent.version is None else value(sent.version)
    return await call(door, method, where, program.token, body, version)
