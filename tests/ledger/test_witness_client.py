# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Witnesses over HTTP: ours and another's, asked by our client and by another's, killed, and badly behaved."""

import asyncio
import importlib
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from tests.ledger.sample import LOG, SEEN_AT, SampleLog, entries, log_key, policy, sample_log
from tests.ledger.watched import (
    WITNESS,
    Running,
    another_log,
    another_running,
    asked,
    new_witness,
    other_history,
    proves,
    running,
    signed,
    witness_key,
)
from tests.peers import require_module
from vaka.clock import Clock, SystemClock, TurnedClock
from vaka.errors import ConfigurationError
from vaka.ledger.cosignatures import Policy, require_quorum, verify_cosignatures
from vaka.ledger.notes import Note
from vaka.ledger.signer import LedgerHaltedError
from vaka.ledger.tree import prove_consistency
from vaka.ledger.witness import WitnessFiles
from vaka.ledger.witness_client import WitnessClient, WitnessError, WitnessFault
from vaka.ledger.witness_requests import Answer, answer_signatures, answer_size, refuse
from vaka.ledger.witness_server import WitnessServer

pytestmark = pytest.mark.anyio

CLOCK = SystemClock()


@pytest.fixture
def theirs() -> ModuleType:
    """Somebody else's witness, and somebody else's client."""
    require_module("aics_witness")
    return importlib.import_module("aics_witness")


@pytest.fixture(params=["ours", "another's"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A witness of the sample log, with the same key whoever's program it is."""
    if request.param == "ours":
        new_witness(tmp_path / "witness")
        with running(tmp_path / "witness") as witness:
            yield witness.url
        return
    with another_running(tmp_path) as url:
        yield url


def cosigned(note: Note, lines: Sequence[object]) -> list[str]:
    """Who has cosigned, by the witness's own key."""
    found = verify_cosignatures(note.with_signatures(lines), Policy((witness_key(),), 1))  # type: ignore[arg-type]
    return [each.witness for each in found]


async def test_client_follows_a_growing_log(url: str) -> None:
    client = WitnessClient(url, witness_key(), CLOCK)
    log = SampleLog()
    for size in (1, 7, 256, 257, 1000, 1000):
        log.append(entries(size - log.edge.size, log.edge.size))
        note = signed(log, LOG)
        assert cosigned(note, await client.cosign(note, proves(log))) == [WITNESS.name]
    await asyncio.to_thread(_check_policy, log)


def _check_policy(log: SampleLog) -> None:
    """What our own witness makes counts like any other's cosignature."""
    note = signed(log, LOG).with_signatures([WITNESS.cosign(signed(log, LOG).text, 5)])
    assert require_quorum(note, Policy((witness_key(),), 1), log_key())
    assert policy(1).witnesses


async def test_client_that_was_started_anew_learns_the_size(url: str) -> None:
    log = sample_log(300)
    note = signed(log, LOG)
    assert await WitnessClient(url, witness_key(), CLOCK).cosign(note, proves(log))
    assert await WitnessClient(url, witness_key(), CLOCK).latest_size(note) == 300
    log.append(entries(200, 300))
    note = signed(log, LOG)
    assert cosigned(note, await WitnessClient(url, witness_key(), CLOCK).cosign(note, proves(log))) == [WITNESS.name]


async def test_witness_that_saw_nothing_has_the_size_it_is_shown(url: str) -> None:
    note = signed(sample_log(30), LOG)
    client = WitnessClient(url, witness_key(), CLOCK)
    assert [await client.latest_size(note) for _ in range(2)] == [30, 30]


@pytest.mark.parametrize("restarted", [False, True])
async def test_log_from_an_older_backup_is_halted(url: str, restarted: bool) -> None:
    client = WitnessClient(url, witness_key(), CLOCK)
    log, older = sample_log(300), sample_log(200)
    await client.cosign(signed(log, LOG), proves(log))
    client = WitnessClient(url, witness_key(), CLOCK) if restarted else client
    assert await client.latest_size(signed(older, LOG)) == 300
    with pytest.raises(LedgerHaltedError) as halted:
        await client.cosign(signed(older, LOG), proves(older))
    assert halted.value.reason == "older"


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("size", [300, 301, 512])
async def test_log_with_two_histories_is_halted(url: str, size: int, restarted: bool) -> None:
    client = WitnessClient(url, witness_key(), CLOCK)
    log, other = sample_log(300), other_history(size)
    await client.cosign(signed(log, LOG), proves(log))
    client = WitnessClient(url, witness_key(), CLOCK) if restarted else client
    with pytest.raises((LedgerHaltedError, WitnessError)) as stopped:
        await client.cosign(signed(other, LOG), proves(other))
    assert isinstance(stopped.value, LedgerHaltedError)
    assert stopped.value.reason == "different"


async def test_log_that_is_not_watched_is_no_reason_to_halt(url: str) -> None:
    client = WitnessClient(url, witness_key(), CLOCK)
    with pytest.raises(WitnessError) as refused:
        await client.cosign(another_log(), proves(sample_log(20)))
    assert (refused.value.code, refused.value.status) == (WitnessFault.REFUSED, 404)


def test_another_client_follows_our_witness(theirs: ModuleType, tmp_path: Path) -> None:
    new_witness(tmp_path / "witness")
    log = SampleLog()
    with running(tmp_path / "witness") as witness:
        client = theirs.WitnessClient(witness.url, witness_key().encode(), max_attempts=1)
        for size in (1, 7, 256, 257, 1000, 1000):
            log.append(entries(size - log.edge.size, log.edge.size))
            note = signed(log, LOG).encode()
            nodes = log.nodes()
            lines = client.submit(note, lambda old, new, nodes=nodes: prove_consistency(old, new, nodes))
            assert lines.count("\n") == 1
        with pytest.raises(theirs.WitnessAhead):
            client.submit(signed(sample_log(9), LOG).encode(), lambda old, new: [])
        other = other_history(1200)
        with pytest.raises(theirs.WitnessRejected, match="422"):
            client.submit(signed(other, LOG).encode(), lambda old, new: prove_consistency(old, new, other.nodes()))
        with pytest.raises(theirs.FeederError):
            client.submit(signed(other_history(1000), LOG).encode(), lambda old, new: [])
        client.close()
    assert WitnessFiles(tmp_path / "witness").load_seen(log_key()).checkpoint.size == 1000


KILLED = {
    "before the state is written": ("vaka.ledger.witness.replace_file", False),
    "between state and cosignature": ("vaka.ledger.cosignatures.WitnessSigner.cosign", True),
    "between cosignature and answer": ("vaka.ledger.witness.answer_signatures", True),
}


@pytest.mark.parametrize(("where", "is_written"), KILLED.values(), ids=KILLED)
async def test_witness_killed_while_it_works_never_goes_back(tmp_path: Path, where: str, is_written: bool) -> None:
    files = new_witness(tmp_path / "witness")
    log, grown, other = sample_log(10), sample_log(20), other_history(20)
    module, _, name = where.rpartition(".")
    target = "WitnessSigner" if "WitnessSigner" in module else ""
    module = module.removesuffix(".WitnessSigner")
    kill = (
        f"import os, signal, {module} as m\n"
        f"setattr({f'm.{target}' if target else 'm'}, {name!r}, lambda *_: os.kill(os.getpid(), signal.SIGKILL))"
    )
    with running(files.root) as witness:
        await WitnessClient(witness.url, witness_key(), CLOCK).cosign(signed(log, LOG), proves(log))
    with running(files.root, before=kill) as witness:
        with pytest.raises(WitnessError) as lost:
            await WitnessClient(witness.url, witness_key(), CLOCK).cosign(signed(grown, LOG), proves(grown))
        assert lost.value.code in (WitnessFault.UNREACHABLE, WitnessFault.ANSWER)
        assert witness.process.wait() == -signal.SIGKILL
    assert files.load_seen(log_key()).checkpoint.size == (20 if is_written else 10)
    with running(files.root) as witness:
        client = WitnessClient(witness.url, witness_key(), CLOCK)
        with pytest.raises(LedgerHaltedError):
            await client.cosign(signed(other, LOG), proves(other))
        assert await client.cosign(signed(grown, LOG), proves(grown))


async def test_witness_killed_at_any_moment_never_goes_back(tmp_path: Path) -> None:
    files = new_witness(tmp_path / "witness")
    log, size = SampleLog(), 0
    for number in range(6):
        with running(files.root) as witness:
            client = WitnessClient(witness.url, witness_key(), CLOCK)
            killer = asyncio.get_running_loop().call_later(0.02 * number, witness.process.kill)
            with suppress(WitnessError):
                while True:
                    log.append(entries(1, log.edge.size))
                    await client.cosign(signed(log, LOG), proves(log))
                    size = log.edge.size
            killer.cancel()
        assert files.load_seen(log_key()).checkpoint.size in (size, log.edge.size)
    assert size


async def test_our_witness_stops_when_told_to_and_keeps_the_others_out(tmp_path: Path) -> None:
    files = new_witness(tmp_path / "witness")
    with running(files.root) as witness:
        with pytest.raises(ConfigurationError, match="at work"), files.held("running"):
            pass
        witness.process.terminate()
        assert witness.process.wait() == 0
    with files.held("running"):
        pass


# --- bounds of the server ---------------------------------------------------------------------------------------------


@pytest.fixture
def ours(tmp_path: Path) -> Iterator[Running]:
    new_witness(tmp_path / "witness")
    with running(tmp_path / "witness") as witness:
        yield witness


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/add-checkpoint", b"old 0", 400),
        ("POST", "/add-checkpoint", b"", 400),
        ("GET", "/add-checkpoint", b"", 405),
        ("POST", "/", b"", 404),
        ("POST", "/add-checkpoint/", b"", 404),
        ("POST", "/add-checkpoint", b"x" * 65_537, 413),
        ("POST", "/add-checkpoint", b"x" * 65_536, 400),
    ],
)
def test_only_one_thing_can_be_asked(ours: Running, method: str, path: str, body: bytes, status: int) -> None:
    assert httpx.request(method, ours.url + path, content=body).status_code == status


def test_length_that_is_not_told_is_bounded_too(ours: Running) -> None:
    answer = httpx.post(f"{ours.url}/add-checkpoint", content=iter([b"x" * 10_000] * 8))
    assert answer.status_code == 413


def test_connection_is_kept_for_the_next_request(ours: Running) -> None:
    log = SampleLog()
    with httpx.Client() as client:
        for size in range(1, 6):
            log.append(entries(1, size - 1))
            body = asked(log, size - 1, signed(log, LOG))
            answer = client.post(f"{ours.url}/add-checkpoint", content=body)
            assert (answer.status_code, "close" in answer.headers.get("connection", "")) == (200, False)


@pytest.mark.parametrize("sent", [b"\0" * 100, b"GET / HTTP/9\r\n\r\n", b"x" * 40_000, b"POST / HTTP/1.1\r\n\r\n"])
async def test_what_is_not_http_is_answered_and_closed(ours: Running, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", ours.port)
    writer.write(sent)
    writer.write_eof()
    assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    writer.close()
    assert httpx.post(f"{ours.url}/add-checkpoint", content=b"").status_code == 400


async def test_slow_and_many_hold_nobody_up() -> None:
    """Who sends half a request is closed, and who comes when there are too many at once."""
    server = WitnessServer(lambda _: refuse(200, "yes"), request_seconds=1.0)
    listening = await asyncio.start_server(server.serve_connection, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(80)]
        for _, writer in slow:
            with suppress(OSError):
                writer.write(b"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
        for reader, writer in slow:
            with suppress(OSError):
                assert await reader.read() == b""
            writer.close()
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"http://127.0.0.1:{port}/add-checkpoint", content=b"")
        assert answer.text == "yes\n"


# --- a witness that behaves badly -------------------------------------------------------------------------------------


@dataclass
class Scripted:
    """A witness that answers what it is told to."""

    answers: list[Answer]

    def respond(self, _: bytes) -> Answer:
        return self.answers.pop(0)


async def ask_scripted(answers: list[Answer], clock: Clock, note: Note, log: SampleLog) -> WitnessClient:
    server = WitnessServer(Scripted(answers).respond)
    listening = await asyncio.start_server(server.serve_connection, "127.0.0.1", 0)
    async with listening:
        client = WitnessClient(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", witness_key(), clock)
        while answers:
            await client.cosign(note, proves(log))
    return client


FOREIGN = [line.encode() for line in signed(sample_log(20), LOG).signatures]
FALSE = [WITNESS.cosign(signed(sample_log(19), LOG).text, SEEN_AT).encode()]
SCRIPTS: dict[str, tuple[list[Answer], WitnessFault]] = {
    "no signature": ([Answer(200, b"")], WitnessFault.ANSWER),
    "no text": ([Answer(200, b"\xff\n")], WitnessFault.ANSWER),
    "another's signature": ([answer_signatures(FOREIGN)], WitnessFault.ANSWER),
    "its signature of something else": ([answer_signatures(FALSE)], WitnessFault.ANSWER),
    "a conflict without a size": ([refuse(409, "no")], WitnessFault.ANSWER),
    "the size that was told": ([answer_size(0)], WitnessFault.ANSWER),
    "a size that is none": ([Answer(409, b"many\n", "text/x.tlog.size")], WitnessFault.ANSWER),
    "another size each time": ([answer_size(n) for n in (3, 4, 5)], WitnessFault.BUSY),
    "forbidden": ([refuse(403, "no")], WitnessFault.REFUSED),
    "out of order": ([refuse(500, "no")], WitnessFault.REFUSED),
    "endless": ([Answer(200, b"x" * 70_000)], WitnessFault.ANSWER),
}  # fmt: skip


@pytest.mark.parametrize(("answers", "fault"), SCRIPTS.values(), ids=SCRIPTS)
async def test_bad_answer_gives_no_cosignature(clock: TurnedClock, answers: list[Answer], fault: WitnessFault) -> None:
    log = sample_log(20)
    with pytest.raises(WitnessError) as refused:
        await ask_scripted([*answers], clock, signed(log, LOG), log)
    assert refused.value.code is fault


@pytest.mark.parametrize(("seconds", "used"), [(0, True), (299, True), (-299, True), (301, False), (-301, False)])
async def test_cosignature_of_another_time_is_not_used(clock: TurnedClock, seconds: int, used: bool) -> None:
    log = sample_log(20)
    note = signed(log, LOG)
    line = WITNESS.cosign(note.text, int(clock.now().timestamp()) + seconds)
    answers = [answer_signatures([line.encode()])]
    if used:
        await ask_scripted(answers, clock, note, log)
        return
    with pytest.raises(WitnessError) as refused:
        await ask_scripted(answers, clock, note, log)
    assert refused.value.code is WitnessFault.CLOCK


async def test_witness_that_forgot_is_not_believed(clock: TurnedClock) -> None:
    log = sample_log(20)
    note = signed(log, LOG)
    line = WITNESS.cosign(note.text, int(clock.now().timestamp())).encode()
    with pytest.raises(WitnessError) as refused:
        await ask_scripted([answer_signatures([line]), answer_size(3)], clock, note, log)
    assert refused.value.code is WitnessFault.ROLLED_BACK


async def test_nobody_there_is_no_reason_to_halt(clock: TurnedClock) -> None:
    log = sample_log(20)
    with pytest.raises(WitnessError) as refused:
        await WitnessClient("http://127.0.0.1:9", witness_key(), clock).cosign(signed(log, LOG), proves(log))
    assert refused.value.code is WitnessFault.UNREACHABLE


@pytest.mark.parametrize(
    "url",
    ["", "witness.example", "ftp://a", "http://", "http://a:b", "http://a?b", "http://u@a", "http://a/ö", "http://["],
)
def test_address_that_is_none_is_refused(clock: TurnedClock, url: str) -> None:
    with pytest.raises(ConfigurationError):
        WitnessClient(url, witness_key(), clock)
