# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`vaka simulate` as a user runs it: what it prints, what it refuses, and with which exit code."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.simulate.answerer import Answer, Answerer, answering
from tests.waiting import wait_for
from vaka.scaip.body import parse_mrq

MODULE = (sys.executable, "-m", "vaka.simulate")
COMMAND = (sys.executable, "-c", "import sys; from vaka.commands.main import main; sys.exit(main())", "simulate")


@contextmanager
def running(answerer: Answerer) -> Iterator[Answerer]:
    """The scripted receiver, in a thread of its own."""
    started, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        async with answering(answerer):
            started.set()
            while not stop.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(60)
    try:
        yield answerer
    finally:
        stop.set()
        thread.join(60)


@contextmanager
def started(*command: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A simulator that goes on until it is told to end, and never longer than the test."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=60)


def vaka_simulate(*arguments: str | Path, answer: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], input=answer, capture_output=True, text=True, timeout=60, check=False
    )


def test_one_alarm_tells_what_the_receiver_said() -> None:
    with running(Answerer()) as receiver:
        done = vaka_simulate("alarm", "--to", f"127.0.0.1:{receiver.port}", "--cid", "8031372", "--report", "fall")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^fall \(ref [0-9]{8}\): answered 200; mrs: snu=0, after [0-9.]+ ms$", done.stdout, re.MULTILINE)
    assert "Lost:            0" in done.stdout
    [body] = receiver.bodies()
    assert (parse_mrq(body).cid, parse_mrq(body).dty) == ("8031372", 5)


def test_many_alarms_as_json() -> None:
    with running(Answerer()) as receiver:
        done = vaka_simulate("alarm", "--to", f"127.0.0.1:{receiver.port}", "--cid", "0099", "--count", "20",
                             "--rate", "500", "--transport", "tcp", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["mode"], told["sent"], told["answered"], told["mrs_received"], told["lost"]) == (
        "alarm", 20, 20, 20, 0
    )  # fmt: skip
    assert set(told["milliseconds"]) == {"p50", "p95", "p99", "max"}
    assert sorted(parse_mrq(body).cid or "" for body in receiver.bodies()) == [f"{99 + n:04d}" for n in range(20)]


def test_a_lost_alarm_is_an_exit_code() -> None:
    with running(Answerer([Answer(403)])) as receiver:
        done = vaka_simulate("alarm", "--to", f"127.0.0.1:{receiver.port}", "--cid", "8031372")
    assert done.returncode == 1
    assert "answered 403, no mrs" in done.stdout
    assert "Lost:            1 (1 refused)" in done.stdout


def test_heartbeats_and_a_storm_end_by_themselves(tmp_path: Path) -> None:
    with running(Answerer()) as receiver:
        to = f"127.0.0.1:{receiver.port}"
        beats = vaka_simulate("heartbeats", "--to", to, "--cid", "100", "--count", "20", "--interval", "1",
                              "--seconds", "2", "--json")  # fmt: skip
        seen = len(receiver.requests)
        storm = vaka_simulate("storm", "--to", to, "--cid", "100", "--count", "40", "--share", "25", "--seconds", "1",
                              "--json")  # fmt: skip
    assert 30 <= json.loads(beats.stdout)["heartbeats_answered"] <= 45
    assert all(parse_mrq(body).mty == "PI" for body in receiver.bodies()[:seen])
    assert json.loads(storm.stdout)["answered"] >= 50
    statuses = [parse_mrq(body).stc for body in receiver.bodies()[seen:]]
    assert (statuses.count(102), statuses.count(10)) == (40, 10)


def test_ctrl_c_ends_lifelike_traffic_with_a_summary() -> None:
    with running(Answerer()) as receiver, started(
        *COMMAND, "lifelike", "--to", f"127.0.0.1:{receiver.port}", "--cid", "100", "--count", "500", "--speed", "5000"
    ) as process:  # fmt: skip
        wait_for(lambda: len(receiver.requests) > 5)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    assert "Answered 200:" in out
    assert "Traceback" not in error


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_stopped_before_any_answer_it_says_how_many_are_unfinished_and_why(as_json: bool) -> None:
    with running(Answerer()) as receiver:
        pass  # its port is free again
    to = f"127.0.0.1:{receiver.port}"
    with started(
        *COMMAND, "alarm", "--to", to, "--cid", "100", "--count", "5", "--transport", "tcp",
        *(["--json"] if as_json else []),
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert any("  again " in line for line in process.stderr), "they have tried, and try again"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    if as_json:
        told = json.loads(out)
        # One that has tried often enough meanwhile, on a busy machine, is lost and not unfinished.
        assert (told["sent"], told["answered"], told["lost"] + told["unfinished"]) == (5, 0, 5)
        assert told["unfinished"] > 0
        assert told["causes"] == {"Nobody listens on that port of the receiver.": 5}
    else:
        assert re.search(r"Unfinished:      [1-5] \(stopped before an answer came\)", out)
        assert "Why no answer:   Nobody listens on that port of the receiver. (5)" in out


def test_the_devices_of_a_file_play_on_while_the_receiver_restarts(tmp_path: Path) -> None:
    """What a demo does: over all transports, for as long as it is let, through a restart of the receiver."""
    answerer = Answerer()
    devices = [
        {"cid": str(100 + number), "transport": "udp" if number % 2 else "tcp", "interval_seconds": 1}
        for number in range(10)
    ]
    path = tmp_path / "devices.json"
    with ExitStack() as stack:
        with running(answerer):
            port = answerer.port
            place = {"host": "127.0.0.1", "udp_port": port, "tcp_port": port}
            path.write_text(json.dumps({"receiver": place, "devices": devices}))
            process = stack.enter_context(started(*MODULE, "--devices", path))
            wait_for(lambda: senders(answerer, "TCP") == 5 and senders(answerer, "UDP") == 5)
        again = Answerer(port=port)
        with running(again):
            wait_for(lambda: senders(again, "TCP") == 5 and senders(again, "UDP") == 5)
            process.terminate()
            _, error = process.communicate(timeout=60)
    assert process.returncode == 0, error
    assert error == ""


REFUSED: list[tuple[list[str], str]] = [
    ([], "Missing argument"),
    (["sing"], "'sing' is not one of"),
    (["alarm"], "Say where to and who"),
    (["alarm", "--to", "127.0.0.1"], "Say where to and who"),
    (["alarm", "--to", "a b", "--cid", "1"], "is no address to send to"),
    (["alarm", "--to", "127.0.0.1:99999", "--cid", "1"], "is no address to send to"),
    (["alarm", "--to", "127.0.0.1", "--cid", "x\r\ny"], "--cid must be letters and digits"),
    (["alarm", "--to", "127.0.0.1", "--cid", "abc", "--count", "5"], "--cid must be a number"),
    (["alarm", "--to", "127.0.0.1", "--cid", "1" * 17, "--count", "5"], "number of at most 16 digits"),
    (
        ["alarm", "--to", "127.0.0.1", "--cid", "9" * 16, "--count", "5"],
        "the last --cid would be 10000000000000003, more than 16 digits",
    ),
    (["alarm", "--to", "127.0.0.1", "--cid", "1", "--count", "0"], "0 is not in the range"),
    (["alarm", "--to", "127.0.0.1", "--cid", "1", "--rate", "-1"], "-1.0 is not in the range"),
    (["alarm", "--to", "127.0.0.1", "--cid", "1", "--password-file", "/none"], "password file /none cannot be read"),
    (["alarm", "--devices", "/none"], "device file /none cannot be read"),
    (["alarm", "--devices", "/none", "--cid", "1"], "--devices says who the devices are"),
    (["storm", "--to", "127.0.0.1", "--cid", "1", "--share", "101"], "101.0 is not in the range"),
    (["storm", "--to", "127.0.0.1", "--cid", "1", "--share", "nan"], "nan is not a number"),
    (["lifelike", "--to", "127.0.0.1", "--cid", "1", "--speed", "nan"], "nan is not a number"),
    (["heartbeats", "--to", "127.0.0.1", "--cid", "1", "--seconds", "NaN"], "nan is not a number"),
]


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED, ids=[" ".join(words) for words, _ in REFUSED])
def test_bad_input_gets_a_sentence(arguments: list[str], sentence: str) -> None:
    done = vaka_simulate(*arguments)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_another_machine_is_asked_about_first(answer: str) -> None:
    done = vaka_simulate("alarm", "--to", "192.0.2.1", "--cid", "1", answer=answer)
    assert done.returncode == 1
    assert "is another machine" in done.stderr
    assert done.stdout == ""


def senders(answerer: Answerer, transport: str) -> int:
    return len({request.from_.user for request in answerer.requests if request.top_via.transport == transport})
