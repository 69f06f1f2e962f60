# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A vulnerability of what runs through its pages: found, told with its clocks, said not to affect by two, taken out."""

import html
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.assurance.judges import judge_csaf
from tests.operations.vulnerabilities.data import bill, filler, osv, python, zipped
from tests.platform import platform_as
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator
from tests.web.portal.conftest import Logs
from tests.web.portal.conftest import enter as enter_portal
from vaka.operations.vulnerabilities.bill import list_running
from vaka.operations.vulnerabilities.importing import Taken, take_in
from vaka.operations.vulnerabilities.reading import read_data
from vaka.operations.vulnerabilities.rounds import enter_comparison
from vaka.settings import CasesSettings
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE, ROOM = "/vulnerabilities", "/log/ekbacka/cases"
FORGET = (
    "truncate vaka.security_case, vaka.case_entry, vaka.message_file, vaka.case_receipt, vaka.detection_alert,"
    " vaka.advisory_import, vaka.advisory_record, vaka.vulnerability_look, vaka.running_component,"
    " vaka.vulnerability_finding, vaka.vulnerability_told, vaka.vulnerability_statement"
)
BECAUSE = "Funktionen är inte inbyggd i det som vi kör"


@pytest.fixture(autouse=True)
def nothing_found(installation: Installation, logs: Logs) -> Iterator[None]:
    """Nothing was found before, and nothing stays."""
    logs.execute("platform", FORGET, unguarded=True)
    yield
    logs.execute("platform", FORGET, unguarded=True)


async def compare(installation: Installation, *versions: str) -> None:
    """Do what the scheduler does, of a machine that runs these versions of the test package."""
    running = list_running(bill(*(python(version=one) for one in versions), {"name": "utan", "version": "1"}))
    async with platform_as(installation.server, "scheduler") as scheduler, scheduler.transaction():
        await enter_comparison(scheduler, running, CasesSettings(), datetime.now(UTC))


async def publish(installation: Installation) -> None:
    async with platform_as(installation.server, "setup") as setup:
        now = datetime.now(UTC)
        await take_in(setup, read_data(zipped(osv(), *filler())), Taken(now, False), by="setup:uid-0", now=now)


async def test_a_vulnerability_from_being_found_to_being_said_not_to_affect(
    algot: Administrator, berit: Administrator, portal: Portal, installation: Installation, logs: Logs
) -> None:
    assert "Inget har tagits in" in await algot.get(HERE)
    await publish(installation)
    await compare(installation, "1.5")
    page = html.unescape(await algot.get(HERE))
    assert "1 sårbarhet är öppen." in page
    assert "CVE-2026-10001: provpaket 1.5" in page
    assert "uppgradera till 2.0" in page
    assert "Den har ingen paket-URL." in page, "what cannot be assessed is listed"

    agneta = await enter_portal(portal, installation, "agneta")
    told = html.unescape((await agneta.get(ROOM)).text)
    assert "CVE-2026-10001: provpaket 1.5" in told
    assert "öppen, senast" in told
    [case] = logs.ask("platform", "select id, number from vaka.security_case")
    room = f"{ROOM}/{case['id']}"
    assert "provpaket 1.5" in html.unescape((await agneta.get(room)).text)
    draft = json.loads((await agneta.get(f"{room}/file/csaf")).text)
    assert (draft["document"]["category"], draft["document"]["tracking"]["status"]) == (
        "csaf_security_advisory", "interim",
    )  # fmt: skip
    assert (await agneta.post(f"{room}/seen", {"number": "9"})).status == 303
    assert "kvitterat" in html.unescape((await agneta.get(ROOM)).text)

    # Nobody says that it is mended while it runs, nor alone that it does not affect.
    moved = {"kind": "moved", "step": "fixed"}
    refused = await algot.browser.post(f"/cases/{case['id']}/write", moved)
    assert refused.status == 400
    assert "körs fortfarande" in refused.text
    [found] = logs.ask("platform", "select id from vaka.vulnerability_finding")
    said = {"finding": str(found["id"]), "justification": "vulnerable_code_not_present", "because": BECAUSE}
    for fields, status in (({**said, "justification": ""}, 400), ({**said, "because": "nej"}, 400), (said, 303)):
        assert (await algot.browser.post(f"{HERE}/state", fields)).status == status, fields
    assert (await algot.browser.post(f"{HERE}/state", said)).status == 409
    [statement] = logs.ask("platform", "select id from vaka.vulnerability_statement")
    decided = {"statement": str(statement["id"])}
    assert (await algot.do(f"{HERE}/accept", decided)).status == 403
    mark = logs.mark("platform")
    assert (await berit.do(f"{HERE}/accept", decided)).status == 303
    accepted = [row for row in logs.since(mark, "platform") if row["event"] == "vulnerability.accepted"]
    assert [len(row["detail"]["step_up"]) for row in accepted] == [64]
    told = html.unescape((await agneta.get(ROOM)).text)
    assert "Den påverkar inte:" in told
    assert BECAUSE in told
    vex = json.loads((await agneta.get(f"{room}/file/csaf")).text)
    assert vex["document"]["category"] == "csaf_vex"

    # Another version is another finding; what runs by now is what is named as mended.
    await compare(installation, "1.6")
    await compare(installation, "2.1")
    [later] = logs.ask("platform", "select case_id from vaka.vulnerability_finding where version = '1.6'")
    mended = json.loads((await agneta.get(f"{ROOM}/{later['case_id']}/file/csaf")).text)
    [vulnerability] = mended["vulnerabilities"]
    assert vulnerability["product_status"] == {"fixed": ["pkg:pypi/provpaket@2.1"]}
    assert judge_csaf({"draft": draft, "vex": vex, "mended": mended}) == {}


async def test_what_a_colleague_does_not_agree_to_stays_open(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    await publish(installation)
    await compare(installation, "1.5")
    [found] = logs.ask("platform", "select id from vaka.vulnerability_finding")
    said = {"finding": str(found["id"]), "justification": "component_not_present", "because": BECAUSE}
    assert (await algot.browser.post(f"{HERE}/state", said)).status == 303
    [statement] = logs.ask("platform", "select id from vaka.vulnerability_statement")
    refused = {"statement": str(statement["id"])}
    assert (await berit.browser.post(f"{HERE}/refuse", refused)).status == 303
    assert (await berit.browser.post(f"{HERE}/refuse", refused)).status == 409
    assert (await berit.do(f"{HERE}/accept", refused)).status == 409
    assert "1 sårbarhet är öppen." in html.unescape(await algot.get(HERE))
