# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Nothing of authority B in any page, stream or file that somebody of authority A gets, whatever is typed (term 31)."""

import io
import json
import zipfile
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from pypdf import PdfReader

from tests.access.test_decide import GIVES
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.matrix.applications import Application
from tests.web.matrix.objects import Objects
from tests.web.matrix.samples import Sample, sample
from tests.web.matrix.scene import A, B, Cast, Walker, ask, fill, nowhere
from tests.web.matrix.test_every_object import BY_NAME, GUARDED, everything_of, role_with
from vaka.access.permissions import Permission
from vaka.access.roles import ROLES
from vaka.clock import SystemClock

pytestmark = [pytest.mark.anyio, pytest.mark.database]

OF_AUTHORITIES = [case for case in GUARDED if BY_NAME[case[0]].realm != "administrator"]
"""The supplier's administrators work for all of them."""
EXPORT = {"reason": "follow_up", "reference": "KS 2026/31"}
WHO_TRIES = ("colleague", "holder", "session")
"""Whoever of authority B tries the doors of A stands in A's log, which is as it should be."""
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
    return names | numbers | things | {str(authority.id), authority.name, authority.slug}


@pytest.mark.parametrize(
    ("name", "method", "path", "needs"), [case for case in OF_AUTHORITIES if case[1] == "GET" and case[2] != "/stream"]
)
async def test_term_31_5_no_page_tells_of_another_authority(
    furnished: Installation, cast: Cast, objects: Objects, name: str, method: str, path: str, needs: Permission
) -> None:
    application, tried = BY_NAME[name], sample(name, method, path)
    foreign = foreign_to(furnished, objects, A)
    async with application.open(furnished, SystemClock()) as opened:
        for walker in those_with(cast, needs):
            browser = await cast.browser(application, opened, walker, application.realm)
            where, _ = fill(tried, name_of(furnished, application), lambda one: objects[A].get(one) or nowhere(one))
            answer = await browser.get(where)
            for _ in range(3):  # from the cover of what is not locked, over the first page, to one's own room
                if answer.status == 303:
                    answer = await browser.get(answer.header("location"))
            assert answer.status in (200, 204, 404, 409)
            body = answer.body.decode("utf-8", "replace")
            assert [marker for marker in sorted(foreign) if marker in body] == []


async def test_term_31_5_the_live_view_tells_of_ones_own_alone(
    furnished: Installation, cast: Cast, objects: Objects
) -> None:
    application = BY_NAME["desk"]
    async with application.open(furnished, SystemClock()) as opened:
        for place in (A, B):
            browser = await cast.browser(application, opened, cast.who("operator", place), "operator")
            async with browser.stream() as stream:
                told = json.dumps((await stream.next("all")).data, ensure_ascii=False)
            assert objects[place]["alarm"] in told
            assert [one for one in sorted(foreign_to(furnished, objects, place)) if one in told] == []


@pytest.mark.parametrize(
    ("role", "path", "fields"),
    [
        *(("log_reviewer", "export", {"format": form, **EXPORT}) for form in ("csv", "ocsf", "syslog")),
        ("records_officer", "end/export", {"reason": "KS 2026/31"}),
        ("access_approver", "access/report/2026/csv", {}),
        ("access_approver", "access/report/2026/pdf", {}),
        *(("contract_officer", f"reports/{report}/2026/{form}", {})
          for report in ("changes", "terms") for form in ("csv", "pdf")),
        ("records_officer", "erasure/{order}/certificate", None),
    ],
)  # fmt: skip
async def test_term_31_5_no_file_tells_of_another_authority(
    furnished: Installation, cast: Cast, objects: Objects, role: str, path: str, fields: dict[str, str] | None
) -> None:
    application = BY_NAME["portal"]
    async with application.open(furnished, SystemClock()) as opened:
        browser = await cast.browser(application, opened, cast.who(role, A), "authority")
        where = f"/log/{A}/{path.format(order=objects[A]['order'])}"
        answer = await (browser.get(where) if fields is None else browser.post(where, fields))
    assert answer.status == 200, answer.text
    assert "attachment" in answer.header("content-disposition")
    read = b"\n".join(unpacked(answer.body)).decode("utf-8", "replace")
    assert [marker for marker in sorted(foreign_to(furnished, objects, A)) if marker in read] == []


async def test_term_31_5_what_is_there_is_found(furnished: Installation, cast: Cast, objects: Objects) -> None:
    """The same search finds an authority in its own file."""
    application = BY_NAME["portal"]
    async with application.open(furnished, SystemClock()) as opened:
        browser = await cast.browser(application, opened, cast.who("records_officer", A), "authority")
        answer = await browser.post(f"/log/{A}/end/export", {"reason": "KS 2026/31"})
    read = b"\n".join(unpacked(answer.body)).decode("utf-8", "replace")
    assert {objects[A]["person"], objects[A]["alarm"]} <= {one for one in markers(furnished, objects, A) if one in read}


@pytest.mark.parametrize(("name", "method", "path", "needs"), OF_AUTHORITIES)
async def test_term_31_6_what_is_typed_is_never_a_statement(
    furnished: Installation, cast: Cast, objects: Objects, name: str, method: str, path: str, needs: Permission
) -> None:
    application, tried = BY_NAME[name], sample(name, method, path)
    foreign = foreign_to(furnished, objects, A)
    async with application.open(furnished, SystemClock()) as opened:
        browser = await cast.browser(application, opened, cast.who(role_with(needs), A), application.realm)
        before = everything_of(furnished, B)
        for slot in every_slot(tried):
            for typed in TYPED:
                body = await type_there(furnished, application, browser, tried, objects, slot, typed)
                assert [marker for marker in sorted(foreign) if marker in body] == []
        assert everything_of(furnished, B) == before


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
