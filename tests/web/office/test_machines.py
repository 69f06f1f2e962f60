# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Clocks and flows of the machines: office and portal show the same of them, what is wrong included."""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from tests.platform import platform_as
from tests.web.furniture import Installation
from tests.web.office.conftest import enter
from tests.web.portal.conftest import SETTINGS, Logs
from tests.web.portal.conftest import enter as enter_portal
from vaka.clock import SystemClock
from vaka.ledger.signer import LedgerHaltedError
from vaka.operations.flows.register import Finding, list_flows
from vaka.operations.flows.reporting import ToldCertificate, report_certificates, report_flows
from vaka.operations.flows.sockets import Listening
from vaka.operations.timesync.reporting import report_clock
from vaka.operations.timesync.rule import Facts
from vaka.settings import Settings
from vaka.settings_operations import FlowExceptionSettings, FlowSettings
from vaka.web.office.office import Office
from vaka.web.portal.opening import open_portal
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

FORGET = "truncate vaka.machine_clock, vaka.machine_flows"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def nothing_told(installation: Installation, logs: Logs) -> Iterator[None]:
    logs.execute("platform", FORGET, unguarded=True)
    yield
    logs.execute("platform", FORGET, unguarded=True)


@pytest.fixture
async def portal(installation: Installation, logs: Logs) -> AsyncIterator[Portal]:
    with suppress(LedgerHaltedError):
        await logs.seal()
    async with open_portal(installation.server, SETTINGS, SystemClock()) as opened:
        yield opened


async def read_both(office: Office, portal: Portal, installation: Installation, page: str) -> tuple[str, str]:
    """Return what an administrator and an officer of an authority read."""
    adam = await enter(office, installation, "adam")
    agneta = await enter_portal(portal, installation, "agneta")
    ours, theirs = await adam.get(f"/{page}"), await agneta.get(f"/log/ekbacka/{page}")
    assert (ours.status, theirs.status) == (200, 200)
    led = await agneta.get(f"/{page}")
    assert (led.status, led.header("location")) == (303, f"/log/ekbacka/{page}")
    return unescape(ours.text), unescape(theirs.text)


async def test_clocks_stand_on_both_sides(office: Office, portal: Portal, installation: Installation) -> None:
    """Source, how far off, and each thing that is wrong; also that a machine is silent."""
    for text in await read_both(office, portal, installation, "clocks"):
        assert "Ingen maskin har berättat om sin klocka än." in text
    now = datetime.now(UTC)
    fine = Facts(
        "synchronised", (), "nts.netnod.se", proven=True, stratum=2, offset=0.0012, error=0.004, referred_at=now
    )
    wrong = Facts(
        "unsynchronised", ("unsynchronised", "unproven"), "ntp.example", stratum=3, offset=-0.05, referred_at=now
    )
    async with platform_as(installation.server, "setup") as setup:
        await report_clock(setup, "larm-1", fine, now)
        await report_clock(setup, "larm-2", wrong, now)
        await report_clock(setup, "larm-3", fine, now + timedelta(seconds=9))
    for text in await read_both(office, portal, installation, "clocks"):
        assert all(said in text for said in ("larm-1", "nts.netnod.se", "+1.200 ms", "visad med NTS", "51.200 ms"))
        assert "kärnan håller klockan för osynkroniserad; källan har inte visat vem den är (NTS)" in text
        assert "går mer än en sekund från databasserverns klocka" in text
        assert text.count("badge-met") == 1


async def test_flows_stand_on_both_sides(office: Office, portal: Portal, installation: Installation) -> None:
    """Each with its protection and exception; what is reached and should not be; certificates by their days."""
    for text in await read_both(office, portal, installation, "flows"):
        assert "Ingen maskin har berättat om sina flöden än." in text
    now = datetime.now(UTC)
    excepted = [
        FlowExceptionSettings(flow="devices-udp", until=now + DAY),
        FlowExceptionSettings(flow="devices-tcp", until=now - DAY),
    ]
    flows = list_flows(Settings(flows=FlowSettings(exceptions=excepted)))
    findings = [Finding(Listening("tcp", 4711, "0.0.0.0"), "unregistered")]
    certificates = [
        ToldCertificate("tls/receiver.pem", now - DAY, now + 20 * DAY),
        ToldCertificate("tls/old.pem", now - 9 * DAY, now - DAY),
    ]
    async with platform_as(installation.server, "setup") as setup:
        await report_flows(setup, "larm-1", flows, {("tcp", 5061), ("udp", 5060)}, findings, now)
        await report_certificates(setup, "larm-1", certificates, now)
    for text in await read_both(office, portal, installation, "flows"):
        assert "4711</span> (0.0.0.0) finns inte i något flöde i registret" in text
        assert text.count("nås utifrån</span>") == 2
        assert all(said in text for said in ("TLS 1.2 eller 1.3", "I klartext", "slut sedan", "Larmmottagaren"))
        assert 'tls/receiver.pem: <strong class="badge badge-outdated">Går ut inom 21 dagar' in text
        assert 'tls/old.pem: <strong class="badge badge-failing">Har gått ut' in text
