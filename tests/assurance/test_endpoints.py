# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What real listeners offer: the receiver's own way of listening, and careless ones (terms 18 and 30)."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.assurance.test_collectors import (  # noqa: F401 - fixtures of the same house
    REQUIREMENTS,
    TERM_OF,
    authority,
    judged,
    own_server,
    place,
    server,
    status_of,
)
from tests.conftest import START
from tests.receiver.conftest import free_port
from tests.receiver.devices import HOST
from tests.receiver.test_tls import Issuer
from tests.receiver.test_tls_scan import careless_listener
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.endpoints import Endpoint, list_endpoints
from vaka.assurance.wording import explain
from vaka.crypto.policy import load_policy
from vaka.database.server import Server
from vaka.receiver.tls import open_tls_context
from vaka.settings import ReceiverSettings, Settings
from vaka.settings_web import DeskSettings, PortalSettings

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SCAN, DAYS = "endpoint-scan", "certificate-days"
MET, UNSEEN = (Status.MET, "none"), (Status.UNTESTED, "no_evidence")
Listen = Callable[[ssl.SSLContext | None], int]


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """Issues the certificates of what is asked."""
    return Issuer(tmp_path_factory.mktemp("asked"), "vaka-endpoints")


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Listens on ports of this machine until the test is over."""
    with ExitStack() as listeners:
        yield lambda context: listeners.enter_context(careless_listener(context))


def as_receivers(issuer: Issuer) -> ssl.SSLContext:
    """How the receiver listens with TLS."""
    certificate, key, _ = issuer.issue("receiver.example")
    return open_tls_context(certificate, key, None)


def careless(issuer: Issuer) -> ssl.SSLContext:
    """How nobody should."""
    certificate, key, _ = issuer.issue("careless.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def old(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")


def weak(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0")


def too_little(context: ssl.SSLContext) -> None:
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES256-GCM-SHA384")


def at(place: Place, port: int, tmp_path: Path) -> Place:  # noqa: F811
    """Where a scheduler looks whose receiver answers at a port."""
    return replace(place, root=tmp_path, settings=Settings(receiver=ReceiverSettings(host=HOST, tls_port=port)))


@pytest.mark.turns_red(SCAN)
@pytest.mark.parametrize("fault", [old, weak, too_little])
async def test_term_18_2_endpoint_that_offers_other_than_the_policy_turns_it_red(
    fault: Callable[[ssl.SSLContext], None],
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    issuer: Issuer,
    listen: Listen,
    tmp_path: Path,
) -> None:
    """As the receiver listens it is as it should be; with an old version, a weak suite or one version not."""
    assert await status_of(SCAN, at(place, listen(as_receivers(issuer)), tmp_path), server) == MET
    context = careless(issuer)
    fault(context)
    found = await status_of(SCAN, at(place, listen(context), tmp_path), server)
    assert found == (Status.FAILING, "offers")


@pytest.mark.turns_red(SCAN)
async def test_term_18_2_endpoint_that_speaks_no_tls_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    listen: Listen,
    tmp_path: Path,
) -> None:
    assert await status_of(SCAN, at(place, listen(None), tmp_path), server) == (Status.FAILING, "offers")


@pytest.mark.turns_red(DAYS)
async def test_certificate_that_has_expired_turns_it_red(
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    issuer: Issuer,
    listen: Listen,
    tmp_path: Path,
) -> None:
    """Its last day came while the process that shows it went on."""
    listening = at(place, listen(as_receivers(issuer)), tmp_path)
    now = datetime.now(UTC)
    assert await status_of(DAYS, listening, server, now) == MET
    assert await status_of(DAYS, listening, server, now + timedelta(days=2)) == (Status.FAILING, "expired")


@pytest.mark.turns_red(SCAN, DAYS, stopped=True)
@pytest.mark.parametrize("name", [SCAN, DAYS])
async def test_term_18_5_endpoint_that_does_not_answer_is_not_green(
    name: str,
    place: Place,  # noqa: F811
    server: Server,  # noqa: F811
    issuer: Issuer,
    listen: Listen,
    tmp_path: Path,
) -> None:
    """Nor where there is none; and what was green is red when nothing has answered for as long as it may be old."""
    nowhere = replace(place, root=tmp_path, settings=Settings(receiver=ReceiverSettings(tls_port=None)))
    silent, now, every = at(place, free_port(), tmp_path), datetime.now(UTC), REQUIREMENTS[name].every
    assert await status_of(name, nowhere, server, now) == UNSEEN
    assert await status_of(name, silent, server, now) == UNSEEN
    assert await status_of(name, at(place, listen(as_receivers(issuer)), tmp_path), server, now) == MET
    assert await judged(name, place, server, now + every) == MET
    later = now + every + timedelta(seconds=1)
    assert await status_of(name, silent, server, later) == (Status.UNTESTED, "collector_down")


def test_endpoints_are_what_the_settings_show_to_others() -> None:
    """With TLS alone, each once, and at this machine what listens everywhere."""
    settings = Settings(
        receiver=ReceiverSettings(host="0.0.0.0", public_host="larm.example", tls_port=5061),
        desk=DeskSettings(origin="https://larm.example"),
        portal=PortalSettings(origin="https://portal.example:8443", programs_origin="https://program.example"),
    )
    assert set(list_endpoints(settings)) == {
        Endpoint("localhost", 5061), Endpoint("larm.example", 443), Endpoint("portal.example", 8443),
        Endpoint("program.example", 443),
    }  # fmt: skip
    assert {"TLSv1.2", "TLSv1.3"} >= set(load_policy().tls.versions)


def test_what_they_find_is_said_in_words() -> None:
    """In both languages, with how many there are."""
    for name, reason in {SCAN: "offers", DAYS: "expired"}.items():
        said = explain(TERM_OF[name], Judgement(Status.FAILING, START, reason, name, 4711))
        assert "4711" in said.sv
        assert "4711" in said.en
