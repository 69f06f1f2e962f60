# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Numbers that look right and are nobody's."""

import re
from datetime import date
from random import Random

import pytest

from vaka.demo.numbers import landline_number, luhn_digit, mobile_number, personal_number


@pytest.mark.parametrize(
    ("digits", "check"),
    [
        ("811218987", 6),  # the worked example of the Swedish Tax Agency's brochure
        ("000000000", 0),
        ("670919953", 0),
        ("640823323", 4),
    ],
)
def test_luhn_digit(digits: str, check: int) -> None:
    assert luhn_digit(digits) == check


@pytest.mark.parametrize("woman", [True, False])
def test_personal_numbers_are_well_formed_and_set_aside_for_tests(woman: bool) -> None:
    chance = Random(1)
    for _ in range(200):
        number = personal_number(date(1938, 2, 9), woman, chance)
        found = re.fullmatch(r"19380209-(\d{3})(\d)", number)
        assert found is not None
        birth_number = int(found.group(1))
        assert 980 <= birth_number <= 999
        assert birth_number % 2 == (0 if woman else 1)
        assert luhn_digit(f"380209{birth_number}") == int(found.group(2))


def test_telephone_numbers_are_of_the_series_set_aside_for_fiction() -> None:
    chance = Random(2)
    mobiles = {mobile_number(chance) for _ in range(2000)}
    assert (min(mobiles), max(mobiles), len(mobiles)) == ("070-174 06 05", "070-174 06 99", 95)
    landlines = {landline_number(chance) for _ in range(2000)}
    assert (min(landlines), max(landlines), len(landlines)) == ("08-465 004 00", "08-465 004 99", 100)
