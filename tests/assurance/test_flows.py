# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Term 30: sockets that really listen, held against the register of flows; certificates, by their days."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

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
from tests.certificates import DAY, Issuer
from tests.operations.namespaces import HOLDS, as_proc, in_own_network
from tests.platform import platform_as
from tests.receiver.devices import HOST
from tests.receiver.test_tls_scan import careless_listener
from vaka.assurance.asking_databases import Place
from vaka.assurance.assessment import Judgement, Status
from vaka.assurance.wording import explain
from vaka.crypto.certificates import found_issuer, issue
from vaka.crypto.policy import load_policy
from vaka.database.server import Server
from vaka.errors import Sentence
from vaka.operations.certificates.components import keep, list_components
from vaka.operations.certificates.issuers import keep_issuer
from vaka.operations.certificates.renewing import renew_all
from vaka.operations.flows.register import Flow, judge, list_flows
from vaka.operations.flows.reporting import ToldCertificate, list_machine_flows, report_certificates
from vaka.operations.flows.sockets import Listening, list_reachable, name_owners
from vaka.receiver.tls import open_tls_context
from vaka.settings import ReceiverSettings, Settings
from vaka.settings_operations import ClockSettings, FlowExceptionSettings, FlowSettings, OwnFlowSettings
from vaka.settings_reading import load_settings

pytestmark = [pytest.mark.anyio, pytest.mark.database]

PORTS, DAYS = "listening-ports", "certificate-days"
MET = (Status.MET, "none")
SSH = OwnFlowSettings(name="work", source="Driften", target="Maskinen", port=22, protection="ssh")


@pytest.mark.turns_red(PORTS)
async def test_term_30_1_port_that_is_in_no_flow_turns_it_red(
    place: Place, server: Server, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """TCP and UDP, IPv4 and IPv6, on one address or on all; and never what the machine itself alone can reach."""
    settings = Settings(flows=FlowSettings(own=[SSH]))
    fine = ("tcp:0.0.0.0:22", "tcp:0.0.0.0:5061", "tcp:127.0.0.1:8401", "udp:127.0.0.1:4711", "tcp:::1:4799")
    for planted in ("tcp:0.0.0.0:4711", "tcp:::0:4712", "udp:0.0.0.0:4713", "udp:::0:4714", "udp:127.0.0.1:4715"):
        with in_own_network(HOLDS, *fine, planted) as process:
            where = replace(place, settings=settings, proc=as_proc(process, tmp_path))
            expected = MET if "127.0.0.1" in planted else (Status.FAILING, "unregistered")
            assert await status_of(PORTS, where, server) == expected, planted


@pytest.mark.turns_red(PORTS)
async def test_port_that_is_to_stay_on_the_machine_turns_it_red(
    place: Place, server: Server, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """A desk that listens for everybody, past the web server that speaks TLS for it."""
    with in_own_network(HOLDS, "tcp:0.0.0.0:8401") as process:
        where = replace(place, proc=as_proc(process, tmp_path))
        assert await status_of(PORTS, where, server) == (Status.FAILING, "exposed")


@pytest.mark.turns_red(PORTS)
async def test_port_in_clear_without_an_exception_in_force_turns_it_red(
    place: Place, server: Server, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """For devices that cannot encrypt: until a day, which authorities see; then it is red, and stays open."""
    now = datetime.now(UTC)
    excepted = [FlowExceptionSettings(flow="devices-udp", until=now + DAY)]
    with in_own_network(HOLDS, "udp:0.0.0.0:5060") as process:
        clear = replace(place, proc=as_proc(process, tmp_path))
        assert await status_of(PORTS, clear, server, now) == (Status.FAILING, "plain")
        until = replace(clear, settings=Settings(flows=FlowSettings(exceptions=excepted)))
        assert await status_of(PORTS, until, server, now) == MET
        async with platform_as(server, "portal") as portal:
            [told] = await list_machine_flows(portal)
        [flow] = [one for one in told.flows if one.flow.name == "devices-udp"]
        assert (flow.flow.until, flow.flow.protection, flow.is_open) == (now + DAY, "none", True)
        assert await status_of(PORTS, until, server, now + DAY) == (Status.FAILING, "plain")


@pytest.mark.turns_red(PORTS)
async def test_exception_that_ends_in_more_than_a_year_is_none(
    place: Place, server: Server, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """It begins to hold when its end has come near enough, which is when somebody could have thought of it."""
    now, year = datetime.now(UTC), 366 * DAY
    endless = FlowExceptionSettings(flow="devices-udp", until=now + year + timedelta(seconds=1))
    with in_own_network(HOLDS, "udp:0.0.0.0:5060") as process:
        settings = Settings(flows=FlowSettings(exceptions=[endless]))
        where = replace(place, settings=settings, proc=as_proc(process, tmp_path))
        assert await status_of(PORTS, where, server, now) == (Status.FAILING, "plain")
        assert await status_of(PORTS, where, server, now + timedelta(seconds=1)) == MET
    [flow] = [one for one in list_flows(settings) if one.name == "devices-udp"]
    at = (now, now + timedelta(seconds=1), now + 2 * year)
    assert [flow.exception(one) for one in at] == ["endless", "holds", "over"]


@pytest.mark.turns_red(PORTS)
async def test_what_a_machine_tells_that_nobody_has_named_turns_it_red(
    place: Place, server: Server, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """For a day after it told last; somebody may have taken it away."""
    now = datetime.now(UTC)
    (tmp_path / "stranger").mkdir()
    with (
        in_own_network(HOLDS, "tcp:0.0.0.0:4711") as open_one,
        in_own_network(HOLDS, "tcp:127.0.0.1:4711") as closed_one,
    ):
        stranger = replace(place, machine="larm-9", proc=as_proc(open_one, tmp_path / "stranger"))
        here = replace(place, machine="larm-1", proc=as_proc(closed_one, tmp_path))
        assert await status_of(PORTS, here, server, now) == MET
        assert await status_of(PORTS, stranger, server, now) == (Status.FAILING, "unregistered")
        assert await status_of(PORTS, here, server, now) == (Status.FAILING, "unregistered")
        assert await status_of(PORTS, here, server, now + DAY) == (Status.FAILING, "unregistered")
        assert await status_of(PORTS, here, server, now + 2 * DAY) == MET


@pytest.mark.parametrize(
    ("transport", "port", "protection", "reason"),
    [("udp", 5060, "ssh", "plain"), ("tcp", 8401, "tls", "exposed"), ("tcp", 8443, "mutual-tls", None)],
)
def test_own_flow_on_a_port_of_the_products_loosens_nothing(
    tmp_path: Path, transport: Literal["tcp", "udp"], port: int, protection: str, reason: str | None
) -> None:
    """Whatever it says of its protection, or what it is called; and no process stays away because of it."""
    (tmp_path / "vaka.toml").write_text(
        f"[portal]\nprograms_origin = 'https://larm.example:8443'\n"
        f"[[flows.own]]\nname = 'devices-udp'\nsource = 'A'\ntarget = 'B'\ntransport = '{transport}'\nport = {port}\n"
        f"protection = '{protection}'\n"
    )
    settings, now = load_settings(tmp_path / "vaka.toml"), datetime.now(UTC)
    assert [one.port for one in settings.flows.own] == [port]
    seen = [Listening(transport, port, "192.0.2.1")]
    assert [one.reason for one in judge(seen, list_flows(settings), now)] == ([] if reason is None else [reason])


def test_socket_has_to_be_as_each_flow_of_its_port_wants_it() -> None:
    """Whichever stands last in the register."""
    said, now = Sentence("A", "A"), datetime.now(UTC)
    here, ssh = Flow("a", said, said, "tcp", 22, "loopback"), Flow("b", said, said, "tcp", 22, "ssh")
    far = replace(ssh, port=8410, is_elsewhere=True)
    seen = [Listening("tcp", 22, "192.0.2.1"), Listening("tcp", 8410, "192.0.2.1")]
    for flows in ([here, ssh, far], [far, ssh, here]):
        assert [one.reason for one in judge(seen, flows, now)] == ["exposed", "unregistered"]
    assert [one.reason for one in judge(seen[:1], [ssh], now)] == []


@pytest.mark.turns_red(PORTS, stopped=True)
async def test_a_collector_of_ports_that_is_stopped_turns_it_red(
    place: Place, server: Server, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """Also where the kernel lists nothing, or another machine that has to tell has not."""
    now, every = datetime.now(UTC), REQUIREMENTS[PORTS].every
    with in_own_network(HOLDS, "tcp:127.0.0.1:4711") as process:
        where = replace(place, machine="larm-1", proc=as_proc(process, tmp_path))
        assert await status_of(PORTS, where, server, now) == MET
        assert await judged(PORTS, place, server, now + every) == MET
        blind = replace(where, proc=tmp_path / "nothing")
        late = await status_of(PORTS, blind, server, now + every + timedelta(seconds=1))
        assert late == (Status.UNTESTED, "collector_down")
        both = replace(where, settings=Settings(clock=ClockSettings(machines=["larm-2"])))
        assert await status_of(PORTS, both, server, now) == (Status.FAILING, "silent")
        assert await status_of(PORTS, replace(where, machine="larm-2"), server, now) == MET
        assert await status_of(PORTS, both, server, now) == MET
        assert await status_of(PORTS, both, server, now + timedelta(minutes=14)) == MET
        later = now + timedelta(minutes=16)
        assert await status_of(PORTS, both, server, later) == (Status.FAILING, "silent")


async def test_a_machine_whose_clock_runs_ahead_is_silent_all_the_same(
    place: Place, server: Server, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """When it told is known by the database server's clock, not by its own. Certificates alone tell of no socket."""
    now = datetime.now(UTC)
    with in_own_network(HOLDS, "tcp:127.0.0.1:4711") as process:
        here = replace(place, machine="larm-1", proc=as_proc(process, tmp_path))
        here = replace(here, settings=Settings(clock=ClockSettings(machines=["larm-2"])))
        ahead = replace(here, machine="larm-2", settings=Settings())
        assert await status_of(PORTS, ahead, server, now + 400 * DAY) == MET
        assert await status_of(PORTS, here, server, now) == MET
        assert await status_of(PORTS, here, server, now + timedelta(minutes=16)) == (Status.FAILING, "silent")
    both = replace(here, settings=Settings(clock=ClockSettings(machines=["larm-2", "larm-3"])))
    async with platform_as(server, "setup") as setup:
        await report_certificates(setup, "larm-3", [ToldCertificate("tls/receiver.pem", now - DAY, now + 90 * DAY)])
    with in_own_network(HOLDS, "tcp:127.0.0.1:4711") as process:
        (tmp_path / "again").mkdir()
        where = replace(both, proc=as_proc(process, tmp_path / "again"))
        assert await status_of(PORTS, where, server, now) == (Status.FAILING, "silent")


def test_who_a_socket_belongs_to_is_seen(tmp_path: Path) -> None:
    with in_own_network(HOLDS, "tcp:0.0.0.0:4711", "udp:::0:4712") as process:
        proc = as_proc(process, tmp_path)
        found = list_reachable(proc)
        assert [(one.transport, one.port, one.address) for one in found] == [
            ("tcp", 4711, "0.0.0.0"),
            ("udp", 4712, "::"),
        ]
        assert set(name_owners(proc, found)) == {one.inode for one in found}
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text("sl\n 0: rubbish\n")
    with pytest.raises((ValueError, IndexError)):
        list_reachable(tmp_path)
    assert list(name_owners(tmp_path, [Listening("tcp", 1, "0.0.0.0", 1)])) == []


def test_every_flow_has_its_port_from_the_settings() -> None:
    """And what an installation adds comes after those of the product."""
    flows = {one.name: one for one in list_flows(Settings(flows=FlowSettings(own=[SSH])))}
    assert (flows["devices-tls"].port, flows["devices-tls"].protection) == (5061, "tls")
    assert flows["desk"].port == 8401
    assert list(flows)[-1] == "work"
    assert {one.protection for one in flows.values() if one.transport == "unix"} == {"unix"}


@pytest.mark.turns_red(DAYS)
async def test_term_30_6_certificate_is_told_of_before_it_ends_and_is_red_after(
    place: Place, server: Server, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """Of the endpoint that answers, and of those that lie beside it: of PostgreSQL, of a process, of the issuer."""
    root = tmp_path / "data"
    (root / "tls").mkdir(parents=True)
    issuer, now = Issuer(tmp_path / "issuer"), datetime.now(UTC)
    shown, key = issuer.certificate_for("receiver.example", lasts=90 * DAY)
    (root / "tls" / "key.pem").write_bytes(key.read_bytes())

    async def standings(lasts: timedelta) -> tuple[tuple[Status, str], set[str]]:
        beside, _ = issuer.certificate_for("database.example", lasts=lasts)
        (root / "tls" / "database.pem").write_bytes(beside.read_bytes())
        where = replace(place, root=root, settings=Settings(receiver=ReceiverSettings(host=HOST, tls_port=port)))
        status = await status_of(DAYS, where, server, now)
        async with platform_as(server, "office") as office:
            [told] = await list_machine_flows(office)
        return status, {one.standing(now) for one in told.certificates}

    with careless_listener(open_tls_context(shown, key, None)) as port:
        assert await standings(22 * DAY) == (MET, {"holds"})
        assert await standings(20 * DAY) == (MET, {"holds", "soon"})
        assert await standings(-DAY) == ((Status.FAILING, "expired"), {"holds", "expired"})
        (root / "tls" / "database.pem").unlink()
        settings = Settings(receiver=ReceiverSettings(host=HOST, tls_port=port))
        later = replace(place, root=root, settings=settings)
        assert await status_of(DAYS, later, server, now + 91 * DAY) == (Status.FAILING, "expired")


@pytest.mark.turns_red(DAYS)
async def test_what_our_own_issuer_issued_turns_it_red_where_nobody_renews_it(
    place: Place, server: Server, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """What is renewed in time is never told of as ending soon; then the issuer's own certificate ends."""
    now, end = datetime.now(UTC), load_policy().certificates.issuer
    (tmp_path / "credentials").mkdir()
    made = found_issuer("internal", ["example"], [], now)
    keep_issuer(tmp_path, "internal", made)
    keep(tmp_path, "database", issue(made, ["database.example"], "server", now))
    lasting, key = Issuer(tmp_path / "issuer").certificate_for("receiver.example", lasts=100 * DAY)

    async def standing(at: datetime) -> tuple[Status, str]:
        return await status_of(DAYS, where, server, at)

    with careless_listener(open_tls_context(lasting, key, None)) as port:
        where = replace(place, root=tmp_path, settings=Settings(receiver=ReceiverSettings(host=HOST, tls_port=port)))
        assert await standing(now + 61 * DAY) == MET
        assert await standing(now + 91 * DAY) == (Status.FAILING, "expired")
        assert renew_all(tmp_path, "setup:uid-1", now + 91 * DAY).renewed == ["database"]
        assert await standing(now + 91 * DAY) == MET
        async with platform_as(server, "office") as office:
            [told] = await list_machine_flows(office)
        names = {one.name for one in told.certificates}
        assert {"tls/database.pem", "tls/internal-ca.pem"} < names
        keep(tmp_path, "database", issue(made, ["database.example"], "server", now + end - DAY))
        [part], _ = list_components(tmp_path)
        assert (part.ends, part.is_due(now + end - DAY)) == (made.certificate.not_valid_after_utc, False)
        assert await standing(now + end + DAY) == (Status.FAILING, "expired")


@pytest.mark.turns_red(DAYS)
async def test_certificate_of_another_machine_turns_it_red(
    place: Place, server: Server, tmp_path: Path  # noqa: F811
) -> None:  # fmt: skip
    """As that machine told of it, by the days of now, also where it tells no longer. A stranger's counts not."""
    root, now = tmp_path / "data", datetime.now(UTC)
    root.mkdir()
    shown, key = Issuer(tmp_path / "issuer").certificate_for("receiver.example", lasts=90 * DAY)
    async with platform_as(server, "setup") as setup:
        await report_certificates(setup, "larm-2", [ToldCertificate("tls/receiver.pem", now - DAY, now + 30 * DAY)])
    with careless_listener(open_tls_context(shown, key, None)) as port:
        settings = Settings(receiver=ReceiverSettings(host=HOST, tls_port=port))
        alone = replace(place, root=root, settings=settings)
        both = replace(alone, settings=settings.model_copy(update={"clock": ClockSettings(machines=["larm-2"])}))
        assert await status_of(DAYS, both, server, now) == MET
        assert await status_of(DAYS, alone, server, now + 31 * DAY) == MET
        assert await status_of(DAYS, both, server, now + 31 * DAY) == (Status.FAILING, "expired")


def test_what_they_find_is_said_in_words() -> None:
    for reason in ("unregistered", "exposed", "plain", "silent"):
        said = explain(TERM_OF[PORTS], Judgement(Status.FAILING, datetime.now(UTC), reason, PORTS, 4711))
        assert ("4711" in said.sv, "4711" in said.en) == (True, True)
