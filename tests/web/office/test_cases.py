# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A case through its pages: opened in the office, answered in the portal of whom it touches, and nowhere else."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs
from tests.web.portal.conftest import enter as enter_portal
from vaka.clock import LOCAL
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

CASE = {
    "kind": "incident", "severity": "high", "title": "Okända inloggningar", "text": "Försök mot webbservern i natt.",
    "tlp": "AMBER", "regulated": "yes",
}  # fmt: skip


def case(**more: str) -> dict[str, str]:
    """A new one, of which the supplier has known since this minute."""
    return {**CASE, "known_at": f"{datetime.now(LOCAL):%Y-%m-%dT%H:%M}", **more}


@pytest.fixture(autouse=True)
def no_cases(installation: Installation, logs: Logs) -> Iterator[None]:
    """No case of before is there, and none stays."""
    forget = "truncate vaka.security_case, vaka.case_entry, vaka.case_receipt, vaka.case_contact cascade"
    logs.execute("platform", forget, unguarded=True)
    yield
    logs.execute("platform", forget, unguarded=True)


async def test_a_case_from_its_opening_to_its_end(
    adam: Browser, portal: Portal, installation: Installation, logs: Logs
) -> None:
    assert "Det finns inget ärende" in (await adam.get("/cases")).text
    ekbacka = str(installation.authorities["ekbacka"].id)
    opened = await adam.post("/cases/new", case(touches=ekbacka))
    assert opened.status == 303, opened.text
    here = opened.header("location")
    room = f"/log/ekbacka{here}"
    agneta = await enter_portal(portal, installation, "agneta")
    listed = (await agneta.get("/log/ekbacka/cases")).text
    assert "Okända inloggningar" in listed
    assert "Kontaktperson saknas" in listed
    assert "det är myndighetens sak" in (await adam.get(here)).text, "and the supplier sees whose duty it is"

    # A message to Ekbacka alone, marked RED: on the page, in no file, on no paper.
    sent = {"kind": "noted", "tlp": "RED", "authority": ekbacka, "text": "Kodord Alvik"}
    assert (await adam.post(f"{here}/write", sent)).status == 303
    page = (await agneta.get(room)).text
    assert '<li class="not-printed">' in page
    assert "Kodord Alvik" in page
    file = await agneta.get(f"{room}/file")
    assert (file.status, file.header("content-type")) == (200, "application/json")
    assert "Försök mot webbservern" in file.text
    assert "Alvik" not in file.text

    # The answer, and the receipts of both.
    number = {"number": re.findall(r'name="number" value="(\d+)"', page)[0]}
    assert (await agneta.post(f"{room}/answer", {"text": "Vi har stängt kontot.", "tlp": "AMBER"})).status == 303
    assert (await agneta.post(f"{room}/seen", number)).status == 303
    office_page = (await adam.get(here)).text
    assert "Vi har stängt kontot." in office_page
    assert "Sett hos Ekbacka" in office_page
    assert (await adam.post(f"{here}/seen", {"number": "4"})).status == 303
    assert "Sett hos leverantören" in (await agneta.get(room)).text

    for step, status in (("triaged", 303), ("acknowledged", 400), ("closed", 400)):
        assert (await adam.post(f"{here}/write", {"kind": "moved", "step": step})).status == status, step
    ends = {"kind": "moved", "step": "closed", "cause": "Svagt lösenord", "impact": "Ingen", "report": "reported"}
    refused = await adam.post(f"{here}/write", {**ends, "report": "not_required"})
    assert (refused.status, "not_required" in refused.text) == (400, False), "the law wants it reported"
    assert (await adam.post(f"{here}/write", ends)).status == 303
    assert (await adam.post(f"{here}/write", {"kind": "reported", "report": "24h"})).status == 303
    page = (await agneta.get(room)).text
    assert "Svagt lösenord" in page
    assert "Varning inom 24 timmar" in page


async def test_whom_it_does_not_touch_finds_nothing(adam: Browser, portal: Portal, installation: Installation) -> None:
    opened = await adam.post("/cases/new", case())
    room = f"/log/ekbacka{opened.header('location')}"
    agneta = await enter_portal(portal, installation, "agneta")
    assert "Inget ärende berör er" in (await agneta.get("/log/ekbacka/cases")).text
    for path in (room, f"{room}/file"):
        assert (await agneta.get(path)).status == 404
    assert (await agneta.post(f"{room}/answer", {"text": "Hej", "tlp": "AMBER"})).status == 404
    assert (await agneta.post(f"{room}/seen", {"number": "1"})).status == 404


async def test_a_correction_has_the_marking_and_the_addressee_of_what_it_corrects(
    adam: Browser, portal: Portal, installation: Installation
) -> None:
    ekbacka = str(installation.authorities["ekbacka"].id)
    here = (await adam.post("/cases/new", case(touches=ekbacka))).header("location")
    agneta = await enter_portal(portal, installation, "agneta")
    room = f"/log/ekbacka{here}"
    kept = {"kind": "noted", "tlp": "AMBER+STRICT", "text": "Kodord Alvik"}
    for sent in (kept, {"kind": "noted", "tlp": "GREEN", "authority": ekbacka, "text": "Tre konton"}):
        assert (await adam.post(f"{here}/write", sent)).status == 303
    page = (await adam.get(here)).text
    assert '<option value="3">3. Skrev · TLP:AMBER+STRICT</option>' in page
    assert '<option value="4">4. Skrev · TLP:GREEN · bara Ekbacka' in page
    # As the form is sent where nothing is chosen.
    for number, text in (("3", "Kodord Björnö"), ("4", "Två konton")):
        sent = {"kind": "corrected", "corrects": number, "tlp": "", "text": text}
        assert (await adam.post(f"{here}/write", sent)).status == 303
    read = (await agneta.get(room)).text
    assert "Två konton" in read
    # Of its own numbers: the supplier's 4 is its third, and what the supplier kept leaves no gap.
    assert "Rättar post 3." in read
    assert [int(one) for one in re.findall(r"<strong>(\d+)\. ", read)] == [1, 2, 3, 4]
    assert "Kodord" not in read
    wider = await adam.post(f"{here}/write", {"kind": "corrected", "corrects": "3", "tlp": "AMBER", "text": "Alvik"})
    assert (wider.status, "vidare märkning" in wider.text) == (400, True)
    assert '<option value="3" selected>' in wider.text, "and the form keeps what was chosen"
    elsewhere = {"kind": "corrected", "corrects": "3", "tlp": "", "authority": ekbacka, "text": "Alvik"}
    assert (await adam.post(f"{here}/write", elsewhere)).status == 400
    assert "Alvik" not in (await agneta.get(room)).text


async def test_what_cannot_stand_in_a_case_is_refused_and_the_form_keeps_it(adam: Browser) -> None:
    for changed in ({"text": "Ring 070-174 06 05"}, {"title": ""}, {"known_at": "2099-01-01T10:00"}):
        answer = await adam.post("/cases/new", case(**changed))
        assert answer.status == 400, changed
        assert "Inget har ändrats" in answer.text
    assert (await adam.get("/cases/00000000-0000-4000-8000-000000000007")).status == 404
