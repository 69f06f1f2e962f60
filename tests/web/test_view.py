# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The bounded part of the queue that a screen shows."""

from random import Random
from uuid import UUID

from tests.web.cards import card
from vaka.web.view import LARGEST_STRANGERS, View


def places(view: View) -> list[str]:
    """What the view shows, in order."""
    return [one.place for one in view.cards]


def test_cards_stand_in_order_whatever_order_they_came_in() -> None:
    view = View([card("b"), card("a"), card("c")])
    view.change([card("aa")], [])
    assert places(view) == ["a", "aa", "b", "c"]


def test_a_card_that_moves_leaves_its_old_place() -> None:
    one = card("a")
    view = View([one, card("b")])
    moved = card("c", alarm=one.alarm, version=2)
    assert view.change([moved], []) == ([moved], [])
    assert places(view) == ["b", "c"]


def test_what_is_gone_and_unknown_is_not_told() -> None:
    one = card("a")
    view = View([one])
    assert view.change([], [one.alarm, UUID(int=7)]) == ([], [one.alarm])
    assert len(view) == 0


def test_a_full_view_gives_up_its_last_card_for_one_before_it_and_ignores_the_rest() -> None:
    first, last = card("a"), card("m")
    view = View([first, last, card("z")], largest=2)
    assert places(view) == ["a", "m"]
    assert view.change([card("x")], []) == ([], [])
    early = card("b")
    assert view.change([early], []) == ([early], [last.alarm])
    assert places(view) == ["a", "b"]


def test_it_asks_for_more_only_when_it_left_some_out_and_has_room() -> None:
    cards = [card(f"{number}") for number in range(5)]
    small = View(cards, largest=9)
    small.change([], [one.alarm for one in cards])
    assert not small.runs_dry
    full = View(cards, largest=4)
    full.change([], [one.alarm for one in cards[:2]])
    assert not full.runs_dry
    full.change([], [cards[2].alarm])
    assert full.runs_dry


def test_strangers_push_nobody_off_the_screen() -> None:
    """However many there are, and however long they have waited."""
    strangers = [card(f"a{number:03}", stranger=True) for number in range(464)]
    known = [card(f"b{number}") for number in range(3)]
    view = View([*strangers, *known])
    assert len(view) == 3 + LARGEST_STRANGERS
    assert all(one.alarm in view for one in known)
    assert (view.strangers, view.people) == (LARGEST_STRANGERS, 3)
    late = card("c")
    assert view.change([late, card("a", stranger=True)], [])[0][0] == late
    assert late.alarm in view
    assert len(view) == 4 + LARGEST_STRANGERS


def test_a_stranger_that_is_taken_leaves_its_share_to_the_next() -> None:
    first, second, third = (card(f"{n}", stranger=True) for n in range(3))
    view = View([first, second, third], largest_strangers=2)
    assert third.alarm not in view
    taken = card("9", alarm=first.alarm, version=2)
    assert view.change([taken], []) == ([taken], [])
    assert (view.strangers, view.people) == (1, 1)
    view.change([], [second.alarm])
    assert view.runs_dry
    back = card("0", alarm=first.alarm, version=3, stranger=True)
    assert view.change([back], []) == ([back], [])
    assert (view.strangers, view.people) == (1, 0)


def test_put_and_removed_in_one_change_ends_as_put() -> None:
    one = card("a")
    view = View([one])
    again = card("a", alarm=one.alarm, version=2)
    assert view.change([again], [one.alarm]) == ([again], [])


def test_a_screen_that_follows_every_change_shows_what_the_view_holds() -> None:
    """Random changes, applied as told to a model of the browser."""
    chance = Random(7)
    known = {number: card(f"{chance.randrange(50):02}", alarm=UUID(int=number)) for number in range(30)}
    view = View(known.values(), largest=10, largest_strangers=4)
    screen = {one.alarm: one for one in view.cards}
    for round_ in range(400):
        put = [
            card(f"{chance.randrange(50):02}", alarm=UUID(int=n), version=round_, stranger=chance.random() < 0.4)
            for n in chance.sample(range(40), 3)
        ]
        gone = [UUID(int=chance.randrange(40))]
        placed, removed = view.change(put, gone)
        for alarm in removed:
            del screen[alarm]
        screen |= {one.alarm: one for one in placed}
        assert screen == {one.alarm: one for one in view.cards}
        assert view.strangers == sum(one.stranger for one in view.cards) <= 4
        assert view.people == sum(not one.stranger for one in view.cards) <= 10
        assert places(view) == sorted(places(view))
