# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The authority sees who has which role, approves who gets one, and says which roles need that (terms 2 and 9)."""

import csv
import hashlib
import io
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader

from tests.platform import platform_as
from tests.web.browsers import Answer, Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, enter
from vaka.access.grants import grant_role, read_grants, revoke_role
from vaka.access.requests import request_role
from vaka.access.settling import settle_roles
from vaka.ledger.export_csv import BYTE_ORDER_MARK, DELIMITER
from vaka.web.portal.access_document import REPORTED
from vaka.web.portal.portal import Portal
from vaka.web.times import LOCAL

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/access"
REASON = "KS 2026/31"


@pytest.fixture
async def beata(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's access approver."""
    return await enter(portal, installation, "beata")


@pytest.fixture
async def bertil(portal: Portal, installation: Installation) -> Browser:
    """Another, who reads English."""
    return await enter(portal, installation, "bertil")


@pytest.fixture
async def agneta(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's contract officer."""
    return await enter(portal, installation, "agneta")


@pytest.fixture(autouse=True)
async def as_it_was(installation: Installation, logs: Logs) -> AsyncIterator[None]:
    """Each test begins and ends where nothing is designated and nothing was asked for."""
    yield
    logs.execute(
        "platform",
        "delete from vaka.role_grant where request_id is not null and account_id in"
        f" ('{installation.accounts['vera']}', '{installation.accounts['agneta']}') and role <> 'contract_officer';"
        " update vaka.role_grant set request_id = null; delete from vaka.designated_role;"
        " delete from vaka.role_request; delete from vaka.unauthorised_grant;"
        f" delete from vaka.role_grant where account_id = '{installation.accounts['vera']}'",
        unguarded=True,
    )


async def designate(by: Browser, role: str, wanted: str = "designated", reason: str = REASON) -> Answer:
    page = await by.get(HERE)
    pair = r'name="role" value="(\w+)"><input type="hidden" name="holders" value="(\w+)"'
    holders = dict(re.findall(pair, page.text))
    return await by.post(f"{HERE}/designate", {"role": role, "holders": holders[role], "wanted": wanted,
                                               "reason": reason})  # fmt: skip


async def ask(installation: Installation, persona: str = "vera", role: str = "operator", **more: Any) -> UUID:
    facts: dict[str, Any] = {"reason": "Ny på larmcentralen", "actor": "setup:uid-0", "now": datetime.now(UTC), **more}
    async with platform_as(installation.server, "setup") as setup:
        return await request_role(
            setup, installation.accounts[persona], role, installation.authorities["ekbacka"].id, **facts
        )


def shown(page: Answer) -> dict[str, str]:
    """The requests that can be decided on a page, each with its digest."""
    return dict(re.findall(r'name="request" value="([0-9a-f-]{36})"><input type="hidden" name="digest" value="(\w+)"',
                           page.text))  # fmt: skip


async def roles(installation: Installation, persona: str = "vera") -> set[str]:
    async with platform_as(installation.server, "desk") as desk:
        return {one.role for one in await read_grants(desk, installation.accounts[persona], datetime.now(UTC))}


async def test_an_empty_page_says_what_it_is_for(beata: Browser) -> None:
    answer = await beata.get("/access")
    assert (answer.status, answer.header("location")) == (303, HERE)
    page = await beata.get(HERE)
    assert page.status == 200
    for text in ("Inget väntar.", "Olga Operatör", "Larmoperatör", "Given av leverantören", "Inget har begärts",
                 "Peka ut dessa först", "Avtalsansvarig, Behörighetsgodkännare."):  # fmt: skip
        assert text in page.text
    assert "digest" not in page.text


async def test_a_role_is_designated_asked_for_and_approved_each_with_its_entry(
    beata: Browser, bertil: Browser, agneta: Browser, installation: Installation, logs: Logs
) -> None:
    mark = logs.mark("platform")
    assert (await designate(agneta, "operator")).status == 303
    request = await ask(installation)
    page = await beata.get(HERE)
    for text in ("Vera Vilsen", "Ny på larmcentralen", "Godkännande av rollen", "tills vidare", "Ja, sedan"):
        assert text in page.text
    assert "Olga Operatör" in page.text
    assert await roles(installation) == set()
    answer = await beata.post(
        f"{HERE}/decide", {"request": str(request), "digest": shown(page)[str(request)], "verdict": "approved"}
    )
    assert (answer.status, answer.header("location")) == (303, HERE)
    assert await roles(installation) == {"operator"}
    assert await roles(installation, "olga") == {"operator"}, "who worked goes on working"
    decided = await bertil.get(HERE)
    for text in ("Approval of the role", "Approved", "Beata Behörig", "Nothing waits."):
        assert text in decided.text
    entries = [one for one in logs.since(mark, "platform") if one["event"].startswith(("role.", "row."))]
    assert {(one["event"], one["actor"]) for one in entries} == {
        ("role.designated", f"account:{agneta.account}"), ("role.approved", f"account:{agneta.account}"),
        ("role.requested", "setup:uid-0"), ("role.approved", f"account:{beata.account}"),
    }  # fmt: skip
    assert len([one for one in entries if one["actor"] == f"account:{beata.account}"]) == 1


async def test_a_refusal_has_a_reason_and_is_told(
    beata: Browser, agneta: Browser, installation: Installation, logs: Logs
) -> None:
    await designate(agneta, "operator")
    request = await ask(installation)
    fields = {"request": str(request), "digest": shown(await beata.get(HERE))[str(request)], "verdict": "refused"}
    answer = await beata.post(f"{HERE}/decide", fields)
    assert answer.status == 400
    assert "Inget har ändrats" in answer.text
    mark = logs.mark("platform")
    assert (await beata.post(f"{HERE}/decide", {**fields, "reason": "Okänd person"})).status == 303
    [entry] = [one for one in logs.since(mark, "platform") if one["event"] == "role.refused"]
    assert entry["detail"]["reason"] == "Okänd person"
    page = await beata.get(HERE)
    assert "Avslagen, Beata Behörig: Okänd person" in page.text
    assert await roles(installation) == set()
    assert (await beata.post(f"{HERE}/decide", {**fields, "reason": "igen"})).status == 409


async def test_what_was_not_shown_is_not_approved(beata: Browser, agneta: Browser, installation: Installation) -> None:
    await designate(agneta, "operator")
    request = str(await ask(installation))
    digest = shown(await beata.get(HERE))[request]
    answer = await beata.post(f"{HERE}/decide", {"request": request, "digest": "0" * 64, "verdict": "approved"})
    assert answer.status == 409
    assert "inte det som du har sett" in answer.text
    for fields in ({"digest": digest, "verdict": "approved"}, {"request": request, "verdict": "approved"},
                   {"request": request, "digest": digest, "verdict": "x"}, {}):  # fmt: skip
        assert (await beata.post(f"{HERE}/decide", fields)).status == 400
    assert await roles(installation) == set()


async def test_term_02_3_nobody_decides_for_himself(
    beata: Browser, bertil: Browser, installation: Installation, logs: Logs
) -> None:
    assert (await designate(bertil, "archivist")).status == 303
    request = str(await ask(installation, "beata", "archivist"))
    digest = shown(await bertil.get(HERE))[request]
    page = await beata.get(HERE)
    assert "Det gäller dig själv" in page.text
    assert shown(page) == {}
    mark = logs.mark("ekbacka")
    answer = await beata.post(f"{HERE}/decide", {"request": request, "digest": digest, "verdict": "approved"})
    assert answer.status == 403
    assert "Ingen godkänner något åt sig själv" in answer.text
    [entry] = logs.since(mark, "ekbacka")
    assert (entry["event"], entry["actor"], entry["outcome"]) == (
        "access.denied",
        f"account:{beata.account}",
        "failure",
    )
    assert entry["detail"]["reason"] == "portal.approve_access"
    own = await designate(beata, "access_approver")
    assert own.status == 403


async def test_a_designation_is_taken_back_here_with_a_reason(agneta: Browser, logs: Logs) -> None:
    assert (await designate(agneta, "operator", reason="")).status == 400
    await designate(agneta, "operator")
    assert (await designate(agneta, "operator")).status == 409
    mark = logs.mark("platform")
    assert (await designate(agneta, "operator", "released")).status == 303
    assert [one["event"] for one in logs.since(mark, "platform")] == ["role.released"]
    assert "Ja, sedan" not in (await agneta.get(HERE)).text


async def test_an_exception_says_what_is_done_instead(beata: Browser, installation: Installation) -> None:
    until = datetime.now(UTC) + timedelta(days=20)
    request = str(await ask(installation, "agneta", "log_reviewer", kind="exception", control="Revisorn läser med",
                            valid_until=until))  # fmt: skip
    page = await beata.get(HERE)
    for text in ("Undantag från åtskilda uppgifter", "Revisorn läser med", "Avtalsansvarig"):
        assert text in page.text
    await beata.post(f"{HERE}/decide", {"request": request, "digest": shown(page)[request], "verdict": "approved"})
    assert await roles(installation, "agneta") == {"contract_officer", "log_reviewer"}


async def test_an_emergency_is_told_of_in_red(beata: Browser, agneta: Browser, installation: Installation) -> None:
    await designate(agneta, "operator")
    await ask(installation, kind="emergency", hours=4)
    page = await beata.get(HERE)
    assert "Nödbehörighet: Vera Vilsen har rollen Larmoperatör sedan" in page.text
    assert page.text.index('role="alert"') < page.text.index("Nödbehörighet: Vera")
    assert await roles(installation) == {"operator"}


async def test_what_somebody_wrote_in_the_database_is_told_of_in_red(
    beata: Browser, agneta: Browser, installation: Installation, logs: Logs
) -> None:
    await designate(agneta, "operator")
    logs.execute(
        "platform",
        "insert into vaka.role_grant (account_id, role, authority_id, granted_at) values"
        f" ('{installation.accounts['vera']}', 'operator', '{installation.authorities['ekbacka'].id}', now())",
    )
    page = await beata.get(HERE)
    assert "I databasen står att Vera Vilsen har rollen Larmoperatör här" in page.text
    assert "Inget: gäller inte" in page.text
    assert await roles(installation) == set()


@pytest.mark.parametrize(("persona", "sees"), [("rut", True), ("lovisa", False), ("gun", False), ("niklas", False)])
async def test_who_sees_and_nobody_else_decides(
    portal: Portal, installation: Installation, agneta: Browser, logs: Logs, persona: str, sees: bool
) -> None:
    await designate(agneta, "operator")
    request = str(await ask(installation))
    browser = await enter(portal, installation, persona)
    mark = logs.mark("platform")
    for path in (HERE, f"{HERE}/report/2026"):
        assert (await browser.get(path)).status in ((200,) if sees else (403, 404))
    assert (await browser.post(f"{HERE}/report/2026/csv")).status in ((200,) if sees else (403, 404))
    if sees:
        assert shown(await browser.get(HERE)) == {}
    for path, fields in (
        ("decide", {"request": request, "digest": "0" * 64, "verdict": "approved"}),
        ("designate", {"role": "operator", "holders": "0" * 64, "wanted": "released", "reason": "x"}),
    ):
        assert (await browser.post(f"{HERE}/{path}", fields)).status in (403, 404)
    # The contract officer designates; she does not approve.
    fields = {"request": request, "digest": "0" * 64, "verdict": "approved"}
    assert (await agneta.post(f"{HERE}/decide", fields)).status == 403
    # Who sees has taken the report out; nobody has decided anything.
    taken = {"report.taken"} if sees else set()
    assert {one["event"] for one in logs.since(mark, "platform")} - {"access.denied"} == taken


async def test_term_09_6_the_years_report_equals_the_event_log(
    beata: Browser, agneta: Browser, installation: Installation, logs: Logs
) -> None:
    here, elsewhere = (installation.authorities[slug].id for slug in ("ekbacka", "norrvik"))
    await designate(agneta, "operator")
    for verdict in ("refused", "approved"):
        request = str(await ask(installation))
        fields = {"request": request, "digest": shown(await beata.get(HERE))[request], "verdict": verdict}
        await beata.post(f"{HERE}/decide", {**fields, "reason": REASON})
    now, vera = datetime.now(LOCAL), installation.accounts["vera"]
    async with platform_as(installation.server, "setup") as setup:
        await revoke_role(setup, vera, "operator", here, actor="setup:uid-0", now=now)
        await grant_role(setup, vera, "archivist", elsewhere, actor="setup:uid-0", now=now)  # nobody's business here
        last_year = datetime(now.year - 1, 12, 31, 22, 59, 59, tzinfo=UTC)  # one second before midnight, here
        await grant_role(setup, vera, "archivist", here, actor="setup:uid-0", now=last_year)
        await revoke_role(setup, vera, "archivist", elsewhere, actor="setup:uid-0", now=now)
        await revoke_role(setup, vera, "archivist", here, actor="setup:uid-0", now=last_year)
    async with platform_as(installation.server, "scheduler") as scheduler:
        await settle_roles(scheduler, now)
    await logs.seal_platform()
    names = {event.value for event in REPORTED}
    known = {
        str(one["id"]): one
        for one in logs.since(0, "platform")
        # A role at the supplier's own premises, an administrator's, is every authority's business.
        if one["event"] in names and one["detail"].get("authority") in (str(here), None)
    }
    answer = await beata.post(f"{HERE}/report/{now.year}/csv")
    assert answer.status == 200
    assert answer.header("content-disposition") == f'attachment; filename="ekbacka-access-{now.year}.csv"'
    rows = rows_of(answer)
    last = {
        number for number, one in known.items()
        if (one["object"], one["detail"]["role"]) == (f"account:{vera}", "archivist")
    }  # fmt: skip
    assert len(last) == 2
    assert rows.keys() == known.keys() - last
    for number, row in rows.items():
        for key in ("event", "actor", "object", "outcome"):
            assert row[key] == known[number][key]
        assert json.loads(row["detail"]) == known[number]["detail"]
    page = await beata.get(f"{HERE}/report/{now.year}")
    for event, word in (("role.refused", "Roll avslagen av myndigheten"), ("role.revoked", "Roll återtagen")):
        count = sum(one["event"] == event for number, one in known.items() if number in rows)
        assert count
        assert re.search(rf"<td>{word}</td><td class=\"figures\">{count}</td>", page.text)
    assert "Vera Vilsen" in page.text
    assert "Vera" not in answer.text
    before = await beata.post(f"{HERE}/report/{now.year - 1}/csv")
    assert rows_of(before).keys() == last
    told = [one for one in logs.since(0, "ekbacka") if one["detail"].get("reason") == "yearly_report"]
    assert told[-1]["event"] == "log.exported"


async def test_term_09_6_the_years_document_is_held_against_the_file(
    beata: Browser, bertil: Browser, agneta: Browser, logs: Logs
) -> None:
    """It says whose it is, when it was made, and the fingerprint of the file that holds the same entries."""
    await designate(agneta, "operator")
    await logs.seal_platform()
    year, mark = datetime.now(LOCAL).year, logs.mark("ekbacka")
    answer = await beata.post(f"{HERE}/report/{year}/pdf")
    assert (answer.status, answer.header("content-type")) == (200, "application/pdf")
    assert answer.header("content-disposition") == f'attachment; filename="ekbacka-access-{year}.pdf"'
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.body)).pages)
    flat = re.sub(r"\s+", "", text)
    file = await beata.post(f"{HERE}/report/{year}/csv")
    assert hashlib.sha256(file.body).hexdigest() in flat
    assert "Ekbackakommun" in flat
    assert "Rollutpekad:krävergodkännande" in flat
    assert f"Gjord{datetime.now(LOCAL).year}-" in flat
    assert "(UTC+0" in flat
    assert "Agneta" in flat
    taken = [one["detail"]["format"] for one in logs.since(mark, "ekbacka") if one["event"] == "log.exported"]
    assert taken == ["pdf", "csv"]
    english = PdfReader(io.BytesIO((await bertil.post(f"{HERE}/report/{year}/pdf")).body))
    assert english.metadata is not None
    assert english.metadata.title == f"Access in {year}"


def rows_of(answer: Answer) -> dict[str, dict[str, str]]:
    """The lines of a file, by the number of the entry."""
    text = answer.body.removeprefix(BYTE_ORDER_MARK).decode()
    return {row["id"]: row for row in csv.DictReader(io.StringIO(text), delimiter=DELIMITER)}


@pytest.mark.parametrize("year", ["2019", "99999", "x", "202", "２０２６"])
async def test_there_are_years_without_a_report(beata: Browser, year: str) -> None:
    assert (await beata.get(f"{HERE}/report/{year}")).status in (400, 404)
