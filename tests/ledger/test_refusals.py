# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Counting refusals: however many there are, few entries, no address, no count lost."""

from datetime import timedelta

import pytest

from tests.conftest import START
from vaka.clock import TurnedClock
from vaka.ledger.events import Event
from vaka.ledger.refusals import MOST_KINDS, SEVERAL, Refusal, RefusalCount, source_network


def counting(clock: TurnedClock) -> RefusalCount:
    return RefusalCount(Event.CONNECTION_REFUSED, "receiver:test-1", clock.now)


def test_the_same_again_is_one_entry_with_a_count(clock: TurnedClock) -> None:
    count = counting(clock)
    for _ in range(1000):
        count.note(Refusal("credentials_wrong", "192.0.2.0/24", "device:1"))
        clock.turn(0.05)
    [entry] = count.take().entries
    assert (entry.event, entry.actor, entry.object, entry.succeeded) == (
        Event.CONNECTION_REFUSED, "receiver:test-1", "device:1", False,
    )  # fmt: skip
    assert entry.detail == {"reason": "credentials_wrong", "source": "192.0.2.0/24", "count": 1000, "seconds": 49}
    assert entry.happened_at == START + timedelta(seconds=49.95)
    assert count.take().entries == []


@pytest.mark.parametrize("other", [
    Refusal("network_other", "192.0.2.0/24", "device:1"),
    Refusal("credentials_wrong", "198.51.100.0/24", "device:1"),
    Refusal("credentials_wrong", "192.0.2.0/24", "device:2"),
])  # fmt: skip
def test_what_differs_is_told_apart(clock: TurnedClock, other: Refusal) -> None:
    count = counting(clock)
    count.note(Refusal("credentials_wrong", "192.0.2.0/24", "device:1"))
    count.note(other)
    assert [entry.detail["count"] for entry in count.take().entries] == [1, 1]


def test_a_flood_from_everywhere_is_few_entries_and_every_one_is_counted(clock: TurnedClock) -> None:
    count, reasons = counting(clock), ("credentials_wrong", "handshake", "source_limit")
    for number in range(10_000):
        source = source_network(f"10.{number // 250}.{number % 250}.7")
        count.note(Refusal(reasons[number % 3], source, f"device:{number}"))
    entries = count.take().entries
    assert len(entries) == MOST_KINDS + len(reasons)
    assert sum(int(entry.detail["count"] or 0) for entry in entries) == 10_000
    beyond = [entry for entry in entries if entry.object == SEVERAL]
    assert {str(entry.detail["reason"]) for entry in beyond} == set(reasons)
    assert all(entry.detail["source"] == SEVERAL for entry in beyond)


def test_what_could_not_be_written_is_counted_together_with_what_came_since(clock: TurnedClock) -> None:
    count = counting(clock)
    refusal = Refusal("handshake", "192.0.2.0/24", "process:receiver")
    count.note(refusal)
    refused = count.take()
    clock.turn(60)
    count.note(refusal)
    refused.put_back()
    [entry] = count.take().entries
    assert (entry.detail["count"], entry.detail["seconds"]) == (2, 60)
    assert entry.happened_at == START + timedelta(seconds=60)


def test_however_long_it_cannot_be_written_the_memory_is_bounded(clock: TurnedClock) -> None:
    count = counting(clock)
    for window in range(20):
        for number in range(200):
            count.note(Refusal("handshake", f"10.{window}.{number}.0/24", "process:receiver"))
        refused = count.take()
        assert len(refused.entries) <= MOST_KINDS + 1
        refused.put_back()
    assert sum(int(entry.detail["count"] or 0) for entry in count.take().entries) == 4000


@pytest.mark.parametrize(("host", "network"), [
    ("192.0.2.77", "192.0.2.0/24"),
    ("::ffff:192.0.2.77", "192.0.2.0/24"),
    ("2001:db8:12:3456:789a::1", "2001:db8:12::/48"),
    ("fe80::1%eth0", "fe80::/48"),
    ("", "unknown"),
    ("testclient", "unknown"),
])  # fmt: skip
def test_an_address_is_told_as_the_network_around_it(host: str, network: str) -> None:
    assert source_network(host) == network
