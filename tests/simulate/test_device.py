# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One simulated device against a scripted receiver: what it sends, what it puts up with, when it gives up."""

import asyncio
import random
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.simulate.answerer import SILENCE, UNCONFIRMED, Answer, Answerer, answering
from tests.waiting import wait_until
from vaka.clock import SystemClock
from vaka.demo.certificates import CertificateAuthority
from vaka.scaip.body import parse_mrq
from vaka.simulate import causes, links
from vaka.simulate.device import Outcome, Persistence
from vaka.simulate.device_file import DeviceRecord
from vaka.simulate.fleet import Fleet
from vaka.simulate.quirks import Quirk
from vaka.simulate.reports import Report
from vaka.simulate.tally import Tally
from vaka.simulate.target import Target

pytestmark = pytest.mark.anyio

TRANSPORTS = ["udp", "tcp", "tls"]
QUICK = Persistence(attempts=3, pause_seconds=0.05, confirmation_seconds=0.3, confirmation_attempts=2)
BUSY = Answer(503, [("Retry-After", "0")])


class Run:
    """A device, its receiver's address, and its tally."""

    def __init__(self, answerer: Answerer, trusted: Path | None = None, **record: Any) -> None:
        self.tally = Tally()
        ports = dict.fromkeys(TRANSPORTS, answerer.port)
        self.fleet = Fleet(
            [DeviceRecord(cid="8031372", **record)],
            Target("127.0.0.1", "127.0.0.1", ports, trusted),
            tally=self.tally,
            clock=SystemClock(),
            chance=random.Random(1),
            persistence=QUICK,
        )

    async def report(self, report: Report = Report.BUTTON) -> Outcome:
        return await self.fleet.device(0).report(report)


@pytest.fixture
def issuer(tmp_path: Path) -> CertificateAuthority:
    issuer = CertificateAuthority(tmp_path)
    issuer.create(datetime.now(UTC))
    return issuer


@pytest.fixture
def server_context(issuer: CertificateAuthority, tmp_path: Path) -> ssl.SSLContext:
    certificate, key = tmp_path / "receiver.pem", tmp_path / "receiver.key"
    issuer.issue_for_server(certificate, key, ("127.0.0.1",), datetime.now(UTC))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_alarm_is_sent_answered_and_confirmed(
    transport: str, issuer: CertificateAuthority, server_context: ssl.SSLContext
) -> None:
    async with answering(Answerer(), server_context if transport == "tls" else None) as answerer:
        run = Run(answerer, issuer.certificate_file, transport=transport)
        outcome = await run.report()
        await wait_until(lambda: len(answerer.responses) == 1)
        run.fleet.close()
    assert outcome.is_delivered
    assert outcome.mrs is not None
    assert (outcome.mrs.ref, outcome.mrs.snu) == (outcome.ref, 0)
    [request] = answerer.requests
    mrq = parse_mrq(request.body)
    assert (request.method, mrq.cid, mrq.ref, mrq.mty, mrq.dty, mrq.stc) == (
        "MESSAGE", "8031372", outcome.ref, "ME", 3, 10
    )  # fmt: skip
    assert request.from_.user == "8031372"
    assert request.top_via.transport == transport.upper()
    [response] = answerer.responses
    assert (response.status, response.call_id) == (200, "mrs-1")
    assert run.tally.as_dict() | {"milliseconds": 0} == {
        "sent": 1, "answered": 1, "heartbeats_answered": 0, "mrs_received": 1, "mrs_not_ok": 0, "refused": 0,
        "answered_503": 0, "attempts_again": 0, "unanswered": 0, "lost": 0, "unfinished": 0, "causes": {},
        "milliseconds": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("offered", "known", "with_qop"),
    [
        (("SHA-256", "MD5"), None, True),
        (("SHA-256", "MD5"), "MD5", True),
        (("MD5",), "MD5", False),
        (("SHA-256",), "SHA-256", False),
    ],
)
async def test_it_proves_itself_when_asked(offered: tuple[str, ...], known: str | None, with_qop: bool) -> None:
    async with answering(Answerer(require_digest=("larm8031372", "secret word", offered, with_qop))) as answerer:
        run = Run(answerer, authentication="digest", algorithm=known, username="larm8031372", password="secret word")
        first, second = await run.report(), await run.report()
        run.fleet.close()
    assert first.is_delivered
    assert second.is_delivered
    # With qop a nonce may be used again; without, every message is asked about anew.
    assert len(answerer.requests) == (3 if with_qop else 4)
    assert run.tally.lost == 0


async def test_a_wrong_password_is_a_refusal_and_no_loop() -> None:
    async with answering(Answerer(require_digest=("8031372", "right", ("MD5",), True))) as answerer:
        run = Run(answerer, authentication="digest", password="wrong")
        outcome = await run.report()
        run.fleet.close()
    assert outcome.status == 401
    assert len(answerer.requests) <= 3
    assert (run.tally.refused, run.tally.lost) == (1, 1)


async def test_a_refusal_is_not_argued_with() -> None:
    async with answering(Answerer([Answer(403)])) as answerer:
        run = Run(answerer)
        outcome = await run.report()
        run.fleet.close()
    assert (outcome.status, outcome.mrs, len(answerer.requests)) == (403, None, 1)
    assert run.tally.lost == 1


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_busy_receiver_is_tried_again(transport: str) -> None:
    async with answering(Answerer([BUSY, BUSY])) as answerer:
        run = Run(answerer, transport=transport)
        outcome = await run.report()
        run.fleet.close()
    assert outcome.is_delivered
    assert (run.tally.busy, run.tally.again, run.tally.lost) == (2, 2, 0)
    assert len({request.call_id for request in answerer.requests}) == 3, "each attempt is a request of its own"
    assert len(set(answerer.bodies())) == 1, "but the same alarm, with the same reference"


async def test_a_receiver_that_stays_busy_has_not_got_it() -> None:
    async with answering(Answerer([BUSY] * 10)) as answerer:
        run = Run(answerer)
        outcome = await run.report()
        run.fleet.close()
    assert (outcome.status, len(answerer.requests)) == (503, QUICK.attempts)
    assert (run.tally.unanswered, run.tally.lost) == (1, 1)


async def test_silence_over_udp_is_repeated_byte_by_byte() -> None:
    async with answering(Answerer([SILENCE, SILENCE])) as answerer:
        run = Run(answerer)
        outcome = await run.report()
        run.fleet.close()
    assert outcome.is_delivered
    first, second, third = answerer.requests
    assert first == second == third
    assert run.tally.again == 0, "that is UDP's own doing, not a new attempt"


async def test_a_broken_connection_is_made_again() -> None:
    async with answering(Answerer([Answer(None, hang_up=True)])) as answerer:
        run = Run(answerer, transport="tcp")
        outcome = await run.report()
        run.fleet.close()
    assert outcome.is_delivered
    assert (run.tally.again, run.tally.lost) == (1, 0)


async def test_a_connection_that_has_gone_silent_is_given_up_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network may have lost it without either end being told."""
    monkeypatch.setattr(links, "TIMEOUT", 1.0)
    async with answering(Answerer([SILENCE])) as answerer:
        run = Run(answerer, transport="tcp")
        outcome = await run.report()
        run.fleet.close()
        assert len(answerer.connections) == 2
    assert outcome.is_delivered
    assert (run.tally.again, run.tally.lost) == (1, 0)


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_where_nobody_listens_an_alarm_is_lost_but_nothing_breaks(
    transport: str, issuer: CertificateAuthority
) -> None:
    async with answering(Answerer()) as answerer:
        pass  # its port is free again
    run = Run(answerer, issuer.certificate_file, transport=transport)
    outcome = await run.report()
    run.fleet.close()
    assert (outcome.status, outcome.mrs) == (None, None)
    assert run.tally.lost == 1
    assert run.tally.causes == {causes.REFUSED: 1}


async def test_a_closed_udp_port_is_told_apart_from_a_silent_receiver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "TIMEOUT", 0.3)
    monkeypatch.setattr(links, "retransmission_delays", lambda: iter([0.1, 0.1]))
    async with answering(Answerer([SILENCE] * 100)) as answerer:
        silent = Run(answerer)
        await silent.report()
        silent.fleet.close()
    closed = Run(answerer)
    await closed.report()
    closed.fleet.close()
    assert silent.tally.causes == {causes.SILENT: 1}
    assert closed.tally.causes == {causes.REFUSED: 1}


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_where_the_connection_is_closed_on_it_that_is_why(
    transport: str, issuer: CertificateAuthority, server_context: ssl.SSLContext
) -> None:
    hang_up = Answerer([Answer(None, hang_up=True)] * 10)
    async with answering(hang_up, server_context if transport == "tls" else None) as answerer:
        run = Run(answerer, issuer.certificate_file, transport=transport)
        await run.report()
        run.fleet.close()
    assert run.tally.causes == {causes.BROKEN: 1}


async def test_tls_to_a_port_without_it_says_so(issuer: CertificateAuthority) -> None:
    async def say_something(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"what do you want?\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(say_something, "127.0.0.1", 0)
    async with server:
        run = Run(Answerer(port=server.sockets[0].getsockname()[1]), issuer.certificate_file, transport="tls")
        await run.report()
        run.fleet.close()
    assert run.tally.causes == {"No TLS with the receiver: wrong version number.": 1}


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (None, causes.BROKEN),
        (ConnectionResetError(104, "Connection reset by peer"), causes.BROKEN),
        (ConnectionRefusedError(111, "Connect call failed"), causes.REFUSED),
        (TimeoutError(), causes.NO_CONNECTION),
        (OSError(113, "No route to host"), "The receiver cannot be reached: No route to host."),
        (OSError(), "The receiver cannot be reached."),
        (ssl.SSLError(), "No TLS with the receiver: it broke off."),
        (ValueError("x"), "The receiver cannot be reached."),
    ],
    ids=repr,
)
def test_every_cause_is_a_sentence(error: Exception | None, sentence: str) -> None:
    assert causes.cause_of(error) == sentence


@pytest.mark.parametrize(
    ("script", "heard", "counted"),
    [
        # In the first try, in the pause before the next, and where only the confirmation is still to come.
        ([SILENCE] * 10, 0, {"answered": 0, "unfinished": 1}),
        ([Answer(503, [("Retry-After", "100")])], 1, {"answered": 0, "unfinished": 1}),
        ([Answer(confirm=0)], 1, {"answered": 1, "unfinished": 0}),
    ],
    ids=["silent", "busy", "unconfirmed"],
)
async def test_what_is_stopped_before_its_answer_is_unfinished(
    script: list[Answer], heard: int, counted: dict[str, int]
) -> None:
    async with answering(Answerer(script)) as answerer:
        run = Run(answerer)
        task = asyncio.create_task(run.report())
        await wait_until(lambda: len(answerer.requests) == 1 and run.tally.busy + run.tally.answered == heard)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        run.fleet.close()
    assert run.tally.as_dict().items() >= {"sent": 1, "lost": 0, **counted}.items()
    assert run.tally.waiting == 0


async def test_a_receiver_with_a_foreign_certificate_gets_nothing(
    server_context: ssl.SSLContext, tmp_path: Path
) -> None:
    other = CertificateAuthority(tmp_path / "other")
    (tmp_path / "other").mkdir()
    other.create(datetime.now(UTC))
    async with answering(Answerer(), server_context) as answerer:
        run = Run(answerer, other.certificate_file, transport="tls")
        outcome = await run.report()
        run.fleet.close()
    assert outcome.status is None
    assert answerer.requests == []
    [cause] = run.tally.causes
    assert cause.startswith("The receiver's certificate is not trusted: ")
    assert cause.endswith(".")


async def test_an_unconfirmed_alarm_is_sent_again_with_the_same_reference() -> None:
    async with answering(Answerer([UNCONFIRMED, UNCONFIRMED])) as answerer:
        run = Run(answerer)
        outcome = await run.report()
        run.fleet.close()
    assert outcome.mrs is not None
    assert len(answerer.requests) == 3
    assert len(set(answerer.bodies())) == 1
    assert (run.tally.answered, run.tally.confirmed, run.tally.lost) == (1, 1, 0)


async def test_a_heartbeat_needs_no_confirmation() -> None:
    async with answering(Answerer([UNCONFIRMED])) as answerer:
        run = Run(answerer)
        outcome = await run.report(Report.HEARTBEAT)
        run.fleet.close()
    assert (outcome.status, outcome.mrs, len(answerer.requests)) == (200, None, 1)
    assert parse_mrq(answerer.requests[0].body).mty == "PI"
    assert run.tally.heartbeats == 1


async def test_every_copy_of_the_confirmation_is_answered() -> None:
    async with answering(Answerer([Answer(confirm=3)])) as answerer:
        run = Run(answerer)
        await run.report()
        await wait_until(lambda: len(answerer.responses) == 3)
        run.fleet.close()
    assert [response.status for response in answerer.responses] == [200] * 3


@pytest.mark.parametrize("quirk", Quirk)
async def test_every_peculiarity_reaches_a_receiver(quirk: Quirk) -> None:
    async with answering(Answerer(require_digest=("8031372", "secret", ("MD5",), True))) as answerer:
        run = Run(answerer, authentication="digest", password="secret", quirks=(quirk,))
        outcomes = [await run.report(), await run.report()]
        run.fleet.close()
    assert all(outcome.is_delivered and outcome.mrs for outcome in outcomes)
