# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an auditor opens is an entry in the authority's own log, whatever page it is (term 37)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.matrix.objects import enter_case, enter_message_file
from tests.web.matrix.samples import IN_PATHS, IN_SOME_PATHS
from tests.web.portal.conftest import Logs, enter
from tests.web.portal.shelf import Shelf
from tests.web.portal.test_audits import auditor_of
from vaka.access.permissions import Permission
from vaka.access.roles import ROLES
from vaka.web.portal.application import ADDRESSES, LOG
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

OPENS = [
    one.path for one in ADDRESSES
    if "GET" in one.methods and one.path.startswith(LOG) and one.needs in ROLES["auditor"].permissions
]  # fmt: skip
OF_NOBODY = {
    f"{LOG}/help": "what a log proves, the same for everybody",
    f"{LOG}/keys": "one's own keys",
    f"{LOG}/sessions": "where one is signed in oneself",
}


@pytest.fixture
def file(installation: Installation) -> Iterator[str]:
    """A file that Ekbacka is shown."""
    shelf = Shelf(installation)
    shelf.show("documents", "ekbacka", "entries")
    yield str(shelf.attach(shelf.put("documents", "in_force", title="Rutin"), "a.txt", b"a"))
    shelf.execute("truncate register_version, register_acknowledgement, register_showing, attachment")


@pytest.fixture
def case(installation: Installation, logs: Logs) -> Iterator[str]:
    """An incident that touches Ekbacka, in which something has a file."""
    yield enter_message_file(installation, "ekbacka", case_id=str(enter_case(installation, "ekbacka")), number=3)
    logs.execute("platform", "truncate vaka.security_case cascade", unguarded=True)


@pytest.fixture
def inquiry(installation: Installation, logs: Logs) -> Iterator[str]:
    """A question of Ekbacka's that came with a file."""
    inquiry, by = str(uuid4()), installation.accounts["agneta"]
    asked = (f"insert into vaka.inquiry values ('{inquiry}', '{installation.authorities['ekbacka'].id}', 'other');"
             " insert into vaka.inquiry_message (inquiry, number, act, words, reference, sha256, wanted_by, digest,"
             f" made_by, made_at) values ('{inquiry}', 1, 'filed', 'Visa', '', '', now() + interval '1 day',"
             f" repeat('0', 64), '{by}', now())")  # fmt: skip
    logs.execute("platform", asked, unguarded=True)
    yield enter_message_file(installation, "ekbacka", inquiry=inquiry, number=1)
    logs.execute("platform", "truncate vaka.inquiry cascade", unguarded=True)


def address(path: str, installation: Installation, file: str, case: str, inquiry: str) -> str:
    """The page of Ekbacka that an address stands for."""
    known = {**IN_PATHS, **{name: IN_SOME_PATHS[at] for at in IN_SOME_PATHS if at[0] == path for name in (at[1],)}}
    named = {name: value for name, value in known.items() if isinstance(value, str)}
    named |= {"authority": "ekbacka", "account": str(installation.accounts["beata"]), "file": file}
    named |= {"case": case, "inquiry": inquiry}
    for name, value in named.items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, path
    return path


@pytest.mark.parametrize("path", OPENS)
async def test_term_37_6_everything_an_auditor_opens_is_an_entry(
    rut: Browser, logs: Logs, installation: Installation, file: str, case: str, inquiry: str, path: str
) -> None:
    """Every address that the role opens, taken from the route table: one that is added here stands here too."""
    opened = address(path, installation, file, case, inquiry)
    if "/supplier/entry/" in opened:  # of the supplier's entries an authority sees some
        await logs.seal_platform()
        [index, *_] = re.findall(r"/supplier/entry/(\d+)", (await rut.get("/log/ekbacka/supplier")).text)
        opened = path.replace("{authority}", "ekbacka").replace("{index}", index)
    mark = logs.mark("ekbacka")
    answer = await rut.get(opened)
    assert answer.status == 200, answer.text[:500]
    actor = f"account:{rut.account}"
    told = [one["event"] for one in logs.since(mark, "ekbacka") if one["actor"] == actor]
    assert bool(told) is (path not in OF_NOBODY), told


async def test_which_page_it_was_is_said_and_nothing_of_what_stood_there(rut: Browser, logs: Logs) -> None:
    mark = logs.mark("ekbacka")
    pages = ("terms", "access", "registers", "inquiries", "exercises", "notices")
    for page in pages:
        assert (await rut.get(f"/log/ekbacka/{page}")).status == 200
    told = [(one["event"], one["detail"]) for one in logs.since(mark, "ekbacka")]
    assert told == [("page.opened", {"page": page}) for page in pages]


async def test_colleagues_who_work_there_every_day_leave_none(
    portal: Portal, logs: Logs, installation: Installation
) -> None:
    """Such a page is about nobody; the entry is there because of who opens it."""
    agneta = await enter(portal, installation, "agneta")
    mark = logs.mark("ekbacka")
    assert (await agneta.get("/log/ekbacka/terms")).status == 200
    assert logs.since(mark, "ekbacka") == []


async def test_an_auditor_reads_the_cases_of_his_terms_and_writes_nothing(
    portal: Portal, logs: Logs, installation: Installation, case: str
) -> None:
    """Which case is in the entry; what is RED was shown to the authority, and not to who audits it."""
    red = ("insert into vaka.case_entry (case_id, number, kind, side, tlp, authority_id, text, facts, made_by, made_at,"
           f" digest) select case_id, 4, 'noted', side, 'RED', authority_id, 'hemlig-rad', '{{}}', made_by, made_at,"
           f" digest from vaka.case_entry where case_id = '{case}' and number = 1")  # fmt: skip
    logs.execute("platform", red, unguarded=True)
    until, here = datetime.now(UTC) + timedelta(days=1), "/log/ekbacka/cases"
    rolf = await auditor_of(installation, portal, terms=[34], until=until)
    mark = logs.mark("ekbacka")
    assert f'href="{here}/{case}"' in (await rolf.get(here)).text
    page = await rolf.get(f"{here}/{case}")
    assert (page.status, "hemlig-rad" in page.text, "1 post är märkt RED" in page.text) == (200, False, True)
    assert "<textarea" not in page.text
    assert (await rolf.get(f"{here}/{case}/files/3")).status == 200
    assert (await rolf.get(f"{here}/{case}/files/4")).status == 404, "nor by a number that he was not shown"
    told = [one["detail"]["page"] for one in logs.since(mark, "ekbacka") if one["event"] == "page.opened"]
    assert (told[0], told[1].partition("/")[0]) == ("cases", "cases")
    for path, fields in ((f"{here}/{case}/answer", {"text": "Hej"}), (f"{here}/{case}/seen", {"number": "1"})):
        assert (await rolf.post(path, fields)).status == 403
    assert (await rolf.get(f"{here}/{case}/file")).status == 403
    agneta = await enter(portal, installation, "agneta")
    assert "hemlig-rad" in (await agneta.get(f"{here}/{case}")).text
    for terms in ([29], [9]):
        other = await auditor_of(installation, portal, terms=terms, until=until)
        assert (await other.get(f"{here}/{case}")).status == 403
        assert (await other.get(f"{here}/{case}/files/3")).status == 403
        assert f'href="{here}/{case}"' not in (await other.get(here)).text


def test_an_auditor_reads_alone() -> None:
    """What the role gives besides reading: samples and notes of the audit, and one's own keys and sessions."""
    assert ROLES["auditor"].permissions == {
        Permission.PORTAL_READ_LOG, Permission.PORTAL_SEE_ACCESS, Permission.PORTAL_SEE_TERMS,
        Permission.PORTAL_AUDIT, Permission.PORTAL_READ_CASES, Permission.PORTAL_OWN_KEYS,
        Permission.PORTAL_OWN_SESSIONS,
    }  # fmt: skip
