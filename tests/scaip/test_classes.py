# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What each message means: the default rules as a table, the order of precedence, and what an authority may change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaka.scaip.body import parse_mrq
from vaka.scaip.classes import LAST_RESORT, AlarmClass, Effect, Rule, Verdict, classify, default_table, kind_names
from vaka.scaip.codes import DEVICE_TYPES, STATUSES

LIFE, REQUEST, TECHNICAL = AlarmClass.LIFE, AlarmClass.REQUEST, AlarmClass.TECHNICAL
TEST, SIGNAL, HEARTBEAT = AlarmClass.TEST, AlarmClass.SIGNAL, AlarmClass.HEARTBEAT
RAISE, WITHDRAW, RESTORE, NONE = Effect.RAISE, Effect.WITHDRAW, Effect.RESTORE, Effect.NONE

TECHNICAL_STATUSES = {14, 16, 23, 24, 25, 26, 27, 42, 67, 85, 95, 105, 122, 123, 125}
RESTORING_STATUSES = {15, 86, 91, 112, 113, 114, 115, 116, 124}
TEST_STATUSES = {102, 103}
CALM_STATUSES = {81, 82, 83, 87, 88, 111}  # request and signal; see classes.toml

TABLE = default_table()


def judge(mty: str | None, dty: int | None, stc: int | None) -> Verdict:
    """Through a real body, as the receiver does."""
    values = (("mty", mty), ("dty", dty), ("stc", stc))
    content = "".join(f"<{tag}>{value}</{tag}>" for tag, value in values if value is not None)
    return classify(parse_mrq(f"<mrq>{content}</mrq>".encode()), TABLE)


@pytest.mark.parametrize(
    ("mty", "dty", "stc", "verdict"),
    [
        ("ME", 3, 10, (LIFE, RAISE, "button", None)),
        ("ME", 3, None, (LIFE, RAISE, "button", None)),
        (None, 3, None, (LIFE, RAISE, "button", None)),
        ("ME", 2, 9, (LIFE, RAISE, "automatic", None)),
        ("ME", 2, 110, (LIFE, RAISE, "assistance", None)),
        ("ME", 5, 9, (LIFE, RAISE, "fall", None)),
        ("ME", 5, None, (LIFE, RAISE, "fall", None)),
        ("ME", 10, 9, (LIFE, RAISE, "inactivity", None)),
        ("ME", 14, 76, (LIFE, RAISE, "door", None)),
        ("ME", 21, 9, (LIFE, RAISE, "gas", None)),
        ("ME", 23, 9, (LIFE, RAISE, "smoke", None)),
        ("ME", 25, 126, (LIFE, RAISE, "heat", None)),
        ("ME", 26, 46, (LIFE, RAISE, "carbon_monoxide", None)),
        ("ME", 51, 9, (LIFE, RAISE, "position", None)),
        ("ME", 12, 3, (LIFE, RAISE, "bed", None)),  # absent from the bed, not from home
        ("ME", 2, 19, (LIFE, WITHDRAW, "cancel", None)),
        ("RE", 2, 92, (LIFE, WITHDRAW, "reset", None)),
        ("RE", 5, 93, (LIFE, WITHDRAW, "reset", None)),
        ("ME", 3, 16, (TECHNICAL, RAISE, "battery", "battery")),
        ("ME", 3, 14, (TECHNICAL, RAISE, "battery", "battery")),
        ("ME", 3, 15, (TECHNICAL, RESTORE, "battery", "battery")),
        ("RE", 3, 16, (TECHNICAL, RESTORE, "battery", "battery")),
        ("IN", 3, 16, (TECHNICAL, RAISE, "battery", "battery")),
        ("ME", 23, 16, (TECHNICAL, RAISE, "battery", "battery")),  # a smoke detector's battery is no fire
        ("ME", 5, 67, (TECHNICAL, RAISE, "malfunction", "malfunction")),
        ("ME", 2, 85, (TECHNICAL, RAISE, "mains", "mains")),
        ("ME", 2, 86, (TECHNICAL, RESTORE, "mains", "mains")),
        ("ME", 2, 24, (TECHNICAL, RAISE, "link", "link.mobile")),
        ("ME", 2, 113, (TECHNICAL, RESTORE, "link", "link.mobile")),
        ("ME", 2, 91, (TECHNICAL, RESTORE, "link", "link")),
        ("ME", 2, 123, (TECHNICAL, RAISE, "radio", "radio.test")),
        ("ME", 2, 124, (TECHNICAL, RESTORE, "radio", "radio.test")),
        ("ME", 2, 122, (TECHNICAL, RAISE, "radio", "radio.interference")),
        ("ME", 2, 125, (TECHNICAL, RAISE, "tamper", "tamper")),
        ("ME", 2, 102, (TEST, RAISE, "test", None)),
        ("ME", 25, 102, (TEST, RAISE, "test", None)),
        ("IN", 23, 103, (TEST, RAISE, "test", None)),
        ("PI", 2, None, (HEARTBEAT, NONE, "heartbeat", None)),
        ("PI", 23, 9, (HEARTBEAT, NONE, "heartbeat", None)),  # a heartbeat may carry any status
        ("PI", 2, 16, (HEARTBEAT, NONE, "heartbeat", None)),
        ("IN", 2, None, (SIGNAL, NONE, "information", None)),
        ("IN", 23, 70, (SIGNAL, NONE, "information", None)),
        ("IN", 2, 10, (LIFE, RAISE, "button", None)),
        ("IN", 2, 110, (LIFE, RAISE, "assistance", None)),
        ("ME", 11, 81, (REQUEST, RAISE, "medicine", None)),
        ("ME", 11, 83, (SIGNAL, NONE, "medicine", None)),
        ("ME", 2, 87, (SIGNAL, NONE, "staff", None)),
        ("ME", 2, 3, (SIGNAL, NONE, "presence", None)),
        ("ME", 99, 9, LAST_RESORT),
        ("ME", 99, 999, LAST_RESORT),
        ("ME", None, None, LAST_RESORT),
        ("RE", 2, None, LAST_RESORT),
        ("RE", 2, 10, LAST_RESORT),
        ("XX", 2, 16, LAST_RESORT),
    ],
)
def test_default_rules(mty: str | None, dty: int | None, stc: int | None, verdict: tuple[object, ...]) -> None:
    assert judge(mty, dty, stc) == verdict


@pytest.mark.parametrize("dty", [None, *DEVICE_TYPES, 42, 99])
def test_every_status_of_every_device_type(dty: int | None) -> None:
    for stc in (None, *STATUSES, 128, 9999):
        found = TABLE.verdict("ME", dty, stc)
        if stc in TECHNICAL_STATUSES:
            assert (found.alarm_class, found.effect) == (TECHNICAL, RAISE)
        elif stc in RESTORING_STATUSES:
            assert (found.alarm_class, found.effect) == (TECHNICAL, RESTORE)
        elif stc in TEST_STATUSES:
            assert found.alarm_class is TEST
        elif stc in CALM_STATUSES or (stc in (3, 121) and dty in (2, 45, 48)):
            assert found.alarm_class in (REQUEST, SIGNAL)
        else:
            assert (found.alarm_class, found.effect) == (LIFE, WITHDRAW if stc == 19 else RAISE)


@given(st.text(max_size=3), st.none() | st.integers(), st.none() | st.integers())
def test_what_nobody_knows_is_life(mty: str, dty: int | None, stc: int | None) -> None:
    known_pair = mty in ("ME", "RE", "IN", "PI")
    assert known_pair or TABLE.verdict(mty, dty, stc) == LAST_RESORT


@pytest.mark.parametrize(
    ("restoring", "raised"),
    [(15, 14), (15, 16), (86, 85), (112, 23), (113, 24), (114, 25), (115, 26), (116, 27), (124, 123)],
)
def test_each_restore_ends_what_it_restores(restoring: int, raised: int) -> None:
    for other in TECHNICAL_STATUSES:
        pair = TABLE.verdict("ME", 2, other).pair
        same = TABLE.verdict("ME", 2, raised).pair
        assert pair is not None
        assert TABLE.verdict("ME", 2, restoring).restores(pair) is (pair == same)
        assert not TABLE.verdict("ME", 2, other).restores(pair)


def test_re_established_ends_every_lost_link_and_nothing_else() -> None:
    verdict = TABLE.verdict("ME", 2, 91)
    ended = {stc for stc in TECHNICAL_STATUSES if verdict.restores(TABLE.verdict("ME", 2, stc).pair or "")}
    assert ended == {23, 24, 25, 26, 27}


@pytest.mark.parametrize("stc", sorted(TECHNICAL_STATUSES))
def test_the_reset_of_a_fault_ends_it(stc: int) -> None:
    assert TABLE.verdict("RE", 2, stc).restores(TABLE.verdict("ME", 2, stc).pair or "")


def test_life_comes_first() -> None:
    assert sorted(AlarmClass, key=lambda alarm_class: alarm_class.rank) == [
        LIFE, REQUEST, TECHNICAL, TEST, SIGNAL, HEARTBEAT,
    ]  # fmt: skip
    assert LIFE.rank == 0


def test_an_override_of_a_device_type_leaves_its_faults_alone() -> None:
    table = TABLE.with_overrides([Rule(dty=16, alarm_class=REQUEST)])
    assert table.verdict("ME", 16, 9) == (REQUEST, RAISE, "enuresis", None)
    assert table.verdict("ME", 16, None).alarm_class is REQUEST
    assert table.verdict("ME", 16, 16) == (TECHNICAL, RAISE, "battery", "battery")
    assert table.verdict("ME", 16, 110).alarm_class is LIFE
    assert table.verdict("IN", 16, None).alarm_class is SIGNAL
    assert table.verdict("ME", 17, 9).alarm_class is LIFE
    assert TABLE.verdict("ME", 16, 9).alarm_class is LIFE


def test_the_most_specific_override_wins() -> None:
    table = TABLE.with_overrides(
        [
            Rule(dty=23, stc=16, alarm_class=LIFE, kind="smoke"),
            Rule(stc=16, alarm_class=SIGNAL),
            Rule(dty=23, kind="fire"),
        ]
    )
    assert table.verdict("ME", 23, 16) == (LIFE, RAISE, "smoke", None)
    assert table.verdict("ME", 3, 16) == (SIGNAL, NONE, "battery", None)
    assert table.verdict("ME", 23, 9) == (LIFE, RAISE, "fire", None)


def test_an_override_for_another_message_type() -> None:
    table = TABLE.with_overrides([Rule(mty="IN", dty=11, alarm_class=REQUEST)])
    assert table.verdict("IN", 11, 70).alarm_class is REQUEST
    assert table.verdict("IN", 12, 70).alarm_class is SIGNAL


@pytest.mark.parametrize("stc", [None, 9, 10, 110])
@pytest.mark.parametrize("change", [{"alarm_class": SIGNAL}, {"alarm_class": LIFE, "effect": NONE}])
def test_no_override_silences_all_alarms(stc: int | None, change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="device type"):
        TABLE.with_overrides([Rule(stc=stc, **change)])  # type: ignore[arg-type]


def test_every_kind_has_a_name() -> None:
    kinds = {
        TABLE.verdict(mty, dty, stc).kind
        for mty in ("ME", "RE", "IN", "PI", "XX")
        for dty in (None, *DEVICE_TYPES)
        for stc in (None, *STATUSES)
    }
    assert kinds == kind_names().keys()
    assert all(name.sv and name.en for name in kind_names().values())
