# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the receiver remembers, and how much at most: answers, deadlines, sources, queues. No socket, no database."""

from dataclasses import dataclass
from typing import cast
from uuid import uuid4
from weakref import ref

import pytest

from vaka.receiver.allowance import Allowance, network_of
from vaka.receiver.chance import Chance
from vaka.receiver.countdown import Countdown, Reminders
from vaka.receiver.counters import Reason
from vaka.receiver.exchange import Exchange
from vaka.receiver.lanes import Arrival, Turns
from vaka.receiver.limits import Lane
from vaka.receiver.repeats import IN_WORK, RepeatKey, RepeatMemory
from vaka.receiver.unfinished import Unfinished

HERE, THERE = ("198.51.100.7", 5060), ("198.51.100.7", 5061)


MUCH = 1_000_000


def memory_of(capacity: int = 10, most_bytes: int = MUCH) -> RepeatMemory:
    """A memory for answers."""
    return RepeatMemory(capacity, most_bytes)


def remember(memory: RepeatMemory, key: RepeatKey, now: float, answer: bytes = b"200") -> None:
    """Take a datagram in and answer it when it is stored."""
    memory.begin(key, now)
    memory.settle(key, answer)


def test_a_repeat_is_the_same_bytes_from_the_same_source() -> None:
    key = memory_of().key
    assert key(HERE, b"alarm") == key(HERE, b"alarm")
    assert len({key(HERE, b"alarm"), key(THERE, b"alarm"), key(HERE, b"alarn")}) == 3


def test_an_answer_is_remembered_as_long_as_it_may_be_asked_for_again() -> None:
    memory = memory_of()
    key = memory.key(HERE, b"alarm")
    assert memory.recall(key, 100.0) is None
    memory.begin(key, 100.0)
    assert memory.recall(key, 100.0) == IN_WORK
    memory.settle(key, b"200")
    memory.forget_old(131.9)
    assert memory.recall(key, 131.9) == b"200"
    memory.forget_old(132.0)
    assert memory.recall(key, 132.0) is None
    assert (len(memory), memory.size) == (0, 0)


def test_what_was_answered_without_storing_is_soon_read_again() -> None:
    """The same heartbeat a few seconds later is a heartbeat, not a copy of the last."""
    memory = memory_of()
    key = memory.key(HERE, b"heartbeat")
    memory.begin(key, 100.0)
    memory.settle(key, b"200", at_once=True)
    assert memory.recall(key, 103.9) == b"200"
    assert memory.recall(key, 104.0) is None
    memory.begin(key, 104.0)
    memory.settle(key, b"2000", at_once=True)
    assert memory.recall(key, 107.9) == b"2000"
    assert (len(memory), memory.size) == (1, 4)
    memory.forget_old(136.0)
    assert (len(memory), memory.size) == (0, 0)


def test_what_shall_be_tried_anew_is_not_remembered() -> None:
    memory = memory_of()
    key = memory.key(HERE, b"alarm")
    memory.begin(key, 0.0)
    memory.settle(key, None)
    assert memory.recall(key, 0.0) is None
    memory.settle(key, b"late")  # an answer to what was given up is nobody's
    assert memory.recall(key, 0.0) is None


def test_the_oldest_answers_give_way() -> None:
    memory = memory_of(3)
    keys = [memory.key(HERE, bytes([number])) for number in range(100)]
    for key in keys:
        remember(memory, key, 0.0)
    assert len(memory) == 3
    assert [memory.recall(key, 0.0) for key in keys[-4:]] == [None, b"200", b"200", b"200"]


def test_long_answers_take_the_room_of_many() -> None:
    memory = memory_of(1_000, most_bytes=100)
    keys = [memory.key(HERE, bytes([number])) for number in range(100)]
    for key in keys:
        remember(memory, key, 0.0, b"x" * 30)
        assert memory.size <= 100
    assert [memory.recall(key, 0.0) is not None for key in keys[-4:]] == [False, True, True, True]
    remember(memory, memory.key(HERE, b"all"), 0.0, b"x" * 101)
    assert (len(memory), memory.size) == (0, 0)


def test_a_withdrawal_ends_the_memory_of_what_its_source_was_answered() -> None:
    memory = memory_of()
    press, cancel, neighbour = memory.key(HERE, b"press"), memory.key(HERE, b"cancel"), memory.key(THERE, b"press")
    remember(memory, press, 0.0)
    remember(memory, neighbour, 0.0)
    memory.begin(cancel, 1.0)
    memory.settle(memory.turn_page(cancel, 1.0), b"cancelled")
    assert memory.recall(memory.key(HERE, b"press"), 2.0) is None
    # A copy of the cancellation is a copy, and must not take back the press that came meanwhile.
    assert memory.recall(memory.key(HERE, b"cancel"), 2.0) == b"cancelled"
    assert memory.recall(memory.key(THERE, b"press"), 2.0) == b"200"
    remember(memory, memory.key(HERE, b"press"), 3.0, b"again")
    assert memory.recall(memory.key(HERE, b"press"), 4.0) == b"again"


def test_a_withdrawal_is_forgotten_after_all_that_it_outdates() -> None:
    memory = memory_of()
    press = memory.key(HERE, b"press")
    remember(memory, press, 0.0)
    cancel = memory.key(HERE, b"cancel")
    memory.begin(cancel, 10.0)
    memory.turn_page(cancel, 10.0)
    for now in (31.9, 32.0, 41.9, 42.0):
        memory.forget_old(now)
        assert memory.recall(memory.key(HERE, b"press"), now) is None
    assert memory.key(HERE, b"press") == press, "the source is as good as new"
    assert (len(memory), memory.size) == (0, 0)


def test_withdrawals_without_end_take_no_more_room_than_answers() -> None:
    memory = memory_of(5)
    for number in range(200):
        source = ("198.51.100.7", number % 50)
        press, cancel = memory.key(source, b"press"), memory.key(source, b"cancel")
        remember(memory, press, 0.0)
        memory.begin(cancel, 0.0)
        memory.settle(memory.turn_page(cancel, 0.0), b"cancelled")
        assert memory.recall(memory.key(source, b"press"), 0.0) is None
        assert len(memory) <= 5
        assert len(memory._chapters) <= 5


def test_a_countdown_gives_back_in_order_and_once() -> None:
    countdown = Countdown[str](2.0)
    countdown.add("a", 10.0)
    countdown.add("b", 11.0)
    assert list(countdown.due(11.9)) == []
    assert list(countdown.due(12.0)) == ["a"]
    assert list(countdown.due(13.0)) == ["b"]
    assert len(countdown) == 0


def test_what_is_added_while_counting_waits_for_the_next_time() -> None:
    countdown = Countdown[str](0.0)
    countdown.add("a", 1.0)
    for item in countdown.due(5.0):
        countdown.add(item, 1.0)
    assert len(countdown) == 1


def test_a_reminder_comes_in_order_and_once() -> None:
    reminders = Reminders[str](2.0)
    for item, now in (("a", 10.0), ("b", 11.0), ("c", 11.5), ("a", 12.0)):
        reminders.add(item, now)
    assert list(reminders.due(12.9)) == []
    assert list(reminders.due(13.0)) == ["b"]
    assert list(reminders.due(20.0)) == ["c", "a"], "whoever was added again waits anew"
    assert list(reminders.due(20.0)) == []


def test_what_is_called_off_is_not_kept() -> None:
    class Item:
        pass

    reminders = Reminders[Item](60.0)
    items = [Item() for _ in range(3)]
    gone = [ref(item) for item in items]
    for item in items:
        reminders.add(item, 0.0)
        reminders.call_off(item)
        reminders.call_off(item)
    assert len(reminders) == 0
    del items, item
    assert [item() for item in gone] == [None] * 3


def test_reminders_may_be_called_off_and_added_while_they_come() -> None:
    reminders = Reminders[str](0.0)
    for item in "abcd":
        reminders.add(item, 1.0)
    seen = []
    for item in reminders.due(5.0):
        seen.append(item)
        reminders.call_off("c")
        reminders.add(item, 5.0)
    assert sorted(set(seen)) == ["a", "b", "d"]
    assert len(reminders) == 3


@dataclass(eq=False)
class Held:
    """A connection that holds bytes, and is hung up on."""

    unfinished: Unfinished
    is_proved: bool = False
    dropped: Reason | None = None

    def drop(self, reason: Reason) -> None:
        self.dropped = reason
        self.unfinished.forget(self)


def test_who_holds_unfinished_messages_the_longest_gives_way_strangers_first() -> None:
    unfinished = Unfinished(100)
    device, *strangers = [Held(unfinished) for _ in range(4)]
    unfinished.weigh(device, 30)
    unfinished.keep(device)
    device.is_proved = True
    for stranger in strangers[:2]:
        unfinished.weigh(stranger, 30)
    unfinished.weigh(strangers[0], 35)
    assert (unfinished.size, len(unfinished)) == (95, 3)
    unfinished.weigh(strangers[2], 20)
    assert [held.dropped for held in (device, *strangers)] == [None, Reason.UNFINISHED, None, None]
    assert (unfinished.size, len(unfinished)) == (80, 3)
    unfinished.weigh(device, 90)
    assert [held.dropped is None for held in (device, *strangers)] == [True, False, False, False]
    unfinished.weigh(device, 101)
    assert device.dropped is Reason.UNFINISHED
    assert (unfinished.size, len(unfinished)) == (0, 0)


def test_what_is_finished_weighs_nothing() -> None:
    unfinished = Unfinished(100)
    holders = [Held(unfinished) for _ in range(50)]
    for holder in holders:
        unfinished.weigh(holder, 60)
        unfinished.weigh(holder, 0)
    assert (unfinished.size, len(unfinished)) == (0, 0)
    assert not any(holder.dropped for holder in holders)


def test_an_allowance_is_spent_and_comes_back() -> None:
    allowance = Allowance(2, 10)
    assert [allowance.spend("198.51.100.7", 0.0) for _ in range(4)] == [True, True, False, False]
    assert allowance.spend("198.51.100.8", 0.0)
    assert not allowance.spend("198.51.100.7", 59.9)
    assert allowance.spend("198.51.100.7", 60.0)


def test_an_allowance_remembers_only_so_many_sources() -> None:
    allowance = Allowance(1, 3)
    for number in range(50):
        allowance.spend(f"198.51.100.{number}", 0.0)
    assert len(allowance) == 3
    assert not allowance.spend("198.51.100.49", 1.0)


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001::2:3:4:5:6", "2001:0:0:2::/64"),
        ("2001::3:3:4:5:6", "2001:0:0:3::/64"),
        ("2001:db8::5:0:0:8", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_a_source_is_an_address_or_one_home_s_network(host: str, network: str) -> None:
    assert network_of(host) == network


def test_no_random_bytes_are_given_out_twice() -> None:
    chance = Chance()
    taken = [chance(12) for _ in range(5_000)]
    assert {len(piece) for piece in taken} == {12}
    assert len(set(taken)) == 5_000


def arrival(key: str) -> Arrival:
    """A message of somebody."""
    return Arrival(cast(Exchange, None), uuid4(), Lane.LIFE, key, {"texts": "", "body": ""}, b"", 0.0)


def test_a_batch_has_one_message_of_each_person_in_turn() -> None:
    turns = Turns()
    messages = [arrival(key) for key in ("a", "a", "b", "a", "c", "b")]
    for message in messages:
        turns.add(message)
    assert turns.waiting_of("a") == 3
    batches = [turns.take(10, set()) for _ in range(4)]
    assert batches == [
        [messages[0], messages[2], messages[4]],
        [messages[1], messages[5]],
        [messages[3]],
        [],
    ]
    assert turns.size == 0


def test_persons_take_turns_when_a_batch_is_small() -> None:
    turns = Turns()
    messages = [arrival(key) for key in ("a", "a", "a", "b", "c")]
    for message in messages:
        turns.add(message)
    assert [turns.take(1, set())[0].key for _ in range(5)] == ["a", "b", "c", "a", "a"]


def test_who_is_in_the_batch_already_waits_in_his_place() -> None:
    turns = Turns()
    for key in ("a", "b", "c"):
        turns.add(arrival(key))
    taken = {"a"}
    assert [message.key for message in turns.take(1, taken)] == ["b"]
    assert taken == {"a", "b"}
    assert [message.key for message in turns.take(5, set())] == ["a", "c"]


def test_what_could_not_be_stored_returns_to_the_front_in_order() -> None:
    turns = Turns()
    first, second, third = arrival("a"), arrival("b"), arrival("a")
    for message in (first, second):
        turns.add(message)
    batch = turns.take(10, set())
    turns.add(third)
    turns.put_back(batch)
    assert turns.size == 3
    assert turns.take(10, set()) == [first, second]
    assert turns.take(10, set()) == [third]


def test_a_message_is_taken_out_of_the_middle() -> None:
    turns = Turns()
    messages = [arrival(key) for key in ("a", "a", "b")]
    for message in messages:
        turns.add(message)
    turns.remove(messages[0])
    turns.remove(messages[2])
    assert (turns.size, messages[0].queue) == (1, None)
    assert turns.take(10, set()) == [messages[1]]
