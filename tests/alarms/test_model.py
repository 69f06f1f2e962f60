# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The life of an alarm: every state with every act, and any sequence of acts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaka.alarms.conflicts import ActConflictError
from vaka.alarms.model import HELD_STATES, OPEN_STATES, TRANSITIONS, Act, State, after, possible
from vaka.errors import Category

# One line an act, one column a state; "." cannot be done. Written from the description, not from the code.
#            received     presented    taken        suspended    handed_over  withdrawn    merged  closed
TABLE = """
present      presented    .            .            .            .            .            .       .
take         taken        taken        .            taken        taken        taken        .       .
take_over    .            .            taken        .            .            .            .       .
hear         .            .            taken        .            .            .            .       .
release      .            .            presented    presented    presented    .            .       .
suspend      .            .            suspended    .            .            .            .       .
resume       .            .            .            taken        taken        .            .       .
hand_over    .            .            handed_over  .            .            .            .       .
acknowledge  .            .            .            .            .            closed       .       .
close        .            .            closed       .            .            .            .       .
close_untaken closed      closed       .            .            .            closed       .       .
reopen       .            .            .            .            .            .            .       taken
merge        merged       merged       merged       merged       merged       merged       .       .
join         received     presented    taken        received     received     received     .       .
withdraw     withdrawn    withdrawn    taken        suspended    handed_over  withdrawn    .       .
restore      closed       closed       taken        suspended    handed_over  closed       .       .
return       .            .            .            received     received     .            .       .
lapse        .            .            received     .            .            .            .       .
escalate     received     presented    taken        .            .            .            .       .
"""
STATES = [State.RECEIVED, State.PRESENTED, State.TAKEN, State.SUSPENDED, State.HANDED_OVER, State.WITHDRAWN,
          State.MERGED, State.CLOSED]  # fmt: skip
CELLS = [
    (Act(line.split()[0]), state, None if cell == "." else State(cell))
    for line in TABLE.strip().splitlines()
    for state, cell in zip(STATES, line.split()[1:], strict=True)
]


def test_table_is_whole() -> None:
    assert len(CELLS) == len(Act) * len(State)


@pytest.mark.parametrize(("act", "state", "expected"), CELLS)
def test_every_state_with_every_act(act: Act, state: State, expected: State | None) -> None:
    if expected is not None:
        assert after(state, act) is expected
        assert act in possible(state)
        return
    with pytest.raises(ActConflictError) as refused:
        after(state, act)
    assert refused.value.category is Category.CONFLICT
    assert refused.value.state == state
    # A whole sentence in both languages, and not the same one twice.
    for text in (refused.value.sentence.sv, refused.value.sentence.en):
        assert text.endswith(".")
        assert len(text) > 15
    assert refused.value.sentence.sv != refused.value.sentence.en
    assert act not in possible(state)


def test_an_open_alarm_can_always_be_brought_to_an_end() -> None:
    for state in OPEN_STATES:
        reached, frontier = {state}, [state]
        while frontier:
            here = frontier.pop()
            for act in possible(here) - {Act.JOIN, Act.WITHDRAW, Act.RESTORE, Act.RETURN, Act.LAPSE}:
                if (there := after(here, act)) not in reached:
                    reached.add(there)
                    frontier.append(there)
        assert State.CLOSED in reached, state


def test_nothing_leaves_merged() -> None:
    assert not possible(State.MERGED)


@given(st.lists(st.sampled_from(Act), max_size=40))
def test_any_sequence_of_acts_stays_in_the_known_states(acts: list[Act]) -> None:
    """Who holds it follows from the state alone; only reopening leads out of an end."""
    state = State.RECEIVED
    for act in acts:
        if act not in possible(state):
            continue
        before, state = state, after(state, act)
        if before not in OPEN_STATES:
            assert (before, act) == (State.CLOSED, Act.REOPEN)
        # A device or a timer never puts an alarm into anybody's hands, and never out of the one who talks.
        if act in (Act.JOIN, Act.WITHDRAW, Act.RESTORE, Act.RETURN, Act.ESCALATE, Act.PRESENT):
            assert (state is State.TAKEN) == (before is State.TAKEN)
            assert state not in HELD_STATES or before in HELD_STATES


def test_every_act_is_possible_somewhere() -> None:
    assert set(TRANSITIONS) == set(Act)
    assert all(TRANSITIONS.values())
