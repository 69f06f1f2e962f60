# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority reads the reports of a year and takes them out; each says what its sources say, or that it does not."""

import hashlib
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from uuid import uuid4

import pytest
from pypdf import PdfReader

from tests.platform import platform_as
from tests.registers.house import House, principal
from tests.web.browsers import Answer, Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, enter
from tests.web.portal.shelf import Shelf
from tests.web.portal.test_access import rows_of
from vaka.assurance.evidence import QUERIES
from vaka.web.portal.change_report import OF_INSTALLATION, WRITTEN
from vaka.web.portal.portal import Portal
from vaka.web.times import LOCAL

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/reports"
YEAR = datetime.now(LOCAL).year
CHANGE = {"kind": "ordinary", "impact": "Mottagningen", "rollback": "Förra utgåvan läggs tillbaka"}


@pytest.fixture
async def agneta(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's contract officer."""
    return await enter(portal, installation, "agneta")


@pytest.fixture
async def bertil(portal: Portal, installation: Installation) -> Browser:
    """Somebody who reads English."""
    return await enter(portal, installation, "bertil")


@pytest.fixture
def shelf(installation: Installation) -> Iterator[Shelf]:
    shelf = Shelf(installation)
    yield shelf
    shelf.execute("truncate register_version, register_acknowledgement, register_showing, report_taken")


def rows(page: str) -> list[str]:
    """Every row of every table, a line each."""
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in page.split("<tr>")[1:]]


def flat(answer: Answer) -> str:
    """The text of a document, without its breaks."""
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.body)).pages))


async def test_term_20_5_the_years_report_has_every_change_that_the_log_has_and_no_other(
    agneta: Browser, installation: Installation, logs: Logs, shelf: Shelf
) -> None:
    house = House(installation.server, lambda: datetime.now(UTC))
    adam, ada = (principal(installation.accounts[name]) for name in ("adam", "ada"))
    await house.put_in_force(adam, ada, "changes", {**CHANGE, "title": "Ny utgåva"})
    urgent = {**CHANGE, "title": "Brådskande", "kind": "emergency", "done": datetime.now(LOCAL).date().isoformat()}
    hasty = await house.put_in_force(adam, ada, "changes", urgent)
    await house.write(adam, "changes", {**CHANGE, "title": "Väntar"})
    await house.put_in_force(
        adam, ada, "documents", {"title": "Rutin", "purpose": "procedure", "file": "0" * 64, "review": "12"}
    )
    await logs.seal_platform()
    wanted = {one.value for one in WRITTEN} | {one.value for one in OF_INSTALLATION}
    known = {
        str(one["id"]): one for one in logs.since(0, "platform")
        if one["event"] in wanted and one["detail"].get("register", "changes") == "changes"
    }  # fmt: skip
    answer = await agneta.post(f"{HERE}/changes/{YEAR}/csv")
    assert answer.header("content-disposition") == f'attachment; filename="ekbacka-changes-{YEAR}.csv"'
    found = rows_of(answer)
    assert found.keys() == known.keys()
    assert len(known) >= 5
    for number, row in found.items():
        assert (row["event"], row["object"]) == (known[number]["event"], known[number]["object"])
        assert json.loads(row["detail"]) == known[number]["detail"]
    page = (await agneta.get(f"{HERE}/changes/{YEAR}")).text
    assert "Brådskande" not in rows(page)[-1], "the register is not shown yet: nothing of what it says is"
    shelf.show("changes", "ekbacka", "entries")
    page = (await agneta.get(f"{HERE}/changes/{YEAR}")).text
    own = [one for one in rows(page) if one.endswith("Som i loggen")]
    assert len([one for one in own if "Ny utgåva" in one]) == 1, "as it was approved; its draft is not shown"
    assert [one for one in own if "Brådskande, gås igenom efteråt" in one]
    assert "Väntar" not in page
    assert "Adam" not in page + answer.text
    # Whoever alters the register by hand stands in the report, whatever he alters.
    shelf.execute("update register_version set digest = sha256('x') where entry = %s and number = 2", hasty)
    shelf.execute("delete from register_version where register = 'changes' and fields ->> 'title' = 'Ny utgåva'")
    before = int(re.findall(r"loggen inte har, eller inte har förseglat (\d+)", "\n".join(rows(page)))[0])
    shelf.put("changes", "in_force", None, title="Vid sidan av", **CHANGE)
    page = (await agneta.get(f"{HERE}/changes/{YEAR}")).text
    told = "\n".join(rows(page))
    assert re.search(r"Brådskande .*Inte som i loggen", told)
    assert len(re.findall("Saknas i registret$", told, re.MULTILINE)) >= 2
    assert f"loggen inte har, eller inte har förseglat {before + 1}" in told
    assert rows_of(await agneta.post(f"{HERE}/changes/{YEAR}/csv")).keys() == known.keys()


async def test_what_is_taken_out_is_entered_with_its_fingerprint_and_shown(
    agneta: Browser, bertil: Browser, logs: Logs, shelf: Shelf
) -> None:
    mark = logs.mark("platform")
    page = (await agneta.get(HERE)).text
    assert f'href="{HERE}/changes/{YEAR}"' in page
    file = await agneta.post(f"{HERE}/changes/{YEAR}/csv")
    document = await agneta.post(f"{HERE}/changes/{YEAR}/pdf")
    assert (document.status, document.header("content-type")) == (200, "application/pdf")
    digest = hashlib.sha256(file.body).hexdigest()
    assert digest in flat(document)
    assert "Ekbackakommun" in flat(document)
    taken = [one for one in logs.since(mark, "platform") if one["event"] == "report.taken"]
    assert [(one["detail"]["format"], one["detail"]["sha256"]) for one in taken] == [("csv", digest), ("pdf", digest)]
    assert {(one["detail"]["report"], one["detail"]["year"], one["actor"]) for one in taken} == {
        ("changes", YEAR, f"account:{agneta.account}")
    }
    assert digest[:16] in (await agneta.get(HERE)).text
    english = PdfReader(io.BytesIO((await bertil.post(f"{HERE}/changes/{YEAR}/pdf")).body))
    assert english.metadata is not None
    assert english.metadata.title == f"Changes in {YEAR}"


@pytest.mark.parametrize("path", ["changes/2019", "changes/x", "changes/99999", f"access/{YEAR}", f"other/{YEAR}"])
async def test_there_is_no_other_report(agneta: Browser, path: str) -> None:
    assert (await agneta.get(f"{HERE}/{path}")).status in (400, 404)
    assert (await agneta.post(f"{HERE}/{path}/csv")).status in (400, 404)


async def test_another_authority_reads_and_takes_none(portal: Portal, installation: Installation, logs: Logs) -> None:
    niklas = await enter(portal, installation, "niklas")
    mark = logs.mark("platform")
    for path in (HERE, f"{HERE}/changes/{YEAR}"):
        assert (await niklas.get(path)).status == 404
    assert (await niklas.post(f"{HERE}/changes/{YEAR}/pdf")).status == 404
    assert not [one for one in logs.since(mark, "platform") if one["event"] == "report.taken"]


async def test_nobody_but_somebody_of_the_authority_says_that_a_report_was_taken(installation: Installation) -> None:
    """Neither the supplier's administrator, nor another authority's clerk, nor of a year that is to come."""
    values = {"authority_id": installation.authorities["ekbacka"].id, "report": "access", "year": YEAR, "format": "pdf",
              "sha256": "0" * 64, "now": datetime.now(UTC)}  # fmt: skip
    async with platform_as(installation.server, "portal") as portal:
        for who, said in ((installation.accounts["adam"], "stranger"), (installation.accounts["niklas"], "stranger"),
                          (uuid4(), "stranger")):  # fmt: skip
            row = await (await portal.execute(QUERIES["take_report"], {**values, "by": who})).fetchone()
            assert row == (said,)
        later = {**values, "by": installation.accounts["agneta"], "year": YEAR + 1}
        assert await (await portal.execute(QUERIES["take_report"], later)).fetchone() == ("gone",)


async def open_case(
    installation: Installation, tlp: str, title: str, text: str, touches: list[str], kind: str = "incident"
) -> None:
    """Open a case as an administrator does in the office."""
    values = (uuid4(), kind, tlp, text, title, [installation.authorities[slug].id for slug in touches],
              installation.accounts["adam"])  # fmt: skip
    async with platform_as(installation.server, "office") as office:
        cursor = await office.execute(
            "select vaka.open_case(%s, %s, 'high', false, now() - interval '1 minute', %s, %s, %s, %s,"
            " array[60, 60, 60, 48], %s, now())",
            values,
        )
        assert await cursor.fetchone() == ("done",)


async def test_term_35_3_the_years_report_has_cases_by_count_and_date_and_no_word_of_one_marked_red(
    agneta: Browser, installation: Installation
) -> None:
    before = counted(await agneta.post(f"{HERE}/terms/{YEAR}/csv"))
    await open_case(installation, "RED", "Hemlig rubrik", "Hemlig text", ["ekbacka"])
    await open_case(installation, "AMBER", "Öppen rubrik", "Öppen text", ["ekbacka", "norrvik"])
    await open_case(installation, "AMBER", "Annans rubrik", "Annans text", ["norrvik"])
    file = await agneta.post(f"{HERE}/terms/{YEAR}/csv")
    document = await agneta.post(f"{HERE}/terms/{YEAR}/pdf")
    page = await agneta.get(f"{HERE}/terms/{YEAR}")
    after = counted(file)
    assert after["cases"] == before["cases"] + 2
    assert after["case"] == before["case"] + 1, "what is for named readers alone is counted, and not listed"
    for told in (file.text, page.text, flat(document)):
        assert not [word for word in ("Hemlig", "Öppen", "Annans", "Adam") if word in told]
    assert "Agneta" not in file.text + flat(document)
    assert hashlib.sha256(file.body).hexdigest() in flat(document)


def counted(answer: Answer) -> dict[str, int]:
    """How many cases a file counts, and how many it lists."""
    lines = [line.split(";") for line in answer.body.decode("utf-8-sig").splitlines()]
    return {"cases": sum(int(line[3]) for line in lines if line[0] == "cases"),
            "case": sum(line[0] == "case" for line in lines)}  # fmt: skip


async def test_the_years_report_of_all_terms_stands_as_the_board_does_and_is_the_same_again(
    agneta: Browser, bertil: Browser, installation: Installation, logs: Logs
) -> None:
    file = await agneta.post(f"{HERE}/terms/{YEAR}/csv")
    lines = [line.split(";") for line in file.body.decode("utf-8-sig").splitlines()]
    terms = {int(line[1]): line[2] for line in lines if line[0] == "term"}
    assert list(terms) == list(range(1, 38))
    board = (await agneta.get("/log/ekbacka/terms")).text
    page = await agneta.get(f"{HERE}/terms/{YEAR}")
    assert page.status == 200
    for heading in ("Villkoren", "Hur lägena har ändrats", "Öppna brister", "Krisövningar", "Frågor och svar",
                    "Återläsning av säkerhetskopior", "Personal i antal"):  # fmt: skip
        assert heading in page.text
    assert board.count("Ej begärt") > 0
    assert terms[36] == "not_asked"
    # Whoever reads in another language, and a moment later, has the same facts under the same fingerprint.
    again = await bertil.post(f"{HERE}/terms/{YEAR}/csv")
    assert again.body == file.body
    english = flat(await bertil.post(f"{HERE}/terms/{YEAR}/pdf"))
    assert hashlib.sha256(file.body).hexdigest() in english
    assert "Openshortcomings" in english
    # Of a year in which there was no contract there is no report.
    born = logs.ask("platform", "select created_at from vaka.authority where slug = 'ekbacka'")[0]["created_at"]
    assert (await agneta.get(f"{HERE}/terms/{born.astimezone(LOCAL).year - 1}")).status == 404
