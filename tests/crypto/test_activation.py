# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a secret has to be: the floor, what an authority adds, what is remembered and what is said of it (term 16)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.identities import IDENTITIES
from vaka.crypto.activation import (
    DEVICE_SECRET,
    FLOORS,
    INVITATION_CODE,
    KEY_DEVICE_PIN,
    KINDS,
    Measured,
    Rule,
    UnusableRulesError,
    UnusableSecretError,
    make_secret,
    measure,
    meets,
    require_sound,
    require_usable_secret,
    weakens,
)
from vaka.tenants.device_secrets import Earlier, SecretDesk

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
FLOOR = DEVICE_SECRET.floor
RULES = st.builds(Rule, st.integers(1, 70), st.integers(1, 4), st.none() | st.integers(1, 4000), st.integers(0, 30))


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("elevensigns", "at least 12 characters"), ("", "at least 12"), ("aaaaaaaaaaaaaaaa", "5 different signs"),
        ("my 8031001 is it", "the name it goes with"), ("MY LARM77 IS IT", "the name it goes with"),
        ("twelve\tsigns here", "visible characters"), ("twelve\0signs here", "visible"), ("x" * 129, "at most 128"),
    ],
)  # fmt: skip
def test_term_16_3_what_is_below_the_floor_is_refused_and_nothing_of_it_is_said(secret: str, said: str) -> None:
    with pytest.raises(UnusableSecretError, match=said) as refused:
        require_usable_secret(DEVICE_SECRET, FLOOR, secret, beside=("8031001", "larm77"))
    assert not secret or secret not in refused.value.sentence.en + refused.value.sentence.sv


def test_term_16_3_no_rule_goes_below_the_floor_whoever_hands_it_over() -> None:
    lenient = Rule(1)
    with pytest.raises(UnusableSecretError, match="at least 12"):
        require_usable_secret(DEVICE_SECRET, lenient, "elevensigns")
    with pytest.raises(UnusableSecretError, match="at least 6"):
        require_usable_secret(KEY_DEVICE_PIN, lenient, "47110")
    for name, kind in KINDS.items():
        if kind.is_authoritys:
            assert not weakens(FLOORS, FLOORS)
            with pytest.raises(UnusableRulesError):
                require_sound({**FLOORS, name: replace(kind.floor, length=kind.floor.length - 1)})
    with pytest.raises(UnusableRulesError):
        require_sound({**FLOORS, "invitation_code": replace(INVITATION_CODE.floor, lifetime=None)})


def test_rules_are_whole_and_can_be_met() -> None:
    for wrong in (
        {"device_secret": FLOOR}, {**FLOORS, "more": FLOOR}, {**FLOORS, "device_secret": replace(FLOOR, length=65)},
        {**FLOORS, "device_secret": replace(FLOOR, kinds=5)}, {**FLOORS, "device_secret": replace(FLOOR, lifetime=0)},
        {**FLOORS, "device_secret": replace(FLOOR, reuse=25)},
        {**FLOORS, "device_secret": replace(FLOOR, lifetime=3661)},
    ):  # fmt: skip
        with pytest.raises(UnusableRulesError):
            require_sound(wrong)
    assert require_sound(FLOORS) == FLOORS


@given(RULES, RULES)
def test_what_satisfies_both_is_weaker_than_neither(one: Rule, other: Rule) -> None:
    both = one.combined_with(other)
    assert not both.is_weaker_than(one)
    assert not both.is_weaker_than(other)
    assert one == other or one.is_weaker_than(other) or other.is_weaker_than(one)
    assert not one.is_weaker_than(one)


@given(st.integers(12, 64), st.integers(1, 4))
def test_what_the_platform_makes_is_what_is_asked(length: int, kinds: int) -> None:
    rule = Rule(length, kinds)
    secret = make_secret(DEVICE_SECRET, rule)
    measured = require_usable_secret(DEVICE_SECRET, rule, secret)
    assert measured == measure(secret)
    assert measured.length == max(20, length)
    assert meets(rule, measured)
    assert secret != make_secret(DEVICE_SECRET, rule)


def test_kinds_are_counted_as_people_count_them() -> None:
    assert measure("abcåäö") == Measured(6, 1)
    assert measure("aB1-") == Measured(4, 4)
    assert not meets(Rule(12, 3), Measured(12, 2))
    assert not meets(Rule(12), Measured(11, 4))


def desk(rule: Rule, *earlier: Earlier) -> SecretDesk:
    return SecretDesk(UUID(int=1), IDENTITIES, "vaka", NOW, rule, {IDENTITIES.blind("8031001"): earlier})


def earlier(secret: str, days: int) -> Earlier:
    return Earlier(NOW - timedelta(days=days), IDENTITIES.fingerprint(UUID(int=1), secret))


def test_term_16_2_a_secret_of_thirty_days_is_taken_again_and_of_thirty_one_is_not() -> None:
    rule = replace(FLOOR, lifetime=30)
    for days in (29, 30):
        assert desk(rule, earlier("correct horse", days)).take_secret("8031001", "8031001", "correct horse").ha1_sha256
    old = desk(rule, earlier("correct horse", 31))
    with pytest.raises(UnusableSecretError, match="older than 30 days"):
        old.take_secret("8031001", "8031001", "correct horse")
    assert old.take_secret("8031001", "8031001", "battery staple").secret is not None
    # Off by default: without a lifetime nothing is ever too old.
    assert desk(FLOOR, earlier("correct horse", 3_000)).take_secret("8031001", "8031001", "correct horse")


def test_earlier_secrets_do_not_come_back() -> None:
    known = [earlier(secret, days) for days, secret in enumerate(("the present one", "one before it", "two before it"))]
    with pytest.raises(UnusableSecretError, match="had it before"):
        desk(replace(FLOOR, reuse=1), *known).take_secret("8031001", "8031001", "one before it")
    assert desk(replace(FLOOR, reuse=1), *known).take_secret("8031001", "8031001", "two before it")
    with pytest.raises(UnusableSecretError, match="had it before"):
        desk(replace(FLOOR, reuse=2), *known).take_secret("8031001", "8031001", "two before it")
    assert desk(replace(FLOOR, reuse=24), *known).take_secret("8031001", "8031001", "the present one")
    assert desk(replace(FLOOR, reuse=24), *known).take_secret("8031002", "8031002", "one before it"), "another device's"


def test_what_is_kept_shows_nothing_of_a_secret() -> None:
    taken = desk(FLOOR).take_secret("8031001", "8031001", "correct horse", "both")
    assert taken.secret is not None
    for shown in (repr(taken), repr(taken.secret)):
        assert "correct" not in shown
        assert (taken.ha1_sha256 or "?") not in shown
        assert taken.secret.fingerprint.hex() not in shown
    other = SecretDesk(UUID(int=2), IDENTITIES, "vaka", NOW).take_secret("8031001", "8031001", "correct horse")
    assert other.secret is not None
    assert other.secret.fingerprint != taken.secret.fingerprint, "two authorities' secrets can be compared"
