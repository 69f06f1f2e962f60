# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Files that come with what is said in cases and questions: scanned by a real clamd, and handed to whom it was said."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from tests.platform import make_account, platform_as
from tests.scanner.clamav import NAME, RunningClamd, running_clamd
from tests.web.asking import ASKED, SETTLE, ask, day_after, fields_of
from tests.web.browsers import Answer, Browser
from tests.web.furniture import Installation
from tests.web.office.conftest import SETTINGS
from tests.web.office.test_cases import case
from tests.web.portal.conftest import SETTINGS as PORTAL_SETTINGS
from tests.web.portal.conftest import Logs
from tests.web.portal.conftest import enter as enter_portal
from tests.web.portal.test_case_files import text_of
from vaka.access.grants import grant_role
from vaka.identity.sessions import open_session
from vaka.scanning.inspecting import Inspector, harmless_pattern
from vaka.settings_web import AttachmentSettings
from vaka.web.asker import COOKIES
from vaka.web.office.application import build_office
from vaka.web.office.office import Office
from vaka.web.portal.application import build_portal
from vaka.web.portal.portal import Portal
from vaka.web.uploads import MOST_AT_ONCE

pytestmark = [pytest.mark.anyio, pytest.mark.database]

TEXT, FINGERPRINT = "Nyckelskåpets plats\n".encode(), sha256("Nyckelskåpets plats\n".encode()).hexdigest()
BOUNDARY = "a-boundary-that-is-nowhere-else"
HEADERS = {
    "accept": "text/html", "content-type": f"multipart/form-data; boundary={BOUNDARY}", "sec-fetch-site": "same-origin"
}  # fmt: skip
FORGET = "truncate vaka.security_case cascade; truncate vaka.inquiry cascade"


@pytest.fixture(scope="module")
def clamd() -> Iterator[RunningClamd]:
    with running_clamd() as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_said(installation: Installation, logs: Logs) -> Iterator[None]:
    """Nothing was said before, and nothing stays."""
    logs.execute("platform", FORGET, unguarded=True)
    yield
    logs.execute("platform", FORGET, unguarded=True)


def scanning(socket: Path | None) -> Inspector:
    return Inspector.of(AttachmentSettings(scanner=socket, scan_seconds=60), Path("/"))


@pytest.fixture
def scanned(adam: Browser, office: Office, clamd: RunningClamd) -> Browser:
    """An administrator, in an office that has a scanner."""
    adam.app = build_office(replace(office, inspector=scanning(clamd.socket)), SETTINGS)
    return adam


async def officer(portal: Portal, installation: Installation, socket: Path | None = None) -> Browser:
    """Ekbacka's contract officer, in a portal that has this scanner."""
    browser = await enter_portal(portal, installation, "agneta")
    browser.app = build_portal(replace(portal, inspector=scanning(socket)), PORTAL_SETTINGS)
    return browser


async def of_norrvik(portal: Portal, installation: Installation) -> Browser:
    """The other authority's."""
    now, browser = datetime.now(UTC), await enter_portal(portal, installation, "agneta")
    account = await make_account(installation.server, "Nils Norravtal", now=now)
    async with platform_as(installation.server, "setup") as setup:
        where = installation.authorities["norrvik"].id
        await grant_role(setup, account, "contract_officer", where, actor="setup", now=now)
    async with platform_as(installation.server, "signin") as signin:
        token = await open_session(signin, account, "authority", "test", now)
    return Browser(browser.app, browser.origin, {COOKIES["authority"]: token}, str(account))


async def send(
    browser: Browser, path: str, fields: dict[str, str], name: str = "Nycklar åäö.txt", data: bytes = TEXT
) -> Answer:
    """Send a form with a file in it, as a browser does."""
    parts = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
    )
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    body = f"{parts}{head}Content-Type: application/octet-stream\r\n\r\n".encode() + data
    body += f"\r\n--{BOUNDARY}--\r\n".encode()
    return await browser.send("POST", path, {**HEADERS, "content-length": str(len(body))}, body)


async def opened(adam: Browser, installation: Installation, *slugs: str) -> str:
    """A case that touches these, as the office names it."""
    touched = [("touches", str(installation.authorities[slug].id)) for slug in slugs]
    answer = await adam.post("/cases/new", [*case().items(), *touched])
    assert answer.status == 303, answer.text
    return answer.header("location")


def links(page: str) -> list[str]:
    """The addresses of the files on a page."""
    return re.findall(r'href="([^"]+/files/\d+)" download', page)


def kept(logs: Logs) -> int:
    [row] = logs.ask("platform", "select count(*) as files from vaka.message_file")
    return int(row["files"])


async def test_a_file_of_a_case_goes_to_whom_it_is_for_and_each_fetch_is_an_entry(
    scanned: Browser, portal: Portal, installation: Installation, clamd: RunningClamd, logs: Logs
) -> None:
    here = await opened(scanned, installation, "ekbacka", "norrvik")
    room, ekbacka = f"/log/ekbacka{here}", str(installation.authorities["ekbacka"].id)
    assert 'enctype="multipart/form-data"' in (await scanned.get(here)).text
    mark = logs.mark("platform")
    for tlp, to, name in (
        ("AMBER", ekbacka, "Nycklar åäö.txt"), ("AMBER+STRICT", "", "Inre.txt"), ("RED", "", "Rod.txt")
    ):  # fmt: skip
        said = {"kind": "noted", "tlp": tlp, "authority": to, "text": "Se filen."}
        assert (await send(scanned, f"{here}/write", said, name, TEXT + tlp.encode())).status == 303
    body = f"{TEXT.decode()}AMBER".encode()
    told = [one["detail"] for one in logs.since(mark, "platform") if one["event"] == "case.written"]
    assert told[0]["sha256"] == sha256(body).hexdigest()
    assert "Nycklar" not in str(told)
    agneta = await officer(portal, installation, clamd.socket)
    page = (await agneta.get(room)).text
    [link] = links(page)
    assert "Nycklar åäö.txt" in page
    assert "Inre.txt" not in page
    assert "Rod.txt" not in page
    mark = logs.mark("ekbacka")
    file = await agneta.get(link)
    assert (file.status, file.body, file.header("content-type")) == (200, body, "text/plain; charset=utf-8")
    assert file.header("content-disposition").startswith('attachment; filename="Nycklar ___.txt"')
    assert file.header("content-security-policy").startswith("default-src 'none'; sandbox")
    assert (file.header("x-content-type-options"), file.header("cache-control")) == ("nosniff", "no-store")
    [fetched] = [one for one in logs.since(mark, "ekbacka") if one["event"] == "file.fetched"]
    number = int(link.rpartition("/")[2])
    assert fetched["detail"] == {"entry": number, "sha256": sha256(body).hexdigest()}
    norr = await of_norrvik(portal, installation)
    assert links((await norr.get(f"/log/norrvik{here}")).text) == []
    for path in [f"/log/{place}{here}/files/{one}" for place in ("ekbacka", "norrvik") for one in range(9)]:
        mine = path == link
        assert (await agneta.get(path)).status == (200 if mine else 404), path
        assert (await norr.get(path)).status == 404
    # The supplier reads what it sent, whatever its marking; that is no entry.
    assert [(await scanned.get(one)).status for one in links((await scanned.get(here)).text)] == [200] * 3
    for path in (f"{here}/files/1", f"{here}/files/x", "/cases/00000000-0000-4000-8000-000000000007/files/1"):
        assert (await scanned.get(path)).status == 404

    # What leaves names the fingerprint of what may leave, and nothing of the others.
    for form in ("", "/csaf", "/stix", "/pdf"):
        said_there = text_of(await agneta.get(f"{room}/file{form}")).replace("\n", "")
        assert sha256(body).hexdigest() in said_there.replace(" ", ""), form
        for name, tlp in (("Inre", "AMBER+STRICT"), ("Rod", "RED")):
            assert name not in said_there
            assert sha256(TEXT + tlp.encode()).hexdigest() not in said_there.replace(" ", "")
    # Seen once, as every entry; and what the authority sends goes to the supplier alone.
    assert "Din tur" in page or 'name="number"' in page
    assert (await send(agneta, f"{room}/answer", {"text": "Vår logg.", "tlp": "AMBER"}, "Svar.txt")).status == 303
    assert "Svar.txt" in (await scanned.get(here)).text
    assert "Svar.txt" not in (await norr.get(f"/log/norrvik{here}")).text


async def test_a_red_file_reaches_no_authority_and_none_sends_one(
    scanned: Browser, portal: Portal, installation: Installation, clamd: RunningClamd, logs: Logs
) -> None:
    here = await opened(scanned, installation, "ekbacka")
    ekbacka = str(installation.authorities["ekbacka"].id)
    said = {"kind": "noted", "tlp": "RED", "authority": ekbacka, "text": "Bara ni"}
    refused = await send(scanned, f"{here}/write", said)
    assert (refused.status, "märkt RED når ingen myndighet" in refused.text) == (400, True)
    assert ">Bara ni</textarea>" in refused.text, "what was written is still there"
    agneta = await officer(portal, installation, clamd.socket)
    refused = await send(agneta, f"/log/ekbacka{here}/answer", {"text": "Bara ni", "tlp": "RED"})
    assert (refused.status, "märkt RED når ingen myndighet" in refused.text) == (400, True)
    assert kept(logs) == 0
    assert (await send(scanned, f"{here}/write", {"kind": "moved", "step": "triaged"})).status == 400


async def test_term_23_6_a_hit_in_a_case_is_told_to_the_sender_and_to_whom_it_concerns(
    scanned: Browser, portal: Portal, installation: Installation, clamd: RunningClamd, logs: Logs
) -> None:
    """From either side; the words stay in the form, nothing is kept, and no other authority is told."""
    here = await opened(scanned, installation, "ekbacka", "norrvik")
    ekbacka, mark = str(installation.authorities["ekbacka"].id), logs.mark("platform")
    agneta = await officer(portal, installation, clamd.socket)
    said = {"kind": "noted", "tlp": "AMBER", "authority": ekbacka, "text": "Se filen."}
    for answer in (
        await send(scanned, f"{here}/write", said, "Elak.txt", harmless_pattern()),
        await send(agneta, f"/log/ekbacka{here}/answer", {"text": "Se filen."}, "Elak.txt", harmless_pattern()),
        await send(agneta, ASKED, {"kind": "other", "words": "Se filen.", "wanted": day_after(datetime.now(UTC), 1)},
                   "Elak.txt", harmless_pattern()),
    ):  # fmt: skip
        assert answer.status == 400
        assert "Elak.txt: Genomsökningen hittade skadlig kod" in answer.text
        assert NAME in answer.text
        assert ">Se filen.</textarea>" in answer.text
    told = [one for one in logs.since(mark, "platform") if one["event"] == "file.refused"]
    expected = {"authority": ekbacka, "sha256": sha256(harmless_pattern()).hexdigest(), "reason": "infected"}
    assert [one["detail"] for one in told] == [expected] * 3
    assert [one["outcome"] for one in told] == ["failure"] * 3
    assert logs.ask("platform", "select 1 from ledger.concern where event = 'file.refused'") == []
    assert kept(logs) == 0
    assert "Se filen." not in (await agneta.get(f"/log/ekbacka{here}")).text
    assert "Inget har frågats än." in (await agneta.get(ASKED)).text


async def test_term_23_2_without_a_scanner_no_file_is_taken_in_and_words_go_on(
    adam: Browser, portal: Portal, installation: Installation, logs: Logs
) -> None:
    here = await opened(adam, installation, "ekbacka")
    room, agneta = f"/log/ekbacka{here}", await officer(portal, installation)
    for browser, path in ((adam, here), (agneta, room), (agneta, ASKED)):
        page = (await browser.get(path)).text
        assert ("ingen genomsökning är inställd" in page, "multipart" in page) == (True, False)
    with running_clamd() as own:
        agneta = await officer(portal, installation, own.socket)
        own.stop()
        refused = await send(agneta, f"{room}/answer", {"text": "Se filen."})
    assert (refused.status, "starta clamd" in refused.text) == (503, True)
    assert kept(logs) == 0
    assert (await agneta.post(f"{room}/answer", {"text": "Utan fil."})).status == 303
    large = {"text": "x" * 40_000}
    assert (await agneta.post(f"{room}/answer", large)).status == 413, "as much comes with files alone"


async def test_a_question_and_its_answer_each_come_with_a_file(
    scanned: Browser, portal: Portal, installation: Installation, clamd: RunningClamd, logs: Logs
) -> None:
    agneta, mark = await officer(portal, installation, clamd.socket), logs.mark("platform")
    asked = {"kind": "evidence", "term": "24", "words": "Visa det här", "wanted": day_after(datetime.now(UTC), 1)}
    assert (await send(agneta, ASKED, asked, "Fråga.txt", b"question\n")).status == 303
    [question] = links((await scanned.get("/inquiries")).text)
    assert (await scanned.get(question)).body == b"question\n"
    known = fields_of((await scanned.get("/inquiries")).text, "Visa det här")
    other = await send(scanned, "/inquiries", {**known, "words": "Här är det", "sha256": "0" * 64})
    assert (other.status, "en annan fils SHA-256" in other.text) == (400, True)
    assert ">Här är det</textarea>" in other.text
    assert (await send(scanned, "/inquiries", {**known, "words": "Här är det"})).status == 303
    told = [one["detail"] for one in logs.since(mark, "platform") if one["event"].startswith("inquiry.")]
    assert [one["sha256"] for one in told] == [sha256(b"question\n").hexdigest(), FINGERPRINT]
    page = (await agneta.get(ASKED)).text
    assert "Nycklar åäö.txt" in page
    assert FINGERPRINT[:16] in page
    mark, both = logs.mark("ekbacka"), links(page)
    assert [(await agneta.get(one)).body for one in both] == [b"question\n", TEXT]
    assert [one["event"] for one in logs.since(mark, "ekbacka")] == ["file.fetched"] * 2
    norr = await of_norrvik(portal, installation)
    for link in both:
        assert (await norr.get(link)).status == 404
        assert (await norr.get(link.replace("ekbacka", "norrvik"))).status == 404
        assert (await agneta.get(re.sub(r"\d+$", "7", link))).status == 404
    back = {"deed": "returned", "words": "Mer, tack", "wanted": day_after(datetime.now(UTC), 1)}
    settling = fields_of(page, "Visa det här")
    settling.pop("authority", None)
    assert (await send(agneta, SETTLE, {**settling, **back}, "Mer.txt", b"more\n")).status == 303
    assert kept(logs) == 3


async def test_a_form_of_a_file_without_one_is_words_alone(
    scanned: Browser, portal: Portal, installation: Installation, clamd: RunningClamd
) -> None:
    """As a browser sends it where nobody chose any; and a form that is sent without files at all goes on."""
    here = await opened(scanned, installation, "ekbacka")
    said = {"kind": "noted", "tlp": "AMBER", "authority": "", "text": "Se filen."}
    assert (await send(scanned, f"{here}/write", said, "", b"")).status == 303
    assert links((await scanned.get(here)).text) == []
    agneta = await officer(portal, installation, clamd.socket)
    assert "file" not in json.loads((await agneta.get(f"/log/ekbacka{here}/file")).text)["entries"][-1]["facts"]
    assert (await ask(agneta, datetime.now(UTC))).status == 303


async def test_words_alone_wait_for_nobodys_file_and_those_of_a_file_are_not_lost(
    scanned: Browser, office: Office, portal: Portal, installation: Installation, clamd: RunningClamd, logs: Logs
) -> None:
    """While others take every turn, words are kept; with a file they stand in the form again, but of large ones."""
    here = await opened(scanned, installation, "ekbacka")
    said = {"kind": "noted", "tlp": "AMBER", "authority": "", "text": "Ring genast."}
    agneta = await officer(portal, installation, clamd.socket)
    asked = {"kind": "other", "words": "Ring genast.", "wanted": day_after(datetime.now(UTC), 1)}
    answer = (agneta, f"/log/ekbacka{here}/answer", {"text": "Ring genast.", "tlp": "AMBER"})
    sayings = [(scanned, f"{here}/write", said), answer, (agneta, ASKED, asked)]
    with ExitStack() as turns:
        for uploads in [office.uploads, portal.uploads] * MOST_AT_ONCE:
            turns.enter_context(uploads.turn())
        for browser, path, fields in sayings:
            refused = await send(browser, path, fields)
            assert (refused.status, "Andra filer tas emot just nu" in refused.text) == (503, True), path
            assert ">Ring genast.</textarea>" in refused.text, path
            assert refused.text.count("Inget av det här har skickats") == 1, "beside the form that it is about"
            assert (await send(browser, path, fields, data=bytes(40_000))).status == 503, path
            assert (await send(browser, path, fields, "", b"")).status == 303, path
    assert kept(logs) == 0


async def test_one_authority_does_not_take_the_turns_of_the_others(
    scanned: Browser, portal: Portal, installation: Installation, clamd: RunningClamd
) -> None:
    here = await opened(scanned, installation, "ekbacka", "norrvik")
    agneta, said = await officer(portal, installation, clamd.socket), {"text": "Vår logg.", "tlp": "AMBER"}
    norr = await of_norrvik(portal, installation)
    norr.app = agneta.app
    large = b"a\n" * 20_000
    with portal.uploads.turn(installation.authorities["ekbacka"].id):
        assert (await send(agneta, f"/log/ekbacka{here}/answer", said, data=large)).status == 503
        assert (await send(norr, f"/log/norrvik{here}/answer", said, data=large)).status == 303
    assert (await send(agneta, f"/log/ekbacka{here}/answer", said, data=large)).status == 303
