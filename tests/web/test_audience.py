# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What one set of desks is told, what a browser that comes back has missed, and what becomes of a slow one."""

import json

import pytest

from tests.web.cards import EKBACKA, NOON, NORRVIK, card
from vaka.web.audience import LARGEST_BACKLOG, LARGEST_CATCH_UP, LARGEST_RING, Audience, Numbers, Subscriber

NUMBERS = Numbers(waiting=1, oldest=NOON, open=1, on_duty=1, trouble=False)


def audience(*cards: object) -> Audience:
    """An audience of Ekbacka that has seen event 10."""
    return Audience(frozenset({EKBACKA}), "sv", "e1", 10, cards)  # type: ignore[arg-type]


def test_a_message_is_one_event_in_one_line_of_data() -> None:
    message = audience(card()).message_all(NUMBERS, NOON).decode()
    assert message.startswith("id: e1-10\nevent: all\ndata: {")
    assert message.endswith("}\n\n")
    assert message.count("\n") == 4


def test_people_are_named_only_where_they_may_be() -> None:
    here, there = card(), card(authority=NORRVIK)
    both = frozenset({EKBACKA, NORRVIK})
    told = Audience(both, "sv", "e1", 10, [here, there], named=frozenset({EKBACKA})).message_all(NUMBERS, NOON)
    put = {one["id"]: "nameless" in one for one in json.loads(told.partition(b"data: ")[2])["put"]}
    assert put == {str(here.alarm): False, str(there.alarm): True}
    # Whoever forgets to say so names nobody.
    assert Audience(both, "sv", "e1", 10, [here, there]).message_all(NUMBERS, NOON).count(b"nameless") == 2


def test_who_saw_the_last_event_has_missed_nothing() -> None:
    assert audience().missed_since("e1-10") == ([], [])


def test_who_comes_back_is_told_the_newest_of_each_once() -> None:
    group = audience()
    first, second = card("a"), card("b")
    newer = card("a", alarm=first.alarm, version=2)
    group.change([first, second], [], 11)
    group.change([newer], [], 12)
    group.change([], [second.alarm], 13)
    assert group.missed_since("e1-10") == ([newer], [second.alarm])
    assert group.missed_since("e1-12") == ([], [second.alarm])


@pytest.mark.parametrize(
    "last_seen", ["", "e1", "e1-", "e2-10", "e1-9", "e1-11", "e1--10", "e1-٣", "e1-1e1", "-10", "e1-" + "1" * 5000]
)
def test_who_was_elsewhere_gets_the_whole_view(last_seen: str) -> None:
    assert audience().missed_since(last_seen) is None


def test_what_is_remembered_is_bounded() -> None:
    group = audience()
    for number in range(LARGEST_RING + 5):
        group.change([card("a")], [], 11 + number)
    assert group.missed_since("e1-10") is None
    assert group.missed_since(f"e1-{11 + LARGEST_RING}") is not None


def test_who_missed_very_much_gets_the_whole_view() -> None:
    group = audience()
    group.change([card(f"{number:04}") for number in range(LARGEST_CATCH_UP + 1)], [], 11)
    assert group.missed_since("e1-10") is None


def test_a_new_view_cannot_be_caught_up_with_from_an_older_one() -> None:
    group = audience()
    group.change([card()], [], 11)
    group.refill([], 12)
    assert group.missed_since("e1-11") is None
    assert group.missed_since("e1-12") == ([], [])


@pytest.mark.anyio
async def test_a_desk_gets_its_messages_in_order() -> None:
    desk = Subscriber(audience(), EKBACKA, EKBACKA)
    desk.push(b"1")
    desk.push(b"2")
    assert [await desk.next(0), await desk.next(0), await desk.next(0)] == [b"1", b"2", None]


@pytest.mark.anyio
async def test_a_slow_desk_is_bounded_and_gets_the_whole_view_instead() -> None:
    desk = Subscriber(audience(), EKBACKA, EKBACKA)
    for number in range(LARGEST_BACKLOG + 100):
        desk.push(b"%d" % number)
    assert desk.is_behind
    assert await desk.next(0) is None
    desk.caught_up()
    desk.push(b"news")
    assert await desk.next(0) == b"news"


@pytest.mark.anyio
async def test_a_desk_that_has_to_end_gets_nothing_more() -> None:
    desk = Subscriber(audience(), EKBACKA, EKBACKA)
    desk.push(b"1")
    desk.end("signed_out")
    assert await desk.next(60) is None
    assert desk.ended == "signed_out"
