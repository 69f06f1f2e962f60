# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Every object of authority A tried with a session of authority B: nothing there, as if it existed nowhere (term 31).

Twice: where A's address names it, and where B's own address, or form, does. The answer, what the database was asked for
it, and the time it takes say nothing of whether there is such an object.
"""

from collections.abc import Collection, Mapping
from random import Random

import psycopg
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.access.test_decide import GIVES
from tests.web.browsers import Answer, Browser
from tests.web.furniture import Installation
from tests.web.matrix.applications import APPLICATIONS, Application, Doors, Opened
from tests.web.matrix.objects import Objects
from tests.web.matrix.samples import LOG, Named, Sample, sample
from tests.web.matrix.scene import A, B, Cast, ask, fill, nowhere
from tests.web.matrix.watching import Ask, differences, is_even, recorded, share_slower, told
from vaka.access.permissions import Permission
from vaka.access.roles import ROLES
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.web.routes import PUBLIC

pytestmark = [pytest.mark.anyio, pytest.mark.database]

BY_NAME = {one.name: one for one in APPLICATIONS}
GUARDED = [
    (one.name, method, path, needs) for one in APPLICATIONS for method, path, needs in one.table if needs is not PUBLIC
]
OF_AN_AUTHORITY = [case for case in GUARDED if sample(*case[:3]).names_an_authority]
OF_EVERYBODY = (
    {("office", f"/account/{{account}}{act}") for act in ("", "/ask", "/roles", "/put-out", "/sessions")}
    | {
        ("office", f"/registers/{{register}}/entry/{{entry}}{act}")
        for act in ("", "/edit", "/move", "/acknowledge", "/files", "/files/{file}")
    }
    | {("office", "/rules/{rule}/{version}")}
    | {("office", f"/emergency/{{emergency}}{act}") for act in ("", "/review")}
    | {("office", f"/cases/{{case}}{act}") for act in ("", "/write", "/seen", "/files/{number}")}
    | {("office", "/inquiries/{inquiry}/files/{number}")}
)
"""The supplier's administrators see every account, and the rules, of whichever authority; the registers, and when two
of them opened the office in an emergency, are the supplier's own."""
SLOTS = [
    (*case, *slot) for case in GUARDED for slot in sample(*case[:3]).slots if (case[0], case[2]) not in OF_EVERYBODY
]
TIMED = [
    ("desk", "GET", "/alarm/{authority}/{alarm}", ("path", "authority")),
    ("desk", "GET", "/alarm/{authority}/{alarm}", ("path", "alarm")),
    ("portal", "GET", LOG, ("path", "authority")),
    ("portal", "GET", f"{LOG}/erasure/{{order}}/certificate", ("path", "order")),
    ("portal", "POST", f"{LOG}/access/decide", ("form", "request")),
    ("portal", "GET", f"{LOG}/cases/{{case}}/files/{{number}}", ("path", "case")),
    ("portal", "GET", f"{LOG}/inquiries/{{inquiry}}/files/{{number}}", ("path", "inquiry")),
]
WORDS = {"person_name", "personal_number"}
"""What somebody types. A page repeats it, and says no more than that nobody is called so."""
ATTEMPTS = 6
KNOWN_TO_A_SESSION = {
    "searched": ("desk", "POST", "/history"),
    "looked_up": ("portal", "POST", f"{LOG}/people"),
    "looked_up_to_erase": ("portal", "POST", f"{LOG}/erasure/find"),
}
"""Numbers that a process gives a session, and what for."""


@pytest.mark.parametrize(("name", "method", "path", "needs"), OF_AN_AUTHORITY)
async def test_term_31_1_another_authoritys_address_is_nowhere(
    doors: Doors, cast: Cast, objects: Objects, name: str, method: str, path: str, needs: Permission
) -> None:
    application, tried = BY_NAME[name], sample(name, method, path)
    opened = await doors.open(application)
    browser = await cast.browser(application, opened, cast.who(role_with(needs), B), application.realm)
    theirs, nobodys = pair(doors.installation, application, browser, tried, objects, ("path", "authority"))
    await assert_alike(theirs, nobodys, 404)
    assert {denial.authority for denial in opened.denials} <= {doors.installation.authorities[A].id, None}


@pytest.mark.parametrize(("name", "method", "path", "needs", "where", "slot"), SLOTS)
async def test_term_31_1_another_authoritys_object_in_ones_own_rooms_is_nowhere(
    doors: Doors, cast: Cast, objects: Objects, name: str, method: str, path: str, needs: Permission,
    where: str, slot: str,
) -> None:  # fmt: skip
    application, tried = BY_NAME[name], sample(name, method, path)
    opened = await doors.open(application)
    browser = await cast.browser(application, opened, cast.who(role_with(needs), B), application.realm)
    known = await numbers_of_a(doors.installation, cast, opened, application, tried, objects)
    theirs, nobodys = pair(doors.installation, application, browser, tried, objects, (where, slot), known)
    before = everything_of(doors.installation, A)
    words = {objects[A][name] for name in WORDS} | {nowhere(name) for name in WORDS}
    answer = await assert_alike(theirs, nobodys, sent=words if WORDS & {one.name for one in named(tried)} else ())
    for secret in ("person_name", "personal_number", "person"):
        assert objects[A][secret] not in answer
    assert everything_of(doors.installation, A) == before


def test_term_31_1_every_kind_of_object_is_tried(objects: Objects) -> None:
    tried = {value.name for case in SLOTS for value in named(sample(*case[:3]))}
    seen_by_all = {
        value.name for case in GUARDED if (case[0], case[2]) in OF_EVERYBODY for value in named(sample(*case[:3]))
    }
    assert (tried | seen_by_all) - set(KNOWN_TO_A_SESSION) == set(objects[A]) == set(objects[B])
    assert all(objects[A][name] != objects[B][name] for name in objects[A])


@pytest.mark.parametrize(("name", "method", "path", "slot"), TIMED)
async def test_term_31_1_it_takes_as_long(
    doors: Doors, cast: Cast, objects: Objects, name: str, method: str, path: str, slot: tuple[str, str]
) -> None:
    """Of many interleaved pairs, neither is slower in nearly all; where an answer comes early, one is."""
    application, tried = BY_NAME[name], sample(name, method, path)
    needs = next(needs for _, *address, needs in GUARDED if address == [method, path])
    opened = await doors.open(application)
    browser = await cast.browser(application, opened, cast.who(role_with(needs), B), application.realm)
    theirs, nobodys = pair(doors.installation, application, browser, tried, objects, slot)
    await theirs()
    early = Browser(answers_early(opened.app), browser.origin, browser.cookies)
    _, leaking = pair(doors.installation, application, early, tried, objects, slot)
    chance = Random(31)
    assert not is_even(await share_slower(theirs, leaking, chance)), "the measure sees what leaks"
    assert is_even(await share_slower(theirs, nobodys, chance))


async def test_term_31_1_words_and_statements_that_differ_are_seen(doors: Doors, cast: Cast, objects: Objects) -> None:
    """The comparison can fail: what is there, and an answer that asks no database, are told from what is nowhere."""
    application, tried = BY_NAME["portal"], sample("portal", "GET", f"{LOG}/erasure/{{order}}/certificate")
    opened = await doors.open(application)
    browser = await cast.browser(application, opened, cast.who("records_officer", A), application.realm)
    own, nobodys = pair(doors.installation, application, browser, tried, objects, ("path", "order"), place=A)
    with pytest.raises(AssertionError):
        await assert_alike(own, nobodys)
    early = Browser(answers_early(opened.app), browser.origin, browser.cookies)
    _, leaking = pair(doors.installation, application, early, tried, objects, ("path", "order"), place=A)
    with pytest.raises(AssertionError):
        await assert_alike(leaking, nobodys)


def pair(
    installation: Installation, application: Application, browser: Browser, tried: Sample, objects: Objects,
    slot: tuple[str, str], known: Mapping[str, str] | None = None, place: str = B,
) -> tuple[Ask, Ask]:  # fmt: skip
    """Return two ways to ask: with what is authority A's in a slot, and with what is nowhere.

    Where the slot is the authority, everything else is A's too; otherwise it is of who asks.
    """
    slugs = application.uses_slugs
    names = {place: place if slugs else str(installation.authorities[place].id) for place in (A, B)}

    def theirs(name: str) -> str:
        return (known or {}).get(name) or objects[A].get(name) or nowhere(name)

    def own(name: str) -> str:
        return objects[place].get(name) or nowhere(name)

    if slot == ("path", "authority"):
        there = "ingenstans" if slugs else nowhere("authority")
        return sending(browser, tried, names[A], theirs), sending(browser, tried, there, nowhere)
    kind = (tried.parts if slot[0] == "path" else tried.fields)[slot[1]]
    assert isinstance(kind, Named)
    there = names[place]
    return (
        sending(browser, tried, there, own, {slot: theirs(kind.name)}),
        sending(browser, tried, there, own, {slot: nowhere(kind.name)}),
    )


def sending(
    browser: Browser, tried: Sample, authority: str, find: object, other: Mapping[tuple[str, str], str] | None = None
) -> Ask:
    """Return how one request is sent, and the page looked at that it leads to."""
    path, fields = fill(tried, authority, find, other)  # type: ignore[arg-type]

    async def send() -> Answer:
        answer = await ask(browser, tried.method, path, fields)
        where = answer.header("location")
        return await browser.get(where) if answer.status == 303 and where.startswith("/") else answer

    return send


async def assert_alike(one: Ask, other: Ask, status: int | None = None, sent: Collection[str] = ()) -> str:
    """Assert that two answers are the same in words and in what the database was asked; return the words.

    Both are asked once before: the first refusal of its kind is written, those that follow are counted. What happens
    once a minute, such as noting that a session is used, may fall between the two: what differs always counts.
    """
    await one()
    await other()
    found: list[str] = []
    for _ in range(ATTEMPTS):
        with recorded():
            first, second = await told(one, sent), await told(other, sent)
        assert status in (None, first.status)
        found = differences(first, second)
        if not found:
            return first.body
    raise AssertionError("\n".join(found))


async def numbers_of_a(
    installation: Installation, cast: Cast, opened: Opened, application: Application, tried: Sample, objects: Objects
) -> dict[str, str]:
    """Return the numbers under which a session of authority A finds what it looked for, where a sample names one."""
    found = {}
    for one in named(tried):
        if one.name not in KNOWN_TO_A_SESSION:
            continue
        asked = KNOWN_TO_A_SESSION[one.name]
        needs = next(needs for *address, needs in GUARDED if tuple(address) == asked)
        browser = await cast.browser(application, opened, cast.who(role_with(needs), A), application.realm)
        name = A if application.uses_slugs else str(installation.authorities[A].id)
        path, fields = fill(sample(*asked), name, objects[A].__getitem__)
        answer = await ask(browser, asked[1], path, fields)
        assert (await browser.get(answer.header("location"))).status == 200
        found[one.name] = answer.header("location").rpartition("/")[2]
    return found


def named(tried: Sample) -> list[Named]:
    """The objects, other than the authority, that a sample names."""
    values = {"path": tried.parts, "form": tried.fields}
    return [value for where, name in tried.slots if isinstance(value := values[where][name], Named)]


def role_with(needs: Permission) -> str:
    """A role that gives a permission."""
    return next(role for role in ROLES if needs.value in GIVES[role].split())


def answers_early(app: ASGIApp) -> ASGIApp:
    """An application that looks nothing up: what leaks whether something exists, by the time it takes."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("Det finns ingen sådan sida.", 404)(scope, receive, send)

    return answer


def everything_of(installation: Installation, place: str) -> dict[str, str]:
    """Return the hash of every table that says something of an authority, but for its log and how alarms are shown."""
    tables = "select tablename from pg_tables where schemaname = 'vaka' order by 1"
    found = {}
    for database in (installation.authorities[place].database_name, PLATFORM_DATABASE):
        with psycopg.connect(installation.server.conninfo(SUPERUSER, database), autocommit=True) as onlooker:
            for (table,) in onlooker.execute(tables).fetchall():
                if table in SHOWN:
                    continue
                [(found[f"{database}.{table}"],)] = onlooker.execute(
                    f"select md5(coalesce(string_agg(t::text, '' order by t::text), '')) from vaka.{table} t".encode()
                ).fetchall()
            if database != PLATFORM_DATABASE:
                [(found[f"{database}.alarm"],)] = onlooker.execute(
                    "select string_agg((id, holder, closed_at, offered_to, merged_into)::text, '' order by id)"
                    " from vaka.alarm"
                ).fetchall()
    return found


SHOWN = ("alarm", "alarm_event", "session", "session_place", "session_use", "presence", "security_key_challenge")
"""What changes though nobody does anything to authority A: alarms are presented, people are signed in and present."""
