# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whose records are kept for research."""

from datetime import date
from uuid import uuid4

import pytest

from vaka.removal.birth_days import Birth, judge, judge_all

KEPT, OTHER, UNREADABLE = Birth.KEPT, Birth.OTHER, Birth.UNREADABLE


@pytest.mark.parametrize("day", range(1, 32))
def test_it_is_the_day_of_the_month(day: int) -> None:
    expected = KEPT if day in (5, 15, 25) else OTHER
    assert judge(date(1932, 1, day), "") is expected
    assert judge(None, f"193201{day:02}-9809") is expected
    assert judge(None, f"3201{day:02}+9809") is expected
    assert judge(None, f"193201{day + 60}-9809") is expected, "a coordination number"


@pytest.mark.parametrize(
    ("born_on", "number", "said"),
    [
        (None, "", UNREADABLE), (None, "okänt", UNREADABLE), (None, "05", UNREADABLE), (None, "193201-", UNREADABLE),
        (date(1932, 1, 5), "19320112-9809", KEPT), (date(1932, 1, 12), "19320105-9809", KEPT),
        (date(1932, 1, 12), "19320112-9809", OTHER), (date(1932, 1, 12), "what is this", OTHER),
    ],
)  # fmt: skip
def test_where_date_and_number_disagree_one_that_keeps_is_enough(
    born_on: date | None, number: str, said: Birth
) -> None:
    assert judge(born_on, number) is said


def test_one_of_several_people_is_enough() -> None:
    kept, other, unreadable, unknown = uuid4(), uuid4(), uuid4(), uuid4()
    births = {kept: KEPT, other: OTHER, unreadable: UNREADABLE}
    assert judge_all(births, [other]) is OTHER
    assert judge_all(births, [other, unreadable]) is UNREADABLE
    assert judge_all(births, [other, unknown]) is UNREADABLE
    assert judge_all(births, [unreadable, kept, other]) is KEPT
    assert judge_all(births, []) is OTHER
