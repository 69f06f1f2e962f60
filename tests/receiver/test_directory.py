# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an authority's own rules make of messages: how urgent they are, never what they do, and nothing by accident."""

from uuid import UUID

import pytest
from structlog.testing import capture_logs

from tests.identities import IDENTITIES
from vaka.logs import ALLOWED_FIELDS
from vaka.receiver.directory import Directory
from vaka.scaip.classes import AlarmClass, Effect, RuleTable, default_table
from vaka.scaip.codes import DEVICE_TYPES, STATUSES, MessageType
from vaka.tenants.directory import ClassOverride

AUTHORITY, ANOTHER = UUID(int=1), UUID(int=2)
LIFE, REQUEST, TECHNICAL = AlarmClass.LIFE, AlarmClass.REQUEST, AlarmClass.TECHNICAL
TEST, SIGNAL, HEARTBEAT = AlarmClass.TEST, AlarmClass.SIGNAL, AlarmClass.HEARTBEAT
RAISE, WITHDRAW, RESTORE, NONE = Effect.RAISE, Effect.WITHDRAW, Effect.RESTORE, Effect.NONE

Override = tuple[str | None, int | None, int | None, str]


def table(*overrides: Override) -> RuleTable:
    """What codes mean to an authority with these rules: (message type, device type, status, class)."""
    directory = Directory(IDENTITIES)
    directory.set_overrides([ClassOverride(AUTHORITY, *override) for override in overrides])
    return directory.table(AUTHORITY)


# One row each: the authority's rule, a message (mty, dty, stc), and what it means now.
ONE_RULE = [
    # Without a message type: events and information.
    ((None, 46, None, "technical"), ("ME", 46, 9), (TECHNICAL, RAISE, "lift", None)),
    ((None, 46, None, "technical"), ("IN", 46, 70), (TECHNICAL, RAISE, "information", None)),
    ((None, None, 16, "life"), ("IN", 3, 16), (LIFE, RAISE, "battery", "battery")),
    # Only the class is another: the fault is still the fault that its restoral ends.
    ((None, None, 67, "technical"), ("ME", 3, 67), (TECHNICAL, RAISE, "malfunction", "malfunction")),
    ((None, 23, 15, "technical"), ("ME", 23, 15), (TECHNICAL, RESTORE, "battery", "battery")),
    (("RE", None, 16, "technical"), ("RE", 3, 16), (TECHNICAL, RESTORE, "battery", "battery")),
    # A cancellation still cancels.
    ((None, None, 19, "life"), ("ME", 2, 19), (LIFE, WITHDRAW, "cancel", None)),
    ((None, 2, 19, "request"), ("ME", 2, 19), (REQUEST, WITHDRAW, "cancel", None)),
    (("RE", None, 93, "life"), ("RE", 2, 93), (LIFE, WITHDRAW, "reset", None)),
    # Where the class has no room for it, the class's own.
    ((None, None, 15, "life"), ("ME", 3, 15), (LIFE, RAISE, "battery", "battery")),
    ((None, None, 14, "signal"), ("ME", 3, 14), (SIGNAL, NONE, "battery", "battery")),
    ((None, None, 15, "signal"), ("ME", 3, 15), (SIGNAL, NONE, "battery", "battery")),
    ((None, None, 19, "signal"), ("ME", 2, 19), (SIGNAL, NONE, "cancel", None)),
    # Of heartbeats alone: louder, or quieter, or as they are.
    (("PI", 46, None, "technical"), ("PI", 46, 9), (TECHNICAL, RAISE, "heartbeat", None)),
    (("PI", 46, None, "heartbeat"), ("PI", 46, 9), (HEARTBEAT, NONE, "heartbeat", None)),
    (("IN", 11, None, "request"), ("IN", 11, 70), (REQUEST, RAISE, "information", None)),
    (("ME", None, 87, "request"), ("ME", 2, 87), (REQUEST, RAISE, "staff", None)),
]


@pytest.mark.parametrize(("override", "message", "verdict"), ONE_RULE)
def test_a_rule_of_an_authority(override: Override, message: tuple[str, int, int], verdict: tuple[object, ...]) -> None:
    assert table(override).verdict(*message) == verdict


@pytest.mark.parametrize("alarm_class", AlarmClass)
@pytest.mark.parametrize(("dty", "stc"), [(46, None), (None, 16), (None, 92), (3, 16)])
@pytest.mark.parametrize("mty", ["PI", "RE", "XX"])
def test_a_rule_without_message_type_leaves_heartbeats_and_resets_alone(
    mty: str, dty: int | None, stc: int | None, alarm_class: str
) -> None:
    """Else one line about lifts would make alarms of their heartbeats, or of every reset."""
    own = table((None, dty, stc, alarm_class))
    for device_type in (None, *DEVICE_TYPES):
        for status in (None, *STATUSES):
            assert own.verdict(mty, device_type, status) == default_table().verdict(mty, device_type, status)


@pytest.mark.parametrize("mty", MessageType)
def test_a_message_type_that_is_named_is_the_only_one_concerned(mty: str) -> None:
    for other in MessageType:
        found = table((mty, 3, 16, "request")).verdict(other, 3, 16)
        assert (found.alarm_class is REQUEST) == (other == mty)


@pytest.mark.parametrize("overrides", [[(None, 23, 16, "life"), (None, None, 16, "test")]])
@pytest.mark.parametrize("turned", [False, True])
def test_the_most_specific_rule_wins_whatever_their_order(overrides: list[Override], turned: bool) -> None:
    overrides = overrides[::-1] if turned else overrides
    assert table(*overrides).verdict("ME", 23, 16).alarm_class is LIFE
    assert table(*overrides).verdict("ME", 3, 16).alarm_class is TEST


@pytest.mark.parametrize("turned", [False, True])
def test_a_rule_that_names_the_message_type_wins_over_one_that_does_not(turned: bool) -> None:
    overrides: list[Override] = [("IN", None, 16, "signal"), (None, None, 16, "request")]
    overrides = overrides[::-1] if turned else overrides
    assert table(*overrides).verdict("IN", 3, 16).alarm_class is SIGNAL
    assert table(*overrides).verdict("ME", 3, 16).alarm_class is REQUEST


@pytest.mark.parametrize("stc", [None, 9, 10, 110])
@pytest.mark.parametrize("alarm_class", ["request", "signal", "heartbeat"])
def test_a_rule_that_would_silence_plain_alarms_is_ignored_and_the_others_are_not(
    stc: int | None, alarm_class: str
) -> None:
    overrides: list[Override] = [(None, None, stc, alarm_class), (None, 46, None, "technical")]
    for mty in ("ME", "IN"):
        assert table(*overrides).verdict(mty, 2, 10) == default_table().verdict(mty, 2, 10)
    assert table(*overrides).verdict("ME", 46, 76).alarm_class is TECHNICAL


def test_rules_are_each_authority_s_own() -> None:
    directory = Directory(IDENTITIES)
    directory.set_overrides([ClassOverride(AUTHORITY, None, 46, None, "technical")])
    assert directory.table(ANOTHER).verdict("ME", 46, 9).alarm_class is LIFE
    directory.set_overrides([])
    assert directory.table(AUTHORITY).verdict("ME", 46, 9).alarm_class is LIFE


@pytest.mark.parametrize(("dty", "stc"), [(2, None), (46, None), (None, 19), (2, 10), (None, 85)])
@pytest.mark.parametrize("mty", [None, "ME", "IN", "RE"])
def test_nothing_but_a_heartbeat_can_be_called_one(mty: str | None, dty: int | None, stc: int | None) -> None:
    """A heartbeat is answered and not stored: a press that somebody called one would be lost."""
    directory = Directory(IDENTITIES)
    with capture_logs() as lines:
        directory.set_overrides(
            [ClassOverride(AUTHORITY, mty, dty, stc, "heartbeat"), ClassOverride(AUTHORITY, None, 51, None, "request")]
        )
    assert [(line["event"], line["log_level"], line["authority"]) for line in lines] == [
        ("override_ignored", "warning", str(AUTHORITY))
    ]
    assert {*lines[0]} <= ALLOWED_FIELDS | {"log_level"}
    own = directory.table(AUTHORITY)
    for message_type in MessageType:
        for device_type in (None, *DEVICE_TYPES.keys() - {51}):
            for status in (None, *STATUSES):
                message = message_type, device_type, status
                assert own.verdict(*message) == default_table().verdict(*message)
    assert own.verdict("ME", 51, 9).alarm_class is REQUEST, "the other rule stands"


def test_the_standard_table_calls_nothing_else_a_heartbeat() -> None:
    for mty in (*MessageType, "XX"):
        for dty in (None, *DEVICE_TYPES):
            for stc in (None, *STATUSES):
                found = default_table().verdict(mty, dty, stc).alarm_class
                assert (found is HEARTBEAT) == (mty == "PI")


@pytest.mark.parametrize("alarm_class", AlarmClass)
def test_no_rule_makes_what_the_database_has_no_queue_for(alarm_class: AlarmClass) -> None:
    """Whatever is overridden: a signal never raises, and only a fault is restored."""
    for mty in MessageType:
        for stc in STATUSES:
            if alarm_class is HEARTBEAT and mty != MessageType.HEARTBEAT:
                continue  # there is no such rule
            found = table((mty, 3, stc, alarm_class)).verdict(mty, 3, stc)
            assert found.alarm_class is alarm_class
            assert (found.effect is NONE) == (alarm_class in (SIGNAL, HEARTBEAT))
            assert found.effect is not RESTORE or alarm_class is TECHNICAL
