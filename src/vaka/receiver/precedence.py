# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is read first where not everything can be read at once: whatever may be an alarm, before what plainly is none.

This decides when a message is read, never what it means. Who is served is not known before a message is read, so one
order holds for all: what any authority calls a life alarm or a request waits for none of them.
"""

from collections.abc import Iterable
from enum import IntEnum

from vaka.scaip.classes import AlarmClass, Rule, default_table
from vaka.scaip.codes import STATUSES, MessageType
from vaka.scaip.glance import glance


class Turn(IntEnum):
    """When a message is read. None of those that wait keeps the other from its turn."""

    AT_ONCE = 0
    """It may be an alarm; or it is written so oddly that nobody can tell without reading it."""
    LATER = 1
    """A fault or its end."""
    LAST = 2
    """A test, a signal or a heartbeat."""


_TURNS = {AlarmClass.LIFE: Turn.AT_ONCE, AlarmClass.REQUEST: Turn.AT_ONCE, AlarmClass.TECHNICAL: Turn.LATER}


class Precedence:
    """The order, by what the standard table and the authorities' own rules say of a kind of message."""

    def __init__(self) -> None:
        self._table = default_table()

    def set_rules(self, rules: Iterable[Rule]) -> None:
        """Take over all authorities' rules. Those that make something less urgent change nothing: they are not all's.

        Of a fault that is urgent to somebody the end is too, and the other way round, or the one would overtake the
        other.
        """
        urgent = [rule for rule in rules if _turn(rule.alarm_class) is Turn.AT_ONCE]
        paired = [other for rule in urgent if rule.pair is not None for other in _same_fault(rule, rule.pair)]
        self._table = default_table().with_overrides([*paired, *urgent])

    def turn(self, body: bytes) -> Turn:
        """Say when a message with this body is read."""
        kind = glance(body)
        return Turn.AT_ONCE if kind is None else _turn(self._table.verdict(*kind).alarm_class)


def _turn(alarm_class: AlarmClass | None) -> Turn:
    return Turn.LAST if alarm_class is None else _TURNS.get(alarm_class, Turn.LAST)


def _same_fault(rule: Rule, pair: str) -> Iterable[Rule]:
    """Rules that make everything about the same fault of the same devices urgent."""
    fault = pair.partition(".")[0]
    for mty in MessageType:
        for stc in STATUSES:
            usual = default_table().verdict(mty, rule.dty, stc).pair
            if usual is not None and usual.partition(".")[0] == fault:
                yield Rule(mty=mty, dty=rule.dty, stc=stc, alarm_class=AlarmClass.LIFE, pair=usual)
