# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Cases leave the portal as JSON, CSAF, STIX and PDF, and in the pack: what one may see, marked, and never RED (35)."""

import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from pypdf import PdfReader

from tests.access.register import Register
from tests.assurance.judges import judge_csaf, judge_stix
from tests.cases.house import House
from tests.registers.house import House as Registers
from tests.web.browsers import Answer
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, enter
from vaka.cases.words import WORDS
from vaka.web.portal.portal import Portal
from vaka.web.times import whole_minute

pytestmark = [pytest.mark.anyio, pytest.mark.database]

RED, OTHERS, SHOWN = "KODORD ALVIK", "KODORD BJURSTA", "Byt lösenord före <måndag> & ring"
FORMS = {
    "": "application/json", "/csaf": "application/json", "/stix": "application/stix+json", "/pdf": "application/pdf"
}  # fmt: skip


@pytest.fixture
async def house(installation: Installation) -> House:
    """The supplier, and two authorities that cases touch."""
    now = datetime.now(UTC)
    one, other = (Register(installation.server, installation.authorities[slug], now) for slug in ("ekbacka", "norrvik"))
    return House(one, other, await Registers(installation.server, lambda: now).administrator())


@pytest.fixture
async def case(house: House) -> UUID:
    """A vulnerability that touches both, with something for each alone and something that is RED."""
    case = await house.open(house.one, house.other, kind="vulnerability", title="Sårbar tolk")
    await house.write(case, "noted", SHOWN, tlp="GREEN")
    await house.write(case, "noted", RED, to=house.one, tlp="RED")
    await house.write(case, "noted", OTHERS, to=house.other)
    await house.write(case, "noted", "Bara Ekbacka", to=house.one, tlp="AMBER+STRICT")
    return case


def text_of(answer: Answer) -> str:
    """What a file says, whatever its format."""
    if answer.body.startswith(b"%PDF"):
        pages = PdfReader(io.BytesIO(answer.body)).pages
        return "\n".join(page.extract_text() for page in pages)
    return answer.text


async def test_term_35_3_a_case_leaves_in_every_format_without_what_is_red(
    portal: Portal, installation: Installation, logs: Logs, case: UUID
) -> None:
    """With its digest in the authority's own log, valid by other people's judges, and never with what is another's."""
    agneta, here = await enter(portal, installation, "agneta"), f"/log/ekbacka/cases/{case}"
    room = await agneta.get(here)
    assert RED in room.text, "it is shown to whom it is for"
    mark, files = logs.mark("ekbacka"), {}
    for form, media_type in FORMS.items():
        assert f'href="{here}/file{form}"' in room.text
        files[form] = answer = await agneta.get(f"{here}/file{form}")
        assert answer.status == 200, answer.text
        assert answer.header("content-type").startswith(media_type)
        assert answer.header("content-disposition").startswith('attachment; filename="case-')
        said = text_of(answer)
        assert RED not in said
        assert OTHERS not in said
        assert "Norrvik" not in said
        assert "Agneta" not in said, "nobody is named"
        for word in ("Sårbar tolk", "TLP:GREEN", "TLP:AMBER+STRICT", "måndag"):
            assert word in said, (form, word)
    told = [one for one in logs.since(mark, "ekbacka") if one["event"] == "case.exported"]
    names = dict(zip(("json", "csaf", "stix", "pdf"), FORMS, strict=True))
    assert {one["detail"]["format"]: one["detail"]["sha256"] for one in told} == {
        name: sha256(files[form].body).hexdigest() for name, form in names.items()
    }
    assert judge_csaf({"case": json.loads(files["/csaf"].text)}) == {}
    assert judge_stix(json.loads(files["/stix"].text)) == []


async def test_the_document_says_when_a_report_was_made_and_that_it_was_late(
    portal: Portal, installation: Installation, house: House
) -> None:
    """Where its entry is for who reads it: else only that it was made, and no verdict."""
    known, made = house.one.now - timedelta(hours=90), house.one.now
    case = await house.open(house.one, regulated=True, known_at=known)
    await house.write(case, "reported", report="24h")
    await house.write(case, "reported", report="72h", tlp="RED")
    agneta = await enter(portal, installation, "agneta")
    room = " ".join(re.sub(r"<[^>]+>", " ", (await agneta.get(f"/log/ekbacka/cases/{case}")).text).split())
    said = " ".join(text_of(await agneta.get(f"/log/ekbacka/cases/{case}/file/pdf")).split())
    names = {report: WORDS[report].sv for report in ("24h", "72h", "month")}
    due = {"24h": known + timedelta(hours=24), "72h": known + timedelta(hours=72)}
    assert f"{names['24h']} {whole_minute(due['24h'])} {whole_minute(made)} för sent" in said
    assert f"{names['72h']} {whole_minute(due['72h'])} gjort –" in said
    assert re.search(rf"{re.escape(names['month'])} \S+ \S+ \S+ – inte än", said)
    assert f"{names['24h']} {whole_minute(due['24h'])} klart {whole_minute(made)} för sent" in room
    assert re.search(rf"{re.escape(names['72h'])} {re.escape(whole_minute(due['72h']))} klart (?!\d)", room)


async def test_no_file_is_there_of_a_case_that_touches_somebody_else(
    portal: Portal, installation: Installation, house: House, logs: Logs
) -> None:
    """Nor for a colleague who does not handle cases; nothing is entered as taken out."""
    case = await house.open(house.other)
    mark = logs.mark("ekbacka")
    for persona in ("agneta", "beata", "rut"):
        browser = await enter(portal, installation, persona)
        for form in FORMS:
            assert (await browser.get(f"/log/ekbacka/cases/{case}/file{form}")).status in (403, 404)
    assert [one for one in logs.since(mark, "ekbacka") if one["event"] == "case.exported"] == []


async def test_term_35_3_the_pack_has_the_cases_of_who_may_read_them_without_what_is_red(
    portal: Portal, installation: Installation, logs: Logs, case: UUID
) -> None:
    packs = {}
    for persona in ("agneta", "beata"):
        browser = await enter(portal, installation, persona)
        await logs.seal()
        await logs.seal_platform()
        answer = await browser.post("/log/ekbacka/terms/pack", {})
        assert answer.status == 200, answer.text
        packs[persona] = zipfile.ZipFile(io.BytesIO(answer.body))
        whole = "\n".join(packs[persona].read(name).decode("utf-8", "replace") for name in packs[persona].namelist())
        assert RED not in whole
        assert OTHERS not in whole
        assert ("Sårbar tolk" in whole) == (persona == "agneta"), "an approver does not read cases"
    lines = [json.loads(line) for line in packs["agneta"].read("evidence/cases.jsonl").splitlines()]
    [found] = [one for one in lines if one["id"] == str(case)]
    assert found["left_out"] == {"TLP:RED": 1}
    assert {one["tlp"] for one in found["entries"]} == {"TLP:AMBER", "TLP:GREEN", "TLP:AMBER+STRICT"}
    results = packs["agneta"].read("oscal/assessment-results.json").decode()
    assert "evidence/cases.jsonl" in results, "OSCAL points to it"
    assert "evidence/cases.jsonl" not in packs["beata"].namelist()
