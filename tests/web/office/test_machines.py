# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Clocks and flows of the machines: office and portal show the same of them, what is wrong included."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from tests.platform import platform_as
from tests.web.furniture import Installation
from tests.web.office.conftest import enter
from tests.web.portal.conftest import Logs
from tests.web.portal.conftest import enter as enter_portal
from vaka.operations.flows.register import Finding, list_flows
from vaka.operations.flows.reporting import ToldCertificate, report_certificates, report_flows
from vaka.operations.flows.sockets import Listening
from vaka.operations.timesync.reporting import report_clock
from vaka.operations.timesync.rule import Facts
from vaka.settings import Settings
from vaka.settings_operations import ClockSettings, FlowExceptionSettings, FlowSettings, OwnFlowSettings
from vaka.settings_vulnerabilities import AdvisorySourceSettings, VulnerabilitiesSettings
from vaka.web.office.office import Office
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

FINE = Facts("synchronised", (), "nts.netnod.se", proven=True, stratum=2, offset=0.0012, error=0.004)
FORGET = "truncate vaka.machine_clock, vaka.machine_flows"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def nothing_told(installation: Installation, logs: Logs) -> Iterator[None]:
    logs.execute("platform", FORGET, unguarded=True)
    yield
    logs.execute("platform", FORGET, unguarded=True)


async def read_both(office: Office, portal: Portal, installation: Installation, page: str) -> tuple[str, str]:
    """Return what an administrator and an officer of an authority read."""
    adam = await enter(office, installation, "adam")
    agneta = await enter_portal(portal, installation, "agneta")
    ours, theirs = await adam.get(f"/{page}"), await agneta.get(f"/log/ekbacka/{page}")
    assert (ours.status, theirs.status) == (200, 200)
    led = await agneta.get(f"/{page}")
    assert (led.status, led.header("location")) == (303, f"/log/ekbacka/{page}")
    return unescape(ours.text), unescape(theirs.text)


def naming(*machines: str, office: Office, portal: Portal) -> tuple[Office, Portal]:
    """Return both as with settings in which these machines have to tell."""
    settings = ClockSettings(machines=list(machines))
    return replace(office, clocks=settings), replace(portal, clocks=settings)


async def test_clocks_stand_on_both_sides(office: Office, portal: Portal, installation: Installation) -> None:
    """Source, how far off, and each thing that is wrong; also that a machine is silent."""
    for text in await read_both(office, portal, installation, "clocks"):
        assert "Ingen maskin har berättat om sin klocka än." in text
    now = datetime.now(UTC)
    fine = replace(FINE, referred_at=now)
    office, portal = naming("larm-1", "larm-2", "larm-3", office=office, portal=portal)
    wrong = Facts(
        "unsynchronised", ("unsynchronised", "unproven"), "ntp.example", stratum=3, offset=-0.05, referred_at=now
    )
    async with platform_as(installation.server, "setup") as setup:
        await report_clock(setup, "larm-1", fine, datetime.now(UTC))
        await report_clock(setup, "larm-2", wrong, datetime.now(UTC))
    for text in await read_both(office, portal, installation, "clocks"):
        assert all(said in text for said in ("larm-1", "nts.netnod.se", "+1.200 ms", "visad med NTS", "51.200 ms"))
        assert "kärnan håller klockan för osynkroniserad; källan har inte visat vem den är (NTS)" in text
        assert text.count("badge-met") == 1
        assert text.count("har inte berättat om sin klocka på fem minuter") == 1
        assert "51.200 ms enligt deras tidstjänster" in text
    async with platform_as(installation.server, "setup") as setup:
        await report_clock(setup, "larm-3", fine, datetime.now(UTC) + timedelta(seconds=9))
    for text in await read_both(office, portal, installation, "clocks"):
        assert "går mer än en sekund från databasserverns klocka" in text
        assert "badge-met" not in text


async def test_no_clock_is_sound_on_a_page_that_the_term_is_red_for(
    office: Office, portal: Portal, installation: Installation
) -> None:
    """One that nobody expects; and two that differ, each content by itself. The scheduler's own machine is expected."""
    fine = replace(FINE, referred_at=datetime.now(UTC))
    async with platform_as(installation.server, "scheduler") as scheduler:
        await report_clock(scheduler, "larm-1", fine, datetime.now(UTC))
    for text in await read_both(office, portal, installation, "clocks"):
        assert text.count("badge-met") == 1
    async with platform_as(installation.server, "setup") as setup:
        await report_clock(setup, "larm-2", fine, datetime.now(UTC) + timedelta(seconds=0.7))
    named = naming("larm-2", office=office, portal=portal)
    for text in await read_both(*named, installation, "clocks"):
        assert text.count("maskinernas klockor skiljer sig åt") == 2
        assert "badge-met" not in text
    async with platform_as(installation.server, "setup") as setup:
        await report_clock(setup, "larm-2", fine, datetime.now(UTC))
    for text in await read_both(office, portal, installation, "clocks"):
        assert text.count("finns inte i inställningarna") == 1
        assert text.count("badge-met") == 1
    for text in await read_both(*named, installation, "clocks"):
        assert text.count("badge-met") == 2


async def test_what_nobody_has_looked_at_is_not_as_the_register_has_it(
    office: Office, portal: Portal, installation: Installation, logs: Logs
) -> None:
    """What was told long ago, certificates alone, and a machine that has to tell and never did."""
    now, flows = datetime.now(UTC), list_flows(Settings())
    async with platform_as(installation.server, "setup") as setup:
        await report_flows(setup, "larm-1", flows, set(), [])
    for text in await read_both(office, portal, installation, "flows"):
        assert (text.count("Som registret säger"), text.count("Inte sedd på femton minuter")) == (1, 0)
    logs.execute(
        "platform", "update vaka.machine_flows set looked_at = looked_at - interval '16 minutes'", unguarded=True
    )
    async with platform_as(installation.server, "setup") as setup:
        await report_certificates(setup, "larm-2", [ToldCertificate("tls/receiver.pem", now - DAY, now + 90 * DAY)])
    named = naming("larm-3", office=office, portal=portal)
    for text in await read_both(*named, installation, "flows"):
        assert (text.count("Som registret säger"), text.count("Inte sedd på femton minuter")) == (0, 3)


async def test_flows_stand_on_both_sides(office: Office, portal: Portal, installation: Installation) -> None:
    """Each with its protection and exception; what is reached and should not be; certificates by their days."""
    for text in await read_both(office, portal, installation, "flows"):
        assert "Ingen maskin har berättat om sina flöden än." in text
    now = datetime.now(UTC)
    excepted = [
        FlowExceptionSettings(flow="devices-udp", until=now + DAY),
        FlowExceptionSettings(flow="devices-tcp", until=now - DAY),
    ]
    far = OwnFlowSettings(name="pager", source="A", target="B", port=4712, protection="none")
    excepted.append(FlowExceptionSettings(flow="pager", until=now + 400 * DAY))
    sources = VulnerabilitiesSettings(sources=[AdvisorySourceSettings(url="https://osv.example/PyPI/all.zip")])
    flows = list_flows(Settings(flows=FlowSettings(own=[far], exceptions=excepted), vulnerabilities=sources))
    findings = [Finding(Listening("tcp", 4711, "0.0.0.0"), "unregistered")]
    certificates = [
        ToldCertificate("tls/receiver.pem", now - DAY, now + 20 * DAY),
        ToldCertificate("tls/old.pem", now - 9 * DAY, now - DAY),
    ]
    async with platform_as(installation.server, "setup") as setup:
        await report_flows(setup, "larm-1", flows, {("tcp", 5061), ("udp", 5060), ("tcp", 443)}, findings)
        await report_certificates(setup, "larm-1", certificates)
    for text in await read_both(office, portal, installation, "flows"):
        assert "4711</span> (0.0.0.0) finns inte i något flöde i registret" in text
        assert text.count("nås utifrån</span>") == 4, "443 is browsers' and partners'; the advisories' is elsewhere"
        assert text.count("mer än ett år fram: gäller inte") == 1
        assert all(said in text for said in ("TLS 1.2 eller 1.3", "I klartext", "slut sedan", "Larmmottagaren"))
        assert 'tls/receiver.pem: <strong class="badge badge-outdated">Går ut inom 21 dagar' in text
        assert 'tls/old.pem: <strong class="badge badge-failing">Har gått ut' in text
