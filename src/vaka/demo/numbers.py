# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Numbers that look right and are nobody's: personal numbers and telephone numbers set aside for such use."""

from datetime import date
from random import Random

FIRST_BIRTH_NUMBER, LAST_BIRTH_NUMBER = 980, 999
"""The Swedish Tax Agency gives these to nobody: they are for test data."""


def luhn_digit(digits: str) -> int:
    """Return the check digit that follows ``digits`` (modulus 10, weights 2 and 1 from the left, as in SKV 704)."""
    total = 0
    for place, digit in enumerate(digits):
        product = int(digit) * (2 - place % 2)
        total += product // 10 + product % 10
    return -total % 10


def personal_number(born_on: date, woman: bool, chance: Random) -> str:
    """Return ``YYYYMMDD-NNNC`` with a birth number that nobody has; its last digit is even for a woman."""
    birth_number = chance.randrange(FIRST_BIRTH_NUMBER + (0 if woman else 1), LAST_BIRTH_NUMBER + 1, 2)
    return f"{born_on:%Y%m%d}-{birth_number}{luhn_digit(f'{born_on:%y%m%d}{birth_number}')}"


def mobile_number(chance: Random) -> str:
    """Return a mobile number of the series 070-174 06 05 to 06 99, set aside for fiction."""
    return f"070-174 06 {chance.randint(5, 99):02d}"


def landline_number(chance: Random) -> str:
    """Return a Stockholm number of the series 08-465 004 00 to 004 99, set aside for fiction."""
    return f"08-465 004 {chance.randint(0, 99):02d}"
