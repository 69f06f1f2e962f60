# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What the desk offers to do with an alarm: one next act, always in the same place, and the others. Pure.

This is what is offered, not what is allowed: the actions decide that for themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from vaka.alarms.model import State
from vaka.web.texts import mark

UNANSWERED = frozenset({State.RECEIVED, State.PRESENTED, State.WITHDRAWN})

# What the primary place says, per act that is done there at once, and per form whose button it is.
PRIMARY_WORDS: Mapping[str, str] = {
    "take": mark("Take"),
    "take-over": mark("Take over"),
    "hear": mark("Heard: alarmed again"),
    "resume": mark("Take up again"),
    "acknowledge": mark("Read, close"),
    "back": mark("Back"),
    "reopen": mark("Reopen"),
    "close": mark("Close"),
    "suspend": mark("Lay aside"),
    "hand-over": mark("Hand over"),
    "note": mark("Save the note"),
    "release": mark("Put back in the queue"),
    "merge": mark("Make it part"),
    "adopt": mark("Register the sender"),
}


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be done besides the primary act."""

    name: str
    word: str
    key: str
    opens: bool = True
    """Whether it opens a form; else it is done at once."""


SUSPEND = Act("suspend", mark("Lay aside"), "S")
HAND_OVER = Act("hand-over", mark("Hand over"), "H")
NOTE = Act("note", mark("Note"), "N")
RELEASE = Act("release", mark("Put back in the queue"), "R")
MERGE = Act("merge", mark("Make it part of another"), "M")
ADOPT = Act("adopt", mark("Register the sender"), "A")
TAKE = Act("take", mark("Take"), "U", opens=False)
TAKE_OVER = Act("take-over", mark("Take over"), "U")
REOPEN = Act("reopen", mark("Reopen"), "O")


@dataclass(frozen=True, slots=True)
class Standing:
    """How an operator stands to an alarm."""

    state: State
    mine: bool
    offered_to_me: bool
    may_handle: bool
    may_adopt: bool
    """Whether its sender is unknown and the operator may register it."""
    may_take_over: bool = False
    """Whether a colleague holds it and the operator may take it from there."""
    unheard: bool = False
    """Whether the person alarmed again and the holder has not answered that."""
    left: bool = False
    """Whether that has rung for everybody: then anyone's next act is to take it over."""


def next_act(standing: Standing) -> str:
    """Return the one next act; ``back`` where there is nothing to do."""
    if not standing.may_handle:
        return "back"
    match standing.state:
        case State.RECEIVED | State.PRESENTED:
            return "take"
        case State.WITHDRAWN:
            return "acknowledge"
        case State.TAKEN:
            # A new press is answered first: the closing is one key further.
            if standing.mine:
                return "hear" if standing.unheard else "close"
            return "take-over" if standing.left and standing.may_take_over else "back"
        case State.SUSPENDED:
            return "resume" if standing.mine else "take"
        case State.HANDED_OVER:
            return "take" if standing.offered_to_me else "resume" if standing.mine else "back"
        case _:
            return "back"


def other_acts(standing: Standing) -> tuple[Act, ...]:
    """Return what else can be done, in a fixed order."""
    acts = _acts_of_handling(standing) if standing.may_handle else ()
    over = standing.state in (State.CLOSED, State.MERGED)
    return (*acts, ADOPT) if standing.may_adopt and not over else acts


def _acts_of_handling(standing: Standing) -> tuple[Act, ...]:
    match standing.state:
        case State.RECEIVED | State.PRESENTED:
            return (NOTE, MERGE)
        case State.WITHDRAWN:
            return (TAKE, NOTE, MERGE)
        case State.TAKEN if standing.mine:
            return (SUSPEND, HAND_OVER, NOTE, MERGE, RELEASE)
        case State.TAKEN if standing.may_take_over:
            return (TAKE_OVER, NOTE)
        case State.SUSPENDED | State.HANDED_OVER if standing.mine:
            return (NOTE, RELEASE)
        case State.CLOSED:
            return (REOPEN, NOTE)
        case _:
            return (NOTE,)
