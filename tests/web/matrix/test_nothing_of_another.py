# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Nothing of authority B in any page, stream or file that somebody of authority A gets, whatever is typed (term 31)."""

import inspect
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from urllib.parse import quote

import psycopg
import pytest
from pypdf import PdfReader

from tests.access.test_decide import GIVES
from tests.web.browsers import Answer, Browser
from tests.web.furniture import Installation
from tests.web.matrix.applications import Application, Doors
from tests.web.matrix.objects import WORDS_OF, Objects
from tests.web.matrix.samples import LOG, Sample, sample
from tests.web.matrix.scene import A, B, Cast, Walker, ask, fill, nowhere
from tests.web.matrix.test_every_object import BY_NAME, GUARDED, everything_of, role_with
from tests.web.matrix.vulnerable import cases_of, package
from vaka.access.permissions import Permission
from vaka.access.roles import ROLES
from vaka.database.server import PLATFORM_DATABASE, SUPERUSER
from vaka.notices.mail import write_mail
from vaka.notices.outbox import Rooms, take_due
from vaka.notices.webhook import write_body
from vaka.web.portal.application import ADDRESSES
from vaka.web.portal.reports import REPORTS
from vaka.web.times import LOCAL

pytestmark = [pytest.mark.anyio, pytest.mark.database]

OF_AUTHORITIES = [case for case in GUARDED if BY_NAME[case[0]].realm != "administrator"]
"""The supplier's administrators work for all of them."""
EXPORT = {"reason": "follow_up", "reference": "KS 2026/31"}
EACH_IS_DUE = """
set search_path = vaka;
with w as (update vaka.notice_way set ended_by = null, ended_at = null returning id, authority_id)
insert into vaka.notice_delivery (notice_id, way_id, next_at)
select n.id, w.id, now() - interval '1 day' from vaka.notice n join w using (authority_id)
on conflict (notice_id, way_id) do update set next_at = excluded.next_at, delivered_at = null
"""
WHO_TRIES = ("colleague", "holder", "session")
"""Whoever of authority B tries the doors of A stands in A's log, which is as it should be."""
FILES: list[tuple[str, str, dict[str, str] | None]] = [
    *(("log_reviewer", "export", {"format": form, **EXPORT}) for form in ("csv", "ocsf", "syslog")),
    ("records_officer", "end/export", {"reason": "KS 2026/31"}),
    ("access_approver", "access/report/{year}/csv", {}),
    ("access_approver", "access/report/{year}/pdf", {}),
    ("access_approver", "access/routine", {}),
    ("contract_officer", "reports/{report}/{year}/csv", {}),
    ("contract_officer", "reports/{report}/{year}/pdf", {}),
    ("contract_officer", "terms/pack", {}),
    ("records_officer", "erasure/{order}/certificate", None),
    *(("contract_officer", f"cases/{{case}}/file{form}", None) for form in ("", "/csaf", "/stix", "/pdf")),
    ("contract_officer", "cases/{case}/files/3", None),
    ("contract_officer", "inquiries/{inquiry}/files/1", None),
]
"""Every file that the portal hands out for a form, and some links to files; with who takes it and what is sent."""
FILE_PATHS = {f"{LOG}/{path}" for _, path, _ in FILES}
TYPED = ("' or '1'='1", "x'; drop table vaka.person; --", "%' union select null, '\\")


def foreign_to(installation: Installation, objects: Objects, place: str) -> set[str]:
    """What tells that something is about the other authority; two of the invented people may have one number."""
    other = B if place == A else A
    return markers(installation, objects, other) - markers(installation, objects, place)


def markers(installation: Installation, objects: Objects, place: str) -> set[str]:
    """What tells that something is about an authority: its name, its people and their numbers, its objects."""
    people = [person for slug, person, _ in installation.people.values() if slug == place]
    names = {f"{one.given_name} {one.family_name}" for one in people}
    numbers = {one.personal_number for one in people} | {str(one.id) for one in people}
    authority = installation.authorities[place]
    things = {value for name, value in objects[place].items() if name not in WHO_TRIES}
    said = {str(authority.id), authority.name, authority.slug, WORDS_OF[place]}
    return names | numbers | things | said


@pytest.mark.parametrize(
    ("name", "method", "path", "needs"), [case for case in OF_AUTHORITIES if case[1] == "GET" and case[2] != "/stream"]
)
async def test_term_31_5_no_page_tells_of_another_authority(
    doors: Doors, cast: Cast, objects: Objects, name: str, method: str, path: str, needs: Permission
) -> None:
    application, tried = BY_NAME[name], sample(name, method, path)
    foreign = foreign_to(doors.installation, objects, A)
    opened = await doors.open(application)
    for walker in those_with(cast, needs):
        browser = await cast.browser(application, opened, walker, application.realm)
        where, _ = fill(
            tried, name_of(doors.installation, application), lambda one: objects[A].get(one) or nowhere(one)
        )
        answer = await browser.get(where)
        for _ in range(3):  # from the cover of what is not locked, over the first page, to one's own room
            if answer.status == 303:
                answer = await browser.get(answer.header("location"))
        assert answer.status in (200, 204, 404, 409)
        assert found_in(answer, foreign) == []


async def test_term_31_5_the_live_view_tells_of_ones_own_alone(doors: Doors, cast: Cast, objects: Objects) -> None:
    application = BY_NAME["desk"]
    opened = await doors.open(application)
    for place in (A, B):
        browser = await cast.browser(application, opened, cast.who("operator", place), "operator")
        async with browser.stream() as stream:
            told = json.dumps((await stream.next("all")).data, ensure_ascii=False)
        assert objects[place]["alarm"] in told
        assert [one for one in sorted(foreign_to(doors.installation, objects, place)) if one in told] == []


@pytest.mark.parametrize(("role", "path", "fields"), FILES)
async def test_term_31_5_no_file_tells_of_another_authority(
    doors: Doors, cast: Cast, objects: Objects, role: str, path: str, fields: dict[str, str] | None
) -> None:
    application = BY_NAME["portal"]
    opened = await doors.open(application)
    browser = await cast.browser(application, opened, cast.who(role, A), "authority")
    for report in REPORTS if "{report}" in path else [""]:
        where = f"/log/{A}/{path.format(year=datetime.now(LOCAL).year, report=report, **objects[A])}"
        answer = await (browser.get(where) if fields is None else browser.post(where, fields))
        assert answer.status == 200, answer.text
        assert "attachment" in answer.header("content-disposition")
        assert found_in(answer, foreign_to(doors.installation, objects, A)) == []


def test_term_31_5_every_file_is_among_them() -> None:
    """What hands something out for a touch says so in its code; so none is left out. Links are walked as pages."""
    handing_out = {one.path for one in ADDRESSES if "hands_out=True" in inspect.getsource(one.endpoint)}
    assert handing_out <= FILE_PATHS
    assert len(handing_out) >= 4, "the search finds what there is"


@pytest.mark.parametrize(("name", "method", "path", "needs"), [case for case in OF_AUTHORITIES if case[1] == "POST"])
async def test_term_31_5_no_act_answers_with_anything_of_another(
    doors: Doors, cast: Cast, objects: Objects, name: str, method: str, path: str, needs: Permission
) -> None:
    """Whatever comes of it: a file, a page that explains, or the page that it leads to."""
    application, tried = BY_NAME[name], sample(name, method, path)
    foreign = foreign_to(doors.installation, objects, A)
    opened = await doors.open(application)
    browser = await cast.browser(application, opened, cast.who(role_with(needs), A), application.realm)
    where, fields = fill(
        tried, name_of(doors.installation, application), lambda one: objects[A].get(one) or nowhere(one)
    )
    answer = await ask(browser, method, where, fields)
    assert "attachment" not in answer.header("content-disposition") or path in FILE_PATHS
    if answer.status == 303 and answer.header("location").startswith("/"):
        answer = await browser.get(answer.header("location"))
    assert answer.status < 500
    assert found_in(answer, foreign) == []


async def test_term_31_5_no_notice_or_digest_tells_of_another_authority(
    furnished: Installation, cast: Cast, objects: Objects
) -> None:
    """As mail and as what is posted; of every notice there is about each of the two."""
    rooms, told = Rooms("https://portal.example", "https://office.example"), {A: "", B: ""}
    hand = await psycopg.AsyncConnection.connect(furnished.server.conninfo(SUPERUSER, PLATFORM_DATABASE))
    async with hand:
        await hand.execute(EACH_IS_DUE)  # whatever became of the ways and of what was sent by them
        due = await take_due(hand, datetime.now(UTC), 10_000)
        await hand.rollback()
    for one in due:
        if one.slug in told:
            mail = write_mail(one, "vaka@larm.example", rooms).get_content()
            told[one.slug] += f"{mail}\n{write_body(one, rooms).decode()}\n{one.address}\n"
    for place in (A, B):
        assert objects[place]["case"] in told[place] or f"sakerhet@{place}.example" in told[place], "some were told"
        # Every authority is told of an emergency, and of who opened it.
        of_all = {one[name] for one in objects.values() for name in (*WHO_TRIES, "emergency")}
        foreign = foreign_to(furnished, objects, place) - of_all
        assert [marker for marker in sorted(foreign) if marker in told[place]] == []


@pytest.mark.parametrize("place", [A, B])
async def test_term_31_5_a_vulnerability_tells_of_ones_own_alone(
    doors: Doors, cast: Cast, objects: Objects, place: str
) -> None:
    """In the room, and in each file of it: the same CVE hits what the other runs, and both read one case of the two."""
    application, other = BY_NAME["portal"], B if place == A else A
    opened = await doors.open(application)
    browser = await cast.browser(application, opened, cast.who("contract_officer", place), "authority")
    own, theirs = cases_of(doors.installation, place), cases_of(doors.installation, other)
    foreign = foreign_to(doors.installation, objects, place) | {theirs["own"]}
    answers = {"": await browser.get(f"/log/{place}/cases")}
    for which, form in product(("own", "both"), ("", "/file", "/file/csaf", "/file/stix", "/file/pdf")):
        answers[which + form] = await browser.get(f"/log/{place}/cases/{own[which]}{form}")
    for which, answer in answers.items():
        assert answer.status == 200, which
        assert found_in(answer, foreign) == [], which
        assert found_in(answer, {WORDS_OF[place]}), "the search finds one's own"
    told = json.loads(answers["own/file/csaf"].text)
    [vulnerability] = told["vulnerabilities"]
    assert vulnerability["product_status"] == {
        "known_affected": [f"pkg:pypi/{package(place)}@1.5"],
        "known_not_affected": [f"pkg:pypi/{package(place, 'utan')}@1.5"],
    }
    for form in ("", "/file/csaf"):
        assert (await browser.get(f"/log/{place}/cases/{theirs['own']}{form}")).status == 404


async def test_term_31_5_no_calendar_tells_of_another_authority(doors: Doors, cast: Cast, objects: Objects) -> None:
    application = BY_NAME["portal"]
    opened = await doors.open(application)
    browser = await cast.browser(application, opened, cast.who("contract_officer", A), "authority")
    page = await browser.post(f"/log/{A}/tasks/calendar")
    link = re.search(r"/calendar/[A-Za-z0-9_-]{43}", page.text)
    assert link is not None, page.text
    answer = await Browser(opened.app, application.origin).get(link[0])
    assert answer.status == 200
    assert "BEGIN:VCALENDAR" in answer.text
    assert doors.installation.authorities[A].name in answer.text, "it is whose it should be"
    assert found_in(answer, foreign_to(doors.installation, objects, A)) == []


async def test_term_31_5_what_is_there_is_found(doors: Doors, cast: Cast, objects: Objects) -> None:
    """The same search finds an authority in its own file."""
    application = BY_NAME["portal"]
    opened = await doors.open(application)
    browser = await cast.browser(application, opened, cast.who("records_officer", A), "authority")
    answer = await browser.post(f"/log/{A}/end/export", {"reason": "KS 2026/31"})
    read = b"\n".join(unpacked(answer.body)).decode("utf-8", "replace")
    assert {objects[A]["person"], objects[A]["alarm"]} <= {
        one for one in markers(doors.installation, objects, A) if one in read
    }


@pytest.mark.parametrize("page", ["cases/{case}", "contacts", "inquiries", "exercises", "rules", "registers",
                                  "checks", "audits", "exclusions", "erasure", "removal", "programs", "access", "end",
                                  "cases/{case}/file/pdf", "cases/{case}/file/stix", "cases/{case}/files/3",
                                  "inquiries/{inquiry}/files/1"])  # fmt: skip
async def test_term_31_5_the_words_are_found_where_their_own_authority_reads_them(
    doors: Doors, cast: Cast, objects: Objects, page: str
) -> None:
    """So that the search for another's could find something."""
    application = BY_NAME["portal"]
    opened = await doors.open(application)
    found = []
    for role in ROLES:
        if ROLES[role].realm == "authority":
            browser = await cast.browser(application, opened, cast.who(role, A), "authority")
            answer = await browser.get(f"/log/{A}/{page.format(**objects[A])}")
            found += found_in(answer, {WORDS_OF[A]})
    assert found


@pytest.mark.parametrize(("name", "method", "path", "needs"), OF_AUTHORITIES)
async def test_term_31_6_what_is_typed_is_never_a_statement(
    doors: Doors, cast: Cast, objects: Objects, name: str, method: str, path: str, needs: Permission
) -> None:
    application, tried = BY_NAME[name], sample(name, method, path)
    foreign = foreign_to(doors.installation, objects, A)
    opened = await doors.open(application)
    browser = await cast.browser(application, opened, cast.who(role_with(needs), A), application.realm)
    before = everything_of(doors.installation, B)
    for slot in every_slot(tried):
        for typed in TYPED:
            body = await type_there(doors.installation, application, browser, tried, objects, slot, typed)
            assert [marker for marker in sorted(foreign) if marker in body] == []
    assert everything_of(doors.installation, B) == before


async def type_there(
    installation: Installation, application: Application, browser: Browser, tried: Sample, objects: Objects,
    slot: tuple[str, str], typed: str,
) -> str:  # fmt: skip
    """Send a sample of authority A with something typed in one place; return what came, which is no fault of ours."""
    said = quote(typed, safe="") if slot[0] == "path" else typed
    path, fields = fill(
        tried, name_of(installation, application), lambda one: objects[A].get(one) or nowhere(one), {slot: said}
    )
    answer = await ask(browser, tried.method, path, fields)
    assert answer.status < 500, (slot, typed)
    return answer.body.decode("utf-8", "replace")


def every_slot(tried: Sample) -> Iterator[tuple[str, str]]:
    """Every place of a request where something is written, and whatever stands there otherwise."""
    yield from (("path", name) for name in tried.parts)
    yield from (("form", name) for name in tried.fields)


def found_in(answer: Answer, foreign: set[str]) -> list[str]:
    """What of another authority an answer has, also within a document or an archive."""
    read = b"\n".join(unpacked(answer.body)).decode("utf-8", "replace")
    return [marker for marker in sorted(foreign) if marker in read]


def those_with(cast: Cast, needs: Permission) -> list[Walker]:
    """Everybody of authority A who has a permission."""
    return [cast.who(role, A) for role in ROLES if needs.value in GIVES[role].split()]


def name_of(installation: Installation, application: Application) -> str:
    """How an application's addresses name authority A."""
    return A if application.uses_slugs else str(installation.authorities[A].id)


def unpacked(content: bytes) -> Iterator[bytes]:
    """A file, every file that is packed in it, and what a document says."""
    yield content
    if content.startswith(b"%PDF"):
        yield from (page.extract_text().encode() for page in PdfReader(io.BytesIO(content)).pages)
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from unpacked(archive.read(name))
