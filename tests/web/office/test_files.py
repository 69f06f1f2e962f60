# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Files in the office: scanned by a real clamd before anything is kept, and refused where that cannot be done."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from tests.scanner.clamav import NAME, RunningClamd, document, packed, running_clamd
from tests.web.browsers import PATIENCE_SECONDS, Answer, Held
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator, fields_in, written
from tests.web.office.conftest import SETTINGS
from tests.web.office.test_registers import DOCUMENT, EMPTY, stepped
from tests.web.portal.conftest import Logs
from vaka.scanning.inspecting import Inspector, harmless_pattern
from vaka.settings_web import AttachmentSettings
from vaka.web.office.application import build_office
from vaka.web.office.office import Office
from vaka.web.safety import FORM_AROUND_A_FILE_BYTES
from vaka.web.uploads import MOST_AT_ONCE

pytestmark = [pytest.mark.anyio, pytest.mark.database]

TEXT = "Nyckelskåpets plats\n".encode()
BOUNDARY = "a-boundary-that-is-nowhere-else"
LARGEST = AttachmentSettings().largest_bytes


@pytest.fixture(scope="module")
def clamd() -> Iterator[RunningClamd]:
    with running_clamd() as running:
        yield running


@pytest.fixture(autouse=True)
def empty_registers(installation: Installation, logs: Logs) -> Iterator[None]:
    """Nothing stands in any register before, and nothing stays."""
    logs.execute("platform", EMPTY, unguarded=True)
    yield
    logs.execute("platform", EMPTY, unguarded=True)


def equip(office: Office, socket: Path | None, *who: Administrator) -> None:
    """Let the office have this scanner."""
    inspector = Inspector.of(AttachmentSettings(scanner=socket, scan_seconds=60), Path("/"))
    app = build_office(replace(office, inspector=inspector), SETTINGS)
    for one in who:
        one.browser.app = app


async def upload(
    who: Administrator, entry: str, name: str, data: bytes, *, more: bytes = b"", held: Held | None = None
) -> Answer:
    """Send a file from the page of an entry, as a browser does."""
    digest = fields_in(await who.get(entry), f"{entry}/files").get("digest", "0" * 64)
    line = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    body = (
        f'{line}"digest"\r\n\r\n{digest}\r\n{line}"file"; filename="{name}"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n"
    ).encode() + data + b"\r\n" + more + f"--{BOUNDARY}--\r\n".encode()  # fmt: skip
    headers = {
        "accept": "text/html", "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        "content-length": str(len(body)), "sec-fetch-site": "same-origin",
    }  # fmt: skip
    return await who.browser.send("POST", f"{entry}/files", headers, body, held)


def file_links(page: str, entry: str) -> list[str]:
    """The addresses of the files on a page, each once."""
    return list(dict.fromkeys(f"{entry}/files/{rest[:36]}" for rest in page.split(f'href="{entry}/files/')[1:]))


async def test_a_file_is_scanned_attached_and_handed_out(
    strict: Office, algot: Administrator, berit: Administrator, clamd: RunningClamd, logs: Logs
) -> None:
    equip(strict, clamd.socket, algot, berit)
    entry = await written(algot, "documents", DOCUMENT)
    assert 'enctype="multipart/form-data"' in await algot.get(entry)
    mark = logs.mark("platform")
    sent = await upload(algot, entry, "Nycklar åäö.txt", TEXT)
    assert (sent.status, sent.header("location")) == (303, f"{entry}#files")
    [told] = [one for one in logs.since(mark, "platform") if one["event"].startswith("attachment.")]
    assert told["detail"]["sha256"] == sha256(TEXT).hexdigest()
    assert "Nycklar" not in str(told)
    page = await berit.get(entry)
    assert "Nycklar åäö.txt" in page
    [link] = file_links(page, entry)
    file = await berit.browser.get(link)
    assert (file.status, file.body, file.header("content-type")) == (200, TEXT, "text/plain; charset=utf-8")
    assert file.header("content-disposition") == (
        "attachment; filename=\"Nycklar ___.txt\"; filename*=UTF-8''Nycklar%20%C3%A5%C3%A4%C3%B6.txt"
    )
    assert file.header("content-security-policy").startswith("default-src 'none'; sandbox")
    assert file.header("x-content-type-options") == "nosniff"
    assert file.header("cache-control") == "no-store"


@pytest.mark.parametrize("packing", ["plain", "packed"])
async def test_term_23_6_a_hit_is_told_to_the_sender_and_to_every_authority(
    strict: Office, algot: Administrator, clamd: RunningClamd, logs: Logs, packing: str
) -> None:
    """The sender is shown the name and what was found; the log of every authority has a fingerprint."""
    equip(strict, clamd.socket, algot)
    entry, mark = await written(algot, "documents", DOCUMENT), logs.mark("platform")
    pattern = harmless_pattern()
    name, data = ("rutin.txt", pattern) if packing == "plain" else ("rutin.docx", document({"word/a.xml": pattern}))
    sent = await upload(algot, entry, name, data)
    assert sent.status == 400
    assert f"{name}: Genomsökningen hittade skadlig kod" in sent.text
    assert NAME in sent.text
    [told] = [one for one in logs.since(mark, "platform") if one["event"].startswith("attachment.")]
    assert (told["event"], told["outcome"]) == ("attachment.refused", "failure")
    assert told["detail"] == {
        "register": "documents", "sha256": sha256(data).hexdigest(), "reason": "infected",
    }  # fmt: skip
    concern = "select whose from ledger.concern where event = 'attachment.refused'"
    assert [one["whose"] for one in logs.ask("platform", concern)] == ["everybody"]
    assert logs.ask("platform", "select 1 from vaka.attachment") == []


async def test_term_23_2_without_a_scanner_files_are_refused_and_all_else_goes_on(
    strict: Office, algot: Administrator, logs: Logs
) -> None:
    """It is said what to do. Registers are written as before, and nothing of the file is kept."""
    equip(strict, None, algot)
    entry, mark = await written(algot, "documents", DOCUMENT), logs.mark("platform")
    page = await algot.get(entry)
    assert "ingen genomsökning är inställd" in page
    assert "multipart" not in page
    refused = await upload(algot, entry, "a.txt", TEXT)
    assert refused.status == 409, "what was shown has no form, and so no fingerprint"
    with running_clamd() as own:
        equip(strict, own.socket, algot)
        own.stop()
        refused = await upload(algot, entry, "a.txt", TEXT)
    assert refused.status == 503
    assert "starta clamd" in refused.text
    [told] = [one for one in logs.since(mark, "platform") if one["event"].startswith("attachment.")]
    assert told["detail"]["reason"] == "no_scanner"
    assert logs.ask("platform", "select 1 from vaka.attachment") == []
    changed = {**fields_in(await algot.get(f"{entry}/edit"), f"{entry}/edit"), **DOCUMENT, "summary": "Går ändå"}
    assert (await algot.do(f"{entry}/edit", changed)).status == 303


async def test_what_hides_something_is_refused_and_says_what_to_do(
    strict: Office, algot: Administrator, clamd: RunningClamd, logs: Logs
) -> None:
    equip(strict, clamd.socket, algot)
    entry, mark = await written(algot, "documents", DOCUMENT), logs.mark("platform")
    hidden = document({"word/media.bin": bytes(6 * 1024 * 1024) + harmless_pattern()})
    for name, data, says, reason in (
        ("a.docx", hidden, "packat", "archive"),
        ("a.zip", packed({"a.txt": TEXT}), "av det slaget tas inte emot", "kind"),
        ("a.bat", TEXT, "namn", "name"),
        ("a.txt", bytes(LARGEST + 1), "för stor", "large"),
        ("a.txt", b"", "tom", None),
    ):
        answer = await upload(algot, entry, name, data)
        assert answer.status == 400, name
        assert says in answer.text
        told = [one["detail"]["reason"] for one in logs.since(mark, "platform") if one["event"] == "attachment.refused"]
        assert told == ([reason] if reason else []), name
        mark = logs.mark("platform")
    assert logs.ask("platform", "select 1 from vaka.attachment") == []


async def test_a_body_that_is_no_form_with_one_file_is_refused(
    strict: Office, algot: Administrator, clamd: RunningClamd
) -> None:
    equip(strict, clamd.socket, algot)
    entry = await written(algot, "documents", DOCUMENT)
    second = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="b.txt"\r\n\r\nb\r\n'.encode()
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="more"\r\n\r\nb\r\n'.encode()
    for more in (second, field):
        assert (await upload(algot, entry, "a.txt", TEXT, more=more)).status == 400
    assert (await upload(algot, entry, "a.txt", bytes(LARGEST + FORM_AROUND_A_FILE_BYTES))).status == 413
    assert (await algot.browser.post(f"{entry}/files", {"digest": "0" * 64})).status == 400
    headers = {"accept": "text/html", "content-type": "multipart/form-data", "sec-fetch-site": "same-origin"}
    for broken in (b"", b"--x", b"\x00" * 100):
        assert (await algot.browser.send("POST", f"{entry}/files", headers, broken)).status == 400
        bounded = {**headers, "content-type": f"multipart/form-data; boundary={BOUNDARY}"}
        assert (await algot.browser.send("POST", f"{entry}/files", bounded, broken)).status == 400


async def test_two_files_are_taken_in_at_once_and_a_third_is_told_to_come_again(
    strict: Office, algot: Administrator, berit: Administrator, clamd: RunningClamd, logs: Logs
) -> None:
    """At once, and unread: what waited in line would hold memory. Whoever goes away gives his turn back."""
    equip(strict, clamd.socket, algot, berit)
    entry, third = await written(algot, "documents", DOCUMENT), Held()
    slow = [Held() for _ in range(MOST_AT_ONCE)]
    sending = [
        asyncio.create_task(upload(algot, entry, f"{at}.txt", b"%d" % at, held=one)) for at, one in enumerate(slow)
    ]
    async with asyncio.timeout(PATIENCE_SECONDS):
        for one in slow:
            await one.read.wait()
        for who, says in (
            (algot, "Andra filer tas emot just nu. Ingenting har sparats."),
            (berit, "Other files are being taken in at the moment."),
        ):
            refused = await upload(who, entry, "b.txt", TEXT, held=third)
            assert (refused.status, says in refused.text, third.read.is_set()) == (503, True, False)
        assert logs.ask("platform", "select 1 from vaka.attachment") == []
        sending[0].cancel()
        with suppress(asyncio.CancelledError):
            await sending[0]
        assert (await upload(berit, entry, "b.txt", TEXT)).status == 303
        slow[1].let_go.set()
        assert (await sending[1]).status == 303
    for name in ("c.txt", "d.txt", "e.txt"):
        assert (await upload(algot, entry, name, name.encode())).status == 303, "each turn was given back"


async def test_who_attached_a_file_is_not_the_second_of_two(
    strict: Office, algot: Administrator, berit: Administrator, clamd: RunningClamd
) -> None:
    equip(strict, clamd.socket, algot, berit)
    entry = await written(algot, "documents", DOCUMENT)
    assert 'value="approve"' in await berit.get(entry)
    assert (await upload(berit, entry, "a.txt", TEXT)).status == 303
    page = await berit.get(entry)
    assert 'value="approve"' not in page
    assert "You attached a file to this." in page
    files = fields_in(page, f"{entry}/move")["files"]
    digest = fields_in(page, f"{entry}/move")["digest"]
    refused = await berit.do(f"{entry}/move", {"step": "approve", "digest": digest, "files": files})
    assert refused.status == 403
    assert "a file that he attached himself" in refused.text


async def test_a_file_that_comes_after_the_page_stops_the_step(
    strict: Office, algot: Administrator, berit: Administrator, clamd: RunningClamd
) -> None:
    """Nobody approves what he did not see; and what holds takes no more."""
    equip(strict, clamd.socket, algot, berit)
    entry = await written(algot, "documents", DOCUMENT)
    seen = fields_in(await berit.get(entry), f"{entry}/move")
    assert (await upload(algot, entry, "a.txt", TEXT)).status == 303
    assert (await berit.do(f"{entry}/move", {**seen, "step": "approve"})).status == 409
    assert await stepped(berit, entry, "approve") == 409, "the digest alone is not what stands there"
    assert (
        await berit.do(f"{entry}/move", {**fields_in(await berit.get(entry), f"{entry}/move"), "step": "approve"})
    ).status == 303
    page = await algot.get(entry)
    assert "Det som gäller får inga fler filer" in page
    assert "multipart" not in page


async def test_a_file_of_another_entry_or_none_is_no_page(
    strict: Office, algot: Administrator, clamd: RunningClamd
) -> None:
    equip(strict, clamd.socket, algot)
    entry, other = [await written(algot, "documents", {**DOCUMENT, "title": one}) for one in ("Ett", "Två")]
    await upload(algot, entry, "a.txt", TEXT)
    [link] = file_links(await algot.get(entry), entry)
    for path in (
        link.replace(entry, other),
        f"{entry}/files/nothing",
        f"{entry}/files/00000000-0000-4000-8000-000000000007",
    ):
        assert (await algot.browser.get(path)).status == 404
