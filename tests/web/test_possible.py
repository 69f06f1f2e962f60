# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The one next act for everybody and every state, and that no two acts share a key."""

import re
from itertools import product

import pytest

from tests.web.browsers import Browser
from vaka.alarms.model import State
from vaka.web.desk import possible
from vaka.web.desk.possible import PRIMARY_WORDS, Act, Standing, next_act, other_acts
from vaka.web.desk.screen import QUICK_KEYS

MINE, OFFERED, OTHER = (True, False), (False, True), (False, False)


def standing(state: State, mine: bool, offered: bool, *, handle: bool = True, adopt: bool = False) -> Standing:
    """An operator before an alarm."""
    return Standing(state, mine, offered, handle, adopt)


@pytest.mark.parametrize(
    ("state", "to_me", "act"),
    [
        (State.RECEIVED, OTHER, "take"), (State.PRESENTED, OTHER, "take"), (State.WITHDRAWN, OTHER, "acknowledge"),
        (State.TAKEN, MINE, "close"), (State.TAKEN, OTHER, "back"), (State.SUSPENDED, MINE, "resume"),
        (State.SUSPENDED, OTHER, "take"), (State.HANDED_OVER, OFFERED, "take"), (State.HANDED_OVER, MINE, "resume"),
        (State.HANDED_OVER, OTHER, "back"), (State.CLOSED, OTHER, "back"), (State.MERGED, OTHER, "back"),
    ],
)  # fmt: skip
def test_the_next_act(state: State, to_me: tuple[bool, bool], act: str) -> None:
    assert next_act(standing(state, *to_me)) == act
    assert next_act(standing(state, *to_me, handle=False)) == "back"


@pytest.mark.parametrize(("state", "to_me", "adopt"), list(product(State, (MINE, OFFERED, OTHER), (False, True))))
def test_every_act_has_its_word_and_a_key_of_its_own(state: State, to_me: tuple[bool, bool], adopt: bool) -> None:
    acts = other_acts(standing(state, *to_me, adopt=adopt))
    keys = [act.key for act in acts]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & {"J", "K", "T", "B"}
    assert {act.name for act in acts} <= PRIMARY_WORDS.keys()
    assert next_act(standing(state, *to_me)) in PRIMARY_WORDS


def test_a_new_press_comes_before_closing() -> None:
    assert next_act(Standing(State.TAKEN, True, False, True, False, unheard=True)) == "hear"
    assert next_act(Standing(State.TAKEN, False, False, True, False, unheard=True)) == "back"


@pytest.mark.parametrize(
    ("left", "may", "act"), [(True, True, "take-over"), (True, False, "back"), (False, True, "back")]
)
def test_what_rings_for_all_although_somebody_has_it_is_taken_over_next(left: bool, may: bool, act: str) -> None:
    ringing = Standing(State.TAKEN, False, False, True, False, may_take_over=may, unheard=True, left=left)
    assert next_act(ringing) == act
    mine = Standing(State.TAKEN, True, False, True, False, unheard=True, left=left)
    assert next_act(mine) == "hear"


@pytest.mark.parametrize(("state", "mine", "offered"), [
    (State.TAKEN, False, ["take-over", "note"]), (State.TAKEN, True, None), (State.SUSPENDED, False, None),
])  # fmt: skip
def test_only_what_a_colleague_holds_is_taken_over(state: State, mine: bool, offered: list[str] | None) -> None:
    names = [act.name for act in other_acts(Standing(state, mine, False, True, False, may_take_over=True))]
    assert names == offered or (offered is None and "take-over" not in names)


def test_who_may_not_handle_is_offered_nothing_but_registering() -> None:
    assert other_acts(standing(State.TAKEN, *MINE, handle=False)) == ()
    assert [act.name for act in other_acts(standing(State.PRESENTED, *OTHER, handle=False, adopt=True))] == ["adopt"]


@pytest.mark.anyio
async def test_the_list_of_keys_names_every_key(olga: Browser) -> None:
    page = (await olga.get("/")).text
    listed = page.partition('<dialog id="keys"')[2].partition("</dialog>")[0]
    keys = {key for line in re.findall(r"<kbd>([^<]+)</kbd>", listed) for key in line.split()}
    acts = {act.key for act in vars(possible).values() if isinstance(act, Act)}
    assert {"S", "H", "N", "R", "M", "A", "U", "O"} <= acts
    # Besides the acts: the next one, the queue, closing many, the text field of a form, leaving it, the list itself.
    assert acts | {"Mellanslag", "↑", "↓", "J", "K", "Enter", "B", "T", "Ctrl", "Esc", "?"} <= keys
    # And the choices of a closing list.
    assert {"0–9", "A–Z"} <= keys
    assert set(QUICK_KEYS) <= set("0123456789abcdefghijklmnopqrstuvwxyz")
