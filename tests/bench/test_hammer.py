# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The load generator behaves as devices do, and counts what it did. Its numbers are only worth what this says."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bench import hammer
from bench.datagrams import FIRST_SENDER, PASSWORD, REPORTS, Series
from bench.driving import drive
from bench.hammer import Hammer, Plan
from tests.simulate.answerer import SILENCE, Answer, Answerer, answering
from vaka.scaip.body import parse_mrq
from vaka.scaip.classes import AlarmClass, classify, default_table
from vaka.sip.message import Request
from vaka.sip.parse import parse

PLAN = Plan("life", 1, FIRST_SENDER, 10, 0, seconds=5.0, most=20, outstanding=4, linger=1.0, sockets=3)


@contextmanager
def running(answerer: Answerer) -> Iterator[Answerer]:
    started, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        async with answering(answerer):
            started.set()
            while not stop.is_set():
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(60)
    try:
        yield answerer
    finally:
        stop.set()
        thread.join(60)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is repeated because this machine has more to do: what is repeated was lost."""
    monkeypatch.setattr(hammer, "T1", 3.0)


@pytest.mark.parametrize("report", REPORTS)
def test_its_messages_are_what_they_say(report: str) -> None:
    series = Series(report, 7, FIRST_SENDER, 3, 5060)
    found = parse(series.render(4, 4711))
    assert isinstance(found, Request)
    mrq = parse_mrq(found.body)
    assert mrq.deviations == ()
    assert classify(mrq, default_table()).alarm_class is AlarmClass(report)
    assert (mrq.cid, found.from_.user, mrq.ref) == ("10000001", "10000001", "0000000700000004")
    assert 500 < len(found.body) < 600


def test_a_closed_loop_keeps_so_many_under_way(patient: None) -> None:
    with running(Answerer()) as receiver:
        result = Hammer(replace(PLAN, port=receiver.port)).run()
    assert (result.sent, result.answered, result.confirmed, result.unanswered) == (20, 20, 20, 0)
    assert len({request.body for request in receiver.requests}) == 20
    assert len(receiver.responses) == 20
    assert 0 < result.p50 <= result.p99 <= result.max


def test_an_open_loop_sends_when_it_is_due_and_repeats_what_is_lost(patient: None) -> None:
    with running(Answerer([SILENCE, Answer(503)])) as receiver:
        plan = replace(PLAN, port=receiver.port, rate=50.0, outstanding=0, most=10, linger=30.0)
        result = Hammer(plan).run()
    assert (result.sent, result.answered, result.busy, result.unanswered, result.repeated) == (10, 9, 1, 0, 1)
    assert result.max >= 3_000, "the lost one was answered when it was repeated"


def test_it_proves_itself_when_asked(patient: None) -> None:
    answerer = Answerer(require_digest=(str(FIRST_SENDER), PASSWORD, ("MD5",), True), realm="vaka")
    with running(answerer) as receiver:
        result = Hammer(replace(PLAN, port=receiver.port, senders=1, digest=True)).run()
    assert (result.answered, result.refused) == (20, 0)
    assert len(receiver.requests) == 40


def test_a_run_in_a_process_of_its_own_names_what_was_answered(tmp_path: Path) -> None:
    with running(Answerer([Answer(503)])) as receiver:
        measured, answered = drive(replace(PLAN, port=receiver.port), tmp_path, {"other": lambda: 0.0})
    assert measured.result.answered == len(answered) == 19
    said = {parse_mrq(body).ref for body in receiver.bodies()}
    assert answered < said
    assert measured.as_dict()["other_cores"] == 0.0
